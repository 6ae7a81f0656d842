"""Embed the frames, or the sound, of trailers with a pretrained network."""

import logging
import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.encoders import audio_encoder, image_encoder
from scorelens.encoders.embedding_cache import column_names
from scorelens.encoders.registry import ENCODERS, IMAGE
from scorelens.tables import TRAILER_MAPS, TRAILER_VECTORS
from scorelens.trailers.data.frame_sampling import Sample, read_sample

log = logging.getLogger(__name__)


class TrailerEmbeddings(NamedTuple):
    """The embeddings of one trailer.

    Attributes
    ----------
    number : ndarray of int64, shape (n,)
        Numbers of the frames in order of presentation, or of the windows of the sound.
    time_s : ndarray of float64, shape (n,)
        When a frame is shown, or the middle of a window, s.
    values : ndarray of float32, shape (n, size)
    """

    number: np.ndarray
    time_s: np.ndarray
    values: np.ndarray


def embed_trailers(
    samples: Mapping[str, str | os.PathLike],
    network: str,
    weights: str | os.PathLike,
    output: str | os.PathLike,
    threads: int = 1,
) -> None:
    """Write the embeddings of trailers, in their order (tables.TRAILER_VECTORS).

    A silent window of the sound has none.

    Parameters
    ----------
    samples : mapping of str to path
        trailer_id -> file that `frame_sampling.sample_trailers` wrote.
    network : str
        Name of an image network, which embeds the frames, or of an audio network.
    weights : path
        Its variables, a file that `scorelens.pretrained.fetch` wrote.
    output : path
    threads : int
        Threads of the CPU.

    Raises
    ------
    InputError
        If the file holds the variables of another network, or a sample is damaged.
    """
    columns, embed = load_trailer_encoder(network, weights, threads)
    empty = TrailerEmbeddings(np.zeros(0, int), np.zeros(0), np.zeros((0, len(columns))))
    parts = [_rows("", empty, columns)]
    for trailer_id, path in tqdm(samples.items(), unit="trailer", disable=None):
        embeddings = embed(read_sample(path))
        log.info("%s: %d embeddings of %s", trailer_id, len(embeddings.number), network)
        parts.append(_rows(trailer_id, embeddings, columns))
    provenance = {"network": network, "weights_sha256": media.sha256(weights)}
    tables.write_table(pd.concat(parts, ignore_index=True), output, TRAILER_VECTORS, provenance)


def map_trailers(
    samples: Mapping[str, str | os.PathLike],
    network: str,
    weights: str | os.PathLike,
    output: str | os.PathLike,
    threads: int = 1,
) -> None:
    """Write the feature maps of the frames of trailers, in their order (tables.TRAILER_MAPS).

    Parameters
    ----------
    samples : mapping of str to path
        trailer_id -> file that `frame_sampling.sample_trailers` wrote.
    network : str
        Name of an image network that gives maps (`EncoderSpec.map_side`).
    weights : path
        Its variables, a file that `scorelens.pretrained.fetch` wrote.
    output : path
    threads : int
        Threads of the CPU.

    Raises
    ------
    InputError
        If the file holds the variables of another network, or a sample is damaged.
    """
    encoder = image_encoder.load(network, weights, threads)
    names = column_names(network, encoder.size)
    parts = [
        _cells(trailer_id, read_sample(path), encoder, names)
        for trailer_id, path in tqdm(samples.items(), unit="trailer", disable=None)
    ]
    provenance = {"network": network, "weights_sha256": media.sha256(weights)}
    tables.write_table(pd.concat(parts, ignore_index=True), output, TRAILER_MAPS, provenance)


def _cells(
    trailer_id: str, sample: Sample, encoder: image_encoder.ImageEncoder, names: list[str]
) -> pd.DataFrame:
    """A row for each position of the maps of each frame."""
    maps = encoder.encode_maps(sample.frames).transpose(0, 2, 3, 1)
    frame, row, column = (part.ravel() for part in np.indices(maps.shape[:3]))
    keys = {
        "trailer_id": trailer_id,
        "number": sample.frame_number[frame],
        "time_s": sample.frame_s[frame],
        "row": row,
        "column": column,
    }
    values = pd.DataFrame(maps.reshape(len(frame), len(names)), columns=names)
    return pd.concat([pd.DataFrame(keys, index=values.index), values], axis=1)


def load_trailer_encoder(
    network: str, weights: str | os.PathLike, threads: int = 1
) -> tuple[list[str], Callable[[Sample], TrailerEmbeddings]]:
    """Load a network that embeds the samples of trailers.

    Parameters
    ----------
    network : str
        Name of an image network or of an audio network.
    weights : path
        Its variables, a file that `scorelens.pretrained.fetch` wrote.
    threads : int
        Threads of the CPU.

    Returns
    -------
    columns : list of str
        Names of the values of an embedding.
    embed : callable
        Takes a Sample and returns its TrailerEmbeddings.

    Raises
    ------
    InputError
        If the file holds the variables of another network.
    """
    is_image = ENCODERS[network].modality == IMAGE
    encoder = (image_encoder if is_image else audio_encoder).load(network, weights, threads)

    def embed_frames(sample: Sample) -> TrailerEmbeddings:
        values = encoder.encode(sample.frames)
        return TrailerEmbeddings(sample.frame_number, sample.frame_s, values)

    def embed_sound(sample: Sample) -> TrailerEmbeddings:
        patches = encoder.encode_patches(sample.sound)
        audible = np.flatnonzero(np.isfinite(patches.values).all(1))
        return TrailerEmbeddings(audible, patches.times_s[audible], patches.values[audible])

    if is_image:
        return column_names(network, encoder.size), embed_frames
    return list(encoder.feature_names), embed_sound


def _rows(trailer_id: str, embeddings: TrailerEmbeddings, columns: list[str]) -> pd.DataFrame:
    keys = {"trailer_id": trailer_id, "number": embeddings.number, "time_s": embeddings.time_s}
    values = pd.DataFrame(embeddings.values.astype(np.float32, copy=False), columns=columns)
    return pd.concat([pd.DataFrame(keys, index=values.index), values], axis=1)
