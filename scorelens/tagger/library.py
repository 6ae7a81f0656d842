"""Libraries of any music: which files they hold, and how they are dealt to jobs.

Asked when the workflow is parsed: light imports only.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from scorelens import paths
from scorelens.config import AUDIO_ENDINGS, name_problems, slug
from scorelens.errors import ConfigError, Problem
from scorelens.tagger import MODELS

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
    """The audio files of libraries in parts of at most MOST, by a name that is the part's own.

    libraries: name -> path of a folder. where: the place in the config that names them. Files count
    whose ending says that they are audio, at any depth and behind links to folders; hidden ones do
    not, and no folder counts twice. Where a part begins is for the names of the files to say, not
    for their number, so that a file that comes or goes changes a part or two of many.
    Raises ConfigError with every name that is no id, every folder that cannot be read or holds no
    audio, and every file that a table or playlist cannot name.
    """
    problems, found = [], {}
    for name, folder in libraries.items():
        wrong = list(_folder_problems(f"{where}.{name}", name, folder))
        if not wrong:
            files = _audio_files(folder, f"{where}.{name}", wrong)
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


def _audio_files(folder: str, where: str, problems: list[Problem]) -> list[str]:
    """The audio files below a folder, seen from it, sorted; what is wrong joins `problems`."""

    def unreadable(error: OSError) -> None:
        what = f"{error.filename} cannot be read ({error.strerror})"
        problems.append(Problem(where, what, "folders that you may read"))

    found, seen = [], {_identity(folder)}
    for parent, folders, names in os.walk(folder, onerror=unreadable, followlinks=True):
        folders[:] = [
            name
            for name in sorted(folders, key=lambda name: (_is_link(parent, name), name))
            if name[0] != "." and _is_new(os.path.join(parent, name), seen)
        ]
        for name in names:
            if name[0] != "." and os.path.splitext(name)[1].lower() in AUDIO_ENDINGS:
                found.append(os.path.relpath(os.path.join(parent, name), folder))
    problems += [p for file in found for p in _file_problems(folder, file, where)]
    if not found:
        endings = " ".join(sorted(AUDIO_ENDINGS))
        what = f"{folder} holds no audio file"
        problems.append(Problem(where, what, f"files ending in {endings}"))
    return sorted(found)


def _is_link(parent: str, name: str) -> bool:
    return os.path.islink(os.path.join(parent, name))


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino


def _is_new(folder: str, seen: set[tuple[int, int]]) -> bool:
    """Whether a folder has not been seen by another path; from now on it has."""
    known = len(seen)
    seen.add(_identity(folder))
    return len(seen) > known


def _file_problems(folder: str, file: str, where: str) -> Iterator[Problem]:
    if not os.path.isfile(os.path.join(folder, file)):
        yield Problem(where, f"{file!r} is a broken link, or no file", "a file", "remove it")
    if any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in file):
        expected = "UTF-8 without tabs and line breaks, so that playlists can name it"
        yield Problem(where, f"{file!r} has letters that are none", expected, "rename it")


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
