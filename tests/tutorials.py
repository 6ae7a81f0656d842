"""The tutorials in docs/tutorials: the files and commands in them, and the results they name."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests import workflow_runs as runs

FOLDER = runs.HOME / "docs" / "tutorials"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.M | re.S)
# Snakemake plans; of `scorelens` the subcommand and the options are checked.
DRY_RUN = """
snakemake() { command snakemake --dry-run --workflow-profile none "$@"; }
scorelens() { python -c "from scorelens.command import app; app()" "$@" --help; }
"""
RESULT = re.compile(r"`(results/[^`*]+\.\w+)`")


def text(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def follow(name: str, folder: Path, clone: Path, dry_run: bool = False) -> str:
    """Write the files and run the commands of a tutorial, in their order; what is printed."""
    printed = []
    for language, title, content in BLOCK.findall(text(name)):
        if title:
            path = folder / title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        elif language == "bash":
            printed.append(_run(content, folder, clone, dry_run))
    assert printed
    return "".join(printed)


def _run(commands, folder, clone, dry_run):
    start = DRY_RUN if dry_run else ""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", start + commands],
        cwd=folder,
        env=os.environ
        | runs.QUIET
        | {
            "SCORELENS": str(clone),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": str(clone),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}"
    return done.stdout


def named_results(name: str) -> Iterator[str]:
    """The files of results/ that the words of a tutorial name."""
    yield from dict.fromkeys(RESULT.findall(BLOCK.sub("", text(name))))
