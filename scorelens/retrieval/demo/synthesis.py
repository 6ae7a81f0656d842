"""Synthesize the retrieval demo: pictures, plots, albums of further films, and their table."""

import csv
import os
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import soundfile

from scorelens.corpus import (
    MUSIC_RATE_HZ,
    PLACES,
    FrameFormat,
    Score,
    compose,
    draw_music,
    draw_theme,
    exaggerated_look,
    paint_still,
    render,
)
from scorelens.retrieval.data.films import COLUMNS
from scorelens.retrieval.demo import demo_plan
from scorelens.retrieval.demo.plot_words import PEOPLE, SENTENCES
from scorelens.tables import atomic

PICTURE_FORMAT = FrameFormat(width=448, height=252, frame_rate_hz=12)
JPEG_QUALITY = 90
TRACK_S = 5.0
PARAGRAPHS = 3
MIN_SENTENCES = 2  # of a paragraph


def synthesize_films(films: Sequence[demo_plan.DemoFilm]) -> None:
    """Write the picture, the plot and the further tracks of each film, and the table of all films.

    The paths are those of `demo_plan`. Equal films give equal bytes.

    Parameters
    ----------
    films : sequence of DemoFilm
        The plan of `demo_plan.plan_films`.
    """
    for film in films:
        music_rng, picture_rng, plot_rng = np.random.default_rng(film.seed).spawn(3)
        for track_id, genre in film.tracks.items():
            write_track(genre, demo_plan.track(film.film_id, track_id), music_rng)
        write_picture(film.picture_genre, demo_plan.picture(film.film_id), picture_rng)
        with atomic(demo_plan.plot(film.film_id)) as temporary:
            temporary.write_text(compose_plot(film.plot_genres, plot_rng), encoding="utf-8")
    _write_table(films, demo_plan.TABLE)


def write_track(genre: str, path: str | os.PathLike, rng: np.random.Generator) -> None:
    """Compose a track and write it as 16-bit FLAC.

    Each track has a theme of its own, so that the tracks of an album do not resemble each other.

    Parameters
    ----------
    genre : str
        Genre of the music.
    path : str or os.PathLike
        Path of the file. It lasts TRACK_S seconds.
    rng : numpy.random.Generator
        Source of the theme and the music.
    """
    recipe = draw_music(genre, rng)
    score = compose(draw_theme(rng), recipe, TRACK_S, rng)
    sound = render(_cut_score(score), recipe, rng)
    with atomic(path) as temporary:
        soundfile.write(temporary, sound, MUSIC_RATE_HZ, subtype="PCM_16")


def write_picture(genre: str, path: str | os.PathLike, rng: np.random.Generator) -> None:
    """Paint a picture with the exaggerated look of a genre and write it as JPEG.

    Parameters
    ----------
    genre : str
        Genre of the picture.
    path : str or os.PathLike
        Path of the file.
    rng : numpy.random.Generator
        Source of the shapes and colours.
    """
    picture = paint_still(exaggerated_look(genre), PICTURE_FORMAT, rng)
    _, encoded = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    with atomic(path) as temporary:
        temporary.write_bytes(encoded.tobytes())


def compose_plot(genres: Sequence[str], rng: np.random.Generator) -> str:
    """Compose the text of a plot.

    Parameters
    ----------
    genres : sequence of str
        Genres of the sentences, in turn.
    rng : numpy.random.Generator
        Source of the names and the sentences.

    Returns
    -------
    str
        Paragraphs separated by blank lines.
    """
    one, other = rng.choice(PEOPLE, 2, replace=False)
    names = {"one": one, "other": other, "place": rng.choice(PLACES)}
    remaining = {genre: iter(rng.permutation(SENTENCES[genre])) for genre in genres}
    in_turn = np.resize(genres, max(MIN_SENTENCES, len(genres)))
    paragraphs = (" ".join(next(remaining[genre]) for genre in in_turn) for _ in range(PARAGRAPHS))
    return "\n\n".join(paragraphs).format(**names) + "\n"


def _cut_score(score: Score) -> Score:
    """The first TRACK_S of a score."""
    parts = {
        name: [note for note in notes if note.onset_s < TRACK_S]
        for name, notes in score.parts.items()
    }
    drums = [stroke for stroke in score.drums if stroke.onset_s < TRACK_S]
    return replace(score, length_s=TRACK_S, parts=parts, drums=drums)


def _write_table(films: Sequence[demo_plan.DemoFilm], path: str | os.PathLike) -> None:
    with atomic(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, restval="", delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(_row(film) for film in films)


def _row(film: demo_plan.DemoFilm) -> dict[str, str | int]:
    """A row of the table; title, year and album are given for further films only."""
    row = {
        "film_id": film.film_id,
        "image": _relative(demo_plan.picture(film.film_id)),
        "plot": _relative(demo_plan.plot(film.film_id)),
        "tags": "; ".join(film.tags),
    }
    if film.tracks:
        album = _relative(demo_plan.album(film.film_id))
        row |= {"title": film.title, "year": film.year, "album": album}
    return row


def _relative(path: str) -> str:
    return os.path.relpath(path, demo_plan.FOLDER)
