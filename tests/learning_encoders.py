"""Image and text encoders that are trained together with the retrieval model."""

import torch
from torch import nn

from scorelens.encoders import text_encoder
from scorelens.encoders.image import vit
from scorelens.encoders.text.bert import Bert

# Sizes as published; the width, the hidden units and the layers are the same in both.
VIT = {"side": 16, "width": 768, "hidden": 3072, "layers": 12}
BERT = {"words": 30_522, "positions": 512, "width": 768, "hidden": 3072, "layers": 12}


class Looking(nn.Module):
    """A ViT as image encoder."""

    def __init__(self, network: vit.VisionTransformer) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """pictures: uint8 (B, 224, 224, 3). Returns (B, size)."""
        values = pictures.permute(0, 3, 1, 2).float()
        return self.network((values - vit.MEAN) / vit.SCALE)


class Reading(nn.Module):
    """BERT as text encoder, mean-pooled over the tokens."""

    def __init__(self, network: Bert) -> None:
        super().__init__()
        self.network = network

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """rows: int64 (B, 2, n), tokens padded to one length, and 1 where they are tokens."""
        tokens, is_token = rows[:, 0], rows[:, 1].bool()
        return text_encoder.mean_state(self.network(tokens, is_token), is_token)


def make_texts(lengths, max_tokens, random):
    """Random texts for `Reading`: int64 (n, 2, max_tokens). lengths: number of tokens of each."""
    is_token = torch.arange(max_tokens) < torch.as_tensor(lengths)[:, None]
    tokens = torch.from_numpy(random.integers(1, BERT["words"], (len(lengths), max_tokens)))
    return torch.stack([tokens * is_token, is_token.long()], 1).numpy()
