"""Embed the images of films with a pretrained network."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
from tqdm import tqdm

from scorelens import media
from scorelens.encoders import image_encoder
from scorelens.encoders.embedding_cache import update_embeddings
from scorelens.encoders.image_files import check_image_file, read_image
from scorelens.retrieval.data.collect_errors import map_collecting_errors
from scorelens.tables import RETRIEVAL_IMAGES


def embed_images(
    images: Mapping[str, str | os.PathLike],
    network: str,
    weights: str | os.PathLike,
    code: str,
    output: str | os.PathLike,
    threads: int = 1,
) -> None:
    """Write the embedding of each film's image (tables.RETRIEVAL_IMAGES).

    An image that is in the table already, by the same network and code, is not embedded again.

    Parameters
    ----------
    images : mapping of str to path
        film_id -> image file.
    network : str
        Name of an image network.
    weights : path
        Its variables, a file that `scorelens.pretrained.fetch` wrote.
    code : str
        Hash of the code that the result depends on.
    output : path
    threads : int
        Threads of the CPU.

    Raises
    ------
    InputError
        With every image that cannot be read.
    """
    hashes = list(map_collecting_errors(_sha256, images.values()))
    paths = dict(zip(hashes, images.values(), strict=True))

    def embed(stale: Sequence[str]) -> list[np.ndarray]:
        """One at a time: an embedding does not depend on what else is in a batch."""
        encoder = image_encoder.load(network, weights, threads)
        files = tqdm([paths[sha256] for sha256 in stale], unit="image", disable=None)
        pictures = map_collecting_errors(read_image, files)
        return [encoder.encode(picture[None])[0] for picture in pictures]

    rows = [
        {"film_id": film_id, "sha256": sha256}
        for film_id, sha256 in zip(images, hashes, strict=True)
    ]
    provenance = {"network": network, "weights_sha256": media.sha256(weights), "code": code}
    update_embeddings(rows, embed, "image", output, RETRIEVAL_IMAGES, provenance)


def _sha256(path: str | os.PathLike) -> str:
    check_image_file(path)
    return media.sha256(path)
