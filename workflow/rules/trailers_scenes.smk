"""Scenes of the films, compared with trailers of each genre."""

if PLAN.trailers.compares_films:

    rule compare_films_to_trailers:
        """Compare how much films resemble the trailers of their genres, of labels and of the music."""
        input:
            vectors=expand(
                rules.embed_trailers.output.table,
                network=PLAN.trailers.scene_network,
                batch=PLAN.trailers.batches,
            ),
            table=watched([PLAN.trailers.table]),
            scenes=used_films(scenes_by(PLAN.trailers.scene_network)),
            films=rules.gather_corpus.output.films,
            groups=rules.group_trailers.output.groups,
            predictions=genre_run(result_paths.GENRE_PREDICTIONS, PLAN.genres.compared),
        output:
            scenes="results/trailers/scenes.parquet",
            scores="results/trailers/films_to_trailers.tsv",
        params:
            table=lambda wildcards: PLAN.trailers.table,
            unwatched=unwatched([PLAN.trailers.table]),
            genres=config["trailers"]["genres"],
            feature_set=PLAN.genres.compared[0],
            model=PLAN.genres.compared[1],
            network=PLAN.trailers.scene_network,
            permutations=config["audiovisual_comparison"]["permutations"],
            repeats=config["audiovisual_comparison"]["bootstrap_repeats"],
            seed=config["seed"],
        script:
            "../../scripts/compare_films_to_trailers.py"

    rule plot_films_to_trailers:
        """Draw how much the films of each genre resemble its trailers."""
        input:
            scores=rules.compare_films_to_trailers.output.scores,
        output:
            figure=report(
                "results/trailers/films_to_trailers.svg",
                caption="../report/trailers_films_to_trailers.rst",
                category="Trailers",
                labels={"figure": "films that look like trailers"},
            ),
        script:
            "../../scripts/plot_films_to_trailers.py"
