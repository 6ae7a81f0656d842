"""Compare all albums, and all films, with each other: which share sound?"""

import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens.fingerprints.dejavu import DEJAVU_HOP_S, read_peaks
from scorelens.fingerprints.index import read_album
from scorelens.fingerprints.landmarks import Landmarks
from scorelens.fingerprints.sharing import (
    MIN_FILM_SHARE,
    MIN_SHARED_S,
    MIN_TRACK_SHARE,
    find_shared_sound,
)
from scorelens.fingerprints.sketches import Sketch, make_sketch, read_sketch
from scorelens.tables import SHARED_FILMS, SHARED_TRACKS, write_table

log = logging.getLogger(__name__)


def compare_fingerprints(
    method: str,
    albums: Mapping[str, str | os.PathLike],
    films: Mapping[str, str | os.PathLike],
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Write which tracks of two albums, and which films, share sound.

    Parameters
    ----------
    method : {"diagonal", "dejavu"}
        The matching method, which the indexes were made for.
    albums : mapping of str to path
        Index of each album, by album id.
    films : mapping of str to path
        Sketch of each film (`sketches.write_sketch`), by film id.
    outputs : mapping of str to path
        Where the tables of SHARED_TRACKS (`tracks`) and SHARED_FILMS (`films`) go.

    Raises
    ------
    InputError
        If an index or a sketch is damaged.
    """
    by_album = {album: sketch_album(method, path) for album, path in albums.items()}
    of_tracks = shared_tracks(by_album)
    of_films = shared_films({film: read_sketch(path) for film, path in films.items()})
    write_table(of_tracks, outputs["tracks"], SHARED_TRACKS)
    write_table(of_films, outputs["films"], SHARED_FILMS)
    message = "%d albums: %d pairs of tracks share sound; %d films: %d pairs share sound"
    log.info(message, len(albums), len(of_tracks), len(films), len(of_films))


def sketch_album(method: str, path: str | os.PathLike) -> dict[str, Sketch]:
    """Sketch the tracks of an album.

    Parameters
    ----------
    method : {"diagonal", "dejavu"}
        The matching method.
    path : path
        The album's index for this method.

    Returns
    -------
    dict of str to Sketch
        By track id.

    Raises
    ------
    InputError
        If the index is damaged.
    """
    if method == "dejavu":
        peaks = read_peaks(path).items()
        return {
            track: make_sketch(Landmarks.of_bins(*of_track), DEJAVU_HOP_S)
            for track, of_track in peaks
        }
    album = read_album(path)
    mixes = zip(album.track_ids, album.landmarks, strict=True)
    return {track: make_sketch(mix, album.settings.hop_s) for track, (mix, _) in mixes}


def shared_tracks(albums: Mapping[str, Mapping[str, Sketch]]) -> pd.DataFrame:
    """Find the tracks of different albums that share a passage, or most of the shorter one.

    Parameters
    ----------
    albums : mapping of str to mapping of str to Sketch
        Sketches of the tracks of each album, by album id and track id.

    Returns
    -------
    DataFrame
        Columns of SHARED_TRACKS.
    """
    ids = [(album, track) for album, tracks in albums.items() for track in tracks]
    sketches = [sketch for tracks in albums.values() for sketch in tracks.values()]
    owner = np.repeat(np.arange(len(albums)), [len(tracks) for tracks in albums.values()])
    rows = [
        (*ids[pair.first], *ids[pair.second], pair.offset_s, pair.shared_s, pair.share)
        for pair in find_shared_sound(sketches, owner)
        if pair.shared_s >= MIN_SHARED_S or pair.share >= MIN_TRACK_SHARE
    ]
    return pd.DataFrame(rows, columns=SHARED_TRACKS.names)


def shared_films(sketches: Mapping[str, Sketch]) -> pd.DataFrame:
    """Find the films that share more sound than a fanfare or a song.

    Parameters
    ----------
    sketches : mapping of str to Sketch
        Sketch of each film, by film id.

    Returns
    -------
    DataFrame
        Columns of SHARED_FILMS.
    """
    ids: Sequence[str] = list(sketches)
    rows = [
        (ids[pair.first], ids[pair.second], pair.offset_s, pair.shared_s, pair.share)
        for pair in find_shared_sound([*sketches.values()], np.arange(len(ids)))
        if pair.share >= MIN_FILM_SHARE
    ]
    return pd.DataFrame(rows, columns=SHARED_FILMS.names)
