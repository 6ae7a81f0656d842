"""The picture of a film, measured once a second."""


rule measure_visuals:
    """Measure picture, cuts and motion of one film."""
    input:
        video=watched_video,
        corpus=ancient_copy(rules.gather_corpus.output.films),
    output:
        table=result_paths.VISUALS,
    threads: 2
    params:
        video=film_video,
        unwatched=unwatched_video,
        settings=config["visuals"],
        video_bytes=lambda wildcards: PLAN.corpus.video_bytes(wildcards.film),
    script:
        "../../scripts/measure_visuals.py"
