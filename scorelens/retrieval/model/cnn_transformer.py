"""CNN-Transformer that encodes the log-mel of a fragment: the trained audio encoder of the paper.

The paper gives the sample rate, the length of a fragment and the parts: four residual blocks, a
transformer and a class token. It leaves open what is chosen here: 128 mel bands in dB of frames of
1024 samples every 512; blocks of two 3 x 3 convolutions, the first of stride 2, with 64, 128, 256
and 256 channels; four transformer layers of four heads. Group norm replaces batch norm and there is
no dropout, so the output for a fragment does not depend on its batch and a batch can be encoded in
micro-batches.
"""

import numpy as np
import torch
from torch import nn

from scorelens.encoders import mel
from scorelens.retrieval import BANDS, FRAMES, HOP, RATE_HZ, WINDOW

WIDTH = 256  # size of the output
CHANNELS = (64, 128, 256, 256)  # of the residual blocks
LAYERS, HEADS, FEED_FORWARD = 4, 4, 1024  # of the transformer
GROUPS = 8  # of the group norm
FLOOR_DB, RANGE_DB = -100.0, 80.0


def log_mel(fragments: np.ndarray) -> np.ndarray:
    """Compute the log-mel of fragments, floored at 80 dB below the maximum of each.

    Parameters
    ----------
    fragments : numpy.ndarray
        float32 (n, FRAGMENT), samples at RATE_HZ.

    Returns
    -------
    numpy.ndarray
        float16 (n, BANDS, FRAMES), in dB.
    """
    bands, window = mel.slaney_bands(RATE_HZ, WINDOW, BANDS), mel.hann(WINDOW)
    spectrograms = np.empty((len(fragments), BANDS, FRAMES), np.float16)
    for number, samples in enumerate(fragments):
        power = mel.mel_spectrogram(samples, window, HOP, bands, exponent=2).T
        decibels = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
        spectrograms[number] = np.maximum(decibels, decibels.max() - RANGE_DB)
    return spectrograms


class CnnTransformer(nn.Module):
    """Encodes standardized log-mel (B, BANDS, FRAMES) as vectors (B, WIDTH)."""

    def __init__(self) -> None:
        super().__init__()
        sizes = zip((1, *CHANNELS), CHANNELS, strict=False)
        self.blocks = nn.Sequential(*(ResidualBlock(*pair) for pair in sizes))
        bands, frames = BANDS, FRAMES
        for _ in CHANNELS:
            bands, frames = -(-bands // 2), -(-frames // 2)
        self.projection = nn.Linear(CHANNELS[-1] * bands, WIDTH)
        self.class_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.position = nn.Parameter(0.02 * torch.randn(1, 1 + frames, WIDTH))
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, FEED_FORWARD, dropout=0.0, activation="gelu", batch_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)

    def forward(self, decibels: torch.Tensor) -> torch.Tensor:
        """Encode log-mel.

        Parameters
        ----------
        decibels : torch.Tensor
            (B, BANDS, FRAMES), standardized.

        Returns
        -------
        torch.Tensor
            (B, WIDTH), the class token after the last layer.
        """
        channels = self.blocks(decibels[:, None])
        tokens = self.projection(channels.permute(0, 3, 1, 2).flatten(2))
        class_token = self.class_token.expand(len(tokens), -1, -1)
        return self.transformer(torch.cat([class_token, tokens], 1) + self.position)[:, 0]


class ResidualBlock(nn.Module):
    """Two convolutions and a shortcut that halve height and width.

    References
    ----------
    He, Zhang, Ren and Sun, Deep residual learning for image recognition, CVPR 2016.
    """

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(inputs, channels, 3, stride=2, padding=1, bias=False),
            nn.GroupNorm(GROUPS, channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.GroupNorm(GROUPS, channels),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(inputs, channels, 1, stride=2, bias=False), nn.GroupNorm(GROUPS, channels)
        )

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Apply the block.

        Parameters
        ----------
        values : torch.Tensor
            (B, inputs, height, width).

        Returns
        -------
        torch.Tensor
            (B, channels, height / 2, width / 2), rounded up.
        """
        return torch.relu(self.convolutions(values) + self.shortcut(values))
