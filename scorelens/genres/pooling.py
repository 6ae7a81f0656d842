"""Pooling: from the genre probabilities of instances to those of their bag.

Shapes: F folds, K genres, N instances (packed, with padding at the end), B bags. `members` is
float32 (F, N, B), 1 where an instance lies in a bag; the row of a padding instance is all zero.
A bag without instances (a fold whose batch has fewer bags) comes out as 0.
"""

import torch

ATTENTION_FLOOR = 1e-7


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


POOLING = {"average_pooling": average_pooling, "single_attention": single_attention}
