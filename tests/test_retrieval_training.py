"""Tests of retrieval training: planted relations, early stopping, checkpoints."""

import logging

import numpy as np
import pytest
import torch
from planted_films import make_pairs

from scorelens.errors import InputError
from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.batches import PairDataset, PairSampler, Rows, Split
from scorelens.retrieval.evaluate.draws import draw_for_films
from scorelens.retrieval.evaluate.metrics import rank_tracks, score_ranks
from scorelens.retrieval.model import networks, standardization, training
from scorelens.retrieval.model.training import train_configuration
from tests.killed_training import SETTINGS, Killed, kill_after

torch.set_num_threads(1)

FILMS = Split(np.arange(96), np.arange(96, 116), np.arange(116, 216))


def ranks_of(configuration, pairs, trained, films, ablated=()):
    """Ranks (films, tracks), and the number of the film of each track."""
    model = networks.load_model(configuration, trained.sizes, trained.arrays)
    rows = PairSampler(pairs).first_rows(films)
    views = {
        view: pairs.views[view].values[row] for view, row in rows.items() if view not in ablated
    }
    tracks = np.flatnonzero(np.isin(pairs.film, films))
    chosen = np.isin(pairs.fragments.owner, tracks)
    owner = np.searchsorted(tracks, pairs.fragments.owner[chosen])
    embeddings = networks.embed_tracks(model, pairs.fragments.values[chosen], owner)
    film = np.searchsorted(films, pairs.film[tracks])
    return rank_tracks(networks.embed_queries(model, views), embeddings), film


def film_scores(configuration, pairs, trained, ablated=()):
    ranks, film = ranks_of(configuration, pairs, trained, FILMS.test, ablated)
    table = score_ranks(ranks[None], film, draw_for_films(len(ranks), 200, 500, 0)).table
    return table[table.level == "film"].set_index("measure")


@pytest.fixture(scope="module")
def image_model():
    pairs = make_pairs("image")
    return pairs, train_configuration("image", pairs, FILMS, SETTINGS, 1)


@pytest.mark.slow
@pytest.mark.parametrize("planted", ["image", "plot", "tags"])
def test_planted_relation_is_learned_only_by_models_that_use_it(planted):
    """On test films: R@1 far above chance, or no better than with permuted films."""
    for configuration, modalities in CONFIGURATIONS.items():
        pairs = make_pairs(configuration, planted)
        scores = film_scores(
            configuration, pairs, train_configuration(configuration, pairs, FILMS, SETTINGS, 1)
        )
        r_1, r_10, median = (scores.loc[n] for n in ("recall_1", "recall_10", "median_rank"))
        if planted in modalities:
            assert r_1.value > 8 * r_1.chance, configuration
            assert r_10.low > 4 * r_10.chance, configuration
            assert median.high < median.chance / 3, configuration
            assert median.p < 0.01, configuration
        else:
            # Of dozens of intervals some miss chance; none is far from it.
            assert r_1.low < 2 * r_1.chance, configuration
            assert r_10.low < 1.3 * r_10.chance, configuration
            assert min(r_1.p, r_10.p, median.p) > 0.005, configuration


def test_training_without_planted_relation_gives_chance_ranks():
    pairs = make_pairs("image", planted="")
    scores = film_scores("image", pairs, train_configuration("image", pairs, FILMS, SETTINGS, 1))
    assert scores.value["recall_1"] < 0.05
    assert scores.p.min() > 0.005


def test_queries_without_the_planted_modality_have_no_skill():
    pairs = make_pairs("image_tags", "tags")
    trained = train_configuration("image_tags", pairs, FILMS, SETTINGS, 1)
    median = {
        ablated: film_scores("image_tags", pairs, trained, ablated).value["median_rank"]
        for ablated in ((), ("image",), ("text",))
    }
    assert median[()] < 20
    assert median["image",] < 20
    assert median["text",] > 35


def test_training_is_bit_identical_only_for_equal_seeds(image_model):
    pairs, trained = image_model
    torch.rand(3)  # the global random state does not matter
    repeated = train_configuration("image", pairs, FILMS, SETTINGS, 1)
    np.testing.assert_array_equal(repeated.losses, trained.losses)
    for name, value in trained.arrays.items():
        np.testing.assert_array_equal(repeated.arrays[name], value)
    other = train_configuration("image", pairs, FILMS, SETTINGS | {"epochs": 1}, 2)
    assert abs(other.losses[0] - trained.losses[0]).max() > 1e-4


def test_training_does_not_change_the_global_random_state():
    pairs = make_pairs("image", films=12)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    split = Split(np.arange(8), np.arange(8, 12), np.arange(0))
    train_configuration("image", pairs, split, SETTINGS | {"epochs": 1}, 1)
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)


def test_training_does_not_use_the_test_films(image_model):
    pairs, trained = image_model
    image, audio = pairs.views["image"], pairs.fragments
    tracks = np.isin(pairs.film, FILMS.test)
    changed = PairDataset(
        {"image": image._replace(values=np.where(image.owner[:, None] >= 116, 9e9, image.values))},
        audio._replace(values=np.where(tracks[audio.owner][:, None], np.nan, audio.values)),
        pairs.film,
    )
    repeated = train_configuration("image", changed, FILMS, SETTINGS, 1)
    np.testing.assert_array_equal(repeated.losses, trained.losses)


def test_standardizers_are_fitted_on_the_training_films(image_model):
    pairs, trained = image_model
    inputs = pairs.views["image"].values[FILMS.training]
    np.testing.assert_allclose(
        trained.arrays["query_tower.standardizers.image.mean"], inputs.mean(axis=0), atol=1e-5
    )
    inverse_std = 1 / np.sqrt(inputs.var(axis=0).mean())
    assert trained.arrays["query_tower.standardizers.image.inverse_std"] == pytest.approx(
        inverse_std, rel=1e-5
    )


def test_log_mel_is_standardized_by_band(monkeypatch):
    """Values are float16 and are read in chunks of one fragment."""
    monkeypatch.setattr(standardization, "VALUES_PER_CHUNK", 1)
    values = np.random.default_rng(0).normal(-40, 9, (5, 128, 7)).astype(np.float16)
    values += np.arange(128, dtype=np.float16)[:, None]
    standardizer = standardization.Standardizer(128, 1)
    is_training = np.array([True, False, True])
    rows = Rows(values, np.array([0, 0, 1, 2, 2]))
    standardization.fit_standardizer(standardizer, rows, is_training)
    training_values = values[[0, 1, 3, 4]].astype(float)
    np.testing.assert_allclose(
        standardizer.mean[:, 0], training_values.mean(axis=(0, 2)), rtol=1e-5
    )
    assert float(standardizer.inverse_std) == pytest.approx(
        1 / np.sqrt(training_values.var(axis=(0, 2)).mean()), rel=1e-5
    )


@pytest.mark.parametrize(
    ("losses", "epochs", "best"),
    [
        ([3, 2, 1, 1, 2, 3, 0], 6, 3),  # three epochs not better; equal is not better
        ([5, 4, 3, 2, 1, 0.5, 0.4, 0.3], 8, 8),  # no early stop
        ([1, 2, 0.5, 2, 2, 2, 0], 6, 3),  # an improvement restarts the count
    ],
)
def test_early_stopping_restores_the_best_epoch(monkeypatch, losses, epochs, best):
    """Validation losses are replaced; the parameters are those of the best epoch."""
    remaining_losses, states = iter(losses), []

    def next_loss(model, loss, batches):
        states.append({name: value.clone() for name, value in model.state_dict().items()})
        return next(remaining_losses)

    monkeypatch.setattr(training, "_validation_loss", next_loss)
    pairs = make_pairs("image", films=12)
    split = Split(np.arange(8), np.arange(8, 12), np.arange(0))
    trained = train_configuration("image", pairs, split, SETTINGS, 1)
    assert (len(trained.losses), trained.best_epoch) == (epochs, best)
    np.testing.assert_allclose(trained.losses[:, 1], losses[:epochs])
    for name, value in trained.arrays.items():
        np.testing.assert_array_equal(value, states[best - 1][name].numpy())


def test_last_epoch_is_used_without_validation_films():
    pairs = make_pairs("image", films=12)
    no_films = np.arange(0)
    split = Split(np.arange(12), no_films, no_films)
    trained = train_configuration("image", pairs, split, SETTINGS, 1)
    assert trained.losses.shape == (8, 2)
    assert np.isnan(trained.losses[:, 1]).all()
    single = train_configuration("image", pairs, split, SETTINGS | {"epochs": 1}, 1)
    assert (
        np.abs(
            single.arrays["track_tower.net.0.weight"] - trained.arrays["track_tower.net.0.weight"]
        ).max()
        > 0
    )


@pytest.mark.parametrize("configuration", ["all", "baseline"])
def test_resumed_training_is_bit_identical(configuration, monkeypatch, tmp_path, caplog):
    pairs = make_pairs(configuration, films=30)
    split = Split(np.arange(20), np.arange(20, 30), np.arange(0))
    path = tmp_path / "new" / "checkpoint.safetensors"
    expected = train_configuration(configuration, pairs, split, SETTINGS, 1)
    with monkeypatch.context() as patched:
        kill_after(patched, 3)
        with pytest.raises(Killed):
            train_configuration(configuration, pairs, split, SETTINGS, 1, path)
    assert path.exists()
    with caplog.at_level(logging.INFO):
        resumed = train_configuration(configuration, pairs, split, SETTINGS, 1, path)
    assert "resumed after epoch 3" in caplog.text
    assert not path.exists()
    np.testing.assert_array_equal(resumed.losses, expected.losses)
    for name, value in expected.arrays.items():
        np.testing.assert_array_equal(resumed.arrays[name], value)


def test_checkpoint_of_another_training_is_not_resumed(monkeypatch, tmp_path, caplog):
    pairs = make_pairs("image", films=12)
    split = Split(np.arange(8), np.arange(8, 12), np.arange(0))
    path = tmp_path / "checkpoint.safetensors"
    with monkeypatch.context() as patched:
        kill_after(patched, 1)
        with pytest.raises(Killed):
            train_configuration("image", pairs, split, SETTINGS, 1, path)
    expected = train_configuration("image", pairs, split, SETTINGS, 2)
    with caplog.at_level(logging.INFO):
        restarted = train_configuration("image", pairs, split, SETTINGS, 2, path)
    assert "is of another training: start from the beginning" in caplog.text
    np.testing.assert_array_equal(restarted.losses, expected.losses)


def test_damaged_checkpoint_error_names_the_file(tmp_path):
    pairs = make_pairs("image", films=12)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(b"half a file")
    split = Split(np.arange(8), np.arange(8, 12), np.arange(0))
    with pytest.raises(InputError) as raised:
        train_configuration("image", pairs, split, SETTINGS, 1, path)
    assert "checkpoint.safetensors: cannot be read" in str(raised.value)
    assert "expected: a checkpoint of a training" in str(raised.value)
    assert "delete it and run again" in str(raised.value)


def test_non_finite_loss_raises_input_error():
    pairs = make_pairs("image", films=12)
    pairs.fragments.values[3] = np.nan
    split = Split(np.arange(8), np.arange(8, 12), np.arange(0))
    with pytest.raises(InputError) as raised:
        train_configuration("image", pairs, split, SETTINGS, 1)
    assert str(raised.value) == (
        "the training of retrieval, image: the loss of epoch 1 is not finite\n"
        "  expected: a loss that falls\n"
        "  hint: choose a smaller learning rate, and look for vectors that are not finite"
    )
