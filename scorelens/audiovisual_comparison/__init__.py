"""Music against picture: do films of a genre look alike, and those whose music says so?

Ma et al. 2021, Table 5. This module holds the choice of the model alone, so that the workflow makes
it without loading numpy.
"""

from collections.abc import Sequence

from scorelens.errors import ConfigError, Problem
from scorelens.genres import BASELINES

# Ma et al. 2021 take the predictions of single attention on VGGish, their best model.
PAPER_SET, PAPER_MODEL = "vggish", "single_attention"


def choose_run(
    runs: Sequence[tuple[str, str]], feature_set: str | None, model: str | None
) -> tuple[str, str]:
    """The (feature set, model) whose predictions are held against the picture.

    runs: those that the workflow trains. feature_set, model: the ones wanted; None leaves the
    choice open. Of those that fit it takes the paper's model before another, one that hears the
    music before a baseline, VGGish before another set, and the first of equals.
    Raises ConfigError if none fits.
    """
    fitting = [run for run in runs if feature_set in (None, run[0]) and model in (None, run[1])]
    if not fitting:
        wanted = f"{model or 'any model'} on {feature_set or 'any feature set'}"
        trained = "; ".join(f"{name} on {features}" for features, name in runs)
        hint = "name one of them, or add to genres.models and features.sets"
        raise ConfigError(
            Problem(
                "config: audiovisual_comparison",
                f"{wanted} is not trained",
                f"one of: {trained}",
                hint,
            )
        )
    return max(fitting, key=_preference)


def _preference(run: tuple[str, str]) -> tuple[bool, bool, bool]:
    feature_set, model = run
    return model == PAPER_MODEL, model not in BASELINES, feature_set == PAPER_SET
