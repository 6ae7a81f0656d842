"""The registry of pretrained encoders, and `load`."""

import sys
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from scorelens import code_hash, config
from scorelens.encoders import load
from scorelens.encoders.image import efficientnet, vgg16
from scorelens.encoders.registry import (
    AUDIO,
    AUDIO_ENCODERS,
    ENCODERS,
    IMAGE,
    IMAGE_ENCODERS,
    TEXT,
)


def test_every_encoder_has_a_module_of_its_modality():
    constructors = {AUDIO: "build_layers", IMAGE: "from_variables", TEXT: "from_variables"}
    for name, spec in ENCODERS.items():
        assert spec.name == name
        module = import_module(f"scorelens.encoders.{spec.modality}.{spec.module}")
        assert callable(getattr(module, constructors[spec.modality]))
        assert spec.title
        assert spec.reference


def test_embedding_sizes_equal_those_of_the_networks(fetched):
    assert ENCODERS["efficientnet_lite0"].embedding_size == efficientnet.SIZE
    assert ENCODERS["vgg16"].embedding_size == vgg16.SIZE
    assert load("minilm", fetched("minilm")).size == ENCODERS["minilm"].embedding_size
    samples = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    encoder = load("musicnn", fetched("musicnn"))
    assert encoder.encode(samples).shape == (1, ENCODERS["musicnn"].embedding_size)


def test_encoder_is_loaded_by_name(tmp_path):
    torch.manual_seed(0)
    state = efficientnet.EfficientNetLite().state_dict()
    path = tmp_path / "net.safetensors"
    save_file({name: value.numpy() for name, value in state.items()}, path)
    encoder = load("efficientnet_lite0", path, threads=1)
    assert (encoder.name, encoder.size) == ("efficientnet_lite0", 1280)
    assert encoder.encode(np.zeros((2, 224, 224, 3), np.uint8)).shape == (2, 1280)


@pytest.mark.parametrize(
    ("script", "modality"),
    [("embed_features", "audio"), ("embed_images", "image"), ("embed_texts", "text")],
)
def test_code_hash_of_a_script_covers_only_encoders_of_its_modality(home, script, modality):
    files = code_hash.source_files(home / "scripts" / f"{script}.py")
    networks = {
        (file.parent.name, file.stem)
        for file in files
        if file.parent.parent == home / "scorelens" / "encoders" and file.stem != "__init__"
    }
    expected = {(s.modality, s.module) for s in ENCODERS.values() if s.modality == modality}
    assert networks == expected


def test_schemas_list_the_encoders_of_the_registry(home):
    schemas = home / "workflow" / "schemas"
    loaded = {
        name: config.read_schema(schemas / f"{name}.yaml") for name in ("features", "trailers")
    }
    sets = loaded["features"]["properties"]["sets"]["items"]["enum"]
    assert sets == ["mir", "essentia", *AUDIO_ENCODERS]
    frames = loaded["trailers"]["properties"]["frame_networks"]["items"]["enum"]
    assert frames == list(IMAGE_ENCODERS)


class MeanColour(torch.nn.Module):
    """The mean colour of each image, times a factor."""

    size = 3

    def __init__(self, factor):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.from_numpy(factor))

    def forward(self, images):
        return self.factor * images.mean((2, 3))


def test_new_encoder_needs_one_module_and_one_registry_entry(tmp_path, monkeypatch):
    module = SimpleNamespace(
        MEAN=10.0, SCALE=2.0, from_variables=lambda variables: MeanColour(variables["factor"])
    )
    spec = replace(ENCODERS["vit"], name="toy", title="Toy", embedding_size=3, module="toy")
    monkeypatch.setitem(sys.modules, "scorelens.encoders.image.toy", module)
    monkeypatch.setitem(ENCODERS, "toy", spec)
    save_file({"factor": np.float32([4])}, tmp_path / "toy.safetensors")
    encoder = load("toy", tmp_path / "toy.safetensors")
    embedding = encoder.encode(np.full((1, 224, 224, 3), 15, np.uint8))
    assert embedding.tolist() == [[10, 10, 10]]
