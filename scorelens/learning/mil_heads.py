"""From the embeddings of instances to the genres of their bag: the six poolings of the study.

Ma et al. 2021, "Models". Shapes as in `pooling`; H hidden units. `embeddings` are the outputs of
the embedding layers, (F, H, N) each, the last one last.
"""

from collections.abc import Callable, Sequence

import torch

from scorelens.learning.mil_pooling import POOLING, attend, attention_weight
from scorelens.learning.stacked_layers import Parameters, linear

LEVELS = 2  # embedding layers that multi-attention looks at
CONTENT = "content"

Embeddings = Sequence[torch.Tensor]


def head_shapes(model: str, hidden: int, genres: int) -> dict[str, tuple[int, int]]:
    """The dense layers of a model behind its embeddings: name -> (outputs, inputs).

    All have a bias but `content`, whose bias the batch norm behind it would take away.
    """
    output = {"output": (genres, hidden)}
    if model == "single_attention":
        return output | {"attention": (genres, hidden)}
    if model == "multi_attention":
        names = [f"{head}.{level}" for level in range(LEVELS) for head in ("output", "attention")]
        return dict.fromkeys(names, (genres, hidden)) | {"joint": (genres, LEVELS * genres)}
    if model == "feature_attention":
        return output | dict.fromkeys((CONTENT, "attention"), (hidden, hidden))
    return output


def bag_probability(
    model: str,
    parameters: Parameters,
    embeddings: Embeddings,
    members: torch.Tensor,
    bag_norm: Callable[[torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """The probability of each genre for each bag, (F, K, B) in 0..1.

    bag_norm: the batch norm, ReLU and dropout of feature-level attention, on (F, H, B).
    """
    last = embeddings[-1]
    if model == "single_attention":
        return _attended(parameters, "output", "attention", last, members)
    if model == "multi_attention":
        levels = [
            _attended(parameters, f"output.{level}", f"attention.{level}", values, members)
            for level, values in enumerate(embeddings[-LEVELS:])
        ]
        return linear(parameters, "joint", torch.cat(levels, 1)).sigmoid()
    if model == "feature_attention":
        weight = attention_weight(linear(parameters, "attention", last))
        bag = attend(torch.bmm(parameters[f"{CONTENT}.weight"], last), weight, members)
        return linear(parameters, "output", bag_norm(bag)).sigmoid()
    return POOLING[model](linear(parameters, "output", last).sigmoid(), members)


def instance_weights(
    model: str, parameters: Parameters, embeddings: Embeddings, genres: int
) -> torch.Tensor:
    """How much each instance of one bag counts for each genre, (F, K, N), of sum 1 over N.

    All instances are of one bag. Max pooling puts all weight on the surest instance. The weight of
    multi-attention is the mean over its two levels, that of feature-level attention the mean over
    its features, the same for every genre: neither model has one weight a genre.
    """
    last = embeddings[-1]
    if model == "feature_attention":
        weight = _of_sum_one(attention_weight(linear(parameters, "attention", last)))
        return weight.mean(1, keepdim=True).expand(-1, genres, -1)
    if model == "multi_attention":
        levels = [
            _of_sum_one(attention_weight(linear(parameters, f"attention.{level}", values)))
            for level, values in enumerate(embeddings[-LEVELS:])
        ]
        return torch.stack(levels).mean(0)
    if model == "single_attention":
        return _of_sum_one(attention_weight(linear(parameters, "attention", last)))
    probability = linear(parameters, "output", last).sigmoid()
    if model == "linear_softmax":
        return _of_sum_one(probability)
    if model == "max_pooling":
        surest = probability.argmax(-1, keepdim=True)
        return torch.zeros_like(probability).scatter_(-1, surest, 1)
    return torch.full_like(probability, 1 / probability.shape[-1])


def _attended(
    parameters: Parameters, output: str, attention: str, values: torch.Tensor, members: torch.Tensor
) -> torch.Tensor:
    """Single attention: a genre's probabilities of the instances, weighted for that genre."""
    probability = linear(parameters, output, values).sigmoid()
    weight = attention_weight(linear(parameters, attention, values))
    return attend(probability, weight, members).clamp(0, 1)


def _of_sum_one(weight: torch.Tensor) -> torch.Tensor:
    return weight / weight.sum(-1, keepdim=True)
