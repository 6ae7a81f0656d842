"""Corrections that were given to a run, row by row as their file has them."""

import csv
import os

COLUMNS = (
    "film_id",
    "film_start_s",
    "film_end_s",
    "track_id",
    "verdict",
    "new_film_start_s",
    "new_film_end_s",
    "new_track_id",
    "new_track_start_s",
    "diegetic",
    "note",
    "annotator",
    "decided_at",
)


def given_rows(path: str | os.PathLike | None, film_id: str = "") -> list[list[str]]:
    """Read the rows of a file of corrections as texts.

    Parameters
    ----------
    path : str, os.PathLike or None
        Tab-separated, with a header; None or empty for none. The stage `cues` checks it.
    film_id : str
        Keeps the rows of this film; empty for all.

    Returns
    -------
    list of list of str
        Cells in the order of `COLUMNS`; those of columns that the file lacks are empty.
    """
    if not path:
        return []
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        [row.get(column) or "" for column in COLUMNS]
        for row in rows
        if not film_id or row.get("film_id") == film_id
    ]
