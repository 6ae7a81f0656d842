"""Test a line at the place: which landmarks of the film are where the track has one?

Along the right line of track time against film time far more landmarks of film and track coincide
than at the same track a little earlier or later, which has the same keys and instruments.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scorelens.cues.lines import Line
from scorelens.fingerprints import FINE_STEPS, Landmarks

FRAME_BITS = 14  # of a key, that hold the frequency
SHIFTS = (-67, -53, -41, -29, -19, -13, 13, 19, 29, 41, 53, 67)  # frames, for chance coincidences
CHANCE_S = 11  # seconds over which chance is averaged
# How well two landmarks coincide, the best last: frames and bins that they are apart at most.
CLASSES = (((2, 0.8),), ((0, 0.5), (1, 0.2)), ((0, 0.2),))
WIDE_SHARE = 0.003  # of the frequency, in the widest class: what wow and errors of pitch leave
CLASS_SHARES = np.array([0.25, 0.3, 0.45])  # of the landmarks that a playing track explains
MATCHED_SHARES = (0.03, 0.1, 0.3)  # of the film's landmarks that a playing track explains
SHARE_S = 5  # seconds over which one of these shares is chosen
PRIOR_CHANCE = np.array([0.04, 0.012, 0.004])  # of each class,
PRIOR_LANDMARKS = 400.0  # as if so many had been counted: where a film has few landmarks
FIT_FRAMES = (4, 2)  # how far from the line coincidences are searched, in each round of the fit
FIT_RATES = (0.004, 0.001)  # by how much the rate may change
FIT_STEPS = 33
MIN_FIT = 12  # coincidences
COLUMN_STEPS = FINE_STEPS // 4  # frequencies in a column of a grid: a quarter of a bin
COLUMNS = (1 << FRAME_BITS) // COLUMN_STEPS
MARGIN = 3  # frames of a grid before the start and after the end of the track: one is empty
FEW_LANDMARKS = 8  # a second of a channel with fewer is no evidence against a line
SILENT_NATS = -2.0  # of a second in which no channel has more
SECOND_NATS = 2.0  # that every second must bring: coincidences of neighbours are not independent
OUTSIDE_NATS = -1e4  # of a second before the start or after the end of the track


@dataclass(frozen=True)
class TrackLandmarks:
    """Landmarks of a track, all channels together.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)
        Frame and frequency in one number, ascending.
    frames : int
        Length of the track.
    """

    keys: np.ndarray
    frames: int

    @classmethod
    def of(cls, channels: Sequence[Landmarks]) -> "TrackLandmarks":
        """Join the landmarks of the channels of a track."""
        keys = [(one.frames.astype(np.int64) << FRAME_BITS) + one.frequencies for one in channels]
        joined = np.sort(np.concatenate(keys))
        return cls(joined, int(joined[-1] >> FRAME_BITS) + 1 if len(joined) else 0)

    def grid(self) -> np.ndarray:
        """How well a landmark of the film would coincide with one of the track.

        Returns
        -------
        ndarray of uint8, shape (frames + 2 * `MARGIN`, `COLUMNS`)
            By frame and frequency: 0 for not at all, else 1 + the position of the best of `CLASSES`
            that fits.
        """
        frame, frequency = self.keys >> FRAME_BITS, self.keys & (1 << FRAME_BITS) - 1
        grid = np.zeros((self.frames + 2 * MARGIN, COLUMNS), np.uint8)
        for value, reaches in enumerate(CLASSES, start=1):
            for frames, bins in reaches:
                reach = bins * FINE_STEPS
                if value == 1:
                    reach = np.maximum(reach, WIDE_SHARE * frequency)
                low = np.maximum(0, np.ceil((frequency - reach) / COLUMN_STEPS)).astype(np.int64)
                high = ((frequency + reach) // COLUMN_STEPS).astype(np.int64)
                for offset in range(int((high - low).max(initial=-1)) + 1):
                    inside = (low + offset <= high) & (low + offset < COLUMNS)
                    cells = (frame[inside] + MARGIN) * COLUMNS + low[inside] + offset
                    for shift in range(-frames, frames + 1):
                        grid.ravel()[cells + shift * COLUMNS] = value
        return grid


def coincidences(
    film: Landmarks,
    grid: np.ndarray,
    line: Line,
    shifts: Sequence[int] = (0,),
) -> np.ndarray:
    """How well each landmark of the film coincides with one of the track.

    Parameters
    ----------
    film : Landmarks
        Of a channel of the film.
    grid : ndarray of uint8
        Of the line's track (`TrackLandmarks.grid`).
    line : Line
        The line.
    shifts : sequence of int
        Track time added, frames.

    Returns
    -------
    ndarray of uint8, shape (shifts, n)
        Values of the grid; 0 before the start and after the end of the track.
    """
    frame = np.rint(line.track_frame_at(film.frames)).astype(np.int64) + MARGIN
    column = np.rint(film.frequencies * 2.0**-line.octaves / COLUMN_STEPS).astype(np.int64)
    rows = np.clip(frame + np.array(shifts)[:, None], 0, len(grid) - 1)
    rows *= COLUMNS
    rows += np.minimum(column, COLUMNS - 1)
    return grid.ravel().take(rows)


@dataclass(frozen=True)
class LineEvidence:
    """Evidence for one line in a stretch of a film.

    Parameters
    ----------
    first : int
        First second of the stretch.
    nats : ndarray of float64, shape (seconds,)
        Log likelihood ratio of "the track plays along this line" to "it does not".
    """

    first: int
    nats: np.ndarray


def line_evidence(
    channels: Sequence[Landmarks],
    track: TrackLandmarks,
    grid: np.ndarray,
    line: Line,
    stretch_s: tuple[float, float],
    hop_s: float,
    free: Sequence[np.ndarray] | None = None,
) -> LineEvidence:
    """Add up by the second how much more coincides on a line than near it.

    Parameters
    ----------
    channels : sequence of Landmarks
        Of the film. In each second the channel with the most evidence counts.
    track : TrackLandmarks
        The track of the line.
    grid : ndarray of bool
        Its grid.
    line : Line
        The line.
    stretch_s : tuple of float
        Start and end of the stretch, s.
    hop_s : float
        Length of a frame, s.
    free : sequence of ndarray of bool, optional
        Of each channel, the landmarks that no cue explains yet. Others do not count.

    Returns
    -------
    LineEvidence
    """
    first, last = int(stretch_s[0]), int(np.ceil(stretch_s[1]))
    nats = [
        _channel_nats(
            channel, track, grid, line, first, last, hop_s, None if free is None else free[k]
        )
        for k, channel in enumerate(channels)
        if len(channel.frames)
    ]
    best = np.max(nats, axis=0)
    return LineEvidence(first, np.where(best == -np.inf, SILENT_NATS, best - SECOND_NATS))


def matched_landmarks(
    channel: Landmarks, grid: np.ndarray, line: Line, frames: tuple[float, float]
) -> np.ndarray:
    """Positions of the landmarks of a stretch of film that coincide with the track on a line."""
    span = channel.span(*frames)
    return span.start + np.flatnonzero(coincidences(channel.select(span), grid, line)[0])


def _channel_nats(channel, track, grid, line, first, last, hop_s, free) -> np.ndarray:
    span, seconds = channel.span(first / hop_s, last / hop_s), last - first
    part = channel.select(span)
    if free is not None:
        part = part.select(free[span])
    second = (part.frames * hop_s).astype(np.int64) - first
    matched, *shifted = coincidences(part, grid, line, (0, *SHIFTS))
    hits = _count_classes(second, matched[None], seconds)
    counts = hits.sum(axis=1)
    by_chance = _count_classes(second, np.array(shifted), seconds)
    chance = chance_of(_moving_sum(by_chance, CHANCE_S))
    density = np.minimum(1, _density(track, line, first, last, hop_s, counts))
    nats = _best_share(hits, chance, density)
    inside = line.track_frame_at((np.arange(first, last) + 0.5) / hop_s)
    nats[(counts < FEW_LANDMARKS) & (nats <= 0)] = -np.inf  # says nothing
    return np.where((inside >= 0) & (inside < track.frames), nats, OUTSIDE_NATS)


def _count_classes(second: np.ndarray, classes: np.ndarray, seconds: int) -> np.ndarray:
    """Landmarks of each class in each second, int64 (seconds, classes), class 0 first."""
    kinds = len(CLASSES) + 1
    cells = (second * kinds + classes).ravel()
    return np.bincount(cells, minlength=seconds * kinds).reshape(seconds, kinds)


def chance_of(counts: np.ndarray) -> np.ndarray:
    """Estimate how often landmarks coincide by chance.

    Parameters
    ----------
    counts : ndarray of int, shape (..., classes)
        Landmarks of each class on shifted lines, class 0, which coincide with none, first.

    Returns
    -------
    ndarray of float64, shape (..., classes - 1)
        Probability of each class but 0.
    """
    total = counts.sum(axis=-1, keepdims=True)
    return (counts[..., 1:] + PRIOR_LANDMARKS * PRIOR_CHANCE) / (total + PRIOR_LANDMARKS)


def class_nats(chance: np.ndarray, share: float | np.ndarray) -> np.ndarray:
    """Evidence of a landmark of each class that a track plays.

    Parameters
    ----------
    chance : ndarray of float64, shape (..., classes - 1)
        From `chance_of`.
    share : float or ndarray, shape (...)
        Share of the film's landmarks that the track explains if it plays.

    Returns
    -------
    ndarray of float64, shape (..., classes)
        Log likelihood ratio, nats, class 0 first.
    """
    share = np.asarray(share)[..., None]
    rest = 1 - chance.sum(axis=-1, keepdims=True)
    coincide = np.log1p(share * rest * CLASS_SHARES / chance)
    return np.concatenate([np.log1p(-share) + 0 * rest, coincide], axis=-1)


def _best_share(hits: np.ndarray, chance: np.ndarray, density: np.ndarray) -> np.ndarray:
    """Log likelihood ratio of each second, with the share of matched landmarks that fits best."""
    nats = np.array(
        [(hits * class_nats(chance, share * density)).sum(axis=1) for share in MATCHED_SHARES]
    )
    best = _moving_sum(nats.T, SHARE_S).argmax(axis=1)
    return nats[best, np.arange(len(hits))]


def _moving_sum(values: np.ndarray, width: int) -> np.ndarray:
    """Sums of rows over `width` rows around each, fewer at the ends."""
    total = np.cumsum(np.pad(values, ((1, 0), (0, 0))), axis=0)
    rows = np.arange(len(values))
    half = width // 2
    return total[np.minimum(rows + half + 1, len(values))] - total[np.maximum(rows - half, 0)]


def _density(track, line, first, last, hop_s, counts) -> np.ndarray:
    """Landmarks of the track for each one of the film, second by second."""
    edges = line.track_frame_at(np.arange(first, last + 1) / hop_s)
    rows = np.searchsorted(track.keys, np.rint(np.maximum(edges, 0)).astype(np.int64) << FRAME_BITS)
    return np.diff(rows) / np.maximum(counts, 1)


def fit_line(
    channels: Sequence[Landmarks],
    track: TrackLandmarks,
    line: Line,
    frames: tuple[float, float],
) -> tuple[float, float, float]:
    """Fit a line to the landmarks that coincide near it.

    Parameters
    ----------
    channels : sequence of Landmarks
        Of the film.
    track : TrackLandmarks
        The track of the line.
    line : Line
        The line.
    frames : tuple of float
        The stretch of the film to use, hops.

    Returns
    -------
    tuple of float
        Track frame at the line's film frame, rate, and pitch in octaves. Those of the line if less
        than `MIN_FIT` landmarks coincide.
    """
    parts = [channel.between(*frames) for channel in channels]
    time = np.concatenate([part.frames for part in parts]) - line.film_frame
    frequency = np.concatenate([part.frequencies for part in parts]).astype(np.float64)
    level, rate = line.track_frame, line.rate
    octaves = line.octaves
    for reach, change in zip(FIT_FRAMES, FIT_RATES, strict=True):
        near = _near(time, frequency * 2.0**-octaves, track, level + rate * time, reach)
        moment, gap, ratio = near
        if len(moment) < MIN_FIT:
            break
        slopes = np.linspace(-change, change, FIT_STEPS)
        residual = gap - slopes[:, None] * moment
        bins = np.rint(2 * residual).astype(np.int64) + 4 * reach
        width = 8 * reach + 1
        flat = np.clip(bins, 0, width - 1) + width * np.arange(len(slopes))[:, None]
        counts = np.bincount(flat.ravel(), minlength=flat.size and width * len(slopes))
        counts = counts.reshape(-1, width)
        smooth = counts[:, :-2] + counts[:, 1:-1] + counts[:, 2:]
        row, column = np.unravel_index(smooth.argmax(), smooth.shape)
        shift = (column + 1 - 4 * reach) / 2
        on_line = np.abs(residual[row] - shift) <= 1
        slope, offset = np.polyfit(moment[on_line], gap[on_line], 1)
        level, rate = level + offset, rate + slope
        octaves -= float(np.median(ratio[on_line]))
    return float(level), float(rate), float(octaves)


def _near(
    time: np.ndarray, frequency: np.ndarray, track: TrackLandmarks, expected: np.ndarray, reach: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Landmarks of film and track within `reach` frames: film time, distance, ratio of pitch."""
    tolerance = np.maximum(FINE_STEPS, 0.005 * frequency)
    highest = (1 << FRAME_BITS) - 1
    low = np.minimum(frequency - tolerance, highest).astype(np.int64)
    high = np.minimum(frequency + tolerance, highest).astype(np.int64)
    parts = []
    for shift in range(-reach, reach + 1):
        frame = np.rint(expected).astype(np.int64) + shift
        position = np.searchsorted(track.keys, (frame << FRAME_BITS) + low)
        key = track.keys[np.minimum(position, len(track.keys) - 1)]
        chosen = (position < len(track.keys)) & (key <= (frame << FRAME_BITS) + high)
        ratio = np.log2((key[chosen] & highest) / frequency[chosen])
        parts.append((time[chosen], frame[chosen] - expected[chosen], ratio))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))
