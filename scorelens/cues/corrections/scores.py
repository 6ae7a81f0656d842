"""Scores the cues of the matcher against the corrections, as against an annotation.

A film counts if each of its cues has a verdict. What is correct there are its corrected cues. What
lies outside them may be music that is on no track of the album, of which verdicts say nothing, so
the scope of any music is left out.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.cues.annotations import ALBUM, MAJORITY, MATCHED, TRACK
from scorelens.cues.annotations.confidence import measure_calibration, paired_cues
from scorelens.cues.annotations.evaluate import summarize_scores
from scorelens.cues.annotations.film_scores import score_film
from scorelens.cues.corrections import APPLIED, UNCHECKED
from scorelens.cues.corrections.apply import parts_of_others

REFERENCE = "corrections"  # as the reference of ANNOTATION_SCORES

log = logging.getLogger(__name__)


def score_corrections(
    cues: Sequence[str | os.PathLike],
    corrected: Sequence[str | os.PathLike],
    decisions: str | os.PathLike,
    outputs: Mapping[str, str | os.PathLike],
    seed: int,
) -> None:
    """Score the cues of the films that were checked as a whole.

    Parameters
    ----------
    cues, corrected : sequence of path
        Tables CUES of the films with corrections, named after them: those of the matcher, and the
        corrected ones.
    decisions : path
        Table DECISIONS of all films.
    outputs : mapping of str to path
        `films`, `scores` and `calibration`: ANNOTATION_FILM_SCORES, ANNOTATION_SCORES and
        CUE_CALIBRATION. Without rows if no film was checked as a whole.
    seed : int
        Of the bootstrap.
    """
    matched, people = (
        {Path(p).stem: tables.read_table(p, tables.CUES) for p in paths}
        for paths in (cues, corrected)
    )
    all_decisions = tables.read_table(decisions, tables.DECISIONS)
    checked = {
        film: (rows, reference_spans(people[film]))
        for film, rows in sorted(matched.items())
        if is_checked(rows, people[film], all_decisions[all_decisions.film_id == film])
    }
    log.info("%d of %d films with corrections are checked as a whole", len(checked), len(matched))
    for name, (frame, table) in score_checked(checked, seed).items():
        typed = tables.as_typed(frame.reindex(columns=table.names), table)
        tables.write_table(typed, outputs[name], table)


def score_checked(
    checked: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], seed: int
) -> dict[str, tuple[pd.DataFrame, tables.Table]]:
    """Score films against their corrections.

    Parameters
    ----------
    checked : mapping of str to (DataFrame, DataFrame)
        Rows of CUES of the matcher and the spans of the corrected cues, by film_id.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict of str to (DataFrame, Table)
        `films`, `scores` and `calibration`, with their schemas; empty without films.
    """
    schemas = {
        "films": tables.ANNOTATION_FILM_SCORES,
        "scores": tables.ANNOTATION_SCORES,
        "calibration": tables.CUE_CALIBRATION,
    }
    if not checked:
        return {name: (pd.DataFrame(columns=one.names), one) for name, one in schemas.items()}
    scored = [score_film(*pair).assign(film_id=film) for film, pair in checked.items()]
    films = pd.concat(scored, ignore_index=True).assign(cues=MATCHED, reference=REFERENCE)
    films = films[films["scope"].isin([ALBUM, TRACK])]
    pairs = paired_cues(
        {film: cues for film, (cues, _) in checked.items()},
        {film: {MAJORITY: spans} for film, (_, spans) in checked.items()},
    )
    frames = (films, summarize_scores(films), measure_calibration(pairs, seed)[1])
    return dict(zip(schemas, zip(frames, schemas.values(), strict=True), strict=True))


def is_checked(cues: pd.DataFrame, corrected: pd.DataFrame, decisions: pd.DataFrame) -> bool:
    """Whether each cue of a film has a verdict, or is part of one that a person changed or added.

    Parameters
    ----------
    cues, corrected : DataFrame
        Rows of CUES of the film: of the matcher, and corrected.
    decisions : DataFrame
        Rows of DECISIONS of the film.

    Returns
    -------
    bool
    """
    decided = decisions[(decisions.state == APPLIED) & (decisions.verdict != UNCHECKED)]
    has_verdict = cues.cue_id.isin(decided.matched_cue_id) | parts_of_others(cues, corrected)
    return bool(has_verdict.all())


def reference_spans(corrected: pd.DataFrame) -> pd.DataFrame:
    """Take corrected cues as annotated spans.

    Parameters
    ----------
    corrected : DataFrame
        Rows of CUES.

    Returns
    -------
    DataFrame
        The columns of `annotations.reference.SPAN_COLUMNS`.
    """
    return corrected[["film_start_s", "film_end_s", "track_id"]].assign(off_album=False)
