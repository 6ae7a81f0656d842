"""Tests of retrieval training: planted relations, early stopping, checkpoints, full sizes."""

import copy
import logging

import numpy as np
import pytest
import torch
from learning_encoders import BERT, VIT, make_texts
from planted_films import make_pairs
from torch import nn

from scorelens import retrieval
from scorelens.encoders.image import vit
from scorelens.encoders.text.bert import Bert
from scorelens.errors import InputError
from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.batches import PairDataset, PairSampler, Rows, Split
from scorelens.retrieval.evaluate.draws import draw_for_films
from scorelens.retrieval.evaluate.metrics import rank_tracks, score_ranks
from scorelens.retrieval.model import networks, standardization, towers, training
from scorelens.retrieval.model.trained_encoders import PictureEncoder, TokenEncoder
from scorelens.retrieval.model.training import train_configuration
from scorelens.retrieval.model.training_state import TrainingState

torch.set_num_threads(1)

FILMS = Split(np.arange(96), np.arange(96, 116), np.arange(116, 216))
SETTINGS = {
    "learning_rate": 1e-3, "batch_size": 16, "micro_batch_size": 0, "epochs": 8, "patience": 3,
    "dropout": 0.3, "margin": 1.0,
}  # fmt: skip


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


class Killed(Exception):
    """Simulates a killed job."""


def kill_after(monkeypatch, epoch):
    """Write a checkpoint each epoch, and raise Killed after one of them."""
    save = TrainingState.save

    def save_and_raise(state, *args):
        save(state, *args)
        if len(state.losses) == epoch:
            raise Killed

    monkeypatch.setattr(training, "CHECKPOINT_S", 0.0)
    monkeypatch.setattr(TrainingState, "save", save_and_raise)


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


class WordEncoder(nn.Module):
    """Encodes token ids as the mean of their vectors."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, 9)
        self.dropout = nn.Dropout(0.1)

    def forward(self, tokens):
        return self.dropout(self.words(tokens)).mean(1)


def test_text_encoder_is_trained_with_the_model():
    """Texts are token ids, and their vectors are trained in micro-batches."""
    pairs = make_pairs("tags", films=30)
    words = np.random.default_rng(0).integers(0, 50, (30, 6))
    pairs = pairs._replace(views={"text": Rows(words, np.arange(30))})
    split = Split(np.arange(20), np.arange(20, 30), np.arange(0))
    settings = SETTINGS | {"epochs": 2, "micro_batch_size": 4}
    torch.manual_seed(3)
    encoder = WordEncoder()
    initial = encoder.words.weight.detach().clone()
    trained = train_configuration("tags", pairs, split, settings, 1, encoders={"text": encoder})
    assert trained.sizes == (0, 9, 16)
    word_vectors = trained.arrays["encoders.text.words.weight"]
    in_training = np.isin(np.arange(50), words[:20])
    change = np.abs(word_vectors - initial.numpy()).max(axis=1)
    assert (change[in_training] > 0).all()
    assert (change[~in_training] == 0).all()
    assert (trained.arrays["query_tower.standardizers.text.mean"] == 0).all()
    model = networks.load_model("tags", trained.sizes, trained.arrays, {"text": WordEncoder()})
    vectors = word_vectors[words].mean(axis=1)
    with torch.no_grad():
        expected = model.query_tower(
            {"text": torch.from_numpy(vectors).to(model.log_inverse_temperature.device)}
        )
    embedded = networks.embed_queries(model, {"text": words})
    np.testing.assert_allclose(embedded, expected.cpu(), atol=1e-5)


def test_training_with_micro_batches_encoders_and_bfloat16_is_resumed(monkeypatch, tmp_path):
    """The resumed training is bit-identical, and its parameters are float32."""
    monkeypatch.setattr(training, "_supports_bfloat16", lambda device: True)
    pairs = make_pairs("image_tags", films=30)
    words = np.random.default_rng(0).integers(0, 50, (30, 6))
    text = {"text": Rows(words, np.arange(30))}
    sounds = np.random.default_rng(1).normal(-40, 15, (120, 128, 20)).astype(np.float16)
    fragments = pairs.fragments._replace(values=sounds)
    pairs = pairs._replace(views=pairs.views | text, fragments=fragments)
    monkeypatch.setattr(towers, "CnnTransformer", small_audio_encoder)
    split = Split(np.arange(20), np.arange(20, 30), np.arange(0))

    def train(checkpoint=None):
        torch.manual_seed(3)
        settings = SETTINGS | {"epochs": 4, "micro_batch_size": 3}
        encoders = {"text": WordEncoder()}
        return train_configuration("image_tags", pairs, split, settings, 1, checkpoint, encoders)

    expected = train()
    path = tmp_path / "checkpoint.safetensors"
    with monkeypatch.context() as patched:
        kill_after(patched, 2)
        with pytest.raises(Killed):
            train(path)
    resumed = train(path)
    np.testing.assert_array_equal(resumed.losses, expected.losses)
    for name, value in expected.arrays.items():
        np.testing.assert_array_equal(resumed.arrays[name], value)
        assert value.dtype in (np.float32, np.int64), name
    monkeypatch.undo()
    monkeypatch.setattr(towers, "CnnTransformer", small_audio_encoder)
    assert 0 < abs(train().losses[0, 0] - expected.losses[0, 0]) < 0.05  # bfloat16 rounding


def small_audio_encoder():
    """Encodes the mean of log-mel over time with a linear layer."""
    return nn.Sequential(nn.AvgPool1d(20), nn.Flatten(), nn.Linear(128, 256))


@pytest.mark.slow
def test_training_step_with_the_full_sizes_of_the_paper():
    """ViT-B/16, BERT-base and the CNN-Transformer are trained together in a batch of 6.

    All sizes are as published; parameters are random, and texts have 24 tokens.
    """
    random = np.random.default_rng(0)
    films = np.arange(8)
    pictures = random.integers(0, 256, (8, vit.SIDE, vit.SIDE, 3), np.uint8)
    words = make_texts(random.integers(6, 25, 8), 24, random)
    sounds = random.normal(-40, 15, (8, retrieval.BANDS, retrieval.FRAMES)).astype(np.float16)
    views = {"image": Rows(pictures, films), "text": Rows(words, films)}
    pairs = PairDataset(views, Rows(sounds, films), films)
    torch.manual_seed(4)
    encoders = {
        "image": PictureEncoder(vit.VisionTransformer(**VIT), vit.MEAN, vit.SCALE),
        "text": TokenEncoder(Bert(**BERT)),
    }
    torch.manual_seed(1)
    start = networks.RetrievalModel(
        "all", networks.Sizes(768, 768, 0), 0.3, copy.deepcopy(encoders)
    )
    settings = SETTINGS | {
        "learning_rate": 1e-5,
        "epochs": 1,
        "batch_size": 6,
        "micro_batch_size": 2,
    }
    split = Split(films[:6], films[6:], films[:0])
    trained = train_configuration("all", pairs, split, settings, 1, encoders=encoders)
    assert trained.sizes == (768, 768, 0)
    assert np.isfinite(trained.losses).all()
    assert abs(trained.losses[0, 0] - np.log(6)) < 6  # log(6) if untrained
    used_tokens = np.setdiff1d(words[:6], [0])  # 0 is padding
    trained_names = [name for name, _ in start.named_parameters()]
    for name, value in start.state_dict().items():
        change = np.abs(trained.arrays[name] - value.numpy())
        if name in trained_names:
            assert 0 < change.max() <= 1.01e-5, name  # Adam's first step: the learning rate at most
        if name == "encoders.text.network.words.weight":
            assert set(np.flatnonzero(change.max(axis=1))) == set(used_tokens)
    model = networks.load_model("all", trained.sizes, trained.arrays, encoders)
    first_views = {view: rows.values[:2] for view, rows in views.items()}
    assert networks.embed_queries(model, first_views).shape == (2, 64)
    assert networks.embed_fragments(model, sounds[:2]).shape == (2, 64)
