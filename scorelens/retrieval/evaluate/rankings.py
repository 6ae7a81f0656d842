"""Rankings of the tracks of all test films for each of these films, by model and query."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens.retrieval import BASELINES, all_parts
from scorelens.retrieval.evaluate.metrics import rank_tracks
from scorelens.tables import RETRIEVAL_EMBEDDINGS, feature_columns


class Rankings(NamedTuple):
    """The ranks of all tracks for each test film.

    Attributes
    ----------
    configuration : str
        Name of the model or baseline.
    seen : str
        What the query has of a film, as in the column of the tables.
    films : ndarray of str, shape (films,)
        Ids of the films, ascending.
    film : ndarray of int, shape (tracks,)
        The film of each track, a position in `films`, ascending.
    ranks : ndarray of int, shape (runs, films, tracks)
        As `metrics.rank_tracks` gives them, of each training run.
    """

    configuration: str
    seen: str
    films: np.ndarray
    film: np.ndarray
    ranks: np.ndarray

    @property
    def is_full(self) -> bool:
        """Whether the query has all inputs of the model."""
        return is_full_query(self.configuration, self.seen)


def is_full_query(configuration: str, seen: str) -> bool:
    """Tell whether a query has all inputs of its model. Baselines have no other queries.

    Parameters
    ----------
    configuration, seen : str
        As in the columns of the tables.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_full_query("image_tags", "image+tags"), is_full_query("image_tags", "image")
    (True, False)
    """
    return configuration in BASELINES or seen == all_parts(configuration)


def full_queries(table: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of queries with all inputs of their model.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns `configuration` and `seen`.

    Returns
    -------
    pandas.DataFrame
        Some of its rows.
    """
    pairs = zip(table["configuration"], table["seen"], strict=True)
    return table[[is_full_query(*pair) for pair in pairs]]


def rank_embeddings(table: pd.DataFrame) -> list[Rankings]:
    """Rank the tracks by the cosines of one model, for each kind of query.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of RETRIEVAL_EMBEDDINGS, of one model.

    Returns
    -------
    list of Rankings
    """
    axes = feature_columns(table, RETRIEVAL_EMBEDDINGS)
    configuration = table["configuration"].iloc[0]
    table = table.sort_values(["repeat", "film_id", "track_id"], kind="stable")
    tracks = dict(list(table[table["kind"] == "track"].groupby("repeat")))
    rankings = []
    for seen, films in table[table["kind"] == "film"].groupby("seen", sort=False):
        ranks = [
            rank_tracks(run[axes].to_numpy(), tracks[repeat][axes].to_numpy())
            for repeat, run in films.groupby("repeat")
        ]
        ids = films["film_id"][films["repeat"] == films["repeat"].iloc[0]].to_numpy()
        owners = next(iter(tracks.values()))["film_id"]
        film = pd.Index(ids).get_indexer(owners)
        rankings.append(Rankings(configuration, seen, ids, film, np.stack(ranks)))
    return rankings
