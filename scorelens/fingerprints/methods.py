"""Index the sound of an album for the cue matching method that the configuration names."""

import os
from collections.abc import Mapping

from scorelens.fingerprints import dejavu, index


def index_album(
    method: str,
    album_id: str,
    table: str | os.PathLike,
    path: str | os.PathLike,
    settings: Mapping[str, object],
    code_version: str,
) -> None:
    """Write the landmarks of an album for one matching method.

    Parameters
    ----------
    method : {"diagonal", "dejavu"}
        The matching method.
    album_id : str
        Id of the album, for log and progress bar.
    table : path
        The album's tracks (`tables.ALBUM_TRACKS`).
    path : path
        Where the index goes, a compressed .npz.
    settings : mapping
        The fields of `landmarks.Settings`. Not used by `dejavu`, whose settings are
        fixed.
    code_version : str
        Hash of the code at work. An index by another version is not reused.

    Raises
    ------
    MediaError
        If a track does not decode.
    InputError
        If the hop is longer than the window.
    """
    if method == "dejavu":
        dejavu.index_album(album_id, table, path)
    else:
        index.index_album(album_id, table, path, settings, code_version)
