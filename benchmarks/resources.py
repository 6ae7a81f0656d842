"""What jobs ask for against what they took, and what they should ask for.

    python benchmarks/resources.py [RESULTS ...]

RESULTS are the `results` folders of finished runs, `results` by default. Each rule's jobs are read
from Snakemake's benchmark files: the peak of their memory and their wall time against the size of
their work (`scorelens/job_resources.py`), on which a line is fitted by least squares and raised
until no job lies above it. A line is fitted only where the largest job has twice the size of the
smallest; otherwise the slope in use stands. One row a rule: jobs, range of the sizes, the largest
share of its request that a job took, and the row that workflow/job_resources.tsv would have, with
1.5 times the memory and 4 times the time measured, at least the 300 MB and the 10 minutes of any
job. A rule whose jobs took more than they ask for is marked and ends the run with an error.
"""

import argparse
import csv
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scorelens import job_resources

HOME = Path(__file__).resolve().parent.parent
TABLE = HOME / "workflow" / "job_resources.tsv"
MB_MARGIN, MIN_MARGIN = 1.5, 4.0
LEAST_MB, LEAST_MIN = 300, 10


class Job(NamedTuple):
    """One finished job: the size of its work, its peak memory and its wall time."""

    size: float
    mb: float
    min: float


def read_jobs(results: Path, asked: dict[str, job_resources.Request]) -> Iterator[tuple[str, Job]]:
    """The jobs of a run by rule, but for those whose size cannot be told from what the run left."""
    for path in sorted((results / "benchmarks").rglob("*.tsv")):
        rule = path.relative_to(results / "benchmarks").parts[0].removesuffix(".tsv")
        if rule not in asked:
            continue
        size = job_size(results, asked[rule].size, path)
        with open(path, encoding="utf-8", newline="") as file:
            row = next(csv.DictReader(file, delimiter="\t"), None)
        if row and size is not None and row["max_rss"] not in ("-", "NA", "0.00"):
            yield rule, Job(size, float(row["max_rss"]), float(row["s"]) / 60)


def job_size(results: Path, size: str, benchmark: Path) -> float | None:
    """The size of a job's work in the unit of its rule; None if it is not known."""
    tables = {"film": ["films"], "album": ["tracks"], "sound": ["films", "tracks"]}
    corpus = results / "corpus"
    album = corpus / "albums" / benchmark.name
    if size == "album" and album.exists():
        return sum(job_resources.minutes(album, "album_id").values())
    if size in tables:
        minutes = [job_resources.minutes(corpus / f"{name}.tsv") for name in tables[size]]
        film = benchmark.stem
        return sum(known[film] for known in minutes) if film in minutes[0] else None
    films = job_resources.minutes(corpus / "films.tsv")
    if size == "folds":  # .../SET/MODEL/CHUNK.tsv
        chunk, model = int(benchmark.stem), benchmark.parent
        bags = results / "bags" / f"{model.parent.name}.parquet"
        chunks = len(list(model.glob("*.tsv")))
        folds = len(range(chunk, len(films), chunks))
        return folds * bags.stat().st_size / 1e6 if bags.exists() else None
    if size == "trailers":
        return float(len(list((results / "trailers" / "samples").glob("*.npz"))))
    made = films.get(benchmark.stem)
    return {"none": 0.0, "films": float(len(films)), "made": made}[size]


def fit(sizes: np.ndarray, values: np.ndarray, slope: float) -> tuple[float, float]:
    """The line, offset and slope, that no job lies above. slope: if the sizes do not say one."""
    if len(set(sizes)) > 2 and sizes.max() > 2 * sizes.min():
        slope = max(float(np.polyfit(sizes, values, 1)[0]), 0.0)
    return float((values - slope * sizes).max()), slope


def refit(jobs: list[Job], request: job_resources.Request) -> job_resources.Request:
    """What the jobs of a rule should ask for."""
    sizes, mb, minutes = (np.array(values) for values in zip(*jobs, strict=True))
    offset_mb, mb_slope = fit(sizes, mb, request.mb_per_size / MB_MARGIN)
    offset_min, min_slope = fit(sizes, minutes, request.min_per_size / MIN_MARGIN)
    return job_resources.Request(
        request.size,
        max(LEAST_MB, 100 * math.ceil(MB_MARGIN * offset_mb / 100)),
        round(MB_MARGIN * mb_slope, 2),
        max(LEAST_MIN, math.ceil(MIN_MARGIN * offset_min)),
        round(MIN_MARGIN * min_slope, 3),
    )


def share(jobs: list[Job], request: job_resources.Request) -> tuple[float, float]:
    """The largest part of its memory and of its time that a job took."""
    return (
        max(job.mb / job_resources.memory_mb(request, job.size, 1) for job in jobs),
        max(job.min / job_resources.runtime_min(request, job.size, 1) for job in jobs),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="*", type=Path, default=[Path("results")])
    asked = job_resources.read_requests(TABLE)
    jobs: dict[str, list[Job]] = defaultdict(list)
    for results in parser.parse_args().results:
        for rule, job in read_jobs(results, asked):
            jobs[rule].append(job)
    if not jobs:
        print("no benchmark files: name the results folder of a finished run")
        return
    print("rule                 jobs  sizes            memory  time  in use -> fitted")
    short = []
    for rule, request in asked.items():
        if rule not in jobs:
            continue
        own = jobs[rule]
        memory, time = share(own, request)
        sizes = f"{min(job.size for job in own):.1f}..{max(job.size for job in own):.1f}"
        row, fitted = (
            re.sub(r"\.0\b", "", " ".join(map(str, r))) for r in (request, refit(own, request))
        )
        print(f"{rule:20s} {len(own):4d}  {sizes:15s} {memory:6.0%} {time:5.0%}  {row} -> {fitted}")
        if max(memory, time) > 1:
            short.append(rule)
    if short:
        sys.exit(f"asked for too little: {', '.join(short)}")


if __name__ == "__main__":
    main()
