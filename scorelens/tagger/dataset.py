"""The dataset of the tagger: the tiles of all tracks, and the genres of their films."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from scorelens.errors import Problem, TableError
from scorelens.learning.datasets import Dataset
from scorelens.learning.film_groups import group_numbers
from scorelens.learning.labels import labelled_films, too_few_films
from scorelens.tagger.baseline_inputs import baseline_inputs
from scorelens.tagger.inputs import model_inputs, read_tile_embeddings
from scorelens.tagger.label_filter import AlbumLabels, trainable_genres
from scorelens.tagger.patches import read_tiles
from scorelens.tagger.registry import BASELINES

log = logging.getLogger(__name__)


def read_dataset(
    model: str,
    films: str | os.PathLike,
    tiles: Sequence[str | os.PathLike],
    albums: Mapping[str, str],
    embeddings: Sequence[str | os.PathLike],
    genres: Sequence[str],
    min_tracks: int,
    groups: Mapping[str, str],
    embedding: str = "",
) -> Dataset:
    """Read the tiles of a corpus for one model.

    Parameters
    ----------
    model : str
        A name of `scorelens.tagger.MODELS`.
    films : path
        Table of the films in use.
    tiles : sequence of path
        A file of tiles for each album, named by it.
    albums : mapping
        Film -> album.
    embeddings : sequence of path
        Tables of tables.FEATURES of whole tracks, named by film; none if the model takes no
        embeddings.
    genres : sequence of str
        The tags. Those with fewer than `min_tracks` tracks, or of films of one group, are left out,
        and the log says so.
    min_tracks : int
        Tracks that a genre needs.
    groups : mapping
        Film -> group (`learning.film_groups`); films with one album are in one.
    embedding : str
        The pretrained network whose width random features have.

    Returns
    -------
    Dataset
        A bag is a track, an instance a tile, a group a film; a group of films is a split group.

    Raises
    ------
    TableError
        If the films with tiles are of fewer than two groups, or fewer than two genres are left.
    """
    table = labelled_films(films)
    years = table["year"].to_numpy(float, na_value=np.nan)
    inputs, bag, time_s, bag_ids, film = [], [], [], [], []
    tiles, embeddings = ({Path(path).stem: path for path in part} for part in (tiles, embeddings))
    for number, film_id in enumerate(table.film_id):
        album_tiles, track_ids = read_tiles(tiles[albums[film_id]])
        if embeddings:
            part = read_tile_embeddings(embeddings[film_id], album_tiles, track_ids)
        elif model in BASELINES:
            part = baseline_inputs(model, album_tiles, film_id, years[number], embedding)
        else:
            part = model_inputs(model, album_tiles)
        inputs.append(part)
        bag.append(album_tiles.track + len(bag_ids))
        time_s.append(album_tiles.start_s)
        bag_ids += [(film_id, track_id) for track_id in track_ids]
        film += [number] * len(track_ids)
    film = np.array(film, np.int64)
    group = group_numbers(table.film_id, groups)[film]
    first = {albums[one]: number for number, one in reversed([*enumerate(table.film_id)])}
    album = np.array([first[albums[one]] for one in table.film_id])[film]
    film_genres = [set(names) for names in table.genres]
    nonempty = np.unique(np.concatenate(bag))
    of_albums = _album_labels(film_genres, film[nonempty], album[nonempty], group[nonempty])
    retained = _retained(genres, of_albums, films, min_tracks)
    labels = np.array(
        [[genre in film_genres[number] for genre in retained] for number in film], bool
    )
    instances, bag, time_s = (np.concatenate(part) for part in (inputs, bag, time_s))
    dataset = Dataset(instances, bag, time_s, bag_ids, film, group, retained, labels)
    with_tiles = len(np.unique(group[dataset.nonempty_bags]))
    if with_tiles < 2:
        what = "groups of films with an album that is not silent"
        raise too_few_films(films, with_tiles, what)
    return dataset


def _album_labels(
    film_genres: Sequence[set[str]], film: np.ndarray, album: np.ndarray, group: np.ndarray
) -> list[AlbumLabels]:
    """The albums of tracks with tiles; film, album, group: of each of those tracks.

    An album has the genres of all its films.
    """
    albums = []
    for number in np.unique(album):
        sharing = np.unique(film[album == number])
        names = set().union(*(film_genres[one] for one in sharing))
        of_group = int(group[album == number][0])
        albums.append(AlbumLabels(of_group, names, int((film == sharing[0]).sum())))
    return albums


def _retained(
    genres: Sequence[str],
    albums: Sequence[AlbumLabels],
    films: str | os.PathLike,
    min_tracks: int,
) -> list[str]:
    """The genres that the tracks with tiles suffice for; the log names the others."""
    retained = trainable_genres(genres, albums, min_tracks)
    for genre in genres:
        if genre not in retained:
            log.info("%s is left out: too few tracks, or of one group of films", genre)
    if len(retained) < 2:
        what = f"genres with at least {min_tracks} tracks, of two groups of films: {len(retained)}"
        hint = "add films, lower tagger.min_tracks, or do without: tagger: {models: []}"
        raise TableError(Problem(str(films), what, "at least 2 to distinguish", hint))
    return retained
