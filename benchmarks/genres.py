"""How fast the networks of all folds train side by side, against a loop over folds and a floor.

On generated features of the published shape: 110 films, 4,664 cues, 140 features, six genres. A few
folds and epochs are timed and scaled up to 110 folds of 200 epochs; the work is the same in every
fold and epoch. The loop trains one fold after the other with plain modules of PyTorch: the same
layers, batches as large, the same Adam. The floor is the matrix products of the layers alone,
forward and backward, without padding. CPU seconds, one thread.
"""

import json
import time

import numpy as np
import torch
from torch import nn

from scorelens.genres.batches import epoch_batches, fold_stream
from scorelens.genres.instances import Bags
from scorelens.genres.training import fit_networks, genre_weights

FILMS, CUES, FEATURES, GENRES = 110, 4664, 140, 6
PUBLISHED_EPOCHS = 200
FOLDS, EPOCHS, REPEATS = 16, 4, 3
SETTINGS = {
    "hidden": 64,
    "dropout": 0.5,
    "learning_rate": 5e-5,
    "batch": 16,
    "epochs": EPOCHS,
    "folds_per_chunk": FOLDS,
}


def make_corpus():
    random = np.random.default_rng(0)
    share = random.gamma(3, size=FILMS)
    sizes = np.maximum(np.round(share * CUES / share.sum()), 1).astype(int)
    sizes[sizes.argmax()] += CUES - sizes.sum()
    instances = random.standard_normal((CUES, FEATURES)).astype(np.float32)
    actual = random.random((FILMS, GENRES)) < 0.3
    return Bags(instances, np.concatenate([[0], np.cumsum(sizes)])), actual


class PlainNetwork(nn.Module):
    """One fold's average-pooling network, as one would write it first."""

    def __init__(self):
        super().__init__()
        layers = [nn.BatchNorm1d(FEATURES)]
        for width in (FEATURES, SETTINGS["hidden"], SETTINGS["hidden"]):
            layers += [
                nn.Linear(width, SETTINGS["hidden"], bias=False),
                nn.BatchNorm1d(SETTINGS["hidden"]),
                nn.ReLU(),
                nn.Dropout(SETTINGS["dropout"]),
            ]
        self.layers = nn.Sequential(*layers, nn.Linear(SETTINGS["hidden"], GENRES), nn.Sigmoid())

    def forward(self, bags):
        probability = self.layers(torch.cat(bags))
        parts = probability.split([len(bag) for bag in bags])
        return torch.stack([part.mean(0) for part in parts])


def train_loop(bags, actual, folds, epochs):
    films = [torch.from_numpy(bags.one(film).instances) for film in range(FILMS)]
    targets = torch.from_numpy(actual.astype(np.float32))
    for fold in folds:
        network, stream = PlainNetwork(), fold_stream(0, fold)
        positive, negative = torch.from_numpy(genre_weights(actual, fold))
        optimiser = torch.optim.Adam(network.parameters(), SETTINGS["learning_rate"], fused=True)
        for _ in range(epochs):
            steps = epoch_batches([stream], [fold], bags, SETTINGS["batch"], stream)
            for (chosen,) in steps:
                probability = network([films[film] for film in chosen])
                weight = torch.where(targets[chosen] > 0, positive, negative)
                optimiser.zero_grad()
                nn.functional.binary_cross_entropy(probability, targets[chosen], weight).backward()
                optimiser.step()


def multiply_only(bags, folds, epochs):
    """The matrix products of training: each layer's output and the gradients of its factors."""
    hidden = SETTINGS["hidden"]
    steps = -(-(FILMS - 1) // SETTINGS["batch"])
    length = round(len(bags.instances) * (FILMS - 1) / FILMS / steps)
    shapes = [(hidden, FEATURES), (hidden, hidden), (hidden, hidden), (GENRES, hidden)]
    factors = [(torch.randn(folds, *s), torch.randn(folds, s[1], length)) for s in shapes]
    for _ in range(epochs * steps):
        for place, (weight, values) in enumerate(factors):
            output = torch.bmm(weight, values)
            torch.bmm(output, values.transpose(1, 2))
            if place:
                torch.bmm(weight.transpose(1, 2), output)


def cpu_s(work):
    """CPU seconds, the least of a few runs."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main():
    torch.set_num_threads(1)
    bags, actual = make_corpus()
    folds = range(FOLDS)
    list(fit_networks("average_pooling", bags, actual, [0], SETTINGS | {"epochs": 1}, 0))
    seconds = {
        "side by side": cpu_s(
            lambda: list(fit_networks("average_pooling", bags, actual, folds, SETTINGS, 0))
        ),
        "fold by fold": cpu_s(lambda: train_loop(bags, actual, folds, EPOCHS)),
        "matrix products": cpu_s(lambda: multiply_only(bags, FOLDS, EPOCHS)),
    }
    scale = FILMS * PUBLISHED_EPOCHS / (FOLDS * EPOCHS)
    print(f"average pooling; {FOLDS} folds of {EPOCHS} epochs timed, scaled up by {scale:.1f}")
    for name, value in seconds.items():
        print(f"{name:16s} {value:8.2f} s timed {value * scale:8.0f} s scaled up")
    batched = seconds["side by side"]
    print(
        json.dumps(
            {
                "train_110_folds_cpu_s": round(batched * scale),
                "over_loop": round(seconds["fold by fold"] / batched, 2),
                "over_floor": round(batched / seconds["matrix products"], 2),
            }
        )
    )


if __name__ == "__main__":
    main()
