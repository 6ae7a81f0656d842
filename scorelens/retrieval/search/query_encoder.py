"""Encode what searches are made with: images, moments of films, words, and tracks.

Each pretrained network is loaded once for all searches, and only if one of them needs it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np

from scorelens import media
from scorelens.encoders import image_encoder, text_encoder
from scorelens.encoders.image_files import centre_square, read_image
from scorelens.encoders.registry import IMAGE, TEXT
from scorelens.encoders.text_encoder import Text, film_texts
from scorelens.errors import InputError, Problem, closest
from scorelens.media.frames import frames_at, spread
from scorelens.retrieval.data.collect_errors import map_collecting_errors
from scorelens.retrieval.embed.fragments import encode_track, load_fragment_encoder
from scorelens.retrieval.model.networks import RetrievalModel, embed_queries, embed_tracks
from scorelens.retrieval.model.trained_encoders import load_trained
from scorelens.retrieval.search.index import Index, vectors_of
from scorelens.retrieval.search.search_config import CORPUS, WHERE, Search

AROUND_S = 5.0  # before and after a moment of a film
WORDS = ("tags", "plot")


class Network(NamedTuple):
    """A network of pictures, texts or sound.

    Attributes
    ----------
    name : str
        Its name in the registry.
    weights : path or None
        Its published variables; None if it is not needed.
    model : path or None
        Model file with its parameters, if it was trained with the model.
    """

    name: str
    weights: str | os.PathLike | None
    model: str | os.PathLike | None = None


class QueryEmbeddings(NamedTuple):
    """The embeddings of what searches are made with.

    Attributes
    ----------
    images : mapping of str to ndarray
        Search -> embedding of its image, by the image network.
    texts : mapping of Text to ndarray
        Text -> its embedding, by the text network.
    tracks : mapping of str to ndarray
        Search -> embedding of its track in the common space, of length 1.
    index_rows : mapping of str to int
        Search -> row of its track in the index, if it is there.
    pictures : mapping of str to ndarray
        Search -> its picture, uint8 (height, width, 3), RGB.
    """

    images: Mapping[str, np.ndarray]
    texts: Mapping[Text, np.ndarray]
    tracks: Mapping[str, np.ndarray]
    index_rows: Mapping[str, int]
    pictures: Mapping[str, np.ndarray]


def encode_searches(
    searches: Sequence[Search],
    model: RetrievalModel,
    networks: Mapping[str, Network],
    index: Index,
    files: Sequence[str],
    frames: int,
    fragments: int,
    threads: int,
) -> QueryEmbeddings:
    """Encode the images, words and tracks of searches.

    Parameters
    ----------
    searches : sequence of Search
    model : RetrievalModel
    networks : mapping of str to Network
        `image`, `text` and `audio`, those that the model was trained with.
    index : Index
        The known tracks; a file is decoded unless it is one of them.
    files : sequence of str
        Real paths of the index's tracks, with the parts of files that hold several.
    frames : int
        Frames around a moment of a film.
    fragments : int
        Fragments of a track at most.
    threads : int
        Threads of the CPU for the audio network.

    Returns
    -------
    QueryEmbeddings

    Raises
    ------
    InputError
        With all images, or else all tracks, that cannot be read, are a moment after their film's
        end, or are silent.
    """
    images, pictures = _encode_images(searches, networks["image"], frames)
    rows = dict(_index_rows(searches, index, files))
    tracks = dict(zip(rows, vectors_of(index, np.array([*rows.values()], int)), strict=True))
    outside = {s.name: s.track for s in searches if s.track and s.name not in rows}
    if outside:
        tracks |= _encode_tracks(outside, model, networks["audio"], fragments, threads)
    texts = _encode_texts(searches, networks["text"])
    return QueryEmbeddings(images, texts, tracks, rows, pictures)


def embed_search(
    search: Search, parts: Sequence[str], model: RetrievalModel, embeddings: QueryEmbeddings
) -> np.ndarray:
    """Embed some parts of a search in the common space.

    The embedding of a track and that of all other parts together are averaged.

    Parameters
    ----------
    search : Search
    parts : sequence of str
        One at least of `image`, `tags`, `plot` and `track`.
    model : RetrievalModel
    embeddings : QueryEmbeddings

    Returns
    -------
    ndarray of float32, shape (EMBEDDING_SIZE,)
        Of length 1.
    """
    views, vectors = {}, []
    if "image" in parts:
        views["image"] = embeddings.images[search.name][None]
    if any(part in parts for part in WORDS):
        views["text"] = embeddings.texts[_text(search, parts)][None]
    if views:
        vectors.append(embed_queries(model, views)[0])
    if "track" in parts:
        vectors.append(embeddings.tracks[search.name])
    total = np.sum(vectors, axis=0)
    return total / np.linalg.norm(total).clip(np.finfo(np.float32).tiny)


def _encode_images(
    searches: Sequence[Search], network: Network, frames: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The embedding of each search's image, and a picture to show of it."""
    with_image = [search for search in searches if "image" in search.parts]
    if not with_image:
        return {}, {}
    encoder = image_encoder.load(network.name, network.weights)
    if network.model:
        load_trained(encoder.network, network.model, IMAGE)
    embeddings, pictures = {}, {}
    read = map_collecting_errors(partial(_read_frames, frames=frames), with_image)
    for search, (squares, picture) in zip(with_image, read, strict=True):
        pictures[search.name] = picture
        embeddings[search.name] = encoder.encode(squares).mean(0)
    return embeddings, pictures


def _read_frames(search: Search, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """The input of the network, uint8 (n, SIDE, SIDE, 3), and a picture to show."""
    if search.image:
        picture = read_image(search.image)
        return np.stack([picture]), picture
    duration_s = media.probe(search.film).duration_s
    if duration_s < search.time_s:
        what = f"{search.time_s:g} s is after the film's end"
        expected = f"0 to {duration_s:.1f} s ({search.film})"
        raise InputError(Problem(f"{WHERE}.{search.name}.time_s", what, expected))
    start_s = max(0.0, search.time_s - AROUND_S)
    around_s = spread(start_s, min(duration_s, search.time_s + AROUND_S), frames)
    shown, *others = frames_at(search.film, [search.time_s, *around_s])
    return np.stack([centre_square(frame) for frame in others]), shown


def _encode_texts(searches: Sequence[Search], network: Network) -> dict[Text, np.ndarray]:
    """The embeddings of all words, and of the tags and the plot of a search alone."""
    texts = {
        _text(search, parts)
        for search in searches
        for count in (1, 2)
        for parts in combinations([part for part in search.parts if part in WORDS], count)
    }
    if not texts:
        return {}
    ordered = sorted(texts)
    encoder = text_encoder.load(network.name, network.weights)
    if network.model:
        load_trained(encoder.network, network.model, TEXT)
    return dict(zip(ordered, encoder.encode(ordered), strict=True))


def _text(search: Search, parts: Sequence[str]) -> Text:
    tags, plot = list(search.tags) * ("tags" in parts), [search.text] * ("plot" in parts)
    segment = "_".join(part for part in WORDS if part in parts)
    return film_texts(tags, plot)[segment][0]


def _encode_tracks(
    files: Mapping[str, str], model: RetrievalModel, network: Network, fragments: int, threads: int
) -> dict[str, np.ndarray]:
    """The embeddings of tracks in files, by the search's name."""
    encoder = load_fragment_encoder(network.name, network.weights, threads)

    def embed(name: str) -> np.ndarray:
        values = encode_track(files[name], fragments, encoder).values
        if not len(values):
            raise _no_sound(name, f"{files[name]} is silent")
        return embed_tracks(model, values, np.zeros(len(values), int))[0]

    return dict(zip(files, map_collecting_errors(embed, files), strict=True))


def _index_rows(
    searches: Sequence[Search], index: Index, files: Sequence[str]
) -> Iterator[tuple[str, int]]:
    """The rows of searches' tracks in the index, if they are there."""
    with_track = [search for search in searches if search.track]
    if not with_track:
        return
    by_name = {name: row for row, name in enumerate(index.ids.tolist())}
    by_file = {file: row for row, file in reversed([*enumerate(files)])}  # the first of a file
    for search in with_track:
        if not search.known:
            row = by_file.get(os.path.realpath(search.track))
        elif (row := by_name.get(f"{CORPUS}/{search.track}")) is None:
            what = f"{search.track} is no track, is silent, or its film is left out"
            known = [library[1] for name in by_name if (library := name.split("/", 1))[0] == CORPUS]
            raise _no_sound(search.name, what, closest(search.track, known))
        if row is not None:
            yield search.name, row


def _no_sound(name: str, what: str, hint: str = "") -> InputError:
    expected = "a track with sound"
    return InputError(Problem(f"{WHERE}.{name}.track", what, expected, hint))
