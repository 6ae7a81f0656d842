"""Cues as comma-separated values: every column of CUE_SHEET."""

from pathlib import Path

from scorelens.exports.film import Film


def write_film(film: Film, path: Path) -> None:
    """Write the cues of a film.

    Parameters
    ----------
    film : Film
    path : Path
        The file.
    """
    film.cue_table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
