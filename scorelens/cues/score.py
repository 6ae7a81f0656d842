"""Scores predicted cues against the true ones, by the second and by the cue.

By the second: every whole second counts by its middle. Precision is the share of predicted (second,
track) pairs in which that track really plays, with a tolerance of 1 s at the edges of a true cue;
recall is the share of true (second, track) pairs that are predicted.
By the cue: a predicted cue is correct if at least half of it lies on one true cue of its track; a
true cue is found if a correct prediction of its track overlaps it.
A decoy is music of no album track: whatever is predicted there is wrong.
"""

import dataclasses
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.tables import read_table

EDGE_TOLERANCE_S = 1.0
OFFSET_TOLERANCE_S = 0.1  # of the position in the track

log = logging.getLogger(__name__)


@dataclass
class Counts:
    """Counts that the metrics of one group of cues are computed from.

    Parameters
    ----------
    predicted_s, correct_s, true_s, found_s : int
        Seconds predicted, of those correct; true seconds, of those found.
    predicted_cues, correct_cues, true_cues, found_cues : int
        The same for cues.
    decoy_s : int
        Seconds predicted on decoys.
    placed_cues : int
        Correct cues at the true position of the track.
    boundary_errors_s, offset_errors_s : list of float
        Absolute errors of the edges and of the position in the track, of correct cues, in seconds.
    """

    predicted_s: int = 0
    correct_s: int = 0
    true_s: int = 0
    found_s: int = 0
    predicted_cues: int = 0
    correct_cues: int = 0
    true_cues: int = 0
    found_cues: int = 0
    decoy_s: int = 0
    placed_cues: int = 0
    boundary_errors_s: list[float] = field(default_factory=list)
    offset_errors_s: list[float] = field(default_factory=list)

    def __add__(self, other: "Counts") -> "Counts":
        names = [f.name for f in dataclasses.fields(self)]
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in names})


def score_cues(
    cues: Sequence[str | os.PathLike],
    truths: Sequence[str | os.PathLike],
    scores: str | os.PathLike,
    corrected: Sequence[str | os.PathLike] = (),
) -> None:
    """Score the cues of all films and write one table.

    Parameters
    ----------
    cues, truths : sequence of path
        The films' tables of CUES, named after the films, and of TRUTH, in the same order.
    scores : path
        Where CUE_SCORES goes.
    corrected : sequence of path
        Corrected tables of CUES, named after their films; they get rows of their own.
    """
    films = [
        (Path(cue).stem, read_table(cue, tables.CUES), read_table(truth, tables.TRUTH))
        for cue, truth in zip(cues, truths, strict=True)
    ]
    corrections = {Path(path).stem: read_table(path, tables.CUES) for path in corrected}
    frame = score_films(films, corrections)
    tables.write_table(frame, scores, tables.CUE_SCORES)
    log.info("all films:\n%s", frame.iloc[0].to_string())


def score_films(
    films: Sequence[tuple[str, pd.DataFrame, pd.DataFrame]],
    corrected: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Score the cues of films.

    Parameters
    ----------
    films : sequence of (str, pandas.DataFrame, pandas.DataFrame)
        film_id and rows of CUES and of TRUTH.
    corrected : mapping of str to pandas.DataFrame, optional
        Corrected rows of CUES by film_id.

    Returns
    -------
    pandas.DataFrame
        Rows of CUE_SCORES: all films pooled, each film, and each signal-to-noise ratio from high to
        low; then, if any is corrected, all films with the corrected cues in the place of others,
        and each corrected film. The row of a ratio counts only what lies inside true album cues of
        that ratio, so it has no cue precision; at least half of each of its `predicted_cues` lies
        on such a cue.
    """
    pooled, by_film, by_snr = Counts(), {}, {}
    for film, cues, truth in films:
        by_film[film] = count(cues, truth)
        pooled += by_film[film]
        for snr_db in truth.snr_db[~truth.decoy].unique():
            by_snr[snr_db] = by_snr.get(snr_db, Counts()) + count(cues, truth, snr_db)
    rows = [_row("all", "all", pooled)]
    rows += [_row("film", film, by_film[film]) for film in sorted(by_film)]
    rows += [
        _row("snr", f"{snr_db:g}", by_snr[snr_db]) | {"cue_precision": None}
        for snr_db in sorted(by_snr, reverse=True)
    ]
    rows += _corrected_rows(films, by_film, corrected or {})
    dtypes = {c.name: c.dtype for c in tables.CUE_SCORES.columns if c.dtype == "float64"}
    return pd.DataFrame(rows, columns=tables.CUE_SCORES.names).astype(dtypes)


def _corrected_rows(films, by_film: Mapping[str, Counts], corrected) -> list[dict[str, object]]:
    counts = {film: count(corrected[film], truth) for film, _, truth in films if film in corrected}
    if not counts:
        return []
    pooled = sum((by_film | counts).values(), Counts())
    rows = [_row("corrected_film", film, counts[film]) for film in sorted(counts)]
    return [_row("corrected_all", "all", pooled), *rows]


def count(cues: pd.DataFrame, truth: pd.DataFrame, snr_db: float | None = None) -> Counts:
    """Count seconds and cues of one film.

    Parameters
    ----------
    cues, truth : pandas.DataFrame
        Rows of CUES and of TRUTH.
    snr_db : float, optional
        Count only inside the true album cues of this signal-to-noise ratio, in dB.

    Returns
    -------
    Counts
    """
    track_ids = pd.Index(pd.concat([cues.track_id, truth.track_id]).unique())
    album = truth[~truth.decoy]
    chosen = np.ones(len(album), bool) if snr_db is None else (album.snr_db == snr_db).to_numpy()
    everywhere = snr_db is None
    seconds = _count_seconds(cues, truth, track_ids, chosen, everywhere)
    return seconds + _count_cues(cues, album, chosen, everywhere)


def compare_cues(cues: pd.DataFrame, album: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Find which predicted cues are correct, and which true ones they find.

    Parameters
    ----------
    cues : pandas.DataFrame
        Rows of CUES of one film.
    album : pandas.DataFrame
        Rows of TRUTH without the decoys.

    Returns
    -------
    correct : ndarray of bool, shape (predicted,)
    matches : ndarray of bool, shape (predicted, true)
        Which true cues each correct one finds.
    """
    shared = overlap_s(cues, album)
    same = cues.track_id.to_numpy()[:, None] == album.track_id.to_numpy()
    correct = (lies_half(cues, shared) & same).any(axis=1)
    return correct, same & correct[:, None] & (shared > 0)


def _count_seconds(cues, truth, track_ids, chosen, everywhere) -> Counts:
    album = truth[~truth.decoy]
    predicted = np.unique(track_seconds(cues, track_ids))
    correct = np.isin(predicted, track_seconds(album, track_ids, EDGE_TOLERANCE_S))
    true = track_seconds(album[chosen], track_ids)
    seconds = predicted // len(track_ids) if len(track_ids) else predicted
    counted = np.isin(seconds, film_seconds(album[chosen])) | everywhere
    on_decoy = np.isin(seconds, film_seconds(truth[truth.decoy]))
    return Counts(
        predicted_s=int(counted.sum()),
        correct_s=int((correct & counted).sum()),
        true_s=len(true),
        found_s=int(np.isin(true, predicted).sum()),
        decoy_s=int((on_decoy & ~correct & counted).sum()),
    )


def lies_half(cues: pd.DataFrame, shared: np.ndarray) -> np.ndarray:
    """Find whether at least half of each predicted cue lies on each true one.

    Parameters
    ----------
    cues : pandas.DataFrame
        Predicted cues, with `film_start_s` and `film_end_s`.
    shared : ndarray of float, shape (predicted, true)
        Seconds in common, from `overlap_s`.

    Returns
    -------
    ndarray of bool, shape (predicted, true)
    """
    return 2 * shared >= (cues.film_end_s - cues.film_start_s).to_numpy()[:, None]


def _count_cues(cues, album, chosen, everywhere) -> Counts:
    shared = overlap_s(cues, album)
    correct, matches = compare_cues(cues, album)
    matched = matches.any(axis=0)
    counted = lies_half(cues, shared)[:, chosen].any(axis=1) | everywhere
    boundary, offset, placed = _errors(cues[correct], album, (shared * matches)[correct], chosen)
    return Counts(
        predicted_cues=int(counted.sum()),
        correct_cues=int((correct & counted).sum()),
        true_cues=int(chosen.sum()),
        found_cues=int((matched & chosen).sum()),
        placed_cues=placed,
        boundary_errors_s=boundary,
        offset_errors_s=offset,
    )


def _errors(correct, album, shared, chosen) -> tuple[list[float], list[float], int]:
    """Errors of edges and offsets in s, and how many cues have the true offset or list it."""
    if not len(correct):
        return [], [], 0
    partner = shared.argmax(axis=1)
    correct, true = correct[chosen[partner]], album.iloc[partner[chosen[partner]]]
    start = correct.film_start_s.to_numpy() - true.film_start_s.to_numpy()
    end = correct.film_end_s.to_numpy() - true.film_end_s.to_numpy()
    expected = true.track_start_s.to_numpy() + start * correct.speed.to_numpy()
    offset = np.abs(correct.track_start_s.to_numpy() - expected)
    equal = [
        min((abs(other - at) for other in others), default=np.inf)
        for others, at in zip(correct.equal_starts_s, expected, strict=True)
    ]
    placed = int((np.minimum(offset, equal) <= OFFSET_TOLERANCE_S).sum())
    return np.abs([*start, *end]).tolist(), offset.tolist(), placed


def track_seconds(cues: pd.DataFrame, track_ids: pd.Index, pad_s: float = 0.0) -> np.ndarray:
    """List each whole second of each cue with its track.

    Parameters
    ----------
    cues : pandas.DataFrame
        With `track_id`, `film_start_s` and `film_end_s`.
    track_ids : pandas.Index
        All tracks.
    pad_s : float
        Seconds by which each cue is widened at both edges.

    Returns
    -------
    ndarray of int
        second * number of tracks + position of the track; a pair occurs once for each of its cues.
    """
    lengths = [len(span) for span in _spans(cues, pad_s)]
    track = np.repeat(track_ids.get_indexer(cues.track_id), lengths)
    return film_seconds(cues, pad_s) * len(track_ids) + track


def film_seconds(cues: pd.DataFrame, pad_s: float = 0.0) -> np.ndarray:
    """List the whole seconds whose middle lies in a cue, one cue after the other.

    Parameters
    ----------
    cues : pandas.DataFrame
        With `film_start_s` and `film_end_s`.
    pad_s : float
        Seconds by which each cue is widened at both edges.

    Returns
    -------
    ndarray of int
    """
    return np.concatenate([np.zeros(0, np.int64), *_spans(cues, pad_s)])


def _spans(cues: pd.DataFrame, pad_s: float) -> list[np.ndarray]:
    """The whole seconds whose middle lies in each cue, widened by `pad_s`."""
    first = np.maximum(0, np.ceil(cues.film_start_s.to_numpy() - pad_s - 0.5))
    last = np.floor(cues.film_end_s.to_numpy() + pad_s - 0.5)
    return [np.arange(a, b + 1, dtype=np.int64) for a, b in zip(first, last, strict=True)]


def overlap_s(cues: pd.DataFrame, album: pd.DataFrame) -> np.ndarray:
    """Measure the time that each predicted cue shares with each true one.

    Parameters
    ----------
    cues, album : pandas.DataFrame
        Predicted and true cues, with `film_start_s` and `film_end_s`.

    Returns
    -------
    ndarray of float, shape (predicted, true)
        Seconds.
    """
    start = np.maximum.outer(cues.film_start_s.to_numpy(), album.film_start_s.to_numpy())
    end = np.minimum.outer(cues.film_end_s.to_numpy(), album.film_end_s.to_numpy())
    return np.maximum(0, end - start)


def _row(group: str, value: str, counts: Counts) -> dict[str, object]:
    precision = _ratio(counts.correct_s, counts.predicted_s)
    recall = _ratio(counts.found_s, counts.true_s)
    return {
        "group": group,
        "value": value,
        "time_precision": precision,
        "time_recall": recall,
        "time_f1": 2 * precision * recall / (precision + recall) if precision and recall else 0.0,
        "cue_precision": _ratio(counts.correct_cues, counts.predicted_cues),
        "cue_recall": _ratio(counts.found_cues, counts.true_cues),
        "true_s": counts.true_s,
        "true_cues": counts.true_cues,
        "predicted_cues": counts.predicted_cues,
        "decoy_s": counts.decoy_s,
        "boundary_error_s": _quantile(counts.boundary_errors_s, 0.5),
        "boundary_error_90_s": _quantile(counts.boundary_errors_s, 0.9),
        "offset_error_s": _quantile(counts.offset_errors_s, 0.5),
        "placed": _ratio(counts.placed_cues, len(counts.offset_errors_s)),
    }


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _quantile(values: list[float], share: float) -> float | None:
    return float(np.quantile(values, share)) if values else None
