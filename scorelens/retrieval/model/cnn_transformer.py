"""A CNN-Transformer that hears a fragment: four residual blocks, a transformer, a class token.

The paper gives the rate, the length of a fragment and these parts. Left open and chosen here: 128
bands in dB of frames of 1024 samples every 512; blocks of two 3 x 3 convolutions, the first of
stride 2, with 64, 128, 256 and 256 channels; four transformer layers of four heads. Group norm in
place of batch norm, and no dropout: what a fragment gives does not hang on its batch, so that a
batch may go through in pieces.
"""

import numpy as np
import torch
from torch import nn

from scorelens.encoders import mel
from scorelens.retrieval import BANDS, FRAMES, HOP, RATE_HZ, WINDOW

WIDTH = 256  # values of a fragment
CHANNELS = (64, 128, 256, 256)  # of the residual blocks
LAYERS, HEADS, FEED_FORWARD = 4, 4, 1024  # of the transformer
GROUPS = 8  # of channels that are normalised together
FLOOR_DB, RANGE_DB = -100.0, 80.0


def log_mel(fragments: np.ndarray) -> np.ndarray:
    """Mel bands of fragments in dB, at most 80 dB below a fragment's loudest.

    fragments: float32 (n, FRAGMENT), samples at RATE_HZ. Returns float16 (n, BANDS, FRAMES).
    """
    bands, window = mel.slaney_bands(RATE_HZ, WINDOW, BANDS), mel.hann(WINDOW)
    found = np.empty((len(fragments), BANDS, FRAMES), np.float16)
    for place, samples in enumerate(fragments):
        power = mel.mel_spectrogram(samples, window, HOP, bands, exponent=2).T
        decibels = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
        found[place] = np.maximum(decibels, decibels.max() - RANGE_DB)
    return found


class SoundEncoder(nn.Module):
    """Log-mel (B, BANDS, FRAMES), standardised, to (B, WIDTH)."""

    def __init__(self) -> None:
        super().__init__()
        sizes = zip((1, *CHANNELS), CHANNELS, strict=False)
        self.blocks = nn.Sequential(*(ResidualBlock(*pair) for pair in sizes))
        bands, frames = BANDS, FRAMES
        for _ in CHANNELS:
            bands, frames = -(-bands // 2), -(-frames // 2)
        self.token = nn.Linear(CHANNELS[-1] * bands, WIDTH)
        self.whole = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.place = nn.Parameter(0.02 * torch.randn(1, 1 + frames, WIDTH))
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, FEED_FORWARD, dropout=0.0, activation="gelu", batch_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)

    def forward(self, decibels: torch.Tensor) -> torch.Tensor:
        """The class token after the last layer; a token before it is a place in time."""
        channels = self.blocks(decibels[:, None])
        tokens = self.token(channels.permute(0, 3, 1, 2).flatten(2))
        whole = self.whole.expand(len(tokens), -1, -1)
        return self.transformer(torch.cat([whole, tokens], 1) + self.place)[:, 0]


class ResidualBlock(nn.Module):
    """Two convolutions and a way past them; half the height and width (He et al. 2016)."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.way = nn.Sequential(
            nn.Conv2d(inputs, channels, 3, stride=2, padding=1, bias=False),
            nn.GroupNorm(GROUPS, channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.GroupNorm(GROUPS, channels),
        )
        self.past = nn.Sequential(
            nn.Conv2d(inputs, channels, 1, stride=2, bias=False), nn.GroupNorm(GROUPS, channels)
        )

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """(B, inputs, h, w) to (B, channels, h / 2, w / 2), rounded up."""
        return torch.relu(self.way(values) + self.past(values))
