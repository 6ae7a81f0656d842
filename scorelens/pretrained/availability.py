"""Tell which weights are on this machine, and why a network cannot take part in a run.

A file is looked for in the user's folder, then among earlier downloads, then at its source: an
address, or a package of the registry that pip is set up for.
This module is imported when the workflow is parsed: light imports only.
"""

import os
from pathlib import Path

from scorelens.encoders.registry import ENCODERS, PublishedFile
from scorelens.errors import ConfigError, InputError, Problem


class WeightsError(InputError):
    """A file of weights that is not available, or is not the published one."""


def check_folder(folder: str | None) -> None:
    """Check `pretrained.folder` of the configuration.

    Parameters
    ----------
    folder : str or None
        None if the user has none.

    Raises
    ------
    ConfigError
        If it is given and is no folder.
    """
    if folder and not os.path.isdir(folder):
        what = f"{folder} is a file" if os.path.exists(folder) else f"{folder} does not exist"
        expected = "a folder with published files of networks, or null"
        hint = "a path that is not absolute starts at the folder in which the workflow runs"
        raise ConfigError(Problem("config: pretrained.folder", what, expected, hint))


def reason_absent(network: str, folder: str | None, offline: bool, downloads: str) -> str:
    """Say why a network cannot take part in a run, and what to do.

    Whether an address can be reached shows only when the file is fetched.

    Parameters
    ----------
    network : str
        A name in the registry of encoders.
    folder : str or None
        Where the user keeps files.
    offline : bool
        Whether downloads are forbidden.
    downloads : str
        Folder of earlier downloads.

    Returns
    -------
    str
        One line; empty if the network can take part.
    """
    if not offline:
        return ""
    absent = [f for f in ENCODERS[network].files if not local_file(f, folder, downloads)]
    if not absent:
        return ""
    files = " and ".join(f"{file.name} ({file.source})" for file in absent)
    where = folder or "pretrained.folder, which is null,"
    return f"pretrained.offline is set, and {where} lacks {files}"


def local_file(
    file: PublishedFile, folder: str | None, downloads: str | os.PathLike
) -> Path | None:
    """Find a published file on this machine.

    Parameters
    ----------
    file : PublishedFile
    folder : str or None
        Where the user keeps files; it comes first.
    downloads : path
        Folder of earlier downloads.

    Returns
    -------
    Path or None
        None if it is in neither.
    """
    candidates = [Path(parent) / file.name for parent in (folder, downloads) if parent]
    return next((path for path in candidates if path.is_file()), None)
