"""Workflow run on short trailers, and jobs planned after a change of settings."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save_file

from scorelens import tables, trailers
from scorelens.corpus.synthesis.pictures import FrameFormat
from scorelens.corpus.synthesis.video_writer import write_film
from scorelens.encoders.image.efficientnet import EfficientNetLite
from tests import workflow_runs as runs
from tests.random_yamnet import variables as random_yamnet
from tests.test_trailers_workflow import (
    TRAILER_RULES,
    report_page,
    trained_runs,
    weights_path,
    write_table,
)

pytestmark = pytest.mark.slow

GENRES = ("Comedy", "Drama", "Western", "War")
BLACK, SILENT, BROKEN = "trailer_02", "trailer_03", "trailer_04"
MODELS = [model for model in trailers.MODELS if model not in ("sound_linear", "year")]
RUNS = trailers.runs(MODELS, ["efficientnet_lite0"], ["yamnet"])
TRAILERS = [f"trailer_{number:02}" for number in range(14)]
TITLES = 12  # the first two have two trailers
SETTINGS = {
    "genres": list(GENRES),
    "models": MODELS,
    "sound_networks": ["yamnet"],
    "on_bad_trailer": "skip",
    "folds": 2,
    "network": {"epochs": 2},
    "attention": {"epochs": 2},
    "bootstrap_repeats": 50,
    "permutation_repeats": 50,
}


def write_short_trailers(folder: Path) -> Path:
    """Write short trailers, whose colour and pitch encode their genres, and their table."""
    labels, rows = list(itertools.combinations(GENRES, 2)), []
    for number, name in enumerate(TRAILERS):
        random, genres = np.random.default_rng(number), labels[number % TITLES % len(labels)]
        frames = random.integers(0, 60, (48, 36, 64, 3)).astype(np.uint8)
        frames += 40 * np.uint8([genre in genres for genre in GENRES[:3]])
        pitch_hz = 200 * (1 + GENRES.index(genres[0]))
        sound = 0.3 * np.sin(2 * np.pi * pitch_hz * np.arange(4 * 22050) / 22050)
        video = folder / f"{name}.mp4"
        picture, audio = frames * (name != BLACK), np.stack([sound, sound], 1) * (name != SILENT)
        write_film(video, picture, FrameFormat(64, 36, 12), audio, 22050)
        rows.append((name, f"Title {number % TITLES}", video.name, ";".join(genres)))
    (folder / f"{BROKEN}.mp4").write_bytes(b"no film")
    return write_table(folder, rows)


@pytest.fixture(scope="module")
def finished(shared_clone, demo_run, tmp_path_factory):
    """Finished run on the small demo corpus and short trailers; encoders have random weights."""
    work = runs.copy_run(demo_run, tmp_path_factory.mktemp("trailers") / "work")
    torch.manual_seed(1)
    image_variables = {
        name: value.numpy() for name, value in EfficientNetLite().state_dict().items()
    }
    for network, variables in (
        ("efficientnet_lite0", image_variables),
        ("yamnet", random_yamnet()),
    ):
        save_file(variables, weights_path(work, network))
    folder = work / "my trailers"
    folder.mkdir()
    write_short_trailers(folder)
    config = runs.SMALL | {"trailers": SETTINGS | {"trailers": "my trailers/trailers.tsv"}}
    runs.finish(shared_clone, work, config)
    return work, config


def read_tables(work: Path, kind: str, contract: tables.Table) -> dict[trailers.Run, pd.DataFrame]:
    paths = sorted((work / "results" / "trailers" / kind).rglob("*.parquet"))
    return {(path.parent.name, path.stem): tables.read_table(path, contract) for path in paths}


def test_sample_table_notes_missing_picture_and_sound(finished):
    folder = finished[0] / "results" / "trailers"
    samples = tables.read_table(folder / "samples" / "0.tsv", tables.TRAILER_SAMPLES)
    assert samples.trailer_id.tolist() == TRAILERS
    notes = samples.set_index("trailer_id").note.dropna()
    assert notes.index.tolist() == [BLACK, SILENT, BROKEN]
    assert notes.tolist()[:2] == ["only black frames", "silent"]
    assert samples.frames.tolist() == [0 if name in (BLACK, BROKEN) else 10 for name in TRAILERS]
    vectors = read_tables(finished[0], "vectors", tables.TRAILER_VECTORS)
    assert set(vectors["efficientnet_lite0", "0"].trailer_id) == {*TRAILERS} - {BLACK, BROKEN}
    assert set(vectors["yamnet", "0"].trailer_id) == {*TRAILERS} - {SILENT, BROKEN}


def test_no_title_is_both_in_training_and_held_out(finished):
    predictions = read_tables(finished[0], "predictions", tables.TRAILER_PREDICTIONS)
    assert set(predictions) == set(RUNS)
    folds = []
    for run, table in predictions.items():
        assert set(zip(table.network, table.model, strict=True)) == {run}
        parts = table[["fold", "title", "part"]].drop_duplicates()
        assert not parts.duplicated(["fold", "title"]).any()
        held_out = table[table.part == "held_out"]
        assert sorted(held_out.trailer_id) == sorted(TRAILERS * len(GENRES))
        assert held_out.groupby("title").fold.nunique().max() == 1
        folds.append(held_out.groupby("trailer_id").fold.first())
    assert all(other.equals(folds[0]) for other in folds)  # identical for all models
    assert set(folds[0]) == {0, 1}


def test_trailer_without_input_of_a_model_is_marked_unseen(finished):
    without_picture, without_sound = {BLACK, BROKEN}, {SILENT, BROKEN}
    unseen = {
        "picture": without_picture,
        "sound": without_sound,
        "both": without_picture & without_sound,
        "loudness": without_sound,
        "length": {BROKEN},
        "": {*TRAILERS},
    }
    for (_, model), table in read_tables(
        finished[0], "predictions", tables.TRAILER_PREDICTIONS
    ).items():
        assert set(table.trailer_id[~table.seen]) == unseen[trailers.MODEL_SPECS[model].inputs], (
            model
        )
    for (_, model), table in read_tables(finished[0], "moments", tables.TRAILER_MOMENTS).items():
        assert set(table.trailer_id) == {*TRAILERS} - unseen[trailers.MODEL_SPECS[model].inputs], (
            model
        )
        weights = table.groupby(["trailer_id", "genre"]).weight.sum()
        np.testing.assert_allclose(weights, 1, atol=1e-5)


def test_score_and_modality_tables_cover_all_runs_and_genres(finished):
    folder = finished[0] / "results" / "trailers"
    scores = tables.read_table(folder / "scores.tsv", tables.TRAILER_SCORES)
    scored_runs = list(dict.fromkeys(zip(scores.network, scores.model, strict=True)))
    assert scored_runs == RUNS
    assert set(scores.threshold.dropna()) == {"0.5", "0.36", "0.1", "tuned"}
    modalities = tables.read_table(folder / "modalities.tsv", tables.TRAILER_MODALITIES)
    assert modalities.genre.tolist() == [*GENRES, "macro"]
    for modality, model in (("picture", "frame_attention"), ("sound", "sound_attention")):
        assert set(modalities[f"{modality}_model"]) == {model}
    # demo films are not compared with user trailers
    assert not (folder / "films_to_trailers.tsv").exists()


def test_report_shows_trailer_tables_notes_and_examples(finished):
    page = report_page(finished[0])
    page_text = " ".join("".join(page.text).split())
    modalities = tables.read_table(
        finished[0] / "results" / "trailers" / "modalities.tsv", tables.TRAILER_MODALITIES
    )
    rows = page.table("Genre", "Trailers", "Picture", "Sound", "Both")
    assert [row["Genre"] for row in rows] == modalities.genre.tolist()
    for row, picture in zip(rows, modalities.picture, strict=True):
        assert row["Picture"].startswith(f"{picture:.2f}")
    assert [row["Model"] for row in page.table("Model", "Modality")] == [
        trailers.title(*run) for run in RUNS
    ]
    for name in (BLACK, SILENT, BROKEN):
        assert f"{name}: " in page_text
    alt_texts = [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")]
    assert any("Frames of some trailers" in one for one in alt_texts)


def test_second_run_plans_no_jobs(finished, shared_clone):
    assert runs.planned(shared_clone, *finished) == {}


SCORED_RULES = {f"{verb}_trailers" for verb in ("score", "plot")}
TRAINED_RULES = SCORED_RULES | {f"{verb}_trailers" for verb in ("train", "compare", "calibrate")}
SCRATCH = {("none", model) for model in trailers.NETWORKS}
ATTENTION = {("efficientnet_lite0", "frame_attention"), ("yamnet", "sound_attention")}
LINEAR = {("efficientnet_lite0", "frame_linear")}
FREQUENCY = {("none", "frequency")}
OF_SAMPLES = {
    ("none", "loudness"),
    ("none", "length"),
    ("efficientnet_lite0", "frame_random"),
    ("yamnet", "sound_random"),
}


@pytest.mark.parametrize(
    ("change", "rules", "models"),
    [
        ({"thresholds": [0.5]}, SCORED_RULES, set()),
        ({"network": {"epochs": 3}}, TRAINED_RULES, SCRATCH),
        ({"attention": {"epochs": 3}}, TRAINED_RULES | {"fuse_trailers"}, ATTENTION),
        (
            {"folds": 3},
            TRAINED_RULES | {"fuse_trailers"},
            SCRATCH | ATTENTION | LINEAR | FREQUENCY | OF_SAMPLES,
        ),
        (
            {"sampling": {"used": 5}},
            TRAILER_RULES - {"group_trailers"},
            SCRATCH | ATTENTION | LINEAR | OF_SAMPLES,
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_changed_setting_plans_only_dependent_rules_and_runs(
    change, rules, models, finished, shared_clone
):
    """docs/rerun.md lists these rules, but not which runs are trained again."""
    work, config = finished
    changed = config | {"trailers": config["trailers"] | change}
    done = runs.snakemake(shared_clone, work, changed, "--dry-run")
    assert set(runs.jobs(done.stdout)) == rules | {"write_report"}
    assert trained_runs(done.stdout) == models
