"""Open the index of a run: what was indexed, the networks, the films, and the trained model."""

import logging
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np

from scorelens import media
from scorelens.encoders.registry import ENCODERS
from scorelens.errors import ConfigError, Problem
from scorelens.live_search import catalogue as catalogues
from scorelens.live_search.bridge import Bridge, sentence_embedder
from scorelens.live_search.index import Index, Networks
from scorelens.live_search.library import (
    CORPUS,
    FOLDER,
    corpus_sources,
    index_folder,
    music_files,
    update,
)
from scorelens.live_search.passages import encode, load_speech_detector
from scorelens.live_search.run_films import read_films
from scorelens.live_search.settings import DEFAULT, Settings
from scorelens.live_search.tags import tag_layer
from scorelens.live_search.trained import load_trained, winner
from scorelens.pretrained.fetch import fetch_network
from scorelens.result_paths import PRETRAINED_DOWNLOADS, PRETRAINED_VARIABLES

SOUND = "musicnn"
QUERY_PASSAGES = 8

log = logging.getLogger(__name__)


def open_index(
    results: str | Path = "results",
    libraries: Sequence[str | Path] = (),
    build: bool = False,
    settings: Settings = DEFAULT,
) -> Index:
    """Open the index of a results folder.

    Parameters
    ----------
    results : path
        Folder of the results; it may be empty.
    libraries : sequence of path
        Folders of music to index, or to bring up to date. What was indexed before stays.
    build : bool
        Whether the album tracks of the run are indexed too, and networks are fetched. Without it,
        and without libraries, only what was indexed is opened.
    settings : Settings

    Returns
    -------
    Index

    Raises
    ------
    ConfigError
        If there is nothing to search in.
    WeightsError
        If a network cannot be fetched.
    """
    results = Path(results)
    weights = partial(network_file, results, fetch=build or bool(libraries))
    if build or libraries:
        _index(results, libraries, weights)
    stored = [catalogues.load(path) for path in sorted((results / FOLDER).glob("*.npz"))]
    catalogue = _without_copies(catalogues.join([part for part in stored if part is not None]))
    if not len(catalogue):
        hint = "`scorelens search --library FOLDER` indexes a folder"
        what = "nothing is indexed"
        raise ConfigError(Problem(str(results / FOLDER), what, "tracks to search in", hint))
    layer = tag_layer(weights(SOUND))
    words = settings.text
    bridge = cache(lambda: load_bridge(words, weights(words)))
    networks = Networks(bridge, _sound_of(weights), ENCODERS[words].title)
    index = Index(catalogue, layer, networks, read_films(results))
    if settings.joint:
        from scorelens.live_search.joint import load_joint

        builds = build or bool(libraries)
        index.joint = load_joint(settings.joint, results, catalogue, builds)
    if any((results / "retrieval" / "embeddings").glob("*.parquet")):
        name = winner(results, layer, bridge())
        values, track = catalogue.values, catalogue.track
        index.trained = load_trained(results, name, values, track, weights) if name else None
    return index


def load_bridge(network: str, weights: str | Path) -> Bridge:
    """Load a network of texts, and make the bridge."""
    from scorelens.encoders import text_encoder

    return Bridge(sentence_embedder(text_encoder.load(network, weights)), network)


def network_file(results: Path, network: str, fetch: bool) -> str:
    """The variables of a network among the results, fetched if allowed.

    Parameters
    ----------
    results : Path
    network : str
        A name in the registry of encoders.
    fetch : bool

    Returns
    -------
    str

    Raises
    ------
    ConfigError
        If they are not there and may not be fetched.
    WeightsError
        If they cannot be fetched.
    """
    path, downloads = (
        results / Path(name).relative_to("results")
        for name in (PRETRAINED_VARIABLES.format(network=network), PRETRAINED_DOWNLOADS)
    )
    if not path.is_file():
        if not fetch:
            hint = "`scorelens search --update` fetches it"
            raise ConfigError(Problem(str(path), "is not there", f"the network {network}", hint))
        log.warning("%s: fetching the network", network)
        downloads.mkdir(parents=True, exist_ok=True)
        fetch_network(network, None, False, downloads, path)
    return str(path)


def _index(results: Path, libraries: Sequence[str | Path], weights) -> None:
    from scorelens.retrieval.embed.fragments import load_fragment_encoder

    for folder in libraries:
        music_files(folder)  # a wrong folder is named before a network is fetched
    encoder = load_fragment_encoder(SOUND, weights(SOUND))
    encode_one = partial(encode, encoder=encoder, detector=load_speech_detector())
    if sources := corpus_sources(results):
        update(results / FOLDER / f"{CORPUS}.npz", sources, encode_one)
    for folder in libraries:
        index_folder(folder, results, encode_one)


def _without_copies(catalogue: catalogues.Catalogue) -> catalogues.Catalogue:
    """A file in two libraries counts once, and in the run's corpus first."""
    tracks = catalogue.tracks
    order = (tracks["library"] != CORPUS).argsort(kind="stable")
    places = tracks.iloc[order][["path", "file_start_s"]].round(2)
    return catalogues.select(catalogue, ~places.duplicated().sort_index().to_numpy())


def _sound_of(weights):
    """The function that embeds the passages of a part of a file; its network is loaded once."""

    @cache
    def encoder():
        from scorelens.retrieval.embed.fragments import load_fragment_encoder

        return load_fragment_encoder(SOUND, weights(SOUND))

    def embed(path: str, start_s: float, end_s: float | None) -> np.ndarray:
        from scorelens.retrieval.embed.fragments import encode_track

        sound = media.Sound(path, start_s, end_s)
        length_s = None if end_s is None else end_s - start_s
        if length_s is None:
            length_s = max(0.0, media.probe(path).sound_s - start_s)
        return encode_track(sound, QUERY_PASSAGES, encoder(), length_s or None).values

    return embed
