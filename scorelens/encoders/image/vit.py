"""ViT-B/16 (Dosovitskiy et al. 2021): 768 values of a transformer that classifies photographs.

The published version that was trained on ImageNet-21k and then on the 1,000 classes of ImageNet
(google/vit-base-patch16-224). The embedding is the class token after the last layer normalization.
The network is written here, and not taken from the library `transformers`: that renames its
variables from version to version, brings 14 packages and takes 4 s to start.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from scorelens.encoders.weight_loading import layer_sizes, layer_variables

MEAN, SCALE = 127.5, 127.5  # of the published preparation: 0..255 to -1..1
SIDE = 224  # pixels of a picture
HEAD = 64  # values of an attention head, whatever the network's size
EPSILON = 1e-12  # of the layer normalization
# PyTorch's names of a layer's parts: the published names.
PARTS = {
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "layernorm_before",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "layernorm_after",
}


class VisionTransformer(nn.Module):
    """The network without its classifier.

    Parameters
    ----------
    side : int
        Side of a patch in pixels.
    width : int
        Values of a token, and of an embedding.
    hidden : int
        Hidden units of a layer.
    layers : int
        Number of layers.
    """

    def __init__(self, side: int, width: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.size = width
        self.patches = nn.Conv2d(3, width, side, side)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, 1 + (SIDE // side) ** 2, width))
        layer = nn.TransformerEncoderLayer(
            width,
            width // HEAD,
            hidden,
            dropout=0.0,  # as published
            activation="gelu",
            layer_norm_eps=EPSILON,
            batch_first=True,
            norm_first=True,
        )
        norm = nn.LayerNorm(width, EPSILON)
        self.layers = nn.TransformerEncoder(layer, layers, norm, enable_nested_tensor=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Embed images.

        Parameters
        ----------
        images : tensor of float32, shape (n, 3, SIDE, SIDE)
            -1 to 1.

        Returns
        -------
        tensor of float32, shape (n, width)
        """
        patches = self.patches(images).flatten(2).transpose(1, 2)
        class_token = self.class_token.expand(len(patches), -1, -1)
        return self.layers(torch.cat([class_token, patches], 1) + self.positions)[:, 0]


def from_variables(variables: Mapping[str, np.ndarray]) -> VisionTransformer:
    """Build the network of a published file, in its sizes.

    Parameters
    ----------
    variables : mapping of str to ndarray
        By their published names, with `vit.` before each or without. Those of the classifier are
        ignored.

    Returns
    -------
    VisionTransformer

    Raises
    ------
    LookupError
        If a variable is missing.
    RuntimeError
        If one has another shape.
    """
    named = {name.removeprefix("vit."): torch.from_numpy(v) for name, v in variables.items()}
    state = {
        "class_token": named["embeddings.cls_token"],
        "positions": named["embeddings.position_embeddings"],
        **layer_variables(named, "attention.attention", PARTS),
    }
    for kind in ("weight", "bias"):
        state[f"patches.{kind}"] = named[f"embeddings.patch_embeddings.projection.{kind}"]
        state[f"layers.norm.{kind}"] = named[f"layernorm.{kind}"]
    layers, hidden = layer_sizes(state)
    width, _, side, _ = state["patches.weight"].shape
    network = VisionTransformer(side, width, hidden, layers)
    network.load_state_dict(state)
    return network
