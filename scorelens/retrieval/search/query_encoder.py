"""What searches ask with, as vectors: of pictures, frames and words, and the places of tracks.

Each frozen network is loaded once for all searches, and only if one of them needs it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np

from scorelens import media
from scorelens.encoders import image_encoder, text_encoder
from scorelens.encoders.text_encoder import Text
from scorelens.errors import InputError, Problem, closest
from scorelens.media.frames import frames_at, spread
from scorelens.retrieval.data.collect_errors import try_each
from scorelens.retrieval.embed.fragments import hear_track, load_ear
from scorelens.retrieval.model.networks import RetrievalModel, embed_queries, embed_tracks
from scorelens.retrieval.search.index import Index, vectors_of
from scorelens.retrieval.search.search_config import CORPUS, WHERE, Search

AROUND_S = 5.0  # of a moment in a film is looked at, before and after
WORDS = ("tags", "plot")


class Network(NamedTuple):
    """A frozen network and the file of its weights, None where there is none."""

    name: str
    weights: str | os.PathLike | None


class Vectors(NamedTuple):
    """What frozen networks say, and where tracks are.

    images, tracks: by the search's name; an image's vector, a track's place of length 1. texts: by
    the words. own: a row of a search's track in the index, where it is there. pictures: uint8
    (height, width, 3), RGB, by the search's name.
    """

    images: Mapping[str, np.ndarray]
    texts: Mapping[Text, np.ndarray]
    tracks: Mapping[str, np.ndarray]
    own: Mapping[str, int]
    pictures: Mapping[str, np.ndarray]


def gather_vectors(
    searches: Sequence[Search],
    model: RetrievalModel,
    networks: Mapping[str, Network],
    index: Index,
    files: Sequence[str],
    frames: int,
    fragments: int,
    threads: int,
) -> Vectors:
    """Look at, read and hear what searches ask with.

    networks: `image`, `text` and `audio`, those that the model stands on. index: where known tracks
    are; a file is heard, unless it is one of them. files: real paths of the index's tracks, and the
    parts of files that have several. frames:
    of a film that are looked at. fragments: of a track that are heard, at most. threads: of the
    network that hears. Raises InputError with all images, or else all tracks, that cannot be read,
    are a moment after their film's end, or do not sound.
    """
    seen, pictures = _images(searches, networks["image"], frames)
    own = dict(_own_rows(searches, index, files))
    places = dict(zip(own, vectors_of(index, np.array([*own.values()], int)), strict=True))
    outside = {s.name: s.track for s in searches if s.track and s.name not in own}
    if outside:
        places |= _heard(outside, model, networks["audio"], fragments, threads)
    return Vectors(seen, _texts(searches, networks["text"]), places, own, pictures)


def place_search(
    search: Search, parts: Sequence[str], model: RetrievalModel, vectors: Vectors
) -> np.ndarray:
    """Where a search asks with some of its parts, one at least: float32 (d,), length 1.

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
    eye = image_encoder.load_network(network.name, network.weights)
    vectors, pictures = {}, {}
    seen = try_each(partial(_look, frames=frames), looking)
    for search, (squares, picture) in zip(looking, seen, strict=True):
        pictures[search.name] = picture
        vectors[search.name] = image_encoder.embed_pictures(eye, squares).mean(0)
    return vectors, pictures


def _look(search: Search, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """What the network sees, uint8 (n, SIDE, SIDE, 3), and a picture to show."""
    if search.image:
        picture = image_encoder.read_picture(search.image)
        return np.stack([picture]), picture
    duration_s = media.probe(search.film).duration_s
    if duration_s < search.time_s:
        what = f"{search.time_s:g} s is after the film's end"
        expected = f"0 to {duration_s:.1f} s ({search.film})"
        raise InputError(Problem(f"{WHERE}.{search.name}.time_s", what, expected))
    start_s = max(0.0, search.time_s - AROUND_S)
    around_s = spread(start_s, min(duration_s, search.time_s + AROUND_S), frames)
    shown, *others = frames_at(search.film, [search.time_s, *around_s])
    return np.stack([image_encoder.square(frame) for frame in others]), shown


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
    encoder = text_encoder.load_encoder(network.weights)
    return dict(zip(ordered, text_encoder.embed_texts(encoder, ordered), strict=True))


def _words(search: Search, parts: Sequence[str]) -> Text:
    tags, plot = list(search.tags) * ("tags" in parts), [search.text] * ("plot" in parts)
    segment = "_".join(part for part in WORDS if part in parts)
    return text_encoder.segments(tags, plot)[segment][0]


def _heard(
    files: Mapping[str, str], model: RetrievalModel, network: Network, fragments: int, threads: int
) -> dict[str, np.ndarray]:
    """The places of tracks in files, by the search's name."""
    ear = load_ear(network.name, network.weights, threads)

    def place(name: str) -> np.ndarray:
        values = hear_track(files[name], fragments, ear).values
        if not len(values):
            raise _no_sound(name, f"{files[name]} is silent")
        return embed_tracks(model, values, np.zeros(len(values), int))[0]

    return dict(zip(files, try_each(place, files), strict=True))


def _own_rows(
    searches: Sequence[Search], index: Index, files: Sequence[str]
) -> Iterator[tuple[str, int]]:
    """Where in the index searches' tracks are, if they are there."""
    asked = [search for search in searches if search.track]
    if not asked:
        return
    by_name = {name: row for row, name in enumerate(index.ids.tolist())}
    by_file = {file: row for row, file in reversed([*enumerate(files)])}  # the first of a file
    for search in asked:
        if not search.known:
            row = by_file.get(os.path.realpath(search.track))
        elif (row := by_name.get(f"{CORPUS}/{search.track}")) is None:
            what = f"{search.track} is no track, is silent, or its film is left out"
            known = [library[1] for name in by_name if (library := name.split("/", 1))[0] == CORPUS]
            raise _no_sound(search.name, what, closest(search.track, known))
        if row is not None:
            yield search.name, row


def _no_sound(name: str, what: str, hint: str = "") -> InputError:
    return InputError(Problem(f"{WHERE}.{name}.track", what, "a track that sounds", hint))
