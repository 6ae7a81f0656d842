"""Scores the cues of one film against an annotation, by the second and by the cue.

By the second: as in `cues.score`, a second counts by its middle, a predicted second is correct up
to EDGE_TOLERANCE_S from an annotated span, and recall has no tolerance. By the cue: a predicted cue
is correct if half of it or more lies on one annotated cue; and it is a hit if both its edges are
within EDGE_WINDOW_S of those of one annotated cue, each of which is hit once at most.
In the scope TRACK all of this holds for the same track, and where the annotation has music without
a track, predictions are neither right nor wrong and are left out.
"""

import numpy as np
import pandas as pd

from scorelens.cues.annotations import SCOPES, TRACK
from scorelens.cues.annotations.reference import (
    cues_in_scope,
    in_scope,
    music_runs,
    names_tracks,
    undecided_spans,
)
from scorelens.cues.score import (
    EDGE_TOLERANCE_S,
    compare_cues,
    film_seconds,
    lies_half,
    overlap_s,
    track_seconds,
)
from scorelens.evaluation.agreement import matched_events

# Window of structural boundaries: Turnbull et al., "A supervised approach for detecting boundaries
# in music using difference features and boosting", ISMIR 2007.
EDGE_WINDOW_S = 3.0
RATIOS = {
    "precision": ("correct_s", "predicted_s"),
    "recall": ("matched_s", "true_s"),
    "cue_precision": ("correct_cues", "predicted_cues"),
    "cue_recall": ("matched_cues", "true_cues"),
    "edge_precision": ("edge_hits", "predicted_cues"),
    "edge_recall": ("edge_hits", "true_cues"),
}
F1S = {
    "f1": ("precision", "recall"),
    "cue_f1": ("cue_precision", "cue_recall"),
    "edge_f1": ("edge_precision", "edge_recall"),
}


def score_film(cues: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
    """Score the cues of a film against one annotation.

    Parameters
    ----------
    cues : DataFrame
        Rows of CUES.
    spans : DataFrame
        Annotated spans, the columns of SPAN_COLUMNS.

    Returns
    -------
    DataFrame
        The columns of ANNOTATION_FILM_SCORES but the film and the reference; a row for each scope.
        The scope TRACK is left out if the annotation names no track.
    """
    scopes = [scope for scope in SCOPES if scope != TRACK or names_tracks(spans)]
    return with_measures(pd.DataFrame([_count(cues, spans, scope) for scope in scopes]))


def with_measures(counts: pd.DataFrame) -> pd.DataFrame:
    """Add precision, recall and F1 to counts.

    Parameters
    ----------
    counts : DataFrame
        The columns that RATIOS names.

    Returns
    -------
    DataFrame
        With the columns of RATIOS and F1S; NaN where nothing counts. F1 is 0 if one of its parts is
        undefined and the other is not.
    """
    measured = counts.copy()
    for name, (part, whole) in RATIOS.items():
        measured[name] = counts[part] / counts[whole].where(counts[whole] > 0)
    for name, parts in F1S.items():
        precision, recall = (measured[part] for part in parts)
        total = precision.fillna(0) + recall.fillna(0)
        f1 = 2 * (precision * recall).fillna(0) / total.where(total > 0, 1)
        measured[name] = f1.where(precision.notna() | recall.notna())
    return measured


def decided_cues(cues: pd.DataFrame, spans: pd.DataFrame, scope: str) -> pd.DataFrame:
    """The cues that an annotation can call right or wrong, in the terms of a scope.

    Parameters
    ----------
    cues, spans : DataFrame
        Rows of CUES, and annotated spans.
    scope : str
        One of SCOPES.

    Returns
    -------
    DataFrame
        Rows of `cues`. In the scope TRACK without the undecided ones, otherwise with an empty
        `track_id`.
    """
    if scope != TRACK:
        return cues.assign(track_id="")
    undecided = undecided_spans(spans)
    correct, _ = compare_cues(cues, in_scope(spans, TRACK))
    on_undecided = lies_half(cues, overlap_s(cues, undecided)).any(axis=1)
    return cues[correct | ~on_undecided]


def _count(cues: pd.DataFrame, spans: pd.DataFrame, scope: str) -> dict[str, object]:
    undecided = undecided_spans(spans) if scope == TRACK else spans[:0]
    labelled = cues if scope == TRACK else cues.assign(track_id="")
    decided = decided_cues(cues, spans, scope) if scope == TRACK else music_runs(cues)
    return {
        "scope": scope,
        **_count_seconds(labelled, in_scope(spans, scope), undecided),
        **_count_cues(decided, cues_in_scope(spans, scope)),
    }


def _count_seconds(
    cues: pd.DataFrame, true: pd.DataFrame, undecided: pd.DataFrame
) -> dict[str, int]:
    track_ids = pd.Index(pd.concat([cues.track_id, true.track_id]).unique())
    predicted = np.unique(track_seconds(cues, track_ids))
    actual = np.unique(track_seconds(true, track_ids))
    correct = np.isin(predicted, track_seconds(true, track_ids, EDGE_TOLERANCE_S))
    seconds = predicted // max(len(track_ids), 1)
    is_undecided = ~correct & np.isin(seconds, film_seconds(undecided))
    return {
        "predicted_s": int((~is_undecided).sum()),
        "correct_s": int(correct.sum()),
        "true_s": len(actual),
        "matched_s": int(np.isin(actual, predicted).sum()),
        "undecided_s": int(is_undecided.sum()),
    }


def _count_cues(cues: pd.DataFrame, true: pd.DataFrame) -> dict[str, object]:
    correct, matches = compare_cues(cues, true)
    start_s, end_s = (
        np.abs(np.subtract.outer(cues[name].to_numpy(float), true[name].to_numpy(float)))
        for name in ("film_start_s", "film_end_s")
    )
    same = cues.track_id.to_numpy()[:, None] == true.track_id.to_numpy()
    errors = _edge_errors(start_s, end_s, overlap_s(cues, true) * matches, correct)
    return {
        "predicted_cues": len(cues),
        "correct_cues": int(correct.sum()),
        "true_cues": len(true),
        "matched_cues": int(matches.any(axis=0).sum()),
        "edge_hits": matched_events(same & (np.maximum(start_s, end_s) <= EDGE_WINDOW_S)),
        "edge_error_s": np.median(errors) if len(errors) else np.nan,
        "edge_error_90_s": np.quantile(errors, 0.9) if len(errors) else np.nan,
    }


def _edge_errors(
    start_s: np.ndarray, end_s: np.ndarray, shared: np.ndarray, correct: np.ndarray
) -> np.ndarray:
    """Errors of both edges of each correct cue, from the annotated cue that it shares most with."""
    if not correct.any():
        return np.zeros(0)
    pairs = np.flatnonzero(correct), shared[correct].argmax(axis=1)
    return np.concatenate([start_s[pairs], end_s[pairs]])
