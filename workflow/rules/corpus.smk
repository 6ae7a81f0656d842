"""The films, the albums behind them, and whether they can be used."""

# --- making: MAKE_PLACEHOLDER


rule check_corpus:
    """Open one film and its album; write what they hold and every problem found."""
    input:
        video=present_video,
        tracks=album_tracks,
    output:
        status="results/corpus/status/{film}.tsv",
        tracks="results/corpus/tracks/{film}.tsv",
    params:
        source=source_hash("corpus", "media"),
        track_ids=lambda wildcards: list(FILMS[wildcards.film].tracks),
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    log:
        "logs/check_corpus/{film}.log",
    benchmark:
        "results/benchmarks/check_corpus/{film}.tsv"
    conda:
        "../../envs/scorelens.yaml"
    script:
        "../../scripts/check_corpus.py"


checkpoint gather_corpus:
    """Join the checks of all films; stop at bad ones, or leave them out."""
    input:
        statuses=expand("results/corpus/status/{film}.tsv", film=FILMS),
        tracks=expand("results/corpus/tracks/{film}.tsv", film=FILMS),
    output:
        films="results/corpus/films.tsv",
        tracks="results/corpus/tracks.tsv",
        status="results/corpus/status.tsv",
    params:
        source=source_hash("corpus", "media"),
        films=[dataclasses.asdict(film) for film in FILMS.values()],
        on_bad_film=config["corpus"]["on_bad_film"],
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    log:
        "logs/gather_corpus.log",
    benchmark:
        "results/benchmarks/gather_corpus.tsv"
    conda:
        "../../envs/scorelens.yaml"
    script:
        "../../scripts/gather_corpus.py"
