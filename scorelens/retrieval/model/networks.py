"""Models of retrieval: two towers and a temperature, and the embeddings that a model gives."""

from collections.abc import Mapping
from math import log
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from scorelens.retrieval import AVCA, BASELINE, text_segment, uses_image
from scorelens.retrieval.model.towers import (
    CrossAttentionTower,
    MeanQueryTower,
    QueryTower,
    TrackTower,
    in_micro_batches,
)
from scorelens.torch_device import device

TEMPERATURE = 0.07  # initial value, that of CLIP
MIN_TEMPERATURE = 0.01  # that of CLIP
ROWS_PER_CHUNK = 64  # fragments, or inputs of encoders, embedded at once; bounds the memory
QUERY_TOWERS = {BASELINE: MeanQueryTower, AVCA: CrossAttentionTower}


class Sizes(NamedTuple):
    """Sizes of the vectors of an image, a text and a fragment; audio 0 stands for log-mel."""

    image: int
    text: int
    audio: int


class RetrievalModel(nn.Module):
    """Both towers of one configuration, and the temperature of its loss.

    Parameters
    ----------
    configuration : str
        A name of CONFIGURATIONS.
    sizes : Sizes
        Sizes of the vectors.
    dropout : float
        Dropout rate of the embedding nets.
    encoders : mapping of str to torch.nn.Module, optional
        Encoders of views that are trained too, as in the paper. The rows of such a view are inputs
        of its encoder, such as pictures or tokens.
    """

    def __init__(
        self,
        configuration: str,
        sizes: Sizes,
        dropout: float = 0.3,
        encoders: Mapping[str, nn.Module] | None = None,
    ) -> None:
        super().__init__()
        tower = QUERY_TOWERS.get(configuration, QueryTower)
        self.encoders = nn.ModuleDict(encoders or {})
        self.query_tower = tower(view_sizes(configuration, sizes), dropout)
        self.track_tower = TrackTower(sizes.audio, dropout)
        self.log_inverse_temperature = nn.Parameter(torch.tensor(-log(TEMPERATURE)))

    def encode_queries(
        self, views: Mapping[str, torch.Tensor], micro_batch_size: int = 0
    ) -> torch.Tensor:
        """Embed films.

        Parameters
        ----------
        views : mapping of str to torch.Tensor
            (B, size), or inputs of the encoder of the view.
        micro_batch_size : int
            Rows that an encoder takes at once, see `in_micro_batches`; 0 for the whole batch.

        Returns
        -------
        torch.Tensor
            (B, EMBEDDING_SIZE), unit vectors.
        """
        vectors = {
            view: in_micro_batches(self.encoders[view], rows, micro_batch_size or len(rows))
            for view, rows in views.items()
            if view in self.encoders
        }
        return self.query_tower({**views, **vectors})

    def inverse_temperature(self) -> torch.Tensor:
        """Factor of the cosines in the loss, at most 1 / MIN_TEMPERATURE."""
        return self.log_inverse_temperature.clamp(max=-log(MIN_TEMPERATURE)).exp()


def view_sizes(configuration: str, sizes: Sizes) -> dict[str, int]:
    """Sizes of the vectors that a configuration takes, by view.

    Parameters
    ----------
    configuration : str
        A name of CONFIGURATIONS.
    sizes : Sizes
        Sizes of all vectors.

    Returns
    -------
    dict of str to int
        Of `image`, `text` or both.

    Examples
    --------
    >>> view_sizes("image_tags", Sizes(image=1280, text=384, audio=200))
    {'image': 1280, 'text': 384}
    """
    views = {"image": sizes.image} if uses_image(configuration) else {}
    return views | ({"text": sizes.text} if text_segment(configuration) else {})


def load_model(
    configuration: str,
    sizes: Sizes,
    arrays: Mapping[str, np.ndarray],
    encoders: Mapping[str, nn.Module] | None = None,
) -> RetrievalModel:
    """Build a trained model on the device, in evaluation mode.

    Parameters
    ----------
    configuration : str
        A name of CONFIGURATIONS.
    sizes : Sizes
        Sizes of the vectors.
    arrays : mapping of str to numpy.ndarray
        Parameters and buffers of `training.TrainedModel`.
    encoders : mapping of str to torch.nn.Module, optional
        Encoders that were trained too, of the same shapes.

    Returns
    -------
    RetrievalModel
        The model.
    """
    model = RetrievalModel(configuration, sizes, encoders=encoders)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    return model.to(device()).eval()


@torch.no_grad()
def embed_queries(model: RetrievalModel, views: Mapping[str, np.ndarray]) -> np.ndarray:
    """Embed films.

    A view that the model knows and that is missing is replaced by the mean of the training films
    (with an encoder: by a vector of zeros). The baseline averages the views that are present.

    Parameters
    ----------
    model : RetrievalModel
        A trained model.
    views : mapping of str to numpy.ndarray
        (n, size) of `image`, `text` or both, or inputs of the encoder of the view.

    Returns
    -------
    numpy.ndarray
        float32 (n, EMBEDDING_SIZE), unit vectors.
    """
    where = next(model.parameters()).device
    tensors = {view: to_tensor(rows, where) for view, rows in views.items()}
    return model.encode_queries(tensors, ROWS_PER_CHUNK).cpu().numpy()


@torch.no_grad()
def embed_fragments(model: RetrievalModel, fragments: np.ndarray) -> np.ndarray:
    """Embed fragments.

    Parameters
    ----------
    model : RetrievalModel
        A trained model.
    fragments : numpy.ndarray
        (n, size), or log-mel (n, BANDS, FRAMES).

    Returns
    -------
    numpy.ndarray
        float32 (n, EMBEDDING_SIZE), unit vectors.
    """
    where = next(model.parameters()).device
    starts = range(0, len(fragments), ROWS_PER_CHUNK)
    chunks = (to_tensor(fragments[start : start + ROWS_PER_CHUNK], where) for start in starts)
    return torch.cat([model.track_tower(chunk) for chunk in chunks]).cpu().numpy()


def embed_tracks(model: RetrievalModel, fragments: np.ndarray, track: np.ndarray) -> np.ndarray:
    """Embed tracks: the normalized mean of the embeddings of their fragments.

    Parameters
    ----------
    model : RetrievalModel
        A trained model.
    fragments : numpy.ndarray
        (n, size), or log-mel (n, BANDS, FRAMES).
    track : numpy.ndarray
        int (n,), track of each fragment, rising from 0 without gaps.

    Returns
    -------
    numpy.ndarray
        float32 (tracks, EMBEDDING_SIZE), unit vectors.
    """
    embeddings = embed_fragments(model, fragments)
    sums = np.add.reduceat(embeddings, np.searchsorted(track, np.arange(track[-1] + 1)), axis=0)
    return sums / np.linalg.norm(sums, axis=1, keepdims=True).clip(np.finfo(np.float32).tiny)


def to_tensor(values: np.ndarray, where: torch.device) -> torch.Tensor:
    """Copy an array to a device; floating point becomes float32, integers keep their type.

    Parameters
    ----------
    values : numpy.ndarray
        Any array; may be a memory map.
    where : torch.device
        The device.

    Returns
    -------
    torch.Tensor
        Of the same shape.
    """
    tensor = torch.from_numpy(np.require(values, requirements="CW")).to(where)
    return tensor.float() if tensor.is_floating_point() else tensor
