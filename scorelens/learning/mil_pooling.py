"""Pooling: from what is said of the instances to what is said of their bag.

Shapes: F folds, K genres or H hidden units, N instances (packed, with padding at the end), B bags.
`members` is float32 (F, N, B), 1 where an instance lies in a bag; the row of a padding instance is
all zero. A bag without instances (a fold whose batch has fewer bags) comes out as 0.
"""

import torch

ATTENTION_FLOOR = 1e-7


def max_pooling(probability: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
    """The bag's surest instance (Ma et al. 2021, max pooling).

    probability: (F, K, N) in 0..1. Returns (F, K, B) in 0..1.
    """
    inside, bag = members.max(2)
    place = bag[:, None].expand_as(probability)
    least = probability.new_zeros(*probability.shape[:2], members.shape[2])
    return least.scatter_reduce(2, place, probability * inside[:, None], "amax")


def average_pooling(probability: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
    """Mean of the bag's instances (Ma et al. 2021, average pooling).

    probability: (F, K, N) in 0..1. Returns (F, K, B) in 0..1.
    """
    size = members.sum(1, keepdim=True).clamp(min=1)
    return torch.bmm(probability, members / size).clamp(0, 1)


def linear_softmax(probability: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
    """Mean of the bag's instances, each weighted by itself: sum p^2 / sum p (Ma et al. 2021).

    probability: (F, K, N) in 0..1. Returns (F, K, B) in 0..1.
    """
    return attend(probability, probability, members).clamp(0, 1)


def attend(values: torch.Tensor, weight: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
    """Mean of the bag's instances, weighted: sum_i v_i x_i / sum_i v_i (Ma et al. 2021, attention).

    values: (F, K, N). weight: (F, K, N), at least 0. Returns (F, K, B).
    """
    total = torch.bmm(weight, members).clamp(min=ATTENTION_FLOOR)
    return torch.bmm(weight * values, members) / total


def attention_weight(attention: torch.Tensor) -> torch.Tensor:
    """The weight v of an attention head: its sigmoid, clamped to [1e-7, 1 - 1e-7] (Ma et al. 2021).

    attention: any real numbers. The weights of a bag are not yet brought to a sum of 1.
    """
    return attention.sigmoid().clamp(ATTENTION_FLOOR, 1 - ATTENTION_FLOOR)


POOLING = {
    "max_pooling": max_pooling,
    "average_pooling": average_pooling,
    "linear_softmax": linear_softmax,
}
