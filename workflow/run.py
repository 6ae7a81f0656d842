"""Run Snakemake alone in this folder, and go on after a run that was killed.

A killed Snakemake leaves its lock behind, and the same command would then refuse to start. This
file holds another lock, which the system frees with the process: whoever gets it knows that
Snakemake's lock is stale and may remove it. All arguments are Snakemake's.
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path


def main() -> None:
    state = Path(".snakemake")
    state.mkdir(exist_ok=True)
    lock = os.open(state / "scorelens.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("another run is at work in this folder: wait for it, or stop it first")
    os.set_inheritable(lock, True)
    snakemake = [sys.executable, "-m", "snakemake"]
    if any((state / "locks").glob("*.lock")):
        subprocess.run([*snakemake, "--unlock", *sys.argv[1:]], check=True)
    os.execv(sys.executable, [*snakemake, *sys.argv[1:]])


if __name__ == "__main__":
    main()
