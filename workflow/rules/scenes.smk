"""Scenes of the films, their cues: embedded once for retrieval and for trailers."""

for number, (network, batch) in enumerate(PLAN.scenes.batches):

    rule embed_scenes:
        """Embed the scenes of a batch of films, their cues, with an image network."""
        name:
            f"embed_scenes_{number}"
        input:
            videos=watched(map(PLAN.corpus.video, batch)),
            cues=list(map(PLAN.cues.table, batch)),
            statuses=map(ancient_copy, expand(rules.check_corpus.output.status, film=batch)),
            weights=variables(network),
            corpus=ancient_copy(rules.gather_corpus.output.films),
        output:
            # The job reads the tables that are there, and keeps those that still hold.
            tables=update(expand(scenes_by(network), film=batch)),
        resources:
            gpu=GPU,
        params:
            films=list(batch),
            videos=lambda wildcards, batch=batch: list(map(PLAN.corpus.video, batch)),
            unwatched=unwatched(map(PLAN.corpus.video, batch)),
            network=network,
            frames=config["scenes"]["frames"],
        script:
            "../../scripts/embed_scenes.py"
