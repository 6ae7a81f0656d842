"""Films' own scenes by what trailers teach, and what the report shows of trailers."""

# Films' own scenes, by a model of the picture that learnt from trailers: both are the user's, or
# both are the demo's.
LOOKS = bool(
    "frame_linear" in TRAILER_SETTINGS["models"]
    and not PUBLISHED
    and {*TAUGHT} & {genre for film in FILMS.values() for genre in film.genres}
    and bool(TRAILER_SETTINGS["trailers"]) == (config["corpus"]["kind"] != "demo")
)


if LOOKS:

    rule compare_films_to_trailers:
        """Compare how much films of a genre look like its trailers: by labels, and by the music."""
        input:
            vectors=expand(
                "results/trailers/vectors/{network}/{batch}.parquet",
                network=FRAME_NETWORKS[0],
                batch=TRAILER_BATCHES,
            ),
            table=paths.watched([TRAILER_TABLE]),
            scenes=used_films(f"results/scenes/{FRAME_NETWORKS[0]}/{{film}}.parquet"),
            films="results/corpus/films.tsv",
            predictions=f"results/genres/predictions/{MODES_SET}/{MODES_MODEL}.parquet",
        output:
            scenes="results/trailers/scenes.parquet",
            scores="results/trailers/films_to_trailers.tsv",
        log:
            "logs/compare_films_to_trailers.log",
        benchmark:
            "results/benchmarks/compare_films_to_trailers.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("compare_films_to_trailers"),
            runtime=duration("compare_films_to_trailers"),
        params:
            source=source_hash("compare_films_to_trailers"),
            table=lambda wildcards: TRAILER_TABLE,
            unwatched=paths.unwatched([TRAILER_TABLE]),
            genres=TRAILER_SETTINGS["genres"],
            feature_set=MODES_SET,
            model=MODES_MODEL,
            network=FRAME_NETWORKS[0],
            permutations=config["audiovisual_comparison"]["permutations"],
            repeats=config["audiovisual_comparison"]["bootstrap_repeats"],
            seed=config["seed"],
        script:
            "../../scripts/compare_films_to_trailers.py"

    rule plot_films_to_trailers:
        """Draw how much films of a genre look like its trailers."""
        input:
            scores="results/trailers/films_to_trailers.tsv",
        output:
            figure=report(
                "results/trailers/films_to_trailers.svg",
                caption="../report/trailers_modes.rst",
                category="Trailers",
                labels={"figure": "films that look like trailers"},
            ),
        log:
            "logs/plot_films_to_trailers.log",
        benchmark:
            "results/benchmarks/plot_films_to_trailers.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("plot_films_to_trailers"),
            runtime=duration("plot_films_to_trailers"),
        params:
            source=source_hash("plot_films_to_trailers"),
        script:
            "../../scripts/plot_films_to_trailers.py"


# What the report shows of trailers.
TRAILER_RESULTS = [
    f"results/trailers/{name}"
    for name, is_made in {
        "scores.tsv": TRAILERS,
        "arms.tsv": TRAILERS,
        **{f"{figure}.svg": TRAILERS for figure in TRAILER_FIGURES},
        "films_to_trailers.tsv": LOOKS,
        "films_to_trailers.svg": LOOKS,
    }.items()
    if is_made
]
