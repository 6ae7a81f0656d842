"""Run the workflow as a user does, measure its processes, and kill it where that is wanted."""

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

HOME = Path(__file__).resolve().parent.parent.parent
INTERVAL_S = 2.0
END_S = 10  # after which a killed process counts as a survivor
TOTAL = re.compile(r"^total +(\d+)$", re.M)


@dataclass
class Usage:
    """What a process and its children took.

    cpu_s is exact for a run that ended by itself, and for one that was killed the sum of what was
    last seen of each process. peak_mb: proportional set size (PSS) of all processes together.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    killed: bool = False
    survivors: int = 0  # processes that still ran after the process group was killed

    def as_dict(self) -> dict:
        return {
            name: round(value, 1) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def own_cpu_s() -> float:
    """CPU time of this process and of its children that ended, s."""
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def command(config: Path, cores: int, *options: str) -> list[str]:
    run = [
        sys.executable,
        str(HOME / "workflow" / "run.py"),
        "--snakefile",
        str(HOME / "Snakefile"),
    ]
    return [*run, "--cores", str(cores), "--configfile", str(config), *options]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(HOME)}


def count_jobs(folder: Path, config: Path) -> int:
    """Jobs that a run would have, by a dry run."""
    plain = ("--workflow-profile", "none", "--dry-run", "--quiet", "rules")
    planned = subprocess.run(
        command(config, 1, *plain),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if planned.returncode:
        raise RuntimeError(f"the workflow cannot be planned\n{planned.stdout[-3000:]}")
    total = TOTAL.search(planned.stdout)
    return int(total.group(1)) if total else 0


def run(
    folder: Path,
    config: Path,
    cores: int,
    log: Path,
    is_to_be_killed: Callable[[], bool] | None = None,
    report: Callable[[Usage], None] | None = None,
) -> Usage:
    """Run the workflow in a folder, in a process group of its own.

    is_to_be_killed: once it is true, the group is killed (SIGKILL). report: is given the usage,
    every INTERVAL_S.

    Raises
    ------
    RuntimeError
        If the workflow fails, with the end of its output.
    """
    with open(log, "a", encoding="utf-8") as output:
        process = subprocess.Popen(
            command(config, cores),
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            usage, code = _observe(process, is_to_be_killed, report)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if code and not usage.killed:
        raise RuntimeError(f"the workflow failed, see {log}\n{log.read_text()[-3000:]}")
    return usage


def _observe(process, is_to_be_killed, report) -> tuple[Usage, int]:
    """Usage and exit status of a process, from its start to its end."""
    usage, start = Usage(), time.perf_counter()
    cpu_s: dict[int, float] = {}
    tree: list[psutil.Process] = []
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        usage.wall_s = time.perf_counter() - start
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            break
        tree = _tree(process.pid)
        usage.peak_mb = max(usage.peak_mb, sum(_measure_process(p, cpu_s) for p in tree))
        usage.cpu_s = sum(cpu_s.values())
        if report:
            report(usage)
        if is_to_be_killed and not usage.killed and is_to_be_killed():
            os.killpg(process.pid, signal.SIGKILL)
            usage.killed = True
        else:
            time.sleep(INTERVAL_S)
    if usage.killed:
        usage.survivors = sum(not _has_ended(p) for p in tree[1:])
    else:
        usage.cpu_s = used.ru_utime + used.ru_stime  # with all children that ended
    return usage, process.returncode


def _has_ended(process: psutil.Process) -> bool:
    """Whether a process ends within `END_S`."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for _ in range(END_S * 10):
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
            time.sleep(0.1)
        return False
    return True


def _tree(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def _measure_process(process: psutil.Process, cpu_s: dict[int, float]) -> float:
    """Memory of a process now, MB; its CPU time goes to `cpu_s`."""
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        cpu_s[process.pid] = times.user + times.system
        return process.memory_full_info().pss / 1e6
    return 0.0


def unfinished_outputs(folder: Path) -> list[str]:
    """Outputs of the jobs that were at work when Snakemake was killed, by its own marks."""
    marks = folder / ".snakemake" / "incomplete"
    files = sorted(path for path in marks.rglob("*") if path.is_file())
    names = ["".join(p.removeprefix("@") for p in path.relative_to(marks).parts) for path in files]
    return [b64decode(name, altchars=b"-_").decode() for name in names]
