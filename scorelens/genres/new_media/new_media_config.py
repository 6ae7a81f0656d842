"""The new films and albums of the configuration, and the model that predicts their genres.

Read when the workflow is parsed: light imports only.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scorelens import paths
from scorelens.albums.files import list_files, scan
from scorelens.errors import ConfigError, Problem
from scorelens.film_table import listing_problems
from scorelens.genres import BASELINES, NETWORKS
from scorelens.ids import name_problems

# Ma et al. 2021: their best network on their best feature set.
PAPER_SET, PAPER_MODEL = "vggish", "single_attention"
WHERE = "config: genres.apply"


@dataclass(frozen=True)
class NewMedia:
    """A film (or one file of music), or an album.

    Parameters
    ----------
    path : str
        As in the configuration.
    files : tuple of str
        Those of the folder of an album, or the file itself, which is the only track.
    is_album : bool
        Whether `path` is a folder.
    """

    path: str
    files: tuple[str, ...]
    is_album: bool


def find_media(media: Mapping[str, str]) -> dict[str, NewMedia]:
    """List the files of the new films and albums.

    Parameters
    ----------
    media : mapping
        Name -> path of a file, or of a folder of audio files, which is an album.

    Returns
    -------
    dict
        Name -> NewMedia.

    Raises
    ------
    ConfigError
        With every name that is no id and every path without media.
    """
    problems = [problem for name, path in media.items() for problem in _problems(name, path)]
    if problems:
        raise ConfigError(problems)
    return {
        name: NewMedia(path, tuple(list_files(path)), True)
        if os.path.isdir(path)
        else NewMedia(path, (path,), False)
        for name, path in media.items()
    }


def choose_run(runs: Sequence[tuple[str, str]], feature_set: str, model: str) -> tuple[str, str]:
    """Choose the feature set and the model that predict the genres of new media.

    Parameters
    ----------
    runs : sequence of (str, str)
        Feature set and model of each run of the workflow. Baselines take no part.
    feature_set, model : str
        The ones wanted; empty leaves the choice open.

    Returns
    -------
    (str, str)
        Of the runs that fit: the paper's network (single attention) before another model, a network
        before a classifier, VGGish before another set, and the first of equals.

    Raises
    ------
    ConfigError
        If no run fits.
    """
    candidates = [run for run in runs if run[1] not in BASELINES]
    fitting = [run for run in candidates if feature_set in ("", run[0]) and model in ("", run[1])]
    if not fitting:
        wanted = f"{model or 'any model'} on {feature_set or 'any feature set'}"
        trained = "; ".join(f"{name} on {features}" for features, name in candidates)
        trained = trained or "nothing yet"
        hint = "name one of them, or add to genres.models and features.sets"
        what = f"{wanted} is not trained, or is a baseline"
        raise ConfigError(Problem(WHERE, what, f"one of: {trained}", hint))
    return max(fitting, key=_preference)


def _preference(run: tuple[str, str]) -> tuple[bool, bool, bool]:
    feature_set, model = run
    return model == PAPER_MODEL, model in NETWORKS, feature_set == PAPER_SET


def _problems(name: str, path: str) -> Iterator[Problem]:
    where = f"{WHERE}.media.{name}"
    yield from name_problems(where, name)
    if os.path.isdir(path):
        yield from listing_problems(scan(path), where)
    else:
        expected = "a film, an audio file, or a folder of audio files"
        yield from paths.file_problems(where, path, expected, paths.IN_CONFIG)
