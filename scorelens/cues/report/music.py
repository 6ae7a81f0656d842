"""The report's section on how films use their albums."""

from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.evaluation import ALL
from scorelens.sections import Run, Section, render_section, svg

GENRE_MUSIC = "cues/genre_music.tsv"
MEASURES = (
    "cues",
    "cue_length_s",
    "music_share",
    "overlap_share",
    "unused_share",
    "part_share",
    "album_share",
    "album_order",
)


def music_section(run: Run) -> Section | None:
    """Make the section on spotting and on the use of albums.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None for a corpus of published features.
    """
    if GENRE_MUSIC not in run:
        return None
    table = run.table(GENRE_MUSIC, tables.GENRE_MUSIC)
    tenths = table[(table.genre == ALL) & table.tenth.notna()]
    values = {
        "rows": measure_rows(table),
        "tenths": tenths.sort_values("tenth").to_dict("records"),
        "spotting": svg.data_uri(run.path("cues/spotting.svg")),
        "music": svg.data_uri(run.path("cues/genre_music.svg")),
    }
    template = Path(__file__).with_name("music.html")
    return render_section("film_music", "Music in films", template, values)


def measure_rows(table: pd.DataFrame) -> list[dict]:
    """Arrange the measures of whole films, a row a genre.

    Parameters
    ----------
    table : DataFrame
        Table of GENRE_MUSIC.

    Returns
    -------
    list of dict
        `name`, `films`, and `cells`: a dict of mean, low and high for each of `MEASURES`.
    """
    whole = table[table.tenth.isna()]
    rows = []
    for genre, group in whole.groupby("genre", sort=False):
        cells = group.set_index("measure")[["mean", "low", "high"]].loc[list(MEASURES)]
        name = "all films" if genre == ALL else genre
        films = int(group.films.max())
        rows.append({"name": name, "films": films, "cells": cells.to_dict("records")})
    return rows
