"""Embed the cues of many films with one pretrained audio network, which is loaded once."""

import logging
import os
from collections.abc import Sequence

from tqdm import tqdm

from scorelens import media, tables
from scorelens.encoders import audio_encoder
from scorelens.encoders.embedding_cache import is_current
from scorelens.encoders.registry import ENCODERS
from scorelens.features import table
from scorelens.features.columns import Feature

log = logging.getLogger(__name__)


def embed_films(
    feature_set: str,
    weights: str | os.PathLike,
    films: Sequence[table.FilmSound],
    outputs: Sequence[str | os.PathLike],
    code: str,
    threads: int = 1,
) -> None:
    """Write the embeddings of each film's cues, one row a cue and second (tables.FEATURES).

    A table that was made by this code from the same cues, media and weights is kept, so that a film
    added to a batch leaves the others alone. Films with the same whole tracks share what is
    computed of them.

    Parameters
    ----------
    feature_set : str
        Name of an audio network; ending in `_tracks`, of the whole tracks of the albums.
    weights : path
        Its variables, a file that `scorelens.pretrained.fetch` wrote.
    films : sequence of FilmSound
    outputs : sequence of path
        One table a film.
    code : str
        Hash of the code that the result depends on.
    threads : int
        Threads of the CPU.

    Raises
    ------
    InputError
        If the file holds the variables of another network.
    MediaError
        If a sound does not decode.
    TableError
        If the track of a cue is unknown.
    """
    common = {"weights_sha256": media.sha256(weights), "code": code}
    origins = [{**table.provenance_of(film, feature_set), **common} for film in films]
    stale = [not is_current(*pair) for pair in zip(outputs, origins, strict=True)]
    features = load_features(feature_set, weights, threads) if any(stale) else None
    jobs = sorted(zip(stale, films, outputs, origins, strict=True), key=lambda job: job[0])
    album_tables = {}
    for is_stale, film, output, origin in tqdm(jobs, unit="film", disable=None):
        tracks = _whole_tracks(film, origin)
        if not is_stale:
            os.utime(output)  # newer than its inputs, as Snakemake expects of an output
            log.info("%s: kept, nothing that it depends on has changed", film.film_id)
        elif tracks in album_tables:
            frame = tables.read_table(album_tables[tracks], tables.FEATURES)
            tables.write_table(frame.assign(film_id=film.film_id), output, tables.FEATURES, origin)
            log.info("%s: its album is that of another film", film.film_id)
        else:
            table.write_film(film, features, output, origin)
        if tracks:
            album_tables[tracks] = output


def load_features(
    feature_set: str, weights: str | os.PathLike, threads: int = 1
) -> table.FeatureSet:
    """Load an audio network as a feature set.

    Parameters
    ----------
    feature_set : str
        Name of an audio network, with or without `_tracks`.
    weights : path
        Its variables, a file that `scorelens.pretrained.fetch` wrote.
    threads : int
        Threads of the CPU.

    Returns
    -------
    FeatureSet

    Raises
    ------
    InputError
        If the file holds the variables of another network.
    """
    encoder = audio_encoder.load(feature_set.removesuffix(table.WHOLE), weights, threads)
    return table.FeatureSet(encoder.feature_names, encoder.sample_rate_hz, encoder.encode_at)


def embedding_columns(network: str) -> tuple[Feature, ...]:
    """Describe the columns of an audio network's embedding.

    Parameters
    ----------
    network : str
        A name in the registry, of an audio network.

    Returns
    -------
    tuple of Feature
        One a value of the embedding.
    """
    spec, module = ENCODERS[network], audio_encoder.network_module(network)
    hop_s = module.HOP / module.SAMPLE_RATE_HZ
    return tuple(
        Feature(
            name=name,
            unit="",
            low=spec.value_range[0],
            high=spec.value_range[1],
            definition=f"value {number} {spec.layer}",
            frame_s=module.PATCH * hop_s,
            hop_s=module.PATCH_HOP * hop_s,
            source=spec.reference,
        )
        for number, name in enumerate(spec.feature_names)
    )


def _whole_tracks(film: table.FilmSound, origin: dict) -> tuple:
    """Identify the tracks of a film that is measured on them as a whole; else empty."""
    return tuple(origin["media_sha256"].items()) if film.source == "tracks" else ()
