"""The neural multiple-instance models of all folds as one computation.

Batch norm on the input, three dense embedding layers (linear without bias, batch norm, ReLU,
dropout), then one of six poolings (Ma et al. 2021, "Models"). Every parameter has the folds as its
first dimension: the folds train side by side and are independent.

Shapes: F folds, D features, H hidden units, K genres, N instances, B bags. The instances of a fold
are packed bag after bag; at the end of the row zeros fill up to the longest fold.
"""

from typing import NamedTuple

import numpy as np
import torch

from scorelens.learning.mil_layers import (
    EPSILON,
    Parameters,
    centre_running_mean,
    fold_input_norm,
    norm_relu_dropout,
    trained_norm_relu,
)
from scorelens.learning.mil_pooling import CONTENT, POOLINGS, Embeddings

N_LAYERS = 3
BAG_NORM = "bag"  # the batch norm over bags of feature-level attention
INITIAL_NORM = {"norm_weight": 1, "norm_bias": 0, "running_mean": 0, "running_variance": 1}


class Batch(NamedTuple):
    """One batch of some folds.

    Parameters
    ----------
    instances : tensor, shape (F, N, D)
        Standardised, zero in the padding.
    members : tensor, shape (F, N, B)
        1 where an instance lies in a bag.
    mean, variance : tensor, shape (F, D)
        Of the instances without the padding.
    dropout_masks : tensor of uint8, shape (N_LAYERS, F, H, N)
        1 for what is retained, 0 for what is dropped and in the padding.
    bag_dropout_mask : tensor of uint8, shape (F, H, B), or None
        The same for bags, if the pooling has a batch norm over them.
    keep : float
        The share that dropout retains on average.
    """

    instances: torch.Tensor
    members: torch.Tensor
    mean: torch.Tensor
    variance: torch.Tensor
    dropout_masks: torch.Tensor
    bag_dropout_mask: torch.Tensor | None
    keep: float


def initial_parameters(
    model: str, n_features: int, hidden: int, n_genres: int, random: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw the parameters and running statistics of one fold before training.

    Weights and biases of dense layers are uniform in +-1/sqrt(inputs); batch norms start as the
    identity. The batch norm of the input has no bias: the one after the first layer would remove
    it.

    Parameters
    ----------
    model : str
        A name of `mil_pooling.POOLINGS`.
    n_features, hidden, n_genres : int
        Width of the instances, of the embedding layers and of the output.
    random : numpy.random.Generator
        Draws the weights.

    Returns
    -------
    dict
        float32 arrays by name.
    """

    def uniform(inputs: int, *shape: int) -> np.ndarray:
        return random.uniform(-1, 1, shape).astype(np.float32) / np.float32(np.sqrt(inputs))

    def norm(name: str, size: int, *trained: str) -> dict[str, np.ndarray]:
        parts = (*trained, "running_mean", "running_variance")
        return {f"{name}.{part}": np.full(size, INITIAL_NORM[part], np.float32) for part in parts}

    parameters = norm("input", n_features, "norm_weight")
    for layer in range(N_LAYERS):
        inputs = hidden if layer else n_features
        parameters[f"embedding.{layer}.weight"] = uniform(inputs, hidden, inputs)
        parameters |= norm(f"embedding.{layer}", hidden, "norm_weight", "norm_bias")
    for name, (outputs, inputs) in POOLINGS[model].layer_shapes(hidden, n_genres).items():
        parameters[f"{name}.weight"] = uniform(inputs, outputs, inputs)
        if name != CONTENT:
            parameters[f"{name}.bias"] = uniform(inputs, outputs, 1)
    if POOLINGS[model].has_bag_norm:
        parameters |= norm(BAG_NORM, hidden, "norm_weight", "norm_bias")
    return parameters


def is_trained(name: str) -> bool:
    """Return whether a parameter is trained, and no running statistic.

    Examples
    --------
    >>> is_trained("input.norm_weight"), is_trained("input.running_mean")
    (True, False)
    """
    return not name.endswith((".running_mean", ".running_variance"))


def train_forward(model: str, parameters: Parameters, batch: Batch) -> torch.Tensor:
    """Compute the probabilities of the bags of a batch in training; update running statistics.

    Parameters
    ----------
    model : str
        A name of `mil_pooling.POOLINGS`.
    parameters : dict
        Of the folds.
    batch : Batch
        Of the same folds.

    Returns
    -------
    tensor, shape (F, K, B)
        In 0..1.
    """
    size = batch.members.sum(1)
    counts = size.sum(1, keepdim=True)
    hidden, embeddings = batch.instances.transpose(1, 2), []
    for layer in range(N_LAYERS):
        name = f"embedding.{layer}"
        weight = parameters[f"{name}.weight"]
        if layer == 0:
            weight = fold_input_norm(parameters, weight, batch.mean, batch.variance, counts)
        values, mask = torch.bmm(weight, hidden), batch.dropout_masks[layer]
        hidden = norm_relu_dropout(parameters, name, values, mask, batch.keep, counts)
        if layer == 0:
            centre_running_mean(parameters, name, weight, batch.mean)
        embeddings.append(hidden)

    def bag_norm(bags: torch.Tensor) -> torch.Tensor:
        n_bags, mask = (size > 0).sum(1, keepdim=True).float(), batch.bag_dropout_mask
        return norm_relu_dropout(parameters, BAG_NORM, bags, mask, batch.keep, n_bags)

    return POOLINGS[model].bag_probability(parameters, embeddings, batch.members, bag_norm)


def predict_bags(
    model: str, parameters: Parameters, instances: torch.Tensor, members: torch.Tensor
) -> torch.Tensor:
    """Compute the probabilities of bags by trained networks, without dropout.

    Parameters
    ----------
    model : str
        A name of `mil_pooling.POOLINGS`.
    parameters : dict
        Of the folds; batch norms use the running statistics.
    instances : tensor, shape (F, N, D)
        Standardised.
    members : tensor, shape (F, N, B)
        1 where an instance lies in a bag.

    Returns
    -------
    tensor, shape (F, K, B)
        In 0..1.
    """

    def bag_norm(bags: torch.Tensor) -> torch.Tensor:
        return trained_norm_relu(parameters, BAG_NORM, bags)

    embeddings = _embed(parameters, instances)
    return POOLINGS[model].bag_probability(parameters, embeddings, members, bag_norm)


def instance_weights(
    model: str, parameters: Parameters, instances: torch.Tensor, n_genres: int
) -> torch.Tensor:
    """Compute the weights of the instances of one bag.

    Parameters
    ----------
    model : str
        A name of `mil_pooling.POOLINGS`.
    parameters : dict
        Of trained networks.
    instances : tensor, shape (F, N, D)
        Standardised, all of one bag.
    n_genres : int
        K.

    Returns
    -------
    tensor, shape (F, K, N)
        Of sum 1 over N. Max pooling puts all weight on one instance. The weights of multi-attention
        are the mean over its levels, those of feature-level attention the mean over its features:
        neither has one weight for each genre.
    """
    return POOLINGS[model].instance_weights(parameters, _embed(parameters, instances), n_genres)


def _embed(parameters: Parameters, instances: torch.Tensor) -> Embeddings:
    """The embeddings of trained networks, (F, H, N) each."""
    scale = (
        parameters["input.norm_weight"] * (parameters["input.running_variance"] + EPSILON).rsqrt()
    )
    centred = instances - parameters["input.running_mean"][:, None]
    hidden, embeddings = (centred * scale[:, None]).transpose(1, 2), []
    for layer in range(N_LAYERS):
        values = torch.bmm(parameters[f"embedding.{layer}.weight"], hidden)
        hidden = trained_norm_relu(parameters, f"embedding.{layer}", values)
        embeddings.append(hidden)
    return embeddings
