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

    rule compare_trailers:
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
            scores="results/trailers/modes.tsv",
        log:
            "logs/compare_trailers.log",
        benchmark:
            "results/benchmarks/compare_trailers.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("compare_trailers"),
            runtime=duration("compare_trailers"),
        params:
            source=source_hash("compare_trailers"),
            table=lambda wildcards: TRAILER_TABLE,
            unwatched=paths.unwatched([TRAILER_TABLE]),
            genres=TRAILER_SETTINGS["genres"],
            feature_set=MODES_SET,
            model=MODES_MODEL,
            network=FRAME_NETWORKS[0],
            permutations=config["modes"]["permutations"],
            repeats=config["modes"]["bootstrap_repeats"],
            seed=config["seed"],
        script:
            "../../scripts/compare_trailers.py"

    rule draw_trailers:
        """Draw how much films of a genre look like its trailers."""
        input:
            scores="results/trailers/modes.tsv",
        output:
            figure=report(
                "results/trailers/modes.svg",
                caption="../report/trailers_modes.rst",
                category="Trailers",
                labels={"figure": "films that look like trailers"},
            ),
        log:
            "logs/draw_trailers.log",
        benchmark:
            "results/benchmarks/draw_trailers.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("draw_trailers"),
            runtime=duration("draw_trailers"),
        params:
            source=source_hash("draw_trailers"),
        script:
            "../../scripts/draw_trailers.py"


for number, films in enumerate(embedding_batches() if LOOKS else []):

    rule watch_trailers:
        """Look at the scenes of a batch of films, their cues, as trailers are looked at."""
        name:
            f"watch_trailers_{number}"
        input:
            videos=paths.watched(map(video_of, films)),
            cues=expand("results/cues/films/{film}.parquet", film=films),
            weights=f"results/weights/{FRAME_NETWORKS[0]}.safetensors",
            corpus=ancient("results/corpus/films.tsv"),
        output:
            # What stands there is kept until the job has looked at it.
            tables=update(expand("results/trailers/scenes/{film}.parquet", film=films)),
        log:
            f"logs/watch_trailers/{number}.log",
        benchmark:
            f"results/benchmarks/watch_trailers/{number}.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("watch_trailers", films),
            runtime=duration("watch_trailers", films),
            gpu=config["resources"]["gpu"],
        params:
            source=source_hash("watch_trailers"),
            films=films,
            videos=lambda wildcards, films=films: list(map(video_of, films)),
            unwatched=paths.unwatched(map(video_of, films)),
            network=FRAME_NETWORKS[0],
            frames=TRAILER_SETTINGS["scene_frames"],
        script:
            "../../scripts/watch_trailers.py"


# What the report shows of trailers.
TRAILER_RESULTS = [
    f"results/trailers/{name}"
    for name, is_made in {
        "scores.tsv": TRAILERS,
        "arms.tsv": TRAILERS,
        **{f"{figure}.svg": TRAILERS for figure in TRAILER_FIGURES},
        "modes.tsv": LOOKS,
        "modes.svg": LOOKS,
    }.items()
    if is_made
]
