"""The bundle for a paper's supplement: included and excluded files, checksums, determinism."""

import hashlib
import importlib.metadata
import subprocess
import sys
import zipfile

import pytest
import yaml

CONFIG = {"corpus": {"kind": "demo", "genres": ["Drama", "Horror"]}}
OUTPUTS = [
    "results/corpus/films.tsv",
    "results/corpus/status.tsv",
    "results/corpus/status/{film}.tsv",
    "results/cues/films/{film}.parquet",
    "results/genres/scores.svg",
    "results/genres/predictions/mir/imv_knn.parquet",
    "results/trailers/scores.tsv",
]
PACKED = {
    "report.html": "<html>",
    "corpus/films.tsv": "film_id\none\n",
    "corpus/status.tsv": "film_id\tstatus\none\tok\nbad\tbad\n",
    "corpus/status/bad.tsv": "film_id\nbad\n",
    "cues/films/one.parquet": "cues",
    "genres/scores.svg": "<svg/>",
    "genres/predictions/mir/imv_knn.parquet": "rows",
}
LEFT_OUT = {
    "corpus/media/one/film.mp4": "a film",
    "fingerprints/one.npz": "an index",
    "genres/models/mir/imv_knn.zip": "a model",
    "benchmarks/match_cues/one.tsv": "seconds",
    # Files of an earlier run (another film, another model), and a partial file of a killed job.
    "cues/films/gone.parquet": "cues",
    "genres/predictions/mir/imv_svm.parquet": "rows",
    "cues/films/.one.123.part.parquet": "half",
}


@pytest.fixture
def run(tmp_path):
    record = {"commit": "abc", "config": CONFIG, "outputs": OUTPUTS}
    files = {**PACKED, **LEFT_OUT, "report.yaml": yaml.safe_dump(record)}
    for name, text in files.items():
        path = tmp_path / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def bundle(home, folder):
    command = [sys.executable, str(home / "workflow" / "bundle.py")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_bundle_contains_the_last_run_and_checksums(home, run):
    assert bundle(home, run).returncode == 0
    with zipfile.ZipFile(run / "results" / "bundle.zip") as packed:
        assert packed.testzip() is None
        content = {name: packed.read(name) for name in packed.namelist()}
    result_names = {
        name.removeprefix("results/") for name in content if name.startswith("results/")
    }
    assert result_names == {*PACKED, "report.yaml"}
    environment = {f"environment/{path.name}" for path in (home / "envs").iterdir()}
    assert set(content) - {f"results/{name}" for name in result_names} == {
        *environment,
        *("SHA256SUMS", "config.yaml", "environment/installed.txt"),
    }
    assert yaml.safe_load(content["config.yaml"]) == CONFIG
    numpy = f"numpy=={importlib.metadata.version('numpy')}"
    assert numpy in content["environment/installed.txt"].decode().split("\n")
    sums = dict(line.split("  ")[::-1] for line in content["SHA256SUMS"].decode().splitlines())
    assert sums == {
        name: hashlib.sha256(text).hexdigest()
        for name, text in content.items()
        if name != "SHA256SUMS"
    }


def test_bundle_is_deterministic(home, run):
    bundle(home, run)
    first = (run / "results" / "bundle.zip").read_bytes()
    for path in (run / "results").rglob("*.tsv"):
        path.touch()
    bundle(home, run)
    assert (run / "results" / "bundle.zip").read_bytes() == first
    assert not list(run.rglob("*.part"))


def test_missing_run_error_names_the_command(home, tmp_path):
    done = bundle(home, tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "there is no results/report.yaml here: finish a run first, for example `make run`\n"
    )
