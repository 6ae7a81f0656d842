"""What the baselines know of a film instead of its music: year, loudness, length, random values.

The year is that of the film table, the loudness the mean level of the music that its cues play, the
length that of its album. Nothing of a film that is held out is used in training.
"""

import os
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from scorelens.errors import Problem, TableError
from scorelens.evaluation import THRESHOLD
from scorelens.genres.model import classifiers
from scorelens.genres.registry import LENGTH, LOUDNESS, MODEL_SPECS, YEAR
from scorelens.learning.confounds import (
    LENGTH_SCALE,
    LOUDNESS_SCALE,
    YEAR_SCALE,
    quadratic,
    random_vectors,
)
from scorelens.learning.grouped_folds import HeldOut
from scorelens.learning.packed_bags import Bags
from scorelens.tables import BAGS, FILMS, TRACKS, feature_columns, read_table

RMS = "dynamics.rms.mean"  # the feature whose level is the loudness
Paths = Mapping[str, str | os.PathLike]


def baseline_inputs(model: str, film_ids: Sequence[str], paths: Paths) -> np.ndarray:
    """Compute what a baseline takes as input.

    Parameters
    ----------
    model : str
        A name of `scorelens.genres.BASELINES` that has inputs.
    film_ids : sequence of str
        Ids of the films.
    paths : mapping of str to path
        Tables of `films` (for the year), `tracks` (for the length), and `bags` (for the loudness
        those of a set that has RMS; of random values, those whose width they have).

    Returns
    -------
    ndarray of float32, shape (n_films, n_columns)
        A value and its square, or random values; NaN where unknown.

    Raises
    ------
    TableError
        If the bags have no RMS.
    """
    inputs = MODEL_SPECS[model].inputs
    if inputs == YEAR:
        years = read_table(paths["films"], FILMS).set_index("film_id")["year"]
        return quadratic(years.reindex(film_ids).to_numpy(float, na_value=np.nan), *YEAR_SCALE)
    if inputs == LENGTH:
        total_s = read_table(paths["tracks"], TRACKS).groupby("film_id")["duration_s"].sum()
        known = total_s[total_s > 0].reindex(film_ids)
        return quadratic(np.log(known.to_numpy(float)), *LENGTH_SCALE)
    if inputs == LOUDNESS:
        return quadratic(_loudness_db(film_ids, paths["bags"]), *LOUDNESS_SCALE)
    width = len(feature_columns(read_table(paths["bags"], BAGS), BAGS))
    return random_vectors(film_ids, width)


def predict_films(
    model: str,
    values: np.ndarray,
    labels: np.ndarray,
    folds: Sequence[HeldOut],
    settings: Mapping[str, float],
    seed: int,
) -> Iterator[dict[str, np.ndarray]]:
    """Predict each film by the baseline trained without its fold.

    Parameters
    ----------
    model : str
        A name of `scorelens.genres.BASELINES` that has inputs.
    values : ndarray of float32, shape (n_films, n_columns)
        Of `baseline_inputs`. A value that is unknown has no influence.
    labels : ndarray of bool, shape (n_films, n_genres)
    folds : sequence of int or ndarray of int
        The films that each fold holds out.
    settings : mapping
        Of the classifier.
    seed : int

    Yields
    ------
    dict
        `probability`, float (n_genres,), and `predicted`, bool (n_genres,), of every film held
        out, fold by fold.
    """
    bags = Bags(values, np.arange(len(values) + 1))
    fitted = classifiers.fit_folds(model, bags, labels, folds, settings, seed, jobs=1)
    for held_out, fold in zip(folds, fitted, strict=True):
        for film in np.ravel(held_out):
            probability = classifiers.predict(model, fold.arrays, bags.one(film))[0]
            yield {"probability": probability, "predicted": probability > THRESHOLD}


def _loudness_db(film_ids: Sequence[str], path: str | os.PathLike) -> np.ndarray:
    bags = read_table(path, BAGS)
    if RMS not in bags:
        raise TableError(Problem(str(path), f"has no column {RMS}", "bags of the set mir"))
    rms = bags.groupby("film_id")[RMS].mean()
    return 20 * np.log10(rms[rms > 0].reindex(film_ids).to_numpy(float, na_value=np.nan))
