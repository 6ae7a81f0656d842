"""List the albums of a media library: folders of music, discs united, with what their tags say."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import mutagen

from scorelens.albums.files import has_audio_extension
from scorelens.albums.tags import read_tags
from scorelens.media_library.names import DISC_FOLDER
from scorelens.media_library.scanning import Folder
from scorelens.media_library.titles import (
    DISC,
    album_titles,
    bracketed_year,
    is_soundtrack_place,
    names_soundtrack,
)
from scorelens.media_library.videos import main_videos

READ_FILES = 8  # of an album, spread over it, whose tags are read
MAIN_SHARE = 0.6  # of the files that have a title of the album, for that to be its title
THEMES = frozenset(("theme", "theme-music"))  # what servers play in their menus


@dataclass(frozen=True)
class LibraryAlbum:
    """An album of a media library.

    Parameters
    ----------
    folder : str
        Its folder, with the folders of its discs.
    title, artist : str
        By the tags; empty without.
    year : int or None
        By the tags, otherwise by the folder's name.
    tracks : int
        Files of music in it.
    titles : tuple of tuple of str
        What film it may be of, by tags and folder (`titles.album_titles`).
    is_soundtrack : bool
        Whether tags, name or place say that it is a soundtrack.
    named_year : int or None
        Year in brackets in the title or the folder's name.
    several : int
        Albums that the tags of its files name, if there are several and none has most files; a
        folder of such files is no album. 0 otherwise.
    """

    folder: str
    title: str
    artist: str
    year: int | None
    tracks: int
    titles: tuple[tuple[str, ...], ...]
    is_soundtrack: bool
    named_year: int | None
    several: int


def find_albums(root: Folder) -> list[LibraryAlbum]:
    """List the albums below a folder.

    Parameters
    ----------
    root : Folder
        Of `scanning.scan_tree`.

    Returns
    -------
    list of LibraryAlbum
        In the order of folders. Folders of discs belong to the album above them. Music beside a
        film, such as its theme or a commentary, is no album.
    """
    albums, waiting = [], [root]
    while waiting:
        folder = waiting.pop()
        discs = [inner for inner in folder.folders if DISC_FOLDER.match(inner.name)]
        discs = [disc for disc in discs if _music(disc)]
        files = [*_music(folder), *(path for disc in discs for path in _music(disc))]
        if files and not main_videos(folder):
            albums.append(_album(folder, files))
            inside = [inner for inner in folder.folders if inner not in discs]
        else:
            inside = folder.folders
        waiting += reversed([f for f in inside if f.name.lower() not in THEMES])
    return albums


def _music(folder: Folder) -> list[str]:
    return [
        folder.file(name)
        for name in folder.files
        if has_audio_extension(name) and os.path.splitext(name)[0].lower() not in THEMES
    ]


def _album(folder: Folder, files: Sequence[str]) -> LibraryAlbum:
    step = max(1, len(files) / READ_FILES)
    chosen = sorted({int(n * step) for n in range(min(READ_FILES, len(files)))})
    read = [(read_tags(files[n]), _easy_tags(files[n])) for n in chosen]
    named = Counter(DISC.sub("", tags.album).strip() for tags, _ in read if tags.album)
    title, count = named.most_common(1)[0] if named else ("", 0)
    mixed = len(named) > 1 and count < MAIN_SHARE * sum(named.values())
    title = "" if mixed else title
    artists = Counter(tags.artist for tags, _ in read if tags.artist)
    genres = {genre.casefold() for _, easy in read for genre in easy.get("genre", ())}
    years = Counter(year for _, easy in read if (year := _year(easy)))
    named_year = bracketed_year(title) or bracketed_year(folder.name)
    texts = [title, folder.name] if title else [folder.name]
    return LibraryAlbum(
        folder=folder.path,
        title=title,
        artist=artists.most_common(1)[0][0] if artists else "",
        year=min(years, key=lambda year: (-years[year], year)) if years else named_year,
        tracks=len(files),
        titles=tuple(dict.fromkeys(tokens for text in texts for tokens in album_titles(text))),
        is_soundtrack=any(_is_soundtrack_genre(genre) for genre in genres)
        or any(map(names_soundtrack, texts))
        or is_soundtrack_place(folder.path),
        named_year=named_year,
        several=len(named) if mixed else 0,
    )


def _easy_tags(path: str) -> dict[str, list[str]]:
    """Tags by mutagen's common names; none if the file cannot be read."""
    try:
        file = mutagen.File(path, easy=True)
        tags = file.tags if file is not None else None
        return {key.lower(): list(map(str, tags[key])) for key in tags.keys()} if tags else {}  # noqa: SIM118
    except Exception:  # a library may raise anything for damaged bytes
        return {}


def _year(easy: dict[str, list[str]]) -> int | None:
    texts: Iterator[str] = (easy.get(name, [""])[0] for name in ("originaldate", "date", "year"))
    match = next(filter(None, (re.match(r"\d{4}", text) for text in texts)), None)
    return int(match[0]) if match and int(match[0]) > 1870 else None


def _is_soundtrack_genre(genre: str) -> bool:
    return bool(re.search(r"soundtrack|score|\bost\b|film", genre))
