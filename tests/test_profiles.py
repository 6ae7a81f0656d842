"""Profiles: Snakemake accepts their keys, and only network jobs request a GPU."""

import importlib.util
import re
import tomllib
import types
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from snakemake import cli

from scorelens import config
from tests import workflow_runs as runs

HOME = Path(__file__).resolve().parent.parent
PROFILES = ("default", "gpu", "slurm")
PARTITIONS = HOME / "profiles" / "slurm" / "partitions.yaml"
PLUGIN = "snakemake_executor_plugin_slurm"
HAS_PLUGIN = importlib.util.find_spec(PLUGIN) is not None
needs_plugin = pytest.mark.skipif(not HAS_PLUGIN, reason="needs scorelens[slurm]")


def profile_content(name: str) -> dict:
    return yaml.safe_load((HOME / "profiles" / name / "config.yaml").read_text())


def without_plugin(name: str, folder: Path) -> Path:
    """A copy of a profile that Snakemake can read alone: no executor, plain output."""
    keys = profile_content(name)
    remaining = {
        k: v for k, v in keys.items() if not k.startswith(("executor", "slurm-", "logger"))
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(remaining))
    return folder


def parse_profile(profile: Path):
    """The command line arguments that Snakemake parses from a profile."""
    return cli.get_argument_parser(profiles=[str(profile)]).parse_args([])


@pytest.mark.parametrize("name", PROFILES)
def test_snakemake_accepts_every_profile_key(name, tmp_path):
    arguments = parse_profile(without_plugin(name, tmp_path))
    assert arguments.keep_going
    assert arguments.rerun_incomplete
    assert arguments.show_failed_logs
    settings = config.complete(cli.parse_config(arguments.config), HOME / "workflow" / "schemas")
    assert settings["resources"]["gpu"] == (0 if name == "default" else 1)


def test_unknown_profile_key_is_an_error(tmp_path):
    (tmp_path / "config.yaml").write_text("keep-gonig: true\n")
    with pytest.raises(SystemExit):
        parse_profile(tmp_path)


@needs_plugin
def test_slurm_plugin_accepts_its_profile_keys():
    arguments = parse_profile(HOME / "profiles" / "slurm")
    assert arguments.executor == "slurm"
    assert arguments.slurm_status_command == "squeue"


def test_gpu_limit_is_only_in_the_workstation_profile():
    assert profile_content("gpu")["resources"] == {"gpu": 1}
    assert "resources" not in profile_content("slurm")


def test_partitions_are_one_with_and_one_without_gpu():
    partitions = yaml.safe_load(PARTITIONS.read_text())["partitions"]
    assert {name: limits["max_gpu"] for name, limits in partitions.items()} == {
        "cpu": 0,
        "gpu": 1,
    }


@needs_plugin
@pytest.mark.parametrize(("gpu", "partition"), [(0, "cpu"), (1, "gpu")])
def test_job_partition_depends_on_its_gpu_request(gpu, partition):
    from snakemake_executor_plugin_slurm import partitions as plugin

    job = types.SimpleNamespace(
        name="job", threads=1, resources={"gpu": gpu, "mem_mb": 8000, "runtime": 600}
    )
    logger = types.SimpleNamespace(debug=print, info=print, warning=print)
    limits = plugin.read_partition_file(PARTITIONS)
    assert plugin.get_best_partition(limits, job, logger) == partition


TRACK_BATCHES = 11  # of the retrieval demo films that are not in the corpus
TRAINED_ON_GPU = ("cnn", "cnn_ensemble", "dnn", "dnn_pca", "embedding_attention", "mel_cnn")
SETTINGS = {
    "corpus": {"demo": {"films": 6}},
    "features": {"sets": ["mir", "musicnn"], "batch_films": 3},
    "tagger": {"min_tracks": 5},
    "retrieval": {"configurations": ["image", "tags"]},
    "genres": {
        "models": ["plurality", "simple_mi_knn", "average_pooling"],
        "folds_per_chunk": 20,
        "apply": {"media": {"new": "new.wav"}, "feature_set": "musicnn"},
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PROFILES)
def test_only_network_jobs_request_a_gpu(name, tmp_path):
    (tmp_path / "new.wav").touch()
    (tmp_path / "profile").mkdir()
    profile = without_plugin(name, tmp_path / "profile")
    done = runs.snakemake(HOME, tmp_path, SETTINGS, "--dry-run", "--workflow-profile", str(profile))
    assert done.returncode == 0, done.stdout
    blocks = re.split(r"\n(?=(?:local)?(?:rule|checkpoint) )", done.stdout)
    gpu_blocks = [block for block in blocks if re.search(r"resources: .*\bgpu=1", block)]
    jobs = sorted(map(job_name, gpu_blocks))
    networks = [
        "apply_tagger library=demo, part=demo",
        "embed_features_0 set=musicnn",
        "embed_features_0 set=musicnn_tracks",
        "embed_features_1 set=musicnn",
        "embed_features_1 set=musicnn_tracks",
        "extract_new_media set=musicnn, name=new",
        "train_genres set=mir, model=average_pooling, chunk=0",
        "train_genres set=musicnn, model=average_pooling, chunk=0",
        *(f"train_tagger model={model}" for model in TRAINED_ON_GPU),
        *(f"embed_tracks_{number}" for number in range(TRACK_BATCHES)),
        *("embed_images", "embed_texts"),
        *(f"train_retrieval configuration={name}" for name in ("image", "tags", "random_features")),
        *("embed_scenes_0", "embed_scenes_1"),
        "embed_trailers network=efficientnet_lite0, batch=0",
        "embed_trailers network=musicnn, batch=0",
        "train_trailers network=efficientnet_lite0, model=frame_attention",
        "train_trailers network=musicnn, model=sound_attention",
        *(f"train_trailers network=none, model={model}" for model in ("frame_cnn", "window_cnn")),
    ]
    assert jobs == ([] if name == "default" else sorted(networks))


def job_name(block: str) -> str:
    """Rule and wildcards of a job in the output of Snakemake."""
    rule = re.search(r"rule (\w+):", block)[1]
    wildcards = re.search(r"wildcards: ([^\n]*)", block)
    return f"{rule} {wildcards[1]}" if wildcards else rule


def test_pinned_slurm_plugin_is_in_the_range_of_the_extra():
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    (extra,) = map(Requirement, project["optional-dependencies"]["slurm"])
    lines = (HOME / "envs" / "slurm.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert extra.specifier.contains(pins[extra.name])
