"""CNNs trained side by side, against plain PyTorch modules and members trained alone."""

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
def small_micro_batches(monkeypatch):
    """Micro-batches of two tiles for the DNN and of one tile for the other networks."""
    monkeypatch.setitem(cnn.VALUES_AT_ONCE, "cpu", 100)


def make_targets(model, classes):
    """Targets of a model from class numbers: the numbers, or their one-hot encoding."""
    if model in EXCLUSIVE:
        return classes
    return (classes[:, None] == np.arange(OUTPUTS[model])).astype(np.float32)


def make_instances(model, tiles=60, seed=0):
    """Noise of two classes: class 0 adds 2 to the lower half of the bands, class 1 to the upper."""
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


def set_masks(plain, masks, member):
    """Set the dropout masks of one member in a plain network."""
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
def test_parameter_shapes_match_plain_networks(model, height, outputs, count, flat):
    shapes = cnn_architectures.parameter_shapes(model, height, 100, outputs)
    assert sum(np.prod(shape) for shape in shapes.values()) == count
    assert shapes["dense.0.weight"][1] == flat
    plain = plain_network(model, height, 100, outputs)
    assert list(shapes.values()) == [tuple(value.shape) for value in plain.parameters()]


def test_dropout_sites_have_pooled_shapes_and_rates():
    """The thesis's rates, at the pooled sizes 19 x 49, 9 x 24 and 4 x 11."""
    sites = cnn_architectures.dropout_sites("cnn_ensemble", 40, 100)
    convolutions = [((19, 49, 32), 0.1), ((9, 24, 64), 0.2), ((4, 11, 128), 0.3)]
    assert sites == [*convolutions, ((50,), 0.5)]
    assert cnn_architectures.dropout_sites("dnn", 40, 100) == [
        ((4000,), 0.2),
        ((50,), 0.5),
        ((50,), 0.5),
    ]


@pytest.mark.parametrize("model", NETWORKS)
def test_initial_weights_have_glorot_or_he_variance(model):
    """Uniform weights with the variance of Glorot, 2 / (in + out), or of He, 2 / in."""
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
def test_predictions_match_plain_modules(model, small_micro_batches):
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


def test_predict_without_tiles_returns_empty_array():
    none = np.zeros((0, *SMALL["dnn"]), np.float32)
    assert cnn.predict("dnn", make_networks("dnn", 2), none).shape == (2, 0, 3)


@pytest.mark.parametrize("model", NETWORKS)
def test_outputs_and_gradients_of_stacked_members_match_plain_modules(model):
    """All members go through the layers in one pass, as on a GPU."""
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
        set_masks(plain, masks, member)
        expected = plain(sound[member][:, None])
        torch.testing.assert_close(outputs[member], expected, atol=1e-5, rtol=1e-4)
        expected_gradients = torch.autograd.grad(expected.square().sum(), list(plain.parameters()))
        for gradient, reference in zip(gradients, expected_gradients, strict=True):
            torch.testing.assert_close(gradient[member], reference, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("model", NETWORKS)
def test_training_matches_plain_modules_with_adam(model, small_micro_batches):
    """Losses and parameters after three epochs of two batches, with micro-batches."""
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
        set_masks(plain, masks, 0)
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
    """Members of different sizes; wrong validation labels make the second stop early."""
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
def test_members_trained_together_equal_members_trained_alone(model, together, monkeypatch):
    """Sizes and numbers of batches differ, and one member stops early.

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
    for actual, expected in zip(batched, alone, strict=True):
        np.testing.assert_allclose(actual.curve, expected.curve, atol=1e-4)
        assert actual.arrays.keys() == expected.arrays.keys()
        for name, value in actual.arrays.items():
            np.testing.assert_allclose(value, expected.arrays[name], atol=3e-4, err_msg=name)


def test_early_stopping_restores_the_best_epoch(small_micro_batches):
    """The arrays are bitwise equal to those of a training that ends with the best epoch."""
    instances, classes = make_instances("cnn_ensemble")
    classes[::3] = 1 - classes[::3]  # wrong labels make the network overfit
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
def test_network_separates_two_classes(model):
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
def test_same_seed_gives_bitwise_equal_training(model):
    instances, classes = make_instances(model)
    rows = np.arange(len(classes))
    training_set = make_training_set(model, classes, rows[:40], rows[40:])
    other_seed = training_set._replace(seed=(7, 1))
    first, other = train_networks(
        model, instances, [training_set, other_seed], OUTPUTS[model], SETTINGS
    )
    again, _ = train_networks(
        model, instances, [training_set, other_seed], OUTPUTS[model], SETTINGS
    )
    np.testing.assert_array_equal(first.curve, again.curve)
    assert (first.curve != other.curve).all()
    for name, value in first.arrays.items():
        np.testing.assert_array_equal(value, again.arrays[name])


def test_train_networks_without_training_sets_returns_empty_list():
    assert train_networks("dnn", np.zeros((1, 6, 8), np.float32), [], 3, SETTINGS) == []


def test_epoch_batches_contain_each_tile_once_in_even_sizes():
    drawn = cnn_batches.epoch_batches(17, 8, np.random.default_rng(0))
    epochs = [[next(drawn) for _ in range(3)] for _ in range(2)]
    for epoch in epochs:
        assert sorted(len(chosen) for chosen, _ in epoch) == [5, 6, 6]
        assert [last for _, last in epoch] == [False, False, True]
        assert sorted(np.concatenate([chosen for chosen, _ in epoch])) == list(range(17))
    assert (epochs[0][0][0] != epochs[1][0][0]).any()


def test_dropout_mask_has_its_rate_and_mean_one():
    site = cnn_architectures.DropoutSite((40, 50, 4), 0.3)
    streams = [np.random.default_rng(member) for member in range(2)]
    masks = cnn_batches.draw_dropout_mask(site, [5, 3], streams, torch.device("cpu")).numpy()
    assert masks.shape == (2, 5, 40, 50, 4)
    assert not masks[1, 3:].any()
    for member_mask in (masks[0], masks[1, :3]):
        assert (member_mask == 0).mean() == pytest.approx(0.3, abs=0.01)
        assert member_mask.mean() == pytest.approx(1, abs=0.01)


def test_batches_of_zero_weight_do_not_change_parameters():
    """The sum of weights in the denominator is zero; it must not give NaN."""
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
