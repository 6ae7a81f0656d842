"""The configuration and the film table, checked whole: every fault is listed, not the first.

Imported when the workflow is parsed, also in every job of a cluster: light imports only.
"""

import csv
import difflib
import json
import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jsonschema
import yaml

from scorelens.albums.files import NO_ALBUM, Album, Listing, find_albums, scan
from scorelens.errors import ConfigError, Problem
from scorelens.ids import slug

FILM_COLUMNS = ("film_id", "title", "year", "video", "album", "genres")
FIRST_FILM_YEAR = 1878


@dataclass(frozen=True)
class Film:
    """One row of the film table, its paths resolved against the table's folder.

    video is None where the corpus makes the film itself. album: what films with the same one have
    in common. audio: number or language of the film's sound, empty for the default one.
    problems are the row's own; they do not hinder the other films.
    """

    film_id: str
    title: str
    year: int | None
    genres: tuple[str, ...]
    video: str | None
    album: Album
    problems: tuple[Problem, ...] = field(default=())
    audio: str = ""


def complete(config: dict, schemas: str | os.PathLike) -> dict:
    """The configuration with every default filled in from the schemas `STAGE.yaml` of a folder.

    Raises ConfigError that lists every key that is unknown and every value out of place.
    """
    known = {
        path.stem: yaml.safe_load(path.read_text()) for path in sorted(Path(schemas).glob("*.yaml"))
    }
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {stage: {"default": {}, **block} for stage, block in known.items()},
    }
    schema["properties"]["seed"] = SEED_SCHEMA
    filled = _with_defaults(config, schema)
    errors = sorted(jsonschema.Draft202012Validator(schema).iter_errors(filled), key=str)
    if errors:
        raise ConfigError([problem for error in errors for problem in _config_problems(error)])
    return filled


SEED_SCHEMA = {
    "type": "integer",
    "minimum": 0,
    "default": 1,
    "description": "Seed of everything random: the demo corpus, the models, the bootstrap.",
}


def read_films(
    path: str | os.PathLike,
    genres: Sequence[str],
    made: bool = False,
    known_albums: Collection[str] = (),
) -> list[Film]:
    """Read the film table (TSV with a header; columns of FILM_COLUMNS, others are left alone).

    genres: the labels allowed. made: the corpus makes the films, so there is no `video` column.
    known_albums: ids of the albums that there are results of, as `albums.files.find_albums` takes.
    Faults of one row stand in that film's `problems`. Raises ConfigError, with every fault of
    every row, if the table itself does not hold: unreadable, a column absent, a row longer than the
    header, ids bad or double.
    """
    rows = read_rows(path, [c for c in FILM_COLUMNS if not (made and c == "video")])
    listings = {album: scan(album) for album in (_album(row, path) for _, row in rows) if album}
    albums = find_albums(listings, known_albums)
    films = [_film(row, number, path, genres, made, listings, albums) for number, row in rows]
    broken = list(id_problems(rows, path))
    if broken:
        raise ConfigError(broken + [p for film in films for p in film.problems])
    return films


def describe(schemas: str | os.PathLike) -> str:
    """The text of config/README.md: every key of every schema with type, default and meaning."""
    lines = [
        "# Configuration",
        "",
        "Made from `workflow/schemas` by `make docs`; do not edit. Give a file of your own with",
        "`snakemake --configfile MY.yaml`; keys that it leaves out have the values of",
        "`config/config.yaml`, and then these defaults.",
        "",
        *_key_table("top level", {"properties": {"seed": SEED_SCHEMA}}),
    ]
    for path in sorted(Path(schemas).glob("*.yaml")):
        lines += _key_table(f"`{path.stem}`", yaml.safe_load(path.read_text(encoding="utf-8")))
    return "\n".join(lines)


def _key_table(title: str, schema: dict) -> list[str]:
    head = ["| key | type | default | meaning |", "|---|---|---|---|"]
    rows = [
        f"| `{key}` | {kind} | {default} | {' '.join(meaning.split())} |".replace("<", "&lt;")
        for key, kind, default, meaning in _keys(schema, "")
    ]
    about = [schema["description"], ""] if "description" in schema else []
    return [f"## {title}", "", *about, *head, *rows, ""]


def _keys(schema: dict, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for name, part in schema["properties"].items():
        if "properties" in part:
            yield from _keys(part, f"{prefix}{name}.")
            continue
        kind = part.get("type", "any")
        default = f"`{json.dumps(part['default'])}`" if "default" in part else "required"
        yield f"{prefix}{name}", _kind(kind, part), default, part["description"]


def _kind(kind: str | list[str], part: dict) -> str:
    allowed = part.get("enum") or part.get("items", {}).get("enum")
    words = ", ".join(f"`{value}`" for value in allowed) if allowed else str(kind)
    words = f"list of {words}" if kind == "array" and allowed else words
    low, high = part.get("minimum"), part.get("maximum")
    if low is not None or high is not None:
        words += f" {'' if low is None else low}..{'' if high is None else high}"
    return f"{words}, {part['unit']}" if "unit" in part else words


def _with_defaults(value: object, schema: dict) -> object:
    if isinstance(value, str) and "string" not in schema.get("type", "string"):
        return _from_text(value)
    if isinstance(value, list):
        return [_with_defaults(item, schema.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return value
    filled = dict(value)
    for name, part in schema.get("properties", {}).items():
        if name not in filled and "default" in part:
            filled[name] = part["default"]
        if name in filled:
            filled[name] = _with_defaults(filled[name], part)
    return filled


def _from_text(text: str) -> object:
    """The value behind a text: Snakemake hands on all that is inside a key of --config as text."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _config_problems(error: jsonschema.ValidationError) -> Iterator[Problem]:
    where = "config: " + (".".join(str(part) for part in error.absolute_path) or "top level")
    if error.validator == "additionalProperties":
        known = sorted(error.schema["properties"])
        for name in sorted(set(error.instance) - set(known)):
            yield Problem(
                where, f"has an unknown key {name!r}", f"one of {known}", closest(name, known)
            )
        return
    meaning = error.schema.get("description", "")
    yield Problem(where, error.message, f"{error.validator}: {error.validator_value}", meaning)


def read_rows(
    path: str | os.PathLike, columns: Sequence[str], setting: str = "corpus", kind: str = "film"
) -> list[tuple[int, dict[str, str]]]:
    """The rows of a table (TSV with a header): number of the line, and text by column.

    columns: that it must have. setting: the block of the config that names it. kind: what a row is
    about. Raises ConfigError if it cannot be read, lacks a column, has no rows, or has rows longer
    than the header.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t")
            rows = [(reader.line_num, row) for row in reader]
            header = reader.fieldnames or []
    except (OSError, UnicodeDecodeError) as error:
        hint = (
            f"save the table as UTF-8, tab-separated; set its path with {setting}: {{{kind}s: ...}}"
        )
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            Problem(str(path), f"cannot be read ({reason})", f"a {kind} table", hint)
        ) from None
    absent = [name for name in columns if name not in header]
    if absent:
        hint = "columns are separated by tabs, not commas or spaces" if len(header) < 2 else ""
        raise ConfigError(
            Problem(
                f"{path}, header",
                f"lacks {', '.join(absent)}",
                f"columns {', '.join(columns)}",
                hint,
            )
        )
    if not rows:
        raise ConfigError(Problem(str(path), "has no rows", f"one row a {kind}"))
    if long := list(_long_row_problems(path, len(header), rows)):
        raise ConfigError(long)
    return [(n, {k: (v or "").strip() for k, v in row.items()}) for n, row in rows]


def _long_row_problems(path, columns: int, rows) -> Iterator[Problem]:
    """Rows of a DictReader that keeps under None what stands after the last column."""
    for number, row in rows:
        if None in row:
            what = f"has {columns + len(row[None])} cells"
            hint = "a tab too many moves what comes after it into another column"
            expected = f"{columns} at most, as many as the header"
            yield Problem(f"{path}, line {number}", what, expected, hint)


def id_problems(
    rows: Sequence[tuple[int, dict[str, str]]], path: str | os.PathLike, kind: str = "film"
) -> Iterator[Problem]:
    """Ids that are no ids or stand twice, in rows of `read_rows` with a title.

    kind: what a row is about; its id is in the column of that name with `_id`.
    """
    column = f"{kind}_id"
    seen = Counter(row[column] for _, row in rows)
    for number, row in rows:
        own, where = row[column], cell(path, number, column)
        if not re.fullmatch(r"[a-z0-9_]+", own):
            hint = f"for example {slug(row['title'] or kind)}"
            yield Problem(where, f"is {own!r}", "letters a-z, digits and underscores", hint)
        elif seen[own] > 1:
            what = f"{own!r} stands in {seen[own]} rows"
            yield Problem(where, what, f"one row a {kind}", "rename one")


def _album(row: dict[str, str], path) -> str:
    """The folder of a row's album; empty without."""
    return os.path.join(os.path.dirname(os.fspath(path)), row["album"]) if row["album"] else ""


def _film(
    row: dict[str, str],
    number: int,
    path,
    genres,
    made: bool,
    listings: dict[str, Listing],
    albums: dict[str, Album],
) -> Film:
    folder, album = os.path.dirname(os.fspath(path)), _album(row, path)
    video = os.path.join(folder, row["video"]) if not made and row["video"] else ""
    labels = tuple(part.strip() for part in row["genres"].split(";") if part.strip())
    problems = [
        *genre_problems(labels, genres, cell(path, number, "genres")),
        *year_problems(row["year"], cell(path, number, "year")),
        *([] if made else _video_problems(video, cell(path, number, "video"))),
        *album_problems(album, listings.get(album), cell(path, number, "album")),
    ]
    return Film(
        film_id=row["film_id"],
        title=" ".join(row["title"].split()) or row["film_id"],
        year=int(row["year"]) if row["year"].isdecimal() else None,
        genres=labels,
        video=None if made else video,
        album=albums.get(album, NO_ALBUM),
        audio=row.get("audio", ""),
        problems=tuple(problems),
    )


def genre_problems(labels: Sequence[str], genres: Sequence[str], where: str) -> Iterator[Problem]:
    """What is wrong with the labels of a row, of which those in `genres` are allowed."""
    if not labels:
        yield Problem(where, "is empty", "at least one genre", f"genres: {'; '.join(genres)}")
    for label in labels:
        if label not in genres:
            expected = f"one of {list(genres)}"
            hint = closest(label, genres)
            yield Problem(where, f"{label!r} is not a genre of the config", expected, hint)
    for label, count in Counter(labels).items():
        if count > 1:
            yield Problem(where, f"{label!r} is named {count} times", "each genre once")


def year_problems(year: str, where: str) -> Iterator[Problem]:
    """What is wrong with a year as the table has it; nothing if it is empty."""
    if year and not (year.isdecimal() and FIRST_FILM_YEAR <= int(year) <= 2200):
        yield Problem(where, f"is {year!r}", f"a year from {FIRST_FILM_YEAR} on, or nothing")


def _video_problems(video: str, where: str) -> Iterator[Problem]:
    if not video:
        yield Problem(where, "is empty", "the path of the film, relative to the table")
    elif not os.path.isfile(video):
        what = "is a folder" if os.path.isdir(video) else "does not exist"
        yield Problem(where, f"{video} {what}", "a media file", "paths are relative to the table")


def album_problems(album: str, listing: Listing | None, where: str) -> Iterator[Problem]:
    """What is wrong with the path of an album and with what lies there; listing: None without."""
    if not album or listing is None:
        yield Problem(
            where, "is empty", "the folder of the soundtrack album, relative to the table"
        )
    elif not os.path.isdir(album):
        what = "is a file" if os.path.isfile(album) else "does not exist"
        yield Problem(
            where, f"{album} {what}", "a folder of audio files", "paths are relative to the table"
        )
    else:
        yield from listing_problems(listing, where)


def listing_problems(listing: Listing, where: str) -> Iterator[Problem]:
    """What is wrong with the files of a folder of music."""
    if not listing.inside and not listing.faults:
        yield Problem(where, f"{listing.folder} holds no audio file", "files with sound")
    for path, fault in listing.faults:
        yield Problem(where, f"{path!r} {fault}", "files that can be read", "rename or remove it")


def cell(path: str | os.PathLike, number: int, column: str) -> str:
    """A place in a table, as messages name it."""
    return f"{path}, line {number}, column {column}"


def closest(name: str, known: Sequence[str]) -> str:
    """A hint at the known name that is most like a name; empty if none is."""
    match = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {match[0]!r}?" if match else ""
