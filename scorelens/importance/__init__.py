"""Permutation importance: what a genre model loses when one group of features is shuffled.

`rank` computes the scores and `plot` draws them (Ma et al. 2021, Fig 3). This module holds the
choice of the model alone, so that the workflow makes it without loading numpy or torch.
"""

from collections.abc import Sequence

from scorelens.encoders.registry import ENCODERS
from scorelens.errors import ConfigError, Problem
from scorelens.genres import BASELINES

PAPER_MODEL = "average_pooling"


def choose_run(
    runs: Sequence[tuple[str, str]], feature_set: str, model: str
) -> tuple[str, str] | None:
    """The (feature set, model) of a run whose groups of features are ranked.

    runs: every (feature set, model) that the run trains. feature_set, model: the user's choice;
    empty takes the first feature set that has groups, and the paper's model (average pooling) or
    else the first model of the run. Returns None if nothing was chosen and nothing is there.
    Raises ConfigError if the choice is not in the run or has no groups of features.
    """
    sets = list(dict.fromkeys(name for name, trained in runs if trained not in BASELINES))
    models = list(dict.fromkeys(trained for _, trained in runs if trained not in BASELINES))
    grouped = [name for name in sets if name.removesuffix("_tracks") not in ENCODERS]
    no_groups = "it must be among features.sets, and embeddings have no groups"
    problems = [
        *_problems("feature_set", feature_set, grouped, no_groups),
        *_problems("model", model, models, "it must be among genres.models, and no baseline"),
    ]
    if problems:
        raise ConfigError(problems)
    if not (grouped and models):
        return None
    best = PAPER_MODEL if PAPER_MODEL in models else models[0]
    return feature_set or grouped[0], model or best


def _problems(key: str, chosen: str, allowed: Sequence[str], hint: str) -> list[Problem]:
    if not chosen or chosen in allowed:
        return []
    listed = f"one of {', '.join(allowed)}" if allowed else "no other, for the run has none"
    return [Problem(f"config: importance.{key}", f"is {chosen!r}", f"{listed}; or empty", hint)]
