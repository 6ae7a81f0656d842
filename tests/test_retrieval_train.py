"""Tests of a trained retrieval model: determinism, no leakage, its file and its embeddings."""

import logging

import numpy as np
import pytest
import torch
from retrieval_tables import ENCODERS, gather, train_model, write_inputs

from scorelens.errors import InputError
from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.dataset import read_dataset, subsets
from scorelens.retrieval.model import networks, train
from scorelens.tables import RETRIEVAL_CURVES, RETRIEVAL_EMBEDDINGS, read_provenance, read_table

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gathered")
    return gather(write_inputs(folder / "inputs", films=(24, 8, 10)), folder)


@pytest.fixture(scope="module")
def trained(inputs, tmp_path_factory):
    return train_model("all", inputs, tmp_path_factory.mktemp("trained"))


def test_training_is_deterministic_for_equal_input_and_seed(inputs, trained, tmp_path):
    torch.rand(3)  # the global random state has no effect
    repeated = train_model("all", inputs, tmp_path)
    for kind, path in trained.items():
        assert path.read_bytes() == repeated[kind].read_bytes(), kind
    other = train_model("all", inputs, tmp_path, seed=2)
    assert other["model"].read_bytes() != trained["model"].read_bytes()


@pytest.mark.parametrize("configuration", ["all", "baseline"])
def test_model_does_not_depend_on_the_test_films(configuration, tmp_path):
    models = []
    for random in (None, np.random.default_rng(9)):
        folder = tmp_path / str(random is None)
        written = write_inputs(folder / "inputs", films=(24, 8, 10), test_vectors=random)
        outputs = train_model(configuration, gather(written, folder), folder)
        models.append(outputs["model"].read_bytes())
        curve = outputs["curve"].read_bytes()
        models.append(curve)
    assert models[:2] == models[2:]
    changed = [
        np.load(tmp_path / str(kind) / "fragments.npy")[-40:].ravel() for kind in (True, False)
    ]
    assert (changed[0] != changed[1]).all()


def test_curve_and_log_have_the_losses_and_the_best_epoch(inputs, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        outputs = train_model("tags", inputs, tmp_path)
    curve = read_table(outputs["curve"], RETRIEVAL_CURVES)
    assert curve["configuration"].unique() == ["tags"]
    assert curve["epoch"].tolist() == [1, 2, 3]
    best = curve.loc[curve["validation"].idxmin()]
    assert "tags: 24 films on " in caplog.text
    message = f"best epoch {best['epoch']}: loss {best['training']:.4f} in training, "
    assert message + f"{best['validation']:.4f} in validation" in caplog.text
    assert "3 epochs in " in caplog.text
    assert not (tmp_path / "checkpoint.safetensors").exists()


def test_loaded_model_reproduces_the_embeddings_table(inputs, trained):
    """Embeddings of films and tracks equal those of the table, also with a missing view."""
    model, metadata = train.load_model(trained["model"])
    assert metadata == ENCODERS | {
        "configuration": "all",
        "films": [f"film_{number:03d}" for number in range(24)],
        "sizes": {"image": 16, "text": 32, "audio": 16},
    }
    dataset = read_dataset("all", **inputs)
    embeddings = read_table(trained["embeddings"], RETRIEVAL_EMBEDDINGS)
    films = embeddings[embeddings["kind"] == "film"].set_index("seen")
    image = dataset.vectors["image"].values[32:]
    plots = dataset.vectors["plot"].values[64::2]  # the first of two paragraphs
    for query, views in {
        "image+plot": {"image": image, "text": plots},
        "image": {"image": image},
        "plot": {"text": plots},
    }.items():
        np.testing.assert_allclose(
            films.loc[query, train.DIMENSIONS], networks.embed_queries(model, views), atol=1e-6
        )
    tracks = embeddings[embeddings["kind"] == "track"]
    fragments = dataset.pairs.fragments.values[128:]
    expected = networks.embed_tracks(model, fragments, np.repeat(np.arange(20), 2))
    np.testing.assert_allclose(tracks[train.DIMENSIONS], expected, atol=1e-6)


@pytest.mark.parametrize("configuration", ["image", "tags_plot", "baseline"])
def test_test_films_are_embedded_with_every_subset_of_parts(configuration, inputs, tmp_path):
    outputs = train_model(configuration, inputs, tmp_path)
    embeddings = read_table(outputs["embeddings"], RETRIEVAL_EMBEDDINGS)
    assert set(embeddings["configuration"]) == {configuration}
    films = [f"film_{number:03d}" for number in range(32, 42)]
    films_by_parts = (
        embeddings[embeddings["kind"] == "film"].groupby("seen", sort=False)["film_id"].agg(list)
    )
    assert films_by_parts.to_dict() == {"+".join(parts): films for parts in subsets(configuration)}
    assert films_by_parts.index[0] == "+".join(CONFIGURATIONS[configuration])
    tracks = embeddings[embeddings["kind"] == "track"]
    assert tracks["film_id"].tolist() == np.repeat(films, 2).tolist()
    assert tracks["track_id"].tolist() == [f"t{number:04d}" for number in range(64, 84)]
    assert embeddings[train.DIMENSIONS].dtypes.unique() == [np.float32]
    np.testing.assert_allclose(np.linalg.norm(embeddings[train.DIMENSIONS], axis=1), 1, atol=1e-5)
    assert read_provenance(outputs["embeddings"]).items() >= (ENCODERS | {"seed": 1}).items()


def test_embeddings_of_tracks_do_not_depend_on_the_chunk_size(inputs, trained, monkeypatch):
    model, _ = train.load_model(trained["model"])
    pairs = read_dataset("all", **inputs).pairs
    tracks = np.array([1, 2, 5, 30, 31, 32, 80])
    expected = train.embed_dataset_tracks(model, pairs, tracks)
    monkeypatch.setattr(train, "TRACKS_PER_CHUNK", 3)
    np.testing.assert_allclose(
        train.embed_dataset_tracks(model, pairs, tracks), expected, atol=1e-6
    )


def test_damaged_model_error_names_the_file(tmp_path):
    path = tmp_path / "all.safetensors"
    path.write_bytes(b"half a file")
    with pytest.raises(InputError) as raised:
        train.load_model(path)
    assert "all.safetensors: cannot be read" in str(raised.value)
    assert "expected: a model of retrieval\n  hint: the file is damaged" in str(raised.value)
