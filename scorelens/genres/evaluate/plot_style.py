"""Titles, colours and markers of genre models in figures."""

from collections.abc import Iterable

from scorelens import figures
from scorelens.genres import NO_FEATURES, title

MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def run_title(run: tuple[str, str]) -> str:
    """Write the name of a model with its feature set.

    Parameters
    ----------
    run : (feature set, model)

    Returns
    -------
    str

    Examples
    --------
    >>> run_title(("mir", "imv_svm")), run_title(("none", "plurality"))
    ('IMV SVM (mir)', 'Plurality')
    """
    feature_set, model = run
    return title(model) + ("" if feature_set == NO_FEATURES else f" ({feature_set})")


def set_styles(sets: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Choose a colour and a marker for each feature set; grey for the baselines, which have none.

    Sets take them in order of their names, so that all figures of a run agree.

    Parameters
    ----------
    sets : iterable of str
        Names of feature sets.

    Returns
    -------
    dict of str to (str, str)
        Colour and marker by name.
    """
    names = sorted(set(sets) - {NO_FEATURES})
    styles = {
        name: (figures.PALETTE[k % len(figures.PALETTE)], MARKERS[k % len(MARKERS)])
        for k, name in enumerate(names)
    }
    return styles | {NO_FEATURES: (figures.QUIET, "o")}
