"""Shares of the time of a film: speech, singing, music, and which of the music is on its album."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scorelens.music.spans import has_cue, has_music
from scorelens.tables import MUSIC_SHARES


def speech_share(
    music: pd.DataFrame,
    start_s: ArrayLike,
    end_s: ArrayLike,
    speech_threshold: float,
) -> np.ndarray:
    """Measure which share of some spans of a film has speech.

    Parameters
    ----------
    music : DataFrame
        Rows of MUSIC of the film.
    start_s, end_s : array_like of float, shape (n,)
        Starts and ends of the spans, s of the film. What lies outside the film's sound does not
        count.
    speech_threshold : float
        Probability from which a second has speech, 0..1.

    Returns
    -------
    ndarray of float, shape (n,)
        0..1; NaN where a span has no sound.

    Examples
    --------
    >>> music = pd.DataFrame({"speech": [0.1, 0.9, 0.8, 0.0]})
    >>> speech_share(music, [0.0, 1.5, 3.5, 7.0], [4.0, 3.0, 9.0, 8.0], 0.2).tolist()
    [0.5, 1.0, 0.0, nan]
    """
    return _span_share(music.speech.to_numpy(float) >= speech_threshold, start_s, end_s)


def singing_share(
    music: pd.DataFrame,
    start_s: ArrayLike,
    end_s: ArrayLike,
    singing_threshold: float,
) -> np.ndarray:
    """Measure which share of some spans of a film has singing: `speech_share` for singing.

    Parameters
    ----------
    music : DataFrame
        Rows of MUSIC of the film.
    start_s, end_s : array_like of float, shape (n,)
        Starts and ends of the spans, s of the film.
    singing_threshold : float
        Probability from which a second has singing, 0..1.

    Returns
    -------
    ndarray of float, shape (n,)
        0..1; NaN where a span has no sound.
    """
    return _span_share(music.singing.to_numpy(float) >= singing_threshold, start_s, end_s)


def describe_film(
    film_id: str,
    music: pd.DataFrame,
    cues: pd.DataFrame,
    unknown: pd.DataFrame,
    thresholds: Mapping[str, float],
) -> dict[str, object]:
    """Measure how much of a film is music, speech and singing.

    Parameters
    ----------
    film_id : str
    music, cues, unknown : DataFrame
        Rows of MUSIC, CUES and UNKNOWN_MUSIC of the film.
    thresholds : mapping of str to float
        Probability from which a second has `music`, `speech` or `singing`, 0..1.

    Returns
    -------
    dict
        A row of MUSIC_SHARES.
    """
    detected, cue = has_music(music, thresholds["music"]), has_cue(len(music), cues, 0.0)
    speech, singing = (
        music[name].to_numpy(float) >= thresholds[name] for name in ("speech", "singing")
    )
    values = (
        film_id,
        len(music),
        _share(detected | cue),
        _share(cue),
        (unknown.end_s - unknown.start_s).sum() / len(music) if len(music) else np.nan,
        len(unknown),
        _share(detected[cue]),
        _share(speech),
        _share(singing),
        _share(speech[detected | cue]),
    )
    return dict(zip(MUSIC_SHARES.names, values, strict=True))


def _span_share(seconds: np.ndarray, start_s: ArrayLike, end_s: ArrayLike) -> np.ndarray:
    """Which share of each span is in the seconds that are true."""
    until_s = np.append(0.0, seconds.cumsum())  # true seconds before each whole second
    edges = np.arange(len(until_s))
    starts, ends = (np.clip(np.asarray(s, float), 0, len(seconds)) for s in (start_s, end_s))
    true_s = np.interp(ends, edges, until_s) - np.interp(starts, edges, until_s)
    with np.errstate(invalid="ignore"):
        return np.where(ends > starts, true_s / (ends - starts), np.nan)


def _share(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan
