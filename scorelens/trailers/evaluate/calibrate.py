"""Measures how well the probabilities of the trailer models are calibrated."""

import os
from collections.abc import Mapping

from scorelens.evaluation.calibration_tables import write_calibration
from scorelens.trailers import Run
from scorelens.trailers.evaluate.predictions import read_predictions


def calibrate_trailers(
    predictions: Mapping[Run, str | os.PathLike],
    samples: int,
    seed: int,
    calibration: str | os.PathLike,
    reliability: str | os.PathLike,
    figure: str | os.PathLike,
    groups: Mapping[str, str] | None = None,
) -> None:
    """Compare the probabilities for held-out trailers with how often they are true.

    Parameters
    ----------
    predictions : mapping of (network, model) to path
        Tables of TRAILER_PREDICTIONS.
    samples : int
        Bootstrap samples of the titles.
    seed : int
    calibration, reliability, figure : path
        Where CALIBRATION, RELIABILITY and the figure go.
    groups : mapping of str to str, optional
        As `predictions.read_predictions` takes it.
    """
    runs = {run: read_predictions(path, groups) for run, path in predictions.items()}
    outputs = calibration, reliability, figure
    write_calibration("trailers", "trailer", runs, samples, seed, *outputs)
