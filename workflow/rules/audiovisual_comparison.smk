"""The picture of films by their genres: those of the labels, and those predicted from the music."""

if PLAN.genres.compared:

    rule compare_music_to_picture:
        """Compare the picture of the films of each genre, and of their cues, with that of the others."""
        input:
            predictions=genre_run(result_paths.GENRE_PREDICTIONS, PLAN.genres.compared),
            genre_cues=(
                [genre_run(rules.gather_genres.output.cues, PLAN.genres.compared)]
                if PLAN.genres.compared in PLAN.genres.trained_runs
                else []
            ),
            visuals=used_films(rules.measure_visuals.output.table),
            cues=used_films(PLAN.cues.table),
            groups=rules.group_corpus.output.groups,
        output:
            scores="results/audiovisual_comparison/scores.tsv",
        params:
            feature_set=PLAN.genres.compared[0],
            model=PLAN.genres.compared[1],
            permutations=config["audiovisual_comparison"]["permutations"],
            repeats=config["audiovisual_comparison"]["bootstrap_repeats"],
            seed=config["seed"],
        script:
            "../../scripts/compare_music_to_picture.py"

    rule plot_music_to_picture:
        """Draw how the films of each genre differ in their picture."""
        input:
            scores=rules.compare_music_to_picture.output.scores,
        output:
            figure=report(
                "results/audiovisual_comparison/scores.svg",
                caption="../report/audiovisual_comparison.rst",
                category="Music and picture",
                labels={"figure": "genres against picture"},
            ),
        script:
            "../../scripts/plot_music_to_picture.py"
