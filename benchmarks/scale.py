"""Measure what it costs to plan the workflow for many films, before any job runs.

    python benchmarks/scale.py [FILMS ...] [--folds 10] [--sets mir musicnn] [--finished]

A film table with placeholder media (empty files, albums of 20 tracks), a table of their pictures
and plots and a table of their trailers are written to a temporary folder, for 100 and 1,000 films
by default. Snakemake plans the workflow in a dry run. Each number of films has one line: jobs, CPU
seconds of reading the rules and of the whole plan, its wall time, and its peak memory. With
--finished the outputs are created as empty files and touched, so that the run counts as done, and
two more lines follow: a plan with nothing to do, and a plan after a film is added. The last line is
one JSON object.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).resolve().parent.parent
TRACKS = 20
GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance")
YEARS = range(2000, 2025)
HEADER = ("film_id", "title", "year", "video", "album", "genres")
DESCRIBED_HEADER = ("film_id", "image", "plot", "tags")
TRAILER_HEADER = ("trailer_id", "title", "video", "genres")
OTHER_NETWORKS = ("efficientnet_lite0", "minilm", "musicnn")  # of retrieval and trailers
OUTPUTS = re.compile(r"^ {4}output: (.*)$", re.M)
JOBS = re.compile(r"^total +(\d+)$", re.M)


class Cost(NamedTuple):
    """Output and cost of a process, without its children."""

    output: str
    wall_s: float
    cpu_s: float
    peak_mb: float


def make_corpus(folder: Path, films: int, sets: list[str], folds: int) -> None:
    """Write the tables of films, their empty media and the configuration that names them."""
    rows, described = ["\t".join(HEADER)], ["\t".join(DESCRIBED_HEADER)]
    trailers = ["\t".join(TRAILER_HEADER)]
    for number in range(films):
        name = f"film_{number:05d}"
        tracks = [f"albums/{name}/{track:02d}.flac" for track in range(1, TRACKS + 1)]
        video, image, plot = f"films/{name}.mkv", f"stills/{name}.jpg", f"plots/{name}.txt"
        trailer = f"trailers/{name}.mp4"
        for path in (folder / inside for inside in (video, image, plot, trailer, *tracks)):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():  # do not change the date of an existing file
                path.touch()
        genre, year = GENRES[number % len(GENRES)], YEARS[number % len(YEARS)]
        rows.append("\t".join([name, name, str(year), video, f"albums/{name}", genre]))
        described.append("\t".join([name, image, plot, "night;love story"]))
        trailers.append("\t".join([name, name, trailer, genre]))
    (folder / "films.tsv").write_text("\n".join(rows) + "\n")
    (folder / "described.tsv").write_text("\n".join(described) + "\n")
    (folder / "trailers.tsv").write_text("\n".join(trailers) + "\n")
    config = {
        "corpus": {"kind": "table", "films": "films.tsv"},
        "features": {"sets": sets},
        "genres": {"folds": folds},
        "retrieval": {"films": "described.tsv"},
        "trailers": {"trailers": "trailers.tsv"},
    }
    (folder / "config.yaml").write_text(json.dumps(config))
    networks = {*sets, *OTHER_NETWORKS} - {"mir", "essentia"}
    for name in networks:  # without its weights a network would be left out
        weights = folder / "results" / "pretrained" / f"{name}.safetensors"
        weights.parent.mkdir(parents=True, exist_ok=True)
        weights.touch()


def snakemake(folder: Path, *options: str) -> Cost:
    """Run Snakemake in a folder. Raises RuntimeError with its output if it fails."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(HOME / "Snakefile")]
    command += ["--workflow-profile", "none", "--directory", str(folder), "--cores", "2"]
    command += ["--configfile", str(folder / "config.yaml"), *options]
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as file:
        child = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.perf_counter() - start
        file.seek(0)
        output = file.read()
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{output[-3000:]}")
    return Cost(output, wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure(folder: Path, label: str) -> dict:
    """Plan the corpus of a folder."""
    parse = snakemake(folder, "--list-rules")
    plan = snakemake(folder, "--dry-run", "--quiet", "rules")
    jobs = JOBS.search(plan.output)
    return {
        "plan": label,
        "jobs": int(jobs.group(1)) if jobs else 0,
        "parse_cpu_s": round(parse.cpu_s, 1),
        "plan_cpu_s": round(plan.cpu_s, 1),
        "plan_wall_s": round(plan.wall_s, 1),
        "peak_mb": round(plan.peak_mb),
    }


def finish(folder: Path) -> None:
    """Create every output as an empty file and have Snakemake record it as made."""
    output = snakemake(folder, "--dry-run").output
    for line in OUTPUTS.findall(output):
        for path in line.split(", "):
            target = folder / path.removesuffix(" (update)")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
    snakemake(folder, "--touch", "--quiet", "all")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("films", nargs="*", type=int, default=[100, 1000])
    parser.add_argument("--sets", nargs="+", default=["mir"])
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--finished", action="store_true")
    options = parser.parse_args()
    rows = []
    for films in options.films:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make_corpus(folder, films, options.sets, options.folds)
            plans = [measure(folder, f"{films} films")]
            if options.finished:
                finish(folder)
                plans.append(measure(folder, f"{films} films, all done"))
                make_corpus(folder, films + 1, options.sets, options.folds)
                plans.append(measure(folder, f"{films} films done, one added"))
        for plan in plans:
            print("  ".join(f"{key} {value}" for key, value in plan.items()), flush=True)
        rows += plans
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
