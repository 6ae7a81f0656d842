"""Training retrieval: planted relations, early stopping, checkpoints, and the paper's sizes."""

import copy
import logging

import numpy as np
import pytest
import torch
from learning_encoders import BERT, VIT, Looking, Reading, make_texts
from planted_films import make_corpus
from torch import nn

from scorelens import retrieval
from scorelens.encoders.image import vit
from scorelens.encoders.text.bert import Bert
from scorelens.errors import InputError
from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.batches import Corpus, Drawer, Rows, Split
from scorelens.retrieval.evaluate.metrics import measure, rank_tracks
from scorelens.retrieval.model import networks, training
from scorelens.retrieval.model.training import train_configuration

torch.set_num_threads(1)

FILMS = Split(np.arange(96), np.arange(96, 116), np.arange(116, 216))
SETTINGS = {
    "learning_rate": 1e-3,
    "batch": 16,
    "piece": 0,
    "epochs": 8,
    "patience": 3,
    "dropout": 0.3,
    "margin": 1.0,
}


def search(configuration, corpus, trained, films, ablated=()):
    """Ranks of the films' tracks, and the film of each track, from 0."""
    model = networks.load_model(configuration, trained.sizes, trained.arrays)
    rows = Drawer(corpus).firsts(films)
    views = {
        view: corpus.views[view].values[own] for view, own in rows.items() if view not in ablated
    }
    tracks = np.flatnonzero(np.isin(corpus.film, films))
    chosen = np.isin(corpus.fragments.owner, tracks)
    owner = np.searchsorted(tracks, corpus.fragments.owner[chosen])
    places = networks.embed_tracks(model, corpus.fragments.values[chosen], owner)
    film = np.searchsorted(films, corpus.film[tracks])
    return rank_tracks(networks.embed_queries(model, views), places), film


def figures(configuration, corpus, trained, ablated=()):
    table = measure(*search(configuration, corpus, trained, FILMS.test, ablated), 200, 500, 0)
    return table[table.level == "film"].set_index("measure")


@pytest.fixture(scope="module")
def image_model():
    corpus = make_corpus("image")
    return corpus, train_configuration("image", corpus, FILMS, SETTINGS, 1)


@pytest.mark.slow
@pytest.mark.parametrize("planted", ["image", "plot", "tags"])
def test_planted_relations_are_found_by_the_models_that_see_them(planted):
    """On films never trained on: R@1 far over chance, or nothing that swapped films have not."""
    for configuration, modalities in CONFIGURATIONS.items():
        corpus = make_corpus(configuration, planted)
        found = figures(
            configuration, corpus, train_configuration(configuration, corpus, FILMS, SETTINGS, 1)
        )
        first, top, middle = (found.loc[n] for n in ("recall_1", "recall_10", "median_rank"))
        if planted in modalities:
            assert first.value > 8 * first.chance, configuration
            assert top.low > 4 * top.chance, configuration
            assert middle.high < middle.chance / 3, configuration
            assert middle.p_permuted < 0.01, configuration
        else:
            assert first.low <= first.chance, configuration
            assert top.low <= top.chance, configuration
            assert min(first.p_permuted, top.p_permuted, middle.p_permuted) > 0.005, configuration


def test_without_a_relation_there_is_nothing_to_find():
    corpus = make_corpus("image", planted="")
    found = figures("image", corpus, train_configuration("image", corpus, FILMS, SETTINGS, 1))
    assert found.value["recall_1"] < 0.05
    assert found.p_permuted.min() > 0.005


def test_taking_the_modality_away_takes_the_skill_away():
    corpus = make_corpus("image_tags", "tags")
    trained = train_configuration("image_tags", corpus, FILMS, SETTINGS, 1)
    median = {
        ablated: figures("image_tags", corpus, trained, ablated).value["median_rank"]
        for ablated in ((), ("image",), ("text",))
    }
    assert median[()] < 20
    assert median["image",] < 20
    assert median["text",] > 35


def test_same_seed_same_bits_other_seed_others(image_model):
    corpus, trained = image_model
    torch.rand(3)  # what others draw does not matter
    again = train_configuration("image", corpus, FILMS, SETTINGS, 1)
    np.testing.assert_array_equal(again.curve, trained.curve)
    for name, value in trained.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], value)
    other = train_configuration("image", corpus, FILMS, SETTINGS | {"epochs": 1}, 2)
    assert abs(other.curve[0] - trained.curve[0]).max() > 1e-4


def test_training_leaves_the_random_numbers_of_others_alone():
    corpus = make_corpus("image", films=12)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    split = Split(np.arange(8), np.arange(8, 12), np.arange(0))
    train_configuration("image", corpus, split, SETTINGS | {"epochs": 1}, 1)
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)


def test_test_films_are_never_looked_at(image_model):
    corpus, trained = image_model
    image, audio = corpus.views["image"], corpus.fragments
    tracks = np.isin(corpus.film, FILMS.test)
    changed = Corpus(
        {"image": image._replace(values=np.where(image.owner[:, None] >= 116, 9e9, image.values))},
        audio._replace(values=np.where(tracks[audio.owner][:, None], np.nan, audio.values)),
        corpus.film,
    )
    again = train_configuration("image", changed, FILMS, SETTINGS, 1)
    np.testing.assert_array_equal(again.curve, trained.curve)


def test_scales_are_of_the_training_films(image_model):
    corpus, trained = image_model
    seen = corpus.views["image"].values[FILMS.training]
    np.testing.assert_allclose(
        trained.arrays["query.scales.image.mean"], seen.mean(axis=0), atol=1e-5
    )
    gain = 1 / np.sqrt(seen.var(axis=0).mean())
    assert trained.arrays["query.scales.image.gain"] == pytest.approx(gain, rel=1e-5)


def test_the_scale_of_log_mel_is_a_bands_mean(monkeypatch):
    """In pieces of one fragment, of half-precision values."""
    monkeypatch.setattr(training, "VALUES_AT_ONCE", 1)
    values = np.random.default_rng(0).normal(-40, 9, (5, 128, 7)).astype(np.float16)
    values += np.arange(128, dtype=np.float16)[:, None]
    scale = networks.Scale(128, 1)
    teaching = np.array([True, False, True])
    training._fit_scale(scale, Rows(values, np.array([0, 0, 1, 2, 2])), teaching)
    own = values[[0, 1, 3, 4]].astype(float)
    np.testing.assert_allclose(scale.mean[:, 0], own.mean(axis=(0, 2)), rtol=1e-5)
    assert float(scale.gain) == pytest.approx(1 / np.sqrt(own.var(axis=(0, 2)).mean()), rel=1e-5)


@pytest.mark.parametrize(
    ("losses", "epochs", "best"),
    [
        ([3, 2, 1, 1, 2, 3, 0], 6, 3),  # three without gain; an equal loss is no gain
        ([5, 4, 3, 2, 1, 0.5, 0.4, 0.3], 8, 8),  # all
        ([1, 2, 0.5, 2, 2, 2, 0], 6, 3),  # a gain starts the count anew
    ],
)
def test_early_stopping(monkeypatch, losses, epochs, best):
    """The validation losses are given; the parameters kept are those of the best epoch."""
    given, seen = iter(losses), []

    def held(model, loss, batches):
        seen.append({name: value.clone() for name, value in model.state_dict().items()})
        return next(given)

    monkeypatch.setattr(training, "_held_loss", held)
    corpus = make_corpus("image", films=12)
    split = Split(np.arange(8), np.arange(8, 12), np.arange(0))
    trained = train_configuration("image", corpus, split, SETTINGS, 1)
    assert (len(trained.curve), trained.best_epoch) == (epochs, best)
    np.testing.assert_allclose(trained.curve[:, 1], losses[:epochs])
    for name, value in trained.arrays.items():
        np.testing.assert_array_equal(value, seen[best - 1][name].numpy())


def test_without_validation_films_the_last_epoch_counts():
    corpus = make_corpus("image", films=12)
    nobody = np.arange(0)
    split = Split(np.arange(12), nobody, nobody)
    trained = train_configuration("image", corpus, split, SETTINGS, 1)
    assert trained.curve.shape == (8, 2)
    assert np.isnan(trained.curve[:, 1]).all()
    one = train_configuration("image", corpus, split, SETTINGS | {"epochs": 1}, 1)
    assert np.abs(one.arrays["audio.net.0.weight"] - trained.arrays["audio.net.0.weight"]).max() > 0


class Killed(Exception):
    """Stands for a job that is killed."""


def kill_after(monkeypatch, epoch):
    """Keep a checkpoint each epoch, and die after one of them."""
    keep = training._Course.keep

    def keep_and_die(course, *where):
        keep(course, *where)
        if len(course.curve) == epoch:
            raise Killed

    monkeypatch.setattr(training, "CHECKPOINT_S", 0.0)
    monkeypatch.setattr(training._Course, "keep", keep_and_die)


@pytest.mark.parametrize("configuration", ["all", "baseline"])
def test_a_training_goes_on_after_a_checkpoint_as_if_never_stopped(
    configuration, monkeypatch, tmp_path, caplog
):
    corpus = make_corpus(configuration, films=30)
    split = Split(np.arange(20), np.arange(20, 30), np.arange(0))
    path = tmp_path / "kept" / "checkpoint.safetensors"
    whole = train_configuration(configuration, corpus, split, SETTINGS, 1)
    with monkeypatch.context() as patched:
        kill_after(patched, 3)
        with pytest.raises(Killed):
            train_configuration(configuration, corpus, split, SETTINGS, 1, path)
    assert path.exists()
    with caplog.at_level(logging.INFO):
        again = train_configuration(configuration, corpus, split, SETTINGS, 1, path)
    assert "taken up after epoch 3" in caplog.text
    assert not path.exists()
    np.testing.assert_array_equal(again.curve, whole.curve)
    for name, value in whole.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], value)


def test_a_checkpoint_of_another_training_is_not_taken_up(monkeypatch, tmp_path, caplog):
    corpus = make_corpus("image", films=12)
    split = Split(np.arange(8), np.arange(8, 12), np.arange(0))
    path = tmp_path / "checkpoint.safetensors"
    with monkeypatch.context() as patched:
        kill_after(patched, 1)
        with pytest.raises(Killed):
            train_configuration("image", corpus, split, SETTINGS, 1, path)
    whole = train_configuration("image", corpus, split, SETTINGS, 2)
    with caplog.at_level(logging.INFO):
        again = train_configuration("image", corpus, split, SETTINGS, 2, path)
    assert "is of another training: begun anew" in caplog.text
    np.testing.assert_array_equal(again.curve, whole.curve)


def test_a_damaged_checkpoint_is_named(tmp_path):
    corpus = make_corpus("image", films=12)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(b"half a file")
    split = Split(np.arange(8), np.arange(8, 12), np.arange(0))
    with pytest.raises(InputError) as raised:
        train_configuration("image", corpus, split, SETTINGS, 1, path)
    assert "checkpoint.safetensors: cannot be read" in str(raised.value)
    assert "expected: a checkpoint of a training" in str(raised.value)
    assert "delete it and run again" in str(raised.value)


def test_a_training_that_diverges_says_so():
    corpus = make_corpus("image", films=12)
    corpus.fragments.values[3] = np.nan
    split = Split(np.arange(8), np.arange(8, 12), np.arange(0))
    with pytest.raises(InputError) as raised:
        train_configuration("image", corpus, split, SETTINGS, 1)
    assert str(raised.value) == (
        "the training of retrieval, image: the loss of epoch 1 is not finite\n"
        "  expected: a loss that falls\n"
        "  hint: choose a smaller learning rate, and look for vectors that are not finite"
    )


class Reader(nn.Module):
    """Words to a vector, with nothing known at the start."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, 9)
        self.dropout = nn.Dropout(0.1)

    def forward(self, tokens):
        return self.dropout(self.words(tokens)).mean(1)


def test_an_encoder_can_learn_too():
    """Texts are numbers of words, whose vectors are learnt; in pieces of a batch at that."""
    corpus = make_corpus("tags", films=30)
    words = np.random.default_rng(0).integers(0, 50, (30, 6))
    corpus = corpus._replace(views={"text": Rows(words, np.arange(30))})
    split = Split(np.arange(20), np.arange(20, 30), np.arange(0))
    settings = SETTINGS | {"epochs": 2, "piece": 4}
    torch.manual_seed(3)
    reader = Reader()
    start = reader.words.weight.detach().clone()
    trained = train_configuration("tags", corpus, split, settings, 1, encoders={"text": reader})
    assert trained.sizes == (0, 9, 16)
    learnt = trained.arrays["encoders.text.words.weight"]
    taught = np.isin(np.arange(50), words[:20])
    moved = np.abs(learnt - start.numpy()).max(axis=1)
    assert (moved[taught] > 0).all()
    assert (moved[~taught] == 0).all()
    assert (trained.arrays["query.scales.text.mean"] == 0).all()
    model = networks.load_model("tags", trained.sizes, trained.arrays, {"text": Reader()})
    vectors = learnt[words].mean(axis=1)
    with torch.no_grad():
        expected = model.query({"text": torch.from_numpy(vectors).to(model.log_scale.device)})
    found = networks.embed_queries(model, {"text": words})
    np.testing.assert_allclose(found, expected.cpu(), atol=1e-5)


def test_pieces_encoders_half_precision_and_checkpoints_go_together(monkeypatch, tmp_path):
    """A training with all of them goes on after a checkpoint; variables stay float32."""
    monkeypatch.setattr(training, "_has_bfloat16", lambda own: True)
    corpus = make_corpus("image_tags", films=30)
    words = np.random.default_rng(0).integers(0, 50, (30, 6))
    text = {"text": Rows(words, np.arange(30))}
    sounds = np.random.default_rng(1).normal(-40, 15, (120, 128, 20)).astype(np.float16)
    heard = corpus.fragments._replace(values=sounds)
    corpus = corpus._replace(views=corpus.views | text, fragments=heard)
    monkeypatch.setattr(networks, "SoundEncoder", small_sound_encoder)
    split = Split(np.arange(20), np.arange(20, 30), np.arange(0))

    def train(checkpoint=None):
        torch.manual_seed(3)
        settings = SETTINGS | {"epochs": 4, "piece": 3}
        given = {"text": Reader()}
        return train_configuration("image_tags", corpus, split, settings, 1, checkpoint, given)

    whole = train()
    path = tmp_path / "checkpoint.safetensors"
    with monkeypatch.context() as patched:
        kill_after(patched, 2)
        with pytest.raises(Killed):
            train(path)
    again = train(path)
    np.testing.assert_array_equal(again.curve, whole.curve)
    for name, value in whole.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], value)
        assert value.dtype in (np.float32, np.int64), name
    monkeypatch.undo()
    monkeypatch.setattr(networks, "SoundEncoder", small_sound_encoder)
    assert 0 < abs(train().curve[0, 0] - whole.curve[0, 0]) < 0.05  # what was rounded


def small_sound_encoder():
    """Hears the mean over time of log-mel; with weights that half precision rounds."""
    return nn.Sequential(nn.AvgPool1d(20), nn.Flatten(), nn.Linear(128, 256))


@pytest.mark.slow
def test_the_papers_full_sizes_take_a_step():
    """ViT-B/16, BERT-base and the CNN-Transformer learn together, in a batch of 16.

    All as published but for the variables, which are random, and texts of 24 tokens.
    """
    random = np.random.default_rng(0)
    films = np.arange(18)
    pictures = random.integers(0, 256, (18, vit.SIDE, vit.SIDE, 3), np.uint8)
    words = make_texts(random.integers(6, 25, 18), 24, random)
    sounds = random.normal(-40, 15, (18, retrieval.BANDS, retrieval.FRAMES)).astype(np.float16)
    views = {"image": Rows(pictures, films), "text": Rows(words, films)}
    corpus = Corpus(views, Rows(sounds, films), films)
    torch.manual_seed(4)
    encoders = {
        "image": Looking(vit.VisionTransformer(**VIT)),
        "text": Reading(Bert(**BERT)),
    }
    torch.manual_seed(1)
    start = networks.Retrieval("all", networks.Sizes(768, 768, 0), 0.3, copy.deepcopy(encoders))
    settings = SETTINGS | {"learning_rate": 1e-5, "epochs": 1, "piece": 4}
    split = Split(films[:16], films[16:], films[:0])
    trained = train_configuration("all", corpus, split, settings, 1, encoders=encoders)
    assert trained.sizes == (768, 768, 0)
    assert np.isfinite(trained.curve).all()
    assert abs(trained.curve[0, 0] - np.log(16)) < 6  # cosines of nothing learnt, at 1 / 0.07
    said = np.setdiff1d(words[:16, 0], [0])  # 0 is padding
    learnt = [name for name, _ in start.named_parameters()]
    for name, value in start.state_dict().items():
        moved = np.abs(trained.arrays[name] - value.numpy())
        if name in learnt:
            assert 0 < moved.max() <= 1.01e-5, name  # Adam's first step: the learning rate at most
        if name == "encoders.text.network.words.weight":
            assert set(np.flatnonzero(moved.max(axis=1))) == set(said)
    model = networks.load_model("all", trained.sizes, trained.arrays, encoders)
    asked = {view: rows.values[:2] for view, rows in views.items()}
    assert networks.embed_queries(model, asked).shape == (2, 64)
    assert networks.embed_fragments(model, sounds[:2]).shape == (2, 64)
