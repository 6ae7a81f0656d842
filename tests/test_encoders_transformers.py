"""ViT and BERT with variables under their published names, against NumPy implementations."""

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from scipy import special
from tokenizers import Tokenizer, models, processors

from scorelens.encoders import image_encoder, text_encoder
from scorelens.encoders.image import vit
from scorelens.encoders.text import bert
from scorelens.encoders.text.bert import Bert
from scorelens.encoders.text_encoder import Text
from scorelens.errors import InputError


def random_variables(shapes, seed=0):
    """Random variables; norm gains near 1, the others small, as in trained networks."""
    random = np.random.default_rng(seed)
    return {
        name: (0.05 * random.normal(size=shape) + is_gain(name)).astype(np.float32)
        for name, shape in shapes.items()
    }


def is_gain(name):
    return "norm" in name.lower() and name.endswith(("weight", "gamma"))


def layer_shapes(attention, norms, width, inner, layers):
    """Shapes of the variables of encoder layers under their published names."""
    shapes = {}
    for layer in range(layers):
        for part, rows, columns in [
            *((f"{attention}.{part}", width, width) for part in ("query", "key", "value")),
            *(("attention.output.dense", width, width), ("intermediate.dense", inner, width)),
            ("output.dense", width, inner),
        ]:
            shapes[f"encoder.layer.{layer}.{part}.weight"] = (rows, columns)
            shapes[f"encoder.layer.{layer}.{part}.bias"] = (rows,)
        for part in norms:
            kinds = ("weight", "bias")
            shapes |= {f"encoder.layer.{layer}.{part}.{kind}": (width,) for kind in kinds}
    return shapes


def vit_variables(width=128, side=56, inner=192, layers=2, prefix="vit."):
    shapes = {
        "embeddings.cls_token": (1, 1, width),
        "embeddings.position_embeddings": (1, 1 + (224 // side) ** 2, width),
        "embeddings.patch_embeddings.projection.weight": (width, 3, side, side),
        "embeddings.patch_embeddings.projection.bias": (width,),
        "layernorm.weight": (width,),
        "layernorm.bias": (width,),
    }
    norms = ("layernorm_before", "layernorm_after")
    shapes |= layer_shapes("attention.attention", norms, width, inner, layers)
    named = {f"{prefix}{name}": shape for name, shape in shapes.items()}
    return random_variables(named | {"classifier.weight": (5, width), "classifier.bias": (5,)})


def bert_variables(words=50, positions=9, width=24, inner=96, layers=11):
    shapes = {
        "embeddings.word_embeddings.weight": (words, width),
        "embeddings.position_embeddings.weight": (positions, width),
        "embeddings.token_type_embeddings.weight": (2, width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
        "pooler.dense.weight": (width, width),
        "pooler.dense.bias": (width,),
    }
    norms = ("attention.output.LayerNorm", "output.LayerNorm")
    return random_variables(shapes | layer_shapes("attention.self", norms, width, inner, layers))


def with_original_bert_names(variables):
    """The names of BERT's original checkpoint: prefix `bert.`, gamma and beta, and a head."""
    named = {}
    for name, value in variables.items():
        old = name.replace("LayerNorm.weight", "LayerNorm.gamma")
        named[f"bert.{old.replace('LayerNorm.bias', 'LayerNorm.beta')}"] = value
    return named | {"cls.predictions.bias": np.zeros(50, np.float32)}


class NumpyReference:
    """The equations of the papers in float64, for one image or text at a time."""

    def __init__(self, variables, prefix=""):
        self.variables = {k.removeprefix(prefix): v.astype(float) for k, v in variables.items()}

    def __getitem__(self, name):
        return self.variables[name]

    def linear(self, name, rows):
        return rows @ self[f"{name}.weight"].T + self[f"{name}.bias"]

    def norm(self, name, rows):
        centred = rows - rows.mean(1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-12)
        return scaled * self[f"{name}.weight"] + self[f"{name}.bias"]

    def attention(self, layer, inside, rows, heads):
        parts = (self.linear(f"{layer}.{inside}.{p}", rows) for p in ("query", "key", "value"))
        query, key, value = (
            part.reshape(len(rows), heads, -1).transpose(1, 0, 2) for part in parts
        )
        weights = special.softmax(query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[2]), axis=2)
        attended = (weights @ value).transpose(1, 0, 2).reshape(rows.shape)
        return self.linear(f"{layer}.attention.output.dense", attended)

    def perceptron(self, layer, rows):
        hidden = self.linear(f"{layer}.intermediate.dense", rows)
        gelu = hidden * special.ndtr(hidden)
        return self.linear(f"{layer}.output.dense", gelu)

    def vit_layer(self, layer, rows):
        normalised = self.norm(f"{layer}.layernorm_before", rows)
        rows = rows + self.attention(layer, "attention.attention", normalised, rows.shape[1] // 64)
        return rows + self.perceptron(layer, self.norm(f"{layer}.layernorm_after", rows))

    def vit(self, image, layers):
        kernel = self["embeddings.patch_embeddings.projection.weight"]
        side = kernel.shape[2]
        count = 224 // side
        patches = (image / 127.5 - 1).reshape(count, side, count, side, 3)
        patches = patches.transpose(0, 2, 4, 1, 3).reshape(count**2, -1)
        rows = patches @ kernel.reshape(len(kernel), -1).T
        rows += self["embeddings.patch_embeddings.projection.bias"]
        rows = np.concatenate([self["embeddings.cls_token"][0], rows])
        rows = rows + self["embeddings.position_embeddings"][0]
        for layer in range(layers):
            rows = self.vit_layer(f"encoder.layer.{layer}", rows)
        return self.norm("layernorm", rows)[0]

    def bert_layer(self, layer, rows):
        attended = self.attention(layer, "attention.self", rows, 12)
        rows = self.norm(f"{layer}.attention.output.LayerNorm", rows + attended)
        return self.norm(f"{layer}.output.LayerNorm", rows + self.perceptron(layer, rows))

    def bert(self, tokens, layers):
        rows = self["embeddings.word_embeddings.weight"][tokens]
        rows = rows + self["embeddings.position_embeddings.weight"][: len(tokens)]
        rows = rows + self["embeddings.token_type_embeddings.weight"][0]
        rows = self.norm("embeddings.LayerNorm", rows)
        for layer in range(layers):
            rows = self.bert_layer(f"encoder.layer.{layer}", rows)
        return rows


def random_images(count):
    return np.random.default_rng(7).integers(0, 256, (count, 224, 224, 3), np.uint8)


@pytest.mark.parametrize("prefix", ["vit.", ""])
def test_vit_equals_the_numpy_reference(tmp_path, prefix):
    """The embeddings of two batches, and the output of each layer."""
    variables = vit_variables(prefix=prefix)
    save_file(variables, tmp_path / "vit.safetensors")
    network = image_encoder.load("vit", tmp_path / "vit.safetensors")
    reference, images = (
        NumpyReference(variables, prefix),
        random_images(image_encoder.BATCH_SIZE + 1),
    )
    vectors = network.encode(images)
    assert vectors.shape == (len(images), 128)
    assert vectors.dtype == np.float32
    for index in (0, len(images) - 1):
        assert vectors[index] == pytest.approx(reference.vit(images[index], 2), abs=1e-4)
    assert np.abs(vectors[0] - vectors[1]).max() > 0.01
    rows = np.random.default_rng(8).normal(size=(17, 128))
    for layer in range(2):
        layer_output = network.network.layers.layers[layer](
            torch.tensor(rows[None], dtype=torch.float32)
        )
        expected = reference.vit_layer(f"encoder.layer.{layer}", rows)
        assert layer_output[0].detach().numpy() == pytest.approx(expected, abs=1e-4)


def test_vit_has_no_dropout_in_training():
    """As published; a batch may therefore be processed in parts."""
    network = vit.from_variables(vit_variables()).train()
    images = image_encoder.preprocess("vit", random_images(1))
    assert torch.equal(network(images), network(images))


def test_parameter_counts_equal_the_published_ones():
    """Without heads and BERT's pooler of 590,592; the meta device allocates no values."""
    with torch.device("meta"):
        image_network, text_network = (
            vit.VisionTransformer(16, 768, 3072, 12),
            Bert(30_522, 512, 768, 3072, 12),
        )
    assert sum(part.numel() for part in image_network.parameters()) == 85_798_656
    assert sum(part.numel() for part in text_network.parameters()) == 109_482_240 - 590_592
    assert image_network.size == 768


def error_lines(load):
    with pytest.raises(InputError) as error:
        load()
    return str(error.value).splitlines()


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"a": np.ones(1, np.float32)}, "'embeddings.cls_token'"),
        (bert_variables(layers=1), "'embeddings.cls_token'"),
        (vit_variables(layers=0), "list index out of range"),
        (
            vit_variables() | {"vit.embeddings.position_embeddings": np.ones((1, 5, 128), "f4")},
            "Error(s) in loading state_dict for VisionTransformer:",
        ),
    ],
    ids=["nothing", "bert", "no layers", "other size"],
)
def test_vit_file_with_variables_of_another_network_is_reported(tmp_path, variables, reason):
    path = tmp_path / "vit.safetensors"
    save_file(variables, path)
    assert error_lines(lambda: image_encoder.load("vit", path)) == [
        f"{path}: holds the variables of another network ({reason})",
        "  expected: those of the network named",
        "  hint: delete it, and its published file if that is one of your own, and get it again",
    ]


def test_bert_equals_the_numpy_reference():
    variables = bert_variables(layers=3)
    network = bert.from_variables(variables).eval()
    rows = [[1, 2, 3], [4, 5, 6, 7, 8]]
    with torch.inference_mode():
        outputs = network(*text_encoder.pad_tokens(rows)).numpy()
    for output, tokens in zip(outputs, rows, strict=True):
        expected = NumpyReference(variables).bert(tokens, 3)
        assert output[: len(tokens)] == pytest.approx(expected, abs=1e-4)


def test_original_bert_variable_names_are_accepted():
    variables = bert_variables(layers=2)
    states = [
        bert.from_variables(v).state_dict()
        for v in (variables, with_original_bert_names(variables))
    ]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_bert_sizes_come_from_its_file_and_dropout_acts_only_in_training():
    variables = bert_variables()
    network = bert.from_variables(variables).eval()
    assert len(network.layers.layers) == 11
    last_kernel = network.layers.layers[10].linear1.weight
    assert np.array_equal(
        last_kernel.detach(), variables["encoder.layer.10.intermediate.dense.weight"]
    )
    tokens, is_token = text_encoder.pad_tokens([[1, 2, 3], [4, 5, 6, 7, 8]])
    outputs = [network(tokens, is_token) for _ in range(2)]
    assert torch.equal(*outputs)
    assert outputs[0].shape == (2, 5, 24)
    mean = text_encoder.mean_state(outputs[0], is_token)
    assert torch.allclose(mean[0], outputs[0][0, :3].mean(0), atol=1e-5)
    assert torch.allclose(mean[1], outputs[0][1].mean(0), atol=1e-5)
    assert not torch.equal(*(network.train()(tokens, is_token) for _ in range(2)))


def word_tokenizer():
    """The bytes of a word-level tokenizer of 50 words that include the special tokens."""
    words = ["[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]"]
    words += [f"word{number}" for number in range(44)]
    known = {word: number for number, word in enumerate(words)}
    made = Tokenizer(models.WordLevel(known, "[UNK]"))
    made.post_processor = processors.BertProcessing(("[SEP]", 5), ("[CLS]", 4))
    return np.frombuffer(made.to_str().encode(), np.uint8)


def test_bert_file_with_a_tokenizer_encodes_texts(tmp_path):
    """Names, shapes and tokenizer bytes are in the published format; the weights are random."""
    variables = with_original_bert_names(bert_variables(layers=2))
    path = tmp_path / "bert.safetensors"
    save_file(variables | {text_encoder.TOKENIZER: word_tokenizer()}, path)
    vectors = text_encoder.load("bert", path).encode([Text("word7", "word9")])
    states = NumpyReference(bert_variables(layers=2)).bert([4, 1, 13, 2, 15, 5], 2).mean(0)
    assert vectors[0] == pytest.approx(states / np.linalg.norm(states), abs=1e-4)


def test_bert_file_with_vit_variables_is_reported(tmp_path):
    path = tmp_path / "bert.safetensors"
    save_file(vit_variables() | {text_encoder.TOKENIZER: word_tokenizer()}, path)
    message = error_lines(lambda: text_encoder.load("bert", path))[0]
    assert (
        message
        == f"{path}: holds the variables of another network ('embeddings.word_embeddings.weight')"
    )
