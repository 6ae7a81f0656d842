"""How the figures of the genre models name a model and tell the feature sets apart."""

from collections.abc import Iterable

from scorelens import figures
from scorelens.genres import NO_FEATURES, title

MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def run_title(run: tuple[str, str]) -> str:
    """A (feature set, model) as a reader writes it: "IMV SVM (mir)"; a baseline has no set."""
    feature_set, model = run
    return title(model) + ("" if feature_set == NO_FEATURES else f" ({feature_set})")


def set_looks(sets: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The colour and the marker of each feature set; the baselines, which have none, are grey.

    Sets take them in order of their names, so that all figures of a run agree.
    """
    names = sorted(set(sets) - {NO_FEATURES})
    taken = {
        name: (figures.PALETTE[k % len(figures.PALETTE)], MARKERS[k % len(MARKERS)])
        for k, name in enumerate(names)
    }
    return taken | {NO_FEATURES: (figures.QUIET, "o")}
