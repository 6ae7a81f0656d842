"""From evidence to the probability that a cue is right."""

import numpy as np


def confidence(evidence: np.ndarray, doubt: float, slope: float) -> np.ndarray:
    """A logistic curve over the logarithm of the evidence (Platt's calibration), 0..1.

    evidence: (n,), at least 0. doubt: where a cue is as likely wrong as right. slope: of the
    log-odds. Fitted to right and wrong cues of known films; `calibrate_cues` tests it on a corpus.
    """
    odds = (np.maximum(evidence, 0) / doubt) ** slope
    return odds / (1 + odds)
