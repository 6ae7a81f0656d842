"""Frame features of the cues, one table a film and feature set."""

COMPUTED_SETS = ("mir",)
NETWORK_SETS = ("musicnn", "vggish", "yamnet")


def embedding_batches():
    """The films in batches: a job loads its network once for all of them.

    Which films `skip` leaves over is known only while the workflow runs, so each is then its own.
    """
    skips = config["corpus"]["on_bad_film"] == "skip"
    size = 1 if skips else config["features"]["batch_films"]
    films = list(FILMS)
    return [films[first : first + size] for first in range(0, len(films), size)]


def cue_sound(film):
    """The files that hold the sound of a film's cues."""
    if config["features"]["source"] == "album":
        return list(FILMS[film].tracks.values())
    return [f"results/corpus/media/{film}/film.mp4" if MADE else FILMS[film].video]


rule extract_features:
    """Measure one feature set on the cues of one film, once a second."""
    input:
        cues="results/cues/films/{film}.parquet",
        tracks="results/corpus/tracks/{film}.tsv",
        sound=lambda wildcards: cue_sound(wildcards.film),
        corpus=ancient("results/corpus/films.tsv"),
    output:
        table="results/features/{set}/{film}.parquet",
    log:
        "logs/extract_features/{set}/{film}.log",
    benchmark:
        "results/benchmarks/extract_features/{set}/{film}.tsv"
    wildcard_constraints:
        set="|".join(COMPUTED_SETS),
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        source=source_hash("extract_features"),
        sound=config["features"]["source"],
    script:
        "../../scripts/extract_features.py"


for number, films in enumerate(embedding_batches()):

    rule embed_features:
        """Measure a network's embeddings on the cues of a batch of films, once a second."""
        name:
            f"embed_features_{number}"
        input:
            weights="results/weights/{set}.safetensors",
            cues=expand("results/cues/films/{film}.parquet", film=films),
            tracks=expand("results/corpus/tracks/{film}.tsv", film=films),
            sound=[path for film in films for path in cue_sound(film)],
            corpus=ancient("results/corpus/films.tsv"),
        output:
            # What stands there is kept until the job has looked at it.
            tables=update(expand("results/features/{{set}}/{film}.parquet", film=films)),
        log:
            f"logs/embed_features/{{set}}/{number}.log",
        benchmark:
            f"results/benchmarks/embed_features/{{set}}/{number}.tsv"
        wildcard_constraints:
            set="|".join(NETWORK_SETS),
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=3000,
            runtime=60 * len(films),
            gpu=config["resources"]["gpu"],
        params:
            source=source_hash("embed_features"),
            sound=config["features"]["source"],
            films=films,
        script:
            "../../scripts/embed_features.py"
