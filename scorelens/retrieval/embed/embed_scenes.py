"""The cues of a film as scenes: what an image network says of their frames, and what is said."""

import logging
import os

import numpy as np
import pandas as pd
from torch import nn
from tqdm import tqdm

from scorelens import media, tables
from scorelens.encoders import image_encoder
from scorelens.encoders.embedding_cache import column_names
from scorelens.media.frames import frames_at, spread
from scorelens.retrieval.data.subtitles import read_subtitles, words_between

log = logging.getLogger(__name__)


def watch_film(
    film_id: str,
    video: str | os.PathLike,
    cues: str | os.PathLike,
    subtitles: str | os.PathLike | None,
    network: str,
    weights: str | os.PathLike,
    frames: int,
    output: str | os.PathLike,
) -> None:
    """Write the scenes of one film (RETRIEVAL_SCENES), a row a cue.

    cues: the film's table of CUES. subtitles: a file that `read_subtitles` reads, or None.
    network, weights: as `images.load_network` takes them. frames: looked at in each cue, spread
    evenly over it. A film without moving pictures has no rows. Raises MediaError if the film or its
    subtitles cannot be read.
    """
    table = scenes_of(film_id, video, cues)
    said = read_subtitles(subtitles) if subtitles else []
    spoken = [words_between(said, *times) for times in zip(table.start_s, table.end_s, strict=True)]
    table = table.assign(words=pd.Series([words or None for words in spoken], dtype="str"))
    eye = image_encoder.load_network(network, weights)
    seen = see_scenes(video, table[["start_s", "end_s"]].to_numpy(), frames, eye)
    names = column_names("image", seen.shape[1])
    table = table.join(pd.DataFrame(seen, table.index, names))
    log.info("%s: %d scenes, %d with subtitles", film_id, len(table), sum(map(bool, spoken)))
    facts = {"network": network, "frames": frames, "video_sha256": media.sha256(video)}
    facts["weights_sha256"] = media.sha256(weights)
    tables.write_table(table, output, tables.RETRIEVAL_SCENES, facts)


def scenes_of(film_id: str, video: str | os.PathLike, cues: str | os.PathLike) -> pd.DataFrame:
    """The cues of a film as scenes, none without moving pictures: what and when, in s of the film.

    cues: the film's table of CUES. Raises MediaError if the film cannot be read.
    """
    table = tables.read_table(cues, tables.CUES).rename(
        columns={"film_start_s": "start_s", "film_end_s": "end_s"}
    )[["film_id", "cue_id", "track_id", "start_s", "end_s"]]
    if media.read_header(video).has_video:
        return table
    log.info("%s: no moving pictures, the table is empty", film_id)
    return table[:0]


def see_scenes(
    video: str | os.PathLike,
    stretches_s: np.ndarray,
    frames: int,
    eye: nn.Module,
) -> np.ndarray:
    """The mean over a scene's frames of what a network says: float32 (scenes, size).

    stretches_s: (scenes, 2), start and end of each. frames: looked at in each, spread evenly over
    it. eye: as `images.load_network` gives it. Raises MediaError if a frame cannot be decoded.
    """
    means = [
        image_encoder.embed_pictures(
            eye, np.zeros((0, image_encoder.SIDE, image_encoder.SIDE, 3), np.uint8)
        )
    ]
    for stretch in tqdm(stretches_s, unit="scene", disable=None):
        pictures = [
            image_encoder.square(frame) for frame in frames_at(video, spread(*stretch, frames))
        ]
        means.append(image_encoder.embed_pictures(eye, np.stack(pictures)).mean(0, keepdims=True))
    return np.concatenate(means)
