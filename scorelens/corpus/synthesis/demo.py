"""Compose one film of the demo corpus: its album, its sound and pictures, and the film itself."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from scorelens.corpus.synthesis import composer, instruments, pictures, sounds
from scorelens.corpus.synthesis.assembler import FilmSources, assemble_film
from scorelens.corpus.synthesis.demo_plan import DEMO_TRACKS, GENRES, DemoFilm
from scorelens.corpus.synthesis.recipes import draw_music
from scorelens.corpus.synthesis.timeline import RATE_HZ, Pace
from scorelens.tables import atomic

SNRS_DB = (10, 5, 0, -5)
PACE = Pace(cue_s=(10.0, 24.0), pause_s=(1.0, 5.0), joined=0.15, decoys=0.12)
TRACK_S = (31.0, 44.0)
FRAME_FORMAT = pictures.FrameFormat(width=320, height=180, frame_rate_hz=12)
_DECOY = "decoy"


def make_demo_film(
    film: DemoFilm,
    tracks: Sequence[str | os.PathLike],
    film_s: float,
    video: str | os.PathLike,
    truth: str | os.PathLike,
) -> None:
    """Compose the album of a film, write it, and assemble the film from it.

    Parameters
    ----------
    film : DemoFilm
        The film. The same film gives the same bytes.
    tracks : sequence of path
        Where the FLAC files go, in the order of `DEMO_TRACKS`.
    film_s : float
        Length of the film, s.
    video, truth : path
        Where the film (MP4) and its true cues (`tables.TRUTH`) go.

    Raises
    ------
    ConfigError
        If the film is too short for a cue.
    """
    music, rest = np.random.default_rng(film.seed).spawn(2)
    # Each genre of the film in turn, in random order.
    genres = music.permutation(np.resize(film.genres, len(DEMO_TRACKS))).tolist()
    write_album(genres, tracks, music)
    with tempfile.TemporaryDirectory() as folder:
        decoy = Path(folder) / f"{_DECOY}.flac"
        write_album([GENRES[music.integers(len(GENRES))]], [decoy], music)
        sources = FilmSources(
            tracks=dict(zip(DEMO_TRACKS, tracks, strict=True)),
            decoys={_DECOY: decoy},
            speech=lambda rng: sounds.babble(rng, RATE_HZ),
            effects=lambda rng: sounds.effect(rng, RATE_HZ),
            shots=pictures.painted_shots(_genres_of_scene(film, genres), FRAME_FORMAT),
        )
        seed = int(rest.integers(1 << 32))
        assemble_film(
            film.film_id, sources, PACE, film_s, SNRS_DB, FRAME_FORMAT, seed, video, truth
        )


def _genres_of_scene(film: DemoFilm, genres: Sequence[str]):
    """Picture and music of a scene have one genre; without music it may be any of the film's."""
    of_track = dict(zip(DEMO_TRACKS, genres, strict=True))
    return lambda scene: (of_track[scene.track_id],) if scene.track_id in of_track else film.genres


def write_album(
    genres: Sequence[str], paths: Sequence[str | os.PathLike], rng: np.random.Generator
) -> None:
    """Compose tracks that share a theme and write them as FLAC with 16 bits.

    Parameters
    ----------
    genres : sequence of str
        Genre of each track.
    paths : sequence of path
        Where each track goes.
    rng : Generator
        Source of randomness.
    """
    theme = composer.draw_theme(rng)
    for genre, path in zip(genres, paths, strict=True):
        recipe = draw_music(genre, rng)
        score = composer.compose(theme, recipe, rng.uniform(*TRACK_S), rng)
        sound = instruments.render(score, recipe, rng)
        with atomic(path) as temporary:
            soundfile.write(temporary, sound, instruments.MUSIC_RATE_HZ, subtype="PCM_16")
