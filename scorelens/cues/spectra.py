"""Power spectra of a film and of the tracks that play in it, frame by frame on the film's time."""

from collections.abc import Iterable, Iterator

import numpy as np
from scipy import fft, signal

RATE_HZ = 16_000
FRAMES_PER_S = 16
HOP = RATE_HZ // FRAMES_PER_S
WINDOW = 2048  # samples of a frame: 0.128 s
LOW_HZ, HIGH_HZ = 50.0, 7900.0  # what lies outside is left out
FIRST_BIN = int(np.ceil(LOW_HZ * WINDOW / RATE_HZ))
BINS = int(HIGH_HZ * WINDOW / RATE_HZ) - FIRST_BIN
_TAPER = signal.get_window("hann", WINDOW).astype(np.float32)
_SCALE = np.float32(2 / (WINDOW * np.square(_TAPER, dtype=np.float64).sum()))
_BATCH = 128  # frames that are transformed at once


def power_spectra(sound: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Measure the power of a sound in the bins from `LOW_HZ` to `HIGH_HZ`, summed over channels.

    Parameters
    ----------
    sound : ndarray of float32, shape (n, channels)
        At `RATE_HZ`. It is silent before and after.
    centres : ndarray of int, shape (frames,)
        Samples at which frames have their middle.

    Returns
    -------
    ndarray of float32, shape (frames, BINS)
        Their sum over bins is the mean square of the samples of a frame, summed over channels.
    """
    padded = np.pad(sound, ((WINDOW, WINDOW), (0, 0))).T
    starts = np.clip(centres + WINDOW // 2, 0, padded.shape[1] - WINDOW)
    power = np.zeros((len(starts), BINS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=1)
    for first in range(0, len(starts), _BATCH):
        chosen = slice(first, first + _BATCH)
        for channel in frames:
            spectrum = fft.rfft(channel[starts[chosen]] * _TAPER)[:, FIRST_BIN : FIRST_BIN + BINS]
            power[chosen] += _SCALE * (spectrum.real**2 + spectrum.imag**2)
    return power


def frame_range(start_s: float, end_s: float) -> tuple[int, int]:
    """First frame of a span of a film, and the one after its last: those with their middle in it.

    Parameters
    ----------
    start_s, end_s : float
        Start and end, s.

    Returns
    -------
    first, stop : int
        At least one frame.

    Examples
    --------
    >>> frame_range(1.0, 2.0), frame_range(1.0, 1.0)
    ((16, 32), (16, 17))
    """
    first, stop = (max(0, int(np.ceil(s * FRAMES_PER_S - 0.5))) for s in (start_s, end_s))
    return first, max(first + 1, stop)


def frame_times_s(first: int, stop: int) -> np.ndarray:
    """Times of the middles of frames, s."""
    return (np.arange(first, stop) + 0.5) / FRAMES_PER_S


def film_spectra(
    blocks: Iterable[np.ndarray], ranges: Iterable[tuple[int, int]]
) -> Iterator[np.ndarray]:
    """Measure spectra of stretches of a film, which is read once.

    Parameters
    ----------
    blocks : iterable of ndarray of float32, shape (n, channels)
        The sound of the film at `RATE_HZ`.
    ranges : iterable of (int, int)
        From `frame_range`, in order of their starts.

    Yields
    ------
    ndarray of float32, shape (frames, BINS)
        Of each stretch; silence after the end of the film.
    """
    blocks = iter(blocks)
    held, held_from = next(blocks, np.zeros((0, 1), np.float32)), 0
    for first, stop in ranges:
        begin, end = max(0, first * HOP - WINDOW), stop * HOP + WINDOW
        while held_from + len(held) < end and (block := next(blocks, None)) is not None:
            dropped = min(max(0, begin - held_from), len(held))
            held, held_from = np.concatenate([held[dropped:], block]), held_from + dropped
        yield power_spectra(held, np.arange(first, stop) * HOP + HOP // 2 - held_from)
