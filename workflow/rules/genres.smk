"""The multiple-instance genre models, every film left out in turn, and their scores."""

from scorelens import genres as genre_models
from scorelens.plan.genres import TRAINED_MODELS, model_settings


rule predict_baselines:
    """Predict with a baseline each film or group of films left out in turn."""
    input:
        films=rules.gather_corpus.output.films,
        groups=rules.group_corpus.output.groups,
        tracks=branch(
            lambda wildcards: wildcards.model == "length_alone",
            then=[rules.gather_corpus.output.tracks],
            otherwise=[],
        ),
        bags=lambda wildcards: [
            rules.pool_bags.output.table.format(set=name)
            for name in [PLAN.genres.baseline_bags.get(wildcards.model)]
            if name
        ],
    output:
        predictions=result_paths.GENRE_PREDICTIONS.format(
            set=genre_models.NO_FEATURES, model="{model}"
        ),
    wildcard_constraints:
        model="|".join(genre_models.BASELINES),
    params:
        genres=config["corpus"]["genres"],
        folds=config["genres"]["folds"],
        settings=lambda wildcards: config["genres"].get(genre_models.MODELS[wildcards.model], {}),
        seed=config["seed"],
    script:
        "../../scripts/predict_baselines.py"


rule train_genres:
    """Train a chunk of the folds of one genre model on one feature set."""
    input:
        films=rules.gather_corpus.output.films,
        bags=rules.pool_bags.output.table,
        groups=rules.group_corpus.output.groups,
    output:
        models="results/genres/chunks/models/{set}/{model}/{chunk}.zip",
        predictions="results/genres/chunks/predictions/{set}/{model}/{chunk}.parquet",
        cues="results/genres/chunks/cues/{set}/{model}/{chunk}.parquet",
        curves="results/genres/chunks/curves/{set}/{model}/{chunk}.parquet",
    wildcard_constraints:
        model="|".join(TRAINED_MODELS),
        chunk="[0-9]+",
    threads: lambda wildcards: 2 if wildcards.model.endswith(("forest", "svm")) else 1
    resources:
        gpu=lambda wildcards: GPU * genre_models.MODEL_SPECS[wildcards.model].uses_gpu,
    params:
        genres=config["corpus"]["genres"],
        settings=lambda wildcards: model_settings(config["genres"], wildcards.set, wildcards.model),
        chunks=PLAN.genres.chunks,
        folds=config["genres"]["folds"],
        seed=config["seed"],
    script:
        "../../scripts/train_genres.py"


rule gather_genres:
    """Join the chunks of one genre model."""
    input:
        **{
            name: expand(paths, chunk=range(PLAN.genres.chunks), allow_missing=True)
            for name, paths in rules.train_genres.output.items()
        },
    output:
        models="results/genres/models/{set}/{model}.zip",
        predictions=result_paths.GENRE_PREDICTIONS,
        cues="results/genres/cues/{set}/{model}.parquet",
        curves="results/genres/curves/{set}/{model}.parquet",
    wildcard_constraints:
        model="|".join(TRAINED_MODELS),
    script:
        "../../scripts/gather_genres.py"


rule score_genres:
    """Score every genre model on the films that it was not trained on."""
    input:
        predictions=[genre_run(result_paths.GENRE_PREDICTIONS, run) for run in PLAN.genres.runs],
        groups=rules.group_corpus.output.groups,
    output:
        scores="results/genres/scores.tsv",
    params:
        models=list(PLAN.genres.runs),
        primary=PLAN.genres.primary,
        samples=config["genres"]["bootstrap_repeats"],
        permutations=config["genres"]["permutation_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/score_genres.py"


rule compare_genres:
    """Compare every pair of genre models on the same films."""
    input:
        predictions=rules.score_genres.input.predictions,
        groups=rules.group_corpus.output.groups,
    output:
        comparisons="results/genres/comparisons.tsv",
    params:
        models=list(PLAN.genres.runs),
        samples=config["genres"]["bootstrap_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/compare_genres.py"


rule calibrate_genres:
    """Measure whether the probabilities of the genre models are true."""
    input:
        predictions=rules.score_genres.input.predictions,
        groups=rules.group_corpus.output.groups,
    output:
        calibration="results/genres/calibration.tsv",
        reliability="results/genres/reliability.tsv",
        figure=report(
            "results/genres/calibration.svg",
            caption="../report/genre_calibration.rst",
            category="Genre models",
            labels={"figure": "predicted probability and share of true genres"},
        ),
    params:
        models=list(PLAN.genres.runs),
        samples=config["genres"]["bootstrap_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/calibrate_genres.py"


if PLAN.corpus.is_published:

    rule compare_published:
        """Set the scores of the genre models beside those that the study published."""
        input:
            scores=rules.score_genres.output.scores,
        output:
            table="results/genres/published.tsv",
        script:
            "../../scripts/compare_published.py"


rule plot_genres:
    """Draw the scores of the genre models."""
    input:
        scores=rules.score_genres.output.scores,
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
    script:
        "../../scripts/plot_genres.py"


rule plot_diagnostics:
    """Draw precision, recall and confusions of the best genre model of each feature set."""
    input:
        scores=rules.score_genres.output.scores,
        predictions=[
            genre_run(result_paths.GENRE_PREDICTIONS, run) for run in PLAN.genres.trained_runs
        ],
        cues=[genre_run(rules.gather_genres.output.cues, run) for run in PLAN.genres.trained_runs],
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
    params:
        models=PLAN.genres.trained_runs,
    script:
        "../../scripts/plot_diagnostics.py"


rule plot_learning_curves:
    """Draw how the networks trained."""
    input:
        curves=[
            genre_run(rules.gather_genres.output.curves, run) for run in PLAN.genres.network_runs
        ],
    output:
        figure=report(
            "results/genres/losses.svg",
            caption="../report/genre_losses.rst",
            category="Genre models",
            labels={"figure": "training curves"},
        ),
    params:
        models=PLAN.genres.network_runs,
    script:
        "../../scripts/plot_learning_curves.py"


rule explain_genres:
    """Draw which cues make a genre model predict the genres of one film."""
    input:
        films=rules.gather_corpus.output.films,
        scores=rules.score_genres.output.scores,
        predictions=[
            genre_run(result_paths.GENRE_PREDICTIONS, run) for run in PLAN.genres.explained_runs
        ],
        genre_cues=[
            genre_run(rules.gather_genres.output.cues, run) for run in PLAN.genres.explained_runs
        ],
        cues=[] if PLAN.corpus.is_published else lambda wildcards: [film_cues(wildcards)],
        tracks=[] if PLAN.corpus.is_published else [rules.check_corpus.output.tracks],
    output:
        figure=report(
            "results/genres/explanations/{film}.svg",
            caption="../report/genre_cues.rst",
            category="Genre models",
            subcategory="Which cues made it so",
            labels={"film": "{film}"},
        ),
    params:
        models=PLAN.genres.explained_runs,
    script:
        "../../scripts/explain_genres.py"


if PLAN.genres.shown_run:

    rule rank_contradictions:
        """Rank the cues whose music contradicts the genres of their film."""
        input:
            films=rules.gather_corpus.output.films,
            tracks=rules.gather_corpus.output.tracks,
            genre_cues=genre_run(rules.gather_genres.output.cues, PLAN.genres.shown_run),
            cues=media_films(PLAN.cues.table),
        output:
            table="results/genres/contradictions.tsv",
            page="results/genres/contradictions.html",
        params:
            run=PLAN.genres.shown_run,
            videos=lambda wildcards: {
                film: PLAN.corpus.video(film) for film in PLAN.corpus.ordered_films
            },
        script:
            "../../scripts/rank_contradictions.py"
