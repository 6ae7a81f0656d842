"""The sound of a new film or album as frame features, from beginning to end.

The same features on the same grid as those of the corpus: a film, and each track of an album, is
measured as a whole track is (`features.level: tracks`).
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
    """Measure a new film or album; every file is decoded once.

    path: of the film, or of the folder of the album. files: its files. feature_set: `mir`,
    `essentia` or a network. profile: of `mir`. weights: the network's, None for the other sets.
    code: stands for the code in force. track_table, output: where the tables of the contracts
    TRACKS and FEATURES go; `film_id` is the name, `cue_id` the track. Raises MediaError with every
    file that cannot be read or has no sound.
    """
    found = read_album(path, files) if is_album else read_file(path, name)
    if found.problems:
        raise MediaError(found.problems)
    for note in found.notes:
        log.info("%s: %s", path, note)
    write_table(found.tracks.assign(film_id=name), track_table, TRACKS)
    whole = feature_set + WHOLE
    if weights is None:
        extract_film(name, whole, profile, "album", None, track_table, None, output)
    else:
        film = film_sound(whole, name, "album", None, track_table, None)
        embed_films(whole, weights, [film], [output], code, threads)
