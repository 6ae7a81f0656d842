"""The shallow genre models: forests, support vector machines, neighbours, logistic regression.

Binary relevance: every genre is a yes-or-no question of its own. Each works on film means (Simple
MI) or on every cue with the labels of its film (instance majority voting, IMV; Ma et al. 2021,
"Models"). A kind has a `fit` from standardised instances float32 (N, D) and labels bool (N, K),
none of them constant, and a `probability` that gives float (N, K) in 0..1 for new instances.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC

from scorelens.genres.model.labels import HeldOut, training_frequency
from scorelens.learning.instances import Bags, fit_scale, standardise


def fit_forest(x: np.ndarray, y: np.ndarray, settings: Mapping[str, int], seed: int) -> list:
    """A random forest for each genre; both of its labels weigh the same."""
    return [
        RandomForestClassifier(
            n_estimators=settings["trees"],
            max_leaf_nodes=settings["leaves"],
            class_weight="balanced",
            random_state=seed,
        ).fit(x, labels)
        for labels in y.T
    ]


def forest_probability(forests: list, x: np.ndarray) -> np.ndarray:
    """The mean of the trees' shares of the genre in the leaf."""
    return np.stack([forest.predict_proba(x)[:, 1] for forest in forests], axis=1)


def fit_svm(x: np.ndarray, y: np.ndarray, settings: Mapping[str, float], seed: int) -> dict:
    """A support vector machine with a Gaussian kernel of width 1/D for each genre.

    The kernel is worked out once for all genres and the instances are kept once. Both labels of
    a genre weigh the same. Nothing is random, so that `seed` has no part.
    """
    kernel = rbf_kernel(x, x)
    machines = [
        SVC(C=settings["c"], kernel="precomputed", class_weight="balanced").fit(kernel, labels)
        for labels in y.T
    ]
    return {"instances": x, "machines": machines}


def svm_probability(fitted: dict, x: np.ndarray) -> np.ndarray:
    """The logistic function of the distance to the border: above one half on the genre's side.

    It is not calibrated: a film's labels are too few to calibrate on.
    """
    kernel = rbf_kernel(x, fitted["instances"])
    margins = [machine.decision_function(kernel) for machine in fitted["machines"]]
    return expit(np.stack(margins, axis=1))


def fit_knn(x: np.ndarray, y: np.ndarray, settings: Mapping[str, int], seed: int) -> dict:
    """The nearest neighbours, at most as many as there are instances; `seed` has no part.

    Genres share their neighbours, so that one search over all labels is binary relevance.
    """
    neighbours = NearestNeighbors(
        n_neighbors=min(settings["neighbours"], len(x)), algorithm="brute"
    )
    return {"neighbours": neighbours.fit(x), "labels": y}


def knn_probability(fitted: dict, x: np.ndarray) -> np.ndarray:
    """The share of the neighbours that carry the genre."""
    nearest = fitted["neighbours"].kneighbors(x, return_distance=False)
    return fitted["labels"][nearest].mean(axis=1)


def fit_logistic(x: np.ndarray, y: np.ndarray, settings: Mapping[str, float], seed: int) -> list:
    """A logistic regression for each genre, ridge penalty; both of its labels weigh the same.

    Nothing is random, so that `seed` has no part.
    """
    return [
        LogisticRegression(C=settings["c"], class_weight="balanced", max_iter=1000).fit(x, labels)
        for labels in y.T
    ]


def logistic_probability(regressions: list, x: np.ndarray) -> np.ndarray:
    """The regressions' own probabilities."""
    return np.stack([model.predict_proba(x)[:, 1] for model in regressions], axis=1)


class Kind(NamedTuple):
    """How a kind of classifier is fitted and asked."""

    fit: Callable
    probability: Callable


KINDS = {
    "random_forest": Kind(fit_forest, forest_probability),
    "svm": Kind(fit_svm, svm_probability),
    "knn": Kind(fit_knn, knn_probability),
    "logistic_regression": Kind(fit_logistic, logistic_probability),
}


def kind_of(model: str) -> Kind:
    """The classifier behind a model's name, such as `imv_svm`."""
    return KINDS[model.removeprefix("imv_").removeprefix("simple_mi_")]


def fit_classifiers(
    model: str,
    bags: Bags,
    actual: np.ndarray,
    folds: Sequence[HeldOut],
    settings: Mapping[str, float],
    seed: int,
    jobs: int,
) -> Iterator[tuple[dict[str, np.ndarray], object]]:
    """Fit a classifier for each fold, several at a time.

    model: a name of `simple_mi_*` or `imv_*`. actual: bool (bags, genres). folds: the bags that
    each fold holds out. jobs: processes.
    Yields, fold by fold, its scale (`mean`, `gain`) and what `fit` returned; None if no genre
    varies in the training films.
    """
    seen = instances_seen(model, bags)
    fits = (delayed(_fit_fold)(model, seen, actual, fold, settings, seed) for fold in folds)
    yield from Parallel(n_jobs=jobs, return_as="generator")(fits)


def _fit_fold(model, bags, actual, held_out, settings, seed):
    training = ~np.isin(bags.bag_of_instance, held_out)
    scale = fit_scale(bags.instances[training])
    frequency = training_frequency(actual, held_out)
    varied = (frequency > 0) & (frequency < 1)
    if not varied.any():
        return scale, None
    x = standardise(bags.instances[training], scale)
    y = actual[bags.bag_of_instance[training]][:, varied]
    fold_seed = int(np.random.SeedSequence([seed, np.ravel(held_out)[0]]).generate_state(1)[0])
    return scale, kind_of(model).fit(x, y, settings, fold_seed)


def instances_seen(model: str, bags: Bags) -> Bags:
    """What a model looks at: film means for Simple MI, every cue for IMV."""
    return bags.means() if model.startswith("simple_mi_") else bags


def bag_probability(model: str, fitted: object, bags: Bags) -> np.ndarray:
    """The probability of each genre that varies, for new standardised bags of `instances_seen`.

    Simple MI: the classifier's own. IMV: the share of the bag's cues that vote for the genre.
    Returns float (bags, genres) in 0..1.
    """
    probability = kind_of(model).probability(fitted, bags.instances)
    if model.startswith("simple_mi_"):
        return probability
    votes = np.add.reduceat((probability > 0.5).astype(float), bags.starts[:-1], axis=0)
    return votes / bags.sizes[:, None]
