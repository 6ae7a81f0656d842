"""Networks of pictures and texts that are trained with retrieval, with tiny random variables."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from retrieval_tables import SETTINGS, gather, write_inputs
from safetensors.numpy import load_file, save_file
from test_encoders_transformers import bert_variables, vit_variables
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from scorelens.encoders import image_encoder, text_encoder
from scorelens.encoders.image_files import read_image
from scorelens.encoders.registry import ENCODERS
from scorelens.encoders.text_encoder import Text
from scorelens.errors import InputError
from scorelens.retrieval.data.dataset import read_dataset
from scorelens.retrieval.model import networks, train
from scorelens.retrieval.model.trained_encoders import (
    PictureEncoder,
    TokenEncoder,
    load_trained,
    open_encoders,
)
from scorelens.tables import RETRIEVAL_EMBEDDINGS, read_table

torch.set_num_threads(1)

FILMS = (12, 4, 6)
NETWORKS = {"image": "vit", "text": "bert"}
WORDS = 44


def tokenizer():
    """The bytes of a tokenizer of 50 words with the special tokens, divided at spaces."""
    words = ["[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]"]
    words += [f"word{number}" for number in range(WORDS)]
    known = {word: number for number, word in enumerate(words)}
    made = Tokenizer(models.WordLevel(known, "[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.BertProcessing(("[SEP]", 5), ("[CLS]", 4))
    return np.frombuffer(made.to_str().encode(), np.uint8)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Variables of a ViT and of a BERT with 512 positions, under their published names."""
    folder = tmp_path_factory.mktemp("weights")
    paths = {name: folder / f"{name}.safetensors" for name in NETWORKS.values()}
    save_file(vit_variables(width=64, side=112, inner=32, layers=1), paths["vit"])
    bert = bert_variables(positions=512, inner=24, layers=1)
    save_file(bert | {text_encoder.TOKENIZER: tokenizer()}, paths["bert"])
    return paths


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """Id, picture, tags and plot of each film; a plot has two paragraphs."""
    folder, rows = tmp_path_factory.mktemp("films"), []
    for number in range(sum(FILMS)):
        random = np.random.default_rng(number)
        picture, plot = folder / f"{number}.png", folder / f"{number}.txt"
        Image.fromarray(random.integers(0, 256, (30, 40, 3), np.uint8)).save(picture)
        words = [f"word{word}" for word in random.integers(0, WORDS, 9)]
        plot.write_text(f"{' '.join(words)}\n\n{' '.join(words[:3])}\n")
        rows.append((f"film_{number:03d}", str(picture), ["word1", "word2"], str(plot)))
    return rows


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    return gather(write_inputs(folder / "tables", films=FILMS), folder)


@pytest.fixture(scope="module")
def encoders(weights, described):
    return open_encoders(NETWORKS, [weights[name] for name in NETWORKS.values()], described)


def train_all(inputs, encoders, folder, **settings):
    outputs = {
        "model": folder / "all.safetensors",
        "curve": folder / "all.tsv",
        "embeddings": folder / "all.parquet",
    }
    settings = SETTINGS | {"epochs": 2, "learning_rate": 1e-2} | settings
    names = {**NETWORKS, "audio": "musicnn"}
    train.train_retrieval(
        "all", inputs, names, settings, 1, folder / "checkpoint", outputs, None, encoders
    )
    return outputs


@pytest.fixture(scope="module")
def trained(inputs, encoders, tmp_path_factory):
    return train_all(inputs, encoders, tmp_path_factory.mktemp("trained"))


def test_both_networks_are_trained_from_their_published_variables(trained, weights):
    arrays = load_file(trained["model"])
    for view, name in (
        ("image", "embeddings.cls_token"),
        ("text", "embeddings.word_embeddings.weight"),
    ):
        new = {"image": "network.class_token", "text": "network.words.weight"}[view]
        variables = load_file(weights[NETWORKS[view]])
        before = variables.get(name, variables.get(f"vit.{name}"))
        change = np.abs(arrays[f"encoders.{view}.{new}"] - before)
        # Adam moves a parameter by the learning rate at most in a step; there are 8 steps.
        assert 1e-3 < change.max() < 8 * 1.1e-2
    _, metadata = train.load_model(trained["model"])
    assert metadata["trained"] == ["image", "text"]


def test_trained_networks_of_the_model_file_give_the_embeddings_of_the_table(
    trained, weights, described
):
    """As a search encodes a picture and words: network, then the towers of the model."""
    model, _ = train.load_model(trained["model"])
    image = image_encoder.load("vit", weights["vit"])
    text = text_encoder.load("bert", weights["bert"])
    frozen = image.encode(read_image(described[-1][1])[None])
    load_trained(image.network, trained["model"], "image")
    load_trained(text.network, trained["model"], "text")
    rows = described[sum(FILMS[:2]) :]
    pictures = image.encode(np.stack([read_image(picture) for _, picture, _, _ in rows]))
    assert np.abs(pictures[-1] - frozen[0]).max() > 1e-3
    plots = [Path(plot).read_text().split("\n\n")[0] for *_, plot in rows]
    words = text.encode([Text("word1, word2", plot) for plot in plots])
    expected = read_table(trained["embeddings"], RETRIEVAL_EMBEDDINGS)
    expected = expected[expected["kind"] == "film"].set_index("seen")[train.DIMENSIONS]
    for seen, views in {
        "image+tags+plot": {"image": pictures, "text": words},
        "image": {"image": pictures},
    }.items():
        embedded = networks.embed_queries(model, views)
        np.testing.assert_allclose(embedded, expected.loc[seen], atol=1e-4)


def test_inputs_of_the_networks_have_the_rows_of_the_embeddings(encoders, inputs):
    dataset = read_dataset("all", **inputs)
    raw = encoders.read_inputs([*dataset.vectors], dataset.films)
    assert raw.keys() == dataset.vectors.keys()
    for segment, rows in raw.items():
        np.testing.assert_array_equal(rows.owner, dataset.vectors[segment].owner)
    assert raw["image"].values.shape == (sum(FILMS), 224, 224, 3)
    tokens = raw["tags_plot"].values
    assert tokens.dtype == np.int32
    # [CLS], a mark, two tags and a comma, a mark, nine or three words, [SEP], and padding.
    assert (tokens > 0).sum(axis=1).tolist() == [16, 10] * sum(FILMS)
    assert tokens[:, :6].tolist() == [[4, 1, 7, 3, 8, 2]] * 2 * sum(FILMS)


def test_model_with_frozen_encoder_names_has_no_trained_networks(encoders):
    assert open_encoders({}, [], []) is None
    assert set(encoders.load("plot")) == {"text"}
    assert set(encoders.load("image")) == {"image"}


def test_runs_start_from_the_published_variables_each(inputs, encoders, trained, tmp_path):
    outputs = train_all(inputs, encoders, tmp_path, repeats=2)
    assert outputs["model"].read_bytes() == trained["model"].read_bytes()


def test_missing_pictures_and_plots_are_named_together(weights, described, inputs, tmp_path):
    broken = [list(row) for row in described]
    broken[0][1] = broken[5][1] = str(tmp_path / "no.png")
    paths = [weights[name] for name in NETWORKS.values()]
    dataset = read_dataset("image", **inputs)
    with pytest.raises(InputError) as raised:
        open_encoders(NETWORKS, paths, broken).read_inputs(["image"], dataset.films)
    assert len(raised.value.problems) == 2


def test_picture_encoder_prepares_pixels_as_the_frozen_one(weights):
    frozen = image_encoder.load("vit", weights["vit"])
    images = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    module = image_encoder.network_module("vit")
    encoder = PictureEncoder(frozen.network, module.MEAN, module.SCALE)
    with torch.no_grad():
        embedded = encoder(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(embedded, frozen.encode(images), atol=1e-5)
    vgg = image_encoder.network_module("vgg16")
    identity = PictureEncoder(torch.nn.Identity(), vgg.MEAN, vgg.SCALE)
    expected = image_encoder.preprocess("vgg16", images)
    torch.testing.assert_close(identity(torch.from_numpy(images)), expected)


def test_token_encoder_equals_the_frozen_one_whatever_the_padding(weights):
    frozen = text_encoder.load("bert", weights["bert"])
    rows = frozen.tokenize([Text("word7", "word9 word3"), Text(plot="word5")])
    encoder = TokenEncoder(frozen.network)
    padded = np.zeros((2, 20), np.int32)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
    with torch.no_grad():
        embedded = encoder(torch.from_numpy(padded)).numpy()
    np.testing.assert_allclose(embedded, frozen.encode_tokens(rows), atol=1e-5)


def test_bert_reads_512_tokens_and_minilm_256(weights, caplog):
    assert (ENCODERS["bert"].input_size, ENCODERS["minilm"].input_size) == (512, 256)
    encoder = text_encoder.load("bert", weights["bert"])
    texts = [Text(plot="word3 " * count) for count in (509, 900)]
    with caplog.at_level(logging.INFO):
        rows = encoder.tokenize(texts)
    assert [len(row) for row in rows] == [512, 512]
    assert rows[0] == rows[1]
    assert caplog.messages == [
        "1 of 2 texts have more than 512 tokens, up to 903; the rest is ignored"
    ]
    assert np.isfinite(encoder.encode_tokens(rows)).all()
