"""What a picture shows, as 768 values: the Vision Transformer ViT-B/16, the paper's.

Dosovitskiy et al. 2021, in the published version that was trained on ImageNet-21k and then on the
1,000 names of ImageNet (google/vit-base-patch16-224). The vector is the class token after the last
norm. The network is written here, and not taken from the library `transformers`: that renames its
parts from version to version, brings 14 packages and takes 4 s to start.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from scorelens.encoders.weight_loading import layer_sizes, layer_variables

SIDE = 224  # px of a picture
HEAD = 64  # values of a head, whatever the network's size
EPSILON = 1e-12  # of the layer normalisation
# Our names of a layer's parts: the published names.
PARTS = {
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "layernorm_before",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "layernorm_after",
}


class VisionTransformer(nn.Module):
    """The network without the layer that names things.

    side: of a patch, px. width: values of a token. inner: hidden units of a layer.
    """

    middle, reach = 127.5, 127.5  # of the published preparation: 0..255 to -1..1

    def __init__(self, side: int, width: int, inner: int, layers: int) -> None:
        super().__init__()
        self.size = width  # values of a vector
        self.patches = nn.Conv2d(3, width, side, side)
        self.whole = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.zeros(1, 1 + (SIDE // side) ** 2, width))
        layer = nn.TransformerEncoderLayer(
            width,
            width // HEAD,
            inner,
            dropout=0.0,  # as published
            activation="gelu",
            layer_norm_eps=EPSILON,
            batch_first=True,
            norm_first=True,
        )
        norm = nn.LayerNorm(width, EPSILON)
        self.layers = nn.TransformerEncoder(layer, layers, norm, enable_nested_tensor=False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """pictures: float32 (B, 3, SIDE, SIDE), -1 to 1. Returns (B, size)."""
        patches = self.patches(pictures).flatten(2).transpose(1, 2)
        whole = self.whole.expand(len(patches), -1, -1)
        return self.layers(torch.cat([whole, patches], 1) + self.places)[:, 0]


def of_variables(variables: Mapping[str, np.ndarray]) -> VisionTransformer:
    """The network of a published file, in its sizes.

    variables: by their published names, with `vit.` before each or without. What belongs to the
    layer that names things is left out.
    """
    found = {name.removeprefix("vit."): torch.from_numpy(v) for name, v in variables.items()}
    state = {
        "whole": found["embeddings.cls_token"],
        "places": found["embeddings.position_embeddings"],
        **layer_variables(found, "attention.attention", PARTS),
    }
    for kind in ("weight", "bias"):
        state[f"patches.{kind}"] = found[f"embeddings.patch_embeddings.projection.{kind}"]
        state[f"layers.norm.{kind}"] = found[f"layernorm.{kind}"]
    layers, inner = layer_sizes(state)
    width, _, side, _ = state["patches.weight"].shape
    network = VisionTransformer(side, width, inner, layers)
    network.load_state_dict(state)
    return network
