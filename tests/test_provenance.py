"""Where a report says that it comes from: the commit, and the same record as data."""

import json
import subprocess

import pyarrow.parquet as pq
import pytest
import yaml
from report_run import make_run, render
from test_genres import make_corpus, train, write_corpus

from scorelens import __version__, media, tables
from scorelens.report import provenance


def git(folder, *words):
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    command = ["git", "-C", str(folder), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clone(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code.py").write_text("x = 1\n")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    return tmp_path


def test_the_commit_and_whether_the_code_differs_from_it(clone):
    head = git(clone, "rev-parse", "HEAD")
    assert len(head) == 40
    assert provenance.commit(clone) == head
    (clone / "results.txt").write_text("a result is no edit of the code")
    assert provenance.commit(clone) == head
    (clone / "code.py").write_text("x = 2\n")
    assert provenance.commit(clone) == f"{head} with edits that are not committed"


def test_a_copy_without_git_and_a_clone_without_commits_say_so(tmp_path, monkeypatch):
    assert provenance.commit(tmp_path) == "none: not a clone"
    git(tmp_path, "init", "--quiet")
    assert provenance.commit(tmp_path).startswith("not known: Command")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.commit(tmp_path).startswith("not known: [Errno 2]")


def test_the_record_says_what_the_page_says(tmp_path):
    inputs, _, page = render(tmp_path, make_run(tmp_path))
    record = yaml.safe_load((tmp_path / "report.yaml").read_text(encoding="utf-8"))
    assert record["config"] == json.loads(json.dumps(inputs["config"]))
    assert record["config_hash"] == tables.digest(inputs["config"])
    assert record["versions"]["scorelens"] == __version__
    assert record["hashes"][0] == {"film_id": "film_00", "video_sha256": "ab" * 32}
    assert record["networks"]["used"][0]["sha256"] == "cd" * 32
    words = " ".join("".join(page.text).split())
    assert f"Hash of the configuration: {record['config_hash']}." in words
    assert f"Git commit: {record['commit']}." in words
    assert record["date"] in words


def test_predictions_name_what_they_were_made_from(tmp_path):
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
