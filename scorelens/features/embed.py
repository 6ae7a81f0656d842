"""Measure the embeddings of one network on the cues of many films, the network loaded once."""

import logging
import os
from collections.abc import Sequence

from tqdm import tqdm

from scorelens import media, tables
from scorelens.encoders import audio_encoder
from scorelens.features import table

log = logging.getLogger(__name__)


def embed_films(
    feature_set: str,
    weights: str | os.PathLike,
    films: Sequence[table.FilmSound],
    outputs: Sequence[str | os.PathLike],
    code: str,
    threads: int = 1,
) -> None:
    """Write the embeddings of each film's cues, as table.write_film does.

    feature_set, weights, threads: as networks.load takes them. outputs: one table a film. code:
    stands for the code in force. A table that was made by this code from the same cues, media and
    weights is kept, so that a film added to a batch leaves the others alone. Films with the same
    whole tracks share what is measured of them.
    """
    common = {"weights_sha256": media.sha256(weights), "code": code}
    origins = [{**table.origin(film, feature_set), **common} for film in films]
    due = [not is_current(*pair) for pair in zip(outputs, origins, strict=True)]
    features = (
        audio_encoder.load(feature_set.removesuffix(table.WHOLE), weights, threads)
        if any(due)
        else None
    )
    jobs = sorted(zip(due, films, outputs, origins, strict=True), key=lambda job: job[0])
    measured = {}
    for is_due, film, output, origin in tqdm(jobs, unit="film", disable=None):
        tracks = _whole_tracks(film, origin)
        if not is_due:
            os.utime(output)  # newer than its inputs, as Snakemake expects of an output
            log.info("%s: kept, nothing that it depends on has changed", film.film_id)
        elif tracks in measured:
            frame = tables.read_table(measured[tracks], tables.FEATURES)
            tables.write_table(frame.assign(film_id=film.film_id), output, tables.FEATURES, origin)
            log.info("%s: its album is that of another film", film.film_id)
        else:
            table.write_film(film, features, output, origin)
        if tracks:
            measured[tracks] = output


def _whole_tracks(film: table.FilmSound, origin: dict) -> tuple:
    """What stands for the tracks of a film that is measured on them as a whole; else nothing."""
    return tuple(origin["media_sha256"].items()) if film.source == "tracks" else ()


def is_current(output: str | os.PathLike, origin: dict) -> bool:
    """Whether a table stands there whose provenance says what `origin` does."""
    return os.path.exists(output) and origin.items() <= tables.read_provenance(output).items()
