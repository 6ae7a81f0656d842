"""Check the published feature files: whether each film is there and its cues can be used."""

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
    """A published dictionary that was read.

    Parameters
    ----------
    feature_set : str
        `mir` or `vggish`.
    path : str
        The file.
    films : dict of str to list of ndarray, or None
        Film id -> its cues, each of shape (frames, features); None if they are no arrays.
    columns : int
        Features that a frame should have.
    """

    feature_set: str
    path: str
    films: dict[str, list[np.ndarray] | None]
    columns: int


def inspect_films(films: Sequence[Film], files: Mapping[str, Sequence[str]], output: str) -> None:
    """Check the cues of every film in every set and write every problem.

    Parameters
    ----------
    films : sequence of Film
        The films of the master list. A bad film does not fail.
    files : mapping of str to sequence of str
        Feature set -> its files, the dictionary first.
    output : str
        Where the table of all films goes (`tables.STATUS`).

    Raises
    ------
    InputError
        If a file is unusable as a whole. It lists the films' problems too.
    """
    file_problems: list[Problem] = []
    opened = []
    for name, paths in files.items():
        try:
            opened.append(open_file(name, paths))
        except InputError as error:
            file_problems.extend(error.problems)
    by_film = {film.film_id: _problems(film.film_id, opened) for film in films}
    if file_problems:
        of_films = [p for film in films for p in (*film.problems, *by_film[film.film_id])]
        raise InputError(file_problems + of_films)
    for file in opened:
        for name in sorted(file.films.keys() - by_film.keys()):
            log.warning("%s: %s is not in the list of films: ignored", file.path, name)
    rows = [
        {
            "film_id": film_id,
            "status": "bad" if problems else "ok",
            "problems": "\n".join(map(str, problems)),
            "notes": "" if problems else "; ".join(_notes(film_id, opened)),
            "duration_s": 0.0,
            "has_picture": False,
            "frame_rate_hz": None,
            "tracks": 0,
            "video_sha256": "",
            "video_bytes": 0,
        }
        for film_id, problems in by_film.items()
    ]
    write_table(pd.DataFrame(rows), output, STATUS)
    log.info("%d films, sets %s", len(films), ", ".join(files))


def open_file(feature_set: str, paths: Sequence[str | os.PathLike]) -> FeatureFile:
    """Read one published dictionary.

    Parameters
    ----------
    feature_set : str
        `mir` or `vggish`.
    paths : sequence of path
        The dictionary; for `mir` also the names of its columns.

    Returns
    -------
    FeatureFile

    Raises
    ------
    InputError
        If a file is unusable, with the problems of both, or if they do not match.
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
    """List all that prevents the cues of one film in one set from being used.

    A missing value (NaN) is a problem in an embedding. A MIR feature may have none, such as the
    tempo of a short cue; there only a cue without any value is a problem.

    Parameters
    ----------
    film_id : str
        Id of the film.
    file : FeatureFile
        The set.

    Returns
    -------
    list of Problem
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
    """Ids of the cues of a film, numbered from 1 in the order of the file.

    Parameters
    ----------
    count : int
        Number of cues.

    Returns
    -------
    list of str

    Examples
    --------
    >>> cue_ids(2)
    ['cue_0001', 'cue_0002']
    """
    return [f"cue_{number:04d}" for number in range(1, count + 1)]


def _width_problems(films: Mapping, columns: int, paths: Sequence) -> list[Problem]:
    """One problem for the file if all its cues have the same wrong number of columns."""
    widths = {cue.shape[1] for cues in films.values() for cue in cues or () if cue.ndim == 2}
    if len(widths) != 1 or widths == {columns}:
        return []
    expected = f"{columns}, as {paths[1]} names them" if len(paths) > 1 else str(columns)
    return [Problem(str(paths[0]), f"every cue has {widths.pop()} columns", expected)]


def _problems(film_id: str, opened: Sequence[FeatureFile]) -> list[Problem]:
    problems = [problem for file in opened for problem in film_problems(film_id, file)]
    for problem in problems:
        log.warning("%s", problem)
    return problems


def _cue_problems(cues: Sequence[np.ndarray], file: FeatureFile, where: str) -> Iterator[Problem]:
    faults = np.array([_fault(cue, file) for cue in cues])
    names = np.array(cue_ids(len(cues)))
    for what in dict.fromkeys(faults[faults != ""]):
        affected = names[faults == what]
        more = f" and {len(affected) - SHOWN} more" if len(affected) > SHOWN else ""
        expected = f"frames x {file.columns} finite values"
        yield Problem(f"{where}, {', '.join(affected[:SHOWN])}{more}", str(what), expected)


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
    by_set = {file.feature_set: file.films[film_id] for file in opened}
    if len({len(cues) for cues in by_set.values()}) > 1:
        counts = ", ".join(f"{len(cues)} in {name}" for name, cues in by_set.items())
        yield f"the sets list different cues: {counts}"
    for name, cues in by_set.items():
        missing = sum(int(np.isnan(cue).sum()) for cue in cues)
        if missing:
            share = missing / sum(cue.size for cue in cues)
            yield f"{name}: {share:.2%} of the values are missing"
