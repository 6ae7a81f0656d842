"""Spectral peaks and hashes of an album as the public Dejavu project makes them.

The settings are those of Dejavu (Drevo, 2013; worldveil/dejavu as of June 2020). Until October 2019
it had 20 for `NEIGHBOURHOOD`, in the shape of a diamond, and 15 for `FAN_VALUE`. Dejavu hashes
each channel at the rate of the file; here all sound is mono at one rate.
"""

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.ndimage import maximum_filter
from tqdm import tqdm

from scorelens import media, tables
from scorelens.albums.tracks import track_sounds
from scorelens.errors import naming_damage
from scorelens.fingerprints.peaks import Peaks, collect_peaks, sort_hashes

DEJAVU_RATE_HZ = 44100
WINDOW_SAMPLES = 4096
HOP_SAMPLES = 2048
NEIGHBOURHOOD = 10  # a peak is the largest value within so many frames and bins on either side
MIN_POWER = 10.0  # 10 dB, as power density of 16-bit samples; Dejavu's amplitude minimum
FAN_VALUE = 5  # a peak is paired with the next FAN_VALUE - 1 peaks
MAX_PAIR_FRAMES = 200  # between the peaks of a pair
FULL_SCALE = 1 << 15  # what 1.0 is in 16-bit samples

DEJAVU_HOP_S = HOP_SAMPLES / DEJAVU_RATE_HZ

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DejavuIndex:
    """The hashes of an album, sorted by value.

    Parameters
    ----------
    track_ids : tuple of str
        The album's tracks.
    hashes : ndarray of uint32, shape (n,)
        As `pair_peaks` makes them, ascending.
    tracks : ndarray of uint16, shape (n,)
        Position in `track_ids` of the track that holds each hash.
    frames : ndarray of int32, shape (n,)
        Time in the track of each hash, hops of 46 ms.
    """

    track_ids: tuple[str, ...]
    hashes: np.ndarray
    tracks: np.ndarray
    frames: np.ndarray


def index_album(album_id: str, table: str | os.PathLike, path: str | os.PathLike) -> None:
    """Write the peaks of every track of an album to a compressed .npz.

    Parameters
    ----------
    album_id : str
        Id of the album, for log and progress bar.
    table : path
        The album's tracks (`tables.ALBUM_TRACKS`).
    path : path
        Where the peaks go.

    Raises
    ------
    MediaError
        If a track does not decode.
    """
    tracks = tables.read_table(table, tables.ALBUM_TRACKS)
    peaks = []
    for track_id, sound in tqdm(track_sounds(tracks).items(), album_id, disable=None):
        peaks.append(find_peaks(media.audio_blocks(sound, DEJAVU_RATE_HZ)))
        if not len(peaks[-1][0]):
            log.warning("%s: track %s is silent; no film can match it", album_id, track_id)
    _write_index(path, tracks.track_id.to_numpy(), peaks)
    log.info("%s: %d peaks in %d tracks", album_id, sum(len(f) for f, _ in peaks), len(tracks))


def read_dejavu_index(path: str | os.PathLike) -> DejavuIndex:
    """Read an album's peaks and hash them.

    Parameters
    ----------
    path : path
        A file of `index_album`.

    Returns
    -------
    DejavuIndex

    Raises
    ------
    InputError
        If the file is damaged.
    """
    peaks = read_peaks(path)
    return DejavuIndex(tuple(peaks), *sort_hashes([pair_peaks(*track) for track in peaks.values()]))


def read_peaks(path: str | os.PathLike) -> dict[str, Peaks]:
    """Read the peaks of an album's tracks. Nothing in the file is executed (no pickle).

    Parameters
    ----------
    path : path
        A file of `index_album`.

    Returns
    -------
    dict of str to (ndarray, ndarray)
        Track -> frames and bins, as `find_peaks` returns them.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with naming_damage(path, "an index of peaks"), np.load(path, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    cuts = np.cumsum(stored["counts"])[:-1]
    album = zip(np.split(stored["steps"], cuts), np.split(stored["bins"], cuts), strict=True)
    peaks = [(np.cumsum(steps, dtype=np.int32), bins) for steps, bins in album]
    return dict(zip(stored["track_ids"].tolist(), peaks, strict=True))


def find_peaks(blocks: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Find the spectral peaks of a sound that comes in blocks.

    Parameters
    ----------
    blocks : iterable of float32 ndarray
        Mono samples in -1..1 at 44,100 Hz, one block after the other without a gap. The result does
        not depend on where the blocks meet.

    Returns
    -------
    frames : ndarray of int32, shape (n,)
        Time of each peak, hops, ascending. Memory is bounded by the longest block.
    bins : ndarray of uint16, shape (n,)
        Frequency of each peak, bins, ascending within a frame.
    """
    return collect_peaks(blocks, _local_maxima, WINDOW_SAMPLES, HOP_SAMPLES, NEIGHBOURHOOD)


def pair_peaks(frames: np.ndarray, bins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hash each peak with the next `FAN_VALUE` - 1 peaks that are at most 200 frames away.

    Parameters
    ----------
    frames, bins : ndarray of int32 and uint16, shape (n,)
        As `find_peaks` returns them.

    Returns
    -------
    hashes : ndarray of uint32, shape (m,)
        12 bits for each bin and 8 for the frames between.
    anchors : ndarray of int32, shape (m,)
        Frame of the earlier peak of each pair.

    Examples
    --------
    >>> pair_peaks(np.array([0, 3], np.int32), np.array([1, 2], np.uint16))
    (array([1049091], dtype=uint32), array([0], dtype=int32))
    """
    hashes, anchors, wide = [np.zeros(0, np.uint32)], [np.zeros(0, np.int32)], bins.astype("u4")
    for step in range(1, FAN_VALUE):
        between = frames[step:] - frames[:-step]
        near = between <= MAX_PAIR_FRAMES
        hashed = wide[:-step] << 20 | wide[step:] << 8 | between.astype(np.uint32)
        hashes.append(hashed[near])
        anchors.append(frames[:-step][near])
    return np.concatenate(hashes), np.concatenate(anchors)


def spectrogram(sound: np.ndarray) -> np.ndarray:
    """Power density of a sound, in units of 16-bit samples.

    Parameters
    ----------
    sound : ndarray of float32, shape (n,)
        Mono samples in -1..1 at 44,100 Hz.

    Returns
    -------
    ndarray of float32, shape (frames, 2049)
        Empty if the sound is shorter than the window.
    """
    if len(sound) < WINDOW_SAMPLES:
        return np.zeros((0, WINDOW_SAMPLES // 2 + 1), np.float32)
    window = np.hanning(WINDOW_SAMPLES).astype(np.float32)
    window *= FULL_SCALE / np.sqrt(DEJAVU_RATE_HZ * (window**2).sum())
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW_SAMPLES)[::HOP_SAMPLES]
    spectrum = fft.rfft(frames * window, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    power[:, 1:-1] *= 2  # both halves of the spectrum
    return power


def _local_maxima(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frames and bins where the spectrogram is above the minimum and the largest around."""
    power = spectrogram(sound)
    # Decibels rise with power: the same peaks, and no logarithm of silence.
    peaks = (power > MIN_POWER) & (power == maximum_filter(power, 2 * NEIGHBOURHOOD + 1))
    return np.nonzero(peaks)


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
