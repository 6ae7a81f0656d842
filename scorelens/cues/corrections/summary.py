"""List the corrections of all films, and those that could not be applied."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.cues.corrections import STATES, UNMATCHED
from scorelens.cues.corrections.correct import correction_table, correction_text

log = logging.getLogger(__name__)


def summarize_corrections(
    decisions: Sequence[str | os.PathLike],
    corrections: Mapping[str, Sequence[Sequence[str]]],
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Write the decisions of all films, how many there are, and those that could not be applied.

    Parameters
    ----------
    decisions : sequence of path
        Tables DECISIONS, named after the films in use that have corrections.
    corrections : mapping of str to sequence of sequence of str
        All rows of the file by film, also of films that are not in use.
    outputs : mapping of str to path
        `decisions`, `counts` and `unmatched`: DECISIONS, CORRECTION_COUNTS, UNMATCHED_CORRECTIONS.
    """
    by_film = {Path(path).stem: tables.read_table(path, tables.DECISIONS) for path in decisions}
    absent = [outside(rows) for film, rows in corrections.items() if film not in by_film]
    joined = pd.concat([*by_film.values(), *absent], ignore_index=True)
    unmatched = joined[joined.state == UNMATCHED][tables.UNMATCHED_CORRECTIONS.names]
    tables.write_table(joined, outputs["decisions"], tables.DECISIONS)
    tables.write_table(count_corrections(joined), outputs["counts"], tables.CORRECTION_COUNTS)
    tables.write_table(unmatched, outputs["unmatched"], tables.UNMATCHED_CORRECTIONS)
    for row in unmatched.itertuples():
        log.warning("%s: not applied: %s", row.film_id, correction_text(row))


def outside(rows: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Make the decisions about a film that is not in use.

    Parameters
    ----------
    rows : sequence of sequence of str
        Its rows of the file.

    Returns
    -------
    DataFrame
        Rows of DECISIONS, all unmatched.
    """
    reason = "the film is not in the corpus, or left out of it"
    frame = correction_table(rows).assign(
        state=UNMATCHED, matched_cue_id="", cue_id="", reason=reason
    )
    return tables.as_typed(frame, tables.DECISIONS)


def count_corrections(decisions: pd.DataFrame) -> pd.DataFrame:
    """Count the corrections of each annotator and verdict.

    Parameters
    ----------
    decisions : DataFrame
        Rows of DECISIONS.

    Returns
    -------
    DataFrame
        Rows of CORRECTION_COUNTS, in the order of the names.
    """
    rows = [
        {
            "annotator": annotator,
            "verdict": verdict,
            "films": group.film_id.nunique(),
            **{state: int((group.state == state).sum()) for state in STATES},
        }
        for (annotator, verdict), group in decisions.groupby(["annotator", "verdict"])
    ]
    frame = pd.DataFrame(rows, columns=tables.CORRECTION_COUNTS.names)
    return tables.as_typed(frame, tables.CORRECTION_COUNTS)
