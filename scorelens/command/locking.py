"""Run Snakemake alone in a folder, and go on after a run that was killed.

A killed Snakemake leaves its lock behind, and the same command would then refuse to start. Here is
another lock, which the system frees with the process: whoever gets it knows that Snakemake's lock
is stale and may remove it.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

BUSY = "another run is at work in this folder: wait for it, or stop it first"


def run_alone(arguments: Sequence[str]) -> NoReturn:
    """Become Snakemake in the working directory.

    Parameters
    ----------
    arguments : sequence of str
        Snakemake's.

    Raises
    ------
    SystemExit
        If another run is at work in the folder.
    """
    state = Path(".snakemake")
    state.mkdir(exist_ok=True)
    lock = os.open(state / "scorelens.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(BUSY)
    os.set_inheritable(lock, True)
    snakemake = [sys.executable, "-m", "snakemake"]
    if any((state / "locks").glob("*.lock")):
        subprocess.run([*snakemake, "--unlock", *arguments], check=True)
    os.execv(sys.executable, [*snakemake, *arguments])
