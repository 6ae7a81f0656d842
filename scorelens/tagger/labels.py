"""Statistics of the labels that the tagger learns: films, tracks, years, and pairs of genres.

Stone's thesis describes its data by the tracks of each class, the pairs of labels, and the years of
the films by class: what a model may learn in place of the genre.
"""

import os
from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np
import pandas as pd

from scorelens.evaluation import ALL
from scorelens.learning.labels import labelled_films
from scorelens.tables import TAGGER_LABEL_PAIRS, TAGGER_LABELS, write_table
from scorelens.tagger.dataset import read_dataset
from scorelens.tagger.registry import FREQUENCY

YEARS = ("first_year", "low_year", "median_year", "high_year", "last_year")
QUANTILES = (0, 0.25, 0.5, 0.75, 1)


def describe_labels(
    films: str | os.PathLike,
    tiles: Sequence[str | os.PathLike],
    albums: Mapping[str, str],
    genres: Sequence[str],
    min_tracks: int,
    groups: Mapping[str, str],
    labels: str | os.PathLike,
    pairs: str | os.PathLike,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count the labels of the films that have tiles, and write both tables.

    Parameters
    ----------
    films, tiles, albums, genres, min_tracks, groups
        As `dataset.read_dataset` takes them.
    labels, pairs : path
        Where TAGGER_LABELS and TAGGER_LABEL_PAIRS go.

    Returns
    -------
    tuple of pandas.DataFrame
        Both tables.
    """
    dataset = read_dataset(FREQUENCY, films, tiles, albums, [], genres, min_tracks, groups)
    table = labelled_films(films)
    counted = pd.DataFrame(
        {
            "tracks": np.bincount(dataset.group[dataset.nonempty_bags], minlength=len(table)),
            "tiles": np.bincount(dataset.group[dataset.bag], minlength=len(table)),
            "year": table["year"].to_numpy(float, na_value=np.nan),
        }
    )
    carries = np.array([[genre in names for genre in genres] for names in table["genres"]], bool)
    used = counted["tracks"].to_numpy() > 0
    counted, carries = counted[used], carries[used]
    by_genre = label_table(counted, carries, genres).assign(
        is_used=[*(genre in dataset.genres for genre in genres), True]
    )
    by_pair = pair_table(counted, carries, genres)
    write_table(by_genre, labels, TAGGER_LABELS)
    write_table(by_pair, pairs, TAGGER_LABEL_PAIRS)
    return by_genre, by_pair


def label_table(films: pd.DataFrame, carries: np.ndarray, genres: Sequence[str]) -> pd.DataFrame:
    """Count films, tracks, tiles and years of each genre.

    Parameters
    ----------
    films : pandas.DataFrame
        A row per film: `tracks`, `tiles` and `year`, NaN if unknown.
    carries : ndarray of bool, shape (n_films, n_genres)
    genres : sequence of str

    Returns
    -------
    pandas.DataFrame
        The columns of TAGGER_LABELS without `is_used`; the last row is that of the films that carry
        any genre.
    """
    number = carries.sum(axis=1)
    rows = []
    for genre, chosen in zip([*genres, ALL], [*carries.T, carries.any(axis=1)], strict=True):
        part, genres_of = films[chosen], number[chosen]
        years = part["year"].quantile(QUANTILES).to_list()
        rows.append(
            {
                "genre": genre,
                "films": int(chosen.sum()),
                "tracks": part["tracks"].sum(),
                "tiles": part["tiles"].sum(),
                "films_alone": int((genres_of == 1).sum()),
                "genres_per_film": genres_of.mean() if len(part) else np.nan,
                **dict(zip(YEARS, years, strict=True)),
            }
        )
    return pd.DataFrame(rows)


def pair_table(films: pd.DataFrame, carries: np.ndarray, genres: Sequence[str]) -> pd.DataFrame:
    """Count the films and tracks that carry two genres.

    Parameters
    ----------
    films, carries, genres
        As `label_table` takes them.

    Returns
    -------
    pandas.DataFrame
        The columns of TAGGER_LABEL_PAIRS.
    """
    count = carries.sum(axis=0)
    rows = [
        {
            "genre": genres[one],
            "other": genres[other],
            "films": int(both.sum()),
            "tracks": int(films["tracks"][both].sum()),
            "share": both.sum() / count[one],
            "expected_films": count[one] * count[other] / len(carries),
        }
        for one, other in permutations(np.flatnonzero(count), 2)
        for both in [carries[:, one] & carries[:, other]]
    ]
    return pd.DataFrame(rows, columns=TAGGER_LABEL_PAIRS.names)
