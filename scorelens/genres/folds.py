"""Leave-one-film-out: train a model once a film, keep every fold, predict the film left out.

A model file is a zip archive. `about.json` says what it is: model, feature set, genres, features
and films. Each film has `{film_id}.safetensors`, the arrays of the fold that never saw it:
`frequency` (share of the training films that carry each genre), `mean` and `gain` (the scale of the
features), and a network's parameters or a baseline's answer. The classifiers add
`{film_id}.joblib`, which is a pickle: load only files that you trust.
"""

import io
import json
import logging
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import joblib
import numpy as np
import pandas as pd
import safetensors.numpy
import torch

from scorelens.genres import BASELINES, NETWORKS, baselines, classifiers
from scorelens.genres.instances import Bags, read_bags, standardise
from scorelens.genres.labels import Labels, read_labels, training_frequency
from scorelens.genres.networks import evaluate
from scorelens.genres.training import fit_networks
from scorelens.tables import PREDICTIONS, atomic, write_table

log = logging.getLogger(__name__)

THRESHOLD = 0.5  # a probability above it says yes; at it, a tied vote, no


@dataclass(frozen=True)
class About:
    """What a model file holds: a fold for each film, in order; genres and features by name."""

    model: str
    feature_set: str
    genres: list[str]
    features: list[str]
    films: list[str]


@dataclass(frozen=True)
class Fold:
    """What one fold learnt: arrays by name, and the classifier if it is one."""

    arrays: dict[str, np.ndarray]
    classifier: object = None


def train(
    model: str,
    feature_set: str,
    films: str | os.PathLike,
    bags: str | os.PathLike | None,
    genres: Sequence[str],
    settings: Mapping[str, float],
    seed: int,
    threads: int,
    predictions: str | os.PathLike,
    models: str | os.PathLike,
) -> None:
    """Train a model with each film left out in turn; write the predictions and all folds.

    model: a name of `scorelens.genres.MODELS`. films: the table of films in use. bags: the table
    of bags, None for a baseline. settings: the model's block of the configuration. predictions,
    models: paths to write.
    Raises TableError if fewer than two films can take part.
    """
    torch.set_num_threads(threads)
    labels, features, packed = read_labels(films, genres), [], None
    if model not in BASELINES:
        packed, labels, features = read_bags(bags, labels)
    about = About(model, feature_set, labels.genres, features, labels.film_ids)
    folds = train_folds(model, packed, labels.actual, settings, seed, threads)
    tables = []
    with atomic(models) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _add(archive, "about.json", json.dumps(asdict(about), indent=1).encode())
        for place, fold in enumerate(folds):
            _save_fold(archive, about.films[place], fold)
            answer = predict(model, fold, packed.one(place) if packed else None)
            tables.append(_rows(labels, place, *answer))
    provenance = {"model": model, "feature_set": feature_set, "seed": seed, "settings": settings}
    write_table(pd.concat(tables, ignore_index=True), predictions, PREDICTIONS, provenance)
    log.info("%s on %s: %d folds", model, feature_set, len(about.films))


def train_folds(
    model: str,
    bags: Bags | None,
    actual: np.ndarray,
    settings: Mapping[str, float],
    seed: int,
    threads: int,
) -> Iterator[Fold]:
    """Train a model with each film left out in turn.

    bags: one a film; None for a baseline. actual: bool (films, genres). Yields fold by fold; what
    a fold holds does not depend on the film that it leaves out.
    """
    if model in BASELINES:
        fitted = ((arrays, None) for arrays in baselines.FIT[model](actual, seed))
    elif model in NETWORKS:
        every = range(len(actual))
        fitted = (
            (arrays, None) for arrays in fit_networks(model, bags, actual, every, settings, seed)
        )
    else:
        fitted = classifiers.fit_classifiers(model, bags, actual, settings, seed, threads)
    for place, (arrays, classifier) in enumerate(fitted):
        frequency = training_frequency(actual, place)
        yield Fold({"frequency": frequency, **arrays}, classifier)


def predict(model: str, fold: Fold, bags: Bags | None) -> tuple[np.ndarray, np.ndarray]:
    """What a fold says of new bags.

    bags: instances with the features of the model file, in their own units, NaN where missing;
    None for a baseline, which says the same of every film.
    Returns the probability of each genre, float (bags, genres) in 0..1, and the decision, bool. A
    genre that all training films carry, or none, is predicted so.
    """
    if model in BASELINES:
        return fold.arrays["probability"][None], fold.arrays["predicted"][None]
    frequency = fold.arrays["frequency"]
    varied = (frequency > 0) & (frequency < 1)
    probability = np.tile(frequency.astype(float), (len(bags.sizes), 1))
    if varied.any():
        probability[:, varied] = _varied_probability(model, fold, bags, varied)
    return probability, probability > THRESHOLD


def _varied_probability(model: str, fold: Fold, bags: Bags, varied: np.ndarray) -> np.ndarray:
    if model in NETWORKS:
        scaled = standardise(bags.instances, fold.arrays)
        return _network_probability(model, fold, Bags(scaled, bags.starts))[:, varied]
    seen = classifiers.instances_seen(model, bags)
    scaled = standardise(seen.instances, fold.arrays)
    return classifiers.bag_probability(model, fold.classifier, Bags(scaled, seen.starts))


@torch.no_grad()
def _network_probability(model: str, fold: Fold, bags: Bags) -> np.ndarray:
    parameters = {name: torch.from_numpy(value)[None] for name, value in fold.arrays.items()}
    members = bags.bag_of_instance[:, None] == np.arange(len(bags.sizes))
    answer = evaluate(
        model,
        parameters,
        torch.from_numpy(bags.instances)[None],
        torch.from_numpy(members.astype(np.float32))[None],
    )
    return answer[0].T.double().numpy()


def load_about(path: str | os.PathLike) -> About:
    """What a model file holds."""
    with zipfile.ZipFile(path) as archive:
        return About(**json.loads(archive.read("about.json")))


def load_fold(path: str | os.PathLike, film_id: str) -> Fold:
    """The fold of a model file that never saw this film. Raises KeyError if there is none."""
    with zipfile.ZipFile(path) as archive:
        arrays = safetensors.numpy.load(archive.read(f"{film_id}.safetensors"))
        pickled = f"{film_id}.joblib"
        if pickled not in archive.namelist():
            return Fold(arrays)
        return Fold(arrays, joblib.load(io.BytesIO(archive.read(pickled))))


def _save_fold(archive: zipfile.ZipFile, film_id: str, fold: Fold) -> None:
    arrays = {name: np.ascontiguousarray(value) for name, value in fold.arrays.items()}
    _add(archive, f"{film_id}.safetensors", safetensors.numpy.save(arrays))
    if fold.classifier is not None:
        pickled = io.BytesIO()
        joblib.dump(fold.classifier, pickled)
        _add(archive, f"{film_id}.joblib", pickled.getvalue(), zipfile.ZIP_DEFLATED)


def _add(
    archive: zipfile.ZipFile, name: str, content: bytes, how: int = zipfile.ZIP_STORED
) -> None:
    """Add a file without the time of day, so that the same models give the same archive."""
    archive.writestr(zipfile.ZipInfo(name), content, how, compresslevel=1)


def _rows(
    labels: Labels, place: int, probability: np.ndarray, predicted: np.ndarray
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "film_id": labels.film_ids[place],
            "genre": labels.genres,
            "probability": probability[0].astype(float),
            "predicted": predicted[0],
            "actual": labels.actual[place],
            "fold": place,
        }
    )
