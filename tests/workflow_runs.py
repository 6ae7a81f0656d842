"""Runs of the workflow on small corpora, and the jobs that Snakemake plans."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from tests import preloaded_snakemake

HOME = Path(__file__).resolve().parent.parent
SMALL = {
    "corpus": {"demo": {"films": 4, "film_s": 45}},
    "genres": {
        "models": ["random_guess", "simple_mi_knn", "average_pooling"],
        "network": {"epochs": 5},
    },
    "tagger": {"models": []},
    "retrieval": {"configurations": []},
    "trailers": {"models": []},
}
MEDIA = (".flac", ".mp4")
QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # jobs run side by side


def copy_project(target: Path) -> Path:
    """Copy the files of the project that a run needs, with their modification times."""
    target.mkdir(parents=True, exist_ok=True)
    for name in ("Snakefile", "config", "envs", "profiles", "scorelens", "scripts", "workflow"):
        copy = shutil.copytree if (HOME / name).is_dir() else shutil.copy2
        copy(HOME / name, target / name)
    return target


def made_once(factory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that one test process makes and all processes share; do not change it."""
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = base / name, base / f"{name}.done"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def copy_run(finished: Path, work: Path) -> Path:
    """Copy a finished run; media of over 100 kB, which are most of it, are links to the same files.

    What changes media in place must call `own_copy` first.
    """
    return shutil.copytree(finished, work, copy_function=_copy_or_link)


def _copy_or_link(source: str, target: str) -> None:
    is_large = source.endswith(MEDIA) and os.path.getsize(source) > 100_000
    (os.link if is_large else shutil.copy2)(source, target)


def own_copy(path: Path) -> None:
    """Replace a linked file by a copy."""
    copy = path.with_suffix(".copy")
    shutil.copy2(path, copy)
    copy.replace(path)


def options(clone: Path, work: Path, config: dict, *more: str) -> list[str]:
    work.mkdir(parents=True, exist_ok=True)
    settings = work / "settings.yaml"
    settings.write_text(yaml.safe_dump(config))
    return [
        *("--snakefile", str(clone / "Snakefile"), "--directory", str(work)),
        *("--configfile", str(settings), "--cores", "2", "--workflow-profile", "none"),
        *("--rerun-incomplete", *more),
    ]


def snakemake(clone, work, config, *more, **process) -> subprocess.CompletedProcess:
    """Run Snakemake to its end; `stdout` holds all of its output. process: of `subprocess.run`."""
    arguments = options(clone, work, config, *more)
    if not process:
        status, output = preloaded_snakemake.run(arguments, work, os.environ | QUIET)
        return subprocess.CompletedProcess(arguments, status, output)
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=work,
        env=os.environ | QUIET,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **process,
    )


def finish(clone, work, config, *more) -> Path:
    """Run Snakemake, which must succeed; its working directory."""
    done = snakemake(clone, work, config, *more)
    assert done.returncode == 0, done.stdout
    return work


def start(clone, work, config, *more) -> subprocess.Popen:
    """Start a run as `make run` does, in another process group; its output is in `output.txt`."""
    line = [sys.executable, str(clone / "workflow" / "run.py")]
    line += options(clone, work, config, *more)
    with (work / "output.txt").open("a") as output:
        return subprocess.Popen(
            line,
            cwd=work,
            env=os.environ | QUIET,
            start_new_session=True,
            preexec_fn=_restore_sigint,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _restore_sigint() -> None:
    """Background processes of a shell, and their children, ignore SIGINT by default."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(check: Callable[[], object], process: subprocess.Popen) -> object:
    """The first true result of `check`, which is polled while a run is in progress."""
    deadline = time.monotonic() + 300
    while not (result := check()):
        assert process.poll() is None, "the run ended before"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return result


def planned(clone, work, config, *more) -> dict[str, set[str]]:
    """The jobs of a dry run, as `jobs` returns them."""
    done = snakemake(clone, work, config, "--dry-run", *more)
    assert done.returncode == 0, done.stdout
    return jobs(done.stdout)


def jobs(output: str) -> dict[str, set[str]]:
    """Jobs in the output of Snakemake: rule -> films or albums (none if it is over all films).

    Targets, which are rules without a job, are left out.
    """
    films_of = {}
    for block in re.split(r"\n(?=(?:local)?(?:rule|checkpoint) )", output):
        if rule := re.match(r"(?:local)?(?:rule|checkpoint) (\w+?)(?:_\d+)?:", block):
            film = re.search(r"wildcards: .*?(?:film|album)=(\w+)", block)
            films_of.setdefault(rule[1], set()).update({film[1]} if film else ())
    return {rule: films for rule, films in films_of.items() if "_" in rule}
