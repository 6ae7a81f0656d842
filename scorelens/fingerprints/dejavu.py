"""Landmarks and index of an album as Dejavu makes them.

The settings are those of the public Dejavu project (Drevo, 2013; worldveil/dejavu as of June 2020).
Until October 2019 it had 20 for `REACH`, in the shape of a diamond, and 15 for `FAN`. Dejavu
fingerprints each channel, at the file's own rate; here all sound is mono at one rate.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.ndimage import maximum_filter
from tqdm import tqdm

from scorelens import media, tables
from scorelens.albums.tracks import track_sounds
from scorelens.errors import naming_damage

RATE_HZ = 44100
WINDOW = 4096  # samples
HOP = 2048
REACH = 10  # a peak is the largest value within so many frames and bins on either side
FLOOR = 10.0  # 10 dB, as power density of 16-bit samples; Dejavu's amplitude minimum
FAN = 5  # a peak is paired with the next FAN - 1 peaks
LONGEST = 200  # frames between the peaks of a pair, at the most
FULL_SCALE = 1 << 15  # what 1.0 is in 16-bit samples

HOP_S = HOP / RATE_HZ

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Index:
    """The hashes of an album, sorted by value.

    hashes: uint32 (n,). tracks: uint16 (n,), places in `track_ids`. frames: int32 (n,), where in
    the track, in hops of 46 ms.
    """

    track_ids: tuple[str, ...]
    hashes: np.ndarray
    tracks: np.ndarray
    frames: np.ndarray


def index_album(album_id: str, table: str | os.PathLike, path: str | os.PathLike) -> None:
    """Write the peaks of every track of an album to a compressed .npz.

    table: the album's tracks (`tables.ALBUM_TRACKS`). Raises MediaError for a track that does not
    decode.
    """
    tracks = tables.read_table(table, tables.ALBUM_TRACKS)
    found = []
    for track_id, sound in tqdm(track_sounds(tracks).items(), album_id, disable=None):
        found.append(find_peaks(media.audio_blocks(sound, RATE_HZ)))
        if not len(found[-1][0]):
            log.warning("%s: track %s is silent; it cannot be found", album_id, track_id)
    _write_index(path, tracks.track_id.to_numpy(), found)
    log.info("%s: %d peaks in %d tracks", album_id, sum(len(f) for f, _ in found), len(tracks))


def read_index(path: str | os.PathLike) -> Index:
    """Read an album's peaks and hash them. Nothing in the file is executed (no pickle).

    Raises InputError if the file is damaged.
    """
    with naming_damage(path, "an index of peaks"), np.load(path, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    cuts = np.cumsum(stored["counts"])[:-1]
    album = zip(np.split(stored["steps"], cuts), np.split(stored["bins"], cuts), strict=True)
    pairs = [pair_peaks(np.cumsum(steps, dtype=np.int32), bins) for steps, bins in album]
    hashes = np.concatenate([hashes for hashes, _ in pairs])
    order = np.argsort(hashes, kind="stable")
    tracks = np.repeat(np.arange(len(pairs), dtype=np.uint16), [len(h) for h, _ in pairs])
    frames = np.concatenate([anchors for _, anchors in pairs])
    return Index(tuple(stored["track_ids"].tolist()), hashes[order], tracks[order], frames[order])


def find_peaks(blocks: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Frames, int32 (n,), and bins, uint16 (n,), of the spectral peaks, in order of both.

    blocks: float32 arrays in -1..1, mono, at 44,100 Hz, one after the other without a gap. The
    result does not depend on where they meet. Memory is bounded by the longest block.
    """
    parts = [(np.zeros(0, np.int32), np.zeros(0, np.uint16)), *_peaks(blocks)]
    frames, bins = (np.concatenate(column) for column in zip(*parts, strict=True))
    return frames.astype(np.int32), bins.astype(np.uint16)


def pair_peaks(frames: np.ndarray, bins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hash each peak with the FAN - 1 next ones that are at most 200 frames away.

    Returns the hashes, uint32 (n,), 12 bits for each bin and 8 for the frames between, and the
    frames of the earlier peaks, int32 (n,).
    """
    hashes, anchors, wide = [np.zeros(0, np.uint32)], [np.zeros(0, np.int32)], bins.astype("u4")
    for step in range(1, FAN):
        between = frames[step:] - frames[:-step]
        near = between <= LONGEST
        hashed = wide[:-step] << 20 | wide[step:] << 8 | between.astype(np.uint32)
        hashes.append(hashed[near])
        anchors.append(frames[:-step][near])
    return np.concatenate(hashes), np.concatenate(anchors)


def spectrogram(sound: np.ndarray) -> np.ndarray:
    """Power density of 16-bit samples, float32 (frames, 2049), of mono sound at 44,100 Hz."""
    if len(sound) < WINDOW:
        return np.zeros((0, WINDOW // 2 + 1), np.float32)
    window = np.hanning(WINDOW).astype(np.float32)
    window *= FULL_SCALE / np.sqrt(RATE_HZ * (window**2).sum())
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    spectrum = fft.rfft(frames * window, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    power[:, 1:-1] *= 2  # both halves of the spectrum
    return power


def _peaks(blocks) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Peaks of each block as (frames, bins), held back until the frames after them are known."""
    held = np.zeros(0, np.float32)
    first, due = 0, 0  # the frame that `held` starts with, and the next one to look at
    for block in blocks:
        held = np.concatenate([held, block])
        count = (len(held) - WINDOW) // HOP + 1
        if count <= 2 * REACH:
            continue
        known = first + count - REACH
        yield _local_maxima(held, first, due, known)
        first, due = known - REACH, known
        held = held[(count - 2 * REACH) * HOP :]
    yield _local_maxima(held, first, due, np.inf)


def _local_maxima(sound, first: int, low: int, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Peaks in the frames low .. high - 1 of a sound that starts with frame `first`."""
    power = spectrogram(sound)
    # Decibels rise with power: the same peaks, and no logarithm of silence.
    peaks = (power > FLOOR) & (power == maximum_filter(power, 2 * REACH + 1))
    frames, bins = np.nonzero(peaks)
    frames += first
    kept = (frames >= low) & (frames < high)
    return frames[kept], bins[kept]


def _write_index(path, track_ids: np.ndarray, peaks: list[tuple[np.ndarray, np.ndarray]]) -> None:
    # Steps in time are small numbers and pack better than the times.
    steps = [np.diff(frames, prepend=np.int32(0)) for frames, _ in peaks]
    with tables.atomic(path) as temporary:
        np.savez_compressed(
            temporary,
            track_ids=track_ids.astype(np.str_),
            counts=np.array([len(frames) for frames, _ in peaks], np.int64),
            steps=np.concatenate([np.zeros(0, np.int32), *steps]),
            bins=np.concatenate([np.zeros(0, np.uint16), *(bins for _, bins in peaks)]),
        )
