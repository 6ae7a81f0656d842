"""Where the numbers of a report come from: versions, commit, configuration, hashes, date."""

import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from scorelens import __version__, media, tables

HOME = Path(__file__).resolve().parent.parent.parent
PACKAGES = (
    "snakemake", "numpy", "scipy", "pandas", "pyarrow", "av", "soundfile", "soxr",
    "opencv-python-headless", "scikit-learn", "torch", "matplotlib",
)  # fmt: skip


def versions() -> dict[str, str]:
    """The versions of scorelens, Python and the libraries that the numbers depend on."""
    found = {"scorelens": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not found under this name"
    return found


def commit(home: str | os.PathLike = HOME) -> str:
    """The git commit of the code, and whether tracked files differ from it.

    home: the folder that is the clone. Returns `none: not a clone` where it is not one.
    """
    if not (Path(home) / ".git").exists():
        return "none: not a clone"
    try:
        found = _git(home, "rev-parse", "HEAD")
        edits = _git(home, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError) as error:
        return f"not known: {error}"
    return f"{found} with edits that are not committed" if edits else found


def _git(home: str | os.PathLike, *words: str) -> str:
    # Git refuses another user's clone, as on a shared disk, unless it is told.
    command = ["git", "-c", f"safe.directory={home}", "-C", os.fspath(home), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def write_record(facts: Mapping, path: str | os.PathLike) -> None:
    """Write the provenance of a report as YAML, for programs. facts: plain values by name."""
    with tables.atomic(path) as temporary:
        temporary.write_text(as_yaml(facts), encoding="utf-8")


def networks(path: str | os.PathLike) -> dict[str, list[dict]]:
    """The networks of a table of WEIGHTS that the run asks for, by state: `used`, `left out`."""
    table = tables.read_table(path, tables.WEIGHTS)
    return {state: table[table.state == state].to_dict("records") for state in ("used", "left out")}


def as_yaml(config: Mapping) -> str:
    """The configuration as YAML, in its own order."""
    plain = json.loads(json.dumps(config))
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)


def hashes(paths: Iterable[str | os.PathLike]) -> dict[str, str]:
    """The SHA-256 of some files, by their names."""
    return {os.path.basename(path): media.sha256(path) for path in paths}


def newest(paths: Iterable[str | os.PathLike]) -> str:
    """When the newest of some files was written, in UTC."""
    latest = max(os.stat(path).st_mtime for path in paths)
    return datetime.datetime.fromtimestamp(latest, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
