"""Classifies the scenes of films, their cues, by models that were trained on trailers' frames.

A linear model on the embeddings of a frozen network is trained on the frames of trailers; how many
frames of a scene it gets does not matter to it. Trailers of a film, or of its group, never train
the model that classifies the film.
"""

import logging
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from scorelens.errors import Problem, TableError
from scorelens.learning.class_weights import group_weights
from scorelens.learning.datasets import Dataset
from scorelens.learning.linear_model import fit_linear, predict_linear
from scorelens.tables import SCENES, feature_columns
from scorelens.trailers.data.table import bare_title

log = logging.getLogger(__name__)


def classify_scenes(
    scenes: pd.DataFrame,
    titles: Mapping[str, str],
    trailers: Dataset,
    related: Mapping[str, Collection[str]] | None = None,
) -> pd.DataFrame:
    """Predict the genres of each scene from its picture.

    Parameters
    ----------
    scenes : pandas.DataFrame
        Rows of SCENES, of any films.
    titles : mapping of str to str
        film_id -> title. The trailers of a film's title do not train its model.
    trailers : Dataset
        Frames of trailers by the same network.
    related : mapping of str to collection of str, optional
        film_id -> titles of its group, whose trailers do not train its model either.

    Returns
    -------
    pandas.DataFrame
        The columns of TRAILER_SCENES, a row per scene and genre.

    Raises
    ------
    TableError
        If a film leaves no trailer to train on.
    """
    columns = feature_columns(scenes, SCENES)
    models: dict[tuple[int, ...], Mapping[str, np.ndarray]] = {}
    probability = np.zeros((len(scenes), len(trailers.genres)), np.float32)
    for film_id, rows in scenes.groupby("film_id").indices.items():
        left_out = trailers_of([titles[film_id], *(related or {}).get(film_id, ())], trailers)
        log.info("%s: trailers of it or its group, left out: %d", film_id, len(left_out))
        train = np.setdiff1d(trailers.nonempty_bags, left_out)
        if not len(train):
            hint = "add trailers of other films"
            found = f"{film_id}: no trailer of another title has frames"
            raise TableError(Problem("trailers", found, "some to train on", hint))
        if tuple(train) not in models:
            models[tuple(train)] = fit_balanced(trailers, train)
        vectors = scenes[columns].iloc[rows].to_numpy(np.float32)
        probability[rows] = predict_linear(models[tuple(train)], vectors)
    row = np.repeat(np.arange(len(scenes)), len(trailers.genres))
    repeated = scenes[["film_id", "cue_id"]].iloc[row]
    return repeated.reset_index(drop=True).assign(
        genre=np.tile(np.array(trailers.genres, object), len(scenes)),
        probability=probability.ravel().astype(np.float64),
    )


def average_scenes(by_scene: pd.DataFrame, genres: Sequence[str]) -> pd.DataFrame:
    """Average the probabilities of the scenes of each film.

    Parameters
    ----------
    by_scene : pandas.DataFrame
        The columns of TRAILER_SCENES.
    genres : sequence of str
        Columns of the result, in order.

    Returns
    -------
    pandas.DataFrame, shape (films, genres)
        In 0..1, by film_id.
    """
    means = by_scene.pivot_table(index="film_id", columns="genre", values="probability")
    return means.reindex(columns=genres)


def fit_balanced(trailers: Dataset, train: np.ndarray) -> dict[str, np.ndarray]:
    """Fit a linear model to trailers, as if each genre were as frequent as not.

    Where a film's trailers are left out its own genres are rarer. Unless that is taken out of the
    odds, films would resemble their genres less for no other reason. A genre that all trailers
    carry, or none, gets a probability of 0.5.

    Parameters
    ----------
    trailers : Dataset
        Frames of trailers.
    train : ndarray of int, shape (n,)
        Numbers of the trailers to train on, which have frames.

    Returns
    -------
    dict of str to ndarray
        The arrays of `linear_model.fit_linear`.
    """
    arrays = fit_linear(trailers, train)
    weights = group_weights(trailers.group[train])
    frequency = np.average(trailers.labels[train], axis=0, weights=weights)
    varies = (frequency > 0) & (frequency < 1)
    bias = arrays["bias"] - logit(np.where(varies, frequency, 0.5))
    return arrays | {"bias": np.where(varies, bias, 0).astype(np.float32)}


def trailers_of(titles: Collection[str], trailers: Dataset) -> np.ndarray:
    """Find the trailers of some titles.

    Parameters
    ----------
    titles : collection of str
    trailers : Dataset

    Returns
    -------
    ndarray of int64, shape (n,)
        Their numbers, ascending. Titles are compared by `bare_title`.
    """
    bare = {bare_title(title) for title in titles}
    return np.flatnonzero([bare_title(other) in bare for other, _ in trailers.bag_ids])
