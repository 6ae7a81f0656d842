"""Feature sets of a run, the bags made of them, and the batches in which films are embedded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scorelens.encoders.registry import AUDIO_ENCODERS
from scorelens.errors import ConfigError, Problem
from scorelens.plan.corpus import CorpusPlan

COMPUTED_SETS = ("mir", "essentia")
NETWORK_SETS = tuple(AUDIO_ENCODERS)
WHOLE_TRACKS = "_tracks"  # ends the name of a set that is measured on whole tracks
FRAMES = "_frames"  # ends the name of a set of bags whose instances are single frames


def measured_set(bag_set: str) -> str:
    """Return the feature set that a set of bags is made of, without its endings.

    Parameters
    ----------
    bag_set : str
        Name of a set of bags.

    Returns
    -------
    str

    Examples
    --------
    >>> measured_set("mir_tracks_frames")
    'mir'
    """
    return bag_set.removesuffix(FRAMES).removesuffix(WHOLE_TRACKS)


@dataclass(frozen=True)
class FeaturePlan:
    """What is measured of the sound of the films.

    Parameters
    ----------
    sets : tuple of str
        Feature sets, with the ending of whole tracks if these are measured.
    bag_sets : tuple of str
        Sets of instances: feature sets by cues, by frames, or both.
    measures_film : bool
        Whether the sound of the film itself is measured, not that of its album.
    batches : tuple of tuple of str
        Ids of films; a job loads its network once for all films of a batch.
    corpus : CorpusPlan
        The films.
    """

    sets: tuple[str, ...]
    bag_sets: tuple[str, ...]
    measures_film: bool
    batches: tuple[tuple[str, ...], ...]
    corpus: CorpusPlan

    def measured_video(self, film_id: str, feature_set: str) -> str | None:
        """Path of a film's video if its sound is measured; None if the album's sound is."""
        is_measured = self.measures_film and not feature_set.endswith(WHOLE_TRACKS)
        return self.corpus.video(film_id) if is_measured else None

    def measured_videos(self, film_ids: tuple[str, ...], feature_set: str) -> list[str | None]:
        """`measured_video` of several films."""
        return [self.measured_video(film, feature_set) for film in film_ids]

    def measured_audio(self, film_id: str, feature_set: str) -> str:
        """Which sound of the video is measured: number or language; empty for the default one."""
        video = self.measured_video(film_id, feature_set)
        return self.corpus.films[film_id].audio if video else ""


def plan_features(config: Mapping, corpus: CorpusPlan, sets: tuple[str, ...]) -> FeaturePlan:
    """Name the feature sets and bags of a run.

    Parameters
    ----------
    config : mapping
        The complete configuration.
    corpus : CorpusPlan
        The films.
    sets : tuple of str
        Feature sets whose files or networks can be had.

    Returns
    -------
    FeaturePlan

    Raises
    ------
    ConfigError
        If no feature set is left.
    """
    if not sets:
        what = "no feature set is left: every set of features.sets lacks its weights"
        raise ConfigError(Problem("config: features.sets", what, "one set at least"))
    if config["features"]["level"] == "tracks":
        sets = tuple(f"{name}{WHOLE_TRACKS}" for name in sets)
    endings = {"cues": "", "frames": FRAMES}
    instances = config["bags"]["instances"]
    return FeaturePlan(
        sets=sets,
        bag_sets=tuple(f"{name}{endings[kind]}" for kind in instances for name in sets),
        measures_film=config["features"]["source"] == "film",
        batches=film_batches(config, corpus, corpus.films),
        corpus=corpus,
    )


def film_batches(
    config: Mapping, corpus: CorpusPlan, films: Iterable[str]
) -> tuple[tuple[str, ...], ...]:
    """Split films into batches, of which a job loads its network once.

    Parameters
    ----------
    config : mapping
        The complete configuration.
    corpus : CorpusPlan
        With `skip` each film is a batch: which are left is known only while the workflow runs.
    films : iterable of str
        Ids of films of the corpus.

    Returns
    -------
    tuple of tuple of str
    """
    size = 1 if corpus.skips_bad_films else config["features"]["batch_films"]
    names = sorted(films)
    return tuple(tuple(names[first : first + size]) for first in range(0, len(names), size))
