"""Pooling: from the genre probabilities of instances to those of their bag.

Shapes: F folds, K genres, N instances (packed, with padding at the end), B bags. `members` is
float32 (F, N, B), 1 where an instance lies in a bag; the row of a padding instance is all zero.
A bag without instances (a fold whose batch has fewer bags) comes out as 0.
"""

import torch

ATTENTION_FLOOR = 1e-7


def max_pooling(
    probability: torch.Tensor, attention: torch.Tensor | None, members: torch.Tensor
) -> torch.Tensor:
    """The bag's surest instance (Ma et al. 2021, max pooling); `attention` has no part.

    probability: (F, K, N) in 0..1. Returns (F, K, B) in 0..1.
    """
    inside, bag = members.max(2)
    place = bag[:, None].expand_as(probability)
    least = probability.new_zeros(*probability.shape[:2], members.shape[2])
    return least.scatter_reduce(2, place, probability * inside[:, None], "amax")


def linear_softmax(
    probability: torch.Tensor, attention: torch.Tensor | None, members: torch.Tensor
) -> torch.Tensor:
    """Mean of the bag's instances, each weighted by itself: sum p^2 / sum p (Ma et al. 2021).

    `attention` has no part. probability: (F, K, N) in 0..1. Returns (F, K, B) in 0..1.
    """
    total = torch.bmm(probability, members).clamp(min=ATTENTION_FLOOR)
    return (torch.bmm(probability.square(), members) / total).clamp(0, 1)


def average_pooling(
    probability: torch.Tensor, attention: torch.Tensor | None, members: torch.Tensor
) -> torch.Tensor:
    """Mean of the bag's instances (Ma et al. 2021, average pooling); `attention` has no part.

    probability: (F, K, N) in 0..1. Returns (F, K, B) in 0..1.
    """
    size = members.sum(1, keepdim=True).clamp(min=1)
    return torch.bmm(probability, members / size).clamp(0, 1)


def single_attention(
    probability: torch.Tensor, attention: torch.Tensor, members: torch.Tensor
) -> torch.Tensor:
    """Mean of the bag's instances, weighted by an attention of their own for each genre.

    a_ki = v_ki / sum_j v_kj with v = sigmoid(attention), clamped to [1e-7, 1 - 1e-7]
    (Ma et al. 2021, single attention). probability: (F, K, N) in 0..1. attention: (F, K, N), any
    real number. Returns (F, K, B) in 0..1.
    """
    weight = attention.sigmoid().clamp(ATTENTION_FLOOR, 1 - ATTENTION_FLOOR)
    weighted = torch.bmm(weight * probability, members)
    total = torch.bmm(weight, members).clamp(min=ATTENTION_FLOOR)
    return (weighted / total).clamp(0, 1)


POOLING = {
    "max_pooling": max_pooling,
    "average_pooling": average_pooling,
    "linear_softmax": linear_softmax,
    "single_attention": single_attention,
}
