"""What the jobs of a run cost, by stage, and how large its results are."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from .processes import HOME

SCRIPT = re.compile(r"scripts/(\w+)\.py")


class Job(NamedTuple):
    """A finished job: its rule, its wildcards, and its benchmark file's figures."""

    rule: str
    name: str
    wall_s: float
    cpu_s: float
    peak_mb: float


def read_jobs(results: Path, since: float = 0.0) -> Iterator[Job]:
    """The jobs that ended after a time, s since the epoch."""
    folder = results / "benchmarks"
    for path in sorted(folder.rglob("*.tsv")):
        if path.stat().st_mtime < since:
            continue
        rule, *rest = path.relative_to(folder).with_suffix("").parts
        with open(path, encoding="utf-8", newline="") as file:
            row = next(csv.DictReader(file, delimiter="\t"), None)
        if row:
            values = (_number(row[key]) for key in ("s", "cpu_time", "max_rss"))
            yield Job(rule, "/".join(rest), *values)


def _number(text: str) -> float:
    """A figure of a benchmark file; jobs too short to be sampled have none."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def stages() -> dict[str, str]:
    """The stage of each rule: the rule file that names its script, up to an underscore."""
    return {
        rule: path.stem.split("_")[0] if path.stem != "audiovisual_comparison" else path.stem
        for path in sorted((HOME / "workflow" / "rules").glob("*.smk"))
        for rule in SCRIPT.findall(path.read_text(encoding="utf-8"))
    }


def by_stage(jobs: Iterable[Job]) -> dict[str, dict]:
    """Jobs, CPU and wall seconds of all jobs together, and the peak memory of one, by stage."""
    stage_of = stages()
    grouped: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        grouped[stage_of.get(job.rule, job.rule)].append(job)
    return {name: summarize(jobs) for name, jobs in _ordered(grouped, stage_of)}


def by_rule(jobs: Iterable[Job]) -> dict[str, dict]:
    """The same by rule, in the order of the alphabet."""
    grouped: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        grouped[job.rule].append(job)
    return {name: summarize(jobs) for name, jobs in sorted(grouped.items())}


def _ordered(grouped: dict[str, list[Job]], stage_of: dict[str, str]):
    """In the order in which the Snakefile names the stages."""
    text = (HOME / "Snakefile").read_text(encoding="utf-8")
    return sorted(grouped.items(), key=lambda item: text.find(f"rules/{item[0]}"))


def summarize(jobs: list[Job]) -> dict:
    longest = max(jobs, key=lambda job: job.wall_s)
    largest = max(jobs, key=lambda job: job.peak_mb)
    return {
        "jobs": len(jobs),
        "cpu_s": round(sum(job.cpu_s for job in jobs), 1),
        "wall_s": round(sum(job.wall_s for job in jobs), 1),
        "longest_s": round(longest.wall_s, 1),
        "longest": longest.rule,
        "peak_mb": round(largest.peak_mb),
        "peak": largest.rule,
    }


def sizes_mb(results: Path) -> dict[str, float]:
    """Disk of each folder and file of the results, MB."""
    return {path.name: round(size_mb(path), 2) for path in sorted(results.iterdir())}


def size_mb(path: Path) -> float:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.lstat().st_size for file in files if not file.is_dir()) / 1e6
