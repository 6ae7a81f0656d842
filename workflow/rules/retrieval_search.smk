"""Scenes of the films, libraries of any music, and searches in all of it."""

from scorelens.retrieval.search import search_config as retrieval_searches


def read_libraries():
    """The parts of the libraries that can be searched."""
    return (
        music_library.find_parts(RETRIEVAL["libraries"], "config: retrieval.libraries")
        if CONFIGURATIONS
        else {}
    )


def asked_searches():
    """The searches of the config; the demo has some of its own."""
    own = RETRIEVAL["searches"]
    if own or config["corpus"]["kind"] != "demo" or RETRIEVAL["films"]:
        return own
    first, *_, last = FILMS
    seen = retrieval.CONFIGURATIONS[SEARCHER]
    found = {
        "a_brief": {
            "text": "Two strangers meet by the sea and fall in love.",
            "tags": ["love story", "tender"],
        },
        "a_poster_and_a_tag": {"image": DESCRIBED[first].image, "tags": ["haunted"]},
        "a_scene": {"film": first, "time_s": config["corpus"]["demo"]["film_s"] / 3},
        "more_like_this": {"track": f"{last}/{demo_plan.DEMO_TRACKS[2]}"},
    }
    keys = {"track", *(key for key, part in retrieval_searches.KEYS.items() if part in seen)}
    return {name: asked for name, asked in found.items() if set(asked) - {"time_s"} <= keys}


SEARCHES = []
try:
    SEARCHED_PARTS = read_libraries()
    if CONFIGURATIONS:
        SEARCHER = retrieval_searches.choose_configuration(
            CONFIGURATIONS, RETRIEVAL["search"]["configuration"]
        )
        videos = {} if PUBLISHED else {film: video_of(film) for film in FILMS}
        RETRIEVAL["searches"] = asked_searches()
        SEARCHES = retrieval_searches.read_searches(RETRIEVAL, list(DESCRIBED.values()), videos)
except InputError as error:
    raise WorkflowError(str(error)) from None


# Films whose scenes may be evaluated.
FIRST_TEST = RETRIEVAL["split"]["first_test"] if RETRIEVAL["split"]["last_training"] else 0
EVALUATED_FILMS = [
    film.film_id
    for film in DESCRIBED.values()
    if of_corpus(film.film_id) and film.year >= FIRST_TEST
]
SUBTITLES = {film: DESCRIBED[film].subtitles for film in EVALUATED_FILMS}


def scene_films(pattern):
    """An input function: the pattern for every film of the corpus whose scenes may be evaluated."""

    def inputs(wildcards):
        paths = used_films("{film}")(wildcards)
        if paths == FILM_TABLE:
            return paths
        return expand(pattern, film=[film for film in paths if film in EVALUATED_FILMS])

    return [] if PUBLISHED else inputs


def heard_tables(wildcards):
    """The tables of the tracks of the films of retrieval that are in use."""
    films = heard_films("{film}")(wildcards)
    if films == FILM_TABLE:
        return films
    used = set(films)
    return [
        f"results/retrieval/albums/{number}.tsv"
        for number, batch in enumerate(HEARING_BATCHES)
        if used & set(batch)
    ]


def indexed_films(wildcards, input):
    """The films whose albums can be found; none as long as the check may leave out some."""
    used = set(input)
    return [
        (film.film_id, film.title)
        for film in DESCRIBED.values()
        if f"results/retrieval/sounds/{film.film_id}.{SOUND_ENDING}" in used
    ]


def search_weights(part):
    """The weights of the network that searches need to look at, read or hear what they ask with."""
    wants = {
        "image": any("image" in search.parts for search in SEARCHES),
        "text": any({"tags", "plot"} & set(search.parts) for search in SEARCHES),
        "audio": any(search.track and not search.known for search in SEARCHES)
        and RETRIEVAL["audio"] == "musicnn",
    }
    return [f"results/pretrained/{RETRIEVAL[part]}.safetensors"] if wants[part] else []


# Scenes are evaluated with a model that takes images; the subtitles are read besides.
SCENES = bool(
    CONFIGURATIONS
    and not PUBLISHED
    and retrieval.sees_image(SEARCHER)
    and any(of_corpus(film) for film in DESCRIBED)
)

if CONFIGURATIONS and not SCENES and any(film.subtitles for film in DESCRIBED.values()):
    logger.warning(f"subtitles are ignored: {SEARCHER}, the model of the searches, takes no image")


if SCENES:

    rule evaluate_scenes:
        """Evaluate the model of the searches by scenes: does the track that plays rank high?"""
        input:
            model=f"results/retrieval/models/{SEARCHER}.safetensors",
            places=f"results/retrieval/embeddings/{SEARCHER}.parquet",
            films="results/retrieval/films.tsv",
            scenes=scene_films(f"results/scenes/{RETRIEVAL['image']}/{{film}}.parquet"),
            subtitles=paths.watched(filter(None, SUBTITLES.values())),
            texts=["results/retrieval/texts.parquet"] if retrieval.text_segment(SEARCHER) else [],
            weights=(
                [f"results/pretrained/{RETRIEVAL['text']}.safetensors"]
                if retrieval.text_segment(SEARCHER)
                and any(film.subtitles for film in DESCRIBED.values())
                else []
            ),
        output:
            scores="results/retrieval/scenes.tsv",
            figure=report(
                "results/retrieval/scenes.svg",
                caption="../report/retrieval_scenes.rst",
                category="Retrieval",
                labels={"figure": "scenes"},
            ),
        log:
            "logs/evaluate_scenes.log",
        benchmark:
            "results/benchmarks/evaluate_scenes.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("evaluate_scenes"),
            runtime=duration("evaluate_scenes"),
        params:
            source=source_hash("evaluate_scenes"),
            # A function, for Snakemake would take braces of a name for wildcards.
            subtitles=lambda wildcards: {film: path for film, path in SUBTITLES.items() if path},
            unwatched=paths.unwatched(filter(None, SUBTITLES.values())),
            samples=RETRIEVAL["bootstrap_repeats"],
            permutations=RETRIEVAL["permutation_repeats"],
            seed=config["seed"],
        script:
            "../../scripts/evaluate_scenes.py"


if SEARCHED_PARTS:

    rule embed_library:
        """Hear fragments of the tracks of one part of a library."""
        input:
            sound=lambda wildcards: paths.watched(SEARCHED_PARTS[wildcards.part].paths),
            weights=[network_weights("musicnn")] if RETRIEVAL["audio"] == "musicnn" else [],
        output:
            sounds=f"results/retrieval/libraries/{{library}}/{{part}}.{SOUND_ENDING}",
            table="results/retrieval/libraries/{library}/{part}.tsv",
        log:
            "logs/embed_library/{library}/{part}.log",
        benchmark:
            "results/benchmarks/embed_library/{library}/{part}.tsv"
        wildcard_constraints:
            library="[a-z0-9_]+",
            part="[a-z0-9_]+",
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("embed_library"),
            runtime=duration("embed_library"),
            gpu=config["resources"]["gpu"] * (RETRIEVAL["audio"] == "musicnn"),
        params:
            source=source_hash("embed_library"),
            audio=RETRIEVAL["audio"],
            fragments_per_track=RETRIEVAL["fragments_per_track"],
            folder=lambda wildcards: SEARCHED_PARTS[wildcards.part].folder,
            files=lambda wildcards: list(SEARCHED_PARTS[wildcards.part].files),
            unwatched=lambda wildcards: paths.unwatched(SEARCHED_PARTS[wildcards.part].paths),
        script:
            "../../scripts/embed_library.py"


if CONFIGURATIONS:

    rule index_retrieval:
        """Put all music that can be found in its place."""
        input:
            model=f"results/retrieval/models/{SEARCHER}.safetensors",
            albums=heard_films(f"results/retrieval/sounds/{{film}}.{SOUND_ENDING}"),
            tracks=heard_tables,
            parts=[
                f"results/retrieval/libraries/{part.library}/{key}.{SOUND_ENDING}"
                for key, part in SEARCHED_PARTS.items()
            ],
            part_tables=[
                f"results/retrieval/libraries/{part.library}/{key}.tsv"
                for key, part in SEARCHED_PARTS.items()
            ],
        output:
            index="results/retrieval/index.npz",
            table="results/retrieval/index.parquet",
        log:
            "logs/index_retrieval.log",
        benchmark:
            "results/benchmarks/index_retrieval.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("index_retrieval"),
            runtime=duration("index_retrieval"),
            gpu=config["resources"]["gpu"] * (RETRIEVAL["audio"] == "cnn_transformer"),
        params:
            source=source_hash("index_retrieval"),
            films=indexed_films,
            parts=[(part.library, part.folder) for part in SEARCHED_PARTS.values()],
        script:
            "../../scripts/index_retrieval.py"


if SEARCHES:

    rule search_retrieval:
        """Answer the searches of the config: a table, and a page to hear the tracks on."""
        input:
            model=f"results/retrieval/models/{SEARCHER}.safetensors",
            index="results/retrieval/index.npz",
            names="results/retrieval/index.parquet",
            asked=paths.watched(path for search in SEARCHES for path in search.files),
            image=search_weights("image"),
            text=search_weights("text"),
            audio=search_weights("audio"),
        output:
            results="results/retrieval/searches.tsv",
            page="results/retrieval/searches.html",
        log:
            "logs/search_retrieval.log",
        benchmark:
            "results/benchmarks/search_retrieval.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("search_retrieval"),
            runtime=duration("search_retrieval"),
        params:
            source=source_hash("search_retrieval"),
            searches=[search._asdict() for search in SEARCHES],
            unwatched=paths.unwatched(path for search in SEARCHES for path in search.files),
            tracks=RETRIEVAL["search"]["tracks"],
            frames=config["scenes"]["frames"],
            fragments=RETRIEVAL["fragments_per_track"],
        script:
            "../../scripts/search_retrieval.py"


# What the report shows of retrieval.
RETRIEVAL_RESULTS = [
    f"results/retrieval/{name}"
    for name, is_made in {
        "films.tsv": CONFIGURATIONS,
        "scores.tsv": CONFIGURATIONS,
        **{f"{figure}.svg": CONFIGURATIONS for figure in RETRIEVAL_FIGURES},
        "scenes.tsv": SCENES,
        "scenes.svg": SCENES,
        "searches.html": SEARCHES,
    }.items()
    if is_made
]
