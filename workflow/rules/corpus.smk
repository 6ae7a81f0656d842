"""The films, the albums behind them, and whether they can be used."""

import dataclasses
import zlib

from snakemake.logging import logger

ASSEMBLY = config["corpus"]["assembly"]
# In whatever order a film table has its rows, the corpus has one order.
ORDERED_FILMS = sorted(FILMS) if config["corpus"]["kind"] in ("assembled", "table") else list(FILMS)


def film_seed(wildcards):
    """A seed for one film, which other films of the table leave as it is."""
    return zlib.crc32(f"{config['seed']} {wildcards.film}".encode())


def corpus_row(film):
    """What the tables over all films say of a film besides what its check finds."""
    row = dataclasses.asdict(film)
    return {name: row[name] for name in ("film_id", "title", "year", "genres", "problems")}


def present_video(wildcards):
    """The video of a film, or nothing if there is no such file: the check then says so."""
    video = film_video(wildcards)
    return video if MADE or os.path.isfile(video) else None


def published_files(feature_set):
    """The published files of a feature set, its dictionary first."""
    folder = Path(config["corpus"]["published"]["folder"])
    return [str(folder / name) for name in published.FILES[feature_set]]


def published_list():
    """The published list of films."""
    return str(Path(config["corpus"]["published"]["folder"]) / published.FILM_LIST)


def all_published_files():
    """The published files of all feature sets."""
    return [path for name in PUBLISHED_SETS for path in published_files(name)]


if config["corpus"]["kind"] == "demo":

    rule make_corpus:
        """Compose an album of the demo corpus, and assemble a film with known cues from it."""
        output:
            video="results/corpus/media/{film}/film.mp4",
            tracks=expand(
                "results/corpus/media/{{film}}/album/{track}.flac", track=demo_plan.DEMO_TRACKS
            ),
            truth="results/corpus/truth/{film}.tsv",
        log:
            "logs/make_corpus/{film}.log",
        benchmark:
            "results/benchmarks/make_corpus/{film}.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("make_corpus"),
            runtime=duration("make_corpus"),
        params:
            source=source_hash("make_corpus"),
            film=lambda wildcards: dataclasses.asdict(DEMO_FILMS[wildcards.film]),
            film_s=config["corpus"]["demo"]["film_s"],
        script:
            "../../scripts/make_corpus.py"

elif config["corpus"]["kind"] == "assembled":

    rule make_corpus:
        """Assemble a film with known cues from a real album, speech and effects."""
        input:
            files=lambda wildcards: paths.watched(FILMS[wildcards.film].album.files),
            tracks=of_album("results/corpus/albums/{album}.tsv"),
        output:
            video="results/corpus/media/{film}/film.mp4",
            truth="results/corpus/truth/{film}.tsv",
        log:
            "logs/make_corpus/{film}.log",
        benchmark:
            "results/benchmarks/make_corpus/{film}.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("make_corpus"),
            runtime=duration("make_corpus"),
        params:
            source=source_hash("make_corpus"),
            assembly=ASSEMBLY,
            seed=film_seed,
        script:
            "../../scripts/make_corpus.py"


if PUBLISHED:
    if config["features"]["level"] == "tracks":
        raise WorkflowError("config: features.level: published features are of cues, not of tracks")
    try:
        PUBLISHED_SETS, ABSENT_SETS = published.split_sets(
            config["corpus"]["published"]["folder"], config["features"]["sets"]
        )
    except InputError as error:
        raise WorkflowError(str(error)) from None
    config["features"]["sets"] = PUBLISHED_SETS
    for name, reason in ABSENT_SETS.items():
        logger.warning(f"feature set {name} is left out: {reason}")
    logger.warning(
        "cues, visuals and audiovisual_comparison are left out: published features come without films"
    )
    STATUSES, TRACK_TABLES = ["results/corpus/inspection.tsv"], []

    rule inspect_corpus:
        """Look into the published feature files; write what each film has and every problem."""
        input:
            published=paths.watched([published_list(), *all_published_files()]),
        output:
            status="results/corpus/inspection.tsv",
        log:
            "logs/inspect_corpus.log",
        benchmark:
            "results/benchmarks/inspect_corpus.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("inspect_corpus"),
            runtime=duration("inspect_corpus"),
        params:
            source=source_hash("inspect_corpus"),
            folder=lambda wildcards: config["corpus"]["published"]["folder"],
            genres=config["corpus"]["genres"],
            files=lambda wildcards: {name: published_files(name) for name in PUBLISHED_SETS},
            unwatched=paths.unwatched([published_list(), *all_published_files()]),
        script:
            "../../scripts/inspect_corpus.py"

else:
    PUBLISHED_SETS = []
    STATUSES = expand("results/corpus/status/{film}.tsv", film=ORDERED_FILMS)
    TRACK_TABLES = expand("results/corpus/tracks/{film}.tsv", film=ORDERED_FILMS)

    rule list_corpus:
        """Open the files of one album; list the tracks, and every problem found."""
        input:
            files=lambda wildcards: paths.watched(ALBUMS[wildcards.album].files),
        output:
            tracks="results/corpus/albums/{album}.tsv",
            status="results/corpus/albums/{album}.status.tsv",
        log:
            "logs/list_corpus/{album}.log",
        benchmark:
            "results/benchmarks/list_corpus/{album}.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("list_corpus"),
            runtime=duration("list_corpus"),
        params:
            source=source_hash("list_corpus"),
            folder=lambda wildcards: ALBUMS[wildcards.album].folder,
            files=lambda wildcards: list(ALBUMS[wildcards.album].files),
            unwatched=lambda wildcards: paths.unwatched(ALBUMS[wildcards.album].files),
        script:
            "../../scripts/list_corpus.py"

    rule check_corpus:
        """Open one film; write what it and its album hold and every problem found."""
        input:
            video=lambda wildcards: paths.watched([present_video(wildcards)]),
            tracks=of_album("results/corpus/albums/{album}.tsv"),
            album=of_album("results/corpus/albums/{album}.status.tsv"),
        output:
            status="results/corpus/status/{film}.tsv",
            tracks="results/corpus/tracks/{film}.tsv",
        log:
            "logs/check_corpus/{film}.log",
        benchmark:
            "results/benchmarks/check_corpus/{film}.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("check_corpus"),
            runtime=duration("check_corpus"),
        params:
            source=source_hash("check_corpus"),
            video=present_video,
            unwatched=unwatched_video,
            audio=lambda wildcards: FILMS[wildcards.film].audio,
            video_bytes=video_bytes,
        script:
            "../../scripts/check_corpus.py"


checkpoint gather_corpus:
    """Join the checks of all films; stop at bad ones, or leave them out."""
    input:
        statuses=STATUSES,
        tracks=TRACK_TABLES,
    output:
        films="results/corpus/films.tsv",
        tracks="results/corpus/tracks.tsv",
        status="results/corpus/status.tsv",
    log:
        "logs/gather_corpus.log",
    benchmark:
        "results/benchmarks/gather_corpus.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("gather_corpus"),
        runtime=duration("gather_corpus"),
    params:
        source=source_hash("gather_corpus"),
        films=[corpus_row(FILMS[film]) for film in ORDERED_FILMS],
        on_bad_film=config["corpus"]["on_bad_film"],
    script:
        "../../scripts/gather_corpus.py"
