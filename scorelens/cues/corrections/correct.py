"""Write the corrected cues of a film, and what became of each correction."""

import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.cues.corrections import APPLIED, UNMATCHED
from scorelens.cues.corrections.apply import apply_corrections

log = logging.getLogger(__name__)


def correct_film(
    corrections: Sequence[Sequence[str]],
    cues: str | os.PathLike,
    tracks: str | os.PathLike,
    status: str | os.PathLike,
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Write the corrected cues of a film.

    Parameters
    ----------
    corrections : sequence of sequence of str
        Its rows of `reading.read_corrections`.
    cues, tracks, status : path
        The film's tables CUES (of the matcher), TRACKS and STATUS.
    outputs : mapping of str to path
        `table` (Parquet) and `text` (TSV): CUES, with the provenance of the matcher's table, the
        hash of the rows, and how many there are by verdict and annotator of those applied.
        `decisions`: DECISIONS.
    """
    album = tables.read_table(tracks, tables.TRACKS).set_index("track_id")
    film = tables.read_table(status, tables.STATUS).iloc[0]
    corrected, decisions = apply_corrections(
        tables.read_table(cues, tables.CUES),
        correction_table(corrections),
        album.duration_s.to_dict(),
        film.duration_s or np.inf,
    )
    provenance = tables.read_provenance(cues) | describe(corrections, decisions)
    for name in ("table", "text"):
        tables.write_table(corrected, outputs[name], tables.CUES, provenance)
    tables.write_table(decisions, outputs["decisions"], tables.DECISIONS)
    log.info("%s: %d cues; %s", film.film_id, len(corrected), provenance["verdicts"])
    for row in decisions[decisions.state == UNMATCHED].itertuples():
        log.warning("not applied: %s", correction_text(row))


def correction_table(rows: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Make a table of rows of the file.

    Parameters
    ----------
    rows : sequence of sequence of str
        From `reading.read_corrections`.

    Returns
    -------
    DataFrame
        Rows of CORRECTIONS.
    """
    frame = pd.DataFrame([list(row) for row in rows], columns=tables.CORRECTIONS.names)
    numbers = [c.name for c in tables.CORRECTIONS.columns if c.dtype == "float64"]
    blank = {name: frame[name].replace("", None) for name in numbers}
    return tables.as_typed(frame.assign(**blank), tables.CORRECTIONS)


def describe(
    rows: Sequence[Sequence[str]], decisions: pd.DataFrame
) -> dict[str, str | int | dict[str, int]]:
    """Say for the provenance of the corrected cues who decided what.

    Parameters
    ----------
    rows : sequence of sequence of str
        The film's rows of the file.
    decisions : DataFrame
        Rows of DECISIONS.

    Returns
    -------
    dict
        `corrections` (hash of the rows), `verdicts` and `annotators` (counts of those applied), and
        `unmatched` (how many could not be).
    """
    applied = decisions[decisions.state == APPLIED]
    return {
        "corrections": tables.digest([list(row) for row in rows]),
        "verdicts": _counts(applied.verdict),
        "annotators": _counts(applied.annotator),
        "unmatched": int((decisions.state == UNMATCHED).sum()),
    }


def correction_text(row: tuple) -> str:
    """Describe a correction that was not applied in one line.

    Parameters
    ----------
    row : namedtuple
        A row of UNMATCHED_CORRECTIONS.

    Returns
    -------
    str
        For example "right of theme, 10.000 to 20.000 s, by anna: no cue of this track ...".
    """
    missed = pd.isna(row.film_start_s)
    start_s, end_s, track = (
        (row.new_film_start_s, row.new_film_end_s, row.new_track_id)
        if missed
        else (row.film_start_s, row.film_end_s, row.track_id)
    )
    by = f", by {row.annotator}" if row.annotator else ""
    verdict = row.verdict or "remark"
    return f"{verdict} of {track}, {start_s:.3f} to {end_s:.3f} s{by}: {row.reason}"


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in values.value_counts().sort_index().items()}
