"""Write and read the landmarks of an album.

The file holds landmarks only. Their hashes are several times as many, take a second or two to
compute, and are made when a film is matched.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
from tqdm import tqdm

from scorelens import media, tables
from scorelens.albums.tracks import track_digests, track_sounds
from scorelens.errors import InputError, naming_damage
from scorelens.fingerprints.landmarks import (
    Landmarks,
    Settings,
    check_settings,
    find_channel_landmarks,
)

CHANNELS = 2  # the mix, and what is beside the centre

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Album:
    """The landmarks of an album's tracks.

    Parameters
    ----------
    track_ids : tuple of str
        The tracks in album order.
    durations_s : ndarray of float64, shape (tracks,)
        Their durations, s.
    settings : Settings
        How the landmarks were made.
    landmarks : tuple of tuple of Landmarks
        Of each track those of the mix, and of what is beside the centre.
    digests : tuple of str
        Digest of each track's sound (`albums.tracks.track_digests`).
    cache_key : str
        Digest of settings and code. Tracks of an index with another key are decoded again.
    """

    track_ids: tuple[str, ...]
    durations_s: np.ndarray
    settings: Settings
    landmarks: tuple[tuple[Landmarks, ...], ...]
    digests: tuple[str, ...] = ()
    cache_key: str = ""


def index_album(
    album_id: str,
    table: str | os.PathLike,
    path: str | os.PathLike,
    settings: Mapping[str, object],
    code_version: str = "",
) -> None:
    """Write the landmarks of every track of an album to a compressed .npz.

    Parameters
    ----------
    album_id : str
        Id of the album, for log and progress bar.
    table : path
        The album's tracks (`tables.ALBUM_TRACKS`).
    path : path
        Where the landmarks go. If it holds an index with the same settings and code version, tracks
        whose sound is in it are not decoded again.
    settings : mapping
        The fields of `Settings`.
    code_version : str
        Hash of the code at work.

    Raises
    ------
    MediaError
        If a track does not decode.
    InputError
        If the hop is longer than the window.
    """
    chosen = check_settings(settings)
    cache_key = tables.digest([code_version, dict(settings)])
    tracks = tables.read_table(table, tables.ALBUM_TRACKS)
    cached = _read_cached(path, cache_key)
    digests, by_track = track_digests(tracks), []
    for track_id, sound in tqdm(track_sounds(tracks).items(), album_id, disable=None):
        landmarks = cached.get(digests[track_id]) or channel_landmarks(sound, chosen)
        if not len(landmarks[0].frames):
            log.warning("%s: track %s is silent; no film can match it", album_id, track_id)
        by_track.append(landmarks)
    album = Album(
        tuple(tracks.track_id),
        tracks.duration_s.to_numpy(),
        chosen,
        tuple(by_track),
        tuple(digests.values()),
        cache_key,
    )
    write_album(path, album)
    reused = sum(digest in cached for digest in digests.values())
    total = sum(len(channel.frames) for track in by_track for channel in track)
    message = "%s: %d landmarks in %d tracks; %d tracks reused"
    log.info(message, album_id, total, len(tracks), reused)


def channel_landmarks(
    sound: media.Sound | str | os.PathLike, settings: Settings
) -> tuple[Landmarks, ...]:
    """Find the landmarks of the mix of a sound, and of what is beside its centre.

    Parameters
    ----------
    sound : media.Sound or path
        The sound. It is decoded once, in bounded memory.
    settings : Settings
        How landmarks are made.

    Returns
    -------
    tuple of Landmarks
    """
    blocks = media.audio_blocks(sound, settings.sample_rate_hz, with_sides=True)
    return find_channel_landmarks(blocks, CHANNELS, settings)


def write_album(path: str | os.PathLike, album: Album) -> None:
    """Write an album's landmarks as a compressed .npz.

    Parameters
    ----------
    path : path
        Where they go.
    album : Album
        The landmarks.
    """
    every = [channel for channels in album.landmarks for channel in channels]
    # Differences of times are small numbers and compress better than times.
    steps = [np.diff(landmarks.frames, prepend=np.int32(0)) for landmarks in every]
    with tables.atomic(path) as temporary:
        np.savez_compressed(
            temporary,
            track_ids=np.array(album.track_ids),
            durations_s=np.asarray(album.durations_s, np.float64),
            digests=np.array(album.digests),
            cache_key=np.array(album.cache_key),
            counts=np.array([len(landmarks.frames) for landmarks in every], np.int64),
            steps=np.concatenate([np.zeros(0, np.int32), *steps]),
            frequencies=np.concatenate(
                [np.zeros(0, np.uint16), *(one.frequencies for one in every)]
            ),
            is_strong=np.concatenate([np.zeros(0, bool), *(one.is_strong for one in every)]),
            **asdict(album.settings),
        )


def read_album(path: str | os.PathLike) -> Album:
    """Read an album's landmarks. Nothing in the file is executed (no pickle).

    Parameters
    ----------
    path : path
        A file of `write_album`.

    Returns
    -------
    Album

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with naming_damage(path, "an index of landmarks"), np.load(path, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    cuts = np.cumsum(stored["counts"])[:-1]
    parts = (np.split(stored[name], cuts) for name in ("steps", "frequencies", "is_strong"))
    every = [
        Landmarks(np.cumsum(steps, dtype=np.int32), *values)
        for steps, *values in zip(*parts, strict=True)
    ]
    tracks = range(0, CHANNELS * len(stored["track_ids"]), CHANNELS)
    return Album(
        track_ids=tuple(stored["track_ids"].tolist()),
        durations_s=stored["durations_s"],
        settings=Settings(**{f.name: f.type(stored[f.name]) for f in fields(Settings)}),
        landmarks=tuple(tuple(every[first : first + CHANNELS]) for first in tracks),
        digests=tuple(stored["digests"].tolist()),
        cache_key=str(stored["cache_key"]),
    )


def _read_cached(path: str | os.PathLike, cache_key: str) -> dict[str, tuple[Landmarks, ...]]:
    """The landmarks of an earlier index with the same key, by the digest of the track's sound."""
    try:
        album = read_album(path)
    except (FileNotFoundError, InputError, KeyError):
        return {}
    if album.cache_key != cache_key:
        return {}
    return dict(zip(album.digests, album.landmarks, strict=True))
