"""Train one model of trailers fold by fold, and write what it says of titles it did not learn from.

A fold's probabilities are calibrated, and its thresholds found, by what its committee says of the
trailers that teach, each asked of the model that did not learn from its title.
"""

import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from scorelens.learning.calibration import EDGE, fit_lines, on_lines
from scorelens.learning.dataset import Material
from scorelens.tables import TRAILER_MOMENTS, TRAILER_PREDICTIONS, write_table
from scorelens.trailers import ATTENTIVE, HELD_OUT, TEACHING, title
from scorelens.trailers.data.dataset import Fold, deal, read_material, seen, title_weights
from scorelens.trailers.model.models import Arrays, Said, ask, ask_committee, learn
from scorelens.trailers.model.thresholds import tune

log = logging.getLogger(__name__)


def train_trailers(
    network: str,
    model: str,
    table: str | os.PathLike,
    samples: Mapping[str, str | os.PathLike],
    vectors: Sequence[str | os.PathLike],
    settings: Mapping,
    seed: int,
    predictions: str | os.PathLike,
    moments: str | os.PathLike,
) -> None:
    """Train a model of one arm, or the frequency, and write what it says.

    network, model: a run of `trailers.runs`, not the fusion. table, samples, vectors: as
    `material.read_material` takes them, the vectors those of `network`. settings: `genres`,
    `folds`, and `network` or `attention` if the model takes them. predictions, moments: where
    tables of the contracts TRAILER_PREDICTIONS and TRAILER_MOMENTS go; the latter has no rows for
    the frequency.
    """
    material = read_material(model, table, settings["genres"], samples, vectors)
    for number in np.setdiff1d(np.arange(len(material.tracks)), material.heard):
        log.warning("%s: nothing to look at, %s", material.tracks[number][1], title(network, model))
    folds = deal(material, settings["folds"], seed)
    learnt = learn(model, material, folds, settings, seed)
    said = [
        answer_fold(model, members, material, fold)
        for members, fold in zip(learnt, folds, strict=True)
    ]
    asked = [own.assign(fold=number) for number, (own, _) in enumerate(said)]
    run = {"network": network, "model": model}
    write_table(pd.concat(asked).assign(**run), predictions, TRAILER_PREDICTIONS)
    felt = pd.concat([own for _, own in said]).assign(**run)
    order = ["trailer_id", "time_s"]
    write_table(felt.sort_values(order, kind="stable"), moments, TRAILER_MOMENTS)
    log.info(
        "%s: %d trailers, %d with something to look at, %d genres, %d folds",
        *(
            title(network, model),
            len(material.tracks),
            len(material.heard),
            len(material.genres),
            len(folds),
        ),
    )


def answer_fold(
    model: str, members: Sequence[Arrays], material: Material, fold: Fold
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a fold's committee says, calibrated: rows of both tables.

    members: of `models.learn`. Returns the columns of TRAILER_PREDICTIONS without the fold and the
    run, and those of TRAILER_MOMENTS without the run.
    """
    frequency = _frequency(material, fold.teaching)
    answers = np.tile(frequency, (len(material.tracks), 1))
    moments = pd.DataFrame({name: [] for name in TRAILER_MOMENTS.names})
    if members:
        inner = [
            ask(model, arrays, material, seen(material, part))
            for arrays, part in zip(members, fold.parts, strict=True)
        ]
        lines = _lines(model, inner, material, frequency)
        outer = ask_committee(model, members, material, seen(material, fold.held_out))
        for said in (*inner, outer):
            if len(said.rows):
                answers[np.unique(said.track)] = on_lines(said.whole, lines)
        moments = _moments(material, outer, lines)
    looked = np.isin(np.arange(len(answers)), material.heard) & bool(members)
    return _predictions(material, fold, answers, looked), moments


def _frequency(material: Material, trailers: np.ndarray) -> np.ndarray:
    """The share of some trailers' titles that carry each genre: float32 (genres,)."""
    weights = title_weights(material.film[trailers])
    return np.average(material.actual[trailers], axis=0, weights=weights).astype(np.float32)


def _predictions(
    material: Material, fold: Fold, answers: np.ndarray, looked: np.ndarray
) -> pd.DataFrame:
    """The answers of a fold with its thresholds.

    answers: float32 (trailers, genres). looked: bool (trailers,), whether there was something to
    look at.
    """
    weights = title_weights(material.film[fold.teaching])
    threshold = tune(answers[fold.teaching], material.actual[fold.teaching], weights)
    parts = {HELD_OUT: fold.held_out, TEACHING: fold.teaching}
    return pd.concat(
        _rows(material, own).assign(
            part=name,
            probability=answers[own].ravel().astype(np.float64),
            threshold=np.tile(threshold, len(own)),
            actual=material.actual[own].ravel(),
            seen=np.repeat(looked[own], len(material.genres)),
        )
        for name, own in parts.items()
    )


def _lines(
    model: str, inner: Sequence[Said], material: Material, frequency: np.ndarray
) -> np.ndarray:
    """What calibrates a fold: see `calibration.fit_lines`. frequency: float32 (genres,).

    Attention learns as if every genre were as frequent as not; what that adds to the odds is known.
    """
    some = [said for said in inner if len(said.rows)]
    trailers = np.concatenate([np.unique(said.track) for said in some])
    probability = np.concatenate([said.whole for said in some])
    shift = logit(np.clip(frequency, EDGE, 1 - EDGE)) * (model in ATTENTIVE)
    weights = title_weights(material.film[trailers])
    return fit_lines(probability, material.actual[trailers], weights, shift)


def _moments(material: Material, said: Said, lines: np.ndarray) -> pd.DataFrame:
    return _rows(material, said.track)[["trailer_id", "genre"]].assign(
        time_s=np.repeat(material.start_s[said.rows], len(material.genres)),
        probability=on_lines(said.probability, lines).ravel().astype(np.float64),
        weight=said.weight.ravel().astype(np.float64),
    )


def _rows(material: Material, trailers: np.ndarray) -> pd.DataFrame:
    """A row for each of some trailers and each genre."""
    names = np.array(material.tracks, object)[np.repeat(trailers, len(material.genres))]
    genres = np.tile(np.array(material.genres, object), len(trailers))
    return pd.DataFrame({"title": names[:, 0], "trailer_id": names[:, 1], "genre": genres})
