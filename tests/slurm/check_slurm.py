"""`make test-slurm`: the demo whole on a real Slurm, through the shipped profile, and locally.

The cluster is thrown away afterwards. `make test` does not collect this file by its name.
"""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cluster
import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml

HOME = Path(__file__).resolve().parents[2]
# Every stage and every kind of model that asks for a GPU, on little of each.
CONFIG = {
    "corpus": {"demo": {"films": 6, "film_s": 45}},
    "features": {"sets": ["mir", "musicnn"]},
    "genres": {
        "models": ["random_guess", "simple_mi_knn", "average_pooling"],
        "network": {"epochs": 5},
        "apply": {"media": {"new_music": "new_music.wav"}, "feature_set": "musicnn"},
    },
    "tagger": {
        "models": ["frequency_ranking", "dnn", "embedding_linear"],
        "min_tracks": 5,
        "folds": 2,
        "network": {"epochs": 2},
    },
    "retrieval": {"configurations": ["all"], "training": {"epochs": 2}},
    "trailers": {
        "models": ["frame_linear", "frame_attention", "window_cnn", "sound_attention", "fusion"],
        "network": {"epochs": 1},
        "attention": {"epochs": 2},
    },
    "resources": {"gpu": 1},
}
GPU_JOBS = {
    "rule_apply_tagger_wildcards_demo_demo",
    "rule_embed_features_0_wildcards_musicnn",
    "rule_embed_features_0_wildcards_musicnn_tracks",
    "rule_extract_new_media_wildcards_musicnn_new_music",
    "rule_train_genres_wildcards_mir_average_pooling_0",
    "rule_train_genres_wildcards_musicnn_average_pooling_0",
    "rule_train_tagger_wildcards_dnn",
    *(f"rule_embed_tracks_{number}" for number in range(11)),
    "rule_embed_images",
    "rule_embed_texts",
    "rule_train_retrieval_wildcards_all",
    "rule_embed_scenes_0",
    "rule_embed_trailers_wildcards_efficientnet_lite0_0",
    "rule_embed_trailers_wildcards_musicnn_0",
    "rule_train_trailers_wildcards_efficientnet_lite0_frame_attention",
    "rule_train_trailers_wildcards_musicnn_sound_attention",
    "rule_train_trailers_wildcards_none_window_cnn",
}
CANCELLED = "measure_visuals"  # a job of this rule


@pytest.fixture(scope="module")
def started():
    """A cluster, and the promise that nothing of it is left."""
    if reason := cluster.reason_absent():
        pytest.skip(f"no Slurm here: {reason}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop it then too
    with cluster.running() as folder:
        yield folder
    left = subprocess.run(["pgrep", "-af", str(folder)], capture_output=True, text=True).stdout
    assert not left, left
    assert not folder.exists()
    assert not [name for name in cluster.FILES if (cluster.SYSTEM_FOLDER / name).is_symlink()]


def command(work: Path, profile: str, *options: str) -> list[str]:
    """Snakemake in a folder of its own, called from the project's as the docs say."""
    return [
        *(sys.executable, "-m", "snakemake", "--workflow-profile", f"profiles/{profile}"),
        *("--directory", str(work), "--configfile", str(work / "settings.yaml"), *options),
    ]


def prepared(folder: Path) -> Path:
    """The folder with a configuration and new music."""
    seconds = np.arange(20 * 16000) / 16000
    soundfile.write(folder / "new_music.wav", 0.3 * np.sin(2 * np.pi * 330 * seconds), 16000)
    (folder / "settings.yaml").write_text(yaml.safe_dump(CONFIG))
    return folder


@pytest.fixture(scope="module")
def local_run(started, tmp_path_factory) -> Path:
    """The folder of a run without the cluster, as on a workstation with one GPU."""
    work = prepared(tmp_path_factory.mktemp("local"))
    done = subprocess.run(command(work, "gpu"), cwd=HOME, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return work


@pytest.fixture(scope="module")
def slurm_run(started, tmp_path_factory) -> dict:
    """A run on the cluster, one job cancelled: its folder, its output, Slurm's records."""
    work = prepared(tmp_path_factory.mktemp("slurm"))
    # Jobs are short here, and the file system is one: look sooner than the profile does.
    soon = ("--slurm-init-seconds-before-status-checks", "3", "--latency-wait", "10")
    line = command(work, "slurm", *soon)
    with (work / "output.txt").open("w") as output:
        run = subprocess.Popen(line, cwd=HOME, stdout=output, stderr=subprocess.STDOUT)
        try:
            cancelled = cancel_one(run)
            code = run.wait(1800)
        finally:
            run.kill()
    return {
        "code": code,
        "work": work,
        "cancelled": cancelled,
        "output": (work / "output.txt").read_text(),
        "jobs": records(),
    }


def cancel_one(run: subprocess.Popen) -> str:
    """Cancel the first running job of the rule, after a moment; its id."""
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline and run.poll() is None:
        line = ["squeue", "--noheader", "--states=running", "--format=%A %k"]
        rows = subprocess.run(line, capture_output=True, text=True).stdout.splitlines()
        for job, comment in (row.split(maxsplit=1) for row in rows):
            if comment.startswith(f"rule_{CANCELLED}"):
                time.sleep(2)
                subprocess.run(["scancel", job], check=True)
                return job
        time.sleep(0.2)
    pytest.fail(f"no job of {CANCELLED} was seen running")


def records() -> list[dict[str, str]]:
    """What Slurm remembers of every job: JobId, Comment, JobState, Partition, JOB_GRES and more."""
    line = ["scontrol", "show", "job", "--details", "--oneliner"]
    output = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    return [dict(re.findall(r"(\S+?)=(\S*)", row)) for row in output.splitlines()]


def test_every_job_succeeds_but_the_cancelled(slurm_run):
    assert slurm_run["code"] == 0, slurm_run["output"]
    assert (slurm_run["work"] / "results" / "report.html").stat().st_size > 10_000
    others = [job for job in slurm_run["jobs"] if job["JobId"] != slurm_run["cancelled"]]
    assert len(others) > 50
    assert {job["JobState"] for job in others} == {"COMPLETED"}


def test_the_cancelled_job_is_made_again(slurm_run):
    (cancelled,) = (job for job in slurm_run["jobs"] if job["JobId"] == slurm_run["cancelled"])
    assert cancelled["JobState"] == "CANCELLED"
    again = [job for job in slurm_run["jobs"] if job["Comment"] == cancelled["Comment"]]
    assert sorted(job["JobState"] for job in again) == ["CANCELLED", "COMPLETED"]
    assert slurm_run["output"].count("Trying to restart job") == 1


def test_gpu_rules_have_a_gpu_of_the_gpu_partition_and_no_others(slurm_run):
    jobs = slurm_run["jobs"]
    assert {job["Comment"] for job in jobs if job["Partition"] == "gpu"} == GPU_JOBS
    for job in jobs:
        if job["Comment"] in GPU_JOBS:
            assert (job["JOB_GRES"], job["NodeList"][0]) == ("gpu:standin:1", "g"), job
        else:
            assert (job["Partition"], job["JOB_GRES"]) == ("cpu", "(null)"), job


def test_the_tables_are_those_of_the_local_run(local_run, slurm_run):
    tables = {local_run: set(), slurm_run["work"]: set()}
    for work, paths in tables.items():
        for path in (work / "results").rglob("*"):
            if path.suffix in (".tsv", ".parquet") and "benchmarks" not in path.parts:
                paths.add(path.relative_to(work))
    names = tables[local_run]
    assert names == tables[slurm_run["work"]]
    assert len(names) > 40
    for name in sorted(names):
        one, other = local_run / name, slurm_run["work"] / name
        if name.suffix == ".tsv":
            assert one.read_bytes() == other.read_bytes(), name
        else:
            pd.testing.assert_frame_equal(
                pd.read_parquet(one), pd.read_parquet(other), check_exact=True, obj=str(name)
            )


def test_another_run_on_the_cluster_has_nothing_to_do(slurm_run):
    line = command(slurm_run["work"], "slurm", "--dry-run")
    done = subprocess.run(line, cwd=HOME, capture_output=True, text=True)
    assert "Nothing to be done" in done.stdout + done.stderr
