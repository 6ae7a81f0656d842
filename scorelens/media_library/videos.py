"""Group the videos of a folder into films: parts, versions, trailers and extras."""

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from scorelens.ids import slug
from scorelens.media_library.names import (
    NAME_YEAR,
    NameParts,
    is_episode,
    is_extra,
    is_trailer,
    is_video,
    name_parts,
    part_of,
    stem,
)
from scorelens.media_library.scanning import Folder

EDITION = re.compile(r"\{edition-|(?:director|extended|unrated|final|theatrical)", re.I)


@dataclass
class FilmFiles:
    """The videos of one film.

    Parameters
    ----------
    folder : Folder
        In which they are.
    name : NameParts
        Title and year by the names.
    video : str
        Name of the file; of the first part if the film is in parts.
    parts : list of str
        Names of its parts; empty if it is one file.
    versions : list of str
        Other versions of the film.
    """

    folder: Folder
    name: NameParts
    video: str
    parts: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)


def main_videos(folder: Folder) -> list[str]:
    """Names of the videos of a folder that are neither trailers, extras nor episodes."""
    return [
        name
        for name in folder.files
        if is_video(name) and not (is_trailer(name) or is_extra(name) or is_episode(name))
    ]


def is_film_folder(folder: Folder) -> bool:
    """Whether a folder is that of one film: called so, or with the videos of one film alone."""
    videos = main_videos(folder)
    if NAME_YEAR.match(folder.name):
        return bool(videos) and len({(n.title, n.year) for n in _dated(videos)}) < 2
    return bool(videos) and not folder.is_root and len(_groups(videos)) == 1


def films_in(folder: Folder) -> list[FilmFiles]:
    """The films whose videos are in a folder itself, in the order of their names.

    Parameters
    ----------
    folder : Folder

    Returns
    -------
    list of FilmFiles
        One in a folder of one film, otherwise one a name.
    """
    videos = main_videos(folder)
    if is_film_folder(folder):
        return [_film(folder, videos, _folder_name(folder, videos))]
    return [_film(folder, names, _file_name(names[0])) for names in _groups(videos).values()]


def _dated(videos: Sequence[str]) -> list[NameParts]:
    return [name_parts(stem(name)) for name in videos if NAME_YEAR.match(stem(name))]


def _groups(videos: Sequence[str]) -> dict[tuple, list[str]]:
    """Videos by the film that they are of by their names."""
    stacks = defaultdict(list)
    for name in videos:
        part = part_of(name)
        stacks[(part[0] if part else stem(name)).casefold()].append(name)
    groups = defaultdict(list)
    for names in stacks.values():
        if len(names) == 1:
            title, year = name_parts(stem(names[0]))
        else:
            title, year = _file_name(names[0])
        groups[slug(title), year] += names
    return groups


def _file_name(name: str) -> NameParts:
    part = part_of(name)
    return name_parts(part[0] if part else stem(name))


def _folder_name(folder: Folder, videos: Sequence[str]) -> NameParts:
    """Title and year of a folder's film: the folder's if it has a year or the same letters."""
    of_folder, of_file = name_parts(folder.name), _file_name(videos[0])
    same = slug(of_folder.title).replace("_", "") == slug(of_file.title).replace("_", "")
    if of_folder.year or (same and not of_file.year):
        return of_folder
    return of_file


def _film(folder: Folder, videos: Sequence[str], name: NameParts) -> FilmFiles:
    stacks = defaultdict(list)
    for video in videos:
        part = part_of(video)
        stacks[(part[0] if part else stem(video)).casefold(), bool(part)].append(video)
    whole = [
        v for (_, is_part), names in stacks.items() if len(names) == 1 or not is_part for v in names
    ]
    if whole:
        video = min(whole, key=lambda v: _rank(folder, v))
        return FilmFiles(folder, name, video, versions=[v for v in videos if v != video])
    parts = max(stacks.values(), key=len)
    parts = sorted(parts, key=lambda part: (len(part_of(part)[1]), part_of(part)[1]))
    return FilmFiles(folder, name, parts[0], parts, [v for v in videos if v not in parts])


def _rank(folder: Folder, video: str) -> tuple:
    """What makes a version the one to take: the folder's name, no edition, size."""
    is_named = stem(video).casefold() == folder.name.casefold()
    size = os.path.getsize(folder.file(video))
    return (not is_named, bool(EDITION.search(stem(video))), -size, video)
