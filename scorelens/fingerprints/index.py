"""The landmarks of an album, at every speed at which a film may play it, and their hashes.

The file keeps the landmarks alone. Their hashes are some twelve times as many, follow from them
within a second, and are made when a film is matched.
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

SAME_SPEED = 0.0025  # so little moves a peak by less than a bin, and a cue by a frame in 9 s

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Album:
    """The landmarks of an album's tracks.

    durations_s: float64, one a track. speeds: album seconds that may pass in a second of film, the
    usual one first. landmarks: base speed -> one entry a track, of the track played at that speed.
    digests: what stands for the tracks' sound (`track_digests`). recipe: what else the landmarks
    follow from.
    """

    track_ids: tuple[str, ...]
    durations_s: np.ndarray
    settings: Settings
    speeds: tuple[float, ...]
    landmarks: Mapping[float, tuple[Landmarks, ...]]
    digests: tuple[str, ...] = ()
    recipe: str = ""


@dataclass(frozen=True)
class Index:
    """The hashes of an album at one speed, sorted by value.

    hashes: uint32 (n,). tracks: uint16 (n,), places in `track_ids`. frames: int32 (n,), where in
    the track as it plays at `speed`. durations_s: float64, of the tracks at that speed.
    """

    track_ids: tuple[str, ...]
    durations_s: np.ndarray
    settings: Settings
    speed: float
    hashes: np.ndarray
    tracks: np.ndarray
    frames: np.ndarray


def base_speeds(speeds: Sequence[float]) -> tuple[float, ...]:
    """The speeds that need landmarks of their own, in their order.

    One that differs from an earlier by `SAME_SPEED` or less, such as 1001/1000 from 1, is told
    apart when a film is matched.
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
    recipe: str = "",
) -> None:
    """Write the landmarks of every track of an album to a compressed .npz.

    table: the album's tracks (`tables.ALBUM_TRACKS`). settings: `speeds` and the fields of
    `Settings`. recipe: names the code at work. If `path` holds an index by the same recipe and
    settings, tracks whose sound is in it are taken from there.
    Raises MediaError for a track that does not decode, InputError for an impossible setting.
    """
    chosen = check_settings({k: v for k, v in settings.items() if k != "speeds"})
    speeds = tuple(settings["speeds"])
    recipe = tables.digest([recipe, dict(settings)])
    tracks = tables.read_table(table, tables.ALBUM_TRACKS)
    known = _known(path, recipe)
    digests, found = track_digests(tracks), []
    for track_id, sound in tqdm(track_sounds(tracks).items(), album_id, disable=None):
        own = known.get(digests[track_id]) or _index_track(sound, chosen, base_speeds(speeds))
        if not len(own[0].frames):
            log.warning("%s: track %s is silent; it cannot be found", album_id, track_id)
        found.append(own)
    by_speed = zip(base_speeds(speeds), zip(*found, strict=True), strict=True)
    album = Album(
        tuple(tracks.track_id),
        tracks.duration_s.to_numpy(),
        chosen,
        speeds,
        dict(by_speed),
        tuple(digests.values()),
        recipe,
    )
    write_album(path, album)
    reused = sum(digest in known for digest in digests.values())
    total = sum(len(landmarks.frames) for track in found for landmarks in track)
    log.info(
        "%s: %d landmarks in %d tracks at %d speeds; %d tracks were known",
        album_id,
        total,
        len(tracks),
        len(album.landmarks),
        reused,
    )


def write_album(path: str | os.PathLike, album: Album) -> None:
    """Write an album's landmarks as a compressed .npz."""
    every = [landmarks for tracks in album.landmarks.values() for landmarks in tracks]
    # Steps in time are small numbers and pack better than the times.
    steps = [np.diff(found.frames, prepend=np.int32(0)) for found in every]
    with tables.atomic(path) as temporary:
        np.savez_compressed(
            temporary,
            track_ids=np.array(album.track_ids),
            durations_s=np.asarray(album.durations_s, np.float64),
            speeds=np.array(album.speeds, np.float64),
            digests=np.array(album.digests),
            recipe=np.array(album.recipe),
            counts=np.array([len(found.frames) for found in every], np.int64),
            steps=np.concatenate([np.zeros(0, np.int32), *steps]),
            bins=np.concatenate([np.zeros(0, np.uint16), *(found.bins for found in every)]),
            **asdict(album.settings),
        )


def read_album(path: str | os.PathLike) -> Album:
    """Read an album's landmarks. Nothing in the file is executed (no pickle).

    Raises InputError if the file is damaged.
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
        recipe=str(stored["recipe"]),
    )


def hash_album(album: Album, speed: float, thinning: int = 1) -> Index:
    """The hashes of an album that plays at one of its base speeds, thinned as `pair_landmarks`."""
    pairs = [pair_landmarks(track, thinning) for track in album.landmarks[speed]]
    hashes = np.concatenate([hashes for hashes, _ in pairs])
    tracks = np.repeat(np.arange(len(pairs), dtype=np.uint16), [len(h) for h, _ in pairs])
    order = np.argsort(hashes, kind="stable")
    return Index(
        track_ids=album.track_ids,
        durations_s=album.durations_s / speed,
        settings=album.settings,
        speed=speed,
        hashes=hashes[order],
        tracks=tracks[order],
        frames=np.concatenate([anchors for _, anchors in pairs])[order],
    )


def _index_track(
    sound: media.Sound | str, settings: Settings, bases: Sequence[float]
) -> tuple[Landmarks, ...]:
    """Sampled at rate / speed and read at the usual rate, a track plays at the speed, pitch too."""
    return tuple(
        find_landmarks(media.audio_blocks(sound, settings.sample_rate_hz / base), settings)
        for base in bases
    )


def _known(path: str | os.PathLike, recipe: str) -> dict[str, tuple[Landmarks, ...]]:
    """The landmarks of an earlier index by the same recipe, by the digest of the track's sound."""
    try:
        album = read_album(path)
    except (FileNotFoundError, InputError, KeyError):
        return {}
    if album.recipe != recipe:
        return {}
    return dict(zip(album.digests, zip(*album.landmarks.values(), strict=True), strict=True))
