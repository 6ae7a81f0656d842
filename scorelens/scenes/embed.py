"""Embed the scenes of films, their cues: the mean embedding of a few frames of each."""

import logging
import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.encoders import image_encoder
from scorelens.encoders.embedding_cache import column_names, is_current
from scorelens.encoders.image_encoder import ImageEncoder
from scorelens.encoders.image_files import centre_square
from scorelens.media.frames import frames_at, spread

log = logging.getLogger(__name__)


def embed_films(
    films: Sequence[str],
    videos: Sequence[str | os.PathLike],
    cues: Sequence[str | os.PathLike],
    statuses: Sequence[str | os.PathLike],
    outputs: Sequence[str | os.PathLike],
    network: str,
    weights: str | os.PathLike,
    frames: int,
    code: str,
    threads: int = 1,
) -> None:
    """Write the embeddings of the scenes of each film (tables.SCENES), a row a cue.

    A table that was made by this code of the same files is kept, so that a film added to a batch
    leaves the others alone. A film without moving pictures has no rows.

    Parameters
    ----------
    films : sequence of str
        Their ids.
    videos, cues, statuses, outputs : sequence of path
        Of each film the video, its cues (tables.CUES), its check (tables.STATUS), which has the
        SHA-256 of the video, and the table to write.
    network : str
        Name of an image network.
    weights : path
        Its variables, a file that `scorelens.pretrained.fetch` wrote.
    frames : int
        Frames of a scene, spread evenly over it.
    code : str
        Hash of the code that the result depends on.
    threads : int
        Threads of the CPU.

    Raises
    ------
    InputError
        If the file holds the variables of another network.
    MediaError
        If a film cannot be read.
    """
    common = {"network": network, "frames": frames, "code": code}
    common["weights_sha256"] = media.sha256(weights)
    origins = [common | _hashes(*pair) for pair in zip(statuses, cues, strict=True)]
    stale = [not is_current(*pair) for pair in zip(outputs, origins, strict=True)]
    encoder = image_encoder.load(network, weights, threads) if any(stale) else None
    jobs = list(zip(films, videos, cues, outputs, origins, stale, strict=True))
    for film_id, video, table, output, origin, is_stale in tqdm(jobs, unit="film", disable=None):
        if not is_stale:
            os.utime(output)  # newer than its inputs, as Snakemake expects of an output
            log.info("%s: kept, nothing that it depends on has changed", film_id)
            continue
        scenes = read_scenes(film_id, video, table)
        values = embed_scenes(video, scenes[["start_s", "end_s"]].to_numpy(), frames, encoder)
        columns = column_names("image", encoder.size)
        scenes = scenes.join(pd.DataFrame(values, scenes.index, columns))
        tables.write_table(scenes, output, tables.SCENES, origin)
        log.info("%s: %d scenes", film_id, len(scenes))


def read_scenes(film_id: str, video: str | os.PathLike, cues: str | os.PathLike) -> pd.DataFrame:
    """Read the cues of a film as scenes.

    Parameters
    ----------
    film_id : str
        For the log.
    video : path
    cues : path
        The cues of the film (tables.CUES).

    Returns
    -------
    DataFrame
        film_id, cue_id, track_id, start_s and end_s; no rows without moving pictures.

    Raises
    ------
    MediaError
        If the film cannot be read.
    """
    scenes = tables.read_table(cues, tables.CUES).rename(
        columns={"film_start_s": "start_s", "film_end_s": "end_s"}
    )[["film_id", "cue_id", "track_id", "start_s", "end_s"]]
    if media.read_header(video).has_video:
        return scenes
    log.info("%s: no moving pictures, the table is empty", film_id)
    return scenes[:0]


def embed_scenes(
    video: str | os.PathLike, spans_s: np.ndarray, frames: int, encoder: ImageEncoder
) -> np.ndarray:
    """Average the embeddings of the frames of each scene.

    Parameters
    ----------
    video : path
    spans_s : ndarray of float64, shape (scenes, 2)
        Start and end of each scene, s of the film.
    frames : int
        Frames of a scene, spread evenly over it.
    encoder : ImageEncoder

    Returns
    -------
    ndarray of float32, shape (scenes, size)

    Raises
    ------
    MediaError
        If a frame cannot be decoded.
    """
    means = [np.zeros((0, encoder.size), np.float32)]
    for span_s in tqdm(spans_s, unit="scene", disable=None):
        squares = [centre_square(frame) for frame in frames_at(video, spread(*span_s, frames))]
        means.append(encoder.encode(np.stack(squares)).mean(0, keepdims=True))
    return np.concatenate(means)


def _hashes(status: str | os.PathLike, cues: str | os.PathLike) -> dict[str, str]:
    """What the scenes of a film are made of, for their provenance."""
    video_sha256 = tables.read_table(status, tables.STATUS)["video_sha256"].item()
    return {"video_sha256": video_sha256, "cues_sha256": media.sha256(cues)}
