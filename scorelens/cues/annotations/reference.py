"""What the annotators of a film mark, in the seconds and in the spans of each scope."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from scorelens.cues.annotations import ALBUM, MAJORITY, TRACK
from scorelens.cues.score import film_seconds
from scorelens.mask_runs import mask_runs

MAX_GAP_S = 1.0  # of one run of music: the tolerance of the edges
SPAN_COLUMNS = ["film_start_s", "film_end_s", "track_id", "off_album"]


def make_references(
    annotations: pd.DataFrame, annotators: pd.DataFrame
) -> dict[str, dict[str, pd.DataFrame]]:
    """The spans of music in each film, by each annotator and by their majority.

    Parameters
    ----------
    annotations, annotators : DataFrame
        Tables of ANNOTATIONS and ANNOTATORS.

    Returns
    -------
    dict of str to dict of str to DataFrame
        The columns of SPAN_COLUMNS by film_id and reference: MAJORITY, then the annotators.
    """
    references: dict[str, dict[str, pd.DataFrame]] = {}
    for row in annotators.itertuples():
        is_row = (annotations.film_id == row.film_id) & (annotations.annotator == row.annotator)
        spans = annotations.loc[is_row, SPAN_COLUMNS].reset_index(drop=True)
        references.setdefault(row.film_id, {})[row.annotator] = spans
    return {film: {MAJORITY: majority_spans(by), **by} for film, by in references.items()}


def majority_spans(by_annotator: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The spans that more than half of the annotators mark, in whole seconds.

    A second has music, music of the album, or a track if more than half mark it so. Where most
    agree on music of the album but not on a track, the track is empty.

    Parameters
    ----------
    by_annotator : mapping of str to DataFrame
        The spans of each annotator, one at least.

    Returns
    -------
    DataFrame
        The columns of SPAN_COLUMNS. Of a single annotator, the very spans.
    """
    frames = list(by_annotator.values())
    if len(frames) == 1:
        return frames[0]
    length = max((int(frame.film_end_s.max()) + 1 for frame in frames if len(frame)), default=0)

    def share(chosen: list[pd.DataFrame]) -> np.ndarray:
        return np.mean([second_mask(frame, length) for frame in chosen], axis=0) > 0.5

    tracks = sorted({track for frame in frames for track in frame.track_id if track})
    music, album = share(frames), share([frame[~frame.off_album] for frame in frames])
    by_track = {t: share([frame[frame.track_id == t] for frame in frames]) for t in tracks}
    unknown = album & ~np.any([np.zeros(length, bool), *by_track.values()], axis=0)
    groups = [(mask, track, False) for track, mask in by_track.items()]
    groups += [(unknown, "", False), (music & ~album, "", True)]
    rows = [(*run, track, off) for mask, track, off in groups for run in mask_runs(mask)]
    spans = pd.DataFrame(sorted(rows), columns=SPAN_COLUMNS)
    return spans.astype({"film_start_s": float, "film_end_s": float, "off_album": bool})


def in_scope(spans: pd.DataFrame, scope: str) -> pd.DataFrame:
    """The spans that count in a scope.

    Parameters
    ----------
    spans : DataFrame
        The columns of SPAN_COLUMNS.
    scope : str
        One of SCOPES.

    Returns
    -------
    DataFrame
        `film_start_s`, `film_end_s` and `track_id`. In the scope TRACK the spans with a track,
        otherwise all of the album, or all, with an empty `track_id`.
    """
    columns = spans[SPAN_COLUMNS[:3]]
    if scope == TRACK:
        return columns[spans.track_id != ""].reset_index(drop=True)
    chosen = columns[~spans.off_album] if scope == ALBUM else columns
    return chosen.assign(track_id="").reset_index(drop=True)


def cues_in_scope(spans: pd.DataFrame, scope: str) -> pd.DataFrame:
    """The annotated cues of a scope: as `in_scope`, but runs of music in all scopes but TRACK."""
    chosen = in_scope(spans, scope)
    return chosen if scope == TRACK else music_runs(chosen)


def undecided_spans(spans: pd.DataFrame) -> pd.DataFrame:
    """The spans of music of the album whose track is not given."""
    return spans[(spans.track_id == "") & ~spans.off_album]


def names_tracks(spans: pd.DataFrame) -> bool:
    """Whether the annotation of a film names tracks; otherwise presence alone is scored."""
    return len(undecided_spans(spans)) < len(spans) or spans.empty


def music_runs(spans: pd.DataFrame) -> pd.DataFrame:
    """Runs of music, whatever the track: spans less than MAX_GAP_S apart are one.

    Parameters
    ----------
    spans : DataFrame
        With `film_start_s` and `film_end_s`.

    Returns
    -------
    DataFrame
        `film_start_s`, `film_end_s` and an empty `track_id`, in order of time.
    """
    ordered = spans.sort_values("film_start_s")
    starts, ends = ordered.film_start_s.to_numpy(float), ordered.film_end_s.to_numpy(float)
    until = np.maximum.accumulate(ends)
    is_first = np.append(True, starts[1:] > until[:-1] + MAX_GAP_S)[: len(starts)]
    is_last = np.append(is_first[1:], True)[: len(starts)]
    return pd.DataFrame(
        {"film_start_s": starts[is_first], "film_end_s": until[is_last], "track_id": ""}
    ).astype({"track_id": str})


def second_mask(spans: pd.DataFrame, length: int) -> np.ndarray:
    """Which seconds of a film have their middle in a span.

    Parameters
    ----------
    spans : DataFrame
        With `film_start_s` and `film_end_s`.
    length : int
        Seconds of the film.

    Returns
    -------
    ndarray of bool, shape (length,)
    """
    mask = np.zeros(length, bool)
    seconds = film_seconds(spans)
    mask[seconds[seconds < length]] = True
    return mask
