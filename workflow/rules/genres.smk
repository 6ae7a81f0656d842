"""The multiple-instance genre models, every film left out in turn, and their scores."""

from scorelens import genres as genre_models


def genre_runs():
    """The (feature set, model) of every model to train.

    Baselines need no features; frames are for the networks alone.
    """
    chosen = config["genres"]["models"]
    return [
        (genre_models.NO_FEATURES, model) for model in chosen if model in genre_models.BASELINES
    ] + [
        (instances, model)
        for instances in bag_sets()
        for model in chosen
        if model in genre_models.NETWORKS
        or (model not in genre_models.BASELINES and not instances.endswith(FRAMES))
    ]


def of_runs(kind, runs):
    """The tables of a kind (`predictions`, `cues`, `curves`) of some models."""
    return [f"results/genres/{kind}/{feature_set}/{model}.parquet" for feature_set, model in runs]


HEARING_RUNS = [run for run in genre_runs() if run[1] not in genre_models.BASELINES]
NETWORK_RUNS = [run for run in HEARING_RUNS if run[1] in genre_models.NETWORKS]
# The weights of single attention are meant to be looked at (Ma et al. 2021); else any network's.
EXPLAINED_RUNS = [run for run in NETWORK_RUNS if run[1] == "single_attention"] or NETWORK_RUNS
GENRE_FIGURES = (
    ["scores", "genres"]
    + ["precision_recall", "films", "label_sets"] * bool(HEARING_RUNS)
    + ["losses"] * bool(NETWORK_RUNS)
)


TRAINED = "|".join(model for model in genre_models.MODELS if model not in genre_models.BASELINES)
FOLDS = min(config["genres"]["folds"] or len(FILMS), len(FILMS))
# With `skip` a film may turn out bad: its chunk is then smaller, at worst empty.
CHUNKS = -(-FOLDS // config["genres"]["folds_per_chunk"])


def genre_parts(path):
    """What the chunks of a model write."""
    return expand(f"results/genres/chunks/{path}", chunk=range(CHUNKS), allow_missing=True)


rule predict_baselines:
    """Ask a baseline, which looks at no music, with each film or group of films left out in turn."""
    input:
        films="results/corpus/films.tsv",
    output:
        predictions=f"results/genres/predictions/{genre_models.NO_FEATURES}/{{model}}.parquet",
    log:
        "logs/predict_baselines/{model}.log",
    benchmark:
        "results/benchmarks/predict_baselines/{model}.tsv"
    wildcard_constraints:
        model="|".join(genre_models.BASELINES),
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("predict_baselines"),
        runtime=duration("predict_baselines"),
    params:
        source=source_hash("predict_baselines"),
        genres=config["corpus"]["genres"],
        folds=config["genres"]["folds"],
        seed=config["seed"],
    script:
        "../../scripts/predict_baselines.py"


rule train_genres:
    """Train a chunk of the folds of one genre model on one feature set."""
    input:
        films="results/corpus/films.tsv",
        bags="results/bags/{set}.parquet",
    output:
        models="results/genres/chunks/models/{set}/{model}/{chunk}.zip",
        predictions="results/genres/chunks/predictions/{set}/{model}/{chunk}.parquet",
        cues="results/genres/chunks/cues/{set}/{model}/{chunk}.parquet",
        curves="results/genres/chunks/curves/{set}/{model}/{chunk}.parquet",
    log:
        "logs/train_genres/{set}/{model}/{chunk}.log",
    benchmark:
        "results/benchmarks/train_genres/{set}/{model}/{chunk}.tsv"
    wildcard_constraints:
        model=TRAINED,
        chunk="[0-9]+",
    conda:
        "../../envs/scorelens.yaml"
    threads: lambda wildcards: 2 if wildcards.model.endswith(("forest", "svm")) else 1
    resources:
        mem_mb=memory("train_genres"),
        runtime=duration("train_genres"),
        gpu=lambda wildcards: config["resources"]["gpu"]
        * (wildcards.model in genre_models.NETWORKS),
    params:
        source=source_hash("train_genres"),
        genres=config["corpus"]["genres"],
        settings=lambda wildcards: config["genres"][genre_models.MODELS[wildcards.model]],
        chunks=CHUNKS,
        folds=config["genres"]["folds"],
        seed=config["seed"],
    script:
        "../../scripts/train_genres.py"


rule gather_genres:
    """Join the chunks of one genre model."""
    input:
        models=genre_parts("models/{set}/{model}/{chunk}.zip"),
        predictions=genre_parts("predictions/{set}/{model}/{chunk}.parquet"),
        cues=genre_parts("cues/{set}/{model}/{chunk}.parquet"),
        curves=genre_parts("curves/{set}/{model}/{chunk}.parquet"),
    output:
        models="results/genres/models/{set}/{model}.zip",
        predictions="results/genres/predictions/{set}/{model}.parquet",
        cues="results/genres/cues/{set}/{model}.parquet",
        curves="results/genres/curves/{set}/{model}.parquet",
    log:
        "logs/gather_genres/{set}/{model}.log",
    benchmark:
        "results/benchmarks/gather_genres/{set}/{model}.tsv"
    wildcard_constraints:
        model=TRAINED,
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("gather_genres"),
        runtime=duration("gather_genres"),
    params:
        source=source_hash("gather_genres"),
    script:
        "../../scripts/gather_genres.py"


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
        mem_mb=memory("score_genres"),
        runtime=duration("score_genres"),
    params:
        source=source_hash("score_genres"),
        models=genre_runs(),
        samples=config["genres"]["bootstrap_repeats"],
        permutations=config["genres"]["permutation_repeats"],
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
        mem_mb=memory("compare_genres"),
        runtime=duration("compare_genres"),
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
        mem_mb=memory("plot_genres"),
        runtime=duration("plot_genres"),
    params:
        source=source_hash("plot_genres"),
    script:
        "../../scripts/plot_genres.py"


rule plot_diagnostics:
    """Draw a closer look at the best genre model of each feature set."""
    input:
        scores="results/genres/scores.tsv",
        predictions=of_runs("predictions", HEARING_RUNS),
        cues=of_runs("cues", HEARING_RUNS),
    output:
        precision_recall=report(
            "results/genres/precision_recall.svg",
            caption="../report/genre_precision_recall.rst",
            category="Genre models",
            labels={"figure": "precision and recall at every threshold"},
        ),
        films=report(
            "results/genres/films.svg",
            caption="../report/genre_films.rst",
            category="Genre models",
            labels={"figure": "precision and recall of every film"},
        ),
        label_sets=report(
            "results/genres/label_sets.svg",
            caption="../report/genre_label_sets.rst",
            category="Genre models",
            labels={"figure": "sets of genres taken for each other"},
        ),
    log:
        "logs/plot_diagnostics.log",
    benchmark:
        "results/benchmarks/plot_diagnostics.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("plot_diagnostics"),
        runtime=duration("plot_diagnostics"),
    params:
        source=source_hash("plot_diagnostics"),
        models=HEARING_RUNS,
    script:
        "../../scripts/plot_diagnostics.py"


rule plot_learning_curves:
    """Draw how the networks trained."""
    input:
        curves=of_runs("curves", NETWORK_RUNS),
    output:
        figure=report(
            "results/genres/losses.svg",
            caption="../report/genre_losses.rst",
            category="Genre models",
            labels={"figure": "training curves"},
        ),
    log:
        "logs/plot_learning_curves.log",
    benchmark:
        "results/benchmarks/plot_learning_curves.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("plot_learning_curves"),
        runtime=duration("plot_learning_curves"),
    params:
        source=source_hash("plot_learning_curves"),
        models=NETWORK_RUNS,
    script:
        "../../scripts/plot_learning_curves.py"


rule explain_genres:
    """Draw which cues make one film what a genre model says it is."""
    input:
        films="results/corpus/films.tsv",
        scores="results/genres/scores.tsv",
        predictions=of_runs("predictions", EXPLAINED_RUNS),
        genre_cues=of_runs("cues", EXPLAINED_RUNS),
        cues=[] if PUBLISHED else ["results/cues/films/{film}.parquet"],
        tracks=[] if PUBLISHED else ["results/corpus/tracks/{film}.tsv"],
    output:
        figure=report(
            "results/genres/explanations/{film}.svg",
            caption="../report/genre_cues.rst",
            category="Genre models",
            subcategory="Which cues made it so",
            labels={"film": "{film}"},
        ),
    log:
        "logs/explain_genres/{film}.log",
    benchmark:
        "results/benchmarks/explain_genres/{film}.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("explain_genres"),
        runtime=duration("explain_genres"),
    params:
        source=source_hash("explain_genres"),
        models=EXPLAINED_RUNS,
    script:
        "../../scripts/explain_genres.py"
