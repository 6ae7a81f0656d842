"""The bundle for a paper's supplement: included and excluded files, checksums, determinism."""

import hashlib
import importlib.metadata
import os
import subprocess
import sys
import zipfile

import pytest
import yaml
from rocrate.rocrate import ROCrate

CONFIG = {"corpus": {"kind": "demo", "genres": ["Drama", "Horror"]}}
PROVENANCE = {
    "commit": "abc",
    "config_hash": "1234",
    "date": "2026-11-30 05:35 UTC",
    "hashes": [{"film_id": "one", "video_sha256": "ab" * 32}, {"film_id": "bad"}],
    "versions": {"scorelens": "0.1.0", "snakemake": "9.27.0"},
}
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
    record = {"config": CONFIG, "outputs": OUTPUTS, **PROVENANCE}
    files = {**PACKED, **LEFT_OUT, "report.yaml": yaml.safe_dump(record)}
    for name, text in files.items():
        path = tmp_path / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def bundle(home, folder):
    command = [sys.executable, str(home / "workflow" / "bundle.py")]
    environment = os.environ | {"PYTHONPATH": str(home)}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


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
        *("SHA256SUMS", "config.yaml", "environment/installed.txt", "ro-crate-metadata.json"),
        *("Snakefile", *(f"workflow/rules/{path.name}" for path in rule_files(home))),
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


def rule_files(home):
    return (home / "workflow" / "rules").glob("*.smk")


@pytest.fixture
def crate(home, run):
    """The unpacked bundle as the package rocrate reads it."""
    assert bundle(home, run).returncode == 0
    with zipfile.ZipFile(run / "results" / "bundle.zip") as packed:
        packed.extractall(run / "unpacked")
    return ROCrate(run / "unpacked")


def test_crate_lists_every_file_with_its_sum_and_size(run, crate):
    folder = run / "unpacked"
    paths = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    listed = {entity.id: entity for entity in crate.data_entities}
    assert set(listed) == paths - {"ro-crate-metadata.json"}
    for path in set(listed) - {"SHA256SUMS"}:
        content = (folder / path).read_bytes()
        assert listed[path]["sha256"] == hashlib.sha256(content).hexdigest()
        assert int(listed[path]["contentSize"]) == len(content)
    assert listed["results/genres/scores.svg"]["encodingFormat"] == "image/svg+xml"


def test_crate_is_a_workflow_run_crate(crate):
    """What the profiles require: see their pages at w3id.org/ro/wfrun."""
    profiles = {entity.id for entity in crate.root_dataset["conformsTo"]}
    assert profiles == {
        "https://w3id.org/ro/wfrun/process/0.5",
        "https://w3id.org/ro/wfrun/workflow/0.5",
        "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
    }
    assert crate.mainEntity.id == "Snakefile"
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow"} == {*crate.mainEntity.type}
    assert crate.mainEntity["programmingLanguage"]["name"] == "Snakemake"
    assert str(crate.root_dataset["datePublished"]) == "2026-11-30T05:35:00+00:00"
    action = crate.root_dataset["mentions"]
    assert action.type == "CreateAction"
    assert action["instrument"] == crate.mainEntity
    inputs = {entity.id: entity for entity in action["object"]}
    assert set(inputs) == {"config.yaml", "#film-one", "#film-bad"}
    assert inputs["#film-one"]["sha256"] == "ab" * 32
    assert {entity.id for entity in action["result"]} == {
        f"results/{name}" for name in (*PACKED, "report.yaml")
    }


def test_every_reference_of_the_crate_resolves(crate):
    """Each `@id` that an entity names is an entity itself or an address."""
    graph = crate.metadata.generate()["@graph"]
    ids = {entity["@id"] for entity in graph}
    assert len(ids) == len(graph)
    named = {
        part["@id"]
        for entity in graph
        for value in entity.values()
        for part in (value if isinstance(value, list) else [value])
        if isinstance(part, dict)
    }
    assert {name for name in named - ids if not name.startswith(("http://", "https://"))} == set()


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
