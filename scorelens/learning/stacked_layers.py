"""The layers of the networks of many folds as one computation, in training.

Shapes: F folds, D features, H hidden units, N instances. A row's padding is zero and stays zero,
so that sums over a row count what is there alone.
"""

import torch

EPSILON = 1e-5  # of the batch norm
MOMENTUM = 0.1  # share of the newest batch in the running statistics

Parameters = dict[str, torch.Tensor]


def normed_weight(
    parameters: Parameters,
    weight: torch.Tensor,
    mean: torch.Tensor,
    variance: torch.Tensor,
    counts: torch.Tensor,
) -> torch.Tensor:
    """The first layer's weights (F, H, D) with the batch norm of the instances in them.

    That batch norm scales each feature, and the scale can as well lie in the weights; what it
    subtracts, the batch norm after the first layer takes away in any case. The running statistics
    take in the batch's mean and variance (F, D), over counts (F, 1) instances.
    """
    _update_running(parameters, "input", mean, variance, counts)
    return weight * (parameters["input.gain"] * (variance + EPSILON).rsqrt())[:, None]


@torch.no_grad()
def centre_running_mean(
    parameters: Parameters, name: str, weight: torch.Tensor, mean: torch.Tensor
) -> None:
    """Take from a layer's running mean what it took in because its inputs were not centred."""
    unwanted = torch.bmm(weight, mean[..., None])[..., 0]
    parameters[f"{name}.mean"].sub_(unwanted, alpha=MOMENTUM)


def norm_relu_dropout(
    parameters: Parameters,
    name: str,
    values: torch.Tensor,
    kept: torch.Tensor,
    keep: float,
    counts: torch.Tensor,
) -> torch.Tensor:
    """Batch norm, ReLU and dropout of (F, H, N); the running statistics take the batch in.

    name: of the layer, before `.gain`, `.shift`, `.mean` and `.variance`. kept: uint8 (F, H, N),
    1 for what dropout keeps, 0 in the padding. keep: the share that it keeps on average. counts:
    float (F, 1), how many of N are there.
    """
    result, mean, variance = _BatchNormReluDropout.apply(
        values, parameters[f"{name}.gain"] / keep, parameters[f"{name}.shift"] / keep, kept, counts
    )
    _update_running(parameters, name, mean, variance, counts)
    return result


def trained_norm_relu(parameters: Parameters, name: str, values: torch.Tensor) -> torch.Tensor:
    """Batch norm by the running statistics, and ReLU, of (F, H, N)."""
    gain = parameters[f"{name}.gain"] * (parameters[f"{name}.variance"] + EPSILON).rsqrt()
    offset = parameters[f"{name}.shift"] - parameters[f"{name}.mean"] * gain
    return torch.addcmul(offset[..., None], values, gain[..., None]).relu_()


def linear(parameters: Parameters, name: str, values: torch.Tensor) -> torch.Tensor:
    """A dense layer with bias on (F, H, N)."""
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
    parameters[f"{name}.mean"].lerp_(mean, MOMENTUM)
    parameters[f"{name}.variance"].lerp_(unbiased, MOMENTUM)


class _BatchNormReluDropout(torch.autograd.Function):
    """Batch norm, ReLU and dropout, with as few passes over memory as it takes.

    Also returns the batch's mean and variance (F, H), which carry no gradient.
    """

    @staticmethod
    def forward(ctx, values, gain, shift, kept, counts):
        mean = values.sum(-1) / counts
        squares = torch.linalg.vector_norm(values, dim=-1).square_()
        variance = (squares / counts - mean**2).clamp_(min=0)
        deviation = (variance + EPSILON).rsqrt()
        slope = gain * deviation
        offset = shift - mean * slope
        result = (values * slope[..., None]).add_(offset[..., None]).relu_().mul_(kept)
        ctx.save_for_backward(values, result, mean, deviation, slope, counts)
        ctx.mark_non_differentiable(mean, variance)
        return result, mean, variance

    @staticmethod
    def backward(ctx, gradient, _mean, _variance):
        values, result, mean, deviation, slope, counts = ctx.saved_tensors
        # ReLU's own backward pass: one sweep, where torch.where takes many times as long.
        gradient = torch.ops.aten.threshold_backward(gradient, result, 0)
        for_shift = gradient.sum(-1)
        # All layers behind are done with the result: its memory serves for a product.
        product = torch.mul(gradient, values, out=result)
        for_gain = (product.sum(-1) - mean * for_shift) * deviation
        along = -slope * deviation * for_gain / counts
        constant = -slope * for_shift / counts - along * mean
        for_values = gradient.mul_(slope[..., None]).addcmul_(values, along[..., None])
        return for_values.add_(constant[..., None]), for_gain, for_shift, None, None
