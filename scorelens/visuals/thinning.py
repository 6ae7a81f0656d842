"""Choose the part of a film that mode `hybrid` decodes, and estimate what the rest would change.

A film is divided into parts that begin with a key frame, of which that frame is decoded and stands
for the part. Where key frames come at equal distances, as in films for streaming, they are a
systematic sample of the film, whatever it shows. Elsewhere the encoder puts them where shots begin,
and a shot may begin darker than it goes on: then all frames are decoded of the parts that are on
screen at evenly spaced moments, a sample with chances in proportion to length, and how far these
frames move the median says how far the whole film would (`median_error`).

A film is decoded whole where that sample is too small, and again where the error is too large.
"""

import os
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens import media
from scorelens.visuals import sampling

SHARE = 0.1  # of the film, decoded completely
MIN_PARTS = 60  # decoded completely; fewer do not say how far a median may be off
MAX_SPACING_S = 4.0  # of key frames at equal distances, if `MIN_KEYS` remain
MIN_KEYS = 1000
MAX_ERROR = 0.01


class PacketTimes(NamedTuple):
    """When the frames of a film come on screen, from its packets.

    Parameters
    ----------
    frames_s, keys_s : ndarray of float64
        All frames and key frames, s of the film, ascending.
    keys : ndarray of int64
        Time stamps of the key frames.
    end_s : float
        End of the last frame.
    """

    frames_s: np.ndarray
    keys_s: np.ndarray
    keys: np.ndarray
    end_s: float


class Thinned(NamedTuple):
    """The part of a film to decode.

    Parameters
    ----------
    selected_keys : dict of int to bool
        Time stamps of the key frames that are decoded, and whether all frames up to the next are.
    starts_s : ndarray of float64
        First moment of each part, s.
    is_whole : ndarray of bool
        Whether all frames of a part are decoded.
    hits : ndarray of int64
        The part that is on screen at each moment of the sample; empty if key frames are the sample.
    """

    selected_keys: dict[int, bool]
    starts_s: np.ndarray
    is_whole: np.ndarray
    hits: np.ndarray

    @property
    def whole_starts_s(self) -> frozenset[float]:
        """First moments of the parts that are decoded completely."""
        return frozenset(self.starts_s[self.is_whole].tolist())


def read_packet_times(video: str | os.PathLike) -> PacketTimes:
    """Read when the frames of a film come on screen, without decoding it.

    Parameters
    ----------
    video : path
        The film.

    Returns
    -------
    PacketTimes
        Without frames whose packets have no time.
    """
    ticks, keys, end = [], [], 0
    with media.open_container(video) as container:
        stream = media.picture_stream(container)
        clock = sampling.clock_of(stream)
        for packet in media.demux(container, stream):
            shown = sampling.presented(packet, container)
            if packet.size and shown is not None:
                ticks.append(shown)
                end = max(end, sampling.end_of(packet, stream))
                if packet.is_keyframe:
                    keys.append(shown)
    keys = np.unique(np.array(keys, np.int64))
    seconds = [np.array([clock.time_s(t) for t in some]) for some in (sorted(ticks), keys)]
    return PacketTimes(*seconds, keys, clock.time_s(end))


def thin(times: PacketTimes) -> Thinned | None:
    """Choose the part of a film to decode, by the distances of its key frames.

    Parameters
    ----------
    times : PacketTimes
        When its frames come on screen.

    Returns
    -------
    Thinned or None
        None if a sample of `SHARE` of the film has fewer than `MIN_PARTS` parts, as in short films
        and in those with few key frames.
    """
    if len(times.keys) < MIN_PARTS:
        return None
    if _is_regular(times.keys_s):
        length_s = times.end_s - times.keys_s[0]
        chosen = _spaced(times.keys_s, min(length_s / MIN_KEYS, MAX_SPACING_S))
        return _thinned(times, chosen, np.zeros(0, np.int64))
    chosen = _needed(times)
    starts_s = times.keys_s[chosen]
    lengths_s = np.diff(starts_s, append=times.end_s)
    step_s = (lengths_s**2).sum() / lengths_s.sum() / SHARE
    moments_s = np.arange(starts_s[0] + step_s / 2, times.end_s, step_s)
    hits = np.searchsorted(starts_s, moments_s, "right") - 1
    return _thinned(times, chosen, hits) if len(hits) >= MIN_PARTS else None


def held_s(times: PacketTimes, measured_s: np.ndarray) -> np.ndarray:
    """Time from the measured frame of each second to the one on screen in its middle.

    Parameters
    ----------
    times : PacketTimes
        Of the film.
    measured_s : ndarray
        When the frame that was measured for each second came on screen, s.

    Returns
    -------
    ndarray of float64
        s; 0 where the frame on screen was measured.
    """
    middles_s = np.arange(len(measured_s)) + 0.5
    shown = np.searchsorted(times.frames_s, middles_s, "right") - 1
    return np.maximum(times.frames_s[shown.clip(0)] - measured_s, 0)


def median_error(values: np.ndarray, held: np.ndarray, thinned: Thinned) -> float:
    """Expected error of the median over a film's seconds.

    It is estimated for the rank of the median, the share of seconds that are not above it, and the
    distribution of the seconds turns it into one of the median (Woodruff's interval). Where key
    frames are the sample, it is the standard error of a systematic sample by successive
    differences, which is rather too large where neighbours are alike. Elsewhere both the values of
    the seconds and the held values of key frames are known in the parts of the sample: the rank
    differs between them by a mean with a standard error, and the root of the sum of their squares
    is the error.

    Parameters
    ----------
    values : ndarray
        The measure of each second.
    held : ndarray
        The measure of the key frame at the start of the part that a second is in; NaN in parts that
        are not decoded completely.
    thinned : Thinned
        What was decoded.

    Returns
    -------
    float
        In the unit of the values.

    References
    ----------
    Woodruff, Confidence intervals for medians and other position measures. JASA 47, 1952.
    Wolter, Introduction to variance estimation. 2nd ed. 2007, section 8.2.
    """
    part = part_of_seconds(thinned, len(values))
    median = np.median(values)
    below = (values <= median).astype(float)
    if len(thinned.hits):
        change = pd.Series(below - (held <= median)).groupby(part).mean()
        sample = change.reindex(thinned.hits, fill_value=0.0)
        rest = 1 - thinned.is_whole[part].mean()
        rank = rest * np.hypot(sample.mean(), sample.sem())
    else:
        keys = pd.Series(below).groupby(part).first()
        rank = np.sqrt((np.diff(keys) ** 2).mean() / 2 / len(keys))
    low, high = np.quantile(values, np.clip([0.5 - rank, 0.5 + rank], 0, 1))
    return float(max(median - low, high - median))


def part_of_seconds(thinned: Thinned, seconds: int) -> np.ndarray:
    """The part that is on screen in the middle of each second, shape (seconds,), int64."""
    middles_s = np.arange(seconds) + 0.5
    return (np.searchsorted(thinned.starts_s, middles_s, "right") - 1).clip(0)


def _thinned(times: PacketTimes, chosen: np.ndarray, hits: np.ndarray) -> Thinned:
    is_whole = np.isin(np.arange(len(chosen)), hits)
    selected = dict(zip(times.keys[chosen].tolist(), is_whole.tolist(), strict=True))
    return Thinned(selected, times.keys_s[chosen], is_whole, hits)


def _is_regular(keys_s: np.ndarray) -> bool:
    """Whether nearly all key frames have the same distance from the one before, within a tenth."""
    distances_s = np.diff(keys_s)
    usual_s = np.median(distances_s)
    return np.mean(np.abs(distances_s - usual_s) <= usual_s / 10) >= 0.98


def _spaced(keys_s: np.ndarray, spacing_s: float) -> np.ndarray:
    """Numbers of key frames at least `spacing_s` apart, from the first on."""
    step = int(np.ceil(spacing_s / np.median(np.diff(keys_s)) - 0.1))
    return np.arange(0, len(keys_s), max(step, 1))


def _needed(times: PacketTimes) -> np.ndarray:
    """Numbers of the key frames that are the last before the middle of a second."""
    middles_s = np.arange(times.keys_s[0] // 1, times.end_s) + 0.5
    last = np.searchsorted(times.keys_s, middles_s, "right") - 1
    return np.unique(last[(last >= 0) & (middles_s < times.end_s)])
