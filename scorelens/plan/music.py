"""Whether a run detects music, speech and singing in the sound of its films, and with what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scorelens.music import availability
from scorelens.plan.corpus import CorpusPlan

UNKNOWN = ("music_threshold", "min_unknown_s", "cue_margin_s")


@dataclass(frozen=True)
class MusicPlan:
    """How music is detected.

    Parameters
    ----------
    detector : str
        Name and version of the package that holds the detector; empty if the run does without.
    unknown : mapping of str to float
        Settings of what counts as unknown music.
    thresholds : mapping of str to float
        Probability from which a second has `music`, `speech` or `singing`.
    """

    detector: str
    unknown: Mapping[str, float]
    thresholds: Mapping[str, float]


def plan_music(config: Mapping, corpus: CorpusPlan, note: Callable[[str], None]) -> MusicPlan:
    """Choose the detector.

    Parameters
    ----------
    config : mapping
        The complete configuration.
    corpus : CorpusPlan
        The films.
    note : callable
        Called with one sentence if the detector is not installed.

    Returns
    -------
    MusicPlan
    """
    settings = config["music"]
    is_wanted = settings["enabled"] and not corpus.is_published
    detector = availability.installed_detector() if is_wanted else ""
    if is_wanted and not detector:
        note(
            f"music is left out: the package {availability.PACKAGE} is not installed "
            f"({availability.INSTALL})"
        )
    return MusicPlan(
        detector,
        unknown={name: settings[name] for name in UNKNOWN},
        thresholds={name: settings[f"{name}_threshold"] for name in ("music", "speech", "singing")},
    )
