"""Values of a film at 1 Hz as lines and segments of at most `MAX_BINS` bins of whole seconds."""

import numpy as np
import pandas as pd

from scorelens.features import PITCH_CLASSES, estimate_key

MAX_BINS = 1000
CUT_WINDOW_S = 30  # cuts are counted over this much film time
CHROMA = tuple(f"pitch.chroma_{index}.mean" for index in range(12))
FIFTHS = tuple(PITCH_CLASSES[7 * step % 12] for step in range(12))


def bin_width_s(duration_s: float) -> int:
    """Choose the width of a bin so that a film has at most `MAX_BINS`.

    Parameters
    ----------
    duration_s : float
        Running time of the film, s.

    Returns
    -------
    int
        Whole seconds.

    Examples
    --------
    >>> bin_width_s(600), bin_width_s(7200)
    (1, 8)
    """
    return max(1, int(np.ceil(duration_s / MAX_BINS)))


def binned_line(
    time_s: pd.Series, values: pd.Series, groups: pd.Series, bin_s: int
) -> tuple[np.ndarray, np.ndarray]:
    """Average values of whole seconds in bins and return the points of a line.

    The line breaks where a value is missing and between groups. Each stretch of bins starts and
    ends at the edges of the bins and has its other points in their middles, so that a single bin
    is a short line.

    Parameters
    ----------
    time_s : Series, shape (n_seconds,)
        Start of each second, s, increasing within a group.
    values : Series, shape (n_seconds,)
        One value a second; NaN is missing.
    groups : Series, shape (n_seconds,)
        Lines do not join groups, such as the cues of a film.
    bin_s : int
        Width of a bin, s.

    Returns
    -------
    x, y : ndarray, shape (n_points,)
        Film time, s, and value; NaN where the line breaks.
    """
    bins = (time_s // bin_s).astype(int).rename("bin")
    table = values.astype(float).groupby([groups, bins], sort=False).mean().dropna()
    table = table.rename("value").rename_axis(["group", "bin"]).reset_index()
    breaks = table.group.ne(table.group.shift()) | table.bin.diff().ne(1)
    x, y = [np.empty(0)], [np.empty(0)]
    for _, stretch in table.groupby(breaks.cumsum()):
        first, last = stretch.bin.iloc[[0, -1]]
        x.append(bin_s * np.r_[first, stretch.bin + 0.5, last + 1, np.nan])
        y.append(np.r_[stretch.value.iloc[0], stretch.value, stretch.value.iloc[-1], np.nan])
    return np.concatenate(x), np.concatenate(y)


def key_segments(features: pd.DataFrame, bin_s: int) -> pd.DataFrame:
    """Estimate the key of each bin from its mean chroma and join equal neighbours.

    Averaging chroma before the key is estimated is robust; averaging tonics is not: the mean of C
    and A minor is neither.

    Parameters
    ----------
    features : DataFrame
        Rows of FEATURES of the set `mir`: cue_id, time_s and the columns of `CHROMA`.
    bin_s : int
        Width of a bin, s.

    Returns
    -------
    DataFrame
        start_s and end_s (film time, s), fifth (0..11, from C upwards by fifths), major (bool).
        Bins of flat or missing chroma have no key.

    References
    ----------
    Krumhansl and Kessler 1982, key profiles, as `scorelens.features.estimate_key` uses them.
    """
    bins = (features.time_s // bin_s).astype(int).rename("bin")
    chroma = features.groupby(["cue_id", bins], sort=False)[list(CHROMA)].mean().dropna()
    _, _, mode, east, north = estimate_key(chroma.to_numpy(float)).T
    fifth = np.round(np.arctan2(north, east) / (2 * np.pi / 12)) % 12
    keys = chroma.index.to_frame(index=False).assign(fifth=fifth, major=mode > 0)
    keys = keys[~np.isnan(mode)]
    same = ["cue_id", "fifth", "major"]
    breaks = keys[same].ne(keys[same].shift()).any(axis=1) | keys.bin.diff().ne(1)
    segments = keys.groupby(breaks.cumsum())
    return pd.DataFrame(
        {
            "start_s": bin_s * segments.bin.first(),
            "end_s": bin_s * (segments.bin.last() + 1),
            "fifth": segments.fifth.first().astype(int),
            "major": segments.major.first(),
        }
    )


def cuts_per_minute(cuts: pd.Series) -> pd.Series:
    """Count cuts per minute in a window of `CUT_WINDOW_S` around each second.

    Parameters
    ----------
    cuts : Series, shape (n_seconds,)
        Cuts in each second; missing where they are not measured.

    Returns
    -------
    Series, shape (n_seconds,)
        Cuts per minute; missing where `cuts` is.
    """
    rate = 60 * cuts.astype(float).rolling(CUT_WINDOW_S, center=True, min_periods=1).mean()
    return rate.where(cuts.notna())
