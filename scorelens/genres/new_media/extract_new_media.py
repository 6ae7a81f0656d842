"""Extract the frame features of a new film or album, from beginning to end.

The features and their grid are those of the corpus: a film, and each track of an album, is measured
as a whole track is.
"""

import logging
import os
from collections.abc import Sequence

from scorelens.albums.reading import read_album, read_file
from scorelens.errors import MediaError
from scorelens.features import WHOLE, embed_films, extract_film, film_sound
from scorelens.tables import TRACKS, write_table

log = logging.getLogger(__name__)


def measure_media(
    name: str,
    path: str | os.PathLike,
    files: Sequence[str | os.PathLike],
    is_album: bool,
    feature_set: str,
    profile: str | None,
    weights: str | os.PathLike | None,
    code: str,
    threads: int,
    track_table: str | os.PathLike,
    output: str | os.PathLike,
) -> None:
    """Extract the features of a new film or album; every file is decoded once.

    Parameters
    ----------
    name : str
        Its id: `film_id` of both tables.
    path : path
        Of the film, or of the folder of the album.
    files : sequence of path
        Its files.
    is_album : bool
        Whether `path` is a folder.
    feature_set : str
        `mir`, `essentia` or a network.
    profile : str or None
        Of `mir`.
    weights : path or None
        Of the network, None for the other sets.
    code : str
        Hash of the code in force.
    threads : int
        Threads of the network.
    track_table, output : path
        Where the tables TRACKS and FEATURES go; `cue_id` is the track.

    Raises
    ------
    MediaError
        With every file that cannot be read or has no sound.
    """
    listing = read_album(path, files) if is_album else read_file(path, name)
    if listing.problems:
        raise MediaError(listing.problems)
    for note in listing.notes:
        log.info("%s: %s", path, note)
    write_table(listing.tracks.assign(film_id=name), track_table, TRACKS)
    whole = feature_set + WHOLE
    if weights is None:
        extract_film(name, whole, profile, "album", None, track_table, None, output)
    else:
        film = film_sound(whole, name, "album", None, track_table, None)
        embed_films(whole, weights, [film], [output], code, threads)
