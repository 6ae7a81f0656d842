"""The layers of the MIL networks of many folds as one computation, in training and after.

Shapes: F folds, D features, H hidden units, N instances. The padding of a row is zero and stays
zero, so that sums over a row count its instances alone. The parameters of a batch norm are
`norm_weight`, `norm_bias`, `running_mean` and `running_variance`, as in PyTorch.
"""

import torch

from scorelens.learning.trainer import Parameters

EPSILON = 1e-5  # of the batch norm
MOMENTUM = 0.1  # share of the newest batch in the running statistics


def fold_input_norm(
    parameters: Parameters,
    weight: torch.Tensor,
    mean: torch.Tensor,
    variance: torch.Tensor,
    counts: torch.Tensor,
) -> torch.Tensor:
    """Multiply the batch norm of the instances into the weights of the first layer.

    That batch norm scales each feature, which can as well be done by the weights; what it subtracts
    is subtracted by the batch norm after the first layer in any case. The running statistics are
    updated.

    Parameters
    ----------
    parameters : dict
        Of the networks; `input.*` is the batch norm.
    weight : tensor, shape (F, H, D)
        Of the first layer.
    mean, variance : tensor, shape (F, D)
        Of the batch.
    counts : tensor, shape (F, 1)
        Instances of the batch.

    Returns
    -------
    tensor, shape (F, H, D)
        The scaled weights.
    """
    _update_running(parameters, "input", mean, variance, counts)
    return weight * (parameters["input.norm_weight"] * (variance + EPSILON).rsqrt())[:, None]


@torch.no_grad()
def centre_running_mean(
    parameters: Parameters, name: str, weight: torch.Tensor, mean: torch.Tensor
) -> None:
    """Correct a layer's running mean for inputs that were not centred.

    Parameters
    ----------
    parameters : dict
        Of the networks.
    name : str
        Of the layer.
    weight : tensor, shape (F, H, D)
        Of the layer in this batch.
    mean : tensor, shape (F, D)
        Of its inputs in this batch.
    """
    excess = torch.bmm(weight, mean[..., None])[..., 0]
    parameters[f"{name}.running_mean"].sub_(excess, alpha=MOMENTUM)


def norm_relu_dropout(
    parameters: Parameters,
    name: str,
    values: torch.Tensor,
    dropout_mask: torch.Tensor,
    keep: float,
    counts: torch.Tensor,
) -> torch.Tensor:
    """Apply batch norm, ReLU and dropout; update the running statistics.

    Parameters
    ----------
    parameters : dict
        Of the networks.
    name : str
        Of the layer, such as `embedding.0`.
    values : tensor, shape (F, H, N)
        Its outputs.
    dropout_mask : tensor of uint8, shape (F, H, N)
        1 for what is retained, 0 for what is dropped and in the padding.
    keep : float
        The share that is retained on average.
    counts : tensor of float, shape (F, 1)
        How many of N are no padding.

    Returns
    -------
    tensor, shape (F, H, N)
        The activations.
    """
    weight, bias = (parameters[f"{name}.{part}"] / keep for part in ("norm_weight", "norm_bias"))
    result, mean, variance = _BatchNormReluDropout.apply(values, weight, bias, dropout_mask, counts)
    _update_running(parameters, name, mean, variance, counts)
    return result


def trained_norm_relu(parameters: Parameters, name: str, values: torch.Tensor) -> torch.Tensor:
    """Apply batch norm by the running statistics, and ReLU.

    Parameters
    ----------
    parameters : dict
        Of the networks.
    name : str
        Of the layer.
    values : tensor, shape (F, H, N)
        Its outputs.

    Returns
    -------
    tensor, shape (F, H, N)
        The activations.
    """
    scale = (
        parameters[f"{name}.norm_weight"]
        * (parameters[f"{name}.running_variance"] + EPSILON).rsqrt()
    )
    offset = parameters[f"{name}.norm_bias"] - parameters[f"{name}.running_mean"] * scale
    return torch.addcmul(offset[..., None], values, scale[..., None]).relu_()


def linear(parameters: Parameters, name: str, values: torch.Tensor) -> torch.Tensor:
    """Apply a dense layer with bias to (F, H, N)."""
    return torch.baddbmm(parameters[f"{name}.bias"], parameters[f"{name}.weight"], values)


@torch.no_grad()
def _update_running(
    parameters: Parameters,
    name: str,
    mean: torch.Tensor,
    variance: torch.Tensor,
    counts: torch.Tensor,
) -> None:
    unbiased = variance * (counts / (counts - 1).clamp(min=1))
    parameters[f"{name}.running_mean"].lerp_(mean, MOMENTUM)
    parameters[f"{name}.running_variance"].lerp_(unbiased, MOMENTUM)


class _BatchNormReluDropout(torch.autograd.Function):
    """Batch norm, ReLU and dropout, with as few passes over memory as possible.

    Also returns the batch's mean and variance (F, H), which carry no gradient.
    """

    @staticmethod
    def forward(ctx, values, weight, bias, dropout_mask, counts):
        mean = values.sum(-1) / counts
        squares = torch.linalg.vector_norm(values, dim=-1).square_()
        variance = (squares / counts - mean**2).clamp_(min=0)
        inverse_std = (variance + EPSILON).rsqrt()
        scale = weight * inverse_std
        offset = bias - mean * scale
        result = (values * scale[..., None]).add_(offset[..., None]).relu_().mul_(dropout_mask)
        ctx.save_for_backward(values, result, mean, inverse_std, scale, counts)
        ctx.mark_non_differentiable(mean, variance)
        return result, mean, variance

    @staticmethod
    def backward(ctx, gradient, _mean, _variance):
        values, result, mean, inverse_std, scale, counts = ctx.saved_tensors
        # ReLU's own backward pass: one sweep, where torch.where takes many times as long.
        gradient = torch.ops.aten.threshold_backward(gradient, result, 0)
        for_bias = gradient.sum(-1)
        # No later layer needs the result any more: its memory is reused for a product.
        product = torch.mul(gradient, values, out=result)
        for_weight = (product.sum(-1) - mean * for_bias) * inverse_std
        along = -scale * inverse_std * for_weight / counts
        constant = -scale * for_bias / counts - along * mean
        for_values = gradient.mul_(scale[..., None]).addcmul_(values, along[..., None])
        return for_values.add_(constant[..., None]), for_weight, for_bias, None, None
