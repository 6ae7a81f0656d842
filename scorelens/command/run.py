"""`scorelens run`: the workflow in the working directory."""

import os
from collections.abc import Sequence
from pathlib import Path

from scorelens.command import workflow_folder
from scorelens.command.locking import run_alone
from scorelens.errors import ConfigError, Problem, closest

SETTINGS = Path("my.yaml")
LOGGER = Path(__file__).resolve().with_name("logger")


def run_workflow(
    stages: Sequence[str], dry_run: bool, cores: str, profile: str, configfile: Path | None
) -> None:
    """Become Snakemake; does not return.

    Parameters
    ----------
    stages : sequence of str
        Targets; all without.
    dry_run : bool
        Whether jobs are shown and not run.
    cores : str
        Number, or `all`.
    profile : str
        Name of a profile of ours, or the folder of one; empty for the default one.
    configfile : Path or None
        Settings; None for my.yaml, and if that is not there, for the demo.

    Raises
    ------
    ConfigError
        If there is no such stage, profile or file.
    """
    home = workflow_folder()
    arguments = snakemake_arguments(home, stages, dry_run, cores, profile, configfile)
    python_path = [str(LOGGER), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, python_path))
    run_alone(arguments)


def snakemake_arguments(
    home: Path,
    stages: Sequence[str],
    dry_run: bool,
    cores: str,
    profile: str,
    configfile: Path | None,
) -> list[str]:
    """Arguments of Snakemake for `run_workflow`, whose parameters these are.

    Parameters
    ----------
    home : Path
        Folder of the Snakefile.
    stages, dry_run, cores, profile, configfile
        As of `run_workflow`.

    Returns
    -------
    list of str

    Raises
    ------
    ConfigError
        If there is no such stage, profile or file, or the number of cores is none.
    """
    settings = configfile or (SETTINGS if SETTINGS.is_file() else None)
    problems = list(_stage_problems(home, stages))
    if not (cores == "all" or (cores.isdecimal() and int(cores))):
        problems.append(Problem("--cores", f"is {cores!r}", "a number from 1 on, or all"))
    if configfile and not configfile.is_file():
        problems.append(Problem("--configfile", f"{configfile} does not exist", "a YAML file"))
    folder = home / "profiles" / (profile or "default")
    folder = folder if folder.is_dir() else Path(profile)
    if not folder.is_dir():
        known = ", ".join(sorted(p.name for p in (home / "profiles").iterdir()))
        problems.append(Problem("--profile", f"there is no {profile!r}", f"{known}, or a folder"))
    if problems:
        raise ConfigError(problems)
    return [
        *stages,
        *("--snakefile", str(home / "Snakefile"), "--cores", cores),
        *("--workflow-profile", str(folder), "--logger", "scorelens"),
        *(("--configfile", str(settings)) if settings else ()),
        *(("--dry-run",) if dry_run else ()),
    ]


def stage_names(home: Path) -> list[str]:
    """The stages that are targets, by their rule files.

    Parameters
    ----------
    home : Path
        Folder of the Snakefile.

    Returns
    -------
    list of str
    """
    lines = (home / "Snakefile").read_text(encoding="utf-8").splitlines()
    return [line[5:-1] for line in lines if line.startswith("rule ") and line.endswith(":")]


def _stage_problems(home: Path, stages: Sequence[str]):
    known = stage_names(home)
    for stage in stages:
        # Any file of the results is a target too.
        if stage not in known and "/" not in stage:
            expected = f"one of {', '.join(known)}"
            yield Problem(
                "scorelens run", f"there is no stage {stage!r}", expected, closest(stage, known)
            )
