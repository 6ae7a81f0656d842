"""Write, read and hash the landmarks of an album at every speed at which a film may play it.

The file holds landmarks only. Their hashes are about twelve times as many, take a second to
compute, and are made when a film is matched.
"""

import logging
import os
from collections.abc import Mapping, Sequence
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
    find_landmarks,
    pair_landmarks,
)
from scorelens.fingerprints.peaks import sort_hashes

SAME_SPEED = 0.0025  # moves a peak by less than a bin, and a cue by a frame in 9 s

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
    speeds : tuple of float
        Album seconds that may pass in a second of film, the usual speed first.
    landmarks : mapping of float to tuple of Landmarks
        Base speed -> landmarks of each track played at that speed.
    digests : tuple of str
        Digest of each track's sound (`albums.tracks.track_digests`).
    cache_key : str
        Digest of settings and code. Tracks of an index with another key are decoded again.
    """

    track_ids: tuple[str, ...]
    durations_s: np.ndarray
    settings: Settings
    speeds: tuple[float, ...]
    landmarks: Mapping[float, tuple[Landmarks, ...]]
    digests: tuple[str, ...] = ()
    cache_key: str = ""


@dataclass(frozen=True)
class Index:
    """The hashes of an album at one speed, sorted by value.

    Parameters
    ----------
    track_ids : tuple of str
        The tracks in album order.
    durations_s : ndarray of float64, shape (tracks,)
        Their durations when played at `speed`, s.
    settings : Settings
        How the landmarks were made.
    speed : float
        Album seconds that pass in a second of film.
    hashes : ndarray of uint32, shape (n,)
        As `pair_landmarks` makes them, ascending.
    tracks : ndarray of uint16, shape (n,)
        Position in `track_ids` of the track that holds each hash.
    frames : ndarray of int32, shape (n,)
        Time of each hash in the track played at `speed`, hops.
    """

    track_ids: tuple[str, ...]
    durations_s: np.ndarray
    settings: Settings
    speed: float
    hashes: np.ndarray
    tracks: np.ndarray
    frames: np.ndarray


def base_speeds(speeds: Sequence[float]) -> tuple[float, ...]:
    """Select the speeds that need landmarks of their own.

    Parameters
    ----------
    speeds : sequence of float
        Album seconds that may pass in a second of film.

    Returns
    -------
    tuple of float
        In the same order, without those that differ from an earlier one by `SAME_SPEED` or less.

    Examples
    --------
    >>> base_speeds([1.0, 25 / 24, 1.001])
    (1.0, 1.0416666666666667)
    """
    bases: list[float] = []
    for speed in speeds:
        if all(abs(speed / base - 1) > SAME_SPEED for base in bases):
            bases.append(float(speed))
    return tuple(bases)


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
        `speeds` and the fields of `Settings`.
    code_version : str
        Hash of the code at work.

    Raises
    ------
    MediaError
        If a track does not decode.
    InputError
        If the hop is longer than the window.
    """
    chosen = check_settings({k: v for k, v in settings.items() if k != "speeds"})
    speeds = tuple(settings["speeds"])
    cache_key = tables.digest([code_version, dict(settings)])
    tracks = tables.read_table(table, tables.ALBUM_TRACKS)
    cached = _read_cached(path, cache_key)
    digests, by_track = track_digests(tracks), []
    for track_id, sound in tqdm(track_sounds(tracks).items(), album_id, disable=None):
        landmarks = cached.get(digests[track_id]) or _index_track(
            sound, chosen, base_speeds(speeds)
        )
        if not len(landmarks[0].frames):
            log.warning("%s: track %s is silent; no film can match it", album_id, track_id)
        by_track.append(landmarks)
    by_speed = zip(base_speeds(speeds), zip(*by_track, strict=True), strict=True)
    album = Album(
        tuple(tracks.track_id),
        tracks.duration_s.to_numpy(),
        chosen,
        speeds,
        dict(by_speed),
        tuple(digests.values()),
        cache_key,
    )
    write_album(path, album)
    reused = sum(digest in cached for digest in digests.values())
    total = sum(len(landmarks.frames) for track in by_track for landmarks in track)
    log.info(
        "%s: %d landmarks in %d tracks at %d speeds; %d tracks reused",
        album_id,
        total,
        len(tracks),
        len(album.landmarks),
        reused,
    )


def write_album(path: str | os.PathLike, album: Album) -> None:
    """Write an album's landmarks as a compressed .npz.

    Parameters
    ----------
    path : path
        Where they go.
    album : Album
        The landmarks.
    """
    every = [landmarks for tracks in album.landmarks.values() for landmarks in tracks]
    # Differences of times are small numbers and compress better than times.
    steps = [np.diff(landmarks.frames, prepend=np.int32(0)) for landmarks in every]
    with tables.atomic(path) as temporary:
        np.savez_compressed(
            temporary,
            track_ids=np.array(album.track_ids),
            durations_s=np.asarray(album.durations_s, np.float64),
            speeds=np.array(album.speeds, np.float64),
            digests=np.array(album.digests),
            cache_key=np.array(album.cache_key),
            counts=np.array([len(landmarks.frames) for landmarks in every], np.int64),
            steps=np.concatenate([np.zeros(0, np.int32), *steps]),
            bins=np.concatenate([np.zeros(0, np.uint16), *(landmarks.bins for landmarks in every)]),
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
    every = [
        Landmarks(np.cumsum(steps, dtype=np.int32), bins)
        for steps, bins in zip(
            np.split(stored["steps"], cuts), np.split(stored["bins"], cuts), strict=True
        )
    ]
    count = len(stored["track_ids"])
    speeds = tuple(stored["speeds"].tolist())
    return Album(
        track_ids=tuple(stored["track_ids"].tolist()),
        durations_s=stored["durations_s"],
        settings=Settings(**{f.name: f.type(stored[f.name]) for f in fields(Settings)}),
        speeds=speeds,
        landmarks={
            base: tuple(every[k * count : (k + 1) * count])
            for k, base in enumerate(base_speeds(speeds))
        },
        digests=tuple(stored["digests"].tolist()),
        cache_key=str(stored["cache_key"]),
    )


def hash_album(album: Album, speed: float, thinning: int = 1) -> Index:
    """Hash an album that plays at one of its base speeds.

    Parameters
    ----------
    album : Album
        The landmarks.
    speed : float
        One of `album.landmarks`.
    thinning : int, default 1
        Only hashes whose earlier landmark lies in a bin that this divides are made.

    Returns
    -------
    Index
    """
    pairs = [pair_landmarks(track, thinning) for track in album.landmarks[speed]]
    hashes, tracks, frames = sort_hashes(pairs)
    return Index(
        track_ids=album.track_ids,
        durations_s=album.durations_s / speed,
        settings=album.settings,
        speed=speed,
        hashes=hashes,
        tracks=tracks,
        frames=frames,
    )


def _index_track(
    sound: media.Sound | str, settings: Settings, bases: Sequence[float]
) -> tuple[Landmarks, ...]:
    """A track that is sampled at rate / speed and read at the usual rate plays at the speed."""
    return tuple(
        find_landmarks(media.audio_blocks(sound, settings.sample_rate_hz / base), settings)
        for base in bases
    )


def _read_cached(path: str | os.PathLike, cache_key: str) -> dict[str, tuple[Landmarks, ...]]:
    """The landmarks of an earlier index with the same key, by the digest of the track's sound."""
    try:
        album = read_album(path)
    except (FileNotFoundError, InputError, KeyError):
        return {}
    if album.cache_key != cache_key:
        return {}
    return dict(zip(album.digests, zip(*album.landmarks.values(), strict=True), strict=True))
