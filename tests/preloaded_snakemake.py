"""Snakemake in a process that has its libraries loaded already, at half the cost of a dry run.

A server that imported them once forks for every run. The package is never loaded in the server:
a run imports that of its own folder.
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

# What `snakemake --dry-run` imports, without the package.
LIBRARIES = (
    "snakemake.cli",
    "snakemake.report.html_reporter",
    "snakemake_logger_plugin_rich",
    "jsonschema",
    "numpy",
    "PIL.Image",
)
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([*LIBRARIES, __name__])


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run Snakemake to its end; exit status, and all that it and its jobs printed."""
    with tempfile.NamedTemporaryFile() as printed:
        line = [*map(str, arguments)], str(folder), {**environment}, printed.name
        process = FORKS.Process(target=_run_here, args=line)
        process.start()
        try:
            process.join()
        finally:
            process.kill()
            process.join()
        return process.exitcode, printed.read().decode()


def _run_here(arguments: list[str], folder: str, environment: dict, printed: str) -> None:
    """Become `python -m snakemake` with these arguments."""
    assert "scorelens" not in sys.modules
    output = os.open(printed, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["snakemake", *arguments]
    from snakemake.cli import main

    main(arguments)
