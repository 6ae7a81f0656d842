"""Libraries of any music, tagged by the final model of the tagger."""

from scorelens.plan.tagger import DEMO_PIECES


rule synthesize_library:
    """Compose the library of the demo."""
    output:
        pieces=expand(f"{result_paths.DEMO_LIBRARY}/{{piece}}", piece=DEMO_PIECES),
    params:
        genres=list(DEMO_PIECES.values()),
        seed=config["seed"],
    script:
        "../../scripts/synthesize_library.py"


if PLAN.tagger.libraries:

    rule apply_tagger:
        """Tag the tracks of one part of a library."""
        input:
            sound=lambda wildcards: watched(PLAN.tagger.parts[wildcards.part].paths),
            model=rules.train_tagger.output.model.format(model=PLAN.tagger.library_model),
            weights=list(
                map(variables, filter(None, [PLAN.tagger.embedding(PLAN.tagger.library_model)]))
            ),
        output:
            tracks="results/tagger/libraries/{library}/parts/{part}.tracks.parquet",
            ranking="results/tagger/libraries/{library}/parts/{part}.ranking.parquet",
            profiles="results/tagger/libraries/{library}/parts/{part}.profiles.parquet",
        resources:
            gpu=GPU,
        params:
            folder=lambda wildcards: PLAN.tagger.parts[wildcards.part].folder,
            files=lambda wildcards: list(PLAN.tagger.parts[wildcards.part].files),
            unwatched=lambda wildcards: unwatched(PLAN.tagger.parts[wildcards.part].paths),
        script:
            "../../scripts/apply_tagger.py"

    rule export_library:
        """List a library with its tags: tables, sidecars, playlists and a page."""
        input:
            tracks=library_parts(rules.apply_tagger.output.tracks),
            ranking=library_parts(rules.apply_tagger.output.ranking),
            profiles=library_parts(rules.apply_tagger.output.profiles),
        output:
            tracks="results/tagger/libraries/{library}/tracks.tsv",
            ranking="results/tagger/libraries/{library}/ranking.tsv",
            profiles="results/tagger/libraries/{library}/profiles.parquet",
            tags=directory("results/tagger/libraries/{library}/tags"),
            playlists=directory("results/tagger/libraries/{library}/playlists"),
            page="results/tagger/libraries/{library}.html",
        params:
            folder=lambda wildcards: PLAN.tagger.libraries[wildcards.library],
        script:
            "../../scripts/export_library.py"
