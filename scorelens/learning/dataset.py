"""What the tagger learns from: the tiles of all films, their genres, and who is held out.

No film has tracks on both sides of a split: the tracks of one film share their genres, composer and
sound, and a network that knows the film knows the answer. `split: track` does as the thesis did.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens.errors import Problem, TableError
from scorelens.genres.model.labels import too_few_films
from scorelens.tables import FEATURES, FILMS, feature_columns, read_table
from scorelens.tagger import MODELS, TILE_S
from scorelens.tagger.label_filter import teachable
from scorelens.tagger.patches import Tiles, mfcc, read_tiles

DRAWS = 1000
VALIDATION = 0.2  # of the films that teach, by which training is stopped (the thesis)

log = logging.getLogger(__name__)


class Material(NamedTuple):
    """All tiles of a corpus that sound, in order of film, track and time.

    inputs: what the model looks at, float (tiles, ...). track: int64 (tiles,), number of the tile's
    track. start_s: float64 (tiles,), in the track. tracks: (film_id, track_id) of each track. film:
    int64 (tracks,), number of the track's film. album: int64 (tracks,), number of the first film
    with the track's album. genres: the tags. actual: bool (tracks, genres).
    """

    inputs: np.ndarray
    track: np.ndarray
    start_s: np.ndarray
    tracks: list[tuple[str, str]]
    film: np.ndarray
    album: np.ndarray
    genres: list[str]
    actual: np.ndarray

    @property
    def heard(self) -> np.ndarray:
        """Numbers of the tracks that have tiles."""
        return np.unique(self.track)

    def tiles_of(self, tracks: np.ndarray) -> np.ndarray:
        """Rows of the tiles of some tracks, ascending."""
        return np.flatnonzero(np.isin(self.track, tracks))


class Split(NamedTuple):
    """Numbers of the tracks that are held out, that stop the training, and that teach."""

    held_out: np.ndarray
    validation: np.ndarray
    training: np.ndarray


def read_material(
    model: str,
    films: str | os.PathLike,
    tiles: Sequence[str | os.PathLike],
    albums: Mapping[str, str],
    embeddings: Sequence[str | os.PathLike],
    genres: Sequence[str],
    least_tracks: int,
) -> Material:
    """Read the tiles of a corpus for one model.

    films: table of the films in use. tiles: a file an album, named by it. albums: film to album.
    embeddings: tables of
    FEATURES of whole tracks, named alike; none if the model does not look at them. genres: the tags
    to learn; those with fewer than `least_tracks` tracks, or of one film, are left out, and the log
    says so.
    Raises TableError if fewer than two films have tiles, or fewer than two genres are left.
    """
    table = read_table(films, FILMS)
    inputs, track, start_s, tracks, film = [], [], [], [], []
    tiles, embeddings = ({Path(path).stem: path for path in part} for part in (tiles, embeddings))
    for number, film_id in enumerate(table.film_id):
        own, track_ids = read_tiles(tiles[albums[film_id]])
        inputs.append(
            tile_embeddings(embeddings[film_id], own, track_ids) if embeddings else look(model, own)
        )
        track.append(own.track + len(tracks))
        start_s.append(own.start_s)
        tracks += [(film_id, track_id) for track_id in track_ids]
        film += [number] * len(track_ids)
    film = np.array(film, np.int64)
    first = {albums[own]: number for number, own in reversed([*enumerate(table.film_id)])}
    album = np.array([first[albums[own]] for own in table.film_id])[film]
    labels = [set(names) for names in table.genres]
    heard = np.unique(np.concatenate(track))
    kept = _kept(genres, labels, film[heard], album[heard], films, least_tracks)
    material = Material(
        np.concatenate(inputs),
        np.concatenate(track),
        np.concatenate(start_s),
        tracks,
        film,
        album,
        kept,
        np.array([[genre in labels[number] for genre in kept] for number in film], bool),
    )
    with_tiles = len(np.unique(album[material.heard]))
    if with_tiles < 2:
        raise too_few_films(films, with_tiles, "films with tracks that sound and are their own")
    return material


def look(model: str, tiles: Tiles) -> np.ndarray:
    """What a network of tiles looks at: the bands, the coefficients made from them, or nothing."""
    if not MODELS[model]:
        return np.zeros((len(tiles.mel), 0), np.float32)
    return mfcc(tiles.mel) if MODELS[model] == "mfcc" else tiles.mel


def tile_embeddings(
    features: str | os.PathLike, tiles: Tiles, track_ids: Sequence[str]
) -> np.ndarray:
    """The mean embedding of each tile: float32 (tiles, columns), NaN where there is none.

    features: a table of FEATURES of whole tracks, a row a second.
    """
    table = read_table(features, FEATURES)
    columns = feature_columns(table)
    by_track = dict(list(table.groupby("cue_id", sort=False)))
    parts = [np.zeros((0, len(columns)), np.float32)]
    for number in np.unique(tiles.track):
        own = by_track[track_ids[number]]
        values = own[columns].to_numpy(np.float32, na_value=np.nan)
        starts_s = tiles.start_s[tiles.track == number]
        parts.append(tile_means(values, own.time_s.to_numpy(), starts_s))
    return np.concatenate(parts)


def tile_means(values: np.ndarray, time_s: np.ndarray, starts_s: np.ndarray) -> np.ndarray:
    """The mean of the seconds whose middle lies in each tile of a track, NaN of none.

    values: (seconds, columns), NaN where missing. time_s: (seconds,), whole seconds. starts_s:
    (tiles,). Returns float32 (tiles, columns).
    """
    number = ((time_s + 0.5) // TILE_S).astype(int)
    means = pd.DataFrame(values).groupby(number).mean()
    return means.reindex(np.round(starts_s / TILE_S).astype(int)).to_numpy(np.float32)


def split(material: Material, by: str, folds: int, seed: int) -> list[Split]:
    """Deal the tracks into folds; a last one holds nothing out, and makes the model for new music.

    by: `film` keeps the tracks of a film together, and of films that share an album; `track` deals
    every track for itself. Folds are dealt at random, as alike in their genres as many draws allow:
    a fold that takes much of a genre leaves little to learn it from, and its tracks seem to speak
    against their own genres. Of what a fold does not hold out, a fifth of the films (or tracks)
    stops the training, at least one.
    """
    heard = material.heard
    unit = (material.album if by == "film" else np.arange(len(material.film)))[heard]
    present, first, place = np.unique(unit, return_index=True, return_inverse=True)
    actual = material.actual[heard[first]]
    dealt = deal_alike(actual, np.bincount(place), folds, np.random.default_rng([seed, folds]))
    found = []
    for number, rows in enumerate([*dealt, np.zeros(0, np.int64)]):
        teaching = np.delete(np.arange(len(present)), rows)
        validation = _representative(teaching, actual, np.random.default_rng([seed, number]))
        rest = np.setdiff1d(teaching, validation)
        groups = (present[group] for group in (rows, validation, rest))
        found.append(Split(*(heard[np.isin(unit, group)] for group in groups)))
    return found


def deal_alike(
    actual: np.ndarray, tracks: np.ndarray, folds: int, random: np.random.Generator
) -> list[np.ndarray]:
    """Rows of films (or tracks) dealt into folds whose tracks are alike in number and genres.

    actual: bool (films, genres). tracks: int (films,), how many each has.
    """
    folds = min(folds, len(actual))
    counts = np.column_stack([actual, np.ones(len(actual))]) * tracks[:, None]
    counts = counts[:, counts.any(axis=0)]
    even = counts.sum(axis=0) / folds
    best, least = None, np.inf
    for _ in range(DRAWS):
        fold = random.permutation(len(actual)) % folds
        shares = (fold == np.arange(folds)[:, None]) @ counts / even
        uneven = np.square(shares - 1).sum()
        if uneven < least:
            best, least = fold, uneven
    return [np.flatnonzero(best == number) for number in range(folds)]


def _representative(
    rows: np.ndarray, actual: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """A fifth of the rows, the one of many random draws whose genres are most like those of all.

    A random fifth of a small corpus often lacks a genre, and says nothing of when to stop there.
    """
    if len(rows) < 3:
        return rows[:0]
    count = max(1, round(VALIDATION * len(rows)))
    draws = random.permuted(np.tile(rows, (DRAWS, 1)), axis=1)[:, :count]
    away = np.abs(actual[draws].mean(axis=1) - actual[rows].mean(axis=0)).sum(axis=1)
    return np.sort(draws[away.argmin()])


def _kept(
    genres: Sequence[str],
    labels: Sequence[set[str]],
    film: np.ndarray,
    album: np.ndarray,
    films: str | os.PathLike,
    least_tracks: int,
) -> list[str]:
    """The genres that the tracks with tiles can teach; the log names the others.

    film, album: of each of those tracks. An album has the labels of all its films.
    """
    found = []
    for number in np.unique(album):
        sharing = np.unique(film[album == number])
        own = set().union(*(labels[place] for place in sharing))
        found.append((own, int((film == sharing[0]).sum())))
    kept = teachable(genres, found, least_tracks)
    for genre in genres:
        if genre not in kept:
            log.info("%s is left out: too few tracks or films carry it", genre)
    if len(kept) < 2:
        found = f"genres with at least {least_tracks} tracks, of two films or more: {len(kept)}"
        hint = "add films, lower tagger.least_tracks, or do without: tagger: {models: []}"
        raise TableError(Problem(str(films), found, "at least 2 to tell apart", hint))
    return kept
