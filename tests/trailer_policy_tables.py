"""Tables of comparisons and of calibration for reports on trailers."""

from itertools import combinations

import pandas as pd

from scorelens.tables import CALIBRATION, TRAILER_COMPARISONS


def make_comparisons(runs):
    """The first of a pair is better by 0.01 for each position between the two."""
    rows = [
        {
            "measure": measure,
            "network": runs[first][0],
            "model": runs[first][1],
            "other_network": runs[second][0],
            "other_model": runs[second][1],
            "difference": 0.01 * (second - first),
            "low": 0.01 * (second - first) - 0.05,
            "high": 0.01 * (second - first) + 0.1,
            "p": 0.02,
            "p_holm": 0.06,
        }
        for measure in ("average_precision", "f1")
        for first, second in combinations(range(len(runs)), 2)
    ]
    return pd.DataFrame(rows, columns=TRAILER_COMPARISONS.names)


def make_calibration(runs):
    """The later a run, the larger its errors."""
    rows = [
        {
            "stage": "trailers",
            "features": network,
            "model": model,
            "level": "trailer",
            "genre": genre,
            "brier": 0.1 + 0.01 * number,
            "brier_low": 0.05,
            "brier_high": 0.3,
            "brier_frequency": 0.24,
            "calibration_error": 0.11 + 0.01 * number,
            "calibration_error_low": 0.07,
            "calibration_error_high": 0.33,
            "calibrated_error": 0.08,
            "p": 0.004,
            "units": 16,
            "groups": 12,
        }
        for number, (network, model) in enumerate(runs)
        for genre in ("Action", "all")
    ]
    return pd.DataFrame(rows)[CALIBRATION.names]
