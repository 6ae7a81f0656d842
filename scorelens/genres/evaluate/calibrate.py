"""Measures whether the probabilities of the genre models are true, on held-out films."""

import os
from collections.abc import Mapping

from scorelens.evaluation.calibration_tables import write_calibration
from scorelens.genres.evaluate.score import read_predictions
from scorelens.learning.film_groups import read_film_groups


def calibrate_models(
    predictions: Mapping[tuple[str, str], str | os.PathLike],
    groups: str | os.PathLike,
    samples: int,
    seed: int,
    calibration: str | os.PathLike,
    reliability: str | os.PathLike,
    figure: str | os.PathLike,
) -> None:
    """Compare the probabilities for held-out films with how often they are true.

    Parameters
    ----------
    predictions : mapping of (feature set, model) to path
        Tables of PREDICTIONS.
    groups : path
        The groups of films (tables.FILM_GROUPS), which are resampled as a whole.
    samples : int
        Bootstrap samples of the films.
    seed : int
    calibration, reliability, figure : path
        Where CALIBRATION, RELIABILITY and the figure go.
    """
    clusters = read_film_groups(groups)
    models = {run: read_predictions(path, clusters) for run, path in predictions.items()}
    write_calibration("genres", "film", models, samples, seed, calibration, reliability, figure)
