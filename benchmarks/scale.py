"""What it costs to plan a corpus of many films, before any work is done.

    python benchmarks/scale.py [FILMS ...] [--folds 10] [--sets mir musicnn] [--finished]

A film table with stand-in media (empty files, albums of 20 tracks), a table of their pictures and
plots and one of their trailers are written to a temporary folder, and Snakemake is asked what it
would do, 100 and 1,000 films by default. For each number of films one line: jobs, CPU seconds of
reading the rules alone and of the whole plan, its wall time, and the peak of its memory. With
--finished the outputs are put there as empty files and touched, so that Snakemake takes the run for
done, and two more lines follow: the plan that finds nothing to do, and the plan once a film is
added. The last line is one JSON object.
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
    """What a process took, itself alone."""

    said: str
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
            if not path.exists():  # what stands there keeps its date
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
    for name in networks:  # or what needs it would be left out
        weights = folder / "results" / "pretrained" / f"{name}.safetensors"
        weights.parent.mkdir(parents=True, exist_ok=True)
        weights.touch()


def snakemake(folder: Path, *options: str) -> Cost:
    """Run Snakemake in a folder. Raises RuntimeError with what it said if it fails."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(HOME / "Snakefile")]
    command += ["--workflow-profile", "none", "--directory", str(folder), "--cores", "2"]
    command += ["--configfile", str(folder / "config.yaml"), *options]
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.perf_counter() - start
        output.seek(0)
        said = output.read()
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{said[-3000:]}")
    return Cost(said, wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure(folder: Path, label: str) -> dict:
    """Plan the corpus of a folder."""
    parse = snakemake(folder, "--list-rules")
    plan = snakemake(folder, "--dry-run", "--quiet", "rules")
    jobs = JOBS.search(plan.said)
    return {
        "plan": label,
        "jobs": int(jobs.group(1)) if jobs else 0,
        "parse_cpu_s": round(parse.cpu_s, 1),
        "plan_cpu_s": round(plan.cpu_s, 1),
        "plan_wall_s": round(plan.wall_s, 1),
        "peak_mb": round(plan.peak_mb),
    }


def finish(folder: Path) -> None:
    """Put every output there as an empty file and have Snakemake record it as made."""
    said = snakemake(folder, "--dry-run").said
    for line in OUTPUTS.findall(said):
        for path in line.split(", "):
            place = folder / path.removesuffix(" (update)")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
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
