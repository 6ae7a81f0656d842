"""Measure how fast the tagger's networks train and tag, against plain loops and floors.

Training uses random tiles of the real shapes (40 x 100 MFCCs, 128 x 100 bands) and ten genres: the
ten networks of the ensemble, and for the other models one network per fold and the final one. CPU
milliseconds per tile and network, one thread, minimum of a few runs:

- side by side: `train_networks`, batches of 32, with dropout and Adam;
- one by one: plain PyTorch modules with the same layers and batches, in a loop over networks;
- floor: the multiplications of the layers, forward and backward, at the rate of large matrices or
  of a large convolution, whichever is faster.

Tagging uses ten minutes of composed music. It gives multiples of real time for decoding, for
cutting tiles and computing MFCCs, for the networks alone, for tempo, key and loudness, and, as
`x_realtime`, for all of `apply_tagger` with the ensemble but decoding.

    python benchmarks/tagger.py
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from features import compose, cpu_s
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from plain_tagger import plain_network

from scorelens import media
from scorelens.learning import cnn
from scorelens.learning.cnn_architectures import ARCHITECTURES, initial_parameters
from scorelens.learning.cnn_batches import TrainingSet
from scorelens.learning.cnn_training import train_networks
from scorelens.tagger import BANDS, COEFFICIENTS, FRAMES, MODELS, NETWORKS, RATE_HZ
from scorelens.tagger.apply import tag_track
from scorelens.tagger.descriptors import describe_track
from scorelens.tagger.inputs import model_inputs
from scorelens.tagger.model import Model
from scorelens.tagger.patches import cut_track, mfcc

GENRES, FOLDS = 10, 5
TILES, REPEATS = 128, 3
EPOCHS = {"dnn": 10, "cnn": 1, "cnn_ensemble": 1, "mel_cnn": 1}  # long enough to be timed
SETTINGS = {"learning_rate": 1e-3, "batch_size": 32, "patience": 5}
SIDE = 1024  # of the large matrices


def shape_of(model):
    """Height and width of a tile, outputs of a network, and number of networks."""
    height = BANDS if MODELS[model] == "mel" else COEFFICIENTS
    if model == "cnn_ensemble":
        return height, FRAMES, 1, GENRES
    return height, FRAMES, GENRES, FOLDS + 1


def make_training_sets(model):
    """Random tiles, and one training set per network drawn from them."""
    height, width, outputs, members = shape_of(model)
    random = np.random.default_rng(0)
    inputs = random.standard_normal((4 * TILES, height, width)).astype(np.float16)
    sets = []
    for member in range(members):
        if ARCHITECTURES[model].exclusive:
            targets = random.integers(0, outputs, TILES)
        else:
            targets = random.integers(0, 2, (TILES, outputs)).astype(np.float32)
        mean, inverse_std = (np.full(height, value, np.float32) for value in (0, 1))
        train = random.integers(0, len(inputs), TILES), targets, np.ones(TILES, np.float32)
        held_out = (part[:0] for part in train)
        sets.append(TrainingSet(*train, *held_out, mean, inverse_std, (0, member)))
    return inputs, sets


def train_loop(model, inputs, sets):
    """Train plain PyTorch networks one after the other."""
    height, width, outputs, _ = shape_of(model)
    exclusive = ARCHITECTURES[model].exclusive
    loss_function = functional.cross_entropy if exclusive else _binary_loss
    for member, training_set in enumerate(sets):
        torch.manual_seed(member)
        network = plain_network(model, height, width, outputs)
        optimiser = torch.optim.Adam(network.parameters(), SETTINGS["learning_rate"], fused=True)
        mean, inverse_std = (
            torch.from_numpy(part)[:, None]
            for part in (training_set.mean, training_set.inverse_std)
        )
        for _ in range(EPOCHS[model]):
            for chosen in torch.randperm(TILES).split(SETTINGS["batch_size"]):
                tiles = torch.from_numpy(inputs[training_set.rows[chosen]]).float()
                logits = network(((tiles - mean) * inverse_std)[:, None])
                loss = loss_function(
                    logits, torch.from_numpy(training_set.targets[chosen]), reduction="none"
                )
                optimiser.zero_grad()
                (loss * torch.from_numpy(training_set.weights[chosen])).mean().backward()
                optimiser.step()


def _binary_loss(logits, targets, reduction):
    each = functional.binary_cross_entropy_with_logits(logits, targets, reduction=reduction)
    return each.mean(1)


def operations(model):
    """Floating-point operations that training takes for one tile.

    Each layer is multiplied three times: forward, and back to its weights and to its inputs; the
    first layer's inputs need no gradient.
    """
    height, width, outputs, _ = shape_of(model)
    network, multiplications = plain_network(model, height, width, outputs).eval(), []

    def count(layer, _, output):
        multiplications.append(layer.weight.numel() * output[0].numel() // len(layer.bias))

    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    network(torch.zeros(1, 1, height, width))
    return 2 * (3 * sum(multiplications) - multiplications[0])


def operation_s():
    """CPU seconds per operation, of large matrices or of a large convolution: the minimum."""
    factor = torch.ones(SIDE, SIDE)
    product_s = cpu_s(lambda: torch.mm(factor, factor), 20) / (2 * SIDE**3)
    kernel = torch.ones(256, 256, 3, 3).to(memory_format=torch.channels_last)
    tiles = torch.ones(1, 256, 34, 34).to(memory_format=torch.channels_last)
    convolution_s = cpu_s(lambda: torch.conv2d(tiles, kernel), 20) / (2 * kernel.numel() * 32**2)
    return min(product_s, convolution_s)


def measure_model(model):
    """CPU ms per tile and network: side by side, one by one, floor; minimum of a few runs."""
    inputs, sets = make_training_sets(model)
    settings = SETTINGS | {"epochs": EPOCHS[model]}
    outputs = shape_of(model)[2]
    runs = [
        (
            cpu_s(lambda: train_networks(model, inputs, sets, outputs, settings), 1),
            cpu_s(lambda: train_loop(model, inputs, sets), 1),
            operation_s() * operations(model),
        )
        for _ in range(REPEATS)  # interleaved, so that other load affects all of them
    ]
    each = 1e3 / (len(sets) * TILES * EPOCHS[model])
    return np.min(runs, axis=0) * (each, each, 1e3)


def measure_training():
    """Print the table of training. Returns ms, x the loop and x the floor of each model."""
    print(
        f"{'training, ms a tile and network':34s} {'side by side':>12s} {'one by one':>12s} floor"
    )
    results = {}
    for model in NETWORKS:
        batched, loop, floor = measure_model(model)
        results[model] = {
            "ms": round(batched, 3),
            "over_loop": round(loop / batched, 2),
            "over_floor": round(batched / floor, 2),
        }
        print(
            f"{f'{shape_of(model)[3]} x {model}':34s} {batched:12.3f} {loop:12.3f} {floor:.3f}: "
            f"{loop / batched:.2f} x the loop, {batched / floor:.2f} x the floor",
            flush=True,
        )
    return results


def make_networks(model):
    height, width, outputs, _ = shape_of(model)
    scale = {"mean": np.zeros(height, np.float32), "inverse_std": np.ones(height, np.float32)}
    members = GENRES if model == "cnn_ensemble" else 1
    return [
        initial_parameters(model, height, width, outputs, np.random.default_rng(member)) | scale
        for member in range(members)
    ]


def measure_tagging(path):
    """Print the table of tagging. Returns multiples of real time."""
    compose(path)
    samples = media.read_audio(path, RATE_HZ)
    tiles = cut_track([samples])
    duration_s, results = len(samples) / RATE_HZ, {}

    def record(name, work):
        results[name] = round(duration_s / cpu_s(work))
        print(f"{name:34s} {results[name]:12d}", flush=True)

    def predict(model, inputs):
        members = make_networks(model)
        return lambda: cnn.predict(model, members, inputs)

    print(f"{f'tagging, {duration_s:.0f} s of music':34s} {'x real time':>12s}")
    record("decode", lambda: media.read_audio(path, RATE_HZ))
    record("tiles", lambda: cut_track([samples]))
    record("mfcc", lambda: mfcc(tiles.mel))
    for model in NETWORKS:
        record(f"{model} alone", predict(model, model_inputs(model, tiles)))
    ensemble = make_ensemble()
    record("tempo, key, loudness", lambda: describe_track(samples))
    record("all but decoding, cnn_ensemble", lambda: tag_samples(samples, ensemble))
    return results


def make_ensemble():
    arrays = {
        f"{number}/{name}": value
        for number, network in enumerate(make_networks("cnn_ensemble"))
        for name, value in network.items()
    }
    frequency = np.full(GENRES, 0.5, np.float32)
    return Model("cnn_ensemble", [str(k) for k in range(GENRES)], arrays | {"frequency": frequency})


def tag_samples(samples, model):
    return tag_track(samples, model, None), describe_track(samples)


def main():
    torch.set_num_threads(1)
    start = time.monotonic()
    training = measure_training()
    with tempfile.TemporaryDirectory() as folder:
        tagging = measure_tagging(Path(folder) / "composed.flac")
    print(f"{time.monotonic() - start:.0f} s in all")
    print(
        json.dumps(
            {
                "over_loop": training["cnn_ensemble"]["over_loop"],
                "over_floor": training["cnn_ensemble"]["over_floor"],
                "x_realtime": tagging["all but decoding, cnn_ensemble"],
                "training": training,
                "tagging": tagging,
            }
        )
    )


if __name__ == "__main__":
    main()
