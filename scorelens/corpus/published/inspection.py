"""Look into the published feature files: is every film there, and can its cues be used?"""

import difflib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens.corpus.published.dictionaries import read_dictionary
from scorelens.corpus.published.mir_names import read_columns
from scorelens.errors import InputError, Problem
from scorelens.film_table import Film
from scorelens.tables import STATUS, write_table

VGGISH_COLUMNS = 128
SHOWN = 5  # cues that a problem names; the others are counted

log = logging.getLogger(__name__)


class FeatureFile(NamedTuple):
    """A dictionary that was read: its feature set, its path, and the cues of its films.

    films: as dictionaries.read_dictionary has them. columns: features that a frame should have.
    """

    feature_set: str
    path: str
    films: dict[str, list[np.ndarray] | None]
    columns: int


def inspect_films(films: Sequence[Film], files: Mapping[str, Sequence[str]], output: str) -> None:
    """Look for the cues of every film in every set, and write what is there and every problem.

    films: of the master list. files: feature set -> its files, as published.FILES has them.
    output: where the STATUS table of all films goes. A bad film does not fail.
    Raises InputError if a file does not hold as a whole; then it lists the films' problems too.
    """
    faults: list[Problem] = []
    opened = [file for name, paths in files.items() if (file := _tried(name, paths, faults))]
    found = {film.film_id: _problems(film.film_id, opened) for film in films}
    if faults:
        own = [problem for film in films for problem in (*film.problems, *found[film.film_id])]
        raise InputError(faults + own)
    for file in opened:
        for stranger in sorted(file.films.keys() - found.keys()):
            log.warning("%s: %s is not in the list of films: left alone", file.path, stranger)
    rows = [
        {
            "film_id": film_id,
            "status": "bad" if problems else "ok",
            "problems": "\n".join(map(str, problems)),
            "notes": "" if problems else "; ".join(_notes(film_id, opened)),
            "duration_s": 0.0,
            "has_picture": False,
            "tracks": 0,
            "video_sha256": "",
            "video_bytes": 0,
        }
        for film_id, problems in found.items()
    ]
    write_table(pd.DataFrame(rows), output, STATUS)
    log.info("%d films, sets %s", len(films), ", ".join(files))


def open_file(feature_set: str, paths: Sequence[str | os.PathLike]) -> FeatureFile:
    """Read one published dictionary.

    paths: the dictionary, for `mir` also the names of its columns. Raises InputError, with the
    problems of both, if one of them does not hold, or if they do not fit.
    """
    problems, columns, films = [], VGGISH_COLUMNS, {}
    try:
        films = read_dictionary(paths[0])
    except InputError as error:
        problems += error.problems
    try:
        columns = len(read_columns(paths[1])) if feature_set == "mir" else VGGISH_COLUMNS
    except InputError as error:
        problems += error.problems
    problems = problems or _width_problems(films, columns, paths)
    if problems:
        raise InputError(problems)
    return FeatureFile(feature_set, str(paths[0]), films, columns)


def film_problems(film_id: str, file: FeatureFile) -> list[Problem]:
    """Everything that keeps the cues of one film in one set from being used.

    A value that is missing (NaN) is a problem in an embedding, which always has a value. A MIR
    feature may have none, as a tempo in a short cue: only a cue that has no value at all is one.
    """
    where = f"{file.path}, film {film_id}"
    if film_id not in file.films:
        near = difflib.get_close_matches(film_id, file.films, n=1)
        hint = f"the nearest name there is {near[0]!r}" if near else ""
        return [Problem(where, "is missing", "a list of cues", hint)]
    cues = file.films[film_id]
    if cues is None:
        return [Problem(where, "is no list of arrays of numbers", "a list of cues")]
    if not cues:
        return [Problem(where, "has no cues", "at least one")]
    return list(_cue_problems(cues, file, where))


def cue_ids(count: int) -> list[str]:
    """The ids of a film's cues, numbered from 1 as they come in the file."""
    return [f"cue_{number:04d}" for number in range(1, count + 1)]


def _tried(feature_set: str, paths: Sequence[str], faults: list[Problem]) -> FeatureFile | None:
    try:
        return open_file(feature_set, paths)
    except InputError as error:
        faults.extend(error.problems)
        return None


def _width_problems(films: Mapping, columns: int, paths: Sequence) -> list[Problem]:
    """One problem, in place of one a film, if all cues have the same wrong number of columns."""
    widths = {cue.shape[1] for own in films.values() for cue in own or () if cue.ndim == 2}
    if len(widths) != 1 or widths == {columns}:
        return []
    expected = f"{columns}, as {paths[1]} names them" if len(paths) > 1 else str(columns)
    return [Problem(str(paths[0]), f"every cue has {widths.pop()} columns", expected)]


def _problems(film_id: str, opened: Sequence[FeatureFile]) -> list[Problem]:
    found = [problem for file in opened for problem in film_problems(film_id, file)]
    for problem in found:
        log.warning("%s", problem)
    return found


def _cue_problems(cues: Sequence[np.ndarray], file: FeatureFile, where: str) -> Iterator[Problem]:
    faults = np.array([_fault(cue, file) for cue in cues])
    names = np.array(cue_ids(len(cues)))
    for what in dict.fromkeys(faults[faults != ""]):
        own = names[faults == what]
        more = f" and {len(own) - SHOWN} more" if len(own) > SHOWN else ""
        expected = f"frames x {file.columns} finite values"
        yield Problem(f"{where}, {', '.join(own[:SHOWN])}{more}", str(what), expected)


def _fault(cue: np.ndarray, file: FeatureFile) -> str:
    """What is wrong with a cue; empty if nothing is."""
    if cue.size == 0:
        return "no frames"
    if cue.ndim != 2:
        return f"an array of {cue.ndim} dimensions"
    if cue.shape[1] != file.columns:
        return f"{cue.shape[1]} columns"
    with np.errstate(over="ignore"):
        values = cue.astype(np.float32)
    if np.isinf(values).any():
        return "infinite values, or too large for 32 bits"
    missing = np.isnan(values)
    if missing.all() or (missing.any() and file.feature_set != "mir"):
        return "missing values (NaN)"
    return ""


def _notes(film_id: str, opened: Sequence[FeatureFile]) -> Iterator[str]:
    cues = {file.feature_set: file.films[film_id] for file in opened}
    if len({len(own) for own in cues.values()}) > 1:
        counts = ", ".join(f"{len(own)} in {name}" for name, own in cues.items())
        yield f"the sets list different cues: {counts}"
    for name, own in cues.items():
        missing = sum(int(np.isnan(cue).sum()) for cue in own)
        if missing:
            share = missing / sum(cue.size for cue in own)
            yield f"{name}: {share:.2%} of the values are missing"
