"""Music against picture: do films of a genre look alike, by their labels and by their music?

Table 5 of Ma et al. 2021. This module only chooses the genre model, so that the workflow reads it
without loading numpy.
"""

from collections.abc import Sequence

from scorelens.errors import ConfigError, Problem
from scorelens.genres import BASELINES

# Ma et al. 2021 take the predictions of single attention on VGGish, their best model.
PAPER_SET, PAPER_MODEL = "vggish", "single_attention"


def choose_run(
    runs: Sequence[tuple[str, str]], feature_set: str | None, model: str | None
) -> tuple[str, str]:
    """Choose the genre model whose predictions are compared with the picture.

    Of the runs that fit, the paper's model comes before another, a model of the music before a
    baseline, VGGish before another feature set, and then the first of `runs`.

    Parameters
    ----------
    runs : sequence of (feature set, model)
        Those that the workflow trains.
    feature_set, model : str or None
        The ones wanted; None for any.

    Returns
    -------
    (feature set, model)

    Raises
    ------
    ConfigError
        If no run fits.

    Examples
    --------
    >>> choose_run([("mir", "imv_svm"), ("mir", "single_attention")], None, None)
    ('mir', 'single_attention')
    """
    fitting = [run for run in runs if feature_set in (None, run[0]) and model in (None, run[1])]
    if not fitting:
        wanted = f"{model or 'any model'} on {feature_set or 'any feature set'} is not trained"
        trained = "; ".join(f"{name} on {features}" for features, name in runs)
        hint = "name one of them, or add to genres.models and features.sets"
        problem = Problem("config: audiovisual_comparison", wanted, f"one of: {trained}", hint)
        raise ConfigError(problem)
    return max(fitting, key=_preference)


def _preference(run: tuple[str, str]) -> tuple[bool, bool, bool]:
    feature_set, model = run
    return model == PAPER_MODEL, model not in BASELINES, feature_set == PAPER_SET
