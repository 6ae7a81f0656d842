"""How much each group of features matters to a genre model of the run."""

from snakemake.logging import logger

from scorelens.importance import choose_run

try:
    IMPORTANCE_RUN = choose_run(
        genre_runs(), config["importance"]["feature_set"], config["importance"]["model"]
    )
except InputError as error:
    raise WorkflowError(str(error)) from None

if IMPORTANCE_RUN is None:
    logger.warning("importance is left out: the run has no model on a feature set with groups")
else:
    ranked_set, ranked_model = IMPORTANCE_RUN

    rule rank_importance:
        """Measure how much each group of features matters to one genre model."""
        input:
            bags=f"results/bags/{ranked_set}.parquet",
            films="results/corpus/films.tsv",
            models=f"results/genres/models/{ranked_set}/{ranked_model}.zip",
        output:
            scores="results/importance/scores.tsv",
        log:
            "logs/rank_importance.log",
        benchmark:
            "results/benchmarks/rank_importance.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("rank_importance"),
            runtime=duration("rank_importance"),
        params:
            source=source_hash("rank_importance"),
            together=config["importance"]["shuffle"] == "groups",
            repeats=config["importance"]["repeats"],
            samples=config["genres"]["bootstrap_repeats"],
            seed=config["seed"],
        script:
            "../../scripts/rank_importance.py"

    rule plot_importance:
        """Draw how much each group of features matters, genre by genre."""
        input:
            scores="results/importance/scores.tsv",
        output:
            figure=report(
                "results/importance/scores.svg",
                caption="../report/importance.rst",
                category="Genre models",
                labels={"figure": "importance of the groups of features"},
            ),
        log:
            "logs/plot_importance.log",
        benchmark:
            "results/benchmarks/plot_importance.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("plot_importance"),
            runtime=duration("plot_importance"),
        params:
            source=source_hash("plot_importance"),
        script:
            "../../scripts/plot_importance.py"
