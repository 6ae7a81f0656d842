"""Resource requests of jobs: table, size and retries, workflow, and fit to benchmark files."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scorelens import job_resources
from scorelens.job_resources import Request
from tests import workflow_runs as runs
from tests.rule_files import RULES

HOME = Path(__file__).resolve().parent.parent
TABLE = job_resources.read_requests(HOME / "workflow" / "job_resources.tsv")


def benchmark(name):
    """Import a script of the folder of benchmarks."""
    spec = importlib.util.spec_from_file_location(name, HOME / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


resources, scale = benchmark("resources"), benchmark("scale")


def test_table_has_a_row_for_every_rule():
    assert set(TABLE) == set(RULES)


def test_every_rule_requests_memory_and_runtime():
    for rule, request in TABLE.items():
        assert job_resources.memory_mb(request, 0, 1) >= 300, rule
        assert job_resources.runtime_min(request, 0, 1) >= 10, rule
        assert (request.size == "none") == (request.mb_per_size == request.min_per_size == 0), rule


def test_request_is_linear_in_size_and_doubles_per_attempt():
    request = Request("film", 300, 2.5, 10, 0.3)
    assert [job_resources.memory_mb(request, size, 1) for size in (0, 40, 41, 120)] == [
        300,
        400,
        500,
        600,
    ]
    assert [job_resources.memory_mb(request, 40, attempt) for attempt in (1, 2, 3)] == [
        400,
        800,
        1600,
    ]
    assert [job_resources.runtime_min(request, size, 1) for size in (0, 1, 120)] == [10, 11, 46]
    assert [job_resources.runtime_min(request, 120, attempt) for attempt in (1, 2)] == [46, 92]


def test_unknown_size_unit_is_an_error(tmp_path):
    path = tmp_path / "requests.tsv"
    head = "rule\tsize\tmb\tmb_per_size\tmin\tmin_per_size\n"
    path.write_text(head + "match_cues\tlength\t300\t1\t10\t0\n")
    with pytest.raises(ValueError, match=r"requests\.tsv: sizes \['length'\] are none of \['none'"):
        job_resources.read_requests(path)


def test_minutes_are_summed_per_film_and_reread_after_a_change(tmp_path):
    path = tmp_path / "tracks.tsv"
    path.write_text("film_id\ttrack_id\tduration_s\none\ta\t90\none\tb\t30\ntwo\ta\t\n")
    assert job_resources.minutes(path) == {"one": 2.0, "two": 0.0}
    path.write_text("film_id\ttrack_id\tduration_s\none\ta\t600\n")
    os.utime(path, ns=(1, 1))
    assert job_resources.minutes(path) == {"one": 10.0}


def dry_run_requests(folder, *targets):
    """Rule -> resources that its jobs request in a dry run."""
    config = json.loads((folder / "config.yaml").read_text())
    done = runs.snakemake(HOME, folder, config, "--dry-run", "--", *targets)
    assert done.returncode == 0, done.stdout
    jobs = re.findall(r"rule (\w+):\n(?: {4}.*\n)*? {4}resources: (.*)\n", done.stdout)
    return {
        rule: dict(part.partition("=")[::2] for part in text.split(", ")) for rule, text in jobs
    }


@pytest.mark.slow
def test_job_requests_use_durations_measured_by_check_corpus(tmp_path):
    scale.make_corpus(tmp_path, 2, ["mir", "musicnn"], 0)
    config = tmp_path / "config.yaml"
    no_trailer_models = {"trailers": {"models": []}}  # two films are too few to train on
    config.write_text(json.dumps(json.loads(config.read_text()) | no_trailer_models))
    film, unknown = "film_00000", 150 + 150
    targets = [f"results/visuals/{film}.parquet", f"results/cues/films/{film}.parquet"]
    jobs = dry_run_requests(tmp_path, *targets)
    assert jobs["match_cues"]["mem_mb"] == jobs["match_cues"]["runtime"] == "<TBD>"
    assert int(jobs["check_corpus"]["mem_mb"]) == TABLE["check_corpus"].mb
    corpus = tmp_path / "results" / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    (corpus / "films.tsv").write_text(f"film_id\tduration_s\n{film}\t7200\n")
    tracks = f"{film}\ta\t1800\n{film}\tb\t2400\n"
    (corpus / "tracks.tsv").write_text(f"film_id\ttrack_id\tduration_s\n{tracks}")
    jobs = dry_run_requests(tmp_path, *targets)
    for rule, size in (("match_cues", 190), ("index_fingerprints", 70), ("measure_visuals", 120)):
        assert int(jobs[rule]["mem_mb"]) == job_resources.memory_mb(TABLE[rule], size, 1)
        assert int(jobs[rule]["runtime"]) == job_resources.runtime_min(TABLE[rule], size, 1)
    # The films of a batch run in sequence: maximum of the memory, sum of the runtimes.
    jobs = dry_run_requests(tmp_path, f"results/features/musicnn/{film}.parquet")
    batch, row = jobs["embed_features_0"], TABLE["embed_features"]
    assert int(batch["mem_mb"]) == job_resources.memory_mb(row, unknown, 1)
    assert int(batch["runtime"]) == job_resources.runtime_min(row, 190 + unknown, 1)


@pytest.mark.slow
def test_grouped_folds_need_fewer_jobs_than_single_film_folds(tmp_path):
    jobs = []
    for folds in (0, 10):
        scale.make_corpus(tmp_path, 30, ["mir"], folds)
        jobs.append(scale.measure(tmp_path, "")["jobs"])
    # 14 models in chunks of 20 folds: two for 30 films, one for 10 groups.
    assert jobs[0] - jobs[1] == 14


@pytest.mark.slow
def test_scale_benchmark_plans_every_stage(tmp_path):
    scale.make_corpus(tmp_path, 30, ["mir"], 10)
    output = scale.snakemake(tmp_path, "--dry-run", "--quiet", "rules").output
    jobs = re.findall(r"^([a-z_]+?)(?:_\d+)? +\d+$", output, re.M)
    stages = {rule.stage for rule in RULES.values()}
    assert {RULES[name].stage for name in jobs if name in RULES} == stages


def test_fit_is_an_upper_bound_of_all_jobs():
    sizes = np.array([10.0, 60, 120, 120])
    offset, slope = resources.fit(sizes, 200 + 1.5 * sizes, slope=9)
    assert (offset, slope) == pytest.approx((200, 1.5))
    noisy = np.array([260.0, 240, 420, 380])
    offset, slope = resources.fit(sizes, noisy, slope=9)
    assert slope == pytest.approx(np.polyfit(sizes, noisy, 1)[0])
    assert (offset + slope * sizes - noisy).min() == pytest.approx(0)


def test_fit_uses_default_slope_without_spread_and_no_negative_slope():
    assert resources.fit(np.full(5, 10.0), np.arange(5.0), slope=2) == (-16, 2)
    assert resources.fit(np.array([1.0, 2, 4]), np.array([9.0, 8, 6]), slope=2) == (9, 0)


def make_run(folder, mb_by_minutes):
    """Results of a run with benchmark files of one rule; film minutes -> peak memory in MB."""
    results = folder / "results"
    films, benchmarks = ["film_id\tduration_s"], results / "benchmarks" / "measure_visuals"
    benchmarks.mkdir(parents=True)
    (results / "corpus").mkdir()
    for minutes, mb in mb_by_minutes.items():
        films.append(f"film_{minutes}\t{60 * minutes}")
        text = f"s\th:m:s\tmax_rss\n{6 * minutes}\t-\t{mb}\n"
        (benchmarks / f"film_{minutes}.tsv").write_text(text)
    (results / "corpus" / "films.tsv").write_text("\n".join(films))
    return results


def run_resources_script(results):
    command = [sys.executable, str(HOME / "benchmarks" / "resources.py"), str(results)]
    return subprocess.run(command, capture_output=True, text=True)


def test_resources_script_prints_fitted_requests(tmp_path):
    done = run_resources_script(make_run(tmp_path, {10: 220, 60: 270, 120: 330}))
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("measure_visuals")]
    # 210 MB + 1 MB/min and 0.1 min/min, times the margins of 1.5 and 4.
    assert line.endswith("-> film 400 1.5 10 0.4")
    assert line.split()[1:3] == ["3", "10.0..120.0"]


def test_resources_script_reports_too_small_requests(tmp_path):
    done = run_resources_script(make_run(tmp_path, {10: 220, 60: 90_000, 120: 330}))
    assert done.returncode == 1
    assert done.stderr == "requests are too small: measure_visuals\n"
    assert run_resources_script(tmp_path / "nothing").stdout.startswith(
        "no benchmark files: name the results"
    )


def test_size_of_train_genres_job_is_folds_times_bags_mb(tmp_path):
    results = make_run(tmp_path, {1: 200, 2: 200, 3: 200})
    (results / "bags").mkdir()
    (results / "bags" / "mir.parquet").write_bytes(bytes(2_000_000))
    model = results / "benchmarks" / "train_genres" / "mir" / "imv_knn"
    model.mkdir(parents=True)
    for chunk in range(2):
        (model / f"{chunk}.tsv").write_text(f"s\tmax_rss\n{60 + chunk}\t500\n")
    jobs = [job for rule, job in resources.read_jobs(results, TABLE) if rule == "train_genres"]
    assert [job.size for job in jobs] == [4.0, 2.0]  # 2 MB times two folds and times one fold


def test_size_of_train_trailers_job_is_number_of_trailers(tmp_path):
    results = make_run(tmp_path, {1: 200})
    (results / "trailers" / "samples").mkdir(parents=True)
    for name in ("one.npz", "other.npz", "0.tsv"):
        (results / "trailers" / "samples" / name).touch()
    model = results / "benchmarks" / "train_trailers" / "none"
    model.mkdir(parents=True)
    (model / "frame_cnn.tsv").write_text("s\tmax_rss\n60\t500\n")
    jobs = dict(resources.read_jobs(results, TABLE))
    assert jobs["train_trailers"] == resources.Job(size=2.0, mb=500.0, min=1.0)


@pytest.mark.slow
def test_train_trailers_request_uses_number_of_trailers(tmp_path):
    scale.make_corpus(tmp_path, 30, ["mir"], 10)
    jobs = dry_run_requests(tmp_path, "results/trailers/predictions/none/frame_cnn.parquet")
    job, row = jobs["train_trailers"], TABLE["train_trailers"]
    assert row.size == "trailers"
    assert int(job["mem_mb"]) == job_resources.memory_mb(row, 30, 1)
    assert int(job["runtime"]) == job_resources.runtime_min(row, 30, 1)


@pytest.mark.parametrize("added", [0, 1])
def test_make_corpus_does_not_rewrite_existing_media(tmp_path, added):
    scale.make_corpus(tmp_path, 2, ["mir", "musicnn"], 5)
    path = tmp_path / "albums" / "film_00001" / "20.flac"
    os.utime(path, (1, 1))
    scale.make_corpus(tmp_path, 2 + added, ["mir", "musicnn"], 5)
    assert path.stat().st_mtime == 1
    assert len((tmp_path / "films.tsv").read_text().splitlines()) == 3 + added
    config = json.loads((tmp_path / "config.yaml").read_text())
    assert config["genres"] == {"folds": 5}
    assert (tmp_path / "results" / "pretrained" / "musicnn.safetensors").exists()
