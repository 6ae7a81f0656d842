"""Shallow genre models: a classifier on the mean of a film's cues, or on its cues with a vote.

Simple MI classifies the mean of a film's instances; instance majority voting (IMV) gives every
instance the labels of its film and lets the instances vote (Ma et al. 2021, "Models"). Binary
relevance: every genre has a classifier of its own. The module of a classifier (`registry`) has a
`fit` and a `predict_probability`.

An instance is a cue or a single frame. All frames of 110 films are over 100,000 instances, and a
Gaussian kernel over them takes 50 GB: a vote of frames is trained on a sample of each film's frames
(`frames_per_film`) and is cast by all frames of the films held out. The kernel itself is exact.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from joblib import Parallel, delayed

from scorelens.genres.registry import CUES, MODEL_SPECS
from scorelens.learning.class_weights import label_frequency
from scorelens.learning.fitted_fold import FittedFold
from scorelens.learning.grouped_folds import HeldOut
from scorelens.learning.packed_bags import Bags
from scorelens.learning.scaling import fit_feature_scaler, standardise

VOTE_THRESHOLD = 0.5  # an instance votes for a genre above this probability


def fit_folds(
    model: str,
    bags: Bags,
    labels: np.ndarray,
    folds: Sequence[HeldOut],
    settings: Mapping[str, float],
    seed: int,
    jobs: int,
) -> Iterator[FittedFold]:
    """Fit a classifier for each fold, several at a time.

    Parameters
    ----------
    model : str
        A name of `simple_mi_*` or `imv_*`, or a baseline that has inputs.
    bags : Bags
        All bags, in their own units.
    labels : ndarray of bool, shape (n_bags, n_genres)
        Their labels.
    folds : sequence of int or ndarray of int
        The bags that each fold holds out.
    settings : mapping
        Of the classifier; `frames_per_film`, if there, is the number of instances of a bag, at
        most, that a vote is trained on.
    seed : int
        Of everything random.
    jobs : int
        Processes.

    Yields
    ------
    FittedFold
        Its arrays are `frequency` (n_genres,), the scaler `mean` and `inverse_std`, and those of
        the classifier, unless no genre varies in the training films.
    """
    inputs = model_inputs(model, bags)
    if "frames_per_film" in settings:
        inputs = inputs.sample(settings["frames_per_film"], seed)
    fits = (delayed(_fit_fold)(model, inputs, labels, fold, settings, seed) for fold in folds)
    for arrays in Parallel(n_jobs=jobs, return_as="generator")(fits):
        yield FittedFold(arrays)


def predict(model: str, arrays: Mapping[str, np.ndarray], bags: Bags) -> np.ndarray:
    """Predict the genres of bags with one fold.

    Parameters
    ----------
    model : str
        A name of `simple_mi_*` or `imv_*`, or a baseline that has inputs.
    arrays : mapping
        Of the fold.
    bags : Bags
        In their own units, NaN where a feature is missing.

    Returns
    -------
    ndarray of float64, shape (n_bags, n_genres)
        Simple MI: the classifier's probability. IMV: the share of the bag's instances that vote for
        the genre. A genre that all training films carry, or none, is predicted so.
    """
    frequency = arrays["frequency"]
    varied = (frequency > 0) & (frequency < 1)
    probability = np.tile(frequency.astype(float), (len(bags.sizes), 1))
    if not varied.any():
        return probability
    inputs = model_inputs(model, bags)
    x = standardise(inputs.instances, arrays)
    of_inputs = MODEL_SPECS[model].load().predict_probability(arrays, x)
    if MODEL_SPECS[model].inputs != CUES:
        probability[:, varied] = of_inputs
        return probability
    votes = (of_inputs > VOTE_THRESHOLD).astype(float)
    counts = np.add.reduceat(votes, inputs.starts[:-1], axis=0)
    probability[:, varied] = counts / inputs.sizes[:, None]
    return probability


def model_inputs(model: str, bags: Bags) -> Bags:
    """Return what a model classifies: all instances for IMV, and film means for any other."""
    return bags if MODEL_SPECS[model].inputs == CUES else bags.means()


def _fit_fold(model, inputs, labels, held_out, settings, seed) -> dict[str, np.ndarray]:
    training = ~np.isin(inputs.bag_of_instance, held_out)
    scaler = fit_feature_scaler(inputs.instances[training])
    frequency = label_frequency(labels, held_out)
    varied = (frequency > 0) & (frequency < 1)
    arrays = {"frequency": frequency, **scaler}
    if not varied.any():
        return arrays
    x = standardise(inputs.instances[training], scaler)
    y = labels[inputs.bag_of_instance[training]][:, varied]
    fold_seed = int(np.random.SeedSequence([seed, np.ravel(held_out)[0]]).generate_state(1)[0])
    return arrays | MODEL_SPECS[model].load().fit(x, y, settings, fold_seed)
