"""What the training of one fold gives, of a network or of a shallow model."""

from typing import NamedTuple

import numpy as np


class FittedFold(NamedTuple):
    """The arrays of a fold by name, and the curve of its losses if it is a network."""

    arrays: dict[str, np.ndarray]
    curve: np.ndarray | None = None
