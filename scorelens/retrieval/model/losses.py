"""What pulls a film and its music together and pushes the others of a batch away.

Row i of the films and row i of the tracks belong together; every other track of the batch is a
negative of film i, and every other film one of track i. So a batch may hold a film only once.
"""

import torch
from torch.nn import functional


def contrastive_loss(
    queries: torch.Tensor, tracks: torch.Tensor, scale: torch.Tensor
) -> torch.Tensor:
    """Symmetric InfoNCE: the cross-entropy of the right track, and of the right film, halved.

    queries, tracks: (B, d), rows of length 1. scale: what cosines are multiplied by, 1 / the
    temperature. Returns a mean over the batch; log B if nothing is known. Radford et al. 2021.
    """
    logits = scale * queries @ tracks.T
    right = torch.arange(len(logits), device=logits.device)
    there = functional.cross_entropy(logits, right)
    back = functional.cross_entropy(logits.T, right)
    return (there + back) / 2


def triplet_loss(queries: torch.Tensor, tracks: torch.Tensor, margin: float) -> torch.Tensor:
    """How far the right track is from being closer than each wrong one by a margin, and so back.

    The baseline's: an anchor is a film, with its track and another's, or a track, with its film and
    another, and all others of the batch count alike. queries, tracks: (B, d), rows of length 1, B
    at least 2; distances are Euclidean, 0..2. Returns the mean over both kinds of triplets;
    `margin` if nothing is known. The paper has the triplets from AVCA (Mercea et al. 2022).
    """
    # Of unit vectors |q - t|^2 = 2 - 2 q t. The floor keeps the root's slope finite.
    distances = (2 - 2 * queries @ tracks.T).clamp(min=1e-8).sqrt()
    right = distances.diagonal()
    others = ~torch.eye(len(distances), dtype=torch.bool, device=distances.device)
    there = (right[:, None] - distances + margin).relu()[others]
    back = (right[None, :] - distances + margin).relu()[others]
    return (there.mean() + back.mean()) / 2
