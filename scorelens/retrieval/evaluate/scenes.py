"""Does the track that plays in a scene rank high for it? Scenes of films no model learnt from.

A scene is asked in three ways. `scene`: its frames stand for the film's picture and its subtitles
for the plot; where it has none, the film's first paragraph stays. `film`: what is asked for the
whole film. `both`: the mean of the two places.

In the pool of all tracks films swap their queries, `film` with all test films, the others with
those that have scenes. In that of an album the scenes of a film swap theirs. What scenes add shows
there: the film's query is the same for all its scenes, and to swap it changes nothing (p = 1).
"""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.encoders import text_encoder
from scorelens.retrieval import CONFIGURATIONS, sees_image, text_segment, whole
from scorelens.retrieval.evaluate import scene_metrics
from scorelens.retrieval.evaluate.metrics import rank_tracks
from scorelens.retrieval.model.networks import Retrieval, embed_queries
from scorelens.retrieval.model.train import load_model
from scorelens.tables import feature_columns, read_table

ALL, ALBUM = "all", "album"

log = logging.getLogger(__name__)


class Pool(NamedTuple):
    """The tracks of the test films, and the scenes in which some of them play.

    tracks: float32 (tracks, d), length 1. album: int (tracks,), the film of each. film, track: int
    (scenes,), of each scene; film rises from 0, with none left out.
    """

    tracks: np.ndarray
    album: np.ndarray
    film: np.ndarray
    track: np.ndarray


def judge_scenes(
    model: str | os.PathLike,
    places: str | os.PathLike,
    films: str | os.PathLike,
    scenes: Sequence[str | os.PathLike],
    words: str | os.PathLike | None,
    weights: str | os.PathLike | None,
    samples: int,
    permutations: int,
    seed: int,
    output: str | os.PathLike,
) -> None:
    """Write how well one model finds the tracks of scenes (RETRIEVAL_SCENE_SCORES).

    model: its file. places: its table of RETRIEVAL_PLACES. films: RETRIEVAL_FILMS. scenes: tables
    of RETRIEVAL_SCENES of any films; those of test films count. words: the films' RETRIEVAL_TEXTS,
    None if the model does not read. weights: of the text network, None if no scene has subtitles.
    samples, permutations: see `scene_measures.measure_scenes`. Without a scene of a test film the
    table has no rows.
    """
    known, facts = load_model(model)
    configuration = facts["configuration"]
    held = read_table(places, tables.RETRIEVAL_PLACES)
    described = read_table(films, tables.RETRIEVAL_FILMS).set_index("film_id")
    table = _test_scenes(scenes, described, held)
    found = pd.DataFrame(columns=tables.RETRIEVAL_SCENE_SCORES.names)
    if len(table):
        places, queries = _film_places(held, configuration, table.film_id), {}
        pool = _pool(table, held)
        if _differs(configuration, table):
            views = _views(configuration, table, described["tags"], words, weights)
            queries = _scene_places(known, views, places[pool.film])
        found = score_scenes(places, queries, pool, samples, permutations, seed)
    else:
        log.warning("no scene of a test film has a picture and a track: nothing is judged")
    tables.write_table(found, output, tables.RETRIEVAL_SCENE_SCORES)


def score_scenes(
    films: np.ndarray,
    scenes: Mapping[str, np.ndarray],
    pool: Pool,
    samples: int,
    permutations: int,
    seed: int,
) -> pd.DataFrame:
    """The rows of RETRIEVAL_SCENE_SCORES.

    films: float32 (films, d), length 1, the queries of all test films, those with scenes first, as
    `pool.film` counts them. scenes: queries of scenes by how they are asked, float32 (scenes, d),
    alike; none where a scene is nothing but its film to the model. Films with one track are left
    out of the pool `album`.
    """
    draws = samples, permutations, seed
    if scenes and pool.film[-1] == 0:
        said = "all scenes are of one film: %s have nothing to swap with among all tracks, p is 1"
        log.warning(said, " and ".join(scenes))
    each = np.arange(len(pool.film))
    parts = [
        _among_all(films, np.arange(len(films)), pool.film, pool, draws).assign(asked="film"),
        *(
            _among_all(queries, pool.film, each, pool, draws).assign(asked=asked)
            for asked, queries in scenes.items()
        ),
    ]
    many = (np.bincount(pool.album) >= 2)[pool.album[pool.track]]
    if many.any():
        film = np.unique(pool.film[many], return_inverse=True)[1]
        part = pool._replace(film=film, track=pool.track[many])
        parts += [
            _in_albums(queries[many], part, draws).assign(asked=asked)
            for asked, queries in {"film": films[pool.film], **scenes}.items()
        ]
    return pd.concat(parts, ignore_index=True)


def _among_all(
    queries: np.ndarray, owner: np.ndarray, own: np.ndarray, pool: Pool, draws: tuple[int, int, int]
) -> pd.DataFrame:
    """The measures of one way to ask, in the pool `all`.

    owner: int (queries,), the film of each query, as `scene_measures.swap_films` takes it. own: int
    (scenes,), the query of each scene. draws: samples, permutations, seed.
    """
    blocks = np.array_split(queries, owner[-1] + 1)  # no more is ranked at once than needs be
    lists = np.concatenate([rank_tracks(some, pool.tracks)[:, pool.track] for some in blocks])
    ranks = lists[own, np.arange(len(own))]
    sizes = np.full(len(ranks), len(pool.tracks))
    swap = scene_metrics.swap_films(lists, owner, pool.film)
    found = scene_metrics.measure_scenes(ranks, sizes, pool.film, swap, *draws)
    return found.assign(pool=ALL, scenes=len(ranks))


def _in_albums(queries: np.ndarray, pool: Pool, draws: tuple[int, int, int]) -> pd.DataFrame:
    """The measures of one way to ask, in the pool `album`. queries: of the scenes of the pool."""
    starts = np.flatnonzero(np.diff(pool.film, prepend=-1))
    pairs = zip(np.split(queries, starts[1:]), np.split(pool.track, starts[1:]), strict=True)
    blocks = [_ranked(own, track, pool) for own, track in pairs]
    ranks = np.concatenate([block.diagonal() for block in blocks])
    sizes = np.bincount(pool.album)[pool.album[pool.track]]
    swap = scene_metrics.swap_scenes(blocks)
    found = scene_metrics.measure_scenes(ranks, sizes, pool.film, swap, *draws)
    return found.assign(pool=ALBUM, scenes=len(ranks))


def _ranked(queries: np.ndarray, track: np.ndarray, pool: Pool) -> np.ndarray:
    """The places of a film's scenes' tracks in its album for each of their queries: int (n, n)."""
    rows = np.flatnonzero(pool.album == pool.album[track[0]])
    return rank_tracks(queries, pool.tracks[rows])[:, np.searchsorted(rows, track)]


def _test_scenes(
    scenes: Sequence[str | os.PathLike], films: pd.DataFrame, places: pd.DataFrame
) -> pd.DataFrame:
    """The scenes of test films whose track the model has a place for, film by film."""
    parts = [read_table(path, tables.RETRIEVAL_SCENES) for path in sorted(map(str, scenes))]
    every = pd.concat(parts) if parts else pd.DataFrame(columns=tables.RETRIEVAL_SCENES.names)
    tested = every[every.film_id.isin(films.index[films.part == "test"])]
    tracks = places[places.kind == "track"].set_index(["film_id", "track_id"]).index
    heard = pd.MultiIndex.from_frame(tested[["film_id", "track_id"]]).isin(tracks)
    if not heard.all():
        log.info("%d scenes of tracks that are not heard are left out", (~heard).sum())
    return tested[heard].sort_values(["film_id", "cue_id"], ignore_index=True)


def _pool(table: pd.DataFrame, places: pd.DataFrame) -> Pool:
    tracks = places[places.kind == "track"]
    names = pd.MultiIndex.from_frame(tracks[["film_id", "track_id"]])
    return Pool(
        tracks=tracks[_axes(places)].to_numpy(np.float32),
        album=pd.factorize(tracks.film_id)[0],
        film=pd.factorize(table.film_id)[0],
        track=names.get_indexer(pd.MultiIndex.from_frame(table[["film_id", "track_id"]])),
    )


def _film_places(places: pd.DataFrame, configuration: str, scenes: pd.Series) -> np.ndarray:
    """Where the model puts the test films, asked with all that it sees: float32 (films, d).

    scenes: the film of each scene; those films come first, in their order there.
    """
    is_whole = (places.kind == "film") & (places.seen == whole(configuration))
    asked = places[is_whole].set_index("film_id")
    films = pd.Index(scenes.unique()).append(asked.index).unique()
    return asked.loc[films, _axes(places)].to_numpy(np.float32)


def _axes(places: pd.DataFrame) -> list[str]:
    return feature_columns(places, tables.RETRIEVAL_PLACES)


def _differs(configuration: str, table: pd.DataFrame) -> bool:
    """Whether a scene is anything else to the model than its film."""
    reads = "plot" in CONFIGURATIONS[configuration] and table.words.notna().any()
    differs = sees_image(configuration) or bool(reads)
    if not differs:
        said = "%s sees nothing of a scene (no image, or no subtitles): films alone are judged"
        log.info(said, configuration)
    return differs


def _views(
    configuration: str,
    table: pd.DataFrame,
    tags: pd.Series,
    words: str | os.PathLike | None,
    weights: str | os.PathLike | None,
) -> dict[str, np.ndarray]:
    """What the model sees of scenes. tags: by film_id. words: see `judge_scenes`."""
    segment, views = text_segment(configuration), {}
    if sees_image(configuration):
        columns = feature_columns(table, tables.RETRIEVAL_SCENES)
        views["image"] = table[columns].to_numpy(np.float32)
    if segment:
        text = read_table(words, tables.RETRIEVAL_TEXTS)
        own = text[text.segment == segment].sort_values("paragraph", kind="stable")
        first = own.drop_duplicates("film_id").set_index("film_id")
        columns = feature_columns(text, tables.RETRIEVAL_TEXTS)
        views["text"] = first.loc[table.film_id, columns].to_numpy(np.float32, copy=True)
    if "plot" in CONFIGURATIONS[configuration]:
        _read_words(views["text"], segment, table, tags, weights)
    return views


def _read_words(
    vectors: np.ndarray,
    segment: str,
    table: pd.DataFrame,
    tags: pd.Series,
    weights: str | os.PathLike | None,
) -> None:
    """Put the vectors of the words of scenes in place of those of their films."""
    spoken = {
        row: found[0]
        for row, (film_id, words) in enumerate(zip(table.film_id, table.words, strict=True))
        if pd.notna(words)
        and (found := text_encoder.segments(list(tags[film_id]), [words])[segment])
    }
    if spoken:
        encoder = text_encoder.load_encoder(weights)
        vectors[list(spoken)] = text_encoder.embed_texts(encoder, list(spoken.values()))


def _scene_places(
    model: Retrieval, views: Mapping[str, np.ndarray], films: np.ndarray
) -> dict[str, np.ndarray]:
    scenes = embed_queries(model, views)
    joined = scenes + films
    return {"scene": scenes, "both": joined / np.linalg.norm(joined, axis=1, keepdims=True)}
