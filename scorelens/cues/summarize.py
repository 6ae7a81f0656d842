"""Sum up how films use their albums: film by film, and as means over the films of each genre."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.cues.film_music import describe_film, spot_film
from scorelens.evaluation import ALL
from scorelens.evaluation.bootstrap import draw_groups
from scorelens.evaluation.group_means import bootstrap_means
from scorelens.evaluation.predictions import cluster_numbers
from scorelens.learning.film_groups import read_film_groups

MEASURES = tuple(name for name in tables.FILM_MUSIC.names if name != "film_id")

log = logging.getLogger(__name__)


class Summary(NamedTuple):
    """The tables of a corpus: of FILM_MUSIC, of SPOTTING and of GENRE_MUSIC."""

    films: pd.DataFrame
    spotting: pd.DataFrame
    genres: pd.DataFrame


def summarize_cues(
    films: str | os.PathLike,
    tracks: str | os.PathLike,
    cues: Sequence[str | os.PathLike],
    groups: str | os.PathLike,
    outputs: Sequence[str | os.PathLike],
    repeats: int,
    seed: int,
) -> None:
    """Write the tables of how films use their albums.

    Parameters
    ----------
    films, tracks : path
        Tables of FILMS and of TRACKS.
    cues : sequence of path
        The films' tables of CUES, named after the films.
    groups : path
        The groups of films (FILM_GROUPS), which samples draw as a whole.
    outputs : sequence of path
        Where FILM_MUSIC, SPOTTING and GENRE_MUSIC go.
    repeats : int
        Bootstrap samples of the films.
    seed : int
    """
    summary = summarize_films(
        tables.read_table(films, tables.FILMS),
        tables.read_table(tracks, tables.TRACKS),
        {Path(path).stem: tables.read_table(path, tables.CUES) for path in cues},
        read_film_groups(groups),
        repeats,
        seed,
    )
    schemas = (tables.FILM_MUSIC, tables.SPOTTING, tables.GENRE_MUSIC)
    for table, path, schema in zip(summary, outputs, schemas, strict=True):
        tables.write_table(table, path, schema)
    log.info("%d films, %d cues", len(summary.films), summary.films.cues.sum())


def summarize_films(
    films: pd.DataFrame,
    tracks: pd.DataFrame,
    cues: Mapping[str, pd.DataFrame],
    groups: Mapping[str, str],
    repeats: int,
    seed: int,
) -> Summary:
    """Describe films, and average over those of each genre.

    Parameters
    ----------
    films, tracks : DataFrame
        Tables of FILMS and of TRACKS.
    cues : mapping of str to DataFrame
        Table of CUES of each film.
    groups : mapping of str to str
        Group of each film; a film that is left out is a group by itself.
    repeats : int
        Bootstrap samples of the films.
    seed : int

    Returns
    -------
    Summary
    """
    albums = dict(list(tracks.groupby("film_id")))
    rows = [(film.film_id, film.duration_s, cues[film.film_id]) for film in films.itertuples()]
    described = pd.DataFrame([describe_film(*row, albums[row[0]]) for row in rows])
    spotted = pd.concat([spot_film(*row) for row in rows], ignore_index=True)
    cluster = cluster_numbers(films.film_id, groups)
    draws = draw_groups(len(films), repeats, seed, cluster)
    averages = average_genres(films.genres, described, spotted, draws, cluster)
    return Summary(described, spotted, averages)


def average_genres(
    genres: pd.Series,
    films: pd.DataFrame,
    spotting: pd.DataFrame,
    draws: np.ndarray,
    cluster: np.ndarray,
) -> pd.DataFrame:
    """Average measures over all films and over the films of each genre.

    Parameters
    ----------
    genres : Series of sequence of str
        Genres of each film.
    films, spotting : DataFrame
        Rows of FILM_MUSIC in the same order, and of SPOTTING.
    draws : ndarray of int, shape (samples, films)
        Bootstrap samples of the films.
    cluster : ndarray of int, shape (films,)
        The cluster of each film that the samples draw as a whole.

    Returns
    -------
    DataFrame
        Rows of GENRE_MUSIC: all films, then the genres by name.
    """
    tenths = spotting.pivot_table("music_share", "film_id", "tenth")
    measures = [(name, None) for name in MEASURES]
    measures += [("music_share", int(tenth)) for tenth in tenths.columns]
    values = np.column_stack([films[list(MEASURES)], tenths.loc[films.film_id]]).astype(float)
    rows = []
    for genre in [ALL, *sorted({name for names in genres for name in names})]:
        carries = np.array([genre == ALL or genre in names for names in genres])
        known = np.isfinite(values[carries]).sum(0)
        averages = bootstrap_means(values[carries], draws[:, carries], cluster[carries])
        rows += [
            (genre, *measure, films_with_value, *average)
            for measure, films_with_value, average in zip(
                measures, known.tolist(), averages.T.tolist(), strict=True
            )
        ]
    table = pd.DataFrame(rows, columns=tables.GENRE_MUSIC.names)
    return table.astype({"tenth": "Int64"})
