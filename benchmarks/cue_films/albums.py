"""Albums of the benchmarks' films: tables of tracks, composed albums, tracks that share sound."""

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import soundfile
import soxr

from scorelens import media, tables
from scorelens.albums.files import list_files
from scorelens.albums.reading import read_album
from scorelens.albums.tracks import track_sounds
from scorelens.corpus import (
    GENRES,
    MUSIC_RATE_HZ,
    Score,
    compose,
    draw_music,
    draw_theme,
    render,
)
from scorelens.corpus.synthesis.recipes import MusicRecipe
from scorelens.fingerprints import Settings, find_landmarks, make_sketch
from scorelens.fingerprints.sharing import find_shared_sound
from scorelens.ids import slug

from .signals import RATE_HZ, fit, samples


def compose_albums(folder: Path, albums: int, tracks: int, track_s: float, seed: int) -> Path:
    """Compose albums as the demo does, each on one theme, into a folder for each."""
    for album in range(albums):
        (folder / f"album_{album}").mkdir(parents=True, exist_ok=True)
        for track in range(tracks):
            path = folder / f"album_{album}" / f"track_{track}.flac"
            if not path.exists():
                rng = np.random.default_rng([seed, album, track])
                score, recipe = compose_track(seed, album, track_s, rng)
                soundfile.write(path, render(score, recipe, rng), MUSIC_RATE_HZ)
    return folder


def compose_track(
    seed: int, album: int, track_s: float, rng: np.random.Generator
) -> tuple[Score, MusicRecipe]:
    """Compose a track of an album, and draw how it is played."""
    theme = draw_theme(np.random.default_rng([seed, album]))
    recipe = draw_music(GENRES[rng.integers(len(GENRES))], rng)
    return compose(theme, recipe, track_s * rng.uniform(0.8, 1.2), rng), recipe


def list_tracks(folder: Path, names: Sequence[str] | None = None) -> pd.DataFrame:
    """The tracks of all albums of a folder, rows of ALBUM_TRACKS; `track_id` is ALBUM_TRACK."""
    rows = []
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        if names is None or path.name in names:
            tracks = read_album(path, list_files(path)).tracks
            album_id = slug(path.name)
            track_ids = [f"{album_id}_{name}" for name in tracks.track_id]
            rows.append(tracks.assign(album_id=album_id, track_id=track_ids))
    return pd.concat(rows, ignore_index=True)[tables.ALBUM_TRACKS.names]


def cached_tracks(folder: Path, names: Sequence[str], cache: Path) -> pd.DataFrame:
    """The same, read from a file if it exists."""
    if not cache.exists():
        tables.write_table(list_tracks(folder, names), cache, tables.ALBUM_TRACKS)
    return tables.read_table(cache, tables.ALBUM_TRACKS)


@functools.lru_cache(maxsize=64)
def _source(path: str) -> tuple[int, bool]:
    """Sample rate of a file, and whether libsndfile reads it."""
    try:
        return soundfile.info(path).samplerate, True
    except soundfile.LibsndfileError:
        return RATE_HZ, False


def read_stereo(path: str, start_s: float, seconds: float) -> np.ndarray:
    """A part of a track, float32 (n, 2) at `RATE_HZ`; mono where libsndfile does not read it."""
    rate_hz, is_readable = _source(path)
    if not is_readable:
        part = media.read_audio(media.Sound(path, start_s, start_s + seconds), RATE_HZ)
        return np.repeat(part[:, None], 2, axis=1)
    sound, _ = soundfile.read(
        path,
        frames=round(seconds * rate_hz),
        start=round(start_s * rate_hz),
        dtype="float32",
        always_2d=True,
    )
    sound = np.repeat(sound, 2, axis=1) if sound.shape[1] == 1 else sound[:, :2]
    return soxr.resample(sound, rate_hz, RATE_HZ) if rate_hz != RATE_HZ else sound


def shared_tracks(tracks: pd.DataFrame, cache: Path) -> set[str]:
    """The tracks that share sound with another one of the table, on their album or on another."""
    if not cache.exists():
        settings, sketches = Settings(), []
        for sound in track_sounds(tracks).values():
            landmarks = find_landmarks(media.audio_blocks(sound, settings.sample_rate_hz), settings)
            sketches.append(make_sketch(landmarks, settings.hop_s))
        pairs = find_shared_sound(sketches, np.arange(len(tracks)))
        numbers = sorted({number for pair in pairs for number in pair[:2]})
        cache.write_text(json.dumps(tracks.track_id.iloc[numbers].tolist()))
    return set(json.loads(cache.read_text()))


class Track(NamedTuple):
    """Where the sound of a track is."""

    path: str
    start_s: float
    duration_s: float

    def read(self, start_s: float, seconds: float) -> np.ndarray:
        """A part from `start_s` on; silence after the end of the track."""
        sound = read_stereo(self.path, self.start_s + start_s, min(seconds, self.duration_s))
        return fit(sound, samples(seconds))

    def is_stereo(self) -> bool:
        """Whether the side of its middle is at most 20 dB below the sum of the channels."""
        left, right = self.read(self.duration_s / 3, min(30.0, self.duration_s / 3)).T
        return bool(np.mean((left - right) ** 2) > 0.01 * np.mean((left + right) ** 2))


def locate(tracks: pd.DataFrame) -> dict[str, Track]:
    columns = tracks[["path", "start_s", "duration_s"]].itertuples(index=False)
    return {name: Track(*row) for name, row in zip(tracks.track_id, columns, strict=True)}
