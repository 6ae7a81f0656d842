"""Frame features of the cues, one table a film and feature set."""


rule extract_features:
    """Measure one feature set on the cues of one film, once a second."""
    input:
        cues="results/cues/films/{film}.parquet",
        tracks="results/corpus/tracks/{film}.tsv",
        sound=album_tracks if config["features"]["source"] == "album" else film_video,
        corpus=ancient("results/corpus/films.tsv"),
    output:
        table="results/features/{set}/{film}.parquet",
    log:
        "logs/extract_features/{set}/{film}.log",
    benchmark:
        "results/benchmarks/extract_features/{set}/{film}.tsv"
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
