"""Libraries of any music: which files they hold, and how they are dealt to jobs.

Asked when the workflow is parsed: light imports only.
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
from scorelens.tagger import MODELS

log = logging.getLogger(__name__)
WHERE = "config: tagger.libraries"
MOST = 50  # files of a part
ONE_IN = 40  # files that begin a part, whatever comes before them


class Part(NamedTuple):
    """Files of a library that one job tags.

    library: its name. folder: as the config has it. files: seen from the folder, in order.
    """

    library: str
    folder: str
    files: tuple[str, ...]

    @property
    def paths(self) -> list[str]:
        """The paths of the files."""
        return [os.path.join(self.folder, file) for file in self.files]


def find_parts(libraries: Mapping[str, str], where: str = WHERE) -> dict[str, Part]:
    """The files of libraries in parts of at most MOST, by a name that is the part's own.

    libraries: name -> path of a folder. where: the place in the config that names them. Files count
    as in an album (`albums.files.scan`); which of them sound is for the jobs to find out. Where a
    part begins is for the names of the files to say, not for their number, so that a file that
    comes or goes changes a part or two of many.
    Raises ConfigError with every name that is no id, every folder that cannot be read or holds no
    file that may be music, and every file that a table or playlist cannot name.
    """
    problems, found = [], {}
    for name, folder in libraries.items():
        wrong = list(_folder_problems(f"{where}.{name}", name, folder))
        if not wrong:
            files = _music_files(folder, f"{where}.{name}", wrong)
            found |= {_part_id(name, part): Part(name, folder, part) for part in _cut(files)}
        problems += wrong
    if problems:
        raise ConfigError(problems)
    return found


def choose_model(models: Sequence[str], wanted: str) -> str:
    """The model that tags libraries.

    models: those that the workflow trains. wanted: one of them; empty takes the last in the order
    of `tagger.MODELS`. Raises ConfigError if there is none that looks at the music.
    """
    hearing = [model for model in MODELS if MODELS[model] and model in models]
    fitting = [model for model in hearing if wanted in ("", model)]
    if not fitting:
        where = "config: tagger.apply.model" if wanted else WHERE
        who = f"{wanted} is not" if wanted else "none is"
        what = f"{who} among the models that the run trains and that look at music"
        expected = f"one of: {', '.join(hearing)}" if hearing else "models in tagger.models"
        hint = (
            "a warning above says what was left out: weights, or a corpus too small to learn from"
        )
        raise ConfigError(Problem(where, what, expected, hint))
    return fitting[-1]


def _folder_problems(where: str, name: str, folder: str) -> Iterator[Problem]:
    yield from name_problems(where, name)
    yield from paths.folder_problems(where, folder, "a folder of audio files", paths.IN_CONFIG)


def _music_files(folder: str, where: str, problems: list[Problem]) -> list[str]:
    """The files below a folder that may be music, seen from it; what is wrong joins `problems`."""
    listing = scan(folder)
    problems += listing_problems(listing, where)
    files = [path for path in listing.inside if not is_cue(path)]
    if sheets := len(listing.inside) - len(files):
        log.warning(
            "%s: CUE sheets (%d) are left alone: in a library a file is one track", where, sheets
        )
    for file in files:
        if any(ord(letter) < 32 for letter in file):
            expected = "names without tabs and line breaks, so that playlists can name them"
            problems.append(Problem(where, f"{file!r} has letters that are none", expected))
    return files


def _cut(files: Sequence[str]) -> Iterator[tuple[str, ...]]:
    part: list[str] = []
    for file in files:
        if len(part) == MOST or (part and int(_digest(file), 16) % ONE_IN == 0):
            yield tuple(part)
            part = []
        part.append(file)
    if part:
        yield tuple(part)


def _part_id(library: str, files: Sequence[str]) -> str:
    return f"{slug(os.path.splitext(files[0])[0])[:40]}_{_digest(f'{library}/{files[0]}')}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:10]
