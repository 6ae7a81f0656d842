"""Sizes and random inputs of the image and text encoders that are trained with retrieval."""

import torch

# Sizes as published; the width, the hidden units and the layers are the same in both.
VIT = {"side": 16, "width": 768, "hidden": 3072, "layers": 12}
BERT = {"words": 30_522, "positions": 512, "width": 768, "hidden": 3072, "layers": 12}


def make_texts(lengths, max_tokens, random):
    """Random texts: int64 (n, max_tokens), 0 behind the end of each."""
    is_token = torch.arange(max_tokens) < torch.as_tensor(lengths)[:, None]
    tokens = torch.from_numpy(random.integers(1, BERT["words"], (len(lengths), max_tokens)))
    return (tokens * is_token).numpy()
