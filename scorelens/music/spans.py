"""Seconds with music, and the stretches of them that no cue covers."""

import numpy as np
import pandas as pd
from scipy.ndimage import median_filter

from scorelens import tables
from scorelens.mask_runs import mask_runs

SMOOTHING_S = 5  # of the probability of music, which a word or a pause of the music breaks


def has_music(music: pd.DataFrame, music_threshold: float) -> np.ndarray:
    """Decide which seconds of a film have music.

    Parameters
    ----------
    music : DataFrame
        Rows of MUSIC of the film.
    music_threshold : float
        Probability, median over `SMOOTHING_S` seconds, from which a second has music, 0..1.

    Returns
    -------
    ndarray of bool, shape (seconds,)
    """
    probability = music.music.to_numpy(np.float64)
    return median_filter(probability, SMOOTHING_S, mode="nearest") >= music_threshold


def has_cue(seconds: int, cues: pd.DataFrame, margin_s: float = 0.5) -> np.ndarray:
    """Tell which seconds of a film a cue covers.

    Parameters
    ----------
    seconds : int
        Seconds of the film.
    cues : DataFrame
        Rows of CUES of the film.
    margin_s : float
        How near a cue must come to the middle of a second, s: 0 for its middle alone.

    Returns
    -------
    ndarray of bool, shape (seconds,)

    Examples
    --------
    >>> cues = pd.DataFrame({"film_start_s": [1.8], "film_end_s": [3.2]})
    >>> has_cue(5, cues, 0.0).astype(int).tolist()
    [0, 0, 1, 0, 0]
    >>> has_cue(5, cues, 0.5).astype(int).tolist()
    [0, 1, 1, 1, 0]
    """
    middles = np.arange(seconds)[:, None] + 0.5
    starts, ends = cues.film_start_s.to_numpy(float), cues.film_end_s.to_numpy(float)
    return ((middles > starts - margin_s) & (middles < ends + margin_s)).any(1)


def find_unknown_music(
    music: pd.DataFrame,
    cues: pd.DataFrame,
    music_threshold: float,
    min_unknown_s: float,
    cue_margin_s: float,
) -> pd.DataFrame:
    """Find where a film has music and no cue.

    Parameters
    ----------
    music, cues : DataFrame
        Rows of MUSIC and of CUES of the film.
    music_threshold : float
        As `has_music` takes it.
    min_unknown_s : float
        Shortest stretch, s.
    cue_margin_s : float
        Music this near a cue is that of the cue, s: it fades, or is too faint to match.

    Returns
    -------
    DataFrame
        Rows of UNKNOWN_MUSIC, in order of time.
    """
    near_cue = has_cue(len(music), cues, 0.5 + cue_margin_s)
    runs = mask_runs(has_music(music, music_threshold) & ~near_cue)
    long_runs = [(start, end) for start, end in runs if end - start >= min_unknown_s]
    starts, ends = np.array(long_runs, np.int64).reshape(-1, 2).T
    totals = np.append(0, music.music.to_numpy(np.float64).cumsum())
    return pd.DataFrame(
        {
            "film_id": music.film_id.iloc[0] if len(music) else "",
            "start_s": starts.astype(float),
            "end_s": ends.astype(float),
            "music": (totals[ends] - totals[starts]) / (ends - starts),
        }
    ).astype({"film_id": str})[tables.UNKNOWN_MUSIC.names]
