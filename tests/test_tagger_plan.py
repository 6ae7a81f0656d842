"""The plan of the tagger, and what a training job loads and writes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scorelens import config, tables
from scorelens.plan import make_plan
from scorelens.plan.tagger import plan_tagger
from scorelens.tagger import BASELINES, MODELS, TILE_S, library, patches, train

SCHEMAS = Path(__file__).resolve().parent.parent / "workflow" / "schemas"


@pytest.mark.parametrize(
    ("models", "primary", "shown"),
    [
        (tuple(MODELS), "cnn_ensemble", "cnn_ensemble"),
        (("frequency_ranking", "dnn", "mel_cnn", "year_alone"), "", "mel_cnn"),
        (("frequency_ranking", "random_features"), "", "random_features"),
        ((), "", ""),
    ],
)
def test_primary_is_the_configured_model_if_it_is_trained(models, primary, shown):
    settings = config.complete({}, SCHEMAS)
    assert settings["tagger"]["primary"] == "cnn_ensemble"
    plan = plan_tagger(settings, "table", models)
    assert (plan.primary, plan.shown_model) == (primary, shown)


def test_curves_are_of_the_networks_from_scratch():
    plan = plan_tagger(config.complete({}, SCHEMAS), "table", tuple(MODELS))
    assert set(plan.with_curves) == {"dnn", "dnn_pca", "cnn", "cnn_ensemble", "mel_cnn"}


def test_library_model_is_the_last_calibrated_one_and_no_baseline():
    assert library.choose_model(list(MODELS), "") == "embedding_attention"
    assert library.choose_model(["dnn_pca", "mel_cnn", "year_alone"], "") == "mel_cnn"
    assert library.choose_model(["cnn", "dnn_pca", "year_alone"], "") == "dnn_pca"
    assert library.choose_model(["cnn", "mel_cnn"], "cnn") == "cnn"


@pytest.mark.parametrize("year", ["", "1999"])
def test_year_alone_is_left_out_without_any_year(tmp_path, monkeypatch, year):
    monkeypatch.chdir(tmp_path)
    rows = ["film_id\ttitle\tyear\tvideo\talbum\tgenres"]
    for number in range(2):
        (tmp_path / f"album {number}").mkdir()
        (tmp_path / f"album {number}" / "track.flac").touch()
        (tmp_path / f"{number}.mkv").write_bytes(b"film")
        rows.append(f"f{number}\tF\t{year}\t{number}.mkv\talbum {number}\tComedy;Drama")
    (tmp_path / "films.tsv").write_text("\n".join(rows) + "\n")
    corpus = {"kind": "table", "films": str(tmp_path / "films.tsv")}
    changes = {
        "corpus": corpus,
        "tagger": {"min_tracks": 2, "models": ["cnn_ensemble", *BASELINES]},
    }
    plan = make_plan(config.complete(changes, SCHEMAS))
    left_out = [
        text for text in plan.left_out if text.startswith("year_alone, a baseline of the tagger")
    ]
    assert len(left_out) == (0 if year else 1)
    assert all(text.endswith("is left out: no film of the table has a year") for text in left_out)
    trained = [model for model in ("cnn_ensemble", *BASELINES) if year or model != "year_alone"]
    assert list(plan.tagger.models) == plan.config["tagger"]["models"] == trained
    assert plan.config["tagger"]["primary"] == plan.tagger.primary == "cnn_ensemble"


@pytest.mark.parametrize("model", ["loudness_alone", "dnn"])
def test_training_job_writes_predictions_of_held_out_films_and_curves(tmp_path, model):
    random, paths, films = np.random.default_rng(0), [], []
    for number in range(8):
        mel = random.normal(-20 - 20 * (number % 2), 1, (4, 128, 100)).astype(np.float16)
        tiles = patches.Tiles(mel, np.repeat([0, 1], 2), TILE_S * np.arange(4), np.full(4, TILE_S))
        paths.append(tmp_path / f"f{number}.npz")
        np.savez(paths[-1], track_ids=np.array(["a", "b"]), **tiles._asdict())
        genres = ("Comedy",) if number % 2 else ("Drama",)
        films.append((f"f{number}", "F", 2000, genres, 60.0, True, 2))
    table = pd.DataFrame(films, columns=tables.FILMS.names)
    tables.write_table(table, tmp_path / "films.tsv", tables.FILMS)
    settings = {"genres": ["Comedy", "Drama"], "min_tracks": 2, "split": "film", "folds": 4}
    network = {"learning_rate": 1e-3, "batch_size": 32, "epochs": 2, "patience": 2}
    settings |= {"tiles_per_track": 0, "tiles_per_class": 0, "network": network}
    names = {"model": "safetensors", "tiles": "parquet", "tracks": "parquet", "curves": "parquet"}
    outputs = {name: tmp_path / f"{name}.{ending}" for name, ending in names.items()}
    albums = {path.stem: path.stem for path in paths}
    rows = [(name, name, 1, (), ()) for name in albums]
    groups = pd.DataFrame(rows, columns=tables.FILM_GROUPS.names)
    tables.write_table(groups, tmp_path / "groups.tsv", tables.FILM_GROUPS)
    files = tmp_path / "films.tsv", paths, albums, [], "musicnn", tmp_path / "groups.tsv"
    train.train_tagger(model, *files, settings, 0, 1, outputs)
    tracks = tables.read_table(outputs["tracks"], tables.TAGGER_TRACKS)
    assert len(tracks) == 8 * 2 * 2
    curves = tables.read_table(outputs["curves"], tables.TAGGER_CURVES)
    if model == "dnn":
        assert curves["fold"].value_counts().to_dict() == dict.fromkeys(range(4), 2)
        assert curves["fold"].isna().sum() == 2
        return
    assert len(curves) == 0
    first = tracks[tracks["rank"] == 1]  # the loudness of the films is that of their genre
    assert first["actual"].all()


def test_training_of_baselines_loads_no_torch():
    code = (
        "import sys, scorelens.tagger.train, scorelens.tagger.calibrate, scorelens.tagger.compare;"
        "from scorelens.tagger import BASELINES, MODEL_SPECS;"
        "[MODEL_SPECS[model].load() for model in BASELINES];"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
