"""Provenance of a report and of predictions: commit, configuration, versions and hashes."""

import json
import subprocess

import pyarrow.parquet as pq
import pytest
import yaml
from report_run import make_run, render
from separable_bags import make_corpus, write_corpus
from test_genres import train

from scorelens import __version__, media, tables
from scorelens.report import provenance


def git(folder, *arguments):
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clone(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code.py").write_text("x = 1\n")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    return tmp_path


def test_commit_is_marked_if_code_has_uncommitted_edits(clone):
    head = git(clone, "rev-parse", "HEAD")
    assert len(head) == 40
    assert provenance.commit(clone) == head
    (clone / "results.txt").write_text("a result is no edit of the code")
    assert provenance.commit(clone) == head
    (clone / "code.py").write_text("x = 2\n")
    assert provenance.commit(clone) == f"{head} with edits that are not committed"


def test_commit_is_unknown_without_clone_commits_or_git(tmp_path, monkeypatch):
    assert provenance.commit(tmp_path) == "none: not a clone"
    git(tmp_path, "init", "--quiet")
    assert provenance.commit(tmp_path).startswith("not known: Command")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.commit(tmp_path).startswith("not known: [Errno 2]")


def test_report_yaml_matches_report_page(tmp_path):
    inputs, _, page = render(tmp_path, make_run(tmp_path))
    record = yaml.safe_load((tmp_path / "report.yaml").read_text(encoding="utf-8"))
    assert record["config"] == json.loads(json.dumps(inputs["config"]))
    assert record["config_hash"] == tables.digest(inputs["config"])
    assert record["versions"]["scorelens"] == __version__
    assert record["hashes"][0] == {"film_id": "film_00", "video_sha256": "ab" * 32}
    assert record["networks"]["used"][0]["sha256"] == "cd" * 32
    text = " ".join("".join(page.text).split())
    assert f"Hash of the configuration: {record['config_hash']}." in text
    assert f"Git commit: {record['commit']}." in text
    assert record["date"] in text


def test_predictions_metadata_has_settings_and_input_hashes(tmp_path):
    write_corpus(tmp_path, *make_corpus(films=6))
    for model in ("plurality", "imv_knn"):
        train(tmp_path, model, folds=3)
        schema = pq.read_schema(tmp_path / f"{model}.predictions.0.parquet")
        metadata = json.loads(schema.metadata[b"scorelens"])
        assert metadata["version"] == __version__
        assert (metadata["seed"], metadata["folds"]) == (5, 3)
        assert metadata["films_sha256"] == media.sha256(tmp_path / "films.tsv")
    assert metadata["bags_sha256"] == media.sha256(tmp_path / "bags.parquet")
    assert metadata["settings"] == {"n_neighbors": 3}
