"""Reference implementation of the tagger's networks in plain PyTorch modules.

Tests compare the stacked networks of all members with it; the benchmark compares the speed.
"""

import torch
from torch import nn


def _block(inputs, channels, kernel, pool, dropout):
    layers = [nn.Conv2d(inputs, channels, kernel), nn.ReLU(), nn.MaxPool2d(pool)]
    return [*layers, nn.Dropout(dropout)] if dropout else layers


def plain_network(model: str, height: int, width: int, outputs: int) -> nn.Sequential:
    """One member: (tiles, 1, height, width) to logits (tiles, outputs)."""
    if model == "dnn":
        head = [nn.Linear(height * width, 50), nn.ReLU(), nn.Dropout(0.5)]
        head += [nn.Linear(50, 50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, outputs)]
        return nn.Sequential(nn.Flatten(), nn.Dropout(0.2), *head)
    if model == "cnn":
        body = _block(1, 32, 5, 2, 0.1) + _block(32, 64, 3, 2, 0.2)
        body += _block(64, 128, 2, 2, 0.3) + _block(128, 256, 2, 2, 0.4)
    elif model == "cnn_ensemble":
        body = _block(1, 32, 3, 2, 0.1) + _block(32, 64, 2, 2, 0.2) + _block(64, 128, 2, 2, 0.3)
    else:
        body = _block(1, 32, 3, (4, 2), 0) + _block(32, 64, 3, 2, 0)
        body += [nn.Conv2d(64, 128, 3), nn.ReLU()]
        rows = nn.Sequential(*body)(torch.zeros(1, 1, height, width)).shape[2]
        body += [nn.AdaptiveAvgPool2d((rows, 1)), nn.Flatten(), nn.Dropout(0.5)]
        return nn.Sequential(*body, nn.Linear(128 * rows, outputs))
    flat = nn.Sequential(*body, nn.Flatten())(torch.zeros(1, 1, height, width)).shape[1]
    head = [nn.Linear(flat, 50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, 50), nn.ReLU()]
    return nn.Sequential(*body, nn.Flatten(), *head, nn.Linear(50, outputs))


class Given(nn.Module):
    """Dropout with a given mask: `mask`, of the shape of its input."""

    def __init__(self):
        super().__init__()
        self.mask = None

    def forward(self, values):
        return values * self.mask


def with_given_dropout(network: nn.Sequential) -> nn.Sequential:
    """The same layers, with every dropout replaced by `Given`."""
    return nn.Sequential(*(Given() if isinstance(m, nn.Dropout) else m for m in network))


def fill(network: nn.Module, parameters: dict) -> None:
    """Set the parameters of a network, listed in the same order as its own."""
    for parameter, value in zip(network.parameters(), parameters.values(), strict=True):
        parameter.data = torch.tensor(value)
