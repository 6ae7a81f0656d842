"""Write the index of the desk, with the style and the scripts of all its pages."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from scorelens import tables
from scorelens.desk.assets.copying import copy_assets
from scorelens.desk.given import given_rows
from scorelens.desk.index_data import film_row
from scorelens.desk.pages.html import write_html
from scorelens.tables import atomic

CUE_COLUMNS = ["film_id", "track_id", "film_start_s", "film_end_s", "confidence"]


def write_index(
    films: str | os.PathLike,
    status: str | os.PathLike,
    cues: Sequence[str],
    unknown: str | os.PathLike | None,
    corrections: str | os.PathLike | None,
    output: str | os.PathLike,
    given: str | os.PathLike,
    assets: str | os.PathLike,
) -> None:
    """Write the index, and the files that every page of the desk loads.

    Parameters
    ----------
    films, status : path
        Tables FILMS and STATUS of the corpus.
    cues : sequence of path
        The films' tables of CUES, named by film.
    unknown : path or None
        Table UNKNOWN_MUSIC of the corpus.
    corrections : path or None
        Corrections that the user gave.
    output : path
        The index.
    given : path
        Script with the given corrections of all films, which a page loads for a download.
    assets : path
        Folder for style and scripts; they are replaced.
    """
    write_html("index.html", index_rows(films, status, cues, unknown), output, assets="assets")
    rows = json.dumps(given_rows(corrections), ensure_ascii=False).replace("<", "\\u003c")
    with atomic(given) as temporary:
        temporary.write_text(f'"use strict";\nwindow.givenRows = {rows};\n', encoding="utf-8")
    copy_assets(assets)


def index_rows(
    films: str | os.PathLike,
    status: str | os.PathLike,
    cues: Sequence[str],
    unknown: str | os.PathLike | None,
) -> dict:
    """Collect what the index shows; the arguments are those of `write_index`.

    Returns
    -------
    dict
        `films`, a list as `film_row` gives them, and `detects`, whether the run detects music.
    """
    paths = {Path(path).stem: path for path in cues}
    remarks = tables.read_table(status, tables.STATUS).set_index("film_id").notes
    others = tables.read_table(unknown, tables.UNKNOWN_MUSIC) if unknown else None
    rows = []
    for film in tables.read_table(films, tables.FILMS).to_dict("records"):
        film_id = film["film_id"]
        rows.append(
            film_row(
                film,
                film["tracks"],
                remarks.get(film_id) or "",
                tables.read_table(paths[film_id], tables.CUES, CUE_COLUMNS),
                None if others is None else others[others.film_id == film_id],
            )
        )
    return {"films": rows, "detects": others is not None}
