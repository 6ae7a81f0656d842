"""Compose what retrieval knows of the demo: pictures, plots, and the albums of further films."""

import csv
import os
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import soundfile

from scorelens.corpus.synthesis import composer, instruments, pictures
from scorelens.corpus.synthesis.recipes import (
    PICTURE,
    PICTURE_HIGH,
    PICTURE_LOW,
    PictureRecipe,
    draw_music,
)
from scorelens.retrieval.data.films import COLUMNS
from scorelens.retrieval.demo import demo_plan
from scorelens.retrieval.demo.demo_words import PEOPLE, PLACES, SENTENCES
from scorelens.tables import atomic

LOOK = pictures.Format(width=448, height=252, frame_rate_hz=12)
QUALITY = 90  # of JPEG
OVERSTATED = 2.0  # a poster's distance from the mean of all looks, against its genre's
TRACK_S = 5.0
PARAGRAPHS = 3
LEAST_SENTENCES = 2  # of a paragraph


def compose_films(films: Sequence[demo_plan.DemoFilm]) -> None:
    """Write the files of `plan.demo_files`: of each film a picture, a plot and its further tracks,
    and the table that describes them all. The same films give the same bytes.
    """
    for film in films:
        music, paint, words = np.random.default_rng(film.seed).spawn(3)
        for track_id, genre in film.tracks.items():
            write_track(genre, demo_plan.track(film.film_id, track_id), music)
        paint_picture(film.shown, demo_plan.picture(film.film_id), paint)
        with atomic(demo_plan.plot(film.film_id)) as temporary:
            temporary.write_text(tell_plot(film.told, words), encoding="utf-8")
    _write_table(films, demo_plan.TABLE)


def write_track(genre: str, path: str | os.PathLike, rng: np.random.Generator) -> None:
    """Compose TRACK_S of music on a theme of its own, so that no track of an album tells of
    another, and write it as FLAC, 16 bits.
    """
    recipe = draw_music(genre, rng)
    score = composer.compose(composer.draw_theme(rng), recipe, TRACK_S, rng)
    sound = instruments.play(_begun(score), recipe, rng)
    with atomic(path) as temporary:
        soundfile.write(temporary, sound, instruments.RATE_HZ, subtype="PCM_16")


def paint_picture(genre: str, path: str | os.PathLike, rng: np.random.Generator) -> None:
    """Paint a picture that overstates a genre's look, as JPEG."""
    picture = pictures.paint_still(overstated_look(genre), LOOK, rng)
    _, coded = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
    with atomic(path) as temporary:
        temporary.write_bytes(coded.tobytes())


def overstated_look(genre: str) -> PictureRecipe:
    """A genre's look, its light and colour further from the mean of all genres."""
    amounts = {part: _overstated(part, genre) for part in ("luma", "contrast", "saturation")}
    return replace(PICTURE[genre], **amounts)


def tell_plot(genres: Sequence[str], rng: np.random.Generator) -> str:
    """Paragraphs of a plot, divided by blank lines; the sentences go through the genres in turn."""
    one, other = rng.choice(PEOPLE, 2, replace=False)
    named = {"one": one, "other": other, "place": rng.choice(PLACES)}
    unsaid = {genre: iter(rng.permutation(SENTENCES[genre])) for genre in genres}
    in_turn = np.resize(genres, max(LEAST_SENTENCES, len(genres)))
    paragraphs = (" ".join(next(unsaid[genre]) for genre in in_turn) for _ in range(PARAGRAPHS))
    return "\n\n".join(paragraphs).format(**named) + "\n"


def _overstated(part: str, genre: str) -> float:
    mean = np.mean([getattr(look, part) for look in PICTURE.values()])
    amount = mean + OVERSTATED * (getattr(PICTURE[genre], part) - mean)
    return float(np.clip(amount, getattr(PICTURE_LOW, part), getattr(PICTURE_HIGH, part)))


def _begun(score: composer.Score) -> composer.Score:
    """The first TRACK_S of a score."""
    parts = {
        name: [note for note in notes if note.onset_s < TRACK_S]
        for name, notes in score.parts.items()
    }
    drums = [stroke for stroke in score.drums if stroke.onset_s < TRACK_S]
    return replace(score, length_s=TRACK_S, parts=parts, drums=drums)


def _write_table(films: Sequence[demo_plan.DemoFilm], path: str | os.PathLike) -> None:
    """The table that a user would write; title, year and album are those of further films."""
    with atomic(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, restval="", delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(_row(film) for film in films)


def _row(film: demo_plan.DemoFilm) -> dict[str, str | int]:
    row = {
        "film_id": film.film_id,
        "image": _in_folder(demo_plan.picture(film.film_id)),
        "plot": _in_folder(demo_plan.plot(film.film_id)),
        "tags": "; ".join(film.tags),
    }
    if film.tracks:
        album = _in_folder(demo_plan.album(film.film_id))
        row |= {"title": film.title, "year": film.year, "album": album}
    return row


def _in_folder(path: str) -> str:
    return os.path.relpath(path, demo_plan.FOLDER)
