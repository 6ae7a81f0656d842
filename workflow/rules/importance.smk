"""How much each group of features matters to a genre model of the run."""

if PLAN.genres.importance:

    rule rank_importance:
        """Measure how much each group of features matters to one genre model."""
        input:
            bags=rules.pool_bags.output.table.format(set=PLAN.genres.importance[0]),
            films=rules.gather_corpus.output.films,
            groups=rules.group_corpus.output.groups,
            models=genre_run(rules.gather_genres.output.models, PLAN.genres.importance),
        output:
            scores="results/importance/scores.tsv",
        params:
            together=config["importance"]["shuffle"] == "groups",
            repeats=config["importance"]["repeats"],
            samples=config["genres"]["bootstrap_repeats"],
            seed=config["seed"],
        script:
            "../../scripts/rank_importance.py"

    rule plot_importance:
        """Draw how much each group of features matters, genre by genre."""
        input:
            scores=rules.rank_importance.output.scores,
        output:
            figure=report(
                "results/importance/scores.svg",
                caption="../report/importance.rst",
                category="Genre models",
                labels={"figure": "importance of the groups of features"},
            ),
        script:
            "../../scripts/plot_importance.py"
