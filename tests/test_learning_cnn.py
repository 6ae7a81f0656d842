"""The tagger's networks side by side, against plain modules of PyTorch and members alone."""

import numpy as np
import pytest
import torch
from plain_tagger import Given, fill, plain_network, with_given_dropout
from torch import nn
from torch.nn import functional

from scorelens.learning import cnn, cnn_architectures, cnn_batches, cnn_training
from scorelens.learning.cnn_batches import TrainingSet
from scorelens.learning.cnn_training import train_networks
from scorelens.learning.trainer import stack_parameters

torch.set_num_threads(1)

SMALL = {"dnn": (6, 8), "cnn": (40, 36), "cnn_ensemble": (20, 18), "mel_cnn": (60, 24)}
OUTPUTS = {"dnn": 3, "cnn": 3, "cnn_ensemble": 1, "mel_cnn": 3}
EXCLUSIVE = ("dnn", "cnn")
NETWORKS = list(SMALL)
SETTINGS = {"learning_rate": 1e-3, "batch_size": 8, "epochs": 3, "patience": 3}


@pytest.fixture
def few_at_once(monkeypatch):
    """Pieces of two tiles for the DNN, of one for the others."""
    monkeypatch.setitem(cnn.VALUES_AT_ONCE, "cpu", 100)


def make_targets(model, classes):
    """Classes as targets of a model: their numbers, or the outputs that belong to them."""
    if model in EXCLUSIVE:
        return classes
    return (classes[:, None] == np.arange(OUTPUTS[model])).astype(np.float32)


def make_instances(model, tiles=60, seed=0):
    """Noise, with one loud band for each of two classes."""
    random = np.random.default_rng(seed)
    height, width = SMALL[model]
    instances = random.standard_normal((tiles, height, width)).astype(np.float16)
    classes = random.integers(0, 2, tiles)
    for tile, number in enumerate(classes):
        instances[tile, number * height // 2 : (number + 1) * height // 2] += 2
    return instances, classes


def make_training_set(model, classes, rows, validation_rows, member=0):
    height = SMALL[model][0]
    random = np.random.default_rng(member)
    targets = make_targets(model, classes)
    return TrainingSet(
        rows,
        targets[rows],
        random.uniform(0.5, 2, len(rows)).astype(np.float32),
        validation_rows,
        targets[validation_rows],
        random.uniform(0.5, 2, len(validation_rows)).astype(np.float32),
        random.normal(0, 0.1, height).astype(np.float32),
        random.uniform(0.5, 1.5, height).astype(np.float32),
        (7, member),
    )


def make_networks(model, members):
    height, width = SMALL[model]
    made = []
    for member in range(members):
        random = np.random.default_rng(member)
        one = cnn_architectures.initial_parameters(model, height, width, OUTPUTS[model], random)
        for name in one:
            if name.endswith(".bias"):
                one[name] = random.normal(0, 0.1, one[name].shape).astype(np.float32)
        one["mean"] = random.normal(0, 1, height).astype(np.float32)
        one["inverse_std"] = random.uniform(0.5, 2, height).astype(np.float32)
        made.append(one)
    return made


def trained_parameters(network):
    return {name: value for name, value in network.items() if name not in ("mean", "inverse_std")}


def plain_from(model, network):
    plain = plain_network(model, *SMALL[model], OUTPUTS[model])
    fill(plain, trained_parameters(network))
    return plain


def give_masks(plain, masks, member):
    """Hand a plain network the dropout of one member."""
    for layer, mask in zip([m for m in plain if isinstance(m, Given)], masks, strict=True):
        member_mask = mask[member]
        layer.mask = member_mask.permute(0, 3, 1, 2) if member_mask.ndim == 4 else member_mask


@pytest.mark.parametrize(
    ("model", "height", "outputs", "count", "flat"),
    [
        # 40 x 100 x 50 + 50, 50 x 50 + 50, 50 x 10 + 10
        ("dnn", 40, 10, 200_050 + 2_550 + 510, 4000),
        # 40 x 100 -> 36 x 96 -> 18 x 48 -> 16 x 46 -> 8 x 23 -> 7 x 22 -> 3 x 11 -> 2 x 10 -> 1 x 5
        ("cnn", 40, 10, 832 + 18_496 + 32_896 + 131_328 + 64_050 + 2_550 + 510, 256 * 5),
        # 40 x 100 -> 38 x 98 -> 19 x 49 -> 18 x 48 -> 9 x 24 -> 8 x 23 -> 4 x 11
        ("cnn_ensemble", 40, 1, 320 + 8_256 + 32_896 + 281_650 + 2_550 + 51, 128 * 44),
        # 128 x 100 -> 126 x 98 -> 31 x 49 -> 29 x 47 -> 14 x 23 -> 12 x 21 -> 12
        ("mel_cnn", 128, 10, 320 + 18_496 + 73_856 + 15_370, 128 * 12),
    ],
)
def test_shapes(model, height, outputs, count, flat):
    shapes = cnn_architectures.parameter_shapes(model, height, 100, outputs)
    assert sum(np.prod(shape) for shape in shapes.values()) == count
    assert shapes["dense.0.weight"][1] == flat
    plain = plain_network(model, height, 100, outputs)
    assert list(shapes.values()) == [tuple(value.shape) for value in plain.parameters()]


def test_dropout_sites():
    """The thesis's shares, where its pools leave 19 x 49, 9 x 24 and 4 x 11."""
    sites = cnn_architectures.dropout_sites("cnn_ensemble", 40, 100)
    convolutions = [((19, 49, 32), 0.1), ((9, 24, 64), 0.2), ((4, 11, 128), 0.3)]
    assert sites == [*convolutions, ((50,), 0.5)]
    assert cnn_architectures.dropout_sites("dnn", 40, 100) == [
        ((4000,), 0.2),
        ((50,), 0.5),
        ((50,), 0.5),
    ]


@pytest.mark.parametrize("model", NETWORKS)
def test_start(model):
    """Weights uniform with the variance of Glorot, 2 / (in + out), or of He, 2 / in."""
    one = cnn_architectures.initial_parameters(model, 128, 100, 10, np.random.default_rng(0))
    for name, value in one.items():
        if name.endswith(".bias"):
            assert not value.any()
        elif value.size > 4000:
            field = np.prod(value.shape[2:])
            fans = value.shape[1] * field + (0 if model == "mel_cnn" else value.shape[0] * field)
            assert value.var() == pytest.approx(2 / fans, rel=0.06)
            assert abs(value).max() <= np.sqrt(6 / fans) * (1 + 1e-6)


@pytest.mark.parametrize("model", NETWORKS)
def test_predictions_are_those_of_plain_modules(model, few_at_once):
    instances, _ = make_instances(model, tiles=65)
    members = make_networks(model, 3)
    predictions = cnn.predict(model, members, instances)
    assert predictions.dtype == np.float32
    assert predictions.shape == (3, len(instances), OUTPUTS[model])
    assert predictions.min() >= 0
    assert predictions.max() <= 1
    if model in EXCLUSIVE:
        np.testing.assert_allclose(predictions.sum(-1), 1, atol=1e-6)
    for prediction, one in zip(predictions, members, strict=True):
        scaled = (instances - one["mean"][:, None]) * one["inverse_std"][:, None]
        with torch.no_grad():
            outputs = plain_from(model, one).eval()(torch.from_numpy(scaled)[:, None])
        expected = outputs.softmax(1) if model in EXCLUSIVE else outputs.sigmoid()
        np.testing.assert_allclose(prediction, expected.numpy(), atol=2e-5)
        assert prediction.std() > 1e-3


def test_predictions_of_no_tiles():
    none = np.zeros((0, *SMALL["dnn"]), np.float32)
    assert cnn.predict("dnn", make_networks("dnn", 2), none).shape == (2, 0, 3)


@pytest.mark.parametrize("model", NETWORKS)
def test_members_in_one_pass_are_plain_modules(model):
    """As on a GPU, all members go through the layers together: the same outputs and gradients."""
    members, tiles = 3, 4
    made = [trained_parameters(one) for one in make_networks(model, members)]
    stacked = stack_parameters(made, torch.device("cpu"))
    parameters = {name: value.requires_grad_() for name, value in stacked.items()}
    sound = torch.randn(members, tiles, *SMALL[model], generator=torch.Generator().manual_seed(1))
    streams = [np.random.default_rng(member) for member in range(members)]
    masks = [
        cnn_batches.draw_dropout_mask(site, [tiles] * members, streams, torch.device("cpu"))
        for site in cnn_architectures.dropout_sites(model, *SMALL[model])
    ]
    outputs = cnn.forward(model, parameters, sound, masks)
    gradients = torch.autograd.grad(outputs.square().sum(), list(parameters.values()))
    for member in range(members):
        plain = with_given_dropout(plain_from(model, made[member]))
        give_masks(plain, masks, member)
        expected = plain(sound[member][:, None])
        torch.testing.assert_close(outputs[member], expected, atol=1e-5, rtol=1e-4)
        theirs = torch.autograd.grad(expected.square().sum(), list(plain.parameters()))
        for mine, other in zip(gradients, theirs, strict=True):
            torch.testing.assert_close(mine[member], other, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("model", NETWORKS)
def test_training_is_that_of_plain_modules(model, few_at_once):
    """Three epochs of two batches, in pieces: losses and parameters as of PyTorch's own Adam."""
    instances, classes = make_instances(model, tiles=12)
    training_set = make_training_set(model, classes, np.arange(12), np.arange(0))
    (trained,) = train_networks(model, instances, [training_set], OUTPUTS[model], SETTINGS)
    shape = (*SMALL[model], OUTPUTS[model])
    random = cnn_batches.random_stream(training_set)
    plain = plain_network(model, *shape)
    fill(plain, cnn_architectures.initial_parameters(model, *shape, random))
    plain = with_given_dropout(plain)
    optimiser = torch.optim.Adam(plain.parameters(), SETTINGS["learning_rate"], eps=1e-7)
    sites = cnn_architectures.dropout_sites(model, *SMALL[model])
    loss_function = nn.CrossEntropyLoss(reduction="none") if model in EXCLUSIVE else _binary_loss
    drawn, losses = cnn_batches.epoch_batches(12, SETTINGS["batch_size"], random), []
    for _ in range(2 * SETTINGS["epochs"]):
        chosen, _ = next(drawn)
        masks = [
            cnn_batches.draw_dropout_mask(site, [6], [random], torch.device("cpu"))
            for site in sites
        ]
        give_masks(plain, masks, 0)
        scaled = (instances[chosen] - training_set.mean[:, None]) * training_set.inverse_std[
            :, None
        ]
        each = loss_function(
            plain(torch.from_numpy(scaled)[:, None]), torch.tensor(training_set.targets[chosen])
        )
        weight = torch.from_numpy(training_set.weights[chosen])
        optimiser.zero_grad()
        ((each * weight).sum() / weight.sum()).backward()
        optimiser.step()
        losses.append([(each * weight).sum().item(), weight.sum().item()])
    sums = np.array(losses).reshape(-1, 2, 2).sum(1)
    np.testing.assert_allclose(trained.curve[:, 0], sums[:, 0] / sums[:, 1], rtol=1e-4)
    assert np.isnan(trained.curve[:, 1]).all()
    for value, expected in zip(
        trained_parameters(trained.arrays).values(), plain.parameters(), strict=True
    ):
        np.testing.assert_allclose(value, expected.detach().numpy(), atol=1e-4)
    np.testing.assert_array_equal(trained.arrays["mean"], training_set.mean)
    np.testing.assert_array_equal(trained.arrays["inverse_std"], training_set.inverse_std)


def _binary_loss(logits, targets):
    return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(1)


def uneven_training_sets(model, classes):
    """Members of different length; the second is judged by wrong labels, and stops early."""
    rows = np.arange(len(classes))
    training_sets = [
        make_training_set(model, classes, rows[:34], rows[40:], 0),
        make_training_set(model, classes, rows[3:20], rows[40:55], 1),
        make_training_set(model, classes, rows[10:37], rows[:0], 2),
    ]
    wrong = make_targets(model, 1 - classes)[training_sets[1].validation_rows]
    training_sets[1] = training_sets[1]._replace(validation_targets=wrong)
    return training_sets


@pytest.mark.parametrize("together", [False, True], ids=["in turns", "in one pass"])
@pytest.mark.parametrize("model", NETWORKS)
def test_batched_is_alone(model, together, monkeypatch):
    """Sizes differ, epochs do not coincide, one member leaves: each trains as it would alone.

    In one pass, as on a GPU, short batches are padded.
    """
    instances, classes = make_instances(model)
    training_sets = uneven_training_sets(model, classes)
    settings = SETTINGS | {"epochs": 5, "patience": 1}
    alone = [
        train_networks(model, instances, [one], OUTPUTS[model], settings)[0]
        for one in training_sets
    ]
    if together:
        monkeypatch.setattr(
            cnn_training, "member_slices", lambda _model, members, _: [slice(0, members)]
        )
    batched = train_networks(model, instances, training_sets, OUTPUTS[model], settings)
    assert len(alone[1].curve) < len(alone[0].curve)
    assert [len(one.curve) for one in batched] == [len(one.curve) for one in alone]
    for mine, other in zip(batched, alone, strict=True):
        np.testing.assert_allclose(mine.curve, other.curve, atol=1e-4)
        assert mine.arrays.keys() == other.arrays.keys()
        for name, value in mine.arrays.items():
            np.testing.assert_allclose(value, other.arrays[name], atol=3e-4, err_msg=name)


def test_early_stopping_keeps_the_best_epoch(few_at_once):
    """The same bits as of a training that ends with the best epoch."""
    instances, classes = make_instances("cnn_ensemble")
    classes[::3] = 1 - classes[::3]  # with wrong labels among them, the right ones wear off
    rows = np.arange(len(instances))
    training_set = make_training_set("cnn_ensemble", classes, rows[:40], rows[40:])
    settings = SETTINGS | {"epochs": 60, "patience": 4}
    (stopped,) = train_networks("cnn_ensemble", instances, [training_set], 1, settings)
    best = int(stopped.curve[:, 1].argmin()) + 1
    assert best > 1
    assert len(stopped.curve) == best + 4 < 60
    (brief,) = train_networks(
        "cnn_ensemble", instances, [training_set], 1, settings | {"epochs": best}
    )
    for name, value in stopped.arrays.items():
        np.testing.assert_array_equal(value, brief.arrays[name])
    probability = cnn.predict(
        "cnn_ensemble", [stopped.arrays], instances[training_set.validation_rows]
    )[0]
    each = functional.binary_cross_entropy(
        torch.from_numpy(probability),
        torch.from_numpy(training_set.validation_targets),
        reduction="none",
    )
    mean = np.average(each[:, 0].numpy(), weights=training_set.validation_weights)
    assert mean == pytest.approx(stopped.curve[best - 1, 1], rel=1e-5)


@pytest.mark.parametrize("model", NETWORKS)
def test_learns_to_separate_classes(model):
    instances, classes = make_instances(model, tiles=90)
    rows = np.arange(90)
    training_set = make_training_set(model, classes, rows[:60], rows[60:75])
    settings = {"learning_rate": 2e-3, "batch_size": 8, "epochs": 12, "patience": 12}
    (trained,) = train_networks(model, instances, [training_set], OUTPUTS[model], settings)
    assert trained.curve[-1, 0] < 0.7 * trained.curve[0, 0]
    probability = cnn.predict(model, [trained.arrays], instances[75:])[0]
    predicted = probability.argmax(1) if OUTPUTS[model] > 1 else probability[:, 0] < 0.5
    assert (predicted == classes[75:]).mean() > 0.9


@pytest.mark.parametrize("model", ["dnn", "cnn_ensemble"])
def test_same_seed_same_bits(model):
    instances, classes = make_instances(model)
    rows = np.arange(len(classes))
    training_set = make_training_set(model, classes, rows[:40], rows[40:])
    twice = training_set._replace(seed=(7, 1))
    first, other = train_networks(model, instances, [training_set, twice], OUTPUTS[model], SETTINGS)
    again, _ = train_networks(model, instances, [training_set, twice], OUTPUTS[model], SETTINGS)
    np.testing.assert_array_equal(first.curve, again.curve)
    assert (first.curve != other.curve).all()
    for name, value in first.arrays.items():
        np.testing.assert_array_equal(value, again.arrays[name])


def test_no_training_sets():
    assert train_networks("dnn", np.zeros((1, 6, 8), np.float32), [], 3, SETTINGS) == []


def test_an_epoch_takes_each_tile_once_in_even_batches():
    drawn = cnn_batches.epoch_batches(17, 8, np.random.default_rng(0))
    epochs = [[next(drawn) for _ in range(3)] for _ in range(2)]
    for epoch in epochs:
        assert sorted(len(chosen) for chosen, _ in epoch) == [5, 6, 6]
        assert [last for _, last in epoch] == [False, False, True]
        assert sorted(np.concatenate([chosen for chosen, _ in epoch])) == list(range(17))
    assert (epochs[0][0][0] != epochs[1][0][0]).any()


def test_dropout_keeps_its_share_and_the_mean():
    site = cnn_architectures.DropoutSite((40, 50, 4), 0.3)
    streams = [np.random.default_rng(member) for member in range(2)]
    masks = cnn_batches.draw_dropout_mask(site, [5, 3], streams, torch.device("cpu")).numpy()
    assert masks.shape == (2, 5, 40, 50, 4)
    assert not masks[1, 3:].any()
    for there in (masks[0], masks[1, :3]):
        assert (there == 0).mean() == pytest.approx(0.3, abs=0.01)
        assert there.mean() == pytest.approx(1, abs=0.01)


def test_a_batch_without_weight_changes_nothing():
    """And leaves no nan behind."""
    instances, classes = make_instances("dnn")
    rows = np.arange(16)
    training_set = make_training_set("dnn", classes, rows, rows[:0])
    training_set = training_set._replace(weights=np.zeros(16, np.float32))
    (trained,) = train_networks("dnn", instances, [training_set], 3, SETTINGS)
    first = cnn_architectures.initial_parameters(
        "dnn", 6, 8, 3, cnn_batches.random_stream(training_set)
    )
    for name, value in first.items():
        np.testing.assert_array_equal(trained.arrays[name], value)
