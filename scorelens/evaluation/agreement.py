"""Agreement of people who label the same units: kappa, alpha, and events matched in time."""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from sklearn.metrics import cohen_kappa_score

MISSING = -1  # a label that a person did not give


def cohen_kappa(first: np.ndarray, second: np.ndarray) -> float:
    """Cohen's kappa of two people over the units that both label.

    Parameters
    ----------
    first, second : ndarray of int, shape (units,)
        Labels; MISSING without.

    Returns
    -------
    float
        In -1..1; 0 is chance. NaN without units, or if all have one label.

    References
    ----------
    Cohen, "A coefficient of agreement for nominal scales", 1960.

    Examples
    --------
    >>> round(cohen_kappa(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])), 3)
    0.5
    """
    labelled = (first != MISSING) & (second != MISSING)
    first, second = first[labelled], second[labelled]
    if len(np.unique([first, second])) < 2:
        return np.nan
    return float(cohen_kappa_score(first, second))


def krippendorff_alpha(labels: np.ndarray) -> float:
    """Krippendorff's alpha for nominal labels of any number of people, some of them missing.

    Parameters
    ----------
    labels : ndarray of int, shape (people, units)
        From 0; MISSING without a label.

    Returns
    -------
    float
        1 is perfect agreement, 0 chance, below is less than chance. NaN if no unit has two labels,
        or if all that count have one label.

    References
    ----------
    Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, section C.

    Examples
    --------
    >>> round(krippendorff_alpha(np.array([[0, 1, 1, 0, 0, 1], [0, 1, 1, 1, 0, MISSING]])), 4)
    0.64
    """
    counts = (labels == np.arange(max(labels.max(), 0) + 1)[:, None, None]).sum(axis=1)
    counts = counts[:, counts.sum(axis=0) > 1].astype(float)  # (labels, units)
    people = counts.sum(axis=0)
    observed = (people**2 - (counts**2).sum(axis=0)) / np.maximum(people - 1, 1)
    totals, pairable = counts.sum(axis=1), counts.sum()
    expected = pairable**2 - (totals**2).sum()
    if not expected:
        return np.nan
    return float(1 - (pairable - 1) * observed.sum() / expected)


def matched_events(may_match: np.ndarray) -> int:
    """Count the most pairs of events that can be matched one to one.

    Parameters
    ----------
    may_match : ndarray of bool, shape (first, second)
        Which event of the one list is near enough to which of the other.

    Returns
    -------
    int

    Examples
    --------
    >>> matched_events(np.array([[True, True], [True, False], [True, False]]))
    2
    """
    partners = maximum_bipartite_matching(csr_array(may_match), perm_type="column")
    return int((partners >= 0).sum())
