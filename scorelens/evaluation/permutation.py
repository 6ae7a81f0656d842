"""Permutation tests over groups: what a metric is by chance, and how rarely it is as good.

Predictions stay as they are, and groups (films or titles) exchange their labels or queries, whole
clusters of groups at a time where groups depend on one another. Metrics are averaged over the units
of a group first: then a model whose predictions are all alike has the same value in any order,
however many units the groups of a genre have. Draws that tie with the observed value count as
reaching it, so that p is too large rather than too small. A model
that predicts a genre often keeps doing so. No model is trained on permuted labels, and the
predictions for a film were fitted to the labels of all others. As a film held out makes its own
genres rarer in training, a model without skill scores slightly below its permutations: the test is
conservative.
"""

from collections.abc import Iterable

import numpy as np

BLOCK = 1000  # permutations at once, to bound the memory
ENOUGH = 100  # draws that reach the observed value, after which `sequential_p` needs no more
TIE = 1e-12  # values that differ by less are equal: rounding


def draw_orders(
    groups: int,
    permutations: int,
    random: int | np.random.Generator,
    strata: np.ndarray | None = None,
    cluster: np.ndarray | None = None,
) -> np.ndarray:
    """Draw random orders of groups, which keep clusters of groups together.

    A cluster exchanges the labels of all its groups with another of the same number of groups.
    Clusters of a size that no other has keep their labels, so that the test is exact, but has
    fewer orders (`exchangeable`).

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
    cluster : ndarray of int, shape (groups,), optional
        Cluster of each group; each group is a cluster if left out.

    Returns
    -------
    ndarray of int, shape (permutations, groups)
        Whose labels each group has.

    References
    ----------
    Winkler, Webster, Vidaurre, Nichols and Smith, "Multi-level block permutation", NeuroImage,
    2015, section 2: whole-block exchange.

    Examples
    --------
    >>> draw_orders(3, 2, 0, strata=np.array([1, 1, 7]))[:, 2].tolist()
    [2, 2]
    >>> order = draw_orders(4, 1, 0, cluster=np.array([0, 0, 1, 1]))[0].tolist()
    >>> order in ([0, 1, 2, 3], [2, 3, 0, 1])
    True
    """
    random = np.random.default_rng(random)
    orders = np.tile(np.arange(groups), (permutations, 1))
    for blocks in _alike_clusters(groups, strata, cluster):
        numbers = np.tile(np.arange(len(blocks)), (permutations, 1))
        orders[:, blocks.ravel()] = blocks[random.permuted(numbers, axis=1)].reshape(
            permutations, -1
        )
    return orders


def exchangeable(
    groups: int, strata: np.ndarray | None = None, cluster: np.ndarray | None = None
) -> np.ndarray:
    """Tell which groups can have the labels of another in `draw_orders`.

    Parameters
    ----------
    groups : int
    strata, cluster : ndarray, shape (groups,), optional
        As `draw_orders` takes them.

    Returns
    -------
    ndarray of bool, shape (groups,)
        Where few are true, no p-value can be small: a test is stated with their number.

    Examples
    --------
    >>> exchangeable(4, cluster=np.array([0, 0, 1, 2])).tolist()
    [False, False, True, True]
    """
    mask = np.zeros(groups, bool)
    for blocks in _alike_clusters(groups, strata, cluster):
        mask[blocks] = len(blocks) > 1
    return mask


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


def sequential_p(blocks: Iterable[np.ndarray]) -> np.ndarray | float:
    """p-values of tests whose draws stop once enough of them reach the observed value.

    After l draws of which h = `ENOUGH` reach it, p is h / l, and no more are drawn; otherwise it is
    that of `p_value` over all draws. A small p thus has all draws, and a large one few.

    Parameters
    ----------
    blocks : iterable of ndarray of bool, shape (n, ...)
        Whether draws reach the observed values; read only as far as some test needs more.

    Returns
    -------
    float or ndarray of float, shape (...)
        Above 0, at most 1.

    References
    ----------
    Besag and Clifford, "Sequential Monte Carlo p-values", Biometrika, 1991.

    Examples
    --------
    >>> float(sequential_p([np.zeros(99, bool)]))
    0.01
    >>> float(sequential_p(np.ones((2, 1000), bool)))
    1.0
    """
    reached, stopped, drawn = 0, np.inf, 0
    for block in blocks:
        counts = reached + block.cumsum(axis=0)
        enough = counts >= ENOUGH
        first = np.where(enough.any(axis=0), drawn + 1 + enough.argmax(axis=0), np.inf)
        stopped = np.minimum(stopped, first)
        reached, drawn = counts[-1], drawn + len(block)
        if np.isfinite(stopped).all():
            break
    return np.where(np.isfinite(stopped), ENOUGH / stopped, p_value(reached, drawn))[()]


def permutation_f1(
    predicted: np.ndarray,
    labels: np.ndarray,
    permutations: int,
    seed: int,
    cluster: np.ndarray | None = None,
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
    cluster : ndarray of int, shape (groups,), optional
        Cluster of each group, see `draw_orders`.

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
        orders = draw_orders(groups, min(BLOCK, permutations - done), random, cluster=cluster)
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


def _alike_clusters(
    groups: int, strata: np.ndarray | None, cluster: np.ndarray | None
) -> list[np.ndarray]:
    """Clusters whose groups match in number and strata: list of int (clusters, groups in each)."""
    strata = np.zeros(groups, int) if strata is None else strata
    cluster = np.arange(groups) if cluster is None else cluster
    alike = {}
    for number in np.unique(cluster):
        members = np.flatnonzero(cluster == number)
        members = members[np.argsort(strata[members], kind="stable")]
        alike.setdefault(tuple(strata[members].tolist()), []).append(members)
    return [np.array(alike[key]) for key in sorted(alike)]
