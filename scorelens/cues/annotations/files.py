"""The files of a folder of annotations: which film each is of, and by which annotator.

Imported when the workflow is parsed: light imports only.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

from scorelens import paths
from scorelens.cues.annotations import ALL, MAJORITY
from scorelens.cues.annotations.labels import AUDACITY, WEBVTT
from scorelens.errors import ConfigError, Problem, closest
from scorelens.ids import slug

SETTING = "config: cues.annotations"
TABLE = "tsv"
ENDINGS = (TABLE, AUDACITY, WEBVTT)
NAME = f"FILM_ID.ANNOTATOR.EXT, where EXT is {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
UNNAMED = "unnamed"  # the annotator of a file without one, such as an export that was corrected


class AnnotationFile(NamedTuple):
    """One film by one annotator.

    Parameters
    ----------
    film_id, annotator : str
        Letters a-z, digits and underscores.
    path : str
    """

    film_id: str
    annotator: str
    path: str


def list_annotations(
    folder: str | os.PathLike, films: Collection[str]
) -> tuple[list[AnnotationFile], list[str]]:
    """List the annotations of a folder.

    Parameters
    ----------
    folder : path-like
        Its files are named `FILM_ID.ANNOTATOR.EXT`, or `FILM_ID.EXT`.
    films : collection of str
        Ids of the films of the corpus.

    Returns
    -------
    files : list of AnnotationFile
        In the order of their names.
    ignored : list of str
        Paths that are no annotations by their ending; hidden ones are not among them.

    Raises
    ------
    ConfigError
        With every fault of the folder and of the names of its files.
    """
    folder = os.fspath(folder)
    if faults := list(paths.folder_problems(SETTING, folder, "a folder", paths.IN_CONFIG)):
        raise ConfigError(faults)
    visible = [
        os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name[0] not in ".~"
    ]
    ignored = [path for path in visible if _ending(path) not in ENDINGS or os.path.isdir(path)]
    files = [_file(path, films) for path in visible if path not in ignored]
    if not files:
        what = f"{folder} holds no annotation"
        raise ConfigError(Problem(SETTING, what, f"files named {NAME}"))
    if faults := [*_name_problems(files, films), *_repeated(files)]:
        raise ConfigError(faults)
    return files, ignored


def _ending(path: str) -> str:
    return os.path.splitext(path)[1].lstrip(".").lower()


def _file(path: str, films: Collection[str]) -> AnnotationFile:
    film, _, annotator = os.path.splitext(os.path.basename(path))[0].partition(".")
    name = slug(annotator) if annotator else UNNAMED
    return AnnotationFile(film if film in films else slug(film), name, path)


def _name_problems(files: list[AnnotationFile], films: Collection[str]) -> Iterator[Problem]:
    for file in files:
        if file.film_id not in films:
            what = f"{file.film_id!r} is no film of the corpus"
            yield Problem(file.path, what, NAME, closest(file.film_id, list(films)))
        if file.annotator in (ALL, MAJORITY):
            what = f"{file.annotator!r} means several annotators in the results"
            yield Problem(file.path, what, "another name for the annotator")


def _repeated(files: list[AnnotationFile]) -> Iterator[Problem]:
    counts = Counter((file.film_id, file.annotator) for file in files)
    for file in files:
        if counts[file.film_id, file.annotator] > 1:
            what = f"is one of {counts[file.film_id, file.annotator]} files of {file.film_id} by "
            yield Problem(
                file.path, what + file.annotator, "one file a film and annotator", f"name it {NAME}"
            )
