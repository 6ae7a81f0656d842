"""Scenes of the films, their cues: embedded once for retrieval and for trailers."""

# Image network -> the films whose scenes it embeds.
SCENE_FILMS = {}
if SCENES:
    SCENE_FILMS[RETRIEVAL["image"]] = EVALUATED_FILMS
if LOOKS:
    SCENE_FILMS[FRAME_NETWORKS[0]] = list(FILMS)
SCENE_BATCHES = [
    (network, films) for network, own in SCENE_FILMS.items() for films in embedding_batches(own)
]


for number, (network, films) in enumerate(SCENE_BATCHES):

    rule embed_scenes:
        """Embed the scenes of a batch of films, their cues, with an image network."""
        name:
            f"embed_scenes_{number}"
        input:
            videos=paths.watched(map(video_of, films)),
            cues=expand("results/cues/films/{film}.parquet", film=films),
            statuses=ancient(expand("results/corpus/status/{film}.tsv", film=films)),
            weights=f"results/pretrained/{network}.safetensors",
            corpus=ancient("results/corpus/films.tsv"),
        output:
            # What stands there is kept until the job has looked at it.
            tables=update(expand(f"results/scenes/{network}/{{film}}.parquet", film=films)),
        log:
            f"logs/embed_scenes/{number}.log",
        benchmark:
            f"results/benchmarks/embed_scenes/{number}.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("embed_scenes", films),
            runtime=duration("embed_scenes", films),
            gpu=config["resources"]["gpu"],
        params:
            source=source_hash("embed_scenes"),
            films=films,
            videos=lambda wildcards, films=films: list(map(video_of, films)),
            unwatched=paths.unwatched(map(video_of, films)),
            network=network,
            frames=config["scenes"]["frames"],
        script:
            "../../scripts/embed_scenes.py"
