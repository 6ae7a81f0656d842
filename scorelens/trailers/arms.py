"""Picture against sound: which of them gives a genre away?

An arm is stood for by a run that is set beforehand (`trailers.arm_run`), not by the one that scores
best on the very trailers that are compared.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from scorelens.genres.chance import TIE
from scorelens.genres.ranking import average_precision
from scorelens.genres.score import BOUNDS, MACRO, with_macro
from scorelens.tables import TRAILER_ARMS
from scorelens.tagger.held_out import HeldOut
from scorelens.tagger.score import chances
from scorelens.trailers import BOTH, PICTURE, SOUND, Run, arm_run


def compare_arms(
    answers: Mapping[Run, HeldOut], samples: int, permutations: int, seed: int
) -> pd.DataFrame:
    """The average precision of each genre, and of their mean, by picture, by sound and by both.

    answers: of each run, in the order of `trailers.runs`, of the same trailers and genres. samples:
    of the titles, the same for all arms. permutations: how often titles swap the answers of picture
    and sound. Returns the columns of TRAILER_ARMS; those of an arm without a run are null.
    """
    some = next(iter(answers.values()))
    true = some.true[some.film]
    draws, _ = chances(len(some.true), samples, 0, seed)
    table = pd.DataFrame({"genre": [*some.genres, MACRO]})
    table["carried"] = with_macro(true.mean(axis=0))
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
    table["p"] = swapped_p(*both, permutations, seed) if all(both) else np.nan
    return table[TRAILER_ARMS.names]


def swapped_p(first: HeldOut, second: HeldOut, permutations: int, seed: int) -> np.ndarray:
    """How often two models differ as much when each title may swap their answers: (genres + 1,).

    If it made no difference who gives an answer, any swap would be as likely (approximate
    randomisation, Noreen 1989). The models' ranks are swapped, so that no one's scale counts. Two-
    sided: (1 + k) / (1 + permutations), where k differences in average precision are at least as
    large; last, of the mean over the genres.
    """
    true = first.true[first.film]
    ranks = np.stack([rankdata(own.probability, axis=0) for own in (first, second)])
    observed = abs(_whole(ranks[0], true) - _whole(ranks[1], true))
    random = np.random.default_rng([seed, permutations])
    reached = np.zeros(len(observed))
    for _ in range(permutations):
        swap = (random.random(len(first.true)) < 0.5)[first.film][:, None]
        one, other = np.where(swap, ranks[::-1], ranks)
        reached += abs(_whole(one, true) - _whole(other, true)) >= observed - TIE
    return (1 + reached) / (1 + permutations)


def _precision(
    own: HeldOut | None, true: np.ndarray, draws: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The average precision of a run, (genres + 1,), and in samples; NaN without a run."""
    if own is None:
        nothing = np.full((len(draws), true.shape[1] + 1), np.nan)
        return nothing[0], nothing
    sampled = average_precision(own.probability, true, draws[:, own.film])
    return _whole(own.probability, true), with_macro(sampled)


def _whole(probability: np.ndarray, true: np.ndarray) -> np.ndarray:
    """The average precision of all trailers: (genres + 1,)."""
    return with_macro(average_precision(probability, true, np.ones((1, len(true)))))[0]
