"""Variables are read from files of NumPy, PyTorch, Keras and TensorFlow."""

import pickle
import zipfile

import h5py
import numpy as np
import pytest
import torch

from scorelens.encoders.registry import PublishedFile
from scorelens.pretrained.variables import read_variables


def test_npz_with_pickled_objects_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.array([{}], object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        read_variables(tmp_path / "x.npz")


def test_pth_with_pickled_objects_is_refused(tmp_path):
    torch.save({"a": PublishedFile("x", "y")}, tmp_path / "x.pth")
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        read_variables(tmp_path / "x.pth")


def test_keras_variables_have_the_names_of_the_file(tmp_path):
    kernel = np.arange(12.0, dtype=np.float32).reshape(3, 4)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.attrs["layer_names"] = [b"layer1/conv", b"layer1/relu"]
        file.create_group("layer1/conv").attrs["weight_names"] = [b"layer1/conv/kernel:0"]
        file["layer1/conv/layer1/conv/kernel:0"] = kernel
        file.create_group("layer1/relu").attrs["weight_names"] = np.zeros(0, "S1")
    variables = read_variables(tmp_path / "x.h5")
    assert variables.keys() == {"layer1/conv/kernel"}
    assert np.array_equal(variables["layer1/conv/kernel"], kernel)


@pytest.mark.slow
def test_tensorflow_checkpoints_are_read_without_optimizer_variables(tmp_path):
    from tensorflow.compat import v1

    values = {"dense/kernel": np.arange(6.0).reshape(2, 3), "dense/kernel/Adam": np.zeros((2, 3))}
    graph = v1.Graph()
    with graph.as_default(), v1.Session() as session:
        for name, value in values.items():
            v1.Variable(value, name=name)
        v1.Variable(0.9, name="beta1_power")
        session.run(v1.global_variables_initializer())
        v1.train.Saver(write_version=1).save(session, str(tmp_path / "old.ckpt"))
        v1.train.Saver(write_version=2).save(session, str(tmp_path / "new"))
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as wheel:
        for suffix in (".index", ".data-00000-of-00001"):
            wheel.write(tmp_path / f"new{suffix}", f"net/best/{suffix}")
    for variables in (
        read_variables(tmp_path / "old.ckpt"),
        read_variables(tmp_path / "x.whl", ["net/best/"]),
    ):
        assert variables.keys() == {"dense/kernel"}
        assert np.array_equal(variables["dense/kernel"], values["dense/kernel"])
