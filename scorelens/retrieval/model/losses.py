"""Losses of retrieval: symmetric InfoNCE, and the triplet loss of the baseline.

Row i of the queries and row i of the tracks belong together. Every other track of the batch is a
negative of query i, and every other query one of track i, so a batch may hold a film only once.
"""

import torch
from torch.nn import functional


def contrastive_loss(
    queries: torch.Tensor, tracks: torch.Tensor, inverse_temperature: torch.Tensor
) -> torch.Tensor:
    """Symmetric InfoNCE: mean cross-entropy of finding the track and of finding the film.

    Parameters
    ----------
    queries, tracks : torch.Tensor
        (B, d), unit vectors.
    inverse_temperature : torch.Tensor
        Scalar, factor of the cosines.

    Returns
    -------
    torch.Tensor
        Scalar, mean over the batch; log B if all cosines are equal.

    References
    ----------
    Radford et al., Learning transferable visual models from natural language supervision, ICML
    2021, figure 3.
    """
    logits = inverse_temperature * queries @ tracks.T
    target = torch.arange(len(logits), device=logits.device)
    by_query = functional.cross_entropy(logits, target)
    by_track = functional.cross_entropy(logits.T, target)
    return (by_query + by_track) / 2


def triplet_loss(queries: torch.Tensor, tracks: torch.Tensor, margin: float) -> torch.Tensor:
    """Triplet loss in both directions with all negatives of the batch.

    An anchor is a film with its track and each other track, or a track with its film and each other
    film. Distances are Euclidean, in 0..2.

    Parameters
    ----------
    queries, tracks : torch.Tensor
        (B, d), unit vectors; B is at least 2.
    margin : float
        Distance by which the positive must be nearer than a negative.

    Returns
    -------
    torch.Tensor
        Scalar, mean over the triplets; `margin` if all distances are equal.

    References
    ----------
    Mercea et al., Audio-visual generalised zero-shot learning with cross-modal attention and
    language, CVPR 2022 (AVCA), which the paper cites for its triplets.
    """
    # |q - t|^2 = 2 - 2 q t for unit vectors. The floor keeps the slope of the root finite.
    distances = (2 - 2 * queries @ tracks.T).clamp(min=1e-8).sqrt()
    positive = distances.diagonal()
    is_negative = ~torch.eye(len(distances), dtype=torch.bool, device=distances.device)
    by_query = (positive[:, None] - distances + margin).relu()[is_negative]
    by_track = (positive[None, :] - distances + margin).relu()[is_negative]
    return (by_query.mean() + by_track.mean()) / 2
