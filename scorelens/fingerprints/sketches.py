"""Sketches of recordings: a few hashes a second, by which copies are detected among many.

A hash is made of three landmarks, which survive coding, a change of level and a cut. Three are far
more specific than two: unrelated music agrees on hardly any. Of each second the hashes with the
smallest scrambled values are retained, so that two recordings of the same music retain the same
ones, whatever else they hold, and a sketch has the same size for sparse and for dense music.

References
----------
Broder, On the resemblance and containment of documents, 1997 (min-wise sampling). Wang, An
industrial-strength audio search algorithm, ISMIR 2003 (landmarks).
"""

import logging
import os
from typing import NamedTuple

import numpy as np

from scorelens import media, tables
from scorelens.errors import naming_damage
from scorelens.fingerprints.landmarks import (
    Landmarks,
    Settings,
    find_landmarks,
    pair_landmarks,
)

log = logging.getLogger(__name__)

PER_SECOND = 16  # hashes retained
THINNING = 8  # only landmarks in each eighth bin begin a hash, which saves time
TIME_STEP = 4  # frames; the time between landmarks may change by one as a sound is cut or coded
MAX_PARTNERS = 40  # a landmark has at most 32 later ones near it in music
CODE_BITS = 11  # of a later landmark: 7 of interval, 4 of time
# Multipliers and shifts of SplitMix64 (Steele, Lea and Flood 2014), which scrambles the hashes.
SCRAMBLE = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


class Sketch(NamedTuple):
    """The retained hashes of a recording, in order of the second.

    Parameters
    ----------
    hashes : ndarray of uint64, shape (n,)
        12 bits of frequency of the first landmark, and 11 for each of the two later ones.
    frames : ndarray of int32, shape (n,)
        Time of the first landmark, hops.
    hop_s : float
        Length of a hop, s.
    """

    hashes: np.ndarray
    frames: np.ndarray
    hop_s: float

    @property
    def seconds(self) -> np.ndarray:
        """The whole second in which each hash begins, int64."""
        return (self.frames * self.hop_s).astype(np.int64)


def first_bins(hashes: np.ndarray) -> np.ndarray:
    """Look up the frequency of the first landmark of hashes.

    Parameters
    ----------
    hashes : ndarray of uint64, shape (n,)
        Of a sketch.

    Returns
    -------
    ndarray of uint64, shape (n,)
        Bins of the spectrum.
    """
    return hashes >> np.uint64(2 * CODE_BITS)


def make_sketch(landmarks: Landmarks, hop_s: float) -> Sketch:
    """Sketch a recording.

    Parameters
    ----------
    landmarks : Landmarks
        Of the recording; those of the method `dejavu` serve as well.
    hop_s : float
        Length of a hop, s.

    Returns
    -------
    Sketch
        At most `PER_SECOND` different hashes a second.

    Examples
    --------
    >>> bins = np.array([16, 18, 20], np.uint16)
    >>> landmarks = Landmarks.of_bins(np.array([0, 5, 9], np.int32), bins)
    >>> make_sketch(landmarks, 0.023).hashes.tolist()
    [69274690]
    """
    whole = Sketch(*_triples(landmarks), hop_s)
    scrambled, seconds = _scramble(whole.hashes), whole.seconds
    order = np.lexsort([whole.frames, scrambled, seconds])
    scrambled, seconds = scrambled[order], seconds[order]
    is_new = np.ones(len(order), bool)
    is_new[1:] = (scrambled[1:] != scrambled[:-1]) | (seconds[1:] != seconds[:-1])
    order, seconds = order[is_new], seconds[is_new]
    rank = np.arange(len(seconds)) - np.searchsorted(seconds, seconds)
    retained = order[rank < PER_SECOND]
    return Sketch(whole.hashes[retained], whole.frames[retained], hop_s)


def sketch_film(
    video: str | os.PathLike,
    status: str | os.PathLike,
    path: str | os.PathLike,
    audio: str = "",
) -> None:
    """Write the sketch of a film. Decodes its sound once, in bounded memory.

    Parameters
    ----------
    video : path
        The film.
    status : path
        The film's row of the corpus check (`tables.STATUS`), which holds its size.
    path : path
        Where the sketch goes.
    audio : str
        Number or language of the film's sound, empty for the default one.

    Raises
    ------
    MediaError
        If the film has no sound, does not decode, or is not the file that was checked.
    """
    media.require_bytes(video, tables.read_table(status, tables.STATUS).video_bytes.iloc[0])
    settings = Settings()
    blocks = media.audio_blocks(media.Sound(video, stream=audio), settings.sample_rate_hz)
    sketch = make_sketch(find_landmarks(blocks, settings), settings.hop_s)
    write_sketch(path, sketch)
    log.info("%s: %d hashes in %d s", video, len(sketch.hashes), len(np.unique(sketch.seconds)))


def write_sketch(path: str | os.PathLike, sketch: Sketch) -> None:
    """Write a sketch as a compressed .npz.

    Parameters
    ----------
    path : path
        Where it goes.
    sketch : Sketch
        The sketch.
    """
    with tables.atomic(path) as temporary:
        np.savez_compressed(temporary, **sketch._asdict())


def read_sketch(path: str | os.PathLike) -> Sketch:
    """Read a sketch. Nothing in the file is executed (no pickle).

    Parameters
    ----------
    path : path
        A file of `write_sketch`.

    Returns
    -------
    Sketch

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with naming_damage(path, "a sketch of a film's sound"), np.load(path, allow_pickle=False) as f:
        return Sketch(f["hashes"], f["frames"], float(f["hop_s"]))


def _triples(landmarks: Landmarks) -> tuple[np.ndarray, np.ndarray]:
    """The hashes of all landmarks with two later ones each, and the frame of the first."""
    pairs, anchors = pair_landmarks(landmarks, THINNING)
    first, interval, time = pairs >> 13, pairs >> 6 & 127, (pairs & 63) // TIME_STEP
    code = (interval << 4 | time).astype(np.uint64)
    # The pairs of a landmark follow one another.
    number = np.cumsum((np.diff(anchors, prepend=-1) != 0) | (np.diff(first, prepend=0) != 0))
    hashes, frames = [np.zeros(0, np.uint64)], [np.zeros(0, np.int32)]
    for lag in range(1, min(MAX_PARTNERS, len(pairs))):
        early = np.flatnonzero(number[lag:] == number[:-lag])
        high = first[early].astype(np.uint64) << np.uint64(2 * CODE_BITS)
        hashes.append(high | code[early] << np.uint64(CODE_BITS) | code[early + lag])
        frames.append(anchors[early])
    return np.concatenate(hashes), np.concatenate(frames)


def _scramble(hashes: np.ndarray) -> np.ndarray:
    """Values in an order that has nothing to do with frequency; different ones stay different."""
    for shift, factor in SCRAMBLE:
        hashes = (hashes ^ (hashes >> np.uint64(shift))) * np.uint64(factor)
    return hashes ^ (hashes >> np.uint64(31))
