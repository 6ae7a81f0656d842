"""Random draws of films that all models and baselines share, so that they can be compared."""

from typing import NamedTuple

import numpy as np

from scorelens.evaluation.bootstrap import draw_groups
from scorelens.evaluation.permutation import draw_orders, exchangeable


class Draws(NamedTuple):
    """Random draws that all models share.

    Attributes
    ----------
    samples : ndarray of int, shape (samples, films)
        How often each bootstrap sample draws each film.
    orders : ndarray of int, shape (permutations, films)
        Whose query each film has.
    clusters : int
        Number of clusters of films.
    exchangeable : int
        Number of films whose query another film can have.
    year_orders : ndarray of int, shape (permutations, films), or None
        Whose query each film has, where films exchange it only with others of their year; None if
        the years are unknown, or none has two films.
    """

    samples: np.ndarray
    orders: np.ndarray
    clusters: int
    exchangeable: int
    year_orders: np.ndarray | None = None


def draw_for_films(
    films: int,
    samples: int,
    permutations: int,
    seed: int,
    cluster: np.ndarray | None = None,
    years: np.ndarray | None = None,
) -> Draws:
    """Draw bootstrap samples of films, and random orders in which they exchange their queries.

    Parameters
    ----------
    films, samples, permutations, seed : int
    cluster : ndarray of int, shape (films,), optional
        Cluster of each film, from 0; films are independent if left out.
    years : ndarray of int, shape (films,), optional
        Release year of each film.

    Returns
    -------
    Draws
    """
    random = np.random.default_rng(seed)
    drawn = draw_groups(films, samples, random, cluster)
    orders = draw_orders(films, permutations, random, cluster=cluster)
    clusters = films if cluster is None else len(np.unique(cluster))
    draws = Draws(drawn, orders, clusters, int(exchangeable(films, cluster=cluster).sum()))
    if years is None or not exchangeable(films, years, cluster).any():
        return draws
    in_years = draw_orders(films, permutations, random, strata=years, cluster=cluster)
    return draws._replace(year_orders=in_years)
