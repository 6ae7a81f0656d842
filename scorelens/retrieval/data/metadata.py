"""Read the public metadata of a soundtrack dataset (JSON), and make a table of films of it.

The file is a list of films, an object of films by id, or one film a line. A film is an object whose
keys `KEYS` lists, each by several names: of them only the title and the year must be there; other
keys, such as the list of tracks, are ignored. The metadata holds no media: a film gets the picture
and the folder of tracks that are called after it, and is left out without such a folder.
"""

import csv
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from scorelens import charsets, film_table
from scorelens.errors import ConfigError, Problem
from scorelens.ids import slug, unique_ids
from scorelens.retrieval.data.films import COLUMNS

# Names of the keys of a film, the first that is there counts.
KEYS = {
    "id": ("film_id", "movie_id", "imdb_id", "id"),
    "title": ("title", "film", "movie", "name"),
    "year": ("year", "release_year", "release_date", "date"),
    "tags": ("tags", "categories", "keywords", "genres"),
    "plot": ("plot", "plots", "paragraphs", "synopsis"),
    "image": ("image", "image_path", "poster", "image_url"),
}
SHAPE = "a list of films, or an object of films by id"


class FilmMetadata(NamedTuple):
    """A film of the metadata.

    Attributes
    ----------
    film_id, title : str
        The id is made of the title and differs from that of every other film.
    year : int
    tags, paragraphs : tuple of str
        The paragraphs are those of the plot.
    names : tuple of str
        What its media may be called after: its id in the file, its picture and its title.
    """

    film_id: str
    title: str
    year: int
    tags: tuple[str, ...]
    paragraphs: tuple[str, ...]
    names: tuple[str, ...]


class Written(NamedTuple):
    """How many films a table has, and how many the metadata has, with which media.

    Attributes
    ----------
    films, with_album, with_picture, with_plot : int
    """

    films: int
    with_album: int
    with_picture: int
    with_plot: int


def read_metadata(path: str | os.PathLike) -> list[FilmMetadata]:
    """Read the films of the metadata.

    Parameters
    ----------
    path : path
        A JSON file.

    Returns
    -------
    list of FilmMetadata
        In the order of the file.

    Raises
    ------
    ConfigError
        If the file is no JSON, or with every film that lacks a title or a year.
    """
    entries = _entries(path)
    faults, parsed = [], []
    for number, entry in enumerate(entries, 1):
        where = f"{path}, film {number}"
        if not isinstance(entry, dict):
            faults.append(Problem(where, f"is {entry!r}", "an object with the keys of a film"))
            continue
        faults += _faults(where, entry)
        parsed.append(entry)
    if faults:
        raise ConfigError(faults)
    ids = unique_ids([_text(entry, "title") for entry in parsed], "film")
    return [_film(film_id, entry) for film_id, entry in zip(ids, parsed, strict=True)]


def write_film_table(
    films: Sequence[FilmMetadata],
    albums: str | os.PathLike,
    pictures: str | os.PathLike | None,
    output: str | os.PathLike,
) -> Written:
    """Write a table for `retrieval.films` of the films whose tracks are there, and their plots.

    Parameters
    ----------
    films : sequence of FilmMetadata
    albums : path
        Folder with a folder of tracks for each film, called after its id, picture or title.
    pictures : path or None
        Folder of pictures, called likewise.
    output : path
        The table (TSV); the plots go into the folder `plots` beside it.

    Returns
    -------
    Written

    Raises
    ------
    ConfigError
        If a folder is not there, or no film has an album.
    """
    folders = _by_slug(albums, "the folder of albums", is_folder=True)
    images = _by_slug(pictures, "the folder of pictures", is_folder=False) if pictures else {}
    table = Path(output)
    rows = [
        _row(film, table.parent, album, _media(film, images))
        for film in films
        if (album := _media(film, folders))
    ]
    if not rows:
        what, expected = "has no folder that is called after a film", "a folder a film"
        hint = f"for example {films[0].film_id}, or {films[0].title}" if films else ""
        raise ConfigError(Problem(str(albums), what, expected, hint))
    table.parent.mkdir(parents=True, exist_ok=True)
    with open(table, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(
            file, COLUMNS, restval="", delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE
        )
        writer.writeheader()
        writer.writerows(rows)
    counts = (sum(bool(row[name]) for row in rows) for name in ("image", "plot"))
    return Written(len(films), len(rows), *counts)


def _entries(path: str | os.PathLike) -> list:
    """The films of a file, with the ids of an object by id."""
    try:
        text, _ = charsets.read_text(path)
        content = _parsed(text)
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise ConfigError(Problem(str(path), what, "a JSON file")) from None
    except json.JSONDecodeError as error:
        what = f"is no JSON: {error.msg}, line {error.lineno}"
        raise ConfigError(Problem(str(path), what, f"{SHAPE}, as JSON")) from None
    if isinstance(content, dict):
        content = [
            {KEYS["id"][0]: key} | entry if isinstance(entry, dict) else entry
            for key, entry in content.items()
        ]
    if not isinstance(content, list) or not content:
        raise ConfigError(Problem(str(path), "holds no film", SHAPE))
    return content


def _parsed(text: str) -> object:
    """A JSON document, or a list of one document a line."""
    lines = text.strip().splitlines()
    if len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines if line.strip()):
        return [json.loads(line) for line in lines if line.strip()]
    return json.loads(text)


def _faults(where: str, entry: Mapping) -> list[Problem]:
    faults = []
    for key in ("title", "year"):
        if not _text(entry, key):
            what = f"has no {key}; its keys are {', '.join(entry) or 'none'}"
            faults.append(Problem(where, what, f"one of: {', '.join(KEYS[key])}"))
    year = _text(entry, "year")[:4]
    return faults + list(film_table.year_problems(year, f"{where}, {KEYS['year'][0]}"))


def _film(film_id: str, entry: Mapping) -> FilmMetadata:
    title, image = _text(entry, "title"), os.path.basename(_text(entry, "image"))
    tags = (" ".join(tag.replace(";", ",").split()) for tag in _texts(entry, "tags", ";"))
    paragraphs = (" ".join(part.split()) for part in _texts(entry, "plot", "\n\n"))
    names = (_text(entry, "id"), os.path.splitext(image)[0], film_id, title)
    year = int(_text(entry, "year")[:4])
    return FilmMetadata(
        film_id,
        title,
        year,
        tuple(dict.fromkeys(filter(None, tags))),
        tuple(filter(None, paragraphs)),
        tuple(filter(None, (*names, f"{title} {year}"))),
    )


def _value(entry: Mapping, key: str) -> object:
    return next((entry[name] for name in KEYS[key] if entry.get(name)), None)


def _text(entry: Mapping, key: str) -> str:
    value = _value(entry, key)
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""


def _texts(entry: Mapping, key: str, separator: str) -> list[str]:
    """Several texts: a list, or a text with separators."""
    value = _value(entry, key)
    if isinstance(value, str):
        return value.split(separator)
    return [str(part) for part in value or () if isinstance(part, str | int | float)]


def _by_slug(folder: str | os.PathLike, kind: str, is_folder: bool) -> dict[str, str]:
    """Files, or folders, of a folder by the slugs of their names without ending."""
    if not os.path.isdir(folder):
        raise ConfigError(Problem(str(folder), "is no folder", kind))
    entries = sorted(entry for entry in Path(folder).iterdir() if entry.is_dir() == is_folder)
    return {slug(entry.name if is_folder else entry.stem): str(entry) for entry in entries}


def _media(film: FilmMetadata, known: Mapping[str, str]) -> str | None:
    """The folder or the file that is called after a film."""
    return next((known[name] for name in map(slug, film.names) if name in known), None)


def _row(film: FilmMetadata, folder: Path, album: str, picture: str | None) -> dict[str, str]:
    """A row of the table, with paths relative to it; writes the plot."""
    row = {"film_id": film.film_id, "title": film.title, "year": str(film.year)}
    row |= {"tags": ";".join(film.tags), "album": os.path.relpath(album, folder)}
    if picture:
        row["image"] = os.path.relpath(picture, folder)
    if film.paragraphs:
        plot = folder / "plots" / f"{film.film_id}.txt"
        plot.parent.mkdir(parents=True, exist_ok=True)
        plot.write_text("\n\n".join(film.paragraphs) + "\n", encoding="utf-8")
        row["plot"] = os.path.relpath(plot, folder)
    return dict.fromkeys(COLUMNS, "") | row
