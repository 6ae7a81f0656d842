"""What frozen networks say of the frames and of the sound of trailers."""

import logging
import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from safetensors.numpy import load_file
from torch import nn
from tqdm import tqdm

from scorelens import media, tables
from scorelens.encoders import audio_encoder, image_encoder, vgg16
from scorelens.encoders.embedding_cache import column_names
from scorelens.encoders.weight_loading import build
from scorelens.learning.cnn import device
from scorelens.tables import TRAILER_VECTORS
from scorelens.trailers.data.frame_sampling import Sample, read_sample

FRAME_NETWORKS = image_encoder.NETWORKS | {"vgg16": vgg16}
SOUND_NETWORKS = audio_encoder.MODULES

log = logging.getLogger(__name__)


class Vectors(NamedTuple):
    """What a network says of one trailer.

    place: int64 (n,), numbers of the frames as they are shown, or of the windows. time_s: float64
    (n,), when a frame is shown, or the middle of a window. values: float32 (n, size).
    """

    place: np.ndarray
    time_s: np.ndarray
    values: np.ndarray


def embed_trailers(
    samples: Mapping[str, str | os.PathLike],
    network: str,
    weights: str | os.PathLike,
    output: str | os.PathLike,
    threads: int = 1,
) -> None:
    """Write what a network says of trailers, in their order (TRAILER_VECTORS).

    samples: trailer_id -> file, as `sample.sample_trailers` writes it. network: of FRAME_NETWORKS,
    which look at the frames, or of SOUND_NETWORKS, which hear the sound in windows; of a silent
    window they say nothing. weights: its file of variables, as `scorelens.pretrained` writes it.
    threads: of the CPU. Raises InputError if the file holds another network's variables, or a
    sample is damaged.
    """
    torch.set_num_threads(threads)
    names, embed = (_load_eye if network in FRAME_NETWORKS else _load_ear)(network, weights)
    parts = [_rows("", Vectors(np.zeros(0, int), np.zeros(0), np.zeros((0, len(names)))), names)]
    for trailer_id, path in tqdm(samples.items(), unit="trailer", disable=None):
        vectors = embed(read_sample(path))
        log.info("%s: %d vectors of %s", trailer_id, len(vectors.place), network)
        parts.append(_rows(trailer_id, vectors, names))
    facts = {"network": network, "weights_sha256": media.sha256(weights)}
    tables.write_table(pd.concat(parts, ignore_index=True), output, TRAILER_VECTORS, facts)


def load_network(name: str, weights: str | os.PathLike) -> nn.Module:
    """A network of FRAME_NETWORKS, ready to be asked, as `images.load_network` gives its own."""
    variables = load_file(weights)
    return build(FRAME_NETWORKS[name].of_variables, variables, weights).to(device()).eval()


def _load_eye(name: str, weights) -> tuple[list[str], Callable[[Sample], Vectors]]:
    """The names of a network's values, and what it makes of a trailer's frames."""
    network = load_network(name, weights)

    def see(sample: Sample) -> Vectors:
        values = image_encoder.embed_pictures(network, sample.frames)
        return Vectors(sample.frame_number, sample.frame_s, values)

    return column_names(name, network.size), see


def _load_ear(name: str, weights) -> tuple[list[str], Callable[[Sample], Vectors]]:
    """The names of a network's values, and what it makes of a trailer's sound."""
    network, place = SOUND_NETWORKS[name], device().type
    layers = build(lambda found: network.layers(found, place), load_file(weights), weights)

    def hear(sample: Sample) -> Vectors:
        series = audio_encoder.frames(sample.sound, network, layers, place)
        heard = np.flatnonzero(np.isfinite(series.values).all(1))
        return Vectors(heard, series.times_s[heard], series.values[heard])

    return list(network.NAMES), hear


def _rows(trailer_id: str, vectors: Vectors, names: list[str]) -> pd.DataFrame:
    heads = {"trailer_id": trailer_id, "place": vectors.place, "time_s": vectors.time_s}
    values = pd.DataFrame(vectors.values.astype(np.float32, copy=False), columns=names)
    return pd.concat([pd.DataFrame(heads, index=values.index), values], axis=1)
