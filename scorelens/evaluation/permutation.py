"""Permutation tests over groups: what a metric is by chance, and how rarely it is as good.

Predictions stay as they are, and groups (films or titles) exchange their labels or queries. A model
that predicts a genre often keeps doing so. No model is trained on permuted labels, and the
predictions for a film were fitted to the labels of all others. As a film held out makes its own
genres rarer in training, a model without skill scores slightly below its permutations: the test is
conservative.
"""

import numpy as np

BLOCK = 1000  # permutations at once, to bound the memory
TIE = 1e-12  # values that differ by less are equal: rounding


def draw_orders(
    groups: int,
    permutations: int,
    random: int | np.random.Generator,
    strata: np.ndarray | None = None,
) -> np.ndarray:
    """Draw random orders of groups.

    Parameters
    ----------
    groups : int
        Number of groups.
    permutations : int
        Number of orders.
    random : int, sequence of int or numpy.random.Generator
        Seed, or the generator to draw from.
    strata : ndarray, shape (groups,), optional
        Groups are exchanged only with groups of the same value.

    Returns
    -------
    ndarray of int, shape (permutations, groups)
        Whose labels each group has.

    Examples
    --------
    >>> draw_orders(3, 2, 0, strata=np.array([1, 1, 7]))[:, 2].tolist()
    [2, 2]
    """
    random = np.random.default_rng(random)
    orders = np.tile(np.arange(groups), (permutations, 1))
    if strata is None:
        return random.permuted(orders, axis=1)
    for value in np.unique(strata):
        alike = strata == value
        orders[:, alike] = random.permuted(orders[:, alike], axis=1)
    return orders


def is_as_good(
    permuted: np.ndarray,
    observed: np.ndarray,
    lower_is_better: np.ndarray | bool = False,
    tie: float = TIE,
) -> np.ndarray:
    """Whether permuted values are at least as good as the observed ones.

    Parameters
    ----------
    permuted, observed : ndarray of float
        Shapes that broadcast against each other.
    lower_is_better : bool or ndarray of bool
        For an error or a rank.
    tie : float
        Values that differ by less count as equal.

    Returns
    -------
    ndarray of bool

    Examples
    --------
    >>> is_as_good(np.array([0.1, 0.5, 0.7]), np.array(0.5)).tolist()
    [False, True, True]
    """
    return np.where(lower_is_better, permuted <= observed + tie, permuted >= observed - tie)


def p_value(as_good: np.ndarray | int, permutations: int) -> np.ndarray | float:
    """p-value of a permutation test with random permutations.

    (1 + k) / (1 + permutations), where k of them are as good as the observed order: never 0.

    Parameters
    ----------
    as_good : int or ndarray of int
        k.
    permutations : int

    Returns
    -------
    float or ndarray of float
        Above 0, at most 1.

    References
    ----------
    Phipson and Smyth, "Permutation P-values should never be zero", Stat. Appl. Genet. Mol. Biol.,
    2010, section 3.

    Examples
    --------
    >>> p_value(0, 99)
    0.01
    """
    return (1 + as_good) / (1 + permutations)


def permutation_f1(
    predicted: np.ndarray, labels: np.ndarray, permutations: int, seed: int
) -> dict[str, np.ndarray]:
    """Test whether the F1 of predictions is higher than if groups exchanged them at random.

    Parameters
    ----------
    predicted : ndarray of bool, shape (runs, groups, genres)
        The decisions of each training run.
    labels : ndarray of bool, shape (groups, genres)
    permutations : int
        Number of random orders of the groups.
    seed : int

    Returns
    -------
    dict of str to ndarray of float, shape (genres + 1,)
        `permuted`, the mean F1 over the permutations, and `p_permuted`, its p-value; the last value
        is that of the mean over the genres.
    """
    groups = len(labels)
    observed = f1_in_order(predicted, labels, np.arange(groups)[None])
    random = np.random.default_rng(seed)
    total, as_good = np.zeros_like(observed[0]), np.zeros_like(observed[0])
    for done in range(0, permutations, BLOCK):
        orders = draw_orders(groups, min(BLOCK, permutations - done), random)
        permuted = f1_in_order(predicted, labels, orders)
        total += permuted.sum(axis=0)
        as_good += is_as_good(permuted, observed).sum(axis=0)
    return {"permuted": total / permutations, "p_permuted": p_value(as_good, permutations)}


def f1_in_order(predicted: np.ndarray, labels: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """F1 when each group keeps its predictions and has the labels of another.

    Parameters
    ----------
    predicted : ndarray of bool, shape (runs, groups, genres)
    labels : ndarray of bool, shape (groups, genres)
    orders : ndarray of int, shape (orders, groups)
        Whose labels each group has.

    Returns
    -------
    ndarray of float, shape (orders, genres + 1)
        Means over the runs; the last value is the mean over the genres.
    """
    hits = np.einsum(
        "rfg,ofg->org", predicted.astype(np.float32), labels[orders].astype(np.float32)
    )
    # The numbers of predictions and of labels are the same in any order.
    wholes = np.broadcast_to(predicted.sum(axis=1) + labels.sum(axis=0), hits.shape)
    f1 = np.divide(2.0 * hits, wholes, out=np.zeros(hits.shape), where=wholes > 0).mean(axis=1)
    return np.concatenate([f1, f1.mean(axis=-1, keepdims=True)], axis=-1)
