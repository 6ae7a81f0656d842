"""Measure how fast the networks of all folds train, against a loop over folds and a floor.

Features are generated in the published shape: 110 films, 4,664 cues, 140 features (MIR) or 128
(VGGish), six genres. The network half of Table 4 is six poolings on both sets, 110 folds of 200
epochs. Some folds and epochs of every row are timed and scaled up, since the work is the same in
every fold and epoch. Seconds are CPU seconds, of the slower worker where two work at once: the wall
seconds of two idle cores.

- side by side: two worker processes of one thread, with a group of folds each, as in the workflow;
- fold by fold: one process, one thread, plain PyTorch modules with the same layers and batches;
- floor: the multiplications of the layers, forward and backward, at the rate at which two
  processes of one thread multiply large matrices.

    python benchmarks/genres.py [HIDDEN]
"""

import json
import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from plain_networks import PlainNetwork

from scorelens.genres import NETWORKS
from scorelens.learning.class_weights import balanced_label_weights
from scorelens.learning.mil_batches import epoch_batches, fold_stream
from scorelens.learning.mil_pooling import POOLINGS
from scorelens.learning.mil_training import fit_networks
from scorelens.learning.packed_bags import Bags

FILMS, CUES, GENRES = 110, 4664, 6
SETS = {"mir": 140, "vggish": 128}
PUBLISHED_EPOCHS = 200
WORKERS, FOLDS, EPOCHS, REPEATS = 2, 20, 8, 2
LOOP_FOLDS, LOOP_EPOCHS = 5, 2
SIDE = 1024  # of the large matrices
SETTINGS = {"dropout": 0.5, "learning_rate": 5e-5, "batch_size": 16}


def make_corpus(features):
    random = np.random.default_rng(0)
    share = random.gamma(3, size=FILMS)
    sizes = np.maximum(np.round(share * CUES / share.sum()), 1).astype(int)
    sizes[sizes.argmax()] += CUES - sizes.sum()
    instances = random.standard_normal((CUES, features)).astype(np.float32)
    actual = random.random((FILMS, GENRES)) < 0.3
    return Bags(instances, np.concatenate([[0], np.cumsum(sizes)])), actual


def train_chunk(work):
    """Side by side, in a worker: one chunk of folds. Returns CPU seconds."""
    model, features, hidden, worker = work
    corpus = make_corpus(features)
    folds = range(worker, FILMS, FILMS // FOLDS)[:FOLDS]
    settings = SETTINGS | {"hidden": hidden, "epochs": EPOCHS}
    start = time.process_time()
    fit_networks(model, *corpus, folds, settings, 0)
    return time.process_time() - start


def train_loop(model, features, hidden):
    """Fold by fold. Returns CPU seconds."""
    bags, actual = make_corpus(features)
    films = [torch.from_numpy(bags.one(film).instances) for film in range(FILMS)]
    targets = torch.from_numpy(actual.astype(np.float32))
    start = time.process_time()
    for fold in range(LOOP_FOLDS):
        network = PlainNetwork(model, features, hidden, GENRES, SETTINGS["dropout"])
        positive, negative = torch.from_numpy(balanced_label_weights(actual, fold))
        optimiser = torch.optim.Adam(network.parameters(), SETTINGS["learning_rate"], fused=True)
        stream = fold_stream(0, fold)
        for _ in range(LOOP_EPOCHS):
            for (chosen,) in epoch_batches([stream], [fold], bags, SETTINGS["batch_size"], stream):
                probability = network([films[film] for film in chosen])
                weight = torch.where(targets[chosen] > 0, positive, negative)
                optimiser.zero_grad()
                binary_cross_entropy(probability, targets[chosen], weight).backward()
                optimiser.step()
    return time.process_time() - start


def multiply(_):
    """The floor, in a worker. Returns CPU seconds per operation."""
    factor, times = torch.ones(SIDE, SIDE), 20
    torch.mm(factor, factor)
    start = time.process_time()
    for _ in range(times):
        torch.mm(factor, factor)
    return (time.process_time() - start) / (times * 2 * SIDE**3)


def operations(model, features, hidden):
    """Floating-point operations of one row of the table: all folds, all epochs.

    Each layer is multiplied three times: forward, and back to its weights and to its inputs; the
    first layer's inputs need no gradient.
    """
    shapes = [(hidden, features), (hidden, hidden), (hidden, hidden)]
    shapes += POOLINGS[model].layer_shapes(hidden, GENRES).values()
    per_instance = 2 * (3 * sum(out * inputs for out, inputs in shapes) - hidden * features)
    return per_instance * CUES * (FILMS - 1) * PUBLISHED_EPOCHS


def measure_row(pool, model, features, hidden):
    """Seconds of a row of Table 4: side by side, fold by fold, floor; minimum of a few runs."""
    chunks = [(model, features, hidden, worker) for worker in range(WORKERS)]
    runs = [
        (
            max(pool.map(train_chunk, chunks, chunksize=1)) / (WORKERS * FOLDS * EPOCHS),
            train_loop(model, features, hidden) / (LOOP_FOLDS * LOOP_EPOCHS),
            max(pool.map(multiply, chunks, chunksize=1)) / WORKERS,
        )
        for _ in range(REPEATS)
    ]
    batched, loop, operation = np.min(runs, axis=0)
    scale = FILMS * PUBLISHED_EPOCHS
    return np.array(
        [batched * scale, loop * scale, operation * operations(model, features, hidden)]
    )


def main():
    hidden = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    torch.set_num_threads(1)
    context = multiprocessing.get_context("spawn")
    with context.Pool(WORKERS, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        print(f"width {hidden}; seconds of 110 folds of 200 epochs on {WORKERS} cores")
        total = np.zeros(3)
        for name, features in SETS.items():
            for model in NETWORKS:
                row = measure_row(pool, model, features, hidden)
                total += row
                print(
                    f"{name:7s} {model:18s} side by side {row[0]:6.0f} s, fold by fold "
                    f"{row[1]:6.0f} s, floor {row[2]:5.0f} s: {row[1] / row[0]:.2f} x the loop, "
                    f"{row[0] / row[2]:.2f} x the floor",
                    flush=True,
                )
        pool.close()
        pool.join()
    print(
        json.dumps(
            {
                "hidden": hidden,
                "half_table_s": round(total[0]),
                "over_loop": round(total[1] / total[0], 2),
                "over_floor": round(total[0] / total[2], 2),
            }
        )
    )


if __name__ == "__main__":
    main()
