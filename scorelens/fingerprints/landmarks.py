"""Landmarks, the peaks of a spectrogram, and the hashes of their pairs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import fft

from scorelens.errors import InputError, Problem

FLOOR_DB = -80.0  # re a full-scale sine; what is softer, no listener hears
LOWEST_BIN = 3  # below it the window leaks the mean of the signal
SPAN_FRAMES = 63  # a hash holds 6 bits of time, 7 of interval and 11 of frequency
SPAN_BINS = 31
NEAREST_FRAMES = 2  # a peak may repeat itself in the next frame
PAIRING_BLOCK = 4096  # anchors paired at once, to bound the memory


@dataclass(frozen=True)
class Settings:
    """How sound becomes landmarks; film and album must agree, so the index carries them.

    sample_rate_hz: rate of analysis. window_samples, hop_samples: of the spectrogram.
    spacing_s, spacing_hz: a landmark is the loudest point within so much on either side.
    """

    sample_rate_hz: int = 11025
    window_samples: int = 2048
    hop_samples: int = 256
    spacing_s: float = 0.163
    spacing_hz: float = 48.5

    @property
    def hop_s(self) -> float:
        return self.hop_samples / self.sample_rate_hz

    @property
    def window_s(self) -> float:
        return self.window_samples / self.sample_rate_hz

    @property
    def reach(self) -> tuple[int, int]:
        """The spacing in whole frames and bins."""
        bin_hz = self.sample_rate_hz / self.window_samples
        return max(1, round(self.spacing_s / self.hop_s)), max(1, round(self.spacing_hz / bin_hz))


@dataclass(frozen=True)
class Landmarks:
    """Peaks in order of time. frames: int32 (n,), in hops. bins: uint16 (n,), of the spectrum."""

    frames: np.ndarray
    bins: np.ndarray


def find_landmarks(blocks: Iterable[np.ndarray], settings: Settings) -> Landmarks:
    """The landmarks of a sound that comes in blocks; silence has none.

    blocks: float32 arrays, mono, at `settings.sample_rate_hz`, one after the other without a gap.
    The result does not depend on where the blocks meet. Memory is bounded by the block's length.
    """
    parts = list(_peaks(blocks, settings))
    frames = np.concatenate([np.zeros(0, np.int32), *(frames for frames, _ in parts)])
    bins = np.concatenate([np.zeros(0, np.uint16), *(bins for _, bins in parts)])
    return Landmarks(frames.astype(np.int32), bins.astype(np.uint16))


def pair_landmarks(landmarks: Landmarks, thinning: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Hash all pairs of landmarks, one in the target zone of the other (Wang, section 2.2).

    Returns the hashes, uint32 (n,), and the frames of their earlier landmarks, int32 (n,), in order
    of time. The zone is 2 to 63 frames ahead, 31 bins up and down. Every pair in it counts: a fixed
    number of partners would change with each landmark that speech adds. Only pairs whose earlier
    landmark lies in a bin that `thinning` divides are made, the same ones in film and album.
    """
    anchors = np.flatnonzero(landmarks.bins % thinning == 0)
    blocks = np.split(anchors, range(PAIRING_BLOCK, len(anchors), PAIRING_BLOCK))
    parts = [_pair(landmarks, block) for block in blocks]
    hashes = np.concatenate([np.zeros(0, np.uint32), *(hashes for hashes, _ in parts)])
    anchors = np.concatenate([np.zeros(0, np.int32), *(anchors for _, anchors in parts)])
    return hashes, anchors


def hash_span(hashes: np.ndarray) -> np.ndarray:
    """Frames from the earlier to the later landmark of each hash, int32."""
    return (hashes & 63).astype(np.int32)


def check_settings(settings: Mapping[str, float]) -> Settings:
    """The settings as a `Settings`. Raises InputError if the hop passes the window."""
    chosen = Settings(**settings)
    if chosen.hop_samples > chosen.window_samples:
        raise InputError(
            Problem(
                "config, fingerprints.hop_samples",
                f"is {chosen.hop_samples}, more than window_samples ({chosen.window_samples})",
                "a hop no longer than the window",
                "an eighth of the window serves well",
            )
        )
    return chosen


def spans(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The whole numbers starts[i] .. starts[i] + lengths[i] - 1 of every i, one after the other."""
    ends = np.cumsum(lengths)
    return np.arange(lengths.sum()) + np.repeat(starts - (ends - lengths), lengths)


def _peaks(blocks, settings) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Peaks of each block as (frames, bins), held back until the frames after them are known."""
    reach = settings.reach[0]
    held = np.zeros(0, np.float32)
    first, due = 0, 0  # the frame that `held` starts with, and the next one to look at
    for block in blocks:
        held = np.concatenate([held, block])
        count = (len(held) - settings.window_samples) // settings.hop_samples + 1
        if count <= 2 * reach:
            continue
        frames, bins = _local_maxima(held, settings)
        known = first + count - reach
        yield _between(frames + first, bins, due, known)
        first, due = known - reach, known
        held = held[(count - 2 * reach) * settings.hop_samples :]
    if len(held) >= settings.window_samples:
        frames, bins = _local_maxima(held, settings)
        yield _between(frames + first, bins, due, np.inf)


def _between(frames, bins, low, high) -> tuple[np.ndarray, np.ndarray]:
    kept = (frames >= low) & (frames < high)
    return frames[kept], bins[kept]


def _local_maxima(sound: np.ndarray, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Frames and bins where the spectrogram is above the floor and the largest around."""
    window = np.hanning(settings.window_samples).astype(np.float32)
    window /= window.sum() / 2  # a full-scale sine has magnitude 1
    frames = np.lib.stride_tricks.sliding_window_view(sound, len(window))[:: settings.hop_samples]
    spectrum = np.abs(fft.rfft(frames * window, axis=1))
    peaks = spectrum == _largest_around(spectrum, settings.reach)
    peaks &= spectrum > 10 ** (FLOOR_DB / 20)
    peaks[:, :LOWEST_BIN] = False
    return np.nonzero(peaks)


def _largest_around(spectrum: np.ndarray, reach: tuple[int, int]) -> np.ndarray:
    """The largest value within `reach` frames and bins on either side; doubling the span each time
    takes a ninth of the time of a general maximum filter.
    """
    largest = np.pad(spectrum, [(size, size) for size in reach])
    for axis, size in enumerate(reach):
        span, wanted = 1, 2 * size + 1
        while span < wanted:
            step = min(span, wanted - span)
            rest = np.moveaxis(largest, axis, 0)
            largest = np.moveaxis(np.maximum(rest[:-step], rest[step:]), 0, axis)
            span += step
    return largest


def _pair(landmarks: Landmarks, early: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hashes and anchor frames of the pairs whose earlier landmark is one of `early`."""
    frames, bins = landmarks.frames, landmarks.bins.astype(np.int32)
    nearest = np.searchsorted(frames, frames[early] + NEAREST_FRAMES)
    partners = np.searchsorted(frames, frames[early] + SPAN_FRAMES, side="right") - nearest
    late = spans(nearest, partners)
    early = np.repeat(early, partners)
    interval = bins[late] - bins[early]
    near = np.abs(interval) <= SPAN_BINS
    early, late, interval = early[near], late[near], interval[near]
    hashes = bins[early] << 13 | (interval + 64) << 6 | frames[late] - frames[early]
    return hashes.astype(np.uint32), frames[early]
