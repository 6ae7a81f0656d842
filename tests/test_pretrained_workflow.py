"""Weights in the workflow are fetched, or their feature set is left out with a message."""

import pytest

from scorelens import tables
from scorelens.encoders.registry import ENCODERS
from tests import workflow_runs as runs

pytestmark = pytest.mark.slow


def snakemake(home, work, config, *options):
    small = {"corpus": {"demo": {"films": 2, "film_s": 45}}, "retrieval": {"configurations": []}}
    done = runs.snakemake(home, work, small | config, *options)
    return done.returncode, done.stdout


def test_feature_set_without_weights_is_left_out_with_one_message(home, tmp_path):
    config = {"features": {"sets": ["mir", "yamnet"]}, "pretrained": {"offline": True}}
    code, output = snakemake(home, tmp_path, config, "--dry-run")
    assert code == 0, output
    lines = [line for line in output.splitlines() if "yamnet" in line and "is left out" in line]
    assert lines == [
        "yamnet, and what needs it, is left out: pretrained.offline is set, and pretrained.folder, "
        "which is null, lacks yamnet.h5 (https://storage.googleapis.com/audioset/yamnet.h5)"
    ]
    assert "extract_features" in output
    assert "embed_features" not in output
    assert "fetch_pretrained" not in output


def test_run_without_any_feature_set_fails(home, tmp_path):
    config = {"features": {"sets": ["yamnet"]}, "pretrained": {"offline": True}}
    code, output = snakemake(home, tmp_path, config, "--dry-run")
    assert code != 0
    assert "no feature set is left: every set of features.sets lacks its weights" in output


def test_fetched_network_writes_embeddings_of_every_film(home, tmp_path, fetched):
    config = {
        "features": {"sets": ["musicnn"]},
        "pretrained": {"offline": True, "folder": str(fetched("musicnn").parent)},
    }
    code, output = snakemake(home, tmp_path, config, "--", "features", "pretrained")
    assert code == 0, output
    films = sorted((tmp_path / "results" / "features" / "musicnn").glob("*.parquet"))
    assert len(films) == 2
    for film in films:
        frame = tables.read_table(film, tables.FEATURES)
        assert len(frame) > 10
        assert frame[list(ENCODERS["musicnn"].feature_names)].notna().all(axis=None)
        assert tables.read_provenance(film)["weights_sha256"]
    assert len(list((tmp_path / "logs" / "embed_features").rglob("*.log"))) == 1  # one job
    state = tables.read_table(tmp_path / "results" / "pretrained" / "status.tsv", tables.WEIGHTS)
    assert state.set_index("network")["state"]["musicnn"] == "used"
