"""Make the table of trailers from the lists of the source's data set and a folder of files."""

import csv
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlparse

from scorelens import paths
from scorelens.errors import ConfigError, Problem
from scorelens.ids import slug, unique_ids
from scorelens.tables import atomic
from scorelens.trailers.data.table import COLUMNS, YEAR, read_trailers
from scorelens.trailers.published.lists import Entry, read_addresses, read_entries

YEAR_IN_BRACKETS = re.compile(r"\(((?:18|19|20)\d\d)\)")
VIDEO_ENDINGS = {".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".ts", ".webm", ".wmv"}
NO_FILE_HINT = "download what the list names, for example with yt-dlp, into that folder"


class Imported(NamedTuple):
    """What became a table.

    Parameters
    ----------
    trailers : int
        Rows of the table.
    absent : list of Entry
        Lines of which the folder has no file; the table is without them.
    """

    trailers: int
    absent: list[Entry]


def import_trailers(
    dataset: str | os.PathLike,
    downloads: str | os.PathLike | None,
    videos: str | os.PathLike,
    genres: Sequence[str],
    table: str | os.PathLike,
) -> Imported:
    """Write the table of trailers that the lists describe and a folder has the files of.

    A trailer's file is called after its name, or has the id of its address at its end, as yt-dlp
    calls files.

    Parameters
    ----------
    dataset : path
        The list of names and genres; a line may have an address as well.
    downloads : path or None
        The list of names and addresses.
    videos : path
        The folder of the files, with its subfolders.
    genres : sequence of str
        The genres that are allowed.
    table : path
        Where the table goes.

    Returns
    -------
    Imported

    Raises
    ------
    ConfigError
        With every fault of both lists, or of the table that they make.
    """
    addresses = read_addresses(downloads) if downloads else {}
    entries = [
        entry._replace(address=entry.address or addresses.get(slug(entry.name), ""))
        for entry in read_entries(dataset, genres)
    ]
    files = find_files(entries, videos, dataset)
    if not files:
        what = f"has a file of none of the {len(entries)} trailers of {dataset}"
        expected = "files called after the names or the addresses of the lists"
        raise ConfigError(Problem(str(videos), what, expected, NO_FILE_HINT))
    present = [entry for entry in entries if entry.line in files]
    _write_table(present, files, table)
    read_trailers(table, genres)
    return Imported(len(present), [entry for entry in entries if entry.line not in files])


def find_files(
    entries: Sequence[Entry], videos: str | os.PathLike, dataset: str | os.PathLike
) -> dict[int, Path]:
    """Find the file of each trailer.

    Parameters
    ----------
    entries : sequence of Entry
    videos : path
        The folder of the files, with its subfolders.
    dataset : path
        The list of the entries, for messages.

    Returns
    -------
    dict of int to Path
        Line of the entry -> file; nothing for a trailer without a file.

    Raises
    ------
    ConfigError
        If the folder does not exist, or has several files of a trailer.
    """
    if problems := list(paths.folder_problems(str(videos), str(videos), "a folder of trailers")):
        raise ConfigError(problems)
    known = [
        path for path in sorted(Path(videos).rglob("*")) if path.suffix.lower() in VIDEO_ENDINGS
    ]
    files = {entry.line: [path for path in known if is_file_of(path, entry)] for entry in entries}
    expected, hint = "one file of a trailer", "move the others out of the folder"
    problems = [
        Problem(f"{dataset}, line {line}", f"has the files {_names(several)}", expected, hint)
        for line, several in files.items()
        if len(several) > 1
    ]
    if problems:
        raise ConfigError(problems)
    return {line: one[0] for line, one in files.items() if one}


def is_file_of(path: Path, entry: Entry) -> bool:
    """Tell by its name whether a file is that of a trailer.

    Parameters
    ----------
    path : Path
    entry : Entry

    Returns
    -------
    bool

    Examples
    --------
    >>> alien = Entry(1, "alien_1", "Alien", (), "https://www.youtube.com/watch?v=LjLamj-b0I8")
    >>> [is_file_of(Path(name), alien) for name in ("Alien 1.mp4", "A [LjLamj-b0I8].webm", "A.mp4")]
    [True, True, False]
    """
    stem, name = path.stem.rstrip(")]"), video_id(entry.address)
    if slug(path.stem) == slug(entry.name):
        return True
    return bool(name) and stem.endswith(name) and stem[: -len(name)][-1:] in ("", *"-_ .[(")


def video_id(address: str) -> str:
    """The id of a video in its address, or the name of the file there.

    Parameters
    ----------
    address : str
        Empty without.

    Returns
    -------
    str

    Examples
    --------
    >>> video_id("https://youtu.be/LjLamj-b0I8?t=3"), video_id("http://x.org/trailers/alien.mp4")
    ('LjLamj-b0I8', 'alien')
    """
    parts = urlparse(address)
    given = parse_qs(parts.query).get("v")
    return given[0] if given else Path(parts.path).stem


def _names(files: Sequence[Path]) -> str:
    return ", ".join(path.name for path in files)


def _write_table(
    entries: Sequence[Entry], files: Mapping[int, Path], table: str | os.PathLike
) -> None:
    folder = os.path.dirname(os.path.abspath(table))
    ids = unique_ids([entry.name for entry in entries], "trailer")
    with atomic(table) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, [*COLUMNS, YEAR], delimiter="\t", lineterminator="\n")
        rows.writeheader()
        for trailer_id, entry in zip(ids, entries, strict=True):
            year = YEAR_IN_BRACKETS.search(entry.title)
            rows.writerow(
                {
                    "trailer_id": trailer_id,
                    "title": entry.title,
                    "video": os.path.relpath(files[entry.line], folder),
                    "genres": "; ".join(entry.genres),
                    YEAR: year[1] if year else "",
                }
            )
