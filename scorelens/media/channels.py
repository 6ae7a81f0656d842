"""What becomes of the channels of a sound: their mean, the sound beside the centre, or all.

In films the dialogue is in the centre, and what is beside it holds the music and the effects.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

CENTRE, BASS = "FC", "LFE"  # channels, by FFmpeg's names


class Mix(NamedTuple):
    """A way to mix the channels of a sound.

    Parameters
    ----------
    shape : tuple of int
        Shape of a sample of the mix: (), or the number of its channels.
    weights : callable or None
        Takes the names of the channels and returns their weights in the mix, those of the sound
        beside the centre (channels,), or of each channel of the mix (mixed, channels).
    """

    shape: tuple[int, ...]
    weights: Callable[[Sequence[str]], np.ndarray] | None

    def weights_of(self, names: Sequence[str]) -> np.ndarray | None:
        """Weights of channels; None for their mean."""
        return None if self.weights is None else self.weights(names)


def mix(channels: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Mix channels.

    Parameters
    ----------
    channels : ndarray of float32, shape (channels, n)
    weights : ndarray or None
        From `Mix.weights_of`.

    Returns
    -------
    ndarray of float32, shape (n,), (n, 2) with what is beside the centre, or (n, mixed)
    """
    if weights is None:
        return channels.mean(0)
    if weights.ndim == 1:
        return np.stack([channels.mean(0), weights @ channels], axis=1)
    return (weights @ channels).T


def side_weights(channels: Sequence[str]) -> np.ndarray:
    """Weights of the channels in the sound beside the centre.

    Parameters
    ----------
    channels : sequence of str
        FFmpeg's names, such as FL, FR, FC and LFE.

    Returns
    -------
    ndarray of float32, shape (n_channels,)

    Examples
    --------
    >>> side_weights(["FL", "FR"]).tolist()
    [0.5, -0.5]
    >>> side_weights(["FL", "FR", "FC", "LFE", "BL", "BR"]).tolist()
    [0.25, 0.25, 0.0, 0.0, 0.25, 0.25]
    """
    beside = np.array([name not in (CENTRE, BASS) for name in channels], np.float32)
    if CENTRE in channels and beside.any() and len(channels) > 1:
        return beside / beside.sum()
    difference = np.zeros(len(channels), np.float32)
    if len(channels) > 1:
        difference[:2] = 0.5, -0.5
    return difference


def separate_weights(channels: Sequence[str], count: int) -> np.ndarray:
    """Weights that leave channels apart, without that of bass effects (LFE).

    Parameters
    ----------
    channels : sequence of str
        FFmpeg's names.
    count : int
        Channels of the result. Those that are too many are added to its last one.

    Returns
    -------
    ndarray of float32, shape (count, n_channels)

    Examples
    --------
    >>> separate_weights(["FL", "FR", "LFE"], 2).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    >>> separate_weights(["FL", "FR"], 1).tolist()
    [[1.0, 1.0]]
    """
    used = np.flatnonzero([name != BASS for name in channels])
    weights = np.zeros((count, len(channels)), np.float32)
    weights[np.minimum(np.arange(len(used)), count - 1), used] = 1
    return weights


def separate(channels: Sequence[str]) -> Mix:
    """The mix that leaves these channels apart."""
    count = max(1, sum(name != BASS for name in channels))
    return Mix((count,), partial(separate_weights, count=count))


MEAN = Mix((), None)
SIDES = Mix((2,), side_weights)
