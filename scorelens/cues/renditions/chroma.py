"""Chroma for alignment: twice a second, independent of tuning, loudness and steady noise.

Peaks of the spectrum in thirds of a semitone, whitened over frequency, folded to an octave, shifted
by the tuning around them, and smoothed over time.

References
----------
Mueller and Ewert, Chroma Toolbox: MATLAB implementations for extracting variants of chroma-based
audio features, ISMIR 2011.
"""

from collections.abc import Iterable
from functools import cache

import numpy as np
from scipy import fft, ndimage, signal

RATE_HZ = 8000
BLOCK_S = 30.0
FRAME = 4096  # samples
HOP = RATE_HZ // 8
STEP = 4  # frames between vectors
STEP_S = STEP * HOP / RATE_HZ
LOWEST_HZ, OCTAVES = 65.406, 5  # C2 to C7
PER_SEMITONE = 3
PER_OCTAVE = 12 * PER_SEMITONE
WHITENING = PER_OCTAVE + 1  # bins around each, over which the spectrum is levelled
SMOOTHING_S = 2.0
TUNING_S = 20.0
FLOOR = 1e-6  # of a magnitude, for samples in -1..1


def chroma_sequence(blocks: Iterable[np.ndarray]) -> np.ndarray:
    """Compute the chroma vectors of a sound.

    Parameters
    ----------
    blocks : iterable of ndarray of float32
        Mono sound at `RATE_HZ`: blocks of one length, a multiple of `HOP` and of `FRAME` or more,
        the last one shorter.

    Returns
    -------
    ndarray of float32, shape (n, 12)
        A vector every `STEP_S`, the first at the start of the sound; pitch class 0 is C. Each has
        mean 0 and length 1, or is 0 in silence.
    """
    bins = [np.zeros((0, PER_OCTAVE), np.float32)]
    before = np.zeros(FRAME // 2, np.float32)
    for block in blocks:
        sound = np.concatenate([before, block])
        bins.append(octave_bins(sound))
        before = sound[len(bins[-1]) * HOP :]
    bins.append(octave_bins(np.pad(before, (0, FRAME // 2))))
    return smooth(in_tune(np.concatenate(bins)))


def octave_bins(sound: np.ndarray) -> np.ndarray:
    """Peaks of the whitened spectrum of each whole frame, summed over octaves.

    Parameters
    ----------
    sound : ndarray of float32, shape (n,)

    Returns
    -------
    ndarray of float32, shape (frames, PER_OCTAVE)
    """
    if len(sound) < FRAME:
        return np.zeros((0, PER_OCTAVE), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
    spectrum = np.abs(fft.rfft(frames * signal.windows.hann(FRAME).astype(np.float32)))
    pitched = np.log(spectrum @ _pitch_weights() + FLOOR * FRAME)
    raised = pitched - ndimage.uniform_filter1d(pitched, WHITENING, axis=1, mode="nearest")
    return np.maximum(raised, 0).reshape(len(frames), OCTAVES, PER_OCTAVE).sum(1)


def in_tune(bins: np.ndarray) -> np.ndarray:
    """Chroma on the semitones that the tuning around each frame suggests.

    Parameters
    ----------
    bins : ndarray, shape (frames, PER_OCTAVE)

    Returns
    -------
    ndarray of float32, shape (frames, 12)
    """
    turns = np.exp(2j * np.pi * np.arange(PER_OCTAVE) / PER_SEMITONE)
    width = round(TUNING_S * RATE_HZ / HOP)
    sums = bins @ np.stack([turns.real, turns.imag], 1)
    real, imag = ndimage.uniform_filter1d(sums, width, axis=0, mode="nearest").T
    shift = np.arctan2(imag, real)[:, None] / (2 * np.pi) * PER_SEMITONE  # bins
    chroma = np.zeros((len(bins), 12), np.float32)
    for offset in range(-PER_SEMITONE, PER_SEMITONE + 1):
        weight = np.maximum(0, 1 - np.abs(offset - shift) / (PER_SEMITONE / 2))
        chroma += weight * np.roll(bins, -offset, axis=1)[:, ::PER_SEMITONE]
    return chroma


def smooth(chroma: np.ndarray) -> np.ndarray:
    """Smooth chroma over time, thin it out, and scale each vector to mean 0 and length 1."""
    window = signal.windows.hann(round(SMOOTHING_S * RATE_HZ / HOP) + 2)[1:-1]
    total = chroma.sum(1, keepdims=True)
    level = np.divide(chroma, total, out=np.zeros_like(chroma), where=total > FLOOR)
    smoothed = ndimage.convolve1d(level, window, axis=0, mode="constant")[::STEP]
    centred = smoothed - smoothed.mean(1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.divide(centred, length, out=np.zeros_like(centred), where=length > FLOOR)


@cache
def _pitch_weights() -> np.ndarray:
    """Triangles of a third of a semitone to either side, float32 (FRAME // 2 + 1, bins)."""
    hz = np.arange(FRAME // 2 + 1) * RATE_HZ / FRAME
    position = PER_OCTAVE * np.log2(np.maximum(hz, 1) / LOWEST_HZ)
    centres = np.arange(OCTAVES * PER_OCTAVE)
    # Below the resolution of the FFT a triangle is as wide as the distance of its lines.
    width = np.maximum(1.0, PER_OCTAVE * np.log2(1 + RATE_HZ / FRAME / np.maximum(hz, LOWEST_HZ)))
    distance = np.abs(position[:, None] - centres) / width[:, None]
    return np.maximum(0, 1 - distance).astype(np.float32)
