"""Tests of retrieval networks and losses against hand-computed values and plain PyTorch."""

from math import exp, log, sqrt

import librosa
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from scorelens import retrieval
from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.model import cnn_transformer, networks, towers
from scorelens.retrieval.model.losses import contrastive_loss, triplet_loss
from scorelens.retrieval.model.networks import RetrievalModel, Sizes
from scorelens.retrieval.model.towers import HIDDEN, AttentionBlock

torch.set_num_threads(1)

SIZES = Sizes(5, 7, 6)


def unit_rows(rows, size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return functional.normalize(torch.randn(rows, size, generator=generator), dim=1)


def make_model(configuration, sizes=SIZES):
    torch.manual_seed(0)
    return RetrievalModel(configuration, sizes).eval()


def make_views(rows, seed=0):
    random = np.random.default_rng(seed)
    return {
        "image": random.normal(size=(rows, 5)).astype(np.float32),
        "text": random.normal(size=(rows, 7)).astype(np.float32),
    }


def select_views(configuration, views):
    return {view: views[view] for view in networks.view_sizes(configuration, SIZES)}


def test_fragment_sizes_match_the_paper():
    assert retrieval.FRAGMENT == 218_736
    assert (retrieval.BANDS, retrieval.FRAMES) == (128, 426)
    assert set(retrieval.TITLES) == set(CONFIGURATIONS)


@pytest.mark.parametrize(
    ("configuration", "image", "segment"),
    [
        ("image", True, ""),
        ("plot", False, "plot"),
        ("tags", False, "tags"),
        ("image_plot", True, "plot"),
        ("image_tags", True, "tags"),
        ("tags_plot", False, "tags_plot"),
        ("all", True, "tags_plot"),
        ("baseline", True, "tags_plot"),
    ],
)
def test_configuration_uses_expected_image_and_text_segment(configuration, image, segment):
    assert retrieval.uses_image(configuration) == image
    assert retrieval.text_segment(configuration) == segment


def test_contrastive_loss_matches_hand_computed_value():
    """Cosines [[0.6, 0.8], [0, 1]], times an inverse temperature of 2."""
    queries = torch.tensor([[0.6, 0.8], [0.0, 1.0]])
    tracks = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    # Logits [[1.2, 1.6], [0, 2]]: by query, then by track.
    by_query = (log(1 + exp(0.4)) + log(1 + exp(-2))) / 2
    by_track = (log(1 + exp(-1.2)) + log(1 + exp(-0.4))) / 2
    loss = contrastive_loss(queries, tracks, torch.tensor(2.0))
    assert float(loss) == pytest.approx((by_query + by_track) / 2)


def test_contrastive_loss_of_equal_cosines_is_log_of_the_batch_size():
    same = torch.ones(16, 1)
    assert float(contrastive_loss(same, same, torch.tensor(14.0))) == pytest.approx(log(16))


def test_triplet_loss_matches_hand_computed_value():
    """Film 0 equals its track; film 1 is orthogonal to both tracks."""
    queries = torch.tensor([[1.0, 0, 0], [0, 0, 1.0]])
    tracks = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])
    # Distances 0 and sqrt 2, sqrt 2 and sqrt 2; margin 1.
    anchors = [max(0, 0 - sqrt(2) + 1), 1, max(0, 0 - sqrt(2) + 1), 1]
    loss = triplet_loss(queries, tracks, 1.0)
    assert float(loss) == pytest.approx(sum(anchors) / 4, abs=1e-4)


def test_triplet_loss_matches_pytorch_over_all_triplets():
    queries, tracks = unit_rows(6, 4), unit_rows(6, 4, 1)
    plain = nn.TripletMarginLoss(margin=0.7, eps=0)
    every = []
    for film in range(6):
        for other in set(range(6)) - {film}:
            rows = slice(film, film + 1), slice(other, other + 1)
            every.append(plain(queries[rows[0]], tracks[rows[0]], tracks[rows[1]]))
            every.append(plain(tracks[rows[0]], queries[rows[0]], queries[rows[1]]))
    torch.testing.assert_close(triplet_loss(queries, tracks, 0.7), torch.stack(every).mean())


def test_triplet_loss_has_a_finite_gradient_at_distance_zero():
    queries = unit_rows(3, 4).requires_grad_()
    triplet_loss(queries, queries.detach().clone(), 1.0).backward()
    assert torch.isfinite(queries.grad).all()


def test_inverse_temperature_matches_clip_and_is_at_most_100():
    model = make_model("image")
    assert model.inverse_temperature().item() == pytest.approx(1 / 0.07)
    model.log_inverse_temperature.data.fill_(9.0)
    assert model.inverse_temperature().item() == pytest.approx(100)


def reference_attention(block, tokens):
    """Output and weights of the block: softmax(q k / sqrt d) v by head, residual, layer norm."""
    weight, bias = block.attention.in_proj_weight, block.attention.in_proj_bias
    heads = [
        (tokens @ w.T + b).unflatten(-1, (towers.HEADS, -1)).transpose(1, 2)
        for w, b in zip(weight.chunk(3), bias.chunk(3), strict=True)
    ]
    query, key, value = heads
    weights = (query @ key.transpose(-1, -2) / sqrt(query.shape[-1])).softmax(-1)
    attended = (weights @ value).transpose(1, 2).flatten(2)
    out = tokens + block.attention.out_proj(attended)
    centred = out - out.mean(-1, keepdim=True)
    normed = centred / (out.var(-1, correction=0, keepdim=True) + block.norm.eps).sqrt()
    return (normed * block.norm.weight + block.norm.bias).flatten(1), weights


@pytest.mark.parametrize("count", [1, 2])
def test_attention_block_matches_reference_formulas(count):
    torch.manual_seed(1)
    block = AttentionBlock()
    for value in block.parameters():
        value.data += 0.05 * torch.randn_like(value)
    tokens = torch.randn(3, count, HIDDEN)
    expected, weights = reference_attention(block, tokens)
    for mode in (block.train(), block.eval()):
        torch.testing.assert_close(mode(tokens), expected, rtol=1e-4, atol=1e-4)
    assert expected.shape == (3, count * HIDDEN)
    if count == 1:
        assert (weights == 1).all()  # a single token has the weight 1
    else:
        assert weights.std() > 0.01


def test_attention_block_with_identity_values_matches_hand_computation():
    """Identity values and equal keys: the mean of both tokens is added to each, then layer norm."""
    block = AttentionBlock()
    identity = torch.eye(HIDDEN)
    block.attention.in_proj_weight.data = torch.cat([0 * identity, 0 * identity, identity])
    block.attention.out_proj.weight.data = identity
    tokens = torch.zeros(1, 2, HIDDEN)
    tokens[0, 0, 0], tokens[0, 1, 1] = 2.0, 4.0
    # Means 1 and 2 at positions 0 and 1; so the tokens are (3, 2, 0, ...) and (1, 6, 0, ...).
    for position, (first, second) in enumerate([(3.0, 2.0), (1.0, 6.0)]):
        mean = (first + second) / HIDDEN
        spread = sqrt((first**2 + second**2) / HIDDEN - mean**2 + block.norm.eps)
        token = block(tokens).detach().unflatten(1, (2, HIDDEN))[0, position]
        assert float(token[0]) == pytest.approx((first - mean) / spread, rel=1e-5)
        assert float(token[1]) == pytest.approx((second - mean) / spread, rel=1e-5)
        assert float(token[2]) == pytest.approx(-mean / spread, rel=1e-4)


def parameter_count(module):
    return sum(value.numel() for value in module.parameters())


def net_parameter_count(inputs):
    """Parameters of linear, batch norm, linear."""
    return inputs * 256 + 256 + 2 * 256 + 256 * 64 + 64


@pytest.mark.parametrize("configuration", list(CONFIGURATIONS))
def test_parameter_counts_match_the_paper(configuration):
    """Projections of 768 to 256, attention with four 256 x 256, layer norm, nets to 64."""
    model = RetrievalModel(configuration, Sizes(768, 768, 0))
    views = (
        2 if retrieval.uses_image(configuration) and retrieval.text_segment(configuration) else 1
    )
    block = 4 * (256 * 256 + 256) + 2 * 256
    query = views * (768 * 256 + 256) + block + net_parameter_count(views * 256)
    if configuration == "baseline":
        query = 2 * net_parameter_count(768)
    if configuration == "avca":
        hidden = 768 * 512 + 3 * 512 + 512 * 300 + 3 * 300  # with batch norm
        layer = 4 * (300 * 300 + 300) + 2 * 2 * 300 + 300 * 64 + 64 + 64 * 300 + 300
        query = 2 * (hidden + 300 + net_parameter_count(300)) + layer
    assert parameter_count(model.query_tower) == query
    assert parameter_count(model.track_tower.net) == net_parameter_count(256)


def test_cnn_transformer_parameter_count_matches_its_layers():
    encoder = cnn_transformer.CnnTransformer()
    # Two 3 x 3 convolutions, a 1 x 1 and three norms a block.
    pairs = [(1, 64), (64, 128), (128, 256), (256, 256)]
    blocks = sum(9 * a * b + 9 * b * b + a * b + 6 * b for a, b in pairs)
    token = 256 * 8 * 256 + 256
    layer = 4 * (256 * 256 + 256) + 2 * 256 * 1024 + 1024 + 256 + 4 * 256
    assert parameter_count(encoder) == blocks + token + 4 * layer + 256 + (1 + 27) * 256
    assert encoder.position.shape == (
        1,
        28,
        256,
    )  # 426 frames halved four times; class token


def test_residual_block_matches_torch_functional():
    torch.manual_seed(0)
    block = cnn_transformer.ResidualBlock(8, 16)
    values = torch.randn(2, 8, 9, 6)
    first, norm, _, second, last = block.convolutions
    projection, projection_norm = block.shortcut
    main = functional.conv2d(values, first.weight, stride=2, padding=1)
    main = functional.group_norm(main, 8, norm.weight, norm.bias).relu()
    main = functional.group_norm(
        functional.conv2d(main, second.weight, padding=1), 8, last.weight, last.bias
    )
    shortcut = functional.group_norm(
        functional.conv2d(values, projection.weight, stride=2),
        8,
        projection_norm.weight,
        projection_norm.bias,
    )
    torch.testing.assert_close(block(values), (main + shortcut).relu())
    assert block(values).shape == (2, 16, 5, 3)


def test_log_mel_matches_librosa():
    random = np.random.default_rng(0)
    time_s = np.arange(retrieval.FRAGMENT) / retrieval.RATE_HZ
    samples = 0.3 * np.sin(2 * np.pi * 440 * time_s) + 0.01 * random.normal(size=len(time_s))
    samples = samples.astype(np.float32)
    power = librosa.feature.melspectrogram(
        y=samples, sr=22_050, n_fft=1024, hop_length=512, n_mels=128, center=False
    )
    expected = librosa.power_to_db(power)
    spectrogram = cnn_transformer.log_mel(np.stack([samples, np.zeros_like(samples)]))
    assert spectrogram.shape == (2, 128, 426)
    np.testing.assert_allclose(spectrogram[0], expected, atol=0.05)
    assert (spectrogram[1] == -100).all()


@pytest.fixture
def small_cnn(monkeypatch):
    """A CNN-Transformer of two layers for fragments of 16 bands and 32 frames."""
    monkeypatch.setattr(cnn_transformer, "BANDS", 16)
    monkeypatch.setattr(cnn_transformer, "FRAMES", 32)
    monkeypatch.setattr(towers, "BANDS", 16)
    monkeypatch.setattr(cnn_transformer, "LAYERS", 2)


def loss_and_gradients(model, views, fragments, size, bfloat16=False):
    model.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        queries, tracks = model.query_tower(views), model.track_tower(fragments, size)
    loss = contrastive_loss(queries, tracks, model.inverse_temperature())
    loss.backward()
    return loss.detach(), [value.grad.clone() for value in model.parameters()]


def test_micro_batches_give_the_loss_and_gradient_of_the_full_batch(small_cnn):
    """All fragments of the batch are negatives of each other and share batch norm statistics."""
    model = make_model("image", Sizes(5, 0, 0)).train()
    model.query_tower.net[3].p = model.track_tower.net[3].p = 0.0
    views = {"image": torch.randn(12, 5)}
    fragments = torch.randn(12, 16, 32)
    full_loss, full_gradients = loss_and_gradients(model, views, fragments, 0)
    micro_loss, micro_gradients = loss_and_gradients(model, views, fragments, 5)
    torch.testing.assert_close(micro_loss, full_loss)
    torch.testing.assert_close(micro_gradients, full_gradients, rtol=1e-3, atol=1e-6)
    half_losses = torch.stack(
        [
            loss_and_gradients(
                model, {"image": views["image"][n : n + 6]}, fragments[n : n + 6], 0
            )[0]
            for n in (0, 6)
        ]
    )
    # With half the negatives the loss is different.
    assert abs(float(sum(half_losses) / 2 - full_loss)) > 0.1


def test_micro_batch_gradients_in_bfloat16_match_the_full_batch(small_cnn):
    """Gradients of micro-batches equal those of the batch up to bfloat16 rounding."""
    model = make_model("image", Sizes(5, 0, 0)).train()
    model.query_tower.net[3].p = model.track_tower.net[3].p = 0.0
    batch = {"image": torch.randn(12, 5)}, torch.randn(12, 16, 32)
    exact = torch.cat([value.flatten() for value in loss_and_gradients(model, *batch, 0)[1]])
    rounded, micro_batched = (
        torch.cat([value.flatten() for value in loss_and_gradients(model, *batch, size, True)[1]])
        for size in (0, 5)
    )
    assert micro_batched.dtype == torch.float32
    error = (rounded - exact).norm() / exact.norm()
    assert 1e-4 < error < 0.3  # bfloat16 is in use
    assert (micro_batched - exact).norm() / exact.norm() < 1.5 * error
    assert (micro_batched - rounded).norm() / exact.norm() < error


def test_micro_batches_save_few_values_for_the_backward_pass(small_cnn):
    """Feature maps are recomputed in the backward pass, so less than 1/50 is saved."""
    model = make_model("image", Sizes(5, 0, 0)).train()

    def saved_values(size):
        sizes = []
        fragments = torch.randn(16, 16, 32)

        def record(value):
            if value.data_ptr() != fragments.data_ptr():
                sizes.append(value.numel())
            return value

        with torch.autograd.graph.saved_tensors_hooks(record, lambda value: value):
            towers.in_micro_batches(model.track_tower.encoder, fragments, size)
        return sum(sizes)

    assert saved_values(4) < saved_values(16) / 50


def test_missing_view_is_replaced_by_the_training_mean():
    model = make_model("all")
    views = make_views(4)
    model.query_tower.standardizers["text"].mean.copy_(torch.linspace(-1, 1, 7))
    mean = np.tile(np.linspace(-1, 1, 7, dtype=np.float32), (4, 1))
    without = networks.embed_queries(model, {"image": views["image"]})
    with_mean = networks.embed_queries(model, {"image": views["image"], "text": mean})
    np.testing.assert_allclose(without, with_mean, atol=1e-6)
    assert np.abs(without - networks.embed_queries(model, views)).max() > 0.01


@pytest.mark.parametrize("configuration", list(CONFIGURATIONS))
def test_embeddings_are_unit_vectors_and_do_not_depend_on_their_batch(configuration):
    model = make_model(configuration)
    views = select_views(configuration, make_views(5))
    embeddings = networks.embed_queries(model, views)
    assert embeddings.shape == (5, 64)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)
    single = networks.embed_queries(model, {view: rows[2:3] for view, rows in views.items()})
    np.testing.assert_allclose(single[0], embeddings[2], atol=1e-5)


def test_baseline_query_is_the_normalized_mean_of_its_views():
    model = make_model("baseline")
    views = {view: torch.from_numpy(rows) for view, rows in make_views(3).items()}
    image, text = (
        functional.normalize(model.query_tower.nets[view](views[view]), dim=1)
        for view in ("image", "text")
    )
    expected = functional.normalize((image + text) / 2, dim=1)
    torch.testing.assert_close(model.query_tower(views), expected)


@pytest.mark.parametrize("view", ["image", "text"])
def test_baseline_with_one_view_returns_the_embedding_of_that_view(view):
    model = make_model("baseline")
    rows = make_views(3)[view]
    expected = functional.normalize(model.query_tower.nets[view](torch.from_numpy(rows)), dim=1)
    embeddings = networks.embed_queries(model, {view: rows})
    np.testing.assert_allclose(embeddings, expected.detach(), atol=1e-6)


def test_track_embedding_is_the_normalized_mean_of_its_fragments():
    model = make_model("image")
    fragments = np.random.default_rng(0).normal(size=(70, 6)).astype(np.float32)
    track = np.repeat([0, 1, 2], [1, 4, 65])
    embeddings = networks.embed_fragments(model, fragments)
    tracks = networks.embed_tracks(model, fragments, track)
    for number in range(3):
        mean = embeddings[track == number].mean(axis=0)
        np.testing.assert_allclose(tracks[number], mean / np.linalg.norm(mean), atol=1e-6)


def test_loaded_model_gives_equal_embeddings():
    model = make_model("all")
    arrays = {name: value.numpy() for name, value in model.state_dict().items()}
    views = make_views(3)
    loaded = networks.load_model("all", SIZES, arrays)
    np.testing.assert_array_equal(
        networks.embed_queries(loaded, views), networks.embed_queries(model, views)
    )
