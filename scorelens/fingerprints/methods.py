"""The landmarks of an album for each method of finding cues."""

import os
from collections.abc import Mapping

from scorelens.fingerprints import dejavu, index


def index_album(
    method: str,
    album_id: str,
    table: str | os.PathLike,
    path: str | os.PathLike,
    settings: Mapping[str, object],
    recipe: str,
) -> None:
    """Write the landmarks of an album for the method `diagonal` or `dejavu`.

    table: the album's tracks (`tables.ALBUM_TRACKS`). settings, recipe: as `index.index_album` has
    them; Dejavu's are fixed. Raises MediaError for a track that does not decode, InputError for an
    impossible setting.
    """
    if method == "dejavu":
        dejavu.index_album(album_id, table, path)
    else:
        index.index_album(album_id, table, path, settings, recipe)
