"""The films' own scenes: which genre their pictures look like, to eyes that learnt from trailers.

A scene is a cue. A linear model on the vectors of a frozen network learns from the frames of
trailers; how many frames it is asked about does not matter to it. A film's own trailers never teach
what is asked of the film.
"""

import logging
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from scorelens.errors import Problem, TableError
from scorelens.learning.class_weights import group_weights
from scorelens.learning.datasets import Dataset
from scorelens.learning.embedding_models import fit_linear, predict_linear
from scorelens.tables import SCENES, feature_columns
from scorelens.trailers.data.table import plain_title

log = logging.getLogger(__name__)


def judge_scenes(
    scenes: pd.DataFrame, titles: Mapping[str, str], material: Dataset
) -> pd.DataFrame:
    """How much each scene looks like each genre: the columns of TRAILER_SCENES.

    scenes: the columns of SCENES, of any films. titles: film_id -> title. material:
    frames of trailers by the same network (`dataset.read_dataset`). Each film is judged by what
    the trailers of other titles teach. Raises TableError if a film leaves no trailer to learn from.
    """
    columns = feature_columns(scenes, SCENES)
    judges: dict[tuple[int, ...], Mapping[str, np.ndarray]] = {}
    said = np.zeros((len(scenes), len(material.genres)), np.float32)
    for film_id, rows in scenes.groupby("film_id").indices.items():
        own = trailers_of(titles[film_id], material)
        log.info("%s: trailers of its own, left out: %d", film_id, len(own))
        teaching = np.setdiff1d(material.nonempty_bags, own)
        if not len(teaching):
            hint = "add trailers of other films"
            found = f"{film_id}: no trailer of another title has frames"
            raise TableError(Problem("trailers", found, "some to learn from", hint))
        if tuple(teaching) not in judges:
            judges[tuple(teaching)] = learn_look(material, teaching)
        vectors = scenes[columns].iloc[rows].to_numpy(np.float32)
        said[rows] = predict_linear(judges[tuple(teaching)], vectors)
    row = np.repeat(np.arange(len(scenes)), len(material.genres))
    repeated = scenes[["film_id", "cue_id"]].iloc[row]
    return repeated.reset_index(drop=True).assign(
        genre=np.tile(np.array(material.genres, object), len(scenes)),
        probability=said.ravel().astype(np.float64),
    )


def film_looks(judged: pd.DataFrame, genres: Sequence[str]) -> pd.DataFrame:
    """How much each film looks like each genre, the mean over its scenes: (films, genres) in 0..1.

    judged: the columns of TRAILER_SCENES. genres: those of the result, in order.
    """
    means = judged.pivot_table(index="film_id", columns="genre", values="probability")
    return means.reindex(columns=genres)


def learn_look(material: Dataset, trailers: np.ndarray) -> dict[str, np.ndarray]:
    """What trailers teach about the look of each genre, as if each were as frequent as not.

    Where a film's trailers are left out its own genres are rarer. Were that not taken out of the
    odds, films would look less like their genres for no other reason. A genre that all trailers
    carry, or none, is as likely as not. trailers: numbers of those that teach, which have frames.
    Returns the arrays of `embedding_models.fit_linear`.
    """
    arrays = fit_linear(material, trailers)
    weights = group_weights(material.group[trailers])
    frequency = np.average(material.labels[trailers], axis=0, weights=weights)
    varied = (frequency > 0) & (frequency < 1)
    bias = arrays["bias"] - logit(np.where(varied, frequency, 0.5))
    return arrays | {"bias": np.where(varied, bias, 0).astype(np.float32)}


def trailers_of(title: str, material: Dataset) -> np.ndarray:
    """Numbers of the trailers of a title, by `bare_title`: int64 (n,), ascending."""
    bare = bare_title(title)
    return np.flatnonzero([bare_title(own) == bare for own, _ in material.bag_ids])


def bare_title(title: str) -> str:
    """A title without case, accents, punctuation and a year at its end.

    Titles of films and of trailers come from two tables. Where in doubt they count as one: a
    trailer too few does less harm than the film's own.
    """
    words = plain_title(title).split()
    if len(words) > 1 and re.fullmatch(r"(18|19|20)\d\d", words[-1]):
        words.pop()
    return " ".join(words)
