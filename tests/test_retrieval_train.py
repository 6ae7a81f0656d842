"""A model in its file, what decides it, and where it puts films that it never saw."""

import logging

import numpy as np
import pytest
import torch
from retrieval_tables import ENCODERS, gather, leave, teach

from scorelens.errors import InputError
from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.dataset import read_material, subsets
from scorelens.retrieval.model import networks, train
from scorelens.tables import RETRIEVAL_CURVES, RETRIEVAL_PLACES, read_provenance, read_table

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gathered")
    return gather(leave(folder / "left", films=(24, 8, 10)), folder)


@pytest.fixture(scope="module")
def taught(inputs, tmp_path_factory):
    return teach("all", inputs, tmp_path_factory.mktemp("taught"))


def test_the_same_input_and_seed_give_the_same_files(inputs, taught, tmp_path):
    torch.rand(3)  # what others draw does not matter
    again = teach("all", inputs, tmp_path)
    for kind, path in taught.items():
        assert path.read_bytes() == again[kind].read_bytes(), kind
    other = teach("all", inputs, tmp_path, seed=2)
    assert other["model"].read_bytes() != taught["model"].read_bytes()


@pytest.mark.parametrize("configuration", ["all", "baseline"])
def test_what_is_in_the_test_films_cannot_change_the_model(configuration, tmp_path):
    models = []
    for random in (None, np.random.default_rng(9)):
        folder = tmp_path / str(random is None)
        left = leave(folder / "left", films=(24, 8, 10), test_vectors=random)
        outputs = teach(configuration, gather(left, folder), folder)
        models.append(outputs["model"].read_bytes())
        curve = outputs["curve"].read_bytes()
        models.append(curve)
    assert models[:2] == models[2:]
    changed = [
        np.load(tmp_path / str(kind) / "fragments.npy")[-40:].ravel() for kind in (True, False)
    ]
    assert (changed[0] != changed[1]).all()


def test_the_curve_and_the_log(inputs, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        outputs = teach("tags", inputs, tmp_path)
    curve = read_table(outputs["curve"], RETRIEVAL_CURVES)
    assert curve["configuration"].unique() == ["tags"]
    assert curve["epoch"].tolist() == [1, 2, 3]
    best = curve.loc[curve["validation"].idxmin()]
    assert "tags: 24 films on " in caplog.text
    said = f"epoch {best['epoch']} counts: loss {best['training']:.4f} in training, "
    assert said + f"{best['validation']:.4f} in validation" in caplog.text
    assert "3 epochs in " in caplog.text
    assert not (tmp_path / "checkpoint.safetensors").exists()


def test_a_model_comes_back_from_its_file(inputs, taught):
    """It puts films and tracks where the table of places has them; what was kept away is at 0."""
    model, facts = train.load_model(taught["model"])
    assert facts == ENCODERS | {
        "configuration": "all",
        "films": [f"film_{number:03d}" for number in range(24)],
        "sizes": {"image": 16, "text": 32, "audio": 16},
    }
    material = read_material("all", **inputs)
    places = read_table(taught["places"], RETRIEVAL_PLACES)
    films = places[places["kind"] == "film"].set_index("seen")
    image = material.vectors["image"].values[32:]
    plots = material.vectors["plot"].values[64::2]  # the first of two paragraphs
    for seen, views in {
        "image+plot": {"image": image, "text": plots},
        "image": {"image": image},
        "plot": {"text": plots},
    }.items():
        np.testing.assert_allclose(
            films.loc[seen, train.AXES], networks.embed_queries(model, views), atol=1e-6
        )
    tracks = places[places["kind"] == "track"]
    fragments = material.corpus.fragments.values[128:]
    expected = networks.embed_tracks(model, fragments, np.repeat(np.arange(20), 2))
    np.testing.assert_allclose(tracks[train.AXES], expected, atol=1e-6)


@pytest.mark.parametrize("configuration", ["image", "tags_plot", "baseline"])
def test_test_films_are_asked_for_with_every_choice_of_parts(configuration, inputs, tmp_path):
    outputs = teach(configuration, inputs, tmp_path)
    places = read_table(outputs["places"], RETRIEVAL_PLACES)
    assert set(places["configuration"]) == {configuration}
    films = [f"film_{number:03d}" for number in range(32, 42)]
    asked = places[places["kind"] == "film"].groupby("seen", sort=False)["film_id"].agg(list)
    assert asked.to_dict() == {"+".join(parts): films for parts in subsets(configuration)}
    assert asked.index[0] == "+".join(CONFIGURATIONS[configuration])
    tracks = places[places["kind"] == "track"]
    assert tracks["film_id"].tolist() == np.repeat(films, 2).tolist()
    assert tracks["track_id"].tolist() == [f"t{number:04d}" for number in range(64, 84)]
    assert places[train.AXES].dtypes.unique() == [np.float32]
    np.testing.assert_allclose(np.linalg.norm(places[train.AXES], axis=1), 1, atol=1e-5)
    assert read_provenance(outputs["places"]).items() >= (ENCODERS | {"seed": 1}).items()


def test_tracks_are_placed_alike_however_many_are_read_at_a_time(inputs, taught, monkeypatch):
    model, _ = train.load_model(taught["model"])
    corpus = read_material("all", **inputs).corpus
    tracks = np.array([1, 2, 5, 30, 31, 32, 80])
    whole = train.place_tracks(model, corpus, tracks)
    monkeypatch.setattr(train, "TRACKS_AT_ONCE", 3)
    np.testing.assert_allclose(train.place_tracks(model, corpus, tracks), whole, atol=1e-6)


def test_a_damaged_model_is_named(tmp_path):
    path = tmp_path / "all.safetensors"
    path.write_bytes(b"half a file")
    with pytest.raises(InputError) as raised:
        train.load_model(path)
    assert "all.safetensors: cannot be read" in str(raised.value)
    assert "expected: a model of retrieval\n  hint: the file is damaged" in str(raised.value)
