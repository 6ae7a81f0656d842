"""Rehearse a study: the whole workflow on films of its number and length.

    python benchmarks/rehearsal.py --albums FOLDER --speech FOLDER --effects FOLDER --work DIR

ALBUMS has a folder of music for each album, SPEECH and EFFECTS have clips. `--films` films of
`--minutes` minutes are mixed from them, in a stream (`study_corpus/`): the music of one album each,
42 cues in 100 minutes, under speech and effects, with a small painted picture that is cut, a still,
a plot, a trailer of one minute, and genres drawn at random, so that models are trained but predict
nothing. The workflow then runs as a user runs it (`workflow/run.py`), in DIR/run:

1. `killed`: from nothing until `--kill-at` of the jobs are done; then the process group is killed.
2. `finished`: the same command again, to its end.
3. `unchanged`: again, with nothing to be done.
4. `unbroken`: the films whose jobs were at work when it was killed, and the first ones,
   `--unbroken` in all, in a folder and a run of their own. Their tables must equal those of 2; with
   as many as `--films`, all tables must.
5. `added`: a film, with an album of its own, is added to the film table.

DIR holds all of it, and what is done there is not done again: the same command goes on where it
was. Each step prints a line; at the end come tables in Markdown, also in DIR/rehearsal.md, and one
JSON object. Cost by stage is that of the jobs by Snakemake's benchmark
files; that of a run is of all its processes. A difference of tables is an error.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measured_runs import comparison, costs, processes, summary
from study_corpus import corpus
from study_corpus.corpus import Film, Sources

from scorelens import tables
from scorelens.cues.score import score_cues
from scorelens.ids import slug

SCORES = ("time_precision", "time_recall")
SAVE_S = 30.0


@dataclass(frozen=True)
class Rehearsal:
    """What is rehearsed and where, and what was measured so far."""

    options: argparse.Namespace
    films: list[Film]  # the last one is added at the end
    steps: dict[str, dict]

    @property
    def media(self) -> Path:
        return self.options.work / "corpus"

    @property
    def folder(self) -> Path:
        return self.options.work / "run"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def save(self) -> None:
        with tables.atomic(self.options.work / "steps.json") as path:
            path.write_text(json.dumps(self.steps, indent=1))

    def measure(self, step: Callable[["Rehearsal", dict], None]) -> None:
        """Do a step, unless it is done; what it measures goes to `steps`."""
        name = step.__name__
        measured = self.steps.setdefault(name, {"started": time.time(), "attempts": []})
        if not measured.get("done"):
            step(self, measured)
            measured["done"] = True
            self.save()
            print(f"{name}: {json.dumps(measured['attempts'])}", flush=True)

    def run(self, step: dict, folder: Path, config: Path, is_to_be_killed=None) -> None:
        """Run the workflow once; what it has taken so far is saved every half minute."""
        folder.mkdir(parents=True, exist_ok=True)
        attempts = step["attempts"]
        attempts.append({})
        saved_s = 0.0

        def report(usage: processes.Usage) -> None:
            nonlocal saved_s
            attempts[-1] = usage.as_dict()
            if usage.wall_s - saved_s > SAVE_S:
                saved_s = usage.wall_s
                self.save()

        log = folder.with_suffix(".log")
        usage = processes.run(folder, config, self.options.cores, log, is_to_be_killed, report)
        attempts[-1] = usage.as_dict()


def made(rehearsal: Rehearsal, step: dict) -> None:
    """Make the films."""
    options, start, cpu_s = rehearsal.options, time.perf_counter(), processes.own_cpu_s()
    sources = Sources(options.speech, options.effects)
    corpus.make_corpus(rehearsal.media, rehearsal.films, sources, options.minutes, options.cores)
    used_s = processes.own_cpu_s() - cpu_s
    step["attempts"] = [{"wall_s": round(time.perf_counter() - start), "cpu_s": round(used_s)}]
    step["mb"] = round(costs.size_mb(rehearsal.media))


def write_tables(rehearsal: Rehearsal, folder: Path, films: list[Film]) -> Path:
    """The tables of some films; the added film has no description and no trailer."""
    described = [film for film in films if film != rehearsal.films[-1]]
    return corpus.write_tables(folder, rehearsal.media, films, described)


def killed(rehearsal: Rehearsal, step: dict) -> None:
    """Run until a share of the jobs is done, and kill it."""
    config = write_tables(rehearsal, rehearsal.media, rehearsal.films[:-1])
    rehearsal.folder.mkdir(parents=True, exist_ok=True)
    step["planned"] = step.get("planned") or processes.count_jobs(rehearsal.folder, config)
    enough = rehearsal.options.kill_at * step["planned"]
    rehearsal.run(step, rehearsal.folder, config, lambda: len(_jobs(rehearsal)) >= enough)
    step["jobs"] = len(_jobs(rehearsal))
    step["unfinished"] = processes.unfinished_outputs(rehearsal.folder)


def _jobs(rehearsal: Rehearsal, since: float = 0.0) -> list[costs.Job]:
    return list(costs.read_jobs(rehearsal.results, since))


def finished(rehearsal: Rehearsal, step: dict) -> None:
    """Run to the end."""
    rehearsal.run(step, rehearsal.folder, rehearsal.media / "config.yaml")
    step["jobs"] = len(_jobs(rehearsal, step["started"]))
    step["stages"] = costs.by_stage(_jobs(rehearsal))
    step["rules"] = costs.by_rule(_jobs(rehearsal))
    step["mb"] = costs.sizes_mb(rehearsal.results)
    step["scores"] = score(rehearsal)


def score(rehearsal: Rehearsal) -> dict[str, float]:
    """Precision and recall of all cues by the second."""
    ids = [film.film_id for film in rehearsal.films[:-1]]
    cues = [rehearsal.results / "cues" / "films" / f"{film}.parquet" for film in ids]
    truths = [rehearsal.media / "truth" / f"{film}.tsv" for film in ids]
    path = rehearsal.options.work / "scores.tsv"
    score_cues(cues, truths, path)
    row = tables.read_table(path, tables.CUE_SCORES).iloc[0]
    return {name: round(float(row[name]), 4) for name in SCORES}


def unchanged(rehearsal: Rehearsal, step: dict) -> None:
    """Run with nothing to be done."""
    rehearsal.run(step, rehearsal.folder, rehearsal.media / "config.yaml")
    step["jobs"] = len(_jobs(rehearsal, step["started"]))


def unbroken(rehearsal: Rehearsal, step: dict) -> None:
    """Run some films without a break, and compare their tables."""
    folder = rehearsal.options.work / "unbroken"
    films = _compared_films(rehearsal)
    config = write_tables(rehearsal, rehearsal.options.work / "unbroken_corpus", films)
    rehearsal.run(step, folder, config)
    ids = None
    if len(films) < len(rehearsal.films) - 1:
        ids = {film.film_id for film in films} | _album_ids(folder / "results")
    compared = comparison.list_tables(folder / "results", ids)
    step["films"], step["compared"] = [film.film_id for film in films], len(compared)
    step["different"] = comparison.differences(folder / "results", rehearsal.results, compared)
    if step["different"]:
        raise SystemExit("tables of the broken run differ:\n" + "\n".join(step["different"]))


def _compared_films(rehearsal: Rehearsal) -> list[Film]:
    """The films whose jobs were at work at the kill first, in the order of the table."""
    films, outputs = rehearsal.films[:-1], " ".join(rehearsal.steps["killed"]["unfinished"])
    by_need = sorted(films, key=lambda film: film.film_id not in outputs)
    chosen = by_need[: rehearsal.options.unbroken]
    return [film for film in films if film in chosen]


def _album_ids(results: Path) -> set[str]:
    return {path.stem for path in (results / "corpus" / "albums").glob("*.tsv")}


def added(rehearsal: Rehearsal, step: dict) -> None:
    """Add a film to the film table, and run."""
    config = write_tables(rehearsal, rehearsal.media, rehearsal.films)
    rehearsal.run(step, rehearsal.folder, config)
    film = rehearsal.films[-1]
    jobs = _jobs(rehearsal, step["started"])
    own = [job for job in jobs if {film.film_id, slug(film.album.name)} & _ids(job)]
    parts = {"own": own, "over_all": [job for job in jobs if job not in own]}
    for name, some in parts.items():
        step[name] = {"stages": costs.by_stage(some), "rules": costs.by_rule(some)}


def _ids(job: costs.Job) -> set[str]:
    """Ids in the name of a job; an album's id may end with a digest."""
    parts = set(job.name.split("/"))
    return parts | {part.rpartition("_")[0] for part in parts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=100.0)
    for name in ("albums", "speech", "effects", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill-at", type=float, default=0.5)
    parser.add_argument("--unbroken", type=int, default=3)
    options = parser.parse_args()
    for name in ("albums", "speech", "effects", "work"):
        setattr(options, name, getattr(options, name).resolve())
    options.work.mkdir(parents=True, exist_ok=True)
    steps = options.work / "steps.json"
    rehearsal = Rehearsal(
        options,
        corpus.plan_films(options.albums, options.films, options.seed),
        json.loads(steps.read_text()) if steps.exists() else {},
    )
    for step in (made, killed, finished, unchanged, unbroken, added):
        rehearsal.measure(step)
    text = summary.markdown(rehearsal.steps)
    (options.work / "rehearsal.md").write_text(text, encoding="utf-8")
    print(f"{text}\n{json.dumps(rehearsal.steps)}")


if __name__ == "__main__":
    main()
