"""The networks of all folds at once, against plain modules of PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scorelens.genres import batches, networks, pooling, training
from scorelens.genres.instances import Bags, fit_scale, standardise

torch.set_num_threads(1)

FEATURES, HIDDEN, GENRES = 5, 4, 3
SETTINGS = {"hidden": HIDDEN, "dropout": 0.5, "learning_rate": 5e-5, "batch": 4, "epochs": 4,
            "folds_per_chunk": 16}  # fmt: skip


def make_bags(films=9, seed=0):
    random = np.random.default_rng(seed)
    sizes = random.integers(2, 7, films)
    x = random.standard_normal((sizes.sum(), FEATURES)).astype(np.float32)
    actual = random.random((films, GENRES)) < 0.5
    actual[0], actual[1] = True, False
    return Bags(x, np.concatenate([[0], np.cumsum(sizes)])), actual


class Plain(nn.Module):
    """The study's network for one fold as one would write it first; masks stand in for dropout."""

    def __init__(self, model, parameters):
        super().__init__()
        self.model = model
        self.norms = nn.ModuleList([nn.BatchNorm1d(FEATURES)])
        self.norms.extend(nn.BatchNorm1d(HIDDEN) for _ in range(3))
        widths = [FEATURES, HIDDEN, HIDDEN]
        self.linears = nn.ModuleList(nn.Linear(width, HIDDEN, bias=False) for width in widths)
        self.output, self.attention = nn.Linear(HIDDEN, GENRES), nn.Linear(HIDDEN, GENRES)
        for layer, linear in enumerate(self.linears):
            linear.weight.data = parameters[f"embedding.{layer}.weight"].clone()
        for head in ("output", "attention"):
            if f"{head}.weight" in parameters:
                getattr(self, head).weight.data = parameters[f"{head}.weight"].clone()
                getattr(self, head).bias.data = parameters[f"{head}.bias"][:, 0].clone()

    def forward(self, bags, masks=(1, 1, 1)):
        hidden = self.norms[0](torch.cat(bags))
        for linear, norm, mask in zip(self.linears, self.norms[1:], masks, strict=True):
            hidden = torch.relu(norm(linear(hidden))) * mask
        probability = torch.sigmoid(self.output(hidden))
        weight = torch.ones_like(probability)
        if self.model == "linear_softmax":
            weight = probability
        if self.model == "single_attention":
            weight = torch.sigmoid(self.attention(hidden)).clamp(1e-7, 1 - 1e-7)
        sizes = [len(bag) for bag in bags]
        pairs = zip(probability.split(sizes), weight.split(sizes), strict=True)
        if self.model == "max_pooling":
            return torch.stack([p.amax(0) for p, _ in pairs])
        return torch.stack([(p * w).sum(0) / w.sum(0) for p, w in pairs])


def start(model, folds):
    """Initial parameters of some folds, and plain networks with the same."""
    streams = [batches.fold_stream(1, fold) for fold in range(folds)]
    initial = [
        networks.initial_parameters(model, FEATURES, HIDDEN, GENRES, stream) for stream in streams
    ]
    parameters = training._stacked(initial, torch.device("cpu"))
    plain = [
        Plain(model, {name: torch.from_numpy(value) for name, value in one.items()})
        for one in initial
    ]
    return parameters, plain


def packed(bags, chosen):
    rows, members = batches.pack(chosen, bags)
    instances = torch.from_numpy(np.vstack([bags.instances, np.zeros((1, FEATURES), np.float32)]))
    return instances[torch.from_numpy(rows)], torch.from_numpy(members)


@pytest.mark.parametrize("model", pooling.POOLING)
def test_a_training_step_is_that_of_plain_networks(model):
    bags, actual = make_bags()
    chosen = np.array([[0, 3, 5], [8, 1, -1], [2, 4, 7]])
    parameters, plain = start(model, 3)
    instances, members = packed(bags, chosen)
    counts = members.sum((1, 2)).numpy().astype(int)
    streams = [batches.fold_stream(2, fold) for fold in range(3)]
    kept = torch.from_numpy(batches.draw_kept(streams, counts, 3, HIDDEN, 0.5))
    ours = networks.train_step(model, parameters, instances.clone(), members, kept, 0.5)
    targets = torch.from_numpy(actual.astype(np.float32))
    weights = torch.rand(3, 2, GENRES)
    loss = training._loss(ours, targets, weights, torch.from_numpy(chosen))
    loss.backward()
    total = 0.0
    for fold, network in enumerate(plain):
        films = chosen[fold][chosen[fold] >= 0]
        masks = [kept[layer, fold, :, : counts[fold]].T / 0.5 for layer in range(3)]
        theirs = network([torch.from_numpy(bags.one(film).instances) for film in films], masks)
        torch.testing.assert_close(ours[fold, :, : len(films)].T, theirs, atol=1e-5, rtol=1e-4)
        weight = torch.where(targets[films] > 0, weights[fold, 0], weights[fold, 1])
        total += nn.functional.binary_cross_entropy(theirs, targets[films], weight)
    torch.testing.assert_close(loss, total, atol=1e-5, rtol=1e-4)
    total.backward()
    for fold, network in enumerate(plain):
        _same_gradients(parameters, network, fold)
        _same_running_statistics(parameters, network, fold)


def _same_gradients(parameters, network, fold):
    pairs = {"input.gain": network.norms[0].weight, "output.weight": network.output.weight}
    for layer in range(3):
        pairs[f"embedding.{layer}.weight"] = network.linears[layer].weight
        pairs[f"embedding.{layer}.gain"] = network.norms[layer + 1].weight
        pairs[f"embedding.{layer}.shift"] = network.norms[layer + 1].bias
    if "attention.weight" in parameters:
        pairs["attention.weight"] = network.attention.weight
    for name, theirs in pairs.items():
        ours = parameters[name].grad[fold]
        torch.testing.assert_close(ours, theirs.grad, atol=2e-5, rtol=2e-3, msg=name)


def _same_running_statistics(parameters, network, fold):
    names = ["input", "embedding.0", "embedding.1", "embedding.2"]
    for name, norm in zip(names, network.norms, strict=True):
        ours = parameters[f"{name}.mean"][fold], parameters[f"{name}.variance"][fold]
        torch.testing.assert_close(ours[0], norm.running_mean, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(ours[1], norm.running_var, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("model", pooling.POOLING)
def test_evaluation_is_that_of_a_plain_network(model):
    bags, _ = make_bags()
    parameters, plain = start(model, 2)
    instances, members = packed(bags, np.array([[0, 1, 2, 3], [4, 5, 6, 7]]))
    everything = torch.ones(3, 2, HIDDEN, instances.shape[1], dtype=torch.bool)
    everything &= members.sum(2).bool()[None, :, None]
    networks.train_step(model, parameters, instances.clone(), members, everything, 1.0)
    for fold, films in enumerate(([0, 1, 2, 3], [4, 5, 6, 7])):
        chosen = [torch.from_numpy(bags.one(film).instances) for film in films]
        plain[fold](chosen)
        plain[fold].eval()
        theirs = plain[fold](chosen)
        one = {name: value[fold : fold + 1].detach() for name, value in parameters.items()}
        ours = networks.evaluate(model, one, instances[fold : fold + 1], members[fold : fold + 1])[
            0
        ].T
        torch.testing.assert_close(ours, theirs.detach(), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("model", pooling.POOLING)
def test_a_fold_learns_alone_what_it_learns_beside_others(model):
    bags, actual = make_bags()
    together = list(training.fit_networks(model, bags, actual, range(9), SETTINGS, 7))
    for fold in (0, 4, 8):
        (alone,) = training.fit_networks(model, bags, actual, [fold], SETTINGS, 7)
        for name, value in alone.items():
            np.testing.assert_allclose(value, together[fold][name], atol=2e-6, err_msg=name)
    change = together[0]["output.weight"] - together[1]["output.weight"]
    assert np.abs(change).max() > 1e-4  # no fold is another's twin


def test_chunks_change_nothing():
    bags, actual = make_bags()
    whole = training.fit_networks("average_pooling", bags, actual, range(9), SETTINGS, 7)
    chunks = SETTINGS | {"folds_per_chunk": 2}
    parts = training.fit_networks("average_pooling", bags, actual, range(9), chunks, 7)
    for one, other in zip(whole, parts, strict=True):
        for name, value in one.items():
            np.testing.assert_allclose(value, other[name], atol=2e-6, err_msg=name)


def test_single_attention_follows_its_formula():
    p = torch.tensor([[[0.2, 0.8, 0.5, 0.9]]])
    v = torch.tensor([[[0.0, 2.0, -40.0, 1.0]]])
    members = torch.tensor([[[1.0, 0], [1, 0], [0, 1], [0, 1]]])
    s = [1 / (1 + np.exp(-x)) for x in (0.0, 2.0)]
    first = (0.2 * s[0] + 0.8 * s[1]) / sum(s)
    last = 1 / (1 + np.exp(-1.0))
    second = (0.5 * 1e-7 + 0.9 * last) / (1e-7 + last)
    pooled = pooling.single_attention(p, v, members)
    np.testing.assert_allclose(pooled[0, 0], [first, second], rtol=1e-6)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20), st.randoms())
@settings(max_examples=50)
def test_pooling_stays_between_the_least_and_the_most(values, random):
    p = torch.tensor(values)[None, None]
    v = torch.tensor([random.uniform(-30, 30) for _ in values])[None, None]
    members = torch.ones(1, len(values), 1)
    for pool in pooling.POOLING.values():
        pooled = float(pool(p, v, members))
        assert min(values) - 1e-6 <= pooled <= max(values) + 1e-6


def test_max_pooling_and_linear_softmax_follow_their_formulas():
    p = torch.tensor([[[0.2, 0.8, 0.5, 0.7]]])
    members = torch.tensor([[[1.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]]])  # the last is padding
    np.testing.assert_allclose(pooling.max_pooling(p, None, members)[0, 0], [0.8, 0.5, 0])
    expected = [(0.2**2 + 0.8**2) / (0.2 + 0.8), 0.5, 0]
    pooled = pooling.linear_softmax(p, None, members)[0, 0]
    np.testing.assert_allclose(pooled, expected, rtol=1e-6)


def test_average_pooling_is_the_mean_and_an_empty_bag_is_zero():
    p = torch.tensor([[[0.2, 0.4, 0.9]]])
    members = torch.tensor([[[1.0, 0, 0], [1, 0, 0], [0, 1, 0]]])
    np.testing.assert_allclose(
        pooling.average_pooling(p, None, members)[0, 0], [0.3, 0.9, 0], rtol=1e-6
    )


def test_genre_weights_balance_the_labels():
    actual = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 1]], bool)
    positive, negative = training.genre_weights(actual, held_out=4)
    np.testing.assert_allclose(positive, [0.5, 1, 0])
    np.testing.assert_allclose(negative, [0, 1, 0.5])


def test_every_epoch_shows_each_training_bag_once_in_even_batches():
    bags, _ = make_bags(films=18)
    folds = [0, 5, 17]
    streams = [batches.fold_stream(3, fold) for fold in folds]
    order = np.random.default_rng(0)
    steps = list(batches.epoch_batches(streams, folds, bags, 16, order))
    assert len(steps) == 2
    for place, fold in enumerate(folds):
        seen = np.concatenate([step[place] for step in steps])
        sizes = sorted(int((step[place] >= 0).sum()) for step in steps)
        assert sizes == [8, 9]
        assert sorted(seen[seen >= 0]) == [bag for bag in range(18) if bag != fold]


def test_packing_keeps_the_bags_apart():
    bags = Bags(np.arange(6, dtype=np.float32)[:, None], np.array([0, 1, 3, 6]))
    rows, members = batches.pack(np.array([[2, 0], [1, -1]]), bags)
    np.testing.assert_array_equal(rows, [[3, 4, 5, 0], [1, 2, 6, 6]])
    np.testing.assert_array_equal(members[0].argmax(axis=1), [0, 0, 0, 1])
    np.testing.assert_array_equal(members[1], [[1, 0], [1, 0], [0, 0], [0, 0]])


def test_dropout_keeps_its_share_and_nothing_of_the_padding():
    streams = [batches.fold_stream(0, fold) for fold in range(2)]
    kept = batches.draw_kept(streams, np.array([4000, 1000]), 3, 8, 0.75)
    assert kept[:, 0].mean() == pytest.approx(0.75, abs=0.005)
    assert kept[:, 1, :, :1000].mean() == pytest.approx(0.75, abs=0.01)
    assert not kept[:, 1, :, 1000:].any()


def test_a_bag_of_one_cue_trains():
    bags = Bags(
        np.random.default_rng(0).standard_normal((3, FEATURES)).astype(np.float32), np.arange(4)
    )
    actual = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0]], bool)
    small = SETTINGS | {"batch": 1}
    for learnt in training.fit_networks("single_attention", bags, actual, range(3), small, 0):
        assert all(np.isfinite(value).all() for value in learnt.values())


def test_the_held_out_film_has_no_part_in_its_own_scale():
    bags, actual = make_bags()
    (learnt,) = training.fit_networks("average_pooling", bags, actual, [3], SETTINGS, 0)
    others = bags.instances[bags.bag_of_instance != 3]
    np.testing.assert_allclose(learnt["mean"], others.mean(axis=0), atol=1e-6)
    scaled = standardise(others, fit_scale(others))
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-5)
