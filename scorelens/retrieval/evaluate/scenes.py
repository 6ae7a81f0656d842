"""Evaluate retrieval by scenes: does the track that plays in a scene rank high for it?

Scenes are of films that were not in training. There are three kinds of queries. `scene`: its frames
stand for the film's image and its subtitles for the plot; without subtitles, the film's first
paragraph stays. `film`: the query of the whole film. `both`: the mean of the two.

In the pool of all tracks, the permutation test swaps queries between films: `film` between all test
films, the others between those that have scenes. In the pool of an album, it swaps queries between
the scenes of a film. What scenes add shows there: the film's query is the same for all its scenes,
and swapping changes nothing (p = 1).
"""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.encoders import text_encoder
from scorelens.encoders.text_encoder import film_texts
from scorelens.retrieval import CONFIGURATIONS, all_parts, text_segment, uses_image
from scorelens.retrieval.evaluate import scene_metrics
from scorelens.retrieval.evaluate.metrics import rank_tracks
from scorelens.retrieval.model.networks import RetrievalModel, embed_queries
from scorelens.retrieval.model.train import load_model
from scorelens.tables import feature_columns, read_table

ALL, ALBUM = "all", "album"

log = logging.getLogger(__name__)


class Pool(NamedTuple):
    """The tracks of the test films, and the scenes in which some of them play.

    Attributes
    ----------
    tracks : ndarray of float32, shape (tracks, d)
        Embeddings of length 1.
    album : ndarray of int, shape (tracks,)
        The film of each track.
    film : ndarray of int, shape (scenes,)
        The film of each scene, ascending from 0 without gaps.
    track : ndarray of int, shape (scenes,)
        The track of each scene.
    cluster : ndarray of int, shape (films,), or None
        Cluster of each test film, those with scenes first; None if films are independent.
    """

    tracks: np.ndarray
    album: np.ndarray
    film: np.ndarray
    track: np.ndarray
    cluster: np.ndarray | None = None

    def clusters(self, films: int) -> np.ndarray | None:
        """Clusters of the first films, from 0 with none left out."""
        if self.cluster is None:
            return None
        return np.unique(self.cluster[:films], return_inverse=True)[1]


def evaluate_scenes(
    model: str | os.PathLike,
    embeddings: str | os.PathLike,
    films: str | os.PathLike,
    scenes: Sequence[str | os.PathLike],
    words: Sequence[str | os.PathLike],
    texts: str | os.PathLike | None,
    weights: str | os.PathLike | None,
    samples: int,
    permutations: int,
    seed: int,
    output: str | os.PathLike,
) -> None:
    """Write how well one model finds the tracks of scenes (tables.RETRIEVAL_SCENE_SCORES).

    Without a scene of a test film the table has no rows.

    Parameters
    ----------
    model : path
        Its file.
    embeddings : path
        Its embeddings of test films and tracks (tables.RETRIEVAL_EMBEDDINGS).
    films : path
        The films (tables.RETRIEVAL_FILMS).
    scenes : sequence of path
        Scenes of any films (tables.SCENES); those of test films count.
    words : sequence of path
        Words of the scenes of films with subtitles (tables.RETRIEVAL_SCENES).
    texts : path or None
        Embeddings of the films' texts (tables.RETRIEVAL_TEXTS); None if the model takes no text.
    weights : path or None
        Of the text network; None if no scene has subtitles.
    samples : int
        Bootstrap samples of the films.
    permutations : int
        Permutations of the queries.
    seed : int
    output : path
    """
    retrieval, provenance = load_model(model)
    configuration = provenance["configuration"]
    placed = read_table(embeddings, tables.RETRIEVAL_EMBEDDINGS)
    placed = placed[placed["repeat"] == 0]  # the run in the model file
    described = read_table(films, tables.RETRIEVAL_FILMS).set_index("film_id")
    table = _test_scenes(scenes, described, placed)
    scores = pd.DataFrame(columns=tables.RETRIEVAL_SCENE_SCORES.names)
    if len(table):
        table = table.merge(_words(words), "left", ["film_id", "cue_id"], validate="1:1")
        whole = _film_embeddings(placed, configuration, table.film_id)
        film_queries, queries = whole.to_numpy(np.float32), {}
        pool = _pool(table, placed, described["group"][whole.index])
        if _differs_from_film(configuration, table):
            network = provenance["text"], weights
            views = _views(configuration, table, described["tags"], texts, network)
            queries = _scene_embeddings(retrieval, views, film_queries[pool.film])
        scores = score_scenes(film_queries, queries, pool, samples, permutations, seed)
    else:
        log.warning("no scene of a test film has a picture and a track: nothing is evaluated")
    tables.write_table(scores, output, tables.RETRIEVAL_SCENE_SCORES)


def score_scenes(
    films: np.ndarray,
    scenes: Mapping[str, np.ndarray],
    pool: Pool,
    samples: int,
    permutations: int,
    seed: int,
) -> pd.DataFrame:
    """Compute the rows of tables.RETRIEVAL_SCENE_SCORES.

    Films with one track are left out of the pool `album`.

    Parameters
    ----------
    films : ndarray of float32, shape (films, d)
        Queries of all test films, of length 1; those with scenes first, as `pool.film` counts them.
    scenes : mapping of str to ndarray of float32, shape (scenes, d)
        Queries of the scenes by kind, of length 1; empty where a scene does not differ from its
        film for the model.
    pool : Pool
    samples : int
        Bootstrap samples of the films.
    permutations : int
        Permutations of the queries.
    seed : int

    Returns
    -------
    DataFrame
    """
    draws = samples, permutations, seed
    if scenes and pool.film[-1] == 0:
        message = "all scenes are of one film: %s cannot be swapped among all tracks, p is 1"
        log.warning(message, " and ".join(scenes))
    each = np.arange(len(pool.film))
    parts = [
        _among_all(films, np.arange(len(films)), pool.film, pool, draws).assign(asked="film"),
        *(
            _among_all(queries, pool.film, each, pool, draws).assign(asked=kind)
            for kind, queries in scenes.items()
        ),
    ]
    many = (np.bincount(pool.album) >= 2)[pool.album[pool.track]]
    if many.any():
        films_left, film = np.unique(pool.film[many], return_inverse=True)
        cluster = None if pool.cluster is None else pool.cluster[films_left]
        part = pool._replace(film=film, track=pool.track[many], cluster=cluster)
        parts += [
            _in_albums(queries[many], part, draws).assign(asked=kind)
            for kind, queries in {"film": films[pool.film], **scenes}.items()
        ]
    return pd.concat(parts, ignore_index=True)


def _among_all(
    queries: np.ndarray,
    query_film: np.ndarray,
    scene_query: np.ndarray,
    pool: Pool,
    draws: tuple[int, int, int],
) -> pd.DataFrame:
    """The metrics of one kind of query, in the pool `all`.

    query_film: int (queries,), ascending. scene_query: int (scenes,), the query of each scene.
    draws: samples, permutations, seed.
    """
    blocks = np.array_split(queries, query_film[-1] + 1)  # bounds the memory
    lists = np.concatenate([rank_tracks(block, pool.tracks)[:, pool.track] for block in blocks])
    ranks = lists[scene_query, np.arange(len(scene_query))]
    sizes = np.full(len(ranks), len(pool.tracks))
    of_queries, of_scenes = (pool.clusters(film[-1] + 1) for film in (query_film, pool.film))
    swap = scene_metrics.swap_films(lists, query_film, pool.film, of_queries)
    metrics = scene_metrics.score_scene_ranks(ranks, sizes, pool.film, swap, *draws, of_scenes)
    return metrics.assign(pool=ALL, scenes=len(ranks))


def _in_albums(queries: np.ndarray, pool: Pool, draws: tuple[int, int, int]) -> pd.DataFrame:
    """The metrics of one kind of query, in the pool `album`. queries: of the scenes of the pool."""
    starts = np.flatnonzero(np.diff(pool.film, prepend=-1))
    pairs = zip(np.split(queries, starts[1:]), np.split(pool.track, starts[1:]), strict=True)
    blocks = [_album_ranks(film_queries, track, pool) for film_queries, track in pairs]
    ranks = np.concatenate([block.diagonal() for block in blocks])
    sizes = np.bincount(pool.album)[pool.album[pool.track]]
    swap = scene_metrics.swap_scenes(blocks)
    cluster = pool.clusters(pool.film[-1] + 1)
    metrics = scene_metrics.score_scene_ranks(ranks, sizes, pool.film, swap, *draws, cluster)
    return metrics.assign(pool=ALBUM, scenes=len(ranks))


def _album_ranks(queries: np.ndarray, track: np.ndarray, pool: Pool) -> np.ndarray:
    """The ranks of a film's scenes' tracks in its album for each of their queries: int (n, n)."""
    rows = np.flatnonzero(pool.album == pool.album[track[0]])
    return rank_tracks(queries, pool.tracks[rows])[:, np.searchsorted(rows, track)]


def _test_scenes(
    scenes: Sequence[str | os.PathLike], films: pd.DataFrame, placed: pd.DataFrame
) -> pd.DataFrame:
    """The scenes of test films whose track the model has embedded, film by film."""
    parts = [read_table(path, tables.SCENES) for path in sorted(map(str, scenes))]
    table = pd.concat(parts) if parts else pd.DataFrame(columns=tables.SCENES.names)
    tested = table[table.film_id.isin(films.index[films.part == "test"])]
    tracks = placed[placed.kind == "track"].set_index(["film_id", "track_id"]).index
    embedded = pd.MultiIndex.from_frame(tested[["film_id", "track_id"]]).isin(tracks)
    if not embedded.all():
        log.info("%d scenes of tracks without an embedding are left out", (~embedded).sum())
    return tested[embedded].sort_values(["film_id", "cue_id"], ignore_index=True)


def _words(paths: Sequence[str | os.PathLike]) -> pd.DataFrame:
    parts = [read_table(path, tables.RETRIEVAL_SCENES) for path in paths]
    table = pd.concat(parts) if parts else pd.DataFrame(columns=tables.RETRIEVAL_SCENES.names)
    return table[["film_id", "cue_id", "words"]]


def _pool(table: pd.DataFrame, placed: pd.DataFrame, group: pd.Series) -> Pool:
    """group: of each test film, those with scenes first."""
    tracks = placed[placed.kind == "track"]
    names = pd.MultiIndex.from_frame(tracks[["film_id", "track_id"]])
    return Pool(
        tracks=tracks[_axes(placed)].to_numpy(np.float32),
        album=pd.factorize(tracks.film_id)[0],
        film=pd.factorize(table.film_id)[0],
        track=names.get_indexer(pd.MultiIndex.from_frame(table[["film_id", "track_id"]])),
        cluster=pd.factorize(group)[0],
    )


def _film_embeddings(placed: pd.DataFrame, configuration: str, scenes: pd.Series) -> pd.DataFrame:
    """The model's embeddings of the test films, with all its views, by film id.

    scenes: the film of each scene; those films come first, in their order there.
    """
    is_whole = (placed.kind == "film") & (placed.seen == all_parts(configuration))
    queries = placed[is_whole].set_index("film_id")
    films = pd.Index(scenes.unique()).append(queries.index).unique()
    return queries.loc[films, _axes(placed)]


def _axes(placed: pd.DataFrame) -> list[str]:
    return feature_columns(placed, tables.RETRIEVAL_EMBEDDINGS)


def _differs_from_film(configuration: str, table: pd.DataFrame) -> bool:
    """Whether the input of the model differs between a scene and its film."""
    with_words = "plot" in CONFIGURATIONS[configuration] and table.words.notna().any()
    differs = uses_image(configuration) or bool(with_words)
    if not differs:
        message = "%s takes no image, and no subtitles are there: only films are evaluated"
        log.info(message, configuration)
    return differs


def _views(
    configuration: str,
    table: pd.DataFrame,
    tags: pd.Series,
    texts: str | os.PathLike | None,
    network: tuple[str, str | os.PathLike | None],
) -> dict[str, np.ndarray]:
    """The inputs of the model for scenes. tags: by film_id. network: of text, and its weights."""
    segment, views = text_segment(configuration), {}
    if uses_image(configuration):
        columns = [name for name in feature_columns(table, tables.SCENES) if name != "words"]
        views["image"] = table[columns].to_numpy(np.float32)
    if segment:
        text = read_table(texts, tables.RETRIEVAL_TEXTS)
        in_segment = text[text.segment == segment].sort_values("paragraph", kind="stable")
        first = in_segment.drop_duplicates("film_id").set_index("film_id")
        columns = feature_columns(text, tables.RETRIEVAL_TEXTS)
        views["text"] = first.loc[table.film_id, columns].to_numpy(np.float32, copy=True)
    if "plot" in CONFIGURATIONS[configuration]:
        _replace_by_words(views["text"], segment, table, tags, network)
    return views


def _replace_by_words(
    vectors: np.ndarray,
    segment: str,
    table: pd.DataFrame,
    tags: pd.Series,
    network: tuple[str, str | os.PathLike | None],
) -> None:
    """Replace the text embeddings of films by those of the words of their scenes."""
    spoken = {
        row: texts[0]
        for row, (film_id, words) in enumerate(zip(table.film_id, table.words, strict=True))
        if pd.notna(words) and (texts := film_texts(list(tags[film_id]), [words])[segment])
    }
    if spoken:
        vectors[list(spoken)] = text_encoder.load(*network).encode(list(spoken.values()))


def _scene_embeddings(
    model: RetrievalModel, views: Mapping[str, np.ndarray], films: np.ndarray
) -> dict[str, np.ndarray]:
    scenes = embed_queries(model, views)
    total = scenes + films
    return {"scene": scenes, "both": total / np.linalg.norm(total, axis=1, keepdims=True)}
