"""The report: one page with the results of all stages."""


rule write_report:
    """Write the report: one self-contained page."""
    input:
        films="results/corpus/films.tsv",
        tracks="results/corpus/tracks.tsv",
        status="results/corpus/status.tsv",
        # A corpus of published features has these files in place of cues, timelines and visuals.
        published=paths.watched(all_published_files()),
        cues=media_films("results/cues/films/{film}.parquet"),
        timelines=media_films("results/cues/timelines/{film}.svg"),
        cue_scores=["results/cues/scores.tsv"] if MADE else [],
        cue_confidence=["results/cues/confidence.svg"] if MADE else [],
        # The film overview needs this feature set.
        features=(
            media_films("results/features/mir/{film}.parquet")
            if "mir" in config["features"]["sets"]
            else []
        ),
        visuals=media_films("results/visuals/{film}.parquet"),
        bags=expand("results/bags/{set}.parquet", set=config["features"]["sets"]),
        predictions=[
            f"results/genres/predictions/{feature_set}/{model}.parquet"
            for feature_set, model in genre_runs()
        ],
        weights="results/pretrained/status.tsv",
        genre_scores="results/genres/scores.tsv",
        comparisons="results/genres/comparisons.tsv",
        genre_figures=expand("results/genres/{figure}.svg", figure=GENRE_FIGURES),
        explanations=used_films("results/genres/explanations/{film}.svg") if NETWORK_RUNS else [],
        applied=expand("results/genres/applied/{name}.tsv", name=NEW_MEDIA),
        applied_figures=expand("results/genres/applied/{name}.svg", name=NEW_MEDIA),
        tagger=(
            [
                "results/tagger/scores.tsv",
                "results/tagger/verdicts.tsv",
                *expand("results/tagger/{figure}.svg", figure=TAGGER_FIGURES),
            ]
            if TAGGER_MODELS
            else []
        ),
        libraries=expand("results/tagger/libraries/{library}.html", library=LIBRARIES),
        retrieval=RETRIEVAL_RESULTS,
        trailers=TRAILER_RESULTS,
        trailer_samples=[f"results/trailers/samples/{batch}.tsv" for batch in TRAILER_BATCHES],
        importance=["results/importance/scores.svg"] if IMPORTANCE_RUN else [],
        audiovisual_comparison=[] if PUBLISHED else ["results/audiovisual_comparison/scores.svg"],
    output:
        page="results/report.html",
        record="results/report.yaml",
    log:
        "logs/write_report.log",
    benchmark:
        "results/benchmarks/write_report.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("write_report"),
        runtime=duration("write_report"),
    params:
        source=source_hash("write_report"),
        published=lambda wildcards: all_published_files(),
        unwatched=paths.unwatched(all_published_files()),
        # The whole configuration, unlike other rules: the page shows all of it.
        config=config,
    script:
        "../../scripts/write_report.py"
