"""Index music once: folders of files, and the album tracks of a run.

What is encoded is kept in a file for each library. A track is encoded again if its file changed
size or date.
"""

import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.albums.files import has_audio_extension, is_cue, list_files
from scorelens.albums.names import file_title, track_credits
from scorelens.albums.tags import read_tags
from scorelens.albums.tracks import track_parts
from scorelens.errors import ConfigError, MediaError, Problem
from scorelens.ids import slug
from scorelens.live_search import catalogue as catalogues
from scorelens.live_search.catalogue import SEPARATOR, Catalogue
from scorelens.live_search.passages import Encoded, genre_tags
from scorelens.result_paths import TRACK_TABLE

CORPUS = "corpus"  # name of the library of a run's album tracks
FOLDER = Path("search")  # in the folder of the results
SAVE_EVERY = 50  # tracks, so that little is lost when indexing is stopped

EncodeTrack = Callable[["media.Sound"], Encoded]

log = logging.getLogger(__name__)


class Source(NamedTuple):
    """A track that is to be in an index.

    Attributes
    ----------
    sound : Sound
    row : dict
        Its columns of the catalogue that are known before it is encoded.
    """

    sound: "media.Sound"
    row: dict


def index_folder(
    folder: str | os.PathLike,
    results: str | os.PathLike,
    encode: EncodeTrack,
) -> Catalogue:
    """Index the files of a folder, and keep the index among the results.

    Parameters
    ----------
    folder : path
    results : path
        Folder of the results.
    encode : callable
        Encodes a sound, from `passages.encode`.

    Returns
    -------
    Catalogue

    Raises
    ------
    ConfigError
        If there is no such folder, or no music in it.
    """
    path = library_path(folder, results)
    return update(path, folder_sources(path.stem, Path(folder), music_files(folder)), encode)


def music_files(folder: str | os.PathLike) -> list[str]:
    """List the files of music in a folder and its subfolders.

    Parameters
    ----------
    folder : path

    Returns
    -------
    list of str
        As seen from the folder.

    Raises
    ------
    ConfigError
        If there is no such folder, or no music in it.
    """
    names = (os.path.relpath(file, folder) for file in list_files(Path(folder)))
    files = [name for name in names if not is_cue(name)]
    if not files:
        what = "has no music" if Path(folder).is_dir() else "is no folder"
        raise ConfigError(Problem(str(folder), what, "a folder of music"))
    return files


def library_path(folder: str | os.PathLike, results: str | os.PathLike) -> Path:
    """The file of the index of a folder: its name, and a digest of its path.

    Parameters
    ----------
    folder, results : path

    Returns
    -------
    Path
    """
    real = os.path.realpath(folder)
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:8]
    return Path(results) / FOLDER / f"{slug(Path(real).name)[:60] or 'music'}-{digest}.npz"


def folder_sources(library: str, folder: Path, files: Iterable[str]) -> list[Source]:
    """The files of a folder as tracks.

    Parameters
    ----------
    library : str
        Name of the library.
    folder : Path
    files : iterable of str
        As seen from the folder.

    Returns
    -------
    list of Source
    """
    sources = []
    for file in files:
        path = folder / file
        tags = read_tags(path)
        row = {
            "track_id": f"{library}/{file}",
            "library": library,
            "path": str(path.resolve()),
            "title": tags.title or file_title(file),
            "artist": tags.artist or tags.composer,
            "album": tags.album or path.parent.name,
            "genres": SEPARATOR.join(genre_tags(path)),
            "file_start_s": 0.0,
            "digest": file_digest(path),
        }
        sources.append(Source(media.Sound(str(path)), row))
    return sources


def corpus_sources(results: str | os.PathLike) -> list[Source]:
    """The album tracks of the films of a run.

    Parameters
    ----------
    results : path
        Folder of the results; without a table of tracks there are none.

    Returns
    -------
    list of Source
        An album that several films share is there once, for the first of them.
    """
    path = Path(results) / Path(TRACK_TABLE).relative_to("results")
    if not path.is_file():
        return []
    table = tables.read_table(path, tables.TRACKS)
    sources, seen = [], set()
    for film_id, tracks in table.groupby("film_id", sort=False):
        credits = track_credits(tracks)
        for track_id, part in track_parts(tracks).items():
            key = (os.path.realpath(part["path"]), round(part["start_s"], 2))
            if key not in seen and os.path.isfile(part["path"]):
                seen.add(key)
                sources.append(_corpus_source(film_id, track_id, part, credits[track_id]))
    return sources


def _corpus_source(film_id: str, track_id: str, part: Mapping, credits: Mapping) -> Source:
    row = {
        "track_id": f"{CORPUS}/{film_id}/{track_id}",
        "library": CORPUS,
        "path": os.path.realpath(part["path"]),
        "title": credits["track_title"] or track_id,
        "artist": _text(credits["artist"]) or _text(credits["composer"]),
        "album": _text(credits["album"]) or film_id,
        "genres": SEPARATOR.join(genre_tags(part["path"])),
        "file_start_s": part["start_s"],
        "file_end_s": part["end_s"],
        "digest": f"{file_digest(part['path'])} {part['start_s']:.3f} {part['end_s']}",
    }
    return Source(media.Sound(part["path"], part["start_s"], part["end_s"]), row)


def update(path: Path, sources: list[Source], encode: EncodeTrack) -> Catalogue:
    """Bring the index of a library up to date: only new and changed tracks are encoded.

    Parameters
    ----------
    path : Path
        Of the index.
    sources : list of Source
        All tracks that should be in it.
    encode : callable

    Returns
    -------
    Catalogue
        A file that does not decode, or is silent, is logged and left out.
    """
    known = _known(path)
    done: dict[str, Encoded] = {}
    todo = [s for s in sources if (s.row["track_id"], s.row["digest"]) not in known]
    for count, source in enumerate(tqdm(todo, unit="track", disable=None), 1):
        done[source.row["track_id"]] = _encode(source, encode)
        if count % SAVE_EVERY == 0:
            _write(path, sources, known, done)
    return _write(path, sources, known, done)


def _known(path: Path) -> dict[tuple[str, str], Encoded]:
    """What an index holds, by id and digest."""
    stored = catalogues.load(path) if path.is_file() else None
    if stored is None:
        return {}
    bounds = stored.track.searchsorted(range(len(stored) + 1))
    facts = stored.tracks[["key", *catalogues.NUMBERS[2:]]].to_dict("records")
    return {
        (row.track_id, row.digest): Encoded(
            stored.start_s[bounds[n] : bounds[n + 1]],
            stored.values[bounds[n] : bounds[n + 1]],
            facts[n],
        )
        for n, row in enumerate(stored.tracks.itertuples())
    }


def _encode(source: Source, encode: EncodeTrack) -> Encoded:
    """An encoded track; one without passages if its file does not decode."""
    try:
        return encode(source.sound)
    except MediaError as error:
        level = logging.WARNING if has_audio_extension(source.sound.path) else logging.INFO
        log.log(level, "%s cannot be searched: it %s", source.sound.path, error.problems[0].what)
        return Encoded((), (), {})


def _write(path: Path, sources: list[Source], known: Mapping, done: Mapping) -> Catalogue:
    pairs = []
    for source in sources:
        key = source.row["track_id"], source.row["digest"]
        encoded = done.get(key[0]) or known.get(key)
        if encoded:
            pairs.append((source.row | dict(encoded.facts), encoded))
    result = catalogues.build(
        [row for row, _ in pairs], [e.start_s for _, e in pairs], [e.values for _, e in pairs]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogues.save(result, path)
    return result


def file_digest(path: str | os.PathLike) -> str:
    """Size and date of a file: what tells that it changed, without reading it."""
    status = os.stat(path)
    return f"{status.st_size} {status.st_mtime_ns}"


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)
