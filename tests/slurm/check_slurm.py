"""`make test-slurm`: the demo on a temporary Slurm cluster with the shipped profile, and locally.

The cluster is removed afterwards. `make test` does not collect this file because of its name.
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
# Every stage and every kind of model that requests a GPU, with few films and epochs.
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
CANCELLED = "measure_visuals"  # rule of the job that is cancelled


@pytest.fixture(scope="module")
def cluster_folder():
    """The folder of a running cluster; checks that nothing of it remains afterwards."""
    if reason := cluster.reason_unavailable():
        pytest.skip(f"no Slurm here: {reason}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop the cluster on SIGTERM as well
    with cluster.running() as folder:
        yield folder
    remaining = subprocess.run(["pgrep", "-af", str(folder)], capture_output=True, text=True).stdout
    assert not remaining, remaining
    assert not folder.exists()
    assert not [name for name in cluster.FILES if (cluster.SYSTEM_FOLDER / name).is_symlink()]


def command(work: Path, profile: str, *options: str) -> list[str]:
    """The Snakemake command for a working folder, to be run in the project's folder."""
    return [
        *(sys.executable, "-m", "snakemake", "--workflow-profile", f"profiles/{profile}"),
        *("--directory", str(work), "--configfile", str(work / "settings.yaml"), *options),
    ]


def write_inputs(folder: Path) -> Path:
    """Write the configuration and new music into a folder; return the folder."""
    seconds = np.arange(20 * 16000) / 16000
    soundfile.write(folder / "new_music.wav", 0.3 * np.sin(2 * np.pi * 330 * seconds), 16000)
    (folder / "settings.yaml").write_text(yaml.safe_dump(CONFIG))
    return folder


@pytest.fixture(scope="module")
def local_run(cluster_folder, tmp_path_factory) -> Path:
    """The folder of a run without the cluster, as on a workstation with one GPU."""
    work = write_inputs(tmp_path_factory.mktemp("local"))
    done = subprocess.run(command(work, "gpu"), cwd=HOME, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return work


@pytest.fixture(scope="module")
def slurm_run(cluster_folder, tmp_path_factory) -> dict:
    """A run on the cluster with one job cancelled: folder, output, job records."""
    work = write_inputs(tmp_path_factory.mktemp("slurm"))
    # Jobs are short and the file system is local: poll more often than the profile.
    intervals = ("--slurm-init-seconds-before-status-checks", "3", "--latency-wait", "10")
    arguments = command(work, "slurm", *intervals)
    with (work / "output.txt").open("w") as output:
        run = subprocess.Popen(arguments, cwd=HOME, stdout=output, stderr=subprocess.STDOUT)
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
        "jobs": job_records(),
    }


def cancel_one(run: subprocess.Popen) -> str:
    """Cancel the first running job of the rule after 2 s; return its id."""
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline and run.poll() is None:
        arguments = ["squeue", "--noheader", "--states=running", "--format=%A %k"]
        rows = subprocess.run(arguments, capture_output=True, text=True).stdout.splitlines()
        for job, comment in (row.split(maxsplit=1) for row in rows):
            if comment.startswith(f"rule_{CANCELLED}"):
                time.sleep(2)
                subprocess.run(["scancel", job], check=True)
                return job
        time.sleep(0.2)
    pytest.fail(f"no job of {CANCELLED} was seen running")


def job_records() -> list[dict[str, str]]:
    """Slurm's record of every job: JobId, Comment, JobState, Partition, JOB_GRES and more."""
    arguments = ["scontrol", "show", "job", "--details", "--oneliner"]
    output = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    return [dict(re.findall(r"(\S+?)=(\S*)", row)) for row in output.splitlines()]


def test_all_jobs_complete_except_the_cancelled_one(slurm_run):
    assert slurm_run["code"] == 0, slurm_run["output"]
    assert (slurm_run["work"] / "results" / "report.html").stat().st_size > 10_000
    others = [job for job in slurm_run["jobs"] if job["JobId"] != slurm_run["cancelled"]]
    assert len(others) > 50
    assert {job["JobState"] for job in others} == {"COMPLETED"}


def test_cancelled_job_is_restarted(slurm_run):
    (cancelled,) = (job for job in slurm_run["jobs"] if job["JobId"] == slurm_run["cancelled"])
    assert cancelled["JobState"] == "CANCELLED"
    attempts = [job for job in slurm_run["jobs"] if job["Comment"] == cancelled["Comment"]]
    assert sorted(job["JobState"] for job in attempts) == ["CANCELLED", "COMPLETED"]
    assert slurm_run["output"].count("Trying to restart job") == 1


def test_only_gpu_rules_run_in_the_gpu_partition(slurm_run):
    jobs = slurm_run["jobs"]
    assert {job["Comment"] for job in jobs if job["Partition"] == "gpu"} == GPU_JOBS
    for job in jobs:
        if job["Comment"] in GPU_JOBS:
            assert (job["JOB_GRES"], job["NodeList"][0]) == ("gpu:standin:1", "g"), job
        else:
            assert (job["Partition"], job["JOB_GRES"]) == ("cpu", "(null)"), job


def test_tables_equal_those_of_the_local_run(local_run, slurm_run):
    tables = {local_run: set(), slurm_run["work"]: set()}
    for work, paths in tables.items():
        for path in (work / "results").rglob("*"):
            if path.suffix in (".tsv", ".parquet") and "benchmarks" not in path.parts:
                paths.add(path.relative_to(work))
    local_paths = tables[local_run]
    assert local_paths == tables[slurm_run["work"]]
    assert len(local_paths) > 40
    for name in sorted(local_paths):
        local, slurm = local_run / name, slurm_run["work"] / name
        if name.suffix == ".tsv":
            assert local.read_bytes() == slurm.read_bytes(), name
        else:
            pd.testing.assert_frame_equal(
                pd.read_parquet(local), pd.read_parquet(slurm), check_exact=True, obj=str(name)
            )


def test_second_run_has_nothing_to_do(slurm_run):
    arguments = command(slurm_run["work"], "slurm", "--dry-run")
    done = subprocess.run(arguments, cwd=HOME, capture_output=True, text=True)
    assert "Nothing to be done" in done.stdout + done.stderr
