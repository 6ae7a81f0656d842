"""Permutation importance: the F1 that a genre model loses when a group of features is shuffled.

`rank` computes the scores and `plot` draws them (Ma et al. 2021, Fig 3). This module only chooses
the model. Light: read when the workflow is parsed.
"""

from collections.abc import Sequence

from scorelens.encoders.registry import ENCODERS
from scorelens.errors import ConfigError, Problem
from scorelens.genres import BASELINES

PAPER_MODEL = "average_pooling"
OVERALL = "overall"  # in place of a genre: the mean over the genres


def choose_run(
    runs: Sequence[tuple[str, str]], feature_set: str, model: str
) -> tuple[str, str] | None:
    """Choose the feature set and the model whose groups of features are ranked.

    Parameters
    ----------
    runs : sequence of (str, str)
        Feature set and model of everything that the workflow trains.
    feature_set, model : str
        The user's choice. Empty takes the first feature set that has groups, and the paper's model
        (average pooling), or else the first model.

    Returns
    -------
    (str, str) or None
        None if nothing was chosen and nothing fits.

    Raises
    ------
    ConfigError
        If the choice is not trained, or has no groups of features.
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
    default = PAPER_MODEL if PAPER_MODEL in models else models[0]
    return feature_set or grouped[0], model or default


def _problems(key: str, chosen: str, allowed: Sequence[str], hint: str) -> list[Problem]:
    if not chosen or chosen in allowed:
        return []
    listed = f"one of {', '.join(allowed)}" if allowed else "no other, for the run has none"
    return [Problem(f"config: importance.{key}", f"is {chosen!r}", f"{listed}; or empty", hint)]
