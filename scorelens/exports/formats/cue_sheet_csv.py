"""Cue sheet as comma-separated values, with the columns of the workbook."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from scorelens.exports.film import Film
from scorelens.exports.formats.cue_sheet import CUE_COLUMNS, FILM_COLUMN

ENCODING = "utf-8-sig"  # spreadsheets recognise UTF-8 by its mark


def write_film(film: Film, path: Path) -> None:
    """Write the cue sheet of a film.

    Parameters
    ----------
    film : Film
    path : Path
        The file.
    """
    write_columns(film.cue_table, CUE_COLUMNS, path)


def write_films(films: Sequence[Film], path: Path) -> None:
    """Write the cue sheets of several films to one file.

    Parameters
    ----------
    films : sequence of Film
    path : Path
        The file.
    """
    cues = [film.cue_table for film in films] or [pd.DataFrame(columns=list(CUE_COLUMNS))]
    write_columns(pd.concat(cues), FILM_COLUMN | CUE_COLUMNS, path)


def write_columns(rows: pd.DataFrame, columns: dict[str, str], path: Path) -> None:
    """Write some columns of a table under other names.

    Parameters
    ----------
    rows : DataFrame
    columns : dict of str to str
        Name in the file by name in the table.
    path : Path
        The file.
    """
    named = rows.reindex(columns=list(columns)).rename(columns=columns)
    named.to_csv(path, index=False, float_format="%.2f", lineterminator="\r\n", encoding=ENCODING)
