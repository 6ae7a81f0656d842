"""Score Stamper: which album track plays when."""


rule match_cues:
    """Find which album track plays when in one film."""
    input:
        video=watched_video,
        index=of_album("results/fingerprints/{album}.npz"),
        # It tells the video's hash, and the video itself is watched.
        status=ancient("results/corpus/status/{film}.tsv"),
        corpus=ancient("results/corpus/films.tsv"),
    output:
        table="results/cues/films/{film}.parquet",
        text="results/cues/films/{film}.tsv",
    log:
        "logs/match_cues/{film}.log",
    benchmark:
        "results/benchmarks/match_cues/{film}.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("match_cues"),
        runtime=duration("match_cues"),
    params:
        source=source_hash("match_cues"),
        video=film_video,
        unwatched=unwatched_video,
        method=config["cues"]["method"],
        settings=config["cues"][config["cues"]["method"]],
        audio=lambda wildcards: FILMS[wildcards.film].audio,
    script:
        "../../scripts/match_cues.py"


# Only a corpus that the workflow makes comes with the truth to score against.
if MADE:

    rule score_cues:
        """Hold the cues of all films against the truth."""
        input:
            cues=used_films("results/cues/films/{film}.parquet"),
            truths=used_films("results/corpus/truth/{film}.tsv"),
        output:
            scores="results/cues/scores.tsv",
        log:
            "logs/score_cues.log",
        benchmark:
            "results/benchmarks/score_cues.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("score_cues"),
            runtime=duration("score_cues"),
        params:
            source=source_hash("score_cues"),
        script:
            "../../scripts/score_cues.py"

    rule calibrate_cues:
        """Hold the confidence of all cues against the truth."""
        input:
            cues=used_films("results/cues/films/{film}.parquet"),
            truths=used_films("results/corpus/truth/{film}.tsv"),
        output:
            table="results/cues/confidence.tsv",
            figure=report(
                "results/cues/confidence.svg",
                caption="../report/confidence.rst",
                category="Cues",
            ),
        log:
            "logs/calibrate_cues.log",
        benchmark:
            "results/benchmarks/calibrate_cues.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("calibrate_cues"),
            runtime=duration("calibrate_cues"),
        params:
            source=source_hash("calibrate_cues"),
        script:
            "../../scripts/calibrate_cues.py"


rule plot_cues:
    """Draw the cues of one film on its time line."""
    input:
        cues="results/cues/films/{film}.parquet",
        status="results/corpus/status/{film}.tsv",
        tracks="results/corpus/tracks/{film}.tsv",
        truth=["results/corpus/truth/{film}.tsv"] if MADE else [],
        corpus=ancient("results/corpus/films.tsv"),
    output:
        timeline=report(
            "results/cues/timelines/{film}.svg",
            caption="../report/timelines.rst",
            category="Cues",
            labels={"film": "{film}"},
        ),
    log:
        "logs/plot_cues/{film}.log",
    benchmark:
        "results/benchmarks/plot_cues/{film}.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("plot_cues"),
        runtime=duration("plot_cues"),
    params:
        source=source_hash("plot_cues"),
        title=lambda wildcards: FILMS[wildcards.film].title,
    script:
        "../../scripts/plot_cues.py"


rule export_cues:
    """Write the cues of one film as subtitles and as an Audacity label track."""
    input:
        cues="results/cues/films/{film}.parquet",
        tracks="results/corpus/tracks/{film}.tsv",
    output:
        webvtt="results/cues/labels/{film}.vtt",
        audacity="results/cues/labels/{film}.txt",
    log:
        "logs/export_cues/{film}.log",
    benchmark:
        "results/benchmarks/export_cues/{film}.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("export_cues"),
        runtime=duration("export_cues"),
    params:
        source=source_hash("export_cues"),
    script:
        "../../scripts/export_cues.py"
