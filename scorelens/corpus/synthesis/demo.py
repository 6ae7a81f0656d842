"""Compose a demo film: its album, its voices, effects and pictures, and the film itself."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from scorelens.corpus.synthesis import composer, instruments, pictures, sounds
from scorelens.corpus.synthesis.assembler import Material, assemble_film
from scorelens.corpus.synthesis.demo_plan import DEMO_TRACKS, GENRES, DemoFilm
from scorelens.corpus.synthesis.recipes import draw_music
from scorelens.corpus.synthesis.timeline import RATE_HZ, Pace
from scorelens.tables import atomic

SNRS_DB = (10, 5, 0, -5)
PACE = Pace(cue_s=(10.0, 24.0), pause_s=(1.0, 5.0), joined=0.15, decoys=0.12)
TRACK_S = (31.0, 44.0)
LOOK = pictures.Format(width=320, height=180, frame_rate_hz=12)
_DECOY = "decoy"


def make_demo_film(
    film: DemoFilm,
    tracks: Sequence[str | os.PathLike],
    film_s: float,
    video: str | os.PathLike,
    truth: str | os.PathLike,
) -> None:
    """Compose a film's album, write it, and assemble the film round it.

    tracks: where the FLAC files go, in the order of DEMO_TRACKS. film_s: length of the film in s.
    video, truth: where the film (MP4) and its TRUTH table go. The same film gives the same bytes.
    Raises ConfigError if the film is too short for a cue.
    """
    music, rest = np.random.default_rng(film.seed).spawn(2)
    genres = _genre_of_tracks(film, music)
    write_album(genres, tracks, music)
    with tempfile.TemporaryDirectory() as folder:
        decoy = Path(folder) / f"{_DECOY}.flac"
        write_album([GENRES[music.integers(len(GENRES))]], [decoy], music)
        material = Material(
            tracks=dict(zip(DEMO_TRACKS, tracks, strict=True)),
            decoys={_DECOY: decoy},
            speech=lambda rng: sounds.babble(rng, RATE_HZ),
            effects=lambda rng: sounds.effect(rng, RATE_HZ),
            shots=pictures.painted(_genres_of_scene(film, genres), LOOK),
        )
        seed = int(rest.integers(1 << 32))
        assemble_film(film.film_id, material, PACE, film_s, SNRS_DB, LOOK, seed, video, truth)


def _genre_of_tracks(film: DemoFilm, rng: np.random.Generator) -> list[str]:
    """One genre a track, each of the film's in turn, in random order."""
    return rng.permutation(np.resize(film.genres, len(DEMO_TRACKS))).tolist()


def _genres_of_scene(film: DemoFilm, genres: Sequence[str]):
    """A scene looks as its music sounds; without album music any of the film's genres may show."""
    of_track = dict(zip(DEMO_TRACKS, genres, strict=True))
    return lambda scene: (of_track[scene.track_id],) if scene.track_id in of_track else film.genres


def write_album(
    genres: Sequence[str], paths: Sequence[str | os.PathLike], rng: np.random.Generator
) -> None:
    """Compose tracks that share a theme, one a genre and path, and write them as FLAC, 16 bits."""
    theme = composer.draw_theme(rng)
    for genre, path in zip(genres, paths, strict=True):
        recipe = draw_music(genre, rng)
        score = composer.compose(theme, recipe, rng.uniform(*TRACK_S), rng)
        sound = instruments.play(score, recipe, rng)
        with atomic(path) as temporary:
            soundfile.write(temporary, sound, instruments.RATE_HZ, subtype="PCM_16")
