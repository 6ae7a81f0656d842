"""What a film's strip shows, as plain values in bins of whole seconds, `POINTS` of them at most.

A trace breaks where there is no cue and where a value is missing. Cues that overlap have a trace
each.
"""

import numpy as np
import pandas as pd

from scorelens.features import tonality
from scorelens.features.columns import PITCH_CLASSES

POINTS = 1000
RATE_S = 30  # cuts are counted over this much film time
QUIETEST_DB = -60.0
CHROMA = tuple(f"pitch.chroma_{index}.mean" for index in range(12))
FIFTHS = tuple(PITCH_CLASSES[7 * step % 12] for step in range(12))


def bin_s(duration_s: float) -> int:
    """The width of a bin, whole s, so that a film has `POINTS` bins at most."""
    return max(1, int(np.ceil(duration_s / POINTS)))


def trace(
    time_s: pd.Series, values: pd.Series, groups: pd.Series, step_s: int
) -> tuple[np.ndarray, np.ndarray]:
    """Values of whole seconds as the points of a line: means of bins, NaN where the line breaks.

    time_s: start of each second, s, in order in its group. values: one a second, missing or not.
    groups: what a line must not join, such as the cue of each second. step_s: width of a bin, s.
    Returns film times, s, and values, (n,) each. A stretch of bins starts and ends at their edges
    and has its other points in their middles, so that a single bin is a short line.
    """
    bins = (time_s // step_s).astype(int).rename("bin")
    table = values.astype(float).groupby([groups, bins], sort=False).mean().dropna()
    table = table.rename("value").rename_axis(["group", "bin"]).reset_index()
    breaks = table.group.ne(table.group.shift()) | table.bin.diff().ne(1)
    x, y = [np.empty(0)], [np.empty(0)]
    for _, run in table.groupby(breaks.cumsum()):
        first, last = run.bin.iloc[[0, -1]]
        x.append(step_s * np.r_[first, run.bin + 0.5, last + 1, np.nan])
        y.append(np.r_[run.value.iloc[0], run.value, run.value.iloc[-1], np.nan])
    return np.concatenate(x), np.concatenate(y)


def key_runs(features: pd.DataFrame, step_s: int) -> pd.DataFrame:
    """Stretches of one key: `start_s`, `end_s`, `fifth` (0..11 from C up by fifths), `major`.

    features: rows of FEATURES of the set `mir`. A bin's key is the one whose profile fits its mean
    chroma best, as in `features.tonality.key`: a mean of the tonics themselves would lie between C
    and A minor. A bin of flat or missing chroma has no key.
    """
    bins = (features.time_s // step_s).astype(int).rename("bin")
    chroma = features.groupby(["cue_id", bins], sort=False)[list(CHROMA)].mean().dropna()
    _, _, mode, east, north = tonality.key(chroma.to_numpy(float)).T
    fifth = np.round(np.arctan2(north, east) / (2 * np.pi / 12)) % 12
    keys = chroma.index.to_frame(index=False).assign(fifth=fifth, major=mode > 0)
    keys = keys[~np.isnan(mode)]
    same = ["cue_id", "fifth", "major"]
    breaks = keys[same].ne(keys[same].shift()).any(axis=1) | keys.bin.diff().ne(1)
    runs = keys.groupby(breaks.cumsum())
    return pd.DataFrame(
        {
            "start_s": step_s * runs.bin.first(),
            "end_s": step_s * (runs.bin.last() + 1),
            "fifth": runs.fifth.first().astype(int),
            "major": runs.major.first(),
        }
    )


def decibels(rms: pd.Series) -> pd.Series:
    """Root mean squares of samples of -1..1 in dB; what is below `QUIETEST_DB` is set to it."""
    return 20 * np.log10(rms.clip(lower=10 ** (QUIETEST_DB / 20)))


def cuts_a_minute(cuts: pd.Series) -> pd.Series:
    """Cuts a minute in `RATE_S` round each second, from cuts a second; missing where cuts are."""
    rate = 60 * cuts.astype(float).rolling(RATE_S, center=True, min_periods=1).mean()
    return rate.where(cuts.notna())
