"""Make the trailers of the demo: cut them from films or synthesize them, and write their table."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence

import ffmpeg
import imageio_ffmpeg
import numpy as np
from tqdm import tqdm

from scorelens.corpus import (
    MUSIC_RATE_HZ,
    FrameFormat,
    Theme,
    compose,
    draw_music,
    draw_theme,
    exaggerated_look,
    paint_still,
    render,
    write_film,
)
from scorelens.errors import MediaError, Problem
from scorelens.tables import atomic
from scorelens.trailers.data.table import COLUMNS, YEAR
from scorelens.trailers.demo import demo_plan

CUT_S = 35.0  # length of a trailer that is cut from a film
SYNTHETIC_S = 32.0  # length of a synthetic trailer
VIDEO_FORMAT = FrameFormat(width=160, height=90, frame_rate_hz=12)
SHOT_S, MUSIC_S = 1.0, 8.0  # length of a shot and of a piece of music; then the next genre follows
MARGIN = 16  # px by which a painted picture exceeds the frame, for the camera to pan over
SPARE_S = 2.0  # a piece is composed longer by this, since it may end half a bar early
FADE_S = 0.05


def make_trailers(
    trailers: Sequence[demo_plan.DemoTrailer], films: Mapping[str, str | os.PathLike]
) -> None:
    """Write the video of each trailer, at `demo_plan.video`, and the table of all trailers.

    Equal trailers give equal bytes.

    Parameters
    ----------
    trailers : sequence of DemoTrailer
        The plan of `demo_plan.plan_trailers`.
    films : mapping of str to path
        Videos of the films that trailers are cut from, by film id.

    Raises
    ------
    MediaError
        If FFmpeg fails.
    """
    for trailer in tqdm(trailers, unit="trailer", disable=None):
        target = demo_plan.video(trailer.trailer_id)
        if trailer.film_id:
            cut_trailer(films[trailer.film_id], target)
        else:
            synthesize_trailer(trailer, target)
    _write_table(trailers)


def cut_trailer(film: str | os.PathLike, target: str | os.PathLike) -> None:
    """Copy the first CUT_S seconds of a film without encoding them again.

    Parameters
    ----------
    film : str or os.PathLike
        Path of the film.
    target : str or os.PathLike
        Path of the trailer.

    Raises
    ------
    MediaError
        If FFmpeg fails.
    """
    with atomic(target) as temporary:
        start = ffmpeg.input(os.fspath(film), t=CUT_S)
        options = {"movflags": "+faststart", "map_metadata": -1, "fflags": "+bitexact"}
        copy = start.output(str(temporary), c="copy", loglevel="error", **options)
        try:
            copy.run(
                cmd=imageio_ffmpeg.get_ffmpeg_exe(), capture_stderr=True, overwrite_output=True
            )
        except ffmpeg.Error as error:
            lines = error.stderr.decode(errors="replace").strip().splitlines()
            what = f"no trailer can be cut from it ({lines[0] if lines else error})"
            raise MediaError(Problem(str(film), what, "a film that FFmpeg can copy")) from error


def synthesize_trailer(trailer: demo_plan.DemoTrailer, target: str | os.PathLike) -> None:
    """Paint and compose a trailer of SYNTHETIC_S seconds and write it.

    Parameters
    ----------
    trailer : DemoTrailer
        A synthetic trailer of the plan.
    target : str or os.PathLike
        Path of the video.
    """
    picture_rng, sound_rng = np.random.default_rng(trailer.seed).spawn(2)
    frames = video_frames(trailer.picture_genres, picture_rng)
    sound = soundtrack(trailer.sound_genres, sound_rng)
    write_film(target, frames, VIDEO_FORMAT, sound, MUSIC_RATE_HZ)


def video_frames(genres: Sequence[str], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Generate the frames of a synthetic trailer: shots of its genres in turn.

    Parameters
    ----------
    genres : sequence of str
        Genres of the picture.
    rng : numpy.random.Generator
        Source of the pictures and the camera's path.

    Yields
    ------
    numpy.ndarray
        A frame, uint8 (height, width, 3), BGR.
    """
    frames = round(SHOT_S * VIDEO_FORMAT.frame_rate_hz)
    for shot in range(round(SYNTHETIC_S / SHOT_S)):
        yield from _pan(genres[shot % len(genres)], frames, rng)


def soundtrack(genres: Sequence[str], rng: np.random.Generator) -> np.ndarray:
    """Compose the sound of a synthetic trailer: pieces of its genres in turn on one theme.

    Parameters
    ----------
    genres : sequence of str
        Genres of the music.
    rng : numpy.random.Generator
        Source of the music.

    Returns
    -------
    numpy.ndarray
        float32 (n, 2) in -1..1 at `MUSIC_RATE_HZ`.
    """
    theme = draw_theme(rng)
    turns = range(round(SYNTHETIC_S / MUSIC_S))
    return np.concatenate([_piece(genres[turn % len(genres)], theme, rng) for turn in turns])


def _pan(genre: str, frames: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """A shot in which the camera pans over a painted picture."""
    width, height = VIDEO_FORMAT.width, VIDEO_FORMAT.height
    larger = FrameFormat(width + MARGIN, height + MARGIN, VIDEO_FORMAT.frame_rate_hz)
    painted = paint_still(exaggerated_look(genre), larger, rng)
    corners = np.linspace(*rng.integers(0, MARGIN + 1, (2, 2)), frames).round().astype(int)
    for left, top in corners:
        yield painted[top : top + height, left : left + width]


def _piece(genre: str, theme: Theme, rng: np.random.Generator) -> np.ndarray:
    """The first MUSIC_S of a piece, faded in and out: float32 (n, 2)."""
    recipe = draw_music(genre, rng)
    score = compose(theme, recipe, MUSIC_S + SPARE_S, rng)
    piece = render(score, recipe, rng)[: round(MUSIC_S * MUSIC_RATE_HZ)]
    ramp = np.linspace(0, 1, round(FADE_S * MUSIC_RATE_HZ), dtype=np.float32)[:, None]
    piece[: len(ramp)] *= ramp
    piece[-len(ramp) :] *= ramp[::-1]
    return piece


def _write_table(trailers: Sequence[demo_plan.DemoTrailer]) -> None:
    with (
        atomic(demo_plan.TABLE) as temporary,
        open(temporary, "w", encoding="utf-8", newline="") as file,
    ):
        table = csv.DictWriter(file, [*COLUMNS, YEAR], delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(
            {
                "trailer_id": trailer.trailer_id,
                "title": trailer.title,
                "video": os.path.relpath(demo_plan.video(trailer.trailer_id), demo_plan.FOLDER),
                "genres": "; ".join(trailer.genres),
                YEAR: trailer.year,
            }
            for trailer in trailers
        )
