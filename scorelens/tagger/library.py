"""List the files of music libraries and divide them into parts for jobs.

Imported when the workflow is parsed: light imports only.
"""

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from scorelens import paths
from scorelens.albums.files import is_cue, scan
from scorelens.errors import ConfigError, Problem
from scorelens.film_table import listing_problems
from scorelens.ids import name_problems, slug
from scorelens.tagger import BASELINES, MODEL_SPECS, MODELS

log = logging.getLogger(__name__)
CONFIG_KEY = "config: tagger.libraries"
MAX_FILES = 50  # of a part
START_ONE_IN = 40  # one file in so many starts a part, by the hash of its name


class Part(NamedTuple):
    """Files of a library that one job processes.

    Attributes
    ----------
    library : str
        Name of the library.
    folder : str
        Folder of the library, as in the configuration.
    files : tuple of str
        Paths relative to the folder, sorted.
    """

    library: str
    folder: str
    files: tuple[str, ...]

    @property
    def paths(self) -> list[str]:
        """The paths of the files."""
        return [os.path.join(self.folder, file) for file in self.files]


def find_parts(libraries: Mapping[str, str], where: str = CONFIG_KEY) -> dict[str, Part]:
    """Find the files of libraries and divide them into parts of at most MAX_FILES.

    The names of the files decide where a part starts, not their number. So a file that is added or
    removed changes one or two parts of many. Files that do not sound are found by the jobs.

    Parameters
    ----------
    libraries : mapping of str to str
        Folder of each library, by name.
    where : str
        Config key of the libraries, for messages.

    Returns
    -------
    dict of str to Part
        The parts, by a unique id.

    Raises
    ------
    ConfigError
        With every invalid name, every folder that cannot be read or holds no file that may be
        music, and every file that a table or playlist cannot name.
    """
    problems, parts = [], {}
    for name, folder in libraries.items():
        key = f"{where}.{name}"
        expected = "a folder of audio files"
        faults = [
            *name_problems(key, name),
            *paths.folder_problems(key, folder, expected, paths.IN_CONFIG),
        ]
        if not faults:
            files = _music_files(folder, key, faults)
            parts |= {_part_id(name, part): Part(name, folder, part) for part in _divide(files)}
        problems += faults
    if problems:
        raise ConfigError(problems)
    return parts


def choose_model(models: Sequence[str], wanted: str) -> str:
    """Choose the model that tags libraries.

    Parameters
    ----------
    models : sequence of str
        Models that the workflow trains.
    wanted : str
        One of them; empty takes the last calibrated one in the order of MODELS, or else the last.

    Returns
    -------
    str
        The model.

    Raises
    ------
    ConfigError
        If there is none with an audio input.
    """
    audio_models = [model for model in MODELS if model in models and model not in BASELINES]
    candidates = [model for model in audio_models if wanted in ("", model)]
    if not candidates:
        where = "config: tagger.apply.model" if wanted else CONFIG_KEY
        who = f"{wanted} is not" if wanted else "none is"
        what = f"{who} among the trained models with an audio input"
        expected = (
            f"one of: {', '.join(audio_models)}" if audio_models else "models in tagger.models"
        )
        hint = "a warning above names what was left out: weights, or a corpus too small to train on"
        raise ConfigError(Problem(where, what, expected, hint))
    calibrated = [model for model in candidates if MODEL_SPECS[model].calibrated]
    return (calibrated or candidates)[-1]


def _music_files(folder: str, where: str, problems: list[Problem]) -> list[str]:
    """The files below a folder that may be music; faults are appended to `problems`."""
    listing = scan(folder)
    problems += listing_problems(listing, where)
    files = [path for path in listing.inside if not is_cue(path)]
    if sheets := len(listing.inside) - len(files):
        log.warning(
            "%s: CUE sheets (%d) are ignored: in a library each file is one track", where, sheets
        )
    for file in files:
        if any(ord(letter) < 32 for letter in file):
            expected = "names without tabs and line breaks, so that playlists can name them"
            problems.append(Problem(where, f"{file!r} has control characters", expected))
    return files


def _divide(files: Sequence[str]) -> Iterator[tuple[str, ...]]:
    part: list[str] = []
    for file in files:
        if len(part) == MAX_FILES or (part and int(_digest(file), 16) % START_ONE_IN == 0):
            yield tuple(part)
            part = []
        part.append(file)
    if part:
        yield tuple(part)


def _part_id(library: str, files: Sequence[str]) -> str:
    return f"{slug(os.path.splitext(files[0])[0])[:40]}_{_digest(f'{library}/{files[0]}')}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:10]
