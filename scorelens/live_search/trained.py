"""Whether a trained model of retrieval answers: only one that beats the bridge on held-out films.

The rule: on the test films of retrieval, for which neither model nor bridge has seen a track, both
rank the tracks for each film, the bridge by the film's words. A model answers if its mean
percentile (of a film's tracks, films weigh the same) is higher, with a p-value below 0.05 by
swaps of the films' rankings, corrected over the models by Holm: the project's own comparison,
`retrieval.evaluate.comparisons`. Of several the one with the largest gain answers. A model whose
networks of words or pictures were trained with it, or that has no MusiCNN, does not take part.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.encoders.loading import Encoder, load
from scorelens.errors import InputError
from scorelens.evaluation.multiplicity import holm
from scorelens.live_search.bridge import Bridge, standardised_logits
from scorelens.retrieval import CONFIGURATIONS, text_segment, uses_image
from scorelens.retrieval.evaluate.comparisons import compare_all, film_metrics
from scorelens.retrieval.evaluate.rankings import Rankings, full_queries, rank_embeddings

MAX_P = 0.05
MEASURE = "mean_percentile"
SAMPLES, SEED = 2000, 1234
BRIDGE = "bridge"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A trained model of retrieval, with the tracks of an index in its space.

    Attributes
    ----------
    name : str
        Its configuration.
    parts : tuple of str
        `text`, `image`, or both: what it can be given.
    tracks : ndarray of float32, shape (tracks, 64)
        Of length 1, in the order of the index.
    of_words : callable
        Words and tags to a vector of length 1.
    of_image : callable
        The path of a picture to a vector of length 1.
    """

    name: str
    parts: tuple[str, ...]
    tracks: np.ndarray
    of_words: Callable[[str, Sequence[str]], np.ndarray]
    of_image: Callable[[str], np.ndarray]


def winner(results: Path, tag_layer: tuple[np.ndarray, np.ndarray], bridge: Bridge) -> str:
    """Name the model that answers, by the rule of this module.

    Parameters
    ----------
    results : Path
        Folder of the results.
    tag_layer : (ndarray, ndarray)
        Kernel and bias of MusiCNN's tags.
    bridge : Bridge

    Returns
    -------
    str
        A configuration; empty if none beats the bridge, or nothing was trained.
    """
    folder = results / "retrieval"
    files = sorted(folder.glob("embeddings/*.parquet"))
    files = [
        path for path in files if path.stem in CONFIGURATIONS and _can_answer(results, path.stem)
    ]
    rankings = [r for r in map(_full_ranking, files) if r is not None]
    if not rankings:
        return ""
    try:
        baseline = bridge_ranking(folder, rankings[0], tag_layer, bridge)
    except (InputError, OSError, KeyError, ValueError) as error:
        log.info("the trained models do not answer: %s", error)
        return ""
    return compare_with_bridge(baseline, rankings)


def compare_with_bridge(baseline: Rankings, rankings: Sequence[Rankings]) -> str:
    """Name the model that beats the bridge; empty for none.

    Parameters
    ----------
    baseline : Rankings
        Of the bridge.
    rankings : sequence of Rankings
        Of the models, of the same films and tracks.

    Returns
    -------
    str
    """
    films = film_metrics(baseline)
    rows = []
    for ranking in rankings:
        pair = {ranking.configuration: film_metrics(ranking), BRIDGE: films}
        rows.append(compare_all(pair, SAMPLES, SEED))
    table = pd.concat(rows)
    table = table[table["measure"] == MEASURE].reset_index(drop=True)
    table["p"] = holm(table["p"].to_numpy())
    for row in table.itertuples():
        message = "%s against the bridge on %d films: %+.3f mean percentile, p = %.3g"
        log.info(message, row.configuration, len(films), row.difference, row.p)
    better = table[(table["difference"] > 0) & (table["p"] < MAX_P)]
    return "" if better.empty else better.loc[better["difference"].idxmax(), "configuration"]


def bridge_ranking(
    folder: Path,
    reference: Rankings,
    tag_layer: tuple[np.ndarray, np.ndarray],
    bridge: Bridge,
) -> Rankings:
    """Rank the tracks of the test films by the bridge.

    Parameters
    ----------
    folder : Path
        Results of retrieval.
    reference : Rankings
        Of a model; its films and tracks are ranked.
    tag_layer : (ndarray, ndarray)
    bridge : Bridge

    Returns
    -------
    Rankings

    Raises
    ------
    KeyError
        If a film has no text, or the table of texts has no provenance.
    ValueError
        If tracks or fragments are not those of the reference, or not MusiCNN's.
    """
    kernel, bias = tag_layer
    table = tables.read_table(folder / "tracks.tsv", tables.RETRIEVAL_TRACKS)
    fragments = np.load(folder / "fragments.npy", mmap_mode="r", allow_pickle=False)
    track = np.repeat(np.arange(len(table)), table["fragments"])
    if fragments.ndim != 2 or fragments.shape != (len(track), len(kernel)):
        raise ValueError("the fragments of retrieval are not MusiCNN's")
    chosen = table[table["film_id"].isin(reference.films)]
    chosen = chosen.sort_values(["film_id", "track_id"], kind="stable")
    if len(chosen) != len(reference.film):
        raise ValueError("the test tracks of the models are others")
    logits, *_ = standardised_logits(
        np.concatenate([fragments[track == row] for row in chosen.index]) @ kernel + bias
    )
    counts = chosen["fragments"].to_numpy()
    heard = np.add.reduceat(logits, np.cumsum(counts) - counts) / counts[:, None]
    words = film_words(folder, bridge)
    scores = np.stack([heard @ words[film_id] for film_id in reference.films])
    ranks = np.stack([len(row) - np.searchsorted(np.sort(row), row) for row in scores])
    return Rankings(BRIDGE, BRIDGE, reference.films, reference.film, ranks[None])


def film_words(folder: Path, bridge: Bridge) -> dict[str, np.ndarray]:
    """Weigh tags for each film: by its tags, and without these by its plot.

    Parameters
    ----------
    folder : Path
        Results of retrieval.
    bridge : Bridge

    Returns
    -------
    dict of str to ndarray of float64, shape (50,)
        By film id; of sum 0.

    Raises
    ------
    KeyError
        If the table of texts has no provenance.
    ValueError
        If its texts were embedded by another network than the bridge has.
    """
    path = folder / "texts.parquet"
    texts = tables.read_table(path, tables.RETRIEVAL_TEXTS)
    columns = tables.feature_columns(texts, tables.RETRIEVAL_TEXTS)
    if (network := tables.read_provenance(path)["network"]) != bridge.network:
        message = f"the texts of retrieval are of {network}, those of the bridge of"
        raise ValueError(f"{message} {bridge.network}")
    words = {}
    for segment in ("plot", "tags"):
        for film_id, rows in texts[texts["segment"] == segment].groupby("film_id"):
            vectors = rows[columns].to_numpy(np.float32)
            words[film_id] = np.mean([bridge.meaning_of_embedding(v) for v in vectors], axis=0)
    return words


def _full_ranking(path: Path) -> Rankings | None:
    table = tables.read_table(path, tables.RETRIEVAL_EMBEDDINGS)
    queries = table[table["kind"] == "film"]
    full = set(full_queries(queries).index)
    table = table[(table["kind"] == "track") | table.index.isin(full)]
    found = rank_embeddings(table) if full else []
    return found[0] if found else None


def _can_answer(results: Path, name: str) -> bool:
    """Whether a model takes passages of the index, and networks as they are published."""
    from scorelens.retrieval.model.train import load_model

    path = _model_path(results, name)
    if not path.is_file():
        return False
    _, metadata = load_model(path)
    return metadata["audio"] == "musicnn" and not metadata.get("trained")


def _model_path(results: Path, name: str) -> Path:
    """The file of a model of retrieval."""
    return results / "retrieval" / "models" / f"{name}.safetensors"


def load_trained(
    results: Path, name: str, values: np.ndarray, track: np.ndarray, weights: Callable[[str], str]
) -> Trained:
    """Load a model, and embed the tracks of an index with it.

    Parameters
    ----------
    results : Path
    name : str
        A configuration, from `winner`.
    values : ndarray of float16, shape (passages, 200)
    track : ndarray of int, shape (passages,)
    weights : callable
        Gives the file of the variables of a network.

    Returns
    -------
    Trained
    """
    from scorelens.retrieval.model.networks import embed_queries, embed_tracks
    from scorelens.retrieval.model.train import load_model

    model, metadata = load_model(_model_path(results, name))
    segment = text_segment(name)

    @cache
    def encoder(part: str) -> Encoder:
        return load(metadata[part], weights(metadata[part]))

    def of_words(words: str, tags: Sequence[str]) -> np.ndarray:
        from scorelens.encoders.text_encoder import Text

        line = ", ".join(tags) if "plot" in segment else ", ".join([words, *tags])
        text = Text(line, words if "plot" in segment else "")
        return embed_queries(model, {"text": encoder("text").encode([text])})[0]

    def of_image(path: str) -> np.ndarray:
        from scorelens.encoders.image_files import centre_square, read_image

        embedding = encoder("image").encode(centre_square(read_image(path))[None])
        return embed_queries(model, {"image": embedding})[0]

    parts = (*(("text",) if segment else ()), *(("image",) if uses_image(name) else ()))
    tracks = embed_tracks(model, values.astype(np.float32), track)
    return Trained(name, parts, tracks, of_words, of_image)
