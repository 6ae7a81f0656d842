"""The scenes of films, their cues, as a network sees them that looks at trailers."""

import logging
import os
from collections.abc import Sequence

import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.encoders.embedding_cache import column_names
from scorelens.features.embed import is_current
from scorelens.retrieval.embed.embed_scenes import scenes_of, see_scenes
from scorelens.tables import TRAILER_SCENE_VECTORS
from scorelens.trailers.data.embed import load_network

log = logging.getLogger(__name__)


def watch_films(
    films: Sequence[str],
    videos: Sequence[str | os.PathLike],
    cues: Sequence[str | os.PathLike],
    outputs: Sequence[str | os.PathLike],
    network: str,
    weights: str | os.PathLike,
    frames: int,
    code: str,
) -> None:
    """Write what a network says of the scenes of films (TRAILER_SCENE_VECTORS), a row a cue.

    films: their ids. videos, cues: the file and the table of CUES of each. outputs: one table each.
    network, weights: as `embed.load_network` takes them. frames: looked at in each cue, spread
    evenly over it. code: stands for the code in force; a table that it made of the same files is
    kept. A film without moving pictures has no rows. Raises MediaError if a film cannot be read.
    """
    common = {"network": network, "frames": frames, "code": code}
    common["weights_sha256"] = media.sha256(weights)
    eye = load_network(network, weights)
    jobs = list(zip(films, videos, cues, outputs, strict=True))
    for film_id, video, table, output in tqdm(jobs, unit="film", disable=None):
        hashes = {"video_sha256": media.sha256(video), "cues_sha256": media.sha256(table)}
        if is_current(output, common | hashes):
            os.utime(output)  # newer than its inputs, as Snakemake expects of an output
            log.info("%s: kept, nothing that it depends on has changed", film_id)
            continue
        scenes = scenes_of(film_id, video, table)
        seen = see_scenes(video, scenes[["start_s", "end_s"]].to_numpy(), frames, eye)
        vectors = pd.DataFrame(seen, scenes.index, column_names(network, seen.shape[1]))
        rows = scenes[["film_id", "cue_id"]].join(vectors)
        tables.write_table(rows, output, TRAILER_SCENE_VECTORS, common | hashes)
        log.info("%s: %d scenes", film_id, len(rows))
