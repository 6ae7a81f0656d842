"""The report's section on films and albums outside the corpus that the models were applied to."""

import os
from collections.abc import Mapping
from pathlib import Path

from scorelens import tables
from scorelens.sections import Run, Section, render_section, svg

MAX_FIGURES = 5  # of films and albums; the others stand in the table


def new_media_section(run: Run) -> Section | None:
    """Make the section on films and albums outside the corpus.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None if the models were applied to none.
    """
    blocks = new_media_blocks(run.matching("genres/applied/*.tsv"))
    if not blocks:
        return None
    shown = {block["name"] for block in blocks[:MAX_FIGURES]}
    drawn = run.matching("genres/applied/*.svg")
    figures = {name: svg.data_uri(path) for name, path in drawn.items() if name in shown}
    values = {"blocks": blocks, "figures": figures, "max_figures": MAX_FIGURES}
    template = Path(__file__).with_name("new_media.html")
    return render_section("applied", "New films and albums", template, values)


def new_media_blocks(paths: Mapping[str, str | os.PathLike]) -> list[dict]:
    """Read the predictions for each film or album outside the corpus.

    Parameters
    ----------
    paths : mapping of str to path
        Tables of GENRE_MEDIA_PREDICTIONS, by name.

    Returns
    -------
    list of dict
        For each table: name, tracks (their number, 0 for a film) and `predictions`, one row a genre
        for the whole film or album.
    """
    blocks = []
    for name, path in paths.items():
        table = tables.read_table(path, tables.GENRE_MEDIA_PREDICTIONS)
        whole = table[table["track_id"] == ""]
        tracks = table["track_id"].nunique() - 1
        blocks.append({"name": name, "tracks": tracks, "predictions": whole.to_dict("records")})
    return blocks
