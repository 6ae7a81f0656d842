"""The two baselines that look at no music: random guess and plurality (Ma et al. 2021, Table 4)."""

from collections.abc import Iterator

import numpy as np

from scorelens.genres.labels import training_frequency


def fit_random_guess(actual: np.ndarray, seed: int) -> Iterator[dict[str, np.ndarray]]:
    """Guess each genre of the film held out with its frequency in the training films.

    actual: bool (films, genres). Yields a fold's `probability` float32 and `predicted` bool
    (genres,), fold by fold; the draws of a fold depend on the seed and the fold alone.
    """
    for fold in range(len(actual)):
        frequency = training_frequency(actual, fold)
        drawn = np.random.default_rng([seed, fold]).random(len(frequency))
        yield {"probability": frequency, "predicted": drawn < frequency}


def fit_plurality(actual: np.ndarray, seed: int) -> Iterator[dict[str, np.ndarray]]:
    """Give the film held out the most frequent label set of the training films.

    actual: bool (films, genres). Of equally frequent sets the one first met in the film table
    wins, so that `seed` has no part. Yields as `fit_random_guess` does, with probability 0 or 1.
    """
    for fold in range(len(actual)):
        training = np.delete(actual, fold, axis=0)
        sets, first, count = np.unique(training, axis=0, return_index=True, return_counts=True)
        winner = sets[np.lexsort([first, -count])[0]]
        yield {"probability": winner.astype(np.float32), "predicted": winner}


FIT = {"random_guess": fit_random_guess, "plurality": fit_plurality}
