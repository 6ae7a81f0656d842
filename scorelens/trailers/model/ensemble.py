"""The inner ensemble of each fold: models that are each trained without one inner fold.

The prediction of a trailer held out is the mean of the models' predictions. A training trailer is
predicted by the model that was trained without it. All titles count alike, however many trailers
they have: their genres are one observation.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from scorelens.errors import Problem, TableError
from scorelens.learning.datasets import Dataset
from scorelens.learning.grouped_folds import NestedFold
from scorelens.learning.instance_predictions import InstancePredictions
from scorelens.trailers.data.dataset import nonempty
from scorelens.trailers.registry import FREQUENCY, MODEL_SPECS

Arrays = dict[str, np.ndarray]


def fit_ensembles(
    model: str, dataset: Dataset, folds: Sequence[NestedFold], settings: Mapping, seed: int
) -> list[list[Arrays]]:
    """Fit the inner ensemble of each fold.

    Parameters
    ----------
    model : str
        A name of `scorelens.trailers.MODELS`, not the fusion.
    dataset : Dataset
        Of the trailers.
    folds : sequence of NestedFold
        Of the trailers.
    settings : mapping
        `network` or `attention`, if the model has such a block.
    seed : int
        Of everything random.

    Returns
    -------
    list of list of dict
        The arrays of the models of each fold; none for the frequency.

    Raises
    ------
    TableError
        If a model has no trailer to be trained on.
    """
    if model == FREQUENCY:
        return [[] for _ in folds]
    subsets = [
        (nonempty(dataset, np.setdiff1d(fold.training, part)), nonempty(dataset, part))
        for fold in folds
        for part in fold.inner
    ]
    if not all(len(training) for training, _ in subsets):
        raise _too_few(model, dataset)
    fitted = iter(MODEL_SPECS[model].load().fit(model, dataset, subsets, settings, seed))
    return [[next(fitted) for _ in fold.inner] for fold in folds]


def predict(
    model: str, arrays: Arrays, dataset: Dataset, trailers: np.ndarray
) -> InstancePredictions:
    """Predict the instances of some trailers with one model.

    Parameters
    ----------
    model : str
        A name of `scorelens.trailers.MODELS`, neither frequency nor fusion.
    arrays : dict
        Of the model.
    dataset : Dataset
        Of the trailers.
    trailers : ndarray of int64
        Numbers of the trailers.

    Returns
    -------
    InstancePredictions
        Of their frames, or windows of their sound.
    """
    rows = dataset.rows_of(trailers)
    bag = dataset.bag[rows]
    if not len(rows):
        nothing = np.zeros((0, len(dataset.genres)), np.float32)
        return InstancePredictions(rows, bag, nothing, nothing)
    module = MODEL_SPECS[model].load()
    return InstancePredictions(
        rows, bag, *module.predict(model, arrays, dataset.instances[rows], bag)
    )


def predict_mean(
    model: str, members: Sequence[Arrays], dataset: Dataset, trailers: np.ndarray
) -> InstancePredictions:
    """Predict the instances of some trailers with all models of an ensemble.

    Parameters
    ----------
    model : str
        A name of `scorelens.trailers.MODELS`, neither frequency nor fusion.
    members : sequence of dict
        The arrays of the models.
    dataset : Dataset
        Of the trailers.
    trailers : ndarray of int64
        Numbers of the trailers.

    Returns
    -------
    InstancePredictions
        The probability of a trailer is the mean of the models' probabilities.
    """
    predictions = [predict(model, arrays, dataset, trailers) for arrays in members]
    weight = np.mean([one.weight for one in predictions], axis=0)
    share = np.mean([one.probability * one.weight for one in predictions], axis=0)
    probability = np.divide(share, weight, out=np.zeros_like(share), where=weight > 0)
    return predictions[0]._replace(probability=np.clip(probability, 0, 1), weight=weight)


def _too_few(model: str, dataset: Dataset) -> TableError:
    titles = len(np.unique(dataset.group[dataset.nonempty_bags]))
    what = f"{model}: titles whose trailers have its input: {titles}"
    hint = "add trailers, or leave the model out of trailers.models"
    return TableError(Problem("trailers", what, "some in each part of the training trailers", hint))
