"""Random weights of YAMNet."""

import itertools

import numpy as np

FILTERS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)


def variables():
    """Random weights under the published names, the classifier included."""
    rng = np.random.default_rng(4)
    arrays = {}

    def convolution(name, part, shape, channels):
        fan = np.prod(shape[:-1]) if part == "kernel" else 9
        arrays[f"{name}/{part}"] = (rng.standard_normal(shape) * np.sqrt(2 / fan)).astype("f4")
        arrays[f"{name}/bn/beta"] = rng.normal(0, 0.2, channels).astype("f4")
        arrays[f"{name}/bn/moving_mean"] = rng.normal(0, 0.2, channels).astype("f4")
        arrays[f"{name}/bn/moving_variance"] = rng.uniform(0.5, 2, channels).astype("f4")

    convolution("layer1/conv", "kernel", (3, 3, 1, 32), 32)
    for number, (inputs, filters) in enumerate(itertools.pairwise(FILTERS), start=2):
        depthwise = f"layer{number}/depthwise_conv"
        convolution(depthwise, "depthwise_kernel", (3, 3, inputs, 1), inputs)
        convolution(f"layer{number}/pointwise_conv", "kernel", (1, 1, inputs, filters), filters)
    arrays["logits/kernel"] = rng.normal(0, 0.01, (1024, 521)).astype("f4")
    arrays["logits/bias"] = np.zeros(521, "f4")
    return arrays
