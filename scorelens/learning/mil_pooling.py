"""Poolings of multiple-instance learning: from the instances of a bag to the genres of the bag.

The six poolings of Ma et al. 2021, "Models", each with its dense layers, the probability of a bag
and the weights of its instances. A new one is a `Pooling` in POOLINGS.

Shapes: F folds, K genres, H hidden units, N instances (packed, with padding at the end), B bags.
`members` is float32 (F, N, B), 1 where an instance lies in a bag; the row of a padding instance is
all zero. A bag without instances (a fold whose batch has fewer bags) has the probability 0.
`embeddings` are the outputs of the embedding layers, (F, H, N) each, the last one last.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch

from scorelens.learning.mil_layers import Parameters, linear

ATTENTION_FLOOR = 1e-7
N_LEVELS = 2  # embedding layers that multi-attention pools
CONTENT = "content"  # a layer without bias: the batch norm behind it would remove it

Embeddings = Sequence[torch.Tensor]
Shapes = dict[str, tuple[int, int]]


class Pooling(NamedTuple):
    """A pooling.

    Parameters
    ----------
    layer_shapes : callable
        From (hidden, n_genres) to the dense layers behind the embeddings: name -> (outputs,
        inputs), in the order in which their weights are drawn.
    bag_probability : callable
        From (parameters, embeddings, members, bag_norm) to (F, K, B) in 0..1. `bag_norm` is the
        batch norm, ReLU and dropout over bags, on (F, H, B), for a pooling that `has_bag_norm`.
    instance_weights : callable
        From (parameters, embeddings, n_genres) to the weights of the instances of one bag for each
        genre, (F, K, N), of sum 1 over N.
    has_bag_norm : bool
        Whether there is a batch norm over bags.
    """

    layer_shapes: Callable[[int, int], Shapes]
    bag_probability: Callable[..., torch.Tensor]
    instance_weights: Callable[..., torch.Tensor]
    has_bag_norm: bool = False


def max_pooling(probability: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
    """Take the largest probability of the bag's instances (Ma et al. 2021, max pooling).

    Parameters
    ----------
    probability : tensor, shape (F, K, N)
        In 0..1.
    members : tensor, shape (F, N, B)
        Which instance lies in which bag.

    Returns
    -------
    tensor, shape (F, K, B)
        In 0..1.
    """
    inside, bag = members.max(2)
    index = bag[:, None].expand_as(probability)
    zeros = probability.new_zeros(*probability.shape[:2], members.shape[2])
    return zeros.scatter_reduce(2, index, probability * inside[:, None], "amax")


def average_pooling(probability: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
    """Take the mean of the bag's instances (Ma et al. 2021, average pooling).

    Parameters
    ----------
    probability : tensor, shape (F, K, N)
        In 0..1.
    members : tensor, shape (F, N, B)
        Which instance lies in which bag.

    Returns
    -------
    tensor, shape (F, K, B)
        In 0..1.
    """
    size = members.sum(1, keepdim=True).clamp(min=1)
    return torch.bmm(probability, members / size).clamp(0, 1)


def linear_softmax(probability: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
    """Take the mean of the instances, each weighted by itself: sum p^2 / sum p (Ma et al. 2021).

    Parameters
    ----------
    probability : tensor, shape (F, K, N)
        In 0..1.
    members : tensor, shape (F, N, B)
        Which instance lies in which bag.

    Returns
    -------
    tensor, shape (F, K, B)
        In 0..1.
    """
    return weighted_mean(probability, probability, members).clamp(0, 1)


def weighted_mean(
    values: torch.Tensor, weight: torch.Tensor, members: torch.Tensor
) -> torch.Tensor:
    """Take the weighted mean of the bag's instances, sum w x / sum w (Ma et al. 2021, attention).

    Parameters
    ----------
    values, weight : tensor, shape (F, K, N)
        The weights are at least 0.
    members : tensor, shape (F, N, B)
        Which instance lies in which bag.

    Returns
    -------
    tensor, shape (F, K, B)
        The means.
    """
    total = torch.bmm(weight, members).clamp(min=ATTENTION_FLOOR)
    return torch.bmm(weight * values, members) / total


def attention_weight(attention: torch.Tensor) -> torch.Tensor:
    """Compute the weights of an attention layer from its outputs (Ma et al. 2021).

    Parameters
    ----------
    attention : tensor
        Any real numbers.

    Returns
    -------
    tensor
        Their sigmoid, clamped to [1e-7, 1 - 1e-7]; the weights of a bag do not yet sum to 1.
    """
    return attention.sigmoid().clamp(ATTENTION_FLOOR, 1 - ATTENTION_FLOOR)


def _output_layer(hidden: int, genres: int) -> Shapes:
    return {"output": (genres, hidden)}


def _pooled_outputs(pool, parameters, embeddings, members, _bag_norm) -> torch.Tensor:
    """Pool the probabilities of the instances."""
    return pool(linear(parameters, "output", embeddings[-1]).sigmoid(), members)


def _max_weights(parameters, embeddings, _genres) -> torch.Tensor:
    """All weight on the instance of the highest probability."""
    probability = linear(parameters, "output", embeddings[-1]).sigmoid()
    largest = probability.argmax(-1, keepdim=True)
    return torch.zeros_like(probability).scatter_(-1, largest, 1)


def _equal_weights(parameters, embeddings, _genres) -> torch.Tensor:
    probability = linear(parameters, "output", embeddings[-1]).sigmoid()
    return torch.full_like(probability, 1 / probability.shape[-1])


def _self_weights(parameters, embeddings, _genres) -> torch.Tensor:
    return _normalised(linear(parameters, "output", embeddings[-1]).sigmoid())


def _single_layers(hidden: int, genres: int) -> Shapes:
    return {"output": (genres, hidden), "attention": (genres, hidden)}


def _single_probability(parameters, embeddings, members, _bag_norm) -> torch.Tensor:
    return _attended(parameters, "output", "attention", embeddings[-1], members)


def _single_weights(parameters, embeddings, _genres) -> torch.Tensor:
    return _normalised(attention_weight(linear(parameters, "attention", embeddings[-1])))


def _multi_layers(hidden: int, genres: int) -> Shapes:
    names = [f"{layer}.{level}" for level in range(N_LEVELS) for layer in ("output", "attention")]
    return dict.fromkeys(names, (genres, hidden)) | {"joint": (genres, N_LEVELS * genres)}


def _multi_probability(parameters, embeddings, members, _bag_norm) -> torch.Tensor:
    """Single attention on each of the last embedding layers, joined by a dense layer."""
    levels = [
        _attended(parameters, f"output.{level}", f"attention.{level}", values, members)
        for level, values in enumerate(embeddings[-N_LEVELS:])
    ]
    return linear(parameters, "joint", torch.cat(levels, 1)).sigmoid()


def _multi_weights(parameters, embeddings, _genres) -> torch.Tensor:
    """The mean over the levels."""
    levels = [
        _normalised(attention_weight(linear(parameters, f"attention.{level}", values)))
        for level, values in enumerate(embeddings[-N_LEVELS:])
    ]
    return torch.stack(levels).mean(0)


def _feature_layers(hidden: int, genres: int) -> Shapes:
    return {
        "output": (genres, hidden),
        CONTENT: (hidden, hidden),
        "attention": (hidden, hidden),
    }


def _feature_probability(parameters, embeddings, members, bag_norm) -> torch.Tensor:
    """Attention on the hidden features; the pooled features are classified."""
    weight = attention_weight(linear(parameters, "attention", embeddings[-1]))
    content = torch.bmm(parameters[f"{CONTENT}.weight"], embeddings[-1])
    return linear(parameters, "output", bag_norm(weighted_mean(content, weight, members))).sigmoid()


def _feature_weights(parameters, embeddings, genres) -> torch.Tensor:
    """The mean over the features, the same for every genre."""
    weight = _normalised(attention_weight(linear(parameters, "attention", embeddings[-1])))
    return weight.mean(1, keepdim=True).expand(-1, genres, -1)


def _attended(
    parameters: Parameters, output: str, attention: str, values: torch.Tensor, members: torch.Tensor
) -> torch.Tensor:
    """Single attention: the probabilities of the instances, weighted for each genre."""
    probability = linear(parameters, output, values).sigmoid()
    weight = attention_weight(linear(parameters, attention, values))
    return weighted_mean(probability, weight, members).clamp(0, 1)


def _normalised(weight: torch.Tensor) -> torch.Tensor:
    return weight / weight.sum(-1, keepdim=True)


POOLINGS = {
    "max_pooling": Pooling(_output_layer, partial(_pooled_outputs, max_pooling), _max_weights),
    "average_pooling": Pooling(
        _output_layer, partial(_pooled_outputs, average_pooling), _equal_weights
    ),
    "linear_softmax": Pooling(
        _output_layer, partial(_pooled_outputs, linear_softmax), _self_weights
    ),
    "single_attention": Pooling(_single_layers, _single_probability, _single_weights),
    "multi_attention": Pooling(_multi_layers, _multi_probability, _multi_weights),
    "feature_attention": Pooling(
        _feature_layers, _feature_probability, _feature_weights, has_bag_norm=True
    ),
}
