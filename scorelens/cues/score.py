"""Predicted cues against the truth, by the second and by the cue.

By the second: every whole second is looked at in its middle. Precision is the share of predicted
(second, track) pairs in which that track really plays, with 1 s of tolerance at the edges of a
true cue; recall is the share of true (second, track) pairs that are predicted.
By the cue: a predicted cue is right if at least half of it lies on one true cue of its track; a
true cue is found if a right prediction of its track overlaps it.
A decoy is music of no album track: whatever is predicted there is wrong.
"""

import dataclasses
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.tables import read_table

EDGE_S = 1.0
PLACE_S = 0.1  # a place in the track is right within so much

log = logging.getLogger(__name__)


@dataclass
class Counts:
    """What the measures of one group are made of; seconds, cues and lists of errors in seconds."""

    predicted_s: int = 0
    right_s: int = 0
    true_s: int = 0
    found_s: int = 0
    predicted_cues: int = 0
    right_cues: int = 0
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
) -> None:
    """Write `tables.CUE_SCORES` for films whose cue tables and truth tables come in the same order.

    The cue tables are named after their films.
    """
    films = [
        (Path(cue).stem, read_table(cue, tables.CUES), read_table(truth, tables.TRUTH))
        for cue, truth in zip(cues, truths, strict=True)
    ]
    frame = score_films(films)
    tables.write_table(frame, scores, tables.CUE_SCORES)
    log.info("all films:\n%s", frame.iloc[0].to_string())


def score_films(films: Sequence[tuple[str, pd.DataFrame, pd.DataFrame]]) -> pd.DataFrame:
    """Score films, each given as id, cues (`tables.CUES`) and truth (`tables.TRUTH`).

    Returns a frame of `tables.CUE_SCORES`: all films pooled, each film, and each signal-to-noise
    ratio from high to low. A ratio's row counts only what lies inside true album cues of that
    ratio, so it has no cue precision; its `predicted_cues` lie by half on such a cue.
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
    kinds = {c.name: c.dtype for c in tables.CUE_SCORES.columns if c.dtype == "float64"}
    return pd.DataFrame(rows, columns=tables.CUE_SCORES.names).astype(kinds)


def count(cues: pd.DataFrame, truth: pd.DataFrame, snr_db: float | None = None) -> Counts:
    """Count for one film, in all or inside the true album cues of one signal-to-noise ratio."""
    codes = pd.Index(pd.concat([cues.track_id, truth.track_id]).unique())
    album = truth[~truth.decoy]
    chosen = np.ones(len(album), bool) if snr_db is None else (album.snr_db == snr_db).to_numpy()
    return _count_seconds(cues, truth, codes, chosen, everywhere=snr_db is None) + _count_cues(
        cues, album, chosen, everywhere=snr_db is None
    )


def _count_seconds(cues, truth, codes, chosen, everywhere) -> Counts:
    album = truth[~truth.decoy]
    guessed = np.unique(_pairs(cues, codes))
    right = np.isin(guessed, _pairs(album, codes, EDGE_S))
    true = _pairs(album[chosen], codes)
    seconds = guessed // len(codes) if len(codes) else guessed
    here = np.isin(seconds, _seconds(album[chosen])) | everywhere
    on_decoy = np.isin(seconds, _seconds(truth[truth.decoy]))
    return Counts(
        predicted_s=int(here.sum()),
        right_s=int((right & here).sum()),
        true_s=len(true),
        found_s=int(np.isin(true, guessed).sum()),
        decoy_s=int((on_decoy & ~right & here).sum()),
    )


def judge_cues(cues: pd.DataFrame, album: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Which cues are right, bool (predicted,), and which true ones each finds, (predicted, true).

    album: the truth without its decoys.
    """
    shared = _overlaps(cues, album)
    same = cues.track_id.to_numpy()[:, None] == album.track_id.to_numpy()
    right = (_on_half(cues, shared) & same).any(axis=1)
    return right, same & right[:, None] & (shared > 0)


def _on_half(cues, shared) -> np.ndarray:
    return 2 * shared >= (cues.film_end_s - cues.film_start_s).to_numpy()[:, None]


def _count_cues(cues, album, chosen, everywhere) -> Counts:
    shared = _overlaps(cues, album)
    right, finds = judge_cues(cues, album)
    found = finds.any(axis=0)
    here = _on_half(cues, shared)[:, chosen].any(axis=1) | everywhere
    boundary, offset, placed = _errors(cues[right], album, (shared * finds)[right], chosen)
    return Counts(
        predicted_cues=int(here.sum()),
        right_cues=int((right & here).sum()),
        true_cues=int(chosen.sum()),
        found_cues=int((found & chosen).sum()),
        placed_cues=placed,
        boundary_errors_s=boundary,
        offset_errors_s=offset,
    )


def _errors(right, album, shared, chosen) -> tuple[list[float], list[float], int]:
    """Errors of the edges and of the place in the track, in s, against the true cue of each right
    one, and how many are at the true place or state it among the equal ones.
    """
    if not len(right):
        return [], [], 0
    partner = shared.argmax(axis=1)
    right, true = right[chosen[partner]], album.iloc[partner[chosen[partner]]]
    start = right.film_start_s.to_numpy() - true.film_start_s.to_numpy()
    end = right.film_end_s.to_numpy() - true.film_end_s.to_numpy()
    due = true.track_start_s.to_numpy() + start * right.speed.to_numpy()
    offset = np.abs(right.track_start_s.to_numpy() - due)
    equal = [
        min((abs(place - at) for place in places), default=np.inf)
        for places, at in zip(right.equal_starts_s, due, strict=True)
    ]
    placed = int((np.minimum(offset, equal) <= PLACE_S).sum())
    return np.abs([*start, *end]).tolist(), offset.tolist(), placed


def _pairs(cues: pd.DataFrame, codes: pd.Index, pad_s: float = 0.0) -> np.ndarray:
    """Each second of each cue with its track, as one number, second * len(codes) + track."""
    track = np.repeat(codes.get_indexer(cues.track_id), [len(s) for s in _spans(cues, pad_s)])
    return _seconds(cues, pad_s) * len(codes) + track


def _seconds(cues: pd.DataFrame, pad_s: float = 0.0) -> np.ndarray:
    """The whole seconds of each cue, one cue after the other."""
    return np.concatenate([np.zeros(0, np.int64), *_spans(cues, pad_s)])


def _spans(cues: pd.DataFrame, pad_s: float) -> list[np.ndarray]:
    """The whole seconds whose middle lies in each cue, widened by `pad_s`."""
    first = np.maximum(0, np.ceil(cues.film_start_s.to_numpy() - pad_s - 0.5))
    last = np.floor(cues.film_end_s.to_numpy() + pad_s - 0.5)
    return [np.arange(a, b + 1, dtype=np.int64) for a, b in zip(first, last, strict=True)]


def _overlaps(cues: pd.DataFrame, album: pd.DataFrame) -> np.ndarray:
    """Seconds that each predicted cue shares with each true one, (predicted, true)."""
    start = np.maximum.outer(cues.film_start_s.to_numpy(), album.film_start_s.to_numpy())
    end = np.minimum.outer(cues.film_end_s.to_numpy(), album.film_end_s.to_numpy())
    return np.maximum(0, end - start)


def _row(group: str, value: str, counts: Counts) -> dict[str, object]:
    precision = _ratio(counts.right_s, counts.predicted_s)
    recall = _ratio(counts.found_s, counts.true_s)
    return {
        "group": group,
        "value": value,
        "time_precision": precision,
        "time_recall": recall,
        "time_f1": 2 * precision * recall / (precision + recall) if precision and recall else 0.0,
        "cue_precision": _ratio(counts.right_cues, counts.predicted_cues),
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
