"""Read what a film's own file says of it: the tags of MP4 and Matroska, which Plex shows too."""

import os
import re
from typing import NamedTuple

import av

from scorelens.albums.tags import clean_text
from scorelens.film_table import FIRST_FILM_YEAR
from scorelens.media_library.nfo import clean_genres


class ContainerTags(NamedTuple):
    """Tags of a film's file; empty where there are none."""

    year: int | None
    genres: tuple[str, ...]
    plot: str


NONE = ContainerTags(None, (), "")


def read(path: str | os.PathLike) -> ContainerTags:
    """Read the tags of a film's file. Never fails: a file that cannot be opened has none.

    Parameters
    ----------
    path : path
        The file. Its title is not read, for it is often that of a release.

    Returns
    -------
    ContainerTags
    """
    try:
        with av.open(os.fspath(path), metadata_errors="replace") as container:
            tags = {key.lower(): clean_text(value) for key, value in container.metadata.items()}
    except (OSError, ValueError, av.FFmpegError):
        return NONE
    year = re.match(r"\d{4}", tags.get("date", "") or tags.get("date_released", ""))
    is_year = year and int(year[0]) >= FIRST_FILM_YEAR
    plot = tags.get("synopsis") or tags.get("description") or tags.get("summary") or ""
    return ContainerTags(
        int(year[0]) if is_year else None, clean_genres((tags.get("genre", ""),)), plot
    )
