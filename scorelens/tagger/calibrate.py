"""Measures whether the probabilities of the tagger's models are true, on held-out tracks."""

import os
from collections.abc import Mapping

from scorelens.evaluation.calibration_tables import write_calibration
from scorelens.tagger.predictions import read_tracks
from scorelens.tagger.registry import BASELINES, EMBEDDING, MODELS


def calibrate_models(
    tracks: Mapping[str, str | os.PathLike],
    embedding: str,
    samples: int,
    seed: int,
    calibration: str | os.PathLike,
    reliability: str | os.PathLike,
    figure: str | os.PathLike,
    groups: Mapping[str, str] | None = None,
) -> None:
    """Measure the calibration of every model on tracks; films without any genre count, too.

    Parameters
    ----------
    tracks : mapping of str to path
        Each model's table of TAGGER_TRACKS.
    embedding : str
        The pretrained network of the models on embeddings.
    samples : int
        Bootstrap samples of the films.
    seed : int
    calibration, reliability, figure : path
        Where CALIBRATION, RELIABILITY and the figure go.
    groups : mapping of str to str, optional
        As `predictions.read_tracks` takes them.
    """
    models = {
        (features_of(model, embedding), model): read_tracks(path, groups, of_any_genre=False)
        for model, path in tracks.items()
    }
    write_calibration("tagger", "track", models, samples, seed, calibration, reliability, figure)


def features_of(model: str, embedding: str) -> str:
    """Name what a model takes as input.

    Parameters
    ----------
    model : str
        A name of `scorelens.tagger.MODELS`.
    embedding : str
        The pretrained network of the models on embeddings.

    Returns
    -------
    str
        `none` for a baseline.

    Examples
    --------
    >>> features_of("cnn", "musicnn"), features_of("embedding_linear", "musicnn")
    ('mfcc', 'musicnn')
    """
    if model in BASELINES:
        return "none"
    return embedding if MODELS[model] == EMBEDDING else MODELS[model]
