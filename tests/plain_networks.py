"""Reference implementation of the study's networks for one fold, in plain PyTorch modules.

Tests compare the stacked networks of all folds with it; the benchmark compares the speed.
"""

import torch
from torch import nn

MIN_SHARE = 1e-7


class PlainNetwork(nn.Module):
    """One fold's network (Ma et al. 2021, "Models"). dropout: probability."""

    def __init__(self, model: str, features: int, hidden: int, genres: int, dropout: float):
        super().__init__()
        self.model = model
        self.norms = nn.ModuleList([nn.BatchNorm1d(features)])
        self.norms.extend(nn.BatchNorm1d(hidden) for _ in range(3))
        widths = (features, hidden, hidden)
        self.linears = nn.ModuleList(nn.Linear(width, hidden, bias=False) for width in widths)
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict()
        levels = ("_0", "_1") if model == "multi_attention" else ("",)
        for level in levels:
            self.heads[f"output{level}"] = nn.Linear(hidden, genres)
            if model in ("single_attention", "multi_attention"):
                self.heads[f"attention{level}"] = nn.Linear(hidden, genres)
        if model == "multi_attention":
            self.heads["joint"] = nn.Linear(2 * genres, genres)
        if model == "feature_attention":
            self.heads["content"] = nn.Linear(hidden, hidden, bias=False)
            self.heads["attention"] = nn.Linear(hidden, hidden)
            self.norms.append(nn.BatchNorm1d(hidden))

    def forward(self, bags, masks=None):
        """Probabilities (bags, genres). masks: replace random dropout, one per layer."""
        hidden, levels = self.norms[0](torch.cat(bags)), []
        for layer, linear in enumerate(self.linears):
            hidden = self.drop(torch.relu(self.norms[layer + 1](linear(hidden))), masks, layer)
            levels.append(hidden)
        sizes = [len(bag) for bag in bags]
        if self.model == "single_attention":
            return self.attend(hidden, "", sizes)
        if self.model == "multi_attention":
            pooled = [self.attend(levels[1], "_0", sizes), self.attend(levels[2], "_1", sizes)]
            return torch.sigmoid(self.heads["joint"](torch.cat(pooled, 1)))
        if self.model == "feature_attention":
            weight = torch.sigmoid(self.heads["attention"](hidden)).clamp(MIN_SHARE, 1 - MIN_SHARE)
            bag = self.mean(self.heads["content"](hidden), weight, sizes)
            bag = self.drop(torch.relu(self.norms[4](bag)), masks, 3)
            return torch.sigmoid(self.heads["output"](bag))
        probability = torch.sigmoid(self.heads["output"](hidden))
        if self.model == "max_pooling":
            return torch.stack([p.amax(0) for p in probability.split(sizes)])
        softmax = self.model == "linear_softmax"
        return self.mean(probability, probability if softmax else None, sizes)

    def drop(self, values, masks, layer):
        return self.dropout(values) if masks is None else values * masks[layer]

    def attend(self, hidden, level, sizes):
        weight = torch.sigmoid(self.heads[f"attention{level}"](hidden)).clamp(
            MIN_SHARE, 1 - MIN_SHARE
        )
        return self.mean(torch.sigmoid(self.heads[f"output{level}"](hidden)), weight, sizes)

    @staticmethod
    def mean(values, weight, sizes):
        if weight is None:
            return torch.stack([v.mean(0) for v in values.split(sizes)])
        pairs = zip(values.split(sizes), weight.split(sizes), strict=True)
        return torch.stack([(v * w).sum(0) / w.sum(0) for v, w in pairs])
