"""Write the index of the desk, with the style and the scripts of all its pages."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from scorelens import tables
from scorelens.desk.assets.copying import copy_assets
from scorelens.desk.index_data import film_row
from scorelens.desk.pages.html import write_html
from scorelens.tables import atomic

CUE_COLUMNS = ["film_id", "track_id", "film_start_s", "film_end_s", "confidence", "verdict"]


def write_index(
    films: str | os.PathLike,
    status: str | os.PathLike,
    cues: Mapping[str, Sequence[str]],
    unknown: str | os.PathLike | None,
    given: Mapping[str, Sequence[Sequence[str]]],
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Write the index, and the files that every page of the desk loads.

    Parameters
    ----------
    films, status : path
        Tables FILMS and STATUS of the corpus.
    cues : mapping of str to sequence of path
        The films' tables of CUES, named by film: `matched`, and `corrected` of some of them.
    unknown : path or None
        Table UNKNOWN_MUSIC of the corpus.
    given : mapping of str to sequence of sequence of str
        Rows of the corrections that the user gave, as they are in the file, by film.
    outputs : mapping of str to path
        `index`; `given`, a script with the given corrections, which a page loads for a download;
        and `assets`, a folder for style and scripts.
    """
    write_html("index.html", index_rows(films, status, cues, unknown), outputs["index"])
    rows = [list(row) for of_film in given.values() for row in of_film]
    text = json.dumps(rows, ensure_ascii=False).replace("<", "\\u003c")
    with atomic(outputs["given"]) as temporary:
        temporary.write_text(f'"use strict";\nwindow.givenRows = {text};\n', encoding="utf-8")
    copy_assets(outputs["assets"])


def index_rows(
    films: str | os.PathLike,
    status: str | os.PathLike,
    cues: Mapping[str, Sequence[str]],
    unknown: str | os.PathLike | None,
) -> dict:
    """Collect what the index shows; the arguments are those of `write_index`.

    Returns
    -------
    dict
        `films`, a list as `film_row` gives them, and `detects`, whether the run detects music.
    """
    matched, corrected = (
        {Path(p).stem: p for p in cues[name]} for name in ("matched", "corrected")
    )
    remarks = tables.read_table(status, tables.STATUS).set_index("film_id").notes
    others = tables.read_table(unknown, tables.UNKNOWN_MUSIC) if unknown else None
    rows = []
    for film in tables.read_table(films, tables.FILMS).to_dict("records"):
        film_id = film["film_id"]
        of_matcher = used = tables.read_table(matched[film_id], tables.CUES, CUE_COLUMNS)
        if film_id in corrected:
            used = tables.read_table(corrected[film_id], tables.CUES, CUE_COLUMNS)
        spans = None if others is None else others[others.film_id == film_id]
        rows.append(film_row(film, len(of_matcher), remarks.get(film_id) or "", used, spans))
    return {"films": rows, "detects": others is not None}
