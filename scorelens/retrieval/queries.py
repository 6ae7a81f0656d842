"""What searches ask with, as vectors: of pictures, frames and words, and the places of tracks.

Each frozen network is loaded once for all searches, and only if one of them needs it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from scorelens import media
from scorelens.errors import InputError, Problem
from scorelens.retrieval import images, texts
from scorelens.retrieval.fragments import hear_track, load_ear
from scorelens.retrieval.frames import frames_at, spread
from scorelens.retrieval.index import Index, vectors_of
from scorelens.retrieval.networks import Retrieval, embed_queries, embed_tracks
from scorelens.retrieval.searches import CORPUS, WHERE, Search
from scorelens.retrieval.texts import Text

AROUND_S = 5.0  # of a moment in a film is looked at, before and after
WORDS = ("tags", "plot")


class Network(NamedTuple):
    """A frozen network and the file of its weights, None where there is none."""

    name: str
    weights: str | os.PathLike | None


class Vectors(NamedTuple):
    """What frozen networks say, and where tracks are.

    images, tracks: by the search's name; an image's vector, a track's place of length 1. texts: by
    the words. own: the row of a search's track in the index, where it is there. pictures: uint8
    (height, width, 3), RGB, by the search's name.
    """

    images: Mapping[str, np.ndarray]
    texts: Mapping[Text, np.ndarray]
    tracks: Mapping[str, np.ndarray]
    own: Mapping[str, int]
    pictures: Mapping[str, np.ndarray]


def gather_vectors(
    searches: Sequence[Search],
    model: Retrieval,
    networks: Mapping[str, Network],
    index: Index,
    paths: Sequence[str],
    frames: int,
    fragments: int,
    threads: int,
) -> Vectors:
    """Look at, read and hear what searches ask with.

    networks: `image`, `text` and `audio`, those that the model stands on. index: where known tracks
    are; a file is heard, unless it is one of them. paths: of the index's tracks. frames: of a film
    that are looked at. fragments: of a track that are heard, at most. threads: of the network that
    hears. Raises MediaError if a file cannot be read, InputError if a moment is after its film's
    end or a track does not sound.
    """
    seen, pictures = _images(searches, networks["image"], frames)
    own = dict(_own_rows(searches, index, paths))
    places = dict(zip(own, vectors_of(index, np.array([*own.values()], int)), strict=True))
    outside = {s.name: s.track for s in searches if s.track and s.name not in own}
    if outside:
        places |= _heard(outside, model, networks["audio"], fragments, threads)
    return Vectors(seen, _texts(searches, networks["text"]), places, own, pictures)


def place_search(
    search: Search, parts: Sequence[str], model: Retrieval, vectors: Vectors
) -> np.ndarray:
    """Where a search asks with some of its parts, one at least: float32 (EMBEDDING,), length 1.

    A track's place is joined to that of all else as the mean of the two.
    """
    views, places = {}, []
    if "image" in parts:
        views["image"] = vectors.images[search.name][None]
    if any(part in parts for part in WORDS):
        views["text"] = vectors.texts[_words(search, parts)][None]
    if views:
        places.append(embed_queries(model, views)[0])
    if "track" in parts:
        places.append(vectors.tracks[search.name])
    joined = np.sum(places, axis=0)
    return joined / np.linalg.norm(joined).clip(np.finfo(np.float32).tiny)


def _images(
    searches: Sequence[Search], network: Network, frames: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The vector of each search's image, and a picture to show of it."""
    looking = [search for search in searches if "image" in search.parts]
    if not looking:
        return {}, {}
    eye = images.load_network(network.name, network.weights)
    vectors, pictures = {}, {}
    for search in looking:
        squares, pictures[search.name] = _look(search, frames)
        vectors[search.name] = images.embed_pictures(eye, squares).mean(0)
    return vectors, pictures


def _look(search: Search, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """What the network sees, uint8 (n, SIDE, SIDE, 3), and a picture to show."""
    if search.image:
        picture = images.read_picture(search.image)
        return np.stack([picture]), picture
    duration_s = media.probe(search.film).duration_s
    if search.time_s > duration_s:
        what = f"{search.time_s:g} s is after the film's end"
        expected = f"0 to {duration_s:.1f} s ({search.film})"
        raise InputError(Problem(f"{WHERE}.{search.name}.time_s", what, expected))
    start_s = max(0.0, search.time_s - AROUND_S)
    around_s = spread(start_s, min(duration_s, search.time_s + AROUND_S), frames)
    shown, *others = frames_at(search.film, [search.time_s, *around_s])
    return np.stack([images.square(frame) for frame in others]), shown


def _texts(searches: Sequence[Search], network: Network) -> dict[Text, np.ndarray]:
    """The vectors of all words, and of the tags and the plot of a search alone."""
    wanted = {
        _words(search, parts)
        for search in searches
        for count in (1, 2)
        for parts in combinations([part for part in search.parts if part in WORDS], count)
    }
    if not wanted:
        return {}
    ordered = sorted(wanted)
    encoder = texts.load_encoder(network.weights)
    return dict(zip(ordered, texts.embed_texts(encoder, ordered), strict=True))


def _words(search: Search, parts: Sequence[str]) -> Text:
    tags, plot = list(search.tags) * ("tags" in parts), [search.text] * ("plot" in parts)
    segment = "_".join(part for part in WORDS if part in parts)
    return texts.segments(tags, plot)[segment][0]


def _heard(
    files: Mapping[str, str], model: Retrieval, network: Network, fragments: int, threads: int
) -> dict[str, np.ndarray]:
    """The places of tracks in files, by the search's name."""
    ear = load_ear(network.name, network.weights, threads)
    places = {}
    for name, path in files.items():
        values = hear_track(path, fragments, ear).values
        if not len(values):
            raise _silent(name, path)
        places[name] = embed_tracks(model, values, np.zeros(len(values), int))[0]
    return places


def _own_rows(
    searches: Sequence[Search], index: Index, paths: Sequence[str]
) -> Iterator[tuple[str, int]]:
    """Where in the index searches' tracks are, if they are there."""
    asked = [search for search in searches if search.track]
    if not asked:
        return
    by_name = {name: row for row, name in enumerate(index.ids.tolist())}
    by_path = {os.path.normpath(path): row for row, path in enumerate(paths)}
    for search in asked:
        if search.known and f"{CORPUS}/{search.track}" not in by_name:
            raise _silent(search.name, search.track)
        name, path = f"{CORPUS}/{search.track}", os.path.normpath(search.track)
        row = by_name[name] if search.known else by_path.get(path)
        if row is not None:
            yield search.name, row


def _silent(name: str, track: str) -> InputError:
    where = f"{WHERE}.{name}.track"
    return InputError(Problem(where, f"{track} is silent", "a track that sounds"))
