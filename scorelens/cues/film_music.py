"""How a film uses its album: number and length of cues, when they play, and what of the album."""

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from scorelens.tables import FILM_MUSIC, SPOTTING
from scorelens.tables.schemas.film_music import TENTHS

WHOLE_SHARE = 0.9  # of a track that counts as played whole
MIN_ORDERED_TRACKS = 3
Spans = tuple[np.ndarray, np.ndarray]  # starts and ends, s


def describe_film(
    film_id: str, duration_s: float, cues: pd.DataFrame, tracks: pd.DataFrame
) -> dict[str, object]:
    """Describe how a film uses its album.

    Parameters
    ----------
    film_id : str
    duration_s : float
        Running time, s.
    cues, tracks : DataFrame
        Rows of CUES and of TRACKS of the film.

    Returns
    -------
    dict
        A row of FILM_MUSIC.
    """
    spans = film_spans(cues, duration_s)
    music_s, overlap_s = total_s(union(spans)), total_s(union(overlaps(spans)))
    played = played_shares(cues, tracks)
    cues_of_track = tracks.track_id.map(cues.track_id.value_counts()).fillna(0)
    values = (
        film_id,
        len(cues),
        float(np.median(spans[1] - spans[0])) if len(cues) else np.nan,
        music_s / duration_s,
        overlap_s / music_s if music_s else np.nan,
        longest_gap_s(spans, duration_s),
        len(tracks),
        float((played == 0).mean()),
        float(((played > 0) & (played < WHOLE_SHARE)).mean()),
        float((cues_of_track >= 2).mean()),
        float(np.average(played, weights=tracks.duration_s)),
        album_order(cues, tracks),
    )
    return dict(zip(FILM_MUSIC.names, values, strict=True))


def spot_film(film_id: str, duration_s: float, cues: pd.DataFrame) -> pd.DataFrame:
    """Measure how much of each tenth of a film has music.

    Parameters
    ----------
    film_id : str
    duration_s : float
        Running time, s.
    cues : DataFrame
        Rows of CUES of the film.

    Returns
    -------
    DataFrame
        Rows of SPOTTING.
    """
    shares = covered_shares(film_spans(cues, duration_s), duration_s, TENTHS)
    values = (film_id, range(1, TENTHS + 1), shares)
    return pd.DataFrame(dict(zip(SPOTTING.names, values, strict=True)))


def covered_shares(spans: Spans, duration_s: float, bins: int) -> np.ndarray:
    """Measure which share of each of some equal parts of a film spans cover.

    Parameters
    ----------
    spans : tuple of ndarray, shape (n,)
        Starts and ends, within the film.
    duration_s : float
        Running time, s.
    bins : int
        Parts of the film.

    Returns
    -------
    ndarray, shape (bins,)
        0..1; where spans overlap they count once.

    Examples
    --------
    >>> covered_shares((np.array([2.0, 3.0]), np.array([4.0, 5.0])), 8.0, 2).tolist()
    [0.5, 0.25]
    """
    starts, ends = union(spans)
    edges = np.linspace(0, duration_s, bins + 1)[:, None]
    inside = np.clip(ends, edges[:-1], edges[1:]) - np.clip(starts, edges[:-1], edges[1:])
    return np.minimum(inside.sum(1) / edges[1], 1)


def film_spans(cues: pd.DataFrame, duration_s: float) -> Spans:
    """Starts and ends of cues, as far as they lie in the film.

    Parameters
    ----------
    cues : DataFrame
        Rows of CUES.
    duration_s : float
        Running time, s.

    Returns
    -------
    starts, ends : ndarray, shape (cues,)
    """
    starts, ends = (cues[name].to_numpy(float) for name in ("film_start_s", "film_end_s"))
    return np.clip(starts, 0, duration_s), np.clip(ends, 0, duration_s)


def union(spans: Spans) -> Spans:
    """Join spans that overlap or touch.

    Parameters
    ----------
    spans : tuple of ndarray, shape (n,)
        Starts and ends.

    Returns
    -------
    tuple of ndarray, shape (m,)
        In order of time.

    Examples
    --------
    >>> [edges.tolist() for edges in union((np.array([5.0, 0, 8]), np.array([7.0, 5, 9])))]
    [[0.0, 8.0], [7.0, 9.0]]
    """
    starts, reach = _ordered(spans)
    is_first = np.append(True, starts[1:] > reach[:-1])[: len(starts)]
    return starts[is_first], reach[np.append(is_first[1:], True)[: len(starts)]]


def overlaps(spans: Spans) -> Spans:
    """Where two spans or more overlap.

    Parameters
    ----------
    spans : tuple of ndarray, shape (n,)
        Starts and ends.

    Returns
    -------
    tuple of ndarray, shape (m,)
        They may overlap in turn.

    Examples
    --------
    >>> [edges.tolist() for edges in overlaps((np.array([0.0, 3, 4]), np.array([5.0, 4, 9])))]
    [[3.0, 4.0], [4.0, 5.0]]
    """
    starts, reach = _ordered(spans)
    ends = spans[1][np.argsort(spans[0], kind="stable")]
    starts, ends = starts[1:], np.minimum(ends[1:], reach[:-1])
    return starts[ends > starts], ends[ends > starts]


def total_s(spans: Spans) -> float:
    """Total length of spans, s."""
    return float((spans[1] - spans[0]).sum())


def longest_gap_s(spans: Spans, duration_s: float) -> float:
    """Longest time of a film outside all spans.

    Parameters
    ----------
    spans : tuple of ndarray, shape (n,)
        Starts and ends, within the film.
    duration_s : float
        Running time, s.

    Returns
    -------
    float
        s.

    Examples
    --------
    >>> longest_gap_s((np.array([2.0, 5.0]), np.array([3.0, 6.0])), 10.0)
    4.0
    """
    starts, ends = union(spans)
    return float((np.append(starts, duration_s) - np.append(0, ends)).max())


def played_shares(cues: pd.DataFrame, tracks: pd.DataFrame) -> np.ndarray:
    """Share of each track that cues play, a passage that several play once.

    Parameters
    ----------
    cues, tracks : DataFrame
        Rows of CUES and of TRACKS of a film.

    Returns
    -------
    ndarray, shape (tracks,)
        0..1.
    """
    by_track = dict(list(cues.groupby("track_id")))
    played_s = [
        total_s(union(_track_spans(by_track.get(track.track_id, cues[:0]), track.duration_s)))
        for track in tracks.itertuples()
    ]
    return np.array(played_s) / tracks.duration_s.to_numpy()


def album_order(cues: pd.DataFrame, tracks: pd.DataFrame) -> float:
    """Rank correlation of the order of tracks on the album and of their first cues in the film.

    Parameters
    ----------
    cues, tracks : DataFrame
        Rows of CUES and of TRACKS of a film.

    Returns
    -------
    float
        Kendall's tau b, -1..1; NaN if fewer than three tracks play.

    References
    ----------
    Kendall, A new measure of rank correlation, Biometrika 30, 1938.
    """
    first_s = cues.groupby("track_id").film_start_s.min()
    positions = album_positions(tracks)[first_s.index]
    if len(first_s) < MIN_ORDERED_TRACKS:
        return np.nan
    return float(kendalltau(positions, first_s).statistic)


def album_positions(tracks: pd.DataFrame) -> pd.Series:
    """Position of each track on its album: by disc and number, or by file if one has no number.

    Parameters
    ----------
    tracks : DataFrame
        Rows of TRACKS of a film, in the order of the files.

    Returns
    -------
    Series of int
        From 0, by track_id.
    """
    ordered = tracks
    if tracks.number.notna().all():
        ordered = tracks.assign(disc=tracks.disc.fillna(1)).sort_values(
            ["disc", "number"], kind="stable"
        )
    return pd.Series(range(len(tracks)), index=ordered.track_id)


def _track_spans(cues: pd.DataFrame, duration_s: float) -> Spans:
    starts = cues.track_start_s.to_numpy(float)
    ends = starts + ((cues.film_end_s - cues.film_start_s) * cues.speed).to_numpy(float)
    return np.clip(starts, 0, duration_s), np.clip(ends, 0, duration_s)


def _ordered(spans: Spans) -> Spans:
    """Starts in order of time, and the latest end up to each."""
    order = np.argsort(spans[0], kind="stable")
    return spans[0][order], np.maximum.accumulate(spans[1][order])
