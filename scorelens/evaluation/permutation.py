"""What a model's answers are worth by chance: its F1 when they are handed to other films.

The answers stay as they are, so that a model that says a genre often keeps saying it often; only
which film gets which answer is drawn anew, all genres of an answer and all training runs together.
This is no test of the training: no model is trained on permuted labels, and the answers of one film
were learnt from the labels of all others. As the film left out makes its own genres rarer in
training, a model without skill comes out a little below its permutations: the test errs on the side
of caution.
"""

import numpy as np

BLOCK = 1000  # permutations at once, to bound the memory
TIE = 1e-12  # below it two F1 differ by rounding alone


def against_chance(
    said: np.ndarray, true: np.ndarray, permutations: int, seed: int
) -> dict[str, np.ndarray]:
    """The F1 of answers that are handed to other films at random, and how rarely it is as high.

    said: bool (runs, films, genres), the decisions of each training run. true: bool (films,
    genres), the labels. permutations: random orders of the films.
    Returns float (genres + 1,), the last for the mean over the genres: `permuted`, the mean F1
    over the permutations, 0..1, and `p_permuted`, (1 + k) / (1 + permutations) where k of them have
    an F1 at least as large as the answers have in their own order (Phipson and Smyth 2010).
    """
    observed = f1_in_order(said, true, np.arange(len(true))[None])
    random = np.random.default_rng(seed)
    total, reached = np.zeros_like(observed[0]), np.zeros_like(observed[0])
    for done in range(0, permutations, BLOCK):
        straight = np.tile(np.arange(len(true)), (min(BLOCK, permutations - done), 1))
        drawn = f1_in_order(said, true, random.permuted(straight, axis=1))
        total += drawn.sum(axis=0)
        reached += (drawn >= observed - TIE).sum(axis=0)
    return {"permuted": total / permutations, "p_permuted": (1 + reached) / (1 + permutations)}


def f1_in_order(said: np.ndarray, true: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """F1 when film i has the answer for itself and the labels of film order[i].

    said: bool (runs, films, genres). true: bool (films, genres). orders: int (orders, films).
    Returns float (orders, genres + 1), mean over the runs; last the mean over the genres.
    """
    hits = np.einsum("rfg,ofg->org", said.astype(np.float32), true[orders].astype(np.float32))
    # The numbers of answers and of labels are the same in any order.
    wholes = np.broadcast_to(said.sum(axis=1) + true.sum(axis=0), hits.shape)
    f1 = np.divide(2.0 * hits, wholes, out=np.zeros(hits.shape), where=wholes > 0).mean(axis=1)
    return np.concatenate([f1, f1.mean(axis=-1, keepdims=True)], axis=-1)
