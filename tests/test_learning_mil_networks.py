"""MIL networks of all folds trained at once, against plain PyTorch modules."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_networks import PlainNetwork
from torch import nn

from scorelens.learning import mil_batches, mil_networks, mil_pooling, mil_training
from scorelens.learning.class_weights import balanced_label_weights
from scorelens.learning.packed_bags import Bags
from scorelens.learning.scaling import fit_feature_scaler, standardise
from scorelens.learning.trainer import stack_parameters

torch.set_num_threads(1)

NETWORKS = list(mil_pooling.POOLINGS)
POOLS = (mil_pooling.max_pooling, mil_pooling.average_pooling, mil_pooling.linear_softmax)
FEATURES, HIDDEN, GENRES = 5, 4, 3
SETTINGS = {"hidden": HIDDEN, "dropout": 0.5, "learning_rate": 5e-5, "batch_size": 4, "epochs": 4}


def make_bags(films=9, seed=0):
    random = np.random.default_rng(seed)
    sizes = random.integers(2, 7, films)
    x = random.standard_normal((sizes.sum(), FEATURES)).astype(np.float32)
    actual = random.random((films, GENRES)) < 0.5
    actual[0], actual[1] = True, False
    return Bags(x, np.concatenate([[0], np.cumsum(sizes)])), actual


def plain_network(model, parameters):
    """A plain network with the parameters of one fold."""
    network = PlainNetwork(model, FEATURES, HIDDEN, GENRES, dropout=0)
    for layer, linear in enumerate(network.linears):
        linear.weight.data = torch.from_numpy(parameters[f"embedding.{layer}.weight"].copy())
    for name in mil_pooling.POOLINGS[model].layer_shapes(HIDDEN, GENRES):
        head = network.heads[name.replace(".", "_")]
        head.weight.data = torch.from_numpy(parameters[f"{name}.weight"].copy())
        if head.bias is not None:
            head.bias.data = torch.from_numpy(parameters[f"{name}.bias"][:, 0].copy())
    return network


def initial_networks(model, folds):
    """Stacked initial parameters of several folds, and plain networks with the same values."""
    streams = [mil_batches.fold_stream(1, fold) for fold in range(folds)]
    initial = [
        mil_networks.initial_parameters(model, FEATURES, HIDDEN, GENRES, stream)
        for stream in streams
    ]
    parameters = {
        name: value.requires_grad_(mil_networks.is_trained(name))
        for name, value in stack_parameters(initial, torch.device("cpu")).items()
    }
    plain = [plain_network(model, one) for one in initial]
    return parameters, plain


def packed(bags, chosen):
    rows, members = mil_batches.pack(chosen, bags)
    instances = torch.from_numpy(np.vstack([bags.instances, np.zeros((1, FEATURES), np.float32)]))
    return instances[torch.from_numpy(rows)], torch.from_numpy(members)


def make_batch(instances, members, masks, bag_masks, keep):
    """A batch with mean and variance computed fold by fold."""
    is_present = members.sum(2).bool()
    present = [rows[mask] for rows, mask in zip(instances, is_present, strict=True)]
    mean, variance = (
        torch.stack([moment(rows) for rows in present])
        for moment in (lambda rows: rows.mean(0), lambda rows: rows.var(0, unbiased=False))
    )
    masks, bag_masks = (mask.to(torch.uint8) for mask in (masks, bag_masks))
    return mil_networks.Batch(instances, members, mean, variance, masks, bag_masks, keep)


@pytest.mark.parametrize("model", NETWORKS)
def test_training_step_matches_plain_networks(model):
    bags, actual = make_bags()
    chosen = np.array([[0, 3, 5], [8, 1, -1], [2, 4, 7]])
    parameters, plain = initial_networks(model, 3)
    instances, members = packed(bags, chosen)
    counts = members.sum((1, 2)).numpy().astype(int)
    streams = [mil_batches.fold_stream(2, fold) for fold in range(3)]
    masks = torch.from_numpy(mil_batches.draw_dropout_masks(streams, counts, 3, HIDDEN, 0.5))
    bag_masks = torch.rand(3, HIDDEN, 3) < 0.5
    bag_masks[1, :, 2] = False  # this fold has two bags
    batch = make_batch(instances, members, masks, bag_masks, 0.5)
    result = mil_networks.train_forward(model, parameters, batch)
    targets = torch.from_numpy(actual.astype(np.float32))
    weights = torch.rand(3, 2, GENRES)
    loss = mil_training.fold_losses(result, targets, weights, torch.from_numpy(chosen))
    loss.sum().backward()
    total = 0.0
    for fold, network in enumerate(plain):
        films = chosen[fold][chosen[fold] >= 0]
        layer_masks = [masks[layer, fold, :, : counts[fold]].T / 0.5 for layer in range(3)]
        film_masks = bag_masks[fold, :, : len(films)].T / 0.5
        film_instances = [torch.from_numpy(bags.one(film).instances) for film in films]
        expected = network(film_instances, [*layer_masks, film_masks])
        torch.testing.assert_close(result[fold, :, : len(films)].T, expected, atol=1e-5, rtol=1e-4)
        weight = torch.where(targets[films] > 0, weights[fold, 0], weights[fold, 1])
        expected_loss = nn.functional.binary_cross_entropy(expected, targets[films], weight)
        torch.testing.assert_close(loss[fold], expected_loss, atol=1e-5, rtol=1e-4)
        total += expected_loss
    total.backward()
    for fold, network in enumerate(plain):
        _assert_same_gradients(parameters, network, fold)
        _assert_same_running_statistics(parameters, network, fold)


def _assert_same_gradients(parameters, network, fold):
    pairs = {"input.norm_weight": network.norms[0].weight}
    for layer in range(3):
        pairs[f"embedding.{layer}.weight"] = network.linears[layer].weight
        pairs[f"embedding.{layer}.norm_weight"] = network.norms[layer + 1].weight
        pairs[f"embedding.{layer}.norm_bias"] = network.norms[layer + 1].bias
    for name in mil_pooling.POOLINGS[network.model].layer_shapes(HIDDEN, GENRES):
        pairs[f"{name}.weight"] = network.heads[name.replace(".", "_")].weight
    if "bag.norm_weight" in parameters:
        pairs |= {
            "bag.norm_weight": network.norms[4].weight,
            "bag.norm_bias": network.norms[4].bias,
        }
    trained = {name for name in parameters if mil_networks.is_trained(name)}
    biases = {name for name in parameters if name.endswith(".bias")}
    assert set(pairs) == trained - biases
    for name, expected in pairs.items():
        result = parameters[name].grad[fold]
        torch.testing.assert_close(result, expected.grad, atol=2e-5, rtol=2e-3, msg=name)
    for name in biases:
        expected = network.heads[name.removesuffix(".bias").replace(".", "_")].bias.grad
        result = parameters[name].grad[fold, :, 0]
        torch.testing.assert_close(result, expected, atol=2e-5, rtol=2e-3, msg=name)


def _assert_same_running_statistics(parameters, network, fold):
    names = ["input", "embedding.0", "embedding.1", "embedding.2", "bag"]
    for name, norm in zip(names, network.norms, strict=False):  # `bag` is not in every model
        result = (
            parameters[f"{name}.running_mean"][fold],
            parameters[f"{name}.running_variance"][fold],
        )
        torch.testing.assert_close(result[0], norm.running_mean, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(result[1], norm.running_var, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("model", NETWORKS)
def test_predictions_match_plain_network_in_eval_mode(model):
    bags, _ = make_bags()
    parameters, plain = initial_networks(model, 2)
    instances, members = packed(bags, np.array([[0, 1, 2, 3], [4, 5, 6, 7]]))
    instance_masks = torch.ones(3, 2, HIDDEN, instances.shape[1], dtype=torch.bool)
    instance_masks &= members.sum(2).bool()[None, :, None]
    bag_masks = torch.ones(2, HIDDEN, 4, dtype=torch.bool)
    batch = make_batch(instances, members, instance_masks, bag_masks, 1.0)
    mil_networks.train_forward(model, parameters, batch)
    for fold, films in enumerate(([0, 1, 2, 3], [4, 5, 6, 7])):
        chosen = [torch.from_numpy(bags.one(film).instances) for film in films]
        plain[fold](chosen)
        plain[fold].eval()
        expected = plain[fold](chosen)
        one = {name: value[fold : fold + 1].detach() for name, value in parameters.items()}
        result = mil_networks.predict_bags(
            model, one, instances[fold : fold + 1], members[fold : fold + 1]
        )[0].T
        torch.testing.assert_close(result, expected.detach(), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("model", NETWORKS)
def test_fold_does_not_depend_on_folds_trained_together(model):
    bags, actual = make_bags()
    together = mil_training.fit_networks(model, bags, actual, range(9), SETTINGS, 7)
    for fold in (0, 4, 8):
        (alone,) = mil_training.fit_networks(model, bags, actual, [fold], SETTINGS, 7)
        for name, value in alone.arrays.items():
            np.testing.assert_allclose(value, together[fold].arrays[name], atol=2e-6, err_msg=name)
        np.testing.assert_allclose(alone.curve, together[fold].curve, rtol=1e-4)
    one, two = (together[fold].arrays["embedding.0.weight"] for fold in (0, 1))
    assert np.abs(one - two).max() > 1e-4  # the folds differ


def test_training_runs_have_different_initial_parameters():
    bags, actual = make_bags()
    first, second, again = (
        mil_training.fit_networks("average_pooling", bags, actual, [2], SETTINGS, 7, run)[0]
        for run in (0, 1, 1)
    )
    assert np.abs(first.arrays["output.weight"] - second.arrays["output.weight"]).max() > 1e-2
    np.testing.assert_array_equal(second.arrays["output.weight"], again.arrays["output.weight"])


def test_curve_is_weighted_loss_of_held_out_film():
    bags, actual = make_bags()
    one_epoch = SETTINGS | {"epochs": 1}
    (trained,) = mil_training.fit_networks("single_attention", bags, actual, [3], one_epoch, 7)
    parameters = {name: torch.from_numpy(a)[None] for name, a in trained.arrays.items()}
    scaled = torch.from_numpy(standardise(bags.one(3).instances, trained.arrays))[None]
    probability = mil_networks.predict_bags(
        "single_attention", parameters, scaled, torch.ones(1, scaled.shape[1], 1)
    )[0, :, 0].double()
    positive, negative = torch.from_numpy(balanced_label_weights(actual, 3))
    true = torch.from_numpy(actual[3])
    expected_loss = torch.where(
        true, -positive * probability.log(), -negative * (1 - probability).log()
    ).mean()
    assert trained.curve.shape == (1, 2)
    assert trained.curve[0, 1] == pytest.approx(float(expected_loss), rel=1e-4)
    assert 0.1 < trained.curve[0, 0] < 3


def test_attention_pooling_matches_formula():
    p = torch.tensor([[[0.2, 0.8, 0.5, 0.9]]])
    v = mil_pooling.attention_weight(torch.tensor([[[0.0, 2.0, -40.0, 1.0]]]))
    members = torch.tensor([[[1.0, 0], [1, 0], [0, 1], [0, 1]]])
    s = [1 / (1 + np.exp(-x)) for x in (0.0, 2.0)]
    first = (0.2 * s[0] + 0.8 * s[1]) / sum(s)
    last = 1 / (1 + np.exp(-1.0))
    second = (0.5 * 1e-7 + 0.9 * last) / (1e-7 + last)
    np.testing.assert_allclose(
        mil_pooling.weighted_mean(p, v, members)[0, 0], [first, second], rtol=1e-6
    )


def given_parameters(heads_of_model, layers):
    """Parameters of one fold from dense layers (weight, bias), and hidden layers as tensors."""
    parameters = {}
    for name, (weight, bias) in heads_of_model.items():
        parameters[f"{name}.weight"] = torch.tensor([weight])
        if bias:
            parameters[f"{name}.bias"] = torch.tensor([bias])[..., None]
    return parameters, [torch.tensor([layer]) for layer in layers]


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x)))


def test_multi_attention_matches_formula():
    """One hidden unit, one genre, two instances in one bag; the levels are 1, 3 and 2, -1."""
    parameters, layers = given_parameters(
        {"output.0": ([[1.0]], [0.5]), "attention.0": ([[2.0]], [0.0]),
         "output.1": ([[-1.0]], [0.0]), "attention.1": ([[1.0]], [1.0]),
         "joint": ([[3.0, -2.0]], [0.25])},
        [[[9.0, 9.0]], [[1.0, 3.0]], [[2.0, -1.0]]],
    )  # fmt: skip
    members = torch.ones(1, 2, 1)
    probability = mil_pooling.POOLINGS["multi_attention"].bag_probability(
        parameters, layers, members, None
    )
    v = sigmoid([2.0, 6.0]), sigmoid([3.0, 0.0])
    p = sigmoid([1.5, 3.5]), sigmoid([-2.0, 1.0])
    pooled = [(level @ weight) / weight.sum() for level, weight in zip(p, v, strict=True)]
    expected = sigmoid(3 * pooled[0] - 2 * pooled[1] + 0.25)
    assert float(probability) == pytest.approx(expected, rel=1e-6)
    shares = mil_pooling.POOLINGS["multi_attention"].instance_weights(parameters, layers, 1)[0, 0]
    np.testing.assert_allclose(shares, (v[0] / v[0].sum() + v[1] / v[1].sum()) / 2, rtol=1e-6)


def test_feature_attention_matches_formula():
    """Two hidden units, one genre, two instances in one bag."""
    parameters, layers = given_parameters(
        {"content": ([[1.0, 0.0], [0.0, -2.0]], None),
         "attention": ([[0.0, 1.0], [1.0, 0.0]], [0.0, -1.0]),
         "output": ([[2.0, 1.0]], [-0.5])},
        [[[1.0, 2.0], [3.0, -1.0]]],
    )  # fmt: skip
    members = torch.ones(1, 2, 1)
    probability = mil_pooling.POOLINGS["feature_attention"].bag_probability(
        parameters, layers, members, lambda bags: bags.relu()
    )
    g = np.array([[1.0, 2.0], [-6.0, 2.0]])
    a = sigmoid([[3.0, -1.0], [0.0, 1.0]])
    u = (g * a).sum(1) / a.sum(1)
    expected = sigmoid(2 * max(u[0], 0) + max(u[1], 0) - 0.5)
    assert float(probability) == pytest.approx(expected, rel=1e-6)
    shares = mil_pooling.POOLINGS["feature_attention"].instance_weights(parameters, layers, 3)[0]
    np.testing.assert_allclose(
        shares, np.tile((a / a.sum(1, keepdims=True)).mean(0), (3, 1)), rtol=1e-6
    )


@pytest.mark.parametrize("model", NETWORKS)
def test_instance_weights_of_a_bag_sum_to_one(model):
    parameters, _ = initial_networks(model, 2)
    instances = torch.from_numpy(make_bags()[0].instances[:7])[None].expand(2, -1, -1)
    with torch.no_grad():
        weight = mil_networks.instance_weights(model, parameters, instances, GENRES)
    assert weight.shape == (2, GENRES, 7)
    assert (weight >= 0).all()
    np.testing.assert_allclose(weight.sum(-1), 1, atol=1e-6)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20), st.randoms())
@settings(max_examples=50)
def test_pooled_probability_is_between_min_and_max(values, random):
    p = torch.tensor(values)[None, None]
    v = torch.tensor([random.uniform(-30, 30) for _ in values])[None, None]
    members = torch.ones(1, len(values), 1)
    attended = mil_pooling.weighted_mean(p, mil_pooling.attention_weight(v), members)
    for pooled in [attended, *(pool(p, members) for pool in POOLS)]:
        assert min(values) - 1e-6 <= float(pooled) <= max(values) + 1e-6


def test_max_pooling_and_linear_softmax_match_formulas():
    p = torch.tensor([[[0.2, 0.8, 0.5, 0.7]]])
    members = torch.tensor([[[1.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]]])  # the last is padding
    np.testing.assert_allclose(mil_pooling.max_pooling(p, members)[0, 0], [0.8, 0.5, 0])
    expected = [(0.2**2 + 0.8**2) / (0.2 + 0.8), 0.5, 0]
    pooled = mil_pooling.linear_softmax(p, members)[0, 0]
    np.testing.assert_allclose(pooled, expected, rtol=1e-6)


def test_average_pooling_is_the_mean_and_an_empty_bag_is_zero():
    p = torch.tensor([[[0.2, 0.4, 0.9]]])
    members = torch.tensor([[[1.0, 0, 0], [1, 0, 0], [0, 1, 0]]])
    np.testing.assert_allclose(
        mil_pooling.average_pooling(p, members)[0, 0], [0.3, 0.9, 0], rtol=1e-6
    )


def test_label_weights_are_balanced_without_held_out_film():
    actual = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 1]], bool)
    positive, negative = balanced_label_weights(actual, held_out=4)
    np.testing.assert_allclose(positive, [0.5, 1, 0])
    np.testing.assert_allclose(negative, [0, 1, 0.5])


def test_epoch_batches_contain_each_training_bag_once_in_even_sizes():
    bags, _ = make_bags(films=18)
    folds = [0, 5, 17]
    streams = [mil_batches.fold_stream(3, fold) for fold in folds]
    order = np.random.default_rng(0)
    steps = list(mil_batches.epoch_batches(streams, folds, bags, 16, order))
    assert len(steps) == 2
    for row, fold in enumerate(folds):
        bag_numbers = np.concatenate([step[row] for step in steps])
        sizes = sorted(int((step[row] >= 0).sum()) for step in steps)
        assert sizes == [8, 9]
        assert sorted(bag_numbers[bag_numbers >= 0]) == [bag for bag in range(18) if bag != fold]


def test_batch_mean_and_variance_match_its_instances():
    bags, labels = make_bags()
    chosen = np.array([[1, 4, 8], [3, 0, -1]])
    task = mil_training._MilTask("average_pooling", bags, labels, [0, 5], SETTINGS, (0, 0))
    batch = task._batch(chosen)
    expected = make_batch(
        batch.instances, batch.members, batch.dropout_masks, batch.dropout_masks, 0.5
    )
    torch.testing.assert_close(batch.mean, expected.mean, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(batch.variance, expected.variance, atol=1e-6, rtol=1e-5)
    instances = np.vstack([bags.one(3).instances, bags.one(0).instances])
    scaled = torch.from_numpy(standardise(instances, task.scalers[1]))
    torch.testing.assert_close(batch.instances[1, : len(instances)], scaled)
    assert not batch.instances[1, len(instances) :].any()


def test_pack_assigns_instances_to_their_bags():
    bags = Bags(np.arange(6, dtype=np.float32)[:, None], np.array([0, 1, 3, 6]))
    rows, members = mil_batches.pack(np.array([[2, 0], [1, -1]]), bags)
    np.testing.assert_array_equal(rows, [[3, 4, 5, 0], [1, 2, 6, 6]])
    np.testing.assert_array_equal(members[0].argmax(axis=1), [0, 0, 0, 1])
    np.testing.assert_array_equal(members[1], [[1, 0], [1, 0], [0, 0], [0, 0]])


def test_dropout_masks_have_keep_probability_and_zero_padding():
    streams = [mil_batches.fold_stream(0, fold) for fold in range(2)]
    masks = mil_batches.draw_dropout_masks(streams, np.array([4000, 1000]), 3, 8, 0.75)
    assert masks[:, 0].mean() == pytest.approx(0.75, abs=0.005)
    assert masks[:, 1, :, :1000].mean() == pytest.approx(0.75, abs=0.01)
    assert not masks[:, 1, :, 1000:].any()


@pytest.mark.parametrize("model", ["single_attention", "feature_attention"])
def test_training_with_bags_of_one_instance_is_finite(model):
    bags = Bags(
        np.random.default_rng(0).standard_normal((3, FEATURES)).astype(np.float32), np.arange(4)
    )
    actual = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0]], bool)
    small = SETTINGS | {"batch_size": 1}
    for fitted in mil_training.fit_networks(model, bags, actual, range(3), small, 0):
        assert all(np.isfinite(value).all() for value in fitted.arrays.values())


def test_feature_scaler_excludes_held_out_film():
    bags, actual = make_bags()
    (fitted,) = mil_training.fit_networks("average_pooling", bags, actual, [3], SETTINGS, 0)
    others = bags.instances[bags.bag_of_instance != 3]
    np.testing.assert_allclose(fitted.arrays["mean"], others.mean(axis=0), atol=1e-6)
    scaled = standardise(others, fit_feature_scaler(others))
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-5)
