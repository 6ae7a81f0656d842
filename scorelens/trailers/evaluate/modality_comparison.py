"""Picture against sound: which of them gives a genre away?

An arm is stood for by a run that is set beforehand (`trailers.arm_run`), not by the one that scores
best on the very trailers that are compared.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, rankdata

from scorelens.evaluation.average_precision import average_precision
from scorelens.evaluation.permutation import TIE
from scorelens.evaluation.predictions import HeldOut
from scorelens.genres.evaluate.score import BOUNDS, MACRO, with_macro
from scorelens.tables import TRAILER_ARMS
from scorelens.tagger.score import chances
from scorelens.trailers import BOTH, PICTURE, SOUND, Run, arm_run

SURE = 0.05  # p below which a figure is more than chance


def compare_arms(
    answers: Mapping[Run, HeldOut], samples: int, permutations: int, seed: int
) -> pd.DataFrame:
    """The average precision of each genre, and of their mean, by picture, by sound and by both.

    A genre's difference is tested by `swapped_p`, and that of the means by `sampled_p`: that arms
    may swap their answers says that they are equal in every genre, not just in the mean.

    answers: of each run, in the order of `trailers.runs`, of the same trailers and genres. samples:
    of the titles, the same for all arms. permutations: how often titles swap the answers of picture
    and sound. Returns the columns of TRAILER_ARMS; those of an arm without a run are null.
    """
    some = next(iter(answers.values()))
    true = some.true[some.film]
    draws, _ = chances(len(some.true), samples, 0, seed)
    table = pd.DataFrame({"genre": [*some.genres, MACRO]})
    table["chance"] = with_macro(random_precision(true.sum(axis=0), len(true)))
    table["support"] = np.append(true.sum(axis=0), len(true))
    sampled = {}
    standing = {arm: arm_run(arm, answers) for arm in (PICTURE, SOUND, BOTH)}
    for arm, run in standing.items():
        table[f"{arm}_network"], table[f"{arm}_model"] = run or (None, None)
        table[arm], sampled[arm] = _precision(answers.get(run), true, draws)
        table[f"{arm}_low"], table[f"{arm}_high"] = np.percentile(sampled[arm], BOUNDS, axis=0)
    apart = sampled[PICTURE] - sampled[SOUND]
    table["difference"] = table[PICTURE] - table[SOUND]
    table["difference_low"], table["difference_high"] = np.percentile(apart, BOUNDS, axis=0)
    both = [answers.get(standing[arm]) for arm in (PICTURE, SOUND)]
    table["p"] = table["p_adjusted"] = np.nan
    if all(both):
        p, of_means = swapped_p(*both, permutations, seed), sampled_p(apart[:, -1])
        table["p"] = np.append(p, of_means)
        table["p_adjusted"] = np.append(false_discovery_control(p), of_means)
    return table[TRAILER_ARMS.names]


def random_precision(carriers: np.ndarray, trailers: int) -> np.ndarray:
    """The average precision that a random order of the trailers has in the mean: (genres,).

    At rank i stands one of the K carriers among N trailers with probability K / N, and then
    (K - 1) / (N - 1) of the i - 1 before it are carriers. Summed over the ranks, with H the
    harmonic number of N: H / N + (1 - H / N) (K - 1) / (N - 1). If the carriers are few it is much
    more than their share. carriers: int (genres,), K, 1 or more. trailers: N, 2 or more.
    """
    first = (1 / np.arange(1, trailers + 1)).mean()
    return first + (1 - first) * (carriers - 1) / (trailers - 1)


def sampled_p(apart: np.ndarray) -> float:
    """The two-sided p of a difference by its values in samples of the titles, (samples,).

    Twice (1 + k) / (1 + samples), at most 1, where k samples lie on the rarer side of zero, or on
    it. It and the 95% percentile interval tell the same, but for the one that is added.
    """
    rarer = min((apart <= 0).sum(), (apart >= 0).sum())
    return min(1.0, 2 * (1 + rarer) / (1 + len(apart)))


def swapped_p(first: HeldOut, second: HeldOut, permutations: int, seed: int) -> np.ndarray:
    """How often two models differ as much when each title may swap their answers: (genres,).

    If it made no difference who gives an answer, any swap would be as likely (approximate
    randomisation, Noreen 1989). The models' ranks are swapped, so that no one's scale counts. Two-
    sided: (1 + k) / (1 + permutations), where k differences in average precision are at least as
    large.
    """
    true = first.true[first.film]
    ranks = np.stack([rankdata(own.probability, axis=0) for own in (first, second)])
    observed = _apart(*ranks, true)
    random = np.random.default_rng([seed, permutations])
    reached = np.zeros(len(observed))
    for _ in range(permutations):
        swap = (random.random(len(first.true)) < 0.5)[first.film][:, None]
        reached += _apart(*np.where(swap, ranks[::-1], ranks), true) >= observed - TIE
    return (1 + reached) / (1 + permutations)


def _apart(one: np.ndarray, other: np.ndarray, true: np.ndarray) -> np.ndarray:
    """How far two rankings of all trailers are apart in average precision: (genres,)."""
    once = np.ones((1, len(true)))
    return abs(average_precision(one, true, once) - average_precision(other, true, once))[0]


def _precision(
    own: HeldOut | None, true: np.ndarray, draws: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The average precision of a run, (genres + 1,), and in samples; NaN without a run."""
    if own is None:
        nothing = np.full((len(draws), true.shape[1] + 1), np.nan)
        return nothing[0], nothing
    whole, sampled = (
        with_macro(average_precision(own.probability, true, some))
        for some in (np.ones((1, len(true))), draws[:, own.film])
    )
    return whole[0], sampled
