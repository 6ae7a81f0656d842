"""What every rule file uses: the films in use, the paths of their media, hashes of the code, and
what jobs ask for.
"""

import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

HOME = Path(workflow.basedir)
# Scripts run in processes of their own and find the package here, installed or not.
sys.path.insert(0, str(HOME))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HOME), os.environ.get("PYTHONPATH")]))
# The Slurm executor looks here. A profile could name the file only as seen from one folder.
os.environ.setdefault(
    "SNAKEMAKE_SLURM_PARTITIONS", str(HOME / "profiles" / "slurm" / "partitions.yaml")
)

from scorelens import config as configuration
from scorelens import code_hash, job_resources, paths
from scorelens.albums.files import Album
from scorelens.corpus.synthesis import demo_plan
from scorelens.corpus.published import published
from scorelens.errors import InputError


def read_films():
    """The films of the corpus, by id."""
    corpus = config["corpus"]
    if corpus["kind"] == "demo":
        films = [demo_film(film) for film in DEMO_FILMS.values()]
    elif corpus["kind"] == "published":
        films = published.read_films(corpus["published"]["folder"], corpus["genres"])
    else:
        made = corpus["kind"] == "assembled"
        known = {path.stem for path in Path("results/corpus/albums").glob("*.tsv")}
        films = configuration.read_films(corpus["films"], corpus["genres"], made, known)
    return {film.film_id: film for film in films}


def demo_film(film):
    """A film of the demo corpus as a row of a film table."""
    folder = f"results/corpus/media/{film.film_id}/album"
    files = tuple(f"{folder}/{track}.flac" for track in demo_plan.DEMO_TRACKS)
    return configuration.Film(
        film_id=film.film_id,
        title=film.title,
        year=film.year,
        genres=film.genres,
        video=None,
        album=Album(film.film_id, folder, files),
    )


try:
    config.update(configuration.complete(config, HOME / "workflow" / "schemas"))
    DEMO_FILMS = {
        film.film_id: film
        for film in demo_plan.demo_films(config["corpus"]["demo"]["films"], config["seed"])
    }
    FILMS = read_films()
except InputError as error:
    raise WorkflowError(str(error)) from None

ALBUMS = {film.album.album_id: film.album for film in FILMS.values() if film.album.files}
FILM_TABLE = "results/corpus/films.tsv"
# A corpus that makes its films knows their true cues.
MADE = config["corpus"]["kind"] in ("demo", "assembled")
# A corpus of published features has neither sound nor picture: no fingerprints, cues, visuals, audiovisual_comparison.
PUBLISHED = config["corpus"]["kind"] == "published"


wildcard_constraints:
    album="[a-z0-9_]+",
    film="[a-z0-9_]+",
    set="[a-z0-9_]+",
    model="[a-z0-9_]+",


def video_of(film):
    """The video of a film."""
    return f"results/corpus/media/{film}/film.mp4" if MADE else FILMS[film].video


def film_video(wildcards):
    """The video of the film of a job."""
    return video_of(wildcards.film)


def of_album(pattern):
    """An input function: the pattern for the album of the film of a job, if it has one."""

    def inputs(wildcards):
        album = FILMS[wildcards.film].album
        return pattern.format(album=album.album_id) if album.files else []

    return inputs


def watched_video(wildcards):
    """The same as an input, if Snakemake can watch it."""
    return paths.watched([film_video(wildcards)])


def unwatched_video(wildcards):
    """The same as a parameter, if it cannot."""
    return paths.unwatched([film_video(wildcards)])


def video_bytes(wildcards):
    """The size of the film of a job as the run begins: a file that grew since then is not used.

    None if there is none yet, or if the workflow makes it.
    """
    video = video_of(wildcards.film)
    return None if MADE or not os.path.isfile(video) else os.path.getsize(video)


def used_films(pattern):
    """An input function: the pattern for every film in use, other wildcards left as they are.

    With `on_bad_film: stop` that is every film of the table, so that the graph is known at once; if
    the table has faults, it is what gathers them, and the run ends there. With `skip` it is what
    the check left over.
    """

    def inputs(wildcards):
        if config["corpus"]["on_bad_film"] == "stop":
            faulty = any(film.problems for film in FILMS.values())
            return FILM_TABLE if faulty else expand(pattern, film=FILMS, allow_missing=True)
        table = Path(checkpoints.gather_corpus.get().output.films)
        header, *rows = table.read_text(encoding="utf-8").splitlines()
        return expand(pattern, film=[row.split("\t")[0] for row in rows], allow_missing=True)

    return inputs


def used_albums(pattern):
    """An input function: the pattern for every album of a film in use."""

    def inputs(wildcards):
        films = used_films("{film}")(wildcards)
        if films == FILM_TABLE:
            return films
        albums = dict.fromkeys(FILMS[film].album.album_id for film in films)
        return expand(pattern, album=albums, allow_missing=True)

    return inputs


def media_films(pattern):
    """`used_films`, or nothing if the corpus has no media to make the pattern from."""
    return [] if PUBLISHED else used_films(pattern)


def source_hash(rule):
    """A hash of the modules behind a rule's script: an edit re-runs the rule, a touch does not."""
    return code_hash.source_hash(HOME / "scripts" / f"{rule}.py")


REQUESTS = job_resources.read_requests(HOME / "workflow" / "job_resources.tsv")
# Of a film that the last check did not see.
UNKNOWN_MIN = 150


def memory(rule, films=()):
    """What a rule's jobs ask for as `mem_mb`: more for more work, twice as much at every retry.

    films: those of the job, one after the other, if it is not the film of its wildcards, or one
    that has the album of its wildcards.
    """
    return lambda wildcards, input, attempt: job_resources.memory_mb(
        REQUESTS[rule], max(work_sizes(rule, wildcards, input, films)), attempt
    )


def duration(rule, films=()):
    """What a rule's jobs ask for as `runtime`, in minutes; see `memory`."""
    return lambda wildcards, input, attempt: job_resources.runtime_min(
        REQUESTS[rule], sum(work_sizes(rule, wildcards, input, films)), attempt
    )


def job_films(wildcards):
    """The film of a job, or one that has its album."""
    if "film" in wildcards.keys():
        return [wildcards.film]
    of_album = (own.film_id for own in FILMS.values() if own.album.album_id == wildcards.album)
    return [next(of_album)]


def work_sizes(rule, wildcards, input, films):
    """The size of each part of a job, in the unit that its row of the table of requests names.

    Before there is a check to know the minutes, or a table of bags, its absence is the error on
    which Snakemake plans without a number and asks again once the job may start.
    """
    size = REQUESTS[rule].size
    if size in job_resources.MEDIA:
        os.stat(FILM_TABLE)
        known = [requests.minutes(path) for path in job_resources.MEDIA[size]]
        return [
            sum(minutes.get(film, UNKNOWN_MIN) for minutes in known)
            for film in films or job_films(wildcards)
        ]
    if size == "folds":
        folds = min(FOLDS, config["genres"]["folds_per_chunk"])
        return [folds * os.path.getsize(input.bags) / 1e6]
    corpus = config["corpus"]
    made = corpus["demo" if corpus["kind"] == "demo" else "assembly"]
    counts = {"none": 0, "films": len(FILMS), "trailers": len(TRAILERS)}
    return [(counts | {"made": made["film_s"] / 60})[size]]
