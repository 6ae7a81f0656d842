"""Cut sound into frames, leave out the silent ones, and measure the rest block by block.

Frame k starts at the sample nearest to k hops, so that hops need not be whole samples and times
do not drift. Only whole frames count: nothing is padded. A sound shorter than a frame is one
shorter frame, down to `MIN_SOUND_S`; below that there are no frames.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import fft

from scorelens.media.silence import MIN_SOUND_S, SILENCE_RMS

RATE_HZ = 22_050  # roughness grows with the square of rate x window, so the rate is fixed
BLOCK_BYTES = 1 << 19  # a block of frames stays in the processor's cache
KEPT_BYTES = 30 << 20  # the GNU C library does not learn from more than 32 MiB
LANES = 8  # the FFT takes so many frames at once; those left over cost three times as much


class Series(NamedTuple):
    """Frame features that share a frame rate.

    names: k feature names. times_s: (frames,) float64, middle of each frame in seconds of the
    sound. values: (frames, k) float32, NaN where a feature has no meaning.
    """

    names: tuple[str, ...]
    times_s: np.ndarray
    values: np.ndarray


def measure_frames(
    samples: np.ndarray,
    length_s: float,
    hop_s: float,
    names: tuple[str, ...],
    measure: Callable[[np.ndarray], np.ndarray],
    silence_rms: float = SILENCE_RMS,
) -> Series:
    """Apply `measure` to every frame that is louder than silence.

    samples: (n,) float32 at RATE_HZ. length_s, hop_s: of the frames, s. measure: takes frames
    (b, length), returns (b, len(names)). silence_rms: a frame of lower RMS, or one that holds a
    NaN, gets NaN.
    """
    _keep_memory()
    length = min(round(length_s * RATE_HZ), len(samples))
    starts = frame_starts(len(samples), length, hop_s)
    values = np.full((len(starts), len(names)), np.nan, np.float32)
    for rows, frames in _blocks(samples, starts, length):
        heard = rms(frames) >= silence_rms
        if heard.any():
            values[rows][heard] = measure(frames if heard.all() else frames[heard])
    return Series(names, (starts + length / 2) / RATE_HZ, values)


def split(series: Series, at: int) -> tuple[Series, Series]:
    """The first `at` features of a series, and the others."""
    names, times_s, values = series
    return Series(names[:at], times_s, values[:, :at]), Series(names[at:], times_s, values[:, at:])


def rms(frames: np.ndarray) -> np.ndarray:
    """Root mean square of each frame: (b, length) to (b,)."""
    return np.sqrt(np.einsum("ij,ij->i", frames, frames) / frames.shape[1])


def hamming_spectrum(frames: np.ndarray, size: int, bins: slice = slice(None)) -> np.ndarray:
    """Amplitude spectrum |X| of Hamming-windowed frames, padded with zeros to `size`.

    frames: (b, length). Returns (b, bins) float32; bin j lies at j * RATE_HZ / size.
    """
    length = frames.shape[1]
    padded = np.empty((len(frames), size), np.float32)
    np.multiply(frames, hamming(length), out=padded[:, :length])
    padded[:, length:] = 0
    return np.abs(fft.rfft(padded, overwrite_x=True)[:, bins])


def frequencies_hz(size: int) -> np.ndarray:
    """Frequency of each bin of a spectrum of `size` points: (size // 2 + 1,) float32."""
    return fft.rfftfreq(size, 1 / RATE_HZ).astype(np.float32)


@cache
def hamming(length: int) -> np.ndarray:
    """The symmetric Hamming window: (length,) float32."""
    return np.hamming(length).astype(np.float32)


@cache
def _keep_memory() -> None:
    """Free one large array, untouched. The C library then keeps what blocks free for the next one;
    before, it hands it back to the system after each, and new pages cost as much as the FFT.
    """
    np.empty(KEPT_BYTES, np.uint8)


def frame_starts(n: int, length: int, hop_s: float) -> np.ndarray:
    """First sample of every frame of `length` samples in a sound of n samples."""
    if n < round(MIN_SOUND_S * RATE_HZ):
        return np.zeros(0, np.int64)
    hop = hop_s * RATE_HZ
    starts = np.rint(np.arange(int((n - length) / hop) + 2) * hop).astype(np.int64)
    return starts[starts + length <= n]


def _blocks(
    samples: np.ndarray, starts: np.ndarray, length: int
) -> Iterator[tuple[slice, np.ndarray]]:
    if len(starts) == 0:
        return
    every_frame = np.lib.stride_tricks.sliding_window_view(samples, length)
    step = max(1, BLOCK_BYTES // (4 * length * LANES)) * LANES
    for first in range(0, len(starts), step):
        rows = slice(first, first + step)
        yield rows, every_frame[starts[rows]]
