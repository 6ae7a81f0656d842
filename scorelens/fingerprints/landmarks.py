"""Find the landmarks of a sound, which are the peaks of its spectrogram, and hash pairs of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import fft

from scorelens.errors import InputError, Problem
from scorelens.fingerprints.peaks import collect_peaks

TINY = 1e-9  # amplitude that logarithms start from
FLOOR_DB = -80.0  # re a full-scale sine; softer peaks are not audible
LOWEST_BIN = 3  # below it the window leaks the mean of the signal
FINE_STEPS = 16  # of a bin, in which frequencies are stored
STRONG_FRAMES = 8  # a strong landmark is the loudest within so many frames on either side
STRONG_OCTAVES = 0.2  # and within this interval
SPAN_FRAMES = 63  # a hash holds 6 bits of time, 7 of interval and 11 of frequency
SPAN_BINS = 31
NEAREST_FRAMES = 2  # a peak may repeat itself in the next frame
PAIRING_BLOCK = 4096  # anchors paired at once, to bound the memory


@dataclass(frozen=True)
class Settings:
    """How sound becomes landmarks. Film and album must agree, so the index carries them.

    Parameters
    ----------
    sample_rate_hz : int
        Rate of the analysis, Hz.
    window_samples, hop_samples : int
        Window and hop of the spectrogram, samples.
    spacing_s, spacing_hz : float
        A landmark is the loudest point within this distance on either side, s and Hz.
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
    def spacing(self) -> tuple[int, int]:
        """The spacing in whole frames and bins."""
        bin_hz = self.sample_rate_hz / self.window_samples
        return max(1, round(self.spacing_s / self.hop_s)), max(1, round(self.spacing_hz / bin_hz))


@dataclass(frozen=True)
class Landmarks:
    """Peaks of a spectrogram in order of time.

    Parameters
    ----------
    frames : ndarray of int32, shape (n,)
        Time of each peak, hops.
    frequencies : ndarray of uint16, shape (n,)
        Frequency of each peak, in `FINE_STEPS` of a bin of the spectrum.
    is_strong : ndarray of bool, shape (n,)
        Whether no peak near by is louder.
    """

    frames: np.ndarray
    frequencies: np.ndarray
    is_strong: np.ndarray

    @property
    def bins(self) -> np.ndarray:
        """Frequency of each peak in whole bins, int32."""
        return (self.frequencies.astype(np.int32) + FINE_STEPS // 2) // FINE_STEPS

    @property
    def octaves(self) -> np.ndarray:
        """Frequency of each peak, float64, octaves above one bin."""
        return np.log2(self.frequencies / FINE_STEPS)

    @classmethod
    def of_bins(cls, frames: np.ndarray, bins: np.ndarray) -> "Landmarks":
        """Peaks of which no more than the bin is known; all count as strong."""
        return cls(frames, bins * np.uint16(FINE_STEPS), np.ones(len(frames), bool))

    def select(self, chosen: np.ndarray | slice) -> "Landmarks":
        return Landmarks(self.frames[chosen], self.frequencies[chosen], self.is_strong[chosen])

    def span(self, first: float, stop: float) -> slice:
        """Positions of the peaks from one frame up to another, which is left out."""
        return slice(*np.searchsorted(self.frames, [first, stop]).tolist())

    def between(self, first: float, stop: float) -> "Landmarks":
        """The peaks from one frame up to another, which is left out."""
        return self.select(self.span(first, stop))


def find_landmarks(blocks: Iterable[np.ndarray], settings: Settings) -> Landmarks:
    """Find the landmarks of a sound that comes in blocks. Silence has none.

    Parameters
    ----------
    blocks : iterable of float32 ndarray
        Mono samples in -1..1 at `settings.sample_rate_hz`, one block after the other without a
        gap. The result does not depend on where the blocks meet.
    settings : Settings
        How the spectrogram is made and how far landmarks are apart.

    Returns
    -------
    Landmarks
        In order of time. Memory is bounded by the longest block.

    Examples
    --------
    >>> silence = np.zeros(11025, np.float32)
    >>> len(find_landmarks([silence], Settings()).frames)
    0
    """
    return find_channel_landmarks((block[:, None] for block in blocks), 1, settings)[0]


def find_channel_landmarks(
    blocks: Iterable[np.ndarray], channels: int, settings: Settings
) -> tuple[Landmarks, ...]:
    """Find the landmarks of each channel of a sound that comes in blocks.

    Parameters
    ----------
    blocks : iterable of float32 ndarray, shape (n, channels)
        As `find_landmarks` takes them.
    channels : int
        Their number.
    settings : Settings
        How the spectrogram is made and how far landmarks are apart.

    Returns
    -------
    tuple of Landmarks
        One a channel. Memory is bounded by the longest block.
    """
    local_maxima = partial(_channel_maxima, settings=settings)
    window, hop, margin = settings.window_samples, settings.hop_samples, settings.spacing[0]
    dtypes = (np.uint16, np.float32, np.uint8)
    frames, frequencies, levels, channel = collect_peaks(
        blocks, local_maxima, window, hop, margin, dtypes
    )
    found = []
    for number in range(channels):
        inside = channel == number
        peaks = frames[inside], frequencies[inside]
        found.append(Landmarks(*peaks, _is_strong(*peaks, levels[inside])))
    return tuple(found)


def pair_landmarks(landmarks: Landmarks, thinning: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Hash all pairs of landmarks of which one lies in the target zone of the other.

    The zone is 2 to 63 frames ahead and 31 bins up and down. Every pair in it counts: a fixed
    number of partners would change with each landmark that speech adds.

    Parameters
    ----------
    landmarks : Landmarks
        Of a film or a track.
    thinning : int, default 1
        Only pairs whose earlier landmark lies in a bin that this divides are made. They are the
        same pairs in film and album.

    Returns
    -------
    hashes : ndarray of uint32, shape (n,)
        In order of time: 11 bits of frequency, 7 of interval, 6 of time.
    anchors : ndarray of int32, shape (n,)
        Frame of the earlier landmark of each pair.

    References
    ----------
    Wang, An industrial-strength audio search algorithm, ISMIR 2003, section 2.2.

    Examples
    --------
    >>> landmarks = Landmarks.of_bins(np.array([0, 5], np.int32), np.array([10, 12], np.uint16))
    >>> pair_landmarks(landmarks)
    (array([86149], dtype=uint32), array([0], dtype=int32))
    """
    anchors = np.flatnonzero(landmarks.bins % thinning == 0)
    blocks = np.split(anchors, range(PAIRING_BLOCK, len(anchors), PAIRING_BLOCK))
    parts = [_pair(landmarks, block) for block in blocks]
    hashes = np.concatenate([np.zeros(0, np.uint32), *(hashes for hashes, _ in parts)])
    anchors = np.concatenate([np.zeros(0, np.int32), *(anchors for _, anchors in parts)])
    return hashes, anchors


def check_settings(settings: Mapping[str, float]) -> Settings:
    """Turn the configuration into `Settings`.

    Parameters
    ----------
    settings : mapping of str to number
        The fields of `Settings`.

    Returns
    -------
    Settings

    Raises
    ------
    InputError
        If the hop is longer than the window.
    """
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


def concatenate_ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Concatenate the ranges ``starts[i] .. starts[i] + lengths[i] - 1``.

    Parameters
    ----------
    starts, lengths : ndarray of int, shape (n,)
        First number and length of each range.

    Returns
    -------
    ndarray of int64, shape (lengths.sum(),)

    Examples
    --------
    >>> concatenate_ranges(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    ends = np.cumsum(lengths)
    return np.arange(lengths.sum()) + np.repeat(starts - (ends - lengths), lengths)


def _channel_maxima(sound: np.ndarray, settings: Settings) -> tuple[np.ndarray, ...]:
    """Frames, frequencies, levels and channel of the local maxima of each channel, by frame."""
    parts = [_local_maxima(channel, settings) for channel in sound.T]
    numbers = np.repeat(np.arange(len(parts)), [len(frames) for frames, *_ in parts])
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return *(column[order] for column in columns), numbers[order]


def _local_maxima(sound: np.ndarray, settings: Settings) -> tuple[np.ndarray, ...]:
    """Frames, frequencies and levels of where the spectrogram is audible and largest around."""
    window = np.hanning(settings.window_samples).astype(np.float32)
    window /= window.sum() / 2  # a full-scale sine has magnitude 1
    frames = np.lib.stride_tricks.sliding_window_view(sound, len(window))[:: settings.hop_samples]
    spectrum = np.abs(fft.rfft(frames * window, axis=1))
    peaks = spectrum == _maximum_filter(spectrum, settings.spacing)
    peaks &= spectrum > 10 ** (FLOOR_DB / 20)
    peaks[:, :LOWEST_BIN] = False
    peaks[:, -1] = False  # it has no neighbour to interpolate with
    frame, peak_bin = np.nonzero(peaks)
    around = np.log(np.maximum(spectrum[frame, peak_bin + np.array([[-1], [0], [1]])], TINY))
    curvature = around[0] - 2 * around[1] + around[2]
    offset = np.divide(
        0.5 * (around[0] - around[2]), curvature, out=np.zeros_like(curvature), where=curvature < 0
    )
    frequency = np.rint((peak_bin + np.clip(offset, -0.5, 0.5)) * FINE_STEPS)
    return frame, frequency, around[1]


def _is_strong(frames: np.ndarray, frequencies: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Whether no peak within `STRONG_FRAMES` and `STRONG_OCTAVES` is louder."""
    octaves = np.log2(np.maximum(frequencies, 1), dtype=np.float32)
    strong = np.ones(len(frames), bool)
    stop = np.searchsorted(frames, frames + STRONG_FRAMES, side="right")
    farthest = int((stop - np.arange(len(frames))).max(initial=0))
    for lag in range(1, farthest):
        early = np.flatnonzero(stop > np.arange(len(frames)) + lag)
        late = early + lag
        near = np.abs(octaves[early] - octaves[late]) < STRONG_OCTAVES
        early, late = early[near], late[near]
        strong[early[levels[early] < levels[late]]] = False
        strong[late[levels[late] < levels[early]]] = False
    return strong


def _maximum_filter(spectrum: np.ndarray, radii: tuple[int, int]) -> np.ndarray:
    """Maximum over `radii` frames and bins on either side."""
    # Doubling the span each time takes a ninth of the time of scipy's maximum filter.
    largest = np.pad(spectrum, [(size, size) for size in radii])
    for axis, size in enumerate(radii):
        span, full = 1, 2 * size + 1
        while span < full:
            step = min(span, full - span)
            rest = np.moveaxis(largest, axis, 0)
            largest = np.moveaxis(np.maximum(rest[:-step], rest[step:]), 0, axis)
            span += step
    return largest


def _pair(landmarks: Landmarks, early: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hashes and anchor frames of the pairs whose earlier landmark is one of `early`."""
    frames, bins = landmarks.frames, landmarks.bins
    nearest = np.searchsorted(frames, frames[early] + NEAREST_FRAMES)
    partners = np.searchsorted(frames, frames[early] + SPAN_FRAMES, side="right") - nearest
    late = concatenate_ranges(nearest, partners)
    early = np.repeat(early, partners)
    interval = bins[late] - bins[early]
    near = np.abs(interval) <= SPAN_BINS
    early, late, interval = early[near], late[near], interval[near]
    hashes = bins[early] << 13 | (interval + 64) << 6 | frames[late] - frames[early]
    return hashes.astype(np.uint32), frames[early]
