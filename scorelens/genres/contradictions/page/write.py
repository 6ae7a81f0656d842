"""Write the page of the cues that contradict their film: one HTML file that needs no server."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from scorelens.albums.tracks import time_fragment
from scorelens.genres.registry import title
from scorelens.html_page import render_page
from scorelens.tables import GENRE_CONTRADICTIONS, read_table

MAX_ROWS = 500  # of the page; the table has every cue
FOLDER = Path(__file__).parent


def write_page(
    table: str | os.PathLike, videos: Mapping[str, str | None], output: str | os.PathLike
) -> None:
    """Write the page. Its links to the films are relative to it.

    Parameters
    ----------
    table : path
        Table of GENRE_CONTRADICTIONS.
    videos : mapping of str to str or None
        Path of the video of each film; None, or none, if there is no video.
    output : path
        Where the page goes.
    """
    ranked = read_table(table, GENRE_CONTRADICTIONS)
    home = os.path.dirname(os.path.abspath(output))
    rows = page_rows(ranked, videos, home)
    render_page(
        FOLDER,
        [{"address": row["address"], "end": row["end_s"]} for row in rows],
        output,
        rows=rows,
        films=sorted({row["title"] for row in rows}),
        genres=sorted({row["genre"] for row in rows}),
        summary=summarise(ranked),
        model=title(ranked["model"].iloc[0]) if len(ranked) else "",
        feature_set=ranked["feature_set"].iloc[0] if len(ranked) else "",
    )


def summarise(ranked: pd.DataFrame) -> dict[str, float]:
    """Count the cues that contradict their film.

    Parameters
    ----------
    ranked : pandas.DataFrame
        Rows of GENRE_CONTRADICTIONS.

    Returns
    -------
    dict of str to float
        `cues`, all that were ranked, and `films`, theirs; `contradicting`, how many contradict, and
        `contradicting_films`; `expected`, how many would if each cue were set in a film at random.
    """
    contradicting = ranked[ranked["contradicts"]]
    return {
        "cues": len(ranked),
        "films": ranked["film_id"].nunique(),
        "contradicting": len(contradicting),
        "contradicting_films": contradicting["film_id"].nunique(),
        "expected": float(ranked["contradicts_others"].sum()),
    }


def page_rows(ranked: pd.DataFrame, videos: Mapping[str, str | None], home: str) -> list[dict]:
    """Collect the rows of the page: the cues that contradict their film, MAX_ROWS at most.

    Parameters
    ----------
    ranked : pandas.DataFrame
        Rows of GENRE_CONTRADICTIONS.
    videos : mapping of str to str or None
        Path of the video of each film.
    home : str
        Absolute path of the folder of the page.

    Returns
    -------
    list of dict
        The columns of the table, and `address`: the URL of the cue in the video, relative to the
        page; empty if the video or the time is unknown.
    """
    shown = ranked[ranked["contradicts"]].head(MAX_ROWS)
    return [
        row | {"address": _address(row, videos.get(row["film_id"]), home)}
        for row in shown.astype(object).where(shown.notna(), None).to_dict("records")
    ]


def _address(row: Mapping, video: str | None, home: str) -> str:
    if not video or row["start_s"] is None:
        return ""
    path = quote(os.path.relpath(video, home).replace(os.sep, "/"))
    return path + time_fragment(round(row["start_s"], 2), round(row["end_s"], 2))
