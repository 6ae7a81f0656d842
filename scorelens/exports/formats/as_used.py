"""The tracks of a film as used, as comma-separated values: number of uses and total length."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from scorelens.exports.film import Film, tracks_used
from scorelens.exports.formats.cue_sheet import FILM_COLUMN, USED_COLUMNS
from scorelens.exports.formats.cue_sheet_csv import write_columns


def write_film(film: Film, path: Path) -> None:
    """Write the tracks that a film uses.

    Parameters
    ----------
    film : Film
    path : Path
        The file.
    """
    write_columns(tracks_used(film), USED_COLUMNS, path)


def write_films(films: Sequence[Film], path: Path) -> None:
    """Write the tracks that several films use to one file.

    Parameters
    ----------
    films : sequence of Film
    path : Path
        The file.
    """
    used = [tracks_used(film) for film in films] or [pd.DataFrame(columns=list(USED_COLUMNS))]
    write_columns(pd.concat(used), FILM_COLUMN | USED_COLUMNS, path)
