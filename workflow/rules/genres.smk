"""The multiple-instance genre models, every film left out in turn, and their scores."""

from scorelens import genres as genre_models


def genre_runs():
    """The (feature set, model) of every model to train; baselines need no features."""
    chosen = config["genres"]["models"]
    baselines = [model for model in chosen if model in genre_models.BASELINES]
    return [(genre_models.NO_FEATURES, model) for model in baselines] + [
        (feature_set, model)
        for feature_set in config["features"]["sets"]
        for model in chosen
        if model not in baselines
    ]


def genre_bags(wildcards):
    """The bags of a feature set; none for the baselines."""
    baseline = wildcards.set == genre_models.NO_FEATURES
    return [] if baseline else [f"results/bags/{wildcards.set}.parquet"]


def genre_settings(wildcards):
    """The block of the configuration that a model reads."""
    return config["genres"].get(genre_models.MODELS[wildcards.model], {})


rule train_genres:
    """Train one genre model on one feature set, with each film left out in turn."""
    input:
        films="results/corpus/films.tsv",
        bags=genre_bags,
    output:
        predictions="results/genres/predictions/{set}/{model}.parquet",
        models="results/genres/models/{set}/{model}.zip",
    log:
        "logs/train_genres/{set}/{model}.log",
    benchmark:
        "results/benchmarks/train_genres/{set}/{model}.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: lambda wildcards: 2 if wildcards.model.endswith(("forest", "svm")) else 1
    resources:
        mem_mb=2000,
        runtime=120,
        gpu=lambda wildcards: config["resources"]["gpu"]
        * (wildcards.model in genre_models.NETWORKS),
    params:
        source=source_hash("train_genres"),
        genres=config["corpus"]["genres"],
        settings=genre_settings,
        seed=config["seed"],
    script:
        "../../scripts/train_genres.py"


rule score_genres:
    """Score every genre model on the films it never saw."""
    input:
        predictions=[
            f"results/genres/predictions/{feature_set}/{model}.parquet"
            for feature_set, model in genre_runs()
        ],
    output:
        scores="results/genres/scores.tsv",
    log:
        "logs/score_genres.log",
    benchmark:
        "results/benchmarks/score_genres.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        source=source_hash("score_genres"),
        models=genre_runs(),
        repeats=config["genres"]["bootstrap_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/score_genres.py"


rule compare_genres:
    """Compare every pair of genre models on the same films."""
    input:
        predictions=[
            f"results/genres/predictions/{feature_set}/{model}.parquet"
            for feature_set, model in genre_runs()
        ],
    output:
        comparisons="results/genres/comparisons.tsv",
    log:
        "logs/compare_genres.log",
    benchmark:
        "results/benchmarks/compare_genres.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        source=source_hash("compare_genres"),
        models=genre_runs(),
        repeats=config["genres"]["permutation_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/compare_genres.py"


rule plot_genres:
    """Draw the scores of the genre models."""
    input:
        scores="results/genres/scores.tsv",
    output:
        macro=report(
            "results/genres/scores.svg",
            caption="../report/genre_scores.rst",
            category="Genre models",
            labels={"figure": "mean over the genres"},
        ),
        genres=report(
            "results/genres/genres.svg",
            caption="../report/genres.rst",
            category="Genre models",
            labels={"figure": "genre by genre"},
        ),
    log:
        "logs/plot_genres.log",
    benchmark:
        "results/benchmarks/plot_genres.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        source=source_hash("plot_genres"),
    script:
        "../../scripts/plot_genres.py"
