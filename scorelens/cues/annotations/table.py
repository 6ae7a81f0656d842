"""One table of all annotations, checked as a whole."""

import logging
import os
from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from scorelens import tables
from scorelens.cues.annotations.files import SETTING, AnnotationFile
from scorelens.cues.annotations.reading import Span, read_spans
from scorelens.cues.annotations.track_names import name_tracks
from scorelens.errors import ConfigError, Problem

MIN_OVERLAP_S = 0.01  # less than the steps in which formats and people give times

log = logging.getLogger(__name__)


def read_annotations(
    files: Sequence[Sequence[str]],
    films: str | os.PathLike,
    tracks: str | os.PathLike,
    annotations: str | os.PathLike,
    annotators: str | os.PathLike,
) -> None:
    """Read all annotations and write one table of them, and one of who annotated which film.

    Spans of one annotator that overlap are merged if they are of one track, or all of an unknown
    one, or all of no track of the album. Of different tracks both count, as in a cross-fade.

    Parameters
    ----------
    files : sequence of (str, str, str)
        Fields of AnnotationFile. Those of films that are not in use are left out.
    films, tracks : path
        Tables FILMS and TRACKS.
    annotations, annotators : path
        Where ANNOTATIONS and ANNOTATORS go.

    Raises
    ------
    ConfigError
        With every fault of every file, or if no film with annotations is in use.
    """
    durations = tables.read_table(films, tables.FILMS).set_index("film_id").duration_s
    by_film = dict(list(tables.read_table(tracks, tables.TRACKS).groupby("film_id")))
    used = [file for file in map(AnnotationFile._make, files) if file.film_id in durations]
    for film in sorted({film for film, *_ in files} - set(durations.index)):
        log.warning("%s: its annotations are left out, as the film is", film)
    if not used:
        raise ConfigError(Problem(SETTING, "no film with annotations is in use", "one or more"))
    names = {film: name_tracks(by_film[film]) for film in {file.film_id for file in used}}
    read = [read_spans(file, durations[file.film_id], names[file.film_id]) for file in used]
    if problems := [problem for _, faults in read for problem in faults]:
        raise ConfigError(problems)
    merged = [merge_spans(spans) for spans, _ in read]
    _log_spans(used, [spans for spans, _ in read], merged)
    tables.write_table(_annotations(used, merged), annotations, tables.ANNOTATIONS)
    tables.write_table(_annotators(used, merged, durations), annotators, tables.ANNOTATORS)


def merge_spans(spans: Sequence[Span]) -> list[Span]:
    """Merge the spans of one track that overlap.

    Parameters
    ----------
    spans : sequence of Span
        Of one film and annotator, in any order.

    Returns
    -------
    list of Span
        In order of their start.

    Examples
    --------
    >>> merge_spans([Span(5, 9, "theme", False), Span(0, 6, "theme", False)])
    [Span(start_s=0, end_s=9, track_id='theme', off_album=False)]
    """
    merged: dict[tuple[str, bool], list[Span]] = {}
    for span in sorted(spans):
        group = merged.setdefault((span.track_id, span.off_album), [])
        if group and span.start_s < group[-1].end_s - MIN_OVERLAP_S:
            group[-1] = group[-1]._replace(end_s=max(group[-1].end_s, span.end_s))
        else:
            group.append(span)
    return sorted(span for group in merged.values() for span in group)


def _log_spans(
    files: Sequence[AnnotationFile], read: Sequence[list[Span]], merged: Sequence[list[Span]]
) -> None:
    for file, spans, rest in zip(files, read, merged, strict=True):
        log.info("%s: %d cues, %d merged", file.path, len(rest), len(spans) - len(rest))
        if not spans:
            log.warning("%s: no cue, so the film counts as one without music", file.path)
        for before, after in pairwise(rest):
            if after.start_s < before.end_s - MIN_OVERLAP_S:
                log.info("two at once, both count: %s and %s", before, after)


def _annotations(files: Sequence[AnnotationFile], spans: Sequence[list[Span]]) -> pd.DataFrame:
    rows = [
        (file.film_id, file.annotator, *span)
        for file, group in zip(files, spans, strict=True)
        for span in group
    ]
    return tables.as_typed(pd.DataFrame(rows, columns=tables.ANNOTATIONS.names), tables.ANNOTATIONS)


def _annotators(
    files: Sequence[AnnotationFile], spans: Sequence[list[Span]], durations: pd.Series
) -> pd.DataFrame:
    rows = []
    for file, group in zip(files, spans, strict=True):
        music = merge_spans([Span(span.start_s, span.end_s, "", False) for span in group])
        rows.append(
            {
                "film_id": file.film_id,
                "annotator": file.annotator,
                "file": os.path.basename(file.path),
                "cues": len(group),
                "music_s": float(sum(span.end_s - span.start_s for span in music)),
                "duration_s": durations[file.film_id],
            }
        )
    return pd.DataFrame(rows)
