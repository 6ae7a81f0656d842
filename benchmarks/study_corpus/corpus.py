"""The tables and media of the corpus, as a user of the workflow would have them."""

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from cue_films.albums import Track, locate
from cue_films.signals import samples

from scorelens.albums.files import list_files
from scorelens.albums.reading import read_album
from scorelens.corpus import GENRES
from scorelens.corpus.synthesis import pictures
from scorelens.corpus.synthesis.clips import clips_of_folder
from scorelens.corpus.synthesis.recipes import draw_picture
from scorelens.ids import slug
from scorelens.retrieval.demo.plot_words import TAGS
from scorelens.retrieval.demo.synthesis import compose_plot

from . import films
from .sound import RATE_HZ, at_any_speed, scenes, usable

TRAILER_S = 60.0
# Years of training, validation and test films of retrieval, which are three, one and one in five.
TRAINING_YEARS, VALIDATION_YEAR, TEST_YEARS = (2010, 2022), 2022, (2023, 2026)
STILL = pictures.FrameFormat(width=448, height=252, frame_rate_hz=12)
MAX_GENRES, TAGS_OF_FILM = 2, 3
FILM_HEADER = ("film_id", "title", "year", "video", "album", "genres")
DESCRIBED_HEADER = ("film_id", "image", "plot", "tags")
TRAILER_HEADER = ("trailer_id", "title", "year", "video", "genres")
MIN_TRAILERS, MIN_DESCRIBED = 4, 12  # films, for the workflow to test models of them
COMMON_TAG = "film score"  # for the workflow drops tags that one film carries


@dataclass(frozen=True)
class Film:
    """A film of the corpus: its album and everything random about it."""

    film_id: str
    title: str
    year: int
    album: Path
    genres: tuple[str, ...]
    tags: tuple[str, ...]
    seed: int


@dataclass(frozen=True)
class Sources:
    """Folders of voice clips and of sound effects."""

    speech: Path
    effects: Path


def plan_films(albums: Path, count: int, seed: int) -> list[Film]:
    """Draw the films of the corpus, and as the last one a film to be added, with another album.

    Where there are more films than albums, films share albums, but not that of the last one.
    """
    folders = [path for path in sorted(albums.iterdir()) if path.is_dir() and usable_tracks(path)]
    if len(folders) < 2:
        raise SystemExit(f"{albums} needs two folders with music at least")
    order = np.random.default_rng(seed).permutation(len(folders))
    *shared, last = [folders[k] for k in order]
    chosen = [*(shared[number % len(shared)] for number in range(count)), last]
    return [_film(number, album, seed) for number, album in enumerate(chosen)]


def _film(number: int, album: Path, seed: int) -> Film:
    rng = np.random.default_rng([seed, number])
    count = rng.integers(1, MAX_GENRES + 1)
    genres = tuple(sorted(rng.choice(GENRES, count, replace=False).tolist()))
    tags = rng.choice(TAGS[genres[0]], TAGS_OF_FILM, replace=False).tolist()
    name = f"{slug(album.name)}_{number:03d}"
    title = f"{album.name} {number}"
    return Film(
        *(name, title, _year(number, rng), album),
        *(genres, (COMMON_TAG, *tags), seed + number),
    )


def _year(number: int, rng: np.random.Generator) -> int:
    if number % 5 == 3:
        return VALIDATION_YEAR
    return int(rng.integers(*(TEST_YEARS if number % 5 == 4 else TRAINING_YEARS)))


def usable_tracks(album: Path) -> dict[str, Track]:
    """The tracks of an album that can be cues."""
    return usable(locate(read_album(album, list_files(album)).tracks))


def make_corpus(
    folder: Path, planned: Sequence[Film], sources: Sources, minutes: float, processes: int
) -> None:
    """Make the films that are missing, with a trailer, a still and a plot of each."""
    missing = [film for film in planned if not (folder / "truth" / f"{film.film_id}.tsv").exists()]
    if not missing:
        return
    with ProcessPoolExecutor(processes) as pool:
        tasks = [pool.submit(make_media, folder, film, sources, minutes) for film in missing]
        for film, task in zip(missing, tasks, strict=True):
            task.result()
            print(f"made {film.film_id}", flush=True)


def make_media(folder: Path, film: Film, sources: Sources, minutes: float) -> None:
    """Make the media of a film, the film itself last."""
    rng = np.random.default_rng([film.seed, 2])
    for kind in ("stills", "plots"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    still = pictures.paint_still(draw_picture(film.genres[0], rng), STILL, rng)
    cv2.imwrite(str(folder / "stills" / f"{film.film_id}.jpg"), still)
    (folder / "plots" / f"{film.film_id}.txt").write_text(compose_plot(film.genres, rng))
    speech, effects = (
        at_any_speed(clips_of_folder(path, "clips", RATE_HZ))
        for path in (sources.speech, sources.effects)
    )
    sounds = usable_tracks(film.album)
    for kind, seconds in (("trailers", TRAILER_S), ("films", 60 * minutes)):
        truth = "truth" if kind == "films" else "trailer_truth"
        films.make_film(
            film.film_id,
            scenes(sounds, samples(seconds), speech, effects, rng),
            film.seed,
            folder / kind / f"{film.film_id}.mkv",
            folder / truth / f"{film.film_id}.tsv",
        )


def write_tables(
    folder: Path, media: Path, planned: Sequence[Film], described: Sequence[Film]
) -> Path:
    """Write the film table, the tables of the films that are described, and the configuration.

    media: the folder of the films. Returns the path of the configuration.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        (film.film_id, film.title, film.year, f"{media}/films/{film.film_id}.mkv")
        + (film.album, ";".join(film.genres))
        for film in planned
    ]
    _write(folder / "films.tsv", FILM_HEADER, rows)
    names = [(film, film.film_id) for film in described]
    rows = [
        (name, f"{media}/stills/{name}.jpg", f"{media}/plots/{name}.txt", ";".join(film.tags))
        for film, name in names
    ]
    _write(folder / "described.tsv", DESCRIBED_HEADER, rows)
    rows = [
        (name, film.title, film.year, f"{media}/trailers/{name}.mkv", ";".join(film.genres))
        for film, name in names
    ]
    _write(folder / "trailers.tsv", TRAILER_HEADER, rows)
    config = {
        "corpus": {"kind": "table", "films": str(folder / "films.tsv")},
    }
    if len(described) >= MIN_DESCRIBED:
        config["retrieval"] = {"films": str(folder / "described.tsv")}
    if len(described) >= MIN_TRAILERS:
        config["trailers"] = {"trailers": str(folder / "trailers.tsv")}
    (folder / "config.yaml").write_text(json.dumps(config, indent=1))
    return folder / "config.yaml"


def _write(path: Path, header: Sequence[str], rows: Sequence[tuple]) -> None:
    lines = ["\t".join(map(str, row)) for row in (header, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
