"""The picture of a film, measured once a second."""


rule measure_visuals:
    """Measure picture, cuts and motion of one film."""
    input:
        video=watched_video,
        corpus=ancient("results/corpus/films.tsv"),
    output:
        table="results/visuals/{film}.parquet",
    log:
        "logs/measure_visuals/{film}.log",
    benchmark:
        "results/benchmarks/measure_visuals/{film}.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 2
    resources:
        mem_mb=memory("measure_visuals"),
        runtime=duration("measure_visuals"),
    params:
        source=source_hash("measure_visuals"),
        video=film_video,
        unwatched=unwatched_video,
        settings=config["visuals"],
        video_bytes=video_bytes,
    script:
        "../../scripts/measure_visuals.py"
