"""List the films of a media library with what their NFO files, pictures and subtitles say."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scorelens.media_library import container_tags, names
from scorelens.media_library.nfo import Nfo, NfoError, read_nfo
from scorelens.media_library.scanning import Folder
from scorelens.media_library.videos import FilmFiles, films_in, is_film_folder, main_videos

DISC_MENUS = {"video_ts": "a DVD", "bdmv": "a Blu-ray disc"}
FILM_KINDS = ("", "movie")


@dataclass(frozen=True)
class LibraryFilm:
    """A film of a media library.

    Parameters
    ----------
    folder : str
        Its folder; several films may be in one.
    has_folder : bool
        Whether the folder is that of this film alone.
    video : str
        Path of the film; of the first part if it is in parts.
    unusable : str
        Why the video cannot be used as it is; empty if it can.
    title, original_title, plot, collection, unique_id : str
        Empty if unknown. The collection is what the film belongs to, such as a series of films.
    year : int or None
    genres, tags : tuple of str
    image, subtitles : str
        Paths; empty if there are none.
    trailers : tuple of str
        Paths.
    notes : tuple of str
        What a person should know of it.
    """

    folder: str
    has_folder: bool
    video: str
    unusable: str
    title: str
    original_title: str
    year: int | None
    genres: tuple[str, ...]
    plot: str
    tags: tuple[str, ...]
    collection: str
    unique_id: str
    image: str
    subtitles: str
    trailers: tuple[str, ...]
    notes: tuple[str, ...]


def find_films(root: Folder, faults: list[tuple[str, str]]) -> tuple[list[LibraryFilm], list[str]]:
    """List the films below a folder.

    Parameters
    ----------
    root : Folder
        Of `scanning.scan_tree`.
    faults : list of (str, str)
        To which path and reason of NFO files that cannot be read are added.

    Returns
    -------
    films : list of LibraryFilm
        In the order of folders and names. Episodes of series are none.
    loose_trailers : list of str
        Paths of trailers that are in no folder of a film.
    """
    films: list[LibraryFilm] = []
    trailers: list[str] = []
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        if "tvshow.nfo" in map(str.lower, folder.files):
            continue
        if folder.name.lower() in names.TRAILER_FOLDERS:
            found, inside = [], folder.folders
        elif parts := _part_folders(folder):
            found, inside = [_film_of_folders(folder, parts)], []
        elif disc := _disc(folder):
            found, inside = [disc], []
        else:
            found = films_in(folder)
            inside = _inner_folders(folder, found)
        is_single = is_film_folder(folder) or bool(parts) or bool(_disc(folder))
        described = [_describe(files, is_single, faults) for files in found]
        films += [film for film in described if film]
        used = {path for film in films for path in film.trailers}
        trailers += [path for path in _trailer_files(folder) if path not in used]
        waiting += reversed(inside)
    return films, trailers


def _inner_folders(folder: Folder, films: list[FilmFiles]) -> list[Folder]:
    """Folders to go on with; those of extras only where they are not a film's."""
    is_single = is_film_folder(folder)
    return [
        inner
        for inner in folder.folders
        if not (films and is_single and inner.name.lower() in names.EXTRA_FOLDERS)
    ]


def _part_folders(folder: Folder) -> list[str]:
    """Paths of the parts of a film that is in folders CD1, CD2 of its own; empty if it is not."""
    if folder.is_root or any(names.is_video(name) for name in folder.files):
        return []
    parts = []
    for inner in folder.folders:
        if names.PART_FOLDER.match(inner.name):
            parts += [os.path.join(inner.name, n) for n in inner.files if names.is_video(n)][:1]
    return parts if len(parts) > 1 else []


def _film_of_folders(folder: Folder, parts: list[str]) -> FilmFiles:
    return FilmFiles(folder, names.name_parts(folder.name), parts[0], parts)


def _disc(folder: Folder) -> FilmFiles | None:
    """The film of a folder that holds a copy of a disc; its video is the folder of the disc."""
    if main_videos(folder):
        return None
    for inner in folder.folders:
        if inner.name.lower() in DISC_MENUS:
            return FilmFiles(folder, names.name_parts(folder.name), inner.name)
    return None


def _trailer_files(folder: Folder) -> Iterator[str]:
    in_trailers = folder.name.lower() in names.TRAILER_FOLDERS
    for name in folder.files:
        if names.is_video(name) and (in_trailers or names.is_trailer(name)):
            yield folder.file(name)


def _describe(files: FilmFiles, is_single: bool, faults: list) -> LibraryFilm | None:
    """A film with all that its folder says of it; None if its NFO file says that it is none."""
    folder = files.folder
    nfo = _read_nfo(files, is_single, faults)
    if nfo.kind not in FILM_KINDS:
        return None
    unusable = _unusable(files)
    tags = container_tags.NONE if unusable else container_tags.read(folder.file(files.video))
    title, year = files.name
    return LibraryFilm(
        folder=folder.path,
        has_folder=is_single,
        video=folder.file(files.video),
        unusable=unusable,
        title=nfo.title or title,
        original_title="" if nfo.original_title == nfo.title else nfo.original_title,
        year=nfo.year or year or tags.year,
        genres=nfo.genres or tags.genres,
        plot=nfo.plot or tags.plot,
        tags=nfo.tags,
        collection=nfo.collection,
        unique_id=nfo.unique_id or _id_in_name(folder.name) or _id_in_name(files.video),
        image=_image(files, is_single, nfo.posters),
        subtitles=_subtitles(files, is_single),
        trailers=tuple(_trailers(files, is_single)),
        notes=tuple(_notes(files, nfo)),
    )


def _unusable(files: FilmFiles) -> str:
    if files.video.lower() in DISC_MENUS:
        disc = DISC_MENUS[files.video.lower()]
        return f"is the copy of {disc}: save its main title as one file, then run init again"
    if files.video.lower().endswith(".iso"):
        return "is the image of a disc: save its main title as one file, then run init again"
    if files.parts:
        names_of = ", ".join(files.parts)
        return f"is in {len(files.parts)} parts ({names_of}): join them, then run init again"
    return ""


def _notes(files: FilmFiles, nfo: Nfo) -> Iterator[str]:
    if files.versions:
        yield f"other versions, which are not used: {', '.join(files.versions)}"
    if nfo.year and files.name.year and nfo.year != files.name.year:
        yield f"the NFO file says {nfo.year}, the name {files.name.year}; the first was taken"
    yield from nfo.notes


def _stems(files: FilmFiles) -> list[str]:
    """What names of files that belong to the film begin with, longest first."""
    own = {names.stem(os.path.basename(name)) for name in (files.video, *files.parts)}
    parts = {part[0] for name in (files.video, *files.parts) if (part := names.part_of(name))}
    return sorted(own | (parts if files.parts else set()), key=len, reverse=True)


def _first_file(folder: Folder, wanted: Iterable[str]) -> str:
    """Path of the first of some names that is there, in any case; empty if none is."""
    present = {name.casefold(): name for name in reversed(folder.files)}
    return next((folder.file(present[n.casefold()]) for n in wanted if n.casefold() in present), "")


def _read_nfo(files: FilmFiles, is_single: bool, faults: list) -> Nfo:
    candidates = [f"{name}.nfo" for name in _stems(files)]
    if is_single:
        others = [name for name in files.folder.files if name.lower().endswith(".nfo")]
        candidates += [
            "movie.nfo",
            f"{files.folder.name}.nfo",
            *(others if len(others) == 1 else []),
        ]
    if not (path := _first_file(files.folder, candidates)):
        return Nfo()
    try:
        return read_nfo(path)
    except NfoError as error:
        faults.append((path, error.problems[0].what))
        return Nfo()


def _image(files: FilmFiles, is_single: bool, posters: Iterable[str]) -> str:
    """The poster, by the names that the three servers give it, or else by the NFO file."""
    bases = [f"{name}-poster" for name in _stems(files)]
    own = _stems(files)
    bases += [*names.POSTERS[:1], *own, *names.POSTERS[1:]] if is_single else own
    wanted = (base + extension for base in bases for extension in names.IMAGE_EXTENSIONS)
    if path := _first_file(files.folder, wanted):
        return path
    local = (os.path.join(files.folder.path, path) for path in posters if "://" not in path)
    return next(filter(os.path.isfile, local), "")


def _subtitles(files: FilmFiles, is_single: bool) -> str:
    folder, candidates = files.folder, []
    for name in folder.files:
        for base in _stems(files):
            if found := names.subtitle_language(name, base):
                candidates.append((folder.file(name), *found))
                break
    if is_single:
        for inner in folder.folders:
            if inner.name.lower() in names.SUBTITLE_FOLDERS:
                candidates += _in_subtitle_folder(inner)
    return names.choose_subtitles(candidates)


def _in_subtitle_folder(folder: Folder) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Subtitles of a folder of them, called after the film or after languages (`2_English.srt`)."""
    for name in folder.files:
        if found := names.subtitle_language(re.sub(r"^.*?(?=[^._]*(\.\w+)?$)", ".", name), ""):
            yield folder.file(name), *found


def _trailers(files: FilmFiles, is_single: bool) -> Iterator[str]:
    folder = files.folder
    for path in _trailer_files(folder):
        name = os.path.basename(path).casefold()
        rests = (name.removeprefix(base.casefold()) for base in _stems(files))
        if is_single or any(rest != name and rest[0] in "-._ " for rest in rests):
            yield path
    for inner in folder.folders if is_single else ():
        if inner.name.lower() in names.TRAILER_FOLDERS:
            yield from _trailer_files(inner)


def _id_in_name(name: str) -> str:
    """The id that Jellyfin and Plex put into names: `[imdbid-tt0113277]`, `{tmdb-949}`."""
    match = re.search(r"[\[{](imdb|tmdb|tvdb)(?:id)?[-=]([\w]+)[\]}]", name, re.I)
    return f"{match[1].lower()}:{match[2]}" if match else ""
