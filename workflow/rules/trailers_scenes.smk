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
            scenes=used_films("results/trailers/scenes/{film}.parquet"),
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


for number, films in enumerate(embedding_batches() if LOOKS else []):

    rule embed_film_scenes:
        """Look at the scenes of a batch of films, their cues, as trailers are looked at."""
        name:
            f"embed_film_scenes_{number}"
        input:
            videos=paths.watched(map(video_of, films)),
            cues=expand("results/cues/films/{film}.parquet", film=films),
            weights=f"results/pretrained/{FRAME_NETWORKS[0]}.safetensors",
            corpus=ancient("results/corpus/films.tsv"),
        output:
            # What stands there is kept until the job has looked at it.
            tables=update(expand("results/trailers/scenes/{film}.parquet", film=films)),
        log:
            f"logs/embed_film_scenes/{number}.log",
        benchmark:
            f"results/benchmarks/embed_film_scenes/{number}.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("embed_film_scenes", films),
            runtime=duration("embed_film_scenes", films),
            gpu=config["resources"]["gpu"],
        params:
            source=source_hash("embed_film_scenes"),
            films=films,
            videos=lambda wildcards, films=films: list(map(video_of, films)),
            unwatched=paths.unwatched(map(video_of, films)),
            network=FRAME_NETWORKS[0],
            frames=TRAILER_SETTINGS["scene_frames"],
        script:
            "../../scripts/embed_film_scenes.py"


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
