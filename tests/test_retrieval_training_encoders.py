"""Retrieval models whose networks of pictures, texts and sound are trained too."""

import copy

import numpy as np
import pytest
import torch
from learning_encoders import BERT, VIT, make_texts
from planted_films import make_pairs
from torch import nn

from scorelens import retrieval
from scorelens.encoders.image import vit
from scorelens.encoders.text.bert import Bert
from scorelens.retrieval.data.batches import PairDataset, Rows, Split
from scorelens.retrieval.model import networks, towers, training
from scorelens.retrieval.model.trained_encoders import PictureEncoder, TokenEncoder
from scorelens.retrieval.model.training import train_configuration
from tests.killed_training import SETTINGS, Killed, kill_after

torch.set_num_threads(1)


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
