"""The scenes of films, their cues, as a network sees them that looks at trailers."""

import logging
import os

import pandas as pd

from scorelens import media, tables
from scorelens.retrieval.vectors import column_names
from scorelens.retrieval.watch import scenes_of, see_scenes
from scorelens.tables import TRAILER_SCENE_VECTORS
from scorelens.trailers.embed import load_network

log = logging.getLogger(__name__)


def watch_film(
    film_id: str,
    video: str | os.PathLike,
    cues: str | os.PathLike,
    network: str,
    weights: str | os.PathLike,
    frames: int,
    output: str | os.PathLike,
) -> None:
    """Write what a network says of the scenes of one film (TRAILER_SCENE_VECTORS), a row a cue.

    cues: the film's table of CUES. network, weights: as `embed.load_network` takes them. frames:
    looked at in each cue, spread evenly over it. A film without moving pictures has no rows.
    Raises MediaError if the film cannot be read.
    """
    table = scenes_of(film_id, video, cues)
    stretches_s = table[["start_s", "end_s"]].to_numpy()
    seen = see_scenes(video, stretches_s, frames, load_network(network, weights))
    vectors = pd.DataFrame(seen, table.index, column_names(network, seen.shape[1]))
    log.info("%s: %d scenes", film_id, len(table))
    facts = {"network": network, "frames": frames, "video_sha256": media.sha256(video)}
    facts["weights_sha256"] = media.sha256(weights)
    rows = table[["film_id", "cue_id"]].join(vectors)
    tables.write_table(rows, output, TRAILER_SCENE_VECTORS, facts)
