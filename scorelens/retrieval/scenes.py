"""Does the track that plays in a scene rank high for it? Scenes of films no model learnt from.

A scene is asked in three ways. `scene`: its frames stand for the film's picture and its subtitles
for the plot; where it has none, the film's first paragraph stays. `film`: what is asked for the
whole film. `both`: the mean of the two places. What scenes add shows within an album: there the
film's query is the same for all its scenes, and to swap it among them changes nothing (p = 1).
"""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.retrieval import CONFIGURATIONS, scene_measures, sees_image, text_segment, texts
from scorelens.retrieval.measures import rank_tracks
from scorelens.retrieval.networks import Retrieval, embed_queries
from scorelens.retrieval.train import load_model
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
        queries = {"film": _film_places(held, configuration, table.film_id)}
        if _differs(configuration, table):
            views = _views(configuration, table, described["tags"], words, weights)
            queries |= _scene_places(known, views, queries["film"])
        found = score_scenes(queries, _pool(table, held), samples, permutations, seed)
    else:
        log.warning("no scene of a test film has a picture and a track: nothing is judged")
    tables.write_table(found, output, tables.RETRIEVAL_SCENE_SCORES)


def score_scenes(
    queries: Mapping[str, np.ndarray], pool: Pool, samples: int, permutations: int, seed: int
) -> pd.DataFrame:
    """The rows of RETRIEVAL_SCENE_SCORES.

    queries: of `film` and perhaps others, float32 (scenes, d), length 1; that of `film` is the same
    for all scenes of a film. Films with one track are left out of the pool `album`.
    """
    many = (np.bincount(pool.album) >= 2)[pool.album[pool.track]]
    parts = []
    for asked, places in queries.items():
        for name, chosen in ((ALL, np.ones_like(many)), (ALBUM, many)):
            if not chosen.any():
                continue
            film = np.unique(pool.film[chosen], return_inverse=True)[1]
            part = pool._replace(film=film, track=pool.track[chosen])
            scores = _measured(asked, places[chosen], name, part, (samples, permutations, seed))
            parts.append(scores.assign(asked=asked, pool=name, scenes=int(chosen.sum())))
    return pd.concat(parts, ignore_index=True)


def _measured(
    asked: str, queries: np.ndarray, name: str, pool: Pool, draws: tuple[int, int, int]
) -> pd.DataFrame:
    """The measures of one way to ask, in one pool. draws: samples, permutations, seed."""
    starts = np.flatnonzero(np.diff(pool.film, prepend=-1))
    if (asked, name) == ("film", ALL):
        lists = rank_tracks(queries[starts], pool.tracks)[:, pool.track]
        ranks = lists[pool.film, np.arange(len(pool.film))]
        swap = scene_measures.swap_films(lists, pool.film)
    else:
        pairs = zip(np.split(queries, starts[1:]), np.split(pool.track, starts[1:]), strict=True)
        blocks = [_ranked(own, track, name, pool) for own, track in pairs]
        ranks = np.concatenate([block.diagonal() for block in blocks])
        swap = scene_measures.swap_scenes(blocks)
    sizes = np.bincount(pool.album)[pool.album[pool.track]]
    if name == ALL:
        sizes = np.full(len(ranks), len(pool.tracks))
    return scene_measures.measure_scenes(ranks, sizes, pool.film, swap, *draws)


def _ranked(queries: np.ndarray, track: np.ndarray, name: str, pool: Pool) -> np.ndarray:
    """The places of a film's scenes' tracks for each of its scenes' queries: int (n, n)."""
    rows = np.arange(len(pool.tracks))
    if name == ALBUM:
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


def _film_places(places: pd.DataFrame, configuration: str, films: pd.Series) -> np.ndarray:
    """Where the model puts films that it is asked for with all that it sees: (len(films), d)."""
    whole = "+".join(CONFIGURATIONS[configuration])
    asked = places[(places.kind == "film") & (places.seen == whole)].set_index("film_id")
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
        if pd.notna(words) and (found := texts.segments(_tags(tags[film_id]), [words])[segment])
    }
    if spoken:
        encoder = texts.load_encoder(weights)
        vectors[list(spoken)] = texts.embed_texts(encoder, list(spoken.values()))


def _tags(line: str | None) -> list[str]:
    return [] if pd.isna(line) else [tag.strip() for tag in line.split(";")]


def _scene_places(
    model: Retrieval, views: Mapping[str, np.ndarray], films: np.ndarray
) -> dict[str, np.ndarray]:
    scenes = embed_queries(model, views)
    joined = scenes + films
    return {"scene": scenes, "both": joined / np.linalg.norm(joined, axis=1, keepdims=True)}
