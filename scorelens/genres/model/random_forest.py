"""A random forest for each genre; the trees are saved as plain arrays."""

from collections.abc import Mapping

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree._tree import NODE_DTYPE, Tree

Arrays = dict[str, np.ndarray]


def fit(x: np.ndarray, y: np.ndarray, settings: Mapping[str, int], seed: int) -> Arrays:
    """Fit the forests; both labels of a genre have the same total weight.

    Parameters
    ----------
    x : ndarray of float32, shape (n_instances, n_features)
        Standardised training instances.
    y : ndarray of bool, shape (n_instances, n_genres)
        Their labels; none is constant.
    settings : mapping
        `n_estimators` and `max_leaf_nodes`.
    seed : int
        Of the bootstrap and the choice of features.

    Returns
    -------
    dict
        `tree_sizes`, int64 (n_genres, n_estimators), nodes of each tree; and of all nodes, tree by
        tree: `children` (left, right), `feature`, `threshold` and `share`, the weighted share of
        the genre in a node.
    """
    forests = [
        RandomForestClassifier(
            n_estimators=settings["n_estimators"],
            max_leaf_nodes=settings["max_leaf_nodes"],
            class_weight="balanced",
            random_state=seed,
        ).fit(x, labels)
        for labels in y.T
    ]
    trees = [[one.tree_ for one in forest.estimators_] for forest in forests]
    every = [tree for forest in trees for tree in forest]
    return {
        "tree_sizes": np.array([[tree.node_count for tree in forest] for forest in trees]),
        "children": np.concatenate(
            [np.c_[tree.children_left, tree.children_right] for tree in every], dtype=np.int32
        ),
        "feature": np.concatenate([tree.feature for tree in every], dtype=np.int32),
        "threshold": np.concatenate([tree.threshold for tree in every]),
        "share": np.concatenate([tree.value[:, 0, 1] for tree in every]),
    }


def predict_probability(arrays: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Compute the mean over the trees of the share of the genre in the leaf.

    Parameters
    ----------
    arrays : mapping
        Of `fit`.
    x : ndarray of float32, shape (n_instances, n_features)
        Standardised instances.

    Returns
    -------
    ndarray of float64, shape (n_instances, n_genres)
        Probabilities in 0..1, those of scikit-learn's forest bit for bit.
    """
    sizes = arrays["tree_sizes"]
    total = np.zeros((len(sizes), len(x)))
    ends = np.cumsum(sizes).reshape(sizes.shape)
    for genre, forest in enumerate(ends - sizes):
        for start, size in zip(forest, sizes[genre], strict=True):
            tree = _tree(arrays, slice(start, start + size), x.shape[1])
            total[genre] += tree.predict(x)[:, 1]
    return (total / sizes.shape[1]).T


def _tree(arrays: Mapping[str, np.ndarray], rows: slice, n_features: int) -> Tree:
    """A tree that predicts; what only training needs of its nodes is zero."""
    share = arrays["share"][rows]
    nodes = np.zeros(len(share), NODE_DTYPE)
    nodes["left_child"], nodes["right_child"] = arrays["children"][rows].T
    nodes["feature"], nodes["threshold"] = arrays["feature"][rows], arrays["threshold"][rows]
    values = np.stack([1 - share, share], axis=1)[:, None]
    tree = Tree(n_features, np.array([2], np.intp), 1)
    tree.__setstate__({"max_depth": 0, "node_count": len(share), "nodes": nodes, "values": values})
    return tree
