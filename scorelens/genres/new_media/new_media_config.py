"""New films and albums, which are not in the corpus: what they are, and which model hears them.

Asked when the workflow is parsed: light imports only.
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

    path: as the config has it. files: those of the folder of an album, or the file itself, which is
    its own only track.
    """

    path: str
    files: tuple[str, ...]
    is_album: bool


def find_media(media: Mapping[str, str]) -> dict[str, NewMedia]:
    """The new films and albums by name.

    media: name -> path of a file, or of a folder of audio files, which is an album.
    Raises ConfigError with every name that is no id and every path that holds nothing to hear.
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
    """The (feature set, model) that new media are heard with.

    runs: those that the workflow trains. feature_set, model: the ones wanted; empty leaves the
    choice open. Of those that fit it takes the paper's network (single attention) before another
    model, a network before a classifier, VGGish before another set, and the first of equals.
    Baselines hear nothing and take no part. Raises ConfigError if none fits.
    """
    hearing = [run for run in runs if run[1] not in BASELINES]
    fitting = [run for run in hearing if feature_set in ("", run[0]) and model in ("", run[1])]
    if not fitting:
        wanted = f"{model or 'any model'} on {feature_set or 'any feature set'}"
        trained = "; ".join(f"{name} on {features}" for features, name in hearing) or "nothing yet"
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
