"""Memory and time that a job requests: a straight line over the size of its work.

`workflow/job_resources.tsv` has a row for each rule; `benchmarks/resources.py` compares it with
what finished jobs took. Imported when the workflow is parsed: light imports only.
"""

import csv
import functools
import math
import os
from collections.abc import Sequence
from typing import NamedTuple

from scorelens.result_paths import FILM_TABLE, TRACK_TABLE

STEP_MB = 100
UNCHECKED_MIN = 150.0  # assumed length of a film or album that was not checked yet


class Request(NamedTuple):
    """What the jobs of a rule request at the first attempt.

    Parameters
    ----------
    size : str
        What their work grows with, a key of SIZES.
    mb, min : float
        Memory in MB and time in minutes of a job without work.
    mb_per_size, min_per_size : float
        What each unit of size adds.
    """

    size: str
    mb: float
    mb_per_size: float
    min: float
    min_per_size: float


SIZES = {
    "none": "nothing",
    "films": "films of the table",
    "trailers": "trailers of their table",
    "made": "minutes of a film to be made",
    "film": "minutes of the film",
    "album": "minutes of the album's tracks",
    "sound": "minutes of both",
    "folds": "MB of the table of bags, times the folds of the chunk",
}
# The tables of the corpus that hold the minutes.
MEDIA = {"film": (FILM_TABLE,), "album": (TRACK_TABLE,), "sound": (FILM_TABLE, TRACK_TABLE)}


def read_requests(path: str | os.PathLike) -> dict[str, Request]:
    """Read the table of requests.

    Parameters
    ----------
    path : path-like
        TSV with the columns `rule` and the fields of Request.

    Returns
    -------
    dict of str to Request
        By rule.

    Raises
    ------
    ValueError
        If a size is none of SIZES.
    """
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    requests = {
        row["rule"]: Request(row["size"], *(float(row[name]) for name in Request._fields[1:]))
        for row in rows
    }
    unknown = sorted({request.size for request in requests.values()} - set(SIZES))
    if unknown:
        raise ValueError(f"{path}: sizes {unknown} are none of {list(SIZES)}")
    return requests


def memory_mb(request: Request, size: float, attempt: int) -> int:
    """Memory to request.

    Parameters
    ----------
    request : Request
        Row of the rule.
    size : float
        Size of the work, in the unit that `request.size` names.
    attempt : int
        1 for the first. Every further attempt doubles the memory.

    Returns
    -------
    int
        MB, in steps of STEP_MB.

    Examples
    --------
    >>> memory_mb(Request("film", 300, 2.5, 10, 0.3), 41, 1)
    500
    """
    needed = (request.mb + request.mb_per_size * size) * 2 ** (attempt - 1)
    return STEP_MB * math.ceil(needed / STEP_MB)


def runtime_min(request: Request, size: float, attempt: int) -> int:
    """Time to request.

    Parameters
    ----------
    request : Request
        Row of the rule.
    size : float
        Size of the work, in the unit that `request.size` names.
    attempt : int
        1 for the first. Every further attempt doubles the time.

    Returns
    -------
    int
        Minutes.

    Examples
    --------
    >>> runtime_min(Request("film", 300, 2.5, 10, 0.3), 120, 2)
    92
    """
    return math.ceil((request.min + request.min_per_size * size) * 2 ** (attempt - 1))


def media_minutes(size: str, films: Sequence[str]) -> list[float]:
    """Minutes of the media of films, as measured by the last check.

    Parameters
    ----------
    size : str
        A key of MEDIA.
    films : sequence of str
        Ids of films. One that was not checked yet counts UNCHECKED_MIN.

    Returns
    -------
    list of float
        One value for each film.

    Raises
    ------
    FileNotFoundError
        Before the first check. Snakemake then plans without a number, and evaluates it again
        once the job may start.
    """
    os.stat(FILM_TABLE)
    known = [minutes(path) for path in MEDIA[size]]
    return [sum(table.get(film, UNCHECKED_MIN) for table in known) for film in films]


def minutes(path: str | os.PathLike, owner: str = "film_id") -> dict[str, float]:
    """Sum the durations of a table.

    Parameters
    ----------
    path : path-like
        TSV with the columns `duration_s` and `owner`.
    owner : str
        The column by which the rows are summed.

    Returns
    -------
    dict of str to float
        Minutes by owner.
    """
    return _minutes(os.fspath(path), owner, os.stat(path).st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _minutes(path: str, owner: str, written_ns: int) -> dict[str, float]:
    total: dict[str, float] = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            key, seconds = row[owner], float(row["duration_s"] or 0)
            total[key] = total.get(key, 0) + seconds / 60
    return total
