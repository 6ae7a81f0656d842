"""Converts the evidence for a cue to the probability that the cue is correct."""

import numpy as np


def confidence(evidence: np.ndarray, doubt: float, slope: float) -> np.ndarray:
    """Evaluate a logistic curve over the logarithm of the evidence.

    Its parameters are fitted to correct and wrong cues of known films; `calibration` tests it on a
    corpus.

    Parameters
    ----------
    evidence : ndarray of float, shape (n,)
        0 or more.
    doubt : float
        The evidence at which a cue is as probably wrong as correct.
    slope : float
        Of the log-odds.

    Returns
    -------
    ndarray of float, shape (n,)
        In 0..1.

    References
    ----------
    Platt, "Probabilistic outputs for support vector machines", 1999.

    Examples
    --------
    >>> confidence(np.array([0.0, 20.0, 60.0]), doubt=20, slope=1).tolist()
    [0.0, 0.5, 0.75]
    """
    odds = (np.maximum(evidence, 0) / doubt) ** slope
    return odds / (1 + odds)
