"""How much memory and time a job asks for: a straight line over the size of its work.

`workflow/job_resources.tsv` has a row for each rule; `benchmarks/resources.py` holds it against
what finished jobs took. Read when the workflow is parsed: light imports only.
"""

import csv
import functools
import math
import os
from typing import NamedTuple

STEP_MB = 100


class Request(NamedTuple):
    """What the jobs of a rule ask for at the first attempt.

    size: what their work grows with, a key of SIZES. mb, min: memory in MB and time in minutes of a
    job without work; mb_per_size, min_per_size: what each unit of size adds.
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
# The tables of the corpus that know the minutes.
MEDIA = {
    "film": ("results/corpus/films.tsv",),
    "album": ("results/corpus/tracks.tsv",),
    "sound": ("results/corpus/films.tsv", "results/corpus/tracks.tsv"),
}


def read_requests(path: str | os.PathLike) -> dict[str, Request]:
    """The table of requests, by rule. Raises ValueError if a size is none of SIZES."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found = {
        row["rule"]: Request(row["size"], *(float(row[name]) for name in Request._fields[1:]))
        for row in rows
    }
    strange = sorted({request.size for request in found.values()} - set(SIZES))
    if strange:
        raise ValueError(f"{path}: sizes {strange} are none of {list(SIZES)}")
    return found


def memory_mb(request: Request, size: float, attempt: int) -> int:
    """The memory to ask for in MB, doubled with every further attempt, in whole steps."""
    needed = (request.mb + request.mb_per_size * size) * 2 ** (attempt - 1)
    return STEP_MB * math.ceil(needed / STEP_MB)


def runtime_min(request: Request, size: float, attempt: int) -> int:
    """The time to ask for in whole minutes, doubled with every further attempt."""
    return math.ceil((request.min + request.min_per_size * size) * 2 ** (attempt - 1))


def minutes(path: str | os.PathLike, owner: str = "film_id") -> dict[str, float]:
    """Minutes by film, the sum of its rows, in a table with the columns film_id and duration_s.

    owner: the column of what the rows are summed by.
    """
    return _minutes(os.fspath(path), owner, os.stat(path).st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _minutes(path: str, owner: str, written_ns: int) -> dict[str, float]:
    total: dict[str, float] = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            film, seconds = row[owner], float(row["duration_s"] or 0)
            total[film] = total.get(film, 0) + seconds / 60
    return total
