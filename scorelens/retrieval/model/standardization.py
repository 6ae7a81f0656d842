"""Standardize the inputs of the networks by the training films."""

import numpy as np
import torch
from torch import nn

from scorelens.retrieval.data.batches import Rows

VALUES_PER_CHUNK = 2**24  # values that are read at once
MIN_STD = 1e-6  # for inputs that are all equal


class Standardizer(nn.Module):
    """Subtracts the mean of each value and divides by one standard deviation for all values.

    One standard deviation for all, so that a value that hardly varies is not amplified. For log-mel
    the mean is that of a band.

    Parameters
    ----------
    *shape : int
        Shape of the mean; it is broadcast to the inputs.
    """

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("inverse_std", torch.ones(()))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Standardize inputs.

        Parameters
        ----------
        values : torch.Tensor
            (B, ...), to which the shape of the mean broadcasts.

        Returns
        -------
        torch.Tensor
            Of the same shape.
        """
        return (values - self.mean) * self.inverse_std


def fit_standardizer(standardizer: Standardizer, rows: Rows, is_training: np.ndarray) -> None:
    """Set the mean and the standard deviation from the rows of training films or tracks.

    Parameters
    ----------
    standardizer : Standardizer
        Changed in place. The statistics are pooled over the dimensions that its mean lacks.
    rows : Rows
        Inputs.
    is_training : numpy.ndarray
        bool (owners,), which films or tracks are for training.
    """
    chosen = np.flatnonzero(is_training[rows.owner])
    row_size, features = rows.values[0].size, len(standardizer.mean)
    step = max(1, VALUES_PER_CHUNK // row_size)
    sums = squares = 0.0
    for start in range(0, len(chosen), step):
        values = rows.values[chosen[start : start + step]].astype(np.float64)
        values = values.reshape(len(values), features, -1)
        sums = sums + values.sum((0, 2))
        squares = squares + (values**2).sum((0, 2))
    number = len(chosen) * (row_size // features)
    mean = sums / number
    std = np.sqrt((squares / number - mean**2).clip(0).mean())
    standardizer.mean.copy_(torch.from_numpy(mean).reshape(standardizer.mean.shape))
    standardizer.inverse_std.fill_(1 / max(std, MIN_STD))
