"""Find the results of a run, and the file that its corrections are saved in."""

import os
from dataclasses import dataclass
from pathlib import Path

import yaml

from scorelens import paths
from scorelens.errors import ConfigError, Problem
from scorelens.live_search.settings import DEFAULT, Settings

SETTINGS = ("my.yaml", "config/config.yaml")
CORRECTIONS = "corrections.tsv"


@dataclass(frozen=True)
class Run:
    """A folder that the workflow ran in.

    Parameters
    ----------
    results : Path
        Its results, without symbolic links.
    corrections : Path
        The file of corrections; it need not exist.
    is_named : bool
        Whether the settings name that file, so that the next run reads it.
    settings : Path or None
        The file of settings, if there is one.
    search : Settings
        The networks of the live search.
    """

    results: Path
    corrections: Path
    is_named: bool
    settings: Path | None = None
    search: Settings = DEFAULT


def find_run(folder: Path, configfile: Path | None = None) -> Run:
    """Find the results in a folder, and the file of corrections that its settings name.

    Parameters
    ----------
    folder : Path
        The folder that the workflow ran in, or its results.
    configfile : Path or None
        Settings; None for my.yaml of the folder, or config/config.yaml, if there is one.

    Returns
    -------
    Run

    Raises
    ------
    ConfigError
        If there are no results, or the settings cannot be read.
    """
    home = Path(os.path.realpath(folder))
    if not (home / "results").is_dir() and home.name == "results":
        home = home.parent
    results = Path(os.path.realpath(home / "results"))
    if not results.is_dir():
        hint = "`scorelens run` in that folder makes them"
        raise ConfigError(Problem(str(folder), "has no results", "the folder of a run", hint))
    settings = configfile or next((home / n for n in SETTINGS if (home / n).is_file()), None)
    written = _written_corrections(settings) if settings else ""
    beside = Path(os.path.realpath(configfile)).parent if configfile else home
    corrections = paths.resolve(written, str(home)) if written else str(beside / CORRECTIONS)
    return Run(results, Path(os.path.realpath(corrections)), bool(written), settings)


def _written_corrections(settings: Path) -> str:
    """The value of `cues: {corrections: ...}` in a file of settings; empty if it is not there."""
    try:
        config = yaml.safe_load(settings.read_text(encoding="utf-8")) or {}
        return (config.get("cues") or {}).get("corrections") or ""
    except (OSError, yaml.YAMLError, UnicodeDecodeError, AttributeError) as error:
        what = f"cannot be read: {error}"
        raise ConfigError(Problem(str(settings), what, "settings of a run, YAML")) from None
