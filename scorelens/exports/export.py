"""Write the cues of a film in all formats, and the cue sheets of the corpus."""

import logging
import os
from collections.abc import Mapping, Sequence

import pandas as pd

from scorelens import tables
from scorelens.exports.film import Film, read_film
from scorelens.exports.formats import as_used, cue_sheet, cue_sheet_csv
from scorelens.exports.frame_rate import standard_rate
from scorelens.exports.registry import FORMATS

log = logging.getLogger(__name__)


def export_film(
    inputs: Mapping[str, str | os.PathLike],
    table: str | os.PathLike,
    outputs: Mapping[str, str | os.PathLike],
    title: str,
    video: str | os.PathLike,
    frame_rate: float | str,
    singing_threshold: float,
) -> None:
    """Write the cues of one film in each format.

    Parameters
    ----------
    inputs : mapping of str to path
        The tables of the film, see `read_film`.
    table : path
        Where CUE_SHEET goes.
    outputs : mapping of str to path
        File to write by the name of its format in FORMATS.
    title : str
        Title of the film.
    video : path
        Its file.
    frame_rate : float or "auto"
        Of the time code, Hz; `auto` for that of the film.
    singing_threshold : float
        Probability from which a second has singing, 0..1.
    """
    film = read_film(inputs, title, video, frame_rate, singing_threshold)
    tables.write_table(film.cue_table, table, tables.CUE_SHEET)
    for name, path in outputs.items():
        with tables.atomic(path) as temporary:
            FORMATS[name].load().write_film(film, temporary)
    log.info("%d cues at %.3f frames a second", len(film.cue_table), float(film.frame_rate))


def export_cue_sheets(
    cue_tables: Sequence[str | os.PathLike], outputs: Mapping[str, str | os.PathLike]
) -> None:
    """Write the cue sheets of all films to a workbook and to CSV files.

    Parameters
    ----------
    cue_tables : sequence of path
        The films' tables CUE_SHEET.
    outputs : mapping of str to path
        `workbook` (XLSX), `cues` and `as_used` (CSV).
    """
    films = [_film(tables.read_table(path, tables.CUE_SHEET)) for path in cue_tables]
    films = [film for film in films if len(film.cue_table)]
    for name, write in (
        ("workbook", cue_sheet.write_films),
        ("cues", cue_sheet_csv.write_films),
        ("as_used", as_used.write_films),
    ):
        with tables.atomic(outputs[name]) as temporary:
            write(films, temporary)
    log.info("%d films, %d with cues", len(cue_tables), len(films))


def _film(cues: pd.DataFrame) -> Film:
    """The film of a table of cues; its file and its running time are not known."""
    first = cues.iloc[0] if len(cues) else None
    film_id, title, rate_hz = (
        ("", "", None) if first is None else (first.film_id, first.film_title, first.frame_rate_hz)
    )
    return Film(film_id, title, "", 0.0, standard_rate(rate_hz), cues)
