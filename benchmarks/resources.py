"""Compare the resources that jobs request with those they used, and fit better requests.

    python benchmarks/resources.py [RESULTS ...]

RESULTS are the `results` folders of finished runs, `results` by default. Each rule's jobs are read
from Snakemake's benchmark files: peak memory and wall time by the size of the job
(`scorelens/job_resources.py`). A line is fitted by least squares and raised until no job is above
it. If the largest job is less than twice the size of the smallest, the slope in use stays. Each
rule has one row: jobs, range of the sizes, largest used share of the request, and the fitted row of
workflow/job_resources.tsv, with 1.5 times the memory and 4 times the time measured, and at least
300 MB and 10 minutes. If jobs used more than they requested, the benchmark ends with an error.
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
MB_MARGIN, MINUTES_MARGIN = 1.5, 4.0
MIN_MB, MIN_MINUTES = 300, 10


class Job(NamedTuple):
    """One finished job: the size of its work, its peak memory and its wall time."""

    size: float
    mb: float
    min: float


def read_jobs(
    results: Path, requests: dict[str, job_resources.Request]
) -> Iterator[tuple[str, Job]]:
    """The jobs of a run by rule, without those of unknown size."""
    for path in sorted((results / "benchmarks").rglob("*.tsv")):
        rule = path.relative_to(results / "benchmarks").parts[0].removesuffix(".tsv")
        if rule not in requests:
            continue
        size = job_size(results, requests[rule].size, path)
        with open(path, encoding="utf-8", newline="") as file:
            row = next(csv.DictReader(file, delimiter="\t"), None)
        if row and size is not None and row["max_rss"] not in ("-", "NA", "0.00"):
            yield rule, Job(size, float(row["max_rss"]), float(row["s"]) / 60)


def job_size(results: Path, size: str, benchmark: Path) -> float | None:
    """The size of a job in the unit of its rule; None if it is unknown."""
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
    """Offset and slope of a line that no job is above. slope: default if it cannot be fitted."""
    if len(set(sizes)) > 2 and sizes.max() > 2 * sizes.min():
        slope = max(float(np.polyfit(sizes, values, 1)[0]), 0.0)
    return float((values - slope * sizes).max()), slope


def refit(jobs: list[Job], request: job_resources.Request) -> job_resources.Request:
    """The fitted request of a rule."""
    sizes, mb, minutes = (np.array(values) for values in zip(*jobs, strict=True))
    offset_mb, mb_slope = fit(sizes, mb, request.mb_per_size / MB_MARGIN)
    offset_min, min_slope = fit(sizes, minutes, request.min_per_size / MINUTES_MARGIN)
    return job_resources.Request(
        request.size,
        max(MIN_MB, 100 * math.ceil(MB_MARGIN * offset_mb / 100)),
        round(MB_MARGIN * mb_slope, 2),
        max(MIN_MINUTES, math.ceil(MINUTES_MARGIN * offset_min)),
        round(MINUTES_MARGIN * min_slope, 3),
    )


def share(jobs: list[Job], request: job_resources.Request) -> tuple[float, float]:
    """The largest used shares of the requested memory and time."""
    return (
        max(job.mb / job_resources.memory_mb(request, job.size, 1) for job in jobs),
        max(job.min / job_resources.runtime_min(request, job.size, 1) for job in jobs),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="*", type=Path, default=[Path("results")])
    requests = job_resources.read_requests(TABLE)
    jobs: dict[str, list[Job]] = defaultdict(list)
    for results in parser.parse_args().results:
        for rule, job in read_jobs(results, requests):
            jobs[rule].append(job)
    if not jobs:
        print("no benchmark files: name the results folder of a finished run")
        return
    print("rule                 jobs  sizes            memory  time  in use -> fitted")
    short = []
    for rule, request in requests.items():
        if rule not in jobs:
            continue
        finished = jobs[rule]
        memory, time = share(finished, request)
        all_sizes = [job.size for job in finished]
        sizes = f"{min(all_sizes):.1f}..{max(all_sizes):.1f}"
        row, fitted = (
            re.sub(r"\.0\b", "", " ".join(map(str, r))) for r in (request, refit(finished, request))
        )
        used = f"{memory:6.0%} {time:5.0%}"
        print(f"{rule:20s} {len(finished):4d}  {sizes:15s} {used}  {row} -> {fitted}")
        if max(memory, time) > 1:
            short.append(rule)
    if short:
        sys.exit(f"requests are too small: {', '.join(short)}")


if __name__ == "__main__":
    main()
