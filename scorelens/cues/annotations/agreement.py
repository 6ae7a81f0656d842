"""How the annotators of one film agree, by the second and at the edges of cues."""

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from scorelens.cues.annotations import ALL, SCOPES, TRACK
from scorelens.cues.annotations.film_scores import EDGE_WINDOW_S
from scorelens.cues.annotations.reference import (
    cues_in_scope,
    in_scope,
    names_tracks,
    second_mask,
)
from scorelens.cues.score import track_seconds
from scorelens.evaluation.agreement import (
    MISSING,
    cohen_kappa,
    krippendorff_alpha,
    matched_events,
)

OFF_ALBUM = "-"  # instead of a track; no id has this form
FIRST_TRACK = 2  # label in the scope TRACK, after those of no music and of music off the album
COLUMNS = ["first", "second", "scope", "measure", "value"]


def compare_annotators(by_annotator: Mapping[str, pd.DataFrame], duration_s: float) -> pd.DataFrame:
    """Compare the annotators of a film, two by two and all together.

    Parameters
    ----------
    by_annotator : mapping of str to DataFrame
        Annotated spans by annotator, the columns of SPAN_COLUMNS.
    duration_s : float
        Running time of the film.

    Returns
    -------
    DataFrame
        The columns of ANNOTATION_FILM_AGREEMENT but the film. Without rows for one annotator. In
        the scope TRACK those count who name tracks.
    """
    rows = []
    for scope in SCOPES:
        chosen = {
            name: spans
            for name, spans in sorted(by_annotator.items())
            if scope != TRACK or names_tracks(spans)
        }
        labels = label_seconds(chosen, scope, duration_s)
        for first, second in combinations(chosen, 2):
            spans = [cues_in_scope(chosen[name], scope) for name in (first, second)]
            pair = [*_measures(labels[first], labels[second], scope), ("edge_f1", edge_f1(*spans))]
            rows += [(first, second, scope, *measured) for measured in pair]
        if len(chosen) > 1:
            alpha = krippendorff_alpha(np.array([*labels.values()]))
            rows.append((ALL, ALL, scope, "alpha", alpha))
    return pd.DataFrame(rows, columns=COLUMNS)


def label_seconds(
    by_annotator: Mapping[str, pd.DataFrame], scope: str, duration_s: float
) -> dict[str, np.ndarray]:
    """Label every second of a film by each annotator.

    Parameters
    ----------
    by_annotator : mapping of str to DataFrame
        Annotated spans by annotator.
    scope : str
        One of SCOPES.
    duration_s : float
        Running time of the film.

    Returns
    -------
    dict of str to ndarray of int, shape (seconds,)
        0 without music. In the scope TRACK 1 for music of no track of the album, MISSING for that
        of an unknown track, and from 2 the tracks, the one that starts last if there are several;
        otherwise 1 for music.
    """
    length = int(duration_s + 0.5)  # seconds whose middle is in the film
    if scope != TRACK:
        return {
            name: second_mask(in_scope(spans, scope), length).astype(int)
            for name, spans in by_annotator.items()
        }
    tracks = sorted({track for spans in by_annotator.values() for track in spans.track_id if track})
    keys = pd.Index(["", OFF_ALBUM, *tracks])
    codes = np.array([MISSING, *range(1, len(keys))])
    return {name: _track_labels(spans, keys, codes, length) for name, spans in by_annotator.items()}


def _track_labels(
    spans: pd.DataFrame, keys: pd.Index, codes: np.ndarray, length: int
) -> np.ndarray:
    ordered = spans.sort_values("film_start_s", kind="stable")
    keyed = ordered.assign(track_id=ordered.track_id.mask(ordered.off_album, OFF_ALBUM))
    second, key = np.divmod(track_seconds(keyed, keys), len(keys))
    inside = second < length
    labels = np.zeros(length, int)
    labels[second[inside]] = codes[key[inside]]  # of several in a second the last one counts
    return labels


def edge_f1(first: pd.DataFrame, second: pd.DataFrame) -> float:
    """F1 of the edges of two lists of spans: starts with starts, ends with ends, one to one.

    Parameters
    ----------
    first, second : DataFrame
        `film_start_s`, `film_end_s` and `track_id`; edges of one track match within EDGE_WINDOW_S.

    Returns
    -------
    float
        In 0..1; NaN without a span.
    """
    if not len(first) + len(second):
        return np.nan
    same = first.track_id.to_numpy()[:, None] == second.track_id.to_numpy()
    hits = 0
    for name in ("film_start_s", "film_end_s"):
        apart = np.subtract.outer(first[name].to_numpy(float), second[name].to_numpy(float))
        hits += matched_events(same & (np.abs(apart) <= EDGE_WINDOW_S))
    return hits / (len(first) + len(second))


def _measures(first: np.ndarray, second: np.ndarray, scope: str) -> Iterator[tuple[str, float]]:
    labelled = (first != MISSING) & (second != MISSING)
    same = (first == second)[labelled]
    yield "same_s", same.mean() if len(same) else np.nan
    yield "kappa", cohen_kappa(first, second)
    positive = FIRST_TRACK if scope == TRACK else 1
    marked = [(labels >= positive)[labelled] for labels in (first, second)]
    total = marked[0].sum() + marked[1].sum()
    yield "f1", 2 * (same & marked[0]).sum() / total if total else np.nan
