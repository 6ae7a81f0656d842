"""Measure the embeddings of one network on the cues of many films, the network loaded once."""

import logging
import os
from collections.abc import Sequence

from tqdm import tqdm

from scorelens import media, tables
from scorelens.features import networks, table

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
    weights is kept, so that a film added to a batch leaves the others alone.
    """
    common = {"weights_sha256": media.sha256(weights), "code": code}
    origins = [{**table.origin(film, feature_set), **common} for film in films]
    due = [not is_current(*pair) for pair in zip(outputs, origins, strict=True)]
    features = (
        networks.load(feature_set.removesuffix(table.WHOLE), weights, threads) if any(due) else None
    )
    jobs = list(zip(films, outputs, origins, due, strict=True))
    for film, output, origin, is_due in tqdm(jobs, unit="film", disable=None):
        if is_due:
            table.write_film(film, features, output, origin)
        else:
            os.utime(output)  # newer than its inputs, as Snakemake expects of an output
            log.info("%s: kept, nothing that it depends on has changed", film.film_id)


def is_current(output: str | os.PathLike, origin: dict) -> bool:
    """Whether a table stands there whose provenance says what `origin` does."""
    return os.path.exists(output) and origin.items() <= tables.read_provenance(output).items()
