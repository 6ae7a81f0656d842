"""Run Snakemake alone in this folder, and go on after a run that was killed.

All arguments are Snakemake's. `scorelens run` does the same from the installed package.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scorelens.command.locking import run_alone

if __name__ == "__main__":
    run_alone(sys.argv[1:])
