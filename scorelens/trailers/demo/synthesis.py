"""Make the trailers of the demo: cut them from films, or compose them, and write their table."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence

import ffmpeg
import imageio_ffmpeg
import numpy as np
from tqdm import tqdm

from scorelens.corpus.synthesis import composer, instruments, pictures
from scorelens.corpus.synthesis.recipes import draw_music
from scorelens.corpus.synthesis.video_writer import write_film
from scorelens.errors import MediaError, Problem
from scorelens.retrieval.demo.synthesis import overstated_look
from scorelens.tables import atomic
from scorelens.trailers.data.table import COLUMNS
from scorelens.trailers.demo import demo_plan

CUT_S = 35.0  # of a film
LENGTH_S = 32.0  # of a composed trailer
LOOK = pictures.Format(width=160, height=90, frame_rate_hz=12)
SHOT_S, MUSIC_S = 1.0, 8.0  # how long one genre is shown, and heard, before the other's turn
ROOM = 16  # px that a shot is larger than the frame, for the camera to move over
SPARE_S = 2.0  # by which a piece is longer, which may be half a bar shorter than asked for
FADE_S = 0.05


def make_trailers(
    trailers: Sequence[demo_plan.DemoTrailer], films: Mapping[str, str | os.PathLike]
) -> None:
    """Write the video of each trailer, at `plan.video`, and the table of all.

    films: film_id -> video, of those that trailers are cut from. The same trailers give the same
    bytes. Raises MediaError if FFmpeg fails.
    """
    for trailer in tqdm(trailers, unit="trailer", disable=None):
        target = demo_plan.video(trailer.trailer_id)
        if trailer.film_id:
            cut_trailer(films[trailer.film_id], target)
        else:
            compose_trailer(trailer, target)
    _write_table(trailers)


def cut_trailer(film: str | os.PathLike, target: str | os.PathLike) -> None:
    """Copy the first CUT_S of a film, not coded anew. Raises MediaError if FFmpeg fails."""
    with atomic(target) as temporary:
        begun = ffmpeg.input(os.fspath(film), t=CUT_S)
        options = {"movflags": "+faststart", "map_metadata": -1, "fflags": "+bitexact"}
        copy = begun.output(str(temporary), c="copy", loglevel="error", **options)
        try:
            copy.run(
                cmd=imageio_ffmpeg.get_ffmpeg_exe(), capture_stderr=True, overwrite_output=True
            )
        except ffmpeg.Error as error:
            words = error.stderr.decode(errors="replace").strip().splitlines()
            what = f"no trailer can be cut from it ({words[0] if words else error})"
            raise MediaError(Problem(str(film), what, "a film that FFmpeg can copy")) from error


def compose_trailer(trailer: demo_plan.DemoTrailer, target: str | os.PathLike) -> None:
    """Paint and compose a trailer of LENGTH_S and write it."""
    paint, music = np.random.default_rng(trailer.seed).spawn(2)
    frames, sound = show(trailer.shown, paint), play(trailer.heard, music)
    write_film(target, frames, LOOK, sound, instruments.RATE_HZ)


def show(genres: Sequence[str], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """The frames of a trailer, uint8 BGR (height, width, 3): shots of the genres in turn."""
    frames = round(SHOT_S * LOOK.frame_rate_hz)
    for shot in range(round(LENGTH_S / SHOT_S)):
        yield from _pan(genres[shot % len(genres)], frames, rng)


def play(genres: Sequence[str], rng: np.random.Generator) -> np.ndarray:
    """The sound of a trailer, float32 (n, 2) in -1..1: music of the genres, in turn."""
    theme = composer.draw_theme(rng)
    turns = range(round(LENGTH_S / MUSIC_S))
    return np.concatenate([_piece(genres[turn % len(genres)], theme, rng) for turn in turns])


def _pan(genre: str, frames: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """A shot: the camera moves over a painted picture that is larger than the frame."""
    larger = pictures.Format(LOOK.width + ROOM, LOOK.height + ROOM, LOOK.frame_rate_hz)
    painted = pictures.paint_still(overstated_look(genre), larger, rng)
    corners = np.linspace(*rng.integers(0, ROOM + 1, (2, 2)), frames).round().astype(int)
    for left, top in corners:
        yield painted[top : top + LOOK.height, left : left + LOOK.width]


def _piece(genre: str, theme: composer.Theme, rng: np.random.Generator) -> np.ndarray:
    """The first MUSIC_S of a piece: float32 (n, 2)."""
    recipe = draw_music(genre, rng)
    score = composer.compose(theme, recipe, MUSIC_S + SPARE_S, rng)
    piece = instruments.play(score, recipe, rng)[: round(MUSIC_S * instruments.RATE_HZ)]
    ramp = np.linspace(0, 1, round(FADE_S * instruments.RATE_HZ), dtype=np.float32)[:, None]
    piece[: len(ramp)] *= ramp
    piece[-len(ramp) :] *= ramp[::-1]
    return piece


def _write_table(trailers: Sequence[demo_plan.DemoTrailer]) -> None:
    """The table that a user would write."""
    with (
        atomic(demo_plan.TABLE) as temporary,
        open(temporary, "w", encoding="utf-8", newline="") as file,
    ):
        table = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(
            {
                "trailer_id": trailer.trailer_id,
                "title": trailer.title,
                "video": os.path.relpath(demo_plan.video(trailer.trailer_id), demo_plan.FOLDER),
                "genres": "; ".join(trailer.genres),
            }
            for trailer in trailers
        )
