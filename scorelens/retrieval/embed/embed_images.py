"""Look at the pictures of films with a frozen network."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from tqdm import tqdm

from scorelens import media
from scorelens.encoders import image_encoder
from scorelens.encoders.embedding_cache import update_vectors
from scorelens.retrieval.data.collect_errors import try_each
from scorelens.tables import RETRIEVAL_IMAGES


def see_pictures(
    pictures: Mapping[str, str | os.PathLike],
    network: str,
    weights: str | os.PathLike,
    code: str,
    output: str | os.PathLike,
    threads: int = 1,
) -> None:
    """Write what a network says of each film's picture (tables.RETRIEVAL_IMAGES).

    pictures: film_id -> file. network, weights: as `images.load_network` takes them. code: stands
    for the code in force. threads: of the CPU. A picture that the table knows from before is not
    looked at again. Raises InputError with every picture that cannot be read.
    """
    torch.set_num_threads(threads)
    digests = list(try_each(_digest, pictures.values()))
    paths = dict(zip(digests, pictures.values(), strict=True))

    def embed(due: Sequence[str]) -> list[np.ndarray]:
        return _embed_files([paths[sha256] for sha256 in due], network, weights)

    rows = [
        {"film_id": film_id, "sha256": sha256}
        for film_id, sha256 in zip(pictures, digests, strict=True)
    ]
    facts = {"network": network, "weights_sha256": media.sha256(weights), "code": code}
    update_vectors(rows, embed, "image", output, RETRIEVAL_IMAGES, facts)


def _embed_files(
    paths: Sequence[str | os.PathLike], name: str, weights: str | os.PathLike
) -> list[np.ndarray]:
    """The vectors of files, each (size,). One at a time: none hangs on what else is in a batch."""
    network = image_encoder.load_network(name, weights)
    pictures = try_each(image_encoder.read_picture, tqdm(paths, unit="picture", disable=None))
    return [image_encoder.embed_pictures(network, picture[None])[0] for picture in pictures]


def _digest(path: str | os.PathLike) -> str:
    image_encoder.check_file(path)
    return media.sha256(path)
