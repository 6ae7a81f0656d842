"""The configuration and the film table, checked whole: every fault is listed, not the first.

Imported when the workflow is parsed, also in every job of a cluster: light imports only.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import jsonschema
import yaml

from scorelens import paths
from scorelens.albums.files import NO_ALBUM, Album, Listing, find_albums, scan
from scorelens.errors import ConfigError, Problem, closest
from scorelens.ids import slug
from scorelens.renamed_keys import RENAMED_KEYS
from scorelens.tsv import Rows, cell, read_rows

FILM_COLUMNS = ("film_id", "title", "year", "video", "album", "genres")
FIRST_FILM_YEAR = 1878
LONGEST_ID = 100
# Snakemake refuses values of wildcards that repeat what they end in 20 times.
PERIODIC = re.compile(r"(.+?)\1{19}$")


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

    A block without a word is all defaults, and paths are resolved as `paths.resolve` does it.
    Raises ConfigError that lists every key that is unknown or no text, and every value out of
    place.
    """
    known = {path.stem: read_schema(path) for path in sorted(Path(schemas).glob("*.yaml"))}
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {stage: {"default": {}, **block} for stage, block in known.items()},
    }
    schema["properties"]["seed"] = SEED_SCHEMA
    filled = _with_defaults(config, schema)
    errors = sorted(jsonschema.Draft202012Validator(schema).iter_errors(filled), key=str)
    problems = [problem for error in errors for problem in _config_problems(error)]
    if problems := [*_key_problems(filled), *problems]:
        raise ConfigError(problems)
    return filled


UNQUOTED = "YAML reads digits as a number, yes, no, on and off as truth, ~ and a blank as nothing"
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
        "A `path` may begin with `~` or `~user` and hold variables (`$MEDIA`, `${MEDIA}`), and so",
        "may every path in a table; what exists just as it is written comes first. Names of",
        "libraries, searches and new media are ids: letters a-z, digits and underscores, 100 at",
        "most, and not the same ones 20 times over at the end.",
        "",
        *_key_table("top level", {"properties": {"seed": SEED_SCHEMA}}),
    ]
    for path in sorted(Path(schemas).glob("*.yaml")):
        lines += _key_table(f"`{path.stem}`", read_schema(path))
    return "\n".join(lines)


def read_schema(path: str | os.PathLike) -> dict:
    """Read the schema of a stage, with names from registries in its enumerations.

    `enum_from: MODULE:NAME` adds the names in a registry of a module to the values of `enum`.

    Parameters
    ----------
    path : path
        A YAML file.

    Returns
    -------
    dict
        The JSON Schema.
    """
    schema = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    _fill_enumerations(schema)
    return schema


def _fill_enumerations(schema: object) -> None:
    if isinstance(schema, list):
        for part in schema:
            _fill_enumerations(part)
    elif isinstance(schema, dict):
        for part in schema.values():
            _fill_enumerations(part)
        if "enum_from" in schema:
            module, name = schema.pop("enum_from").split(":")
            registry = getattr(import_module(module), name)
            schema["enum"] = [*schema.get("enum", ()), *registry]


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
        kind = part.get("format", part.get("type", "any"))
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
    if isinstance(value, str) and schema.get("format") == "path":
        return paths.resolve(value)
    if value is None and schema.get("type") == "object":
        return _with_defaults({}, schema)
    if isinstance(value, list):
        return [_with_defaults(item, schema.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return value
    named = schema.get("additionalProperties")
    if isinstance(named, dict):  # names that the user chose, such as 2001
        return {
            str(key) if type(key) is int else key: _with_defaults(item, named)
            for key, item in value.items()
        }
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


def _key_problems(value: object, block: Sequence[object] = ()) -> Iterator[Problem]:
    """Keys that YAML reads as something else than text, at any depth. block: the keys above."""
    for key, item in value.items() if isinstance(value, Mapping) else ():
        if not isinstance(key, str):
            what = f"has the key {key!r}, which is no text ({type(key).__name__})"
            hint = f"{UNQUOTED}: put the key in quotes"
            yield Problem(_place(block), what, "names for keys", hint)
        yield from _key_problems(item, [*block, key])


def _place(keys: Sequence[object]) -> str:
    """A place in the config, as messages name it."""
    return "config: " + (".".join(map(str, keys)) or "top level")


def _config_problems(error: jsonschema.ValidationError) -> Iterator[Problem]:
    where = _place(error.absolute_path)
    if error.validator == "additionalProperties":
        known = sorted(error.schema["properties"])
        for name in sorted(key for key in error.instance if isinstance(key, str)):
            if name not in known:
                old = ".".join([*map(str, error.absolute_path), name])
                new = RENAMED_KEYS.get(old)
                hint = f"it is called {new} now" if new else closest(name, known)
                yield Problem(where, f"has an unknown key {name!r}", f"one of {known}", hint)
        return
    meaning = error.schema.get("description", "")
    if error.validator == "type" and "string" in error.validator_value:
        meaning = f"{UNQUOTED}: put the value in quotes. {meaning}".strip()
    yield Problem(where, error.message, f"{error.validator}: {error.validator_value}", meaning)


def id_problems(rows: Rows, path: str | os.PathLike, kind: str = "film") -> Iterator[Problem]:
    """Ids that are no ids or stand twice, in rows of `read_rows` with a title.

    kind: what a row is about; its id is in the column of that name with `_id`.
    """
    column = f"{kind}_id"
    seen = Counter(row[column] for _, row in rows)
    for number, row in rows:
        own, where = row[column], cell(path, number, column)
        yield from name_problems(where, own, row["title"] or kind)
        if own and seen[own] > 1:
            what = f"{own!r} stands in {seen[own]} rows"
            yield Problem(where, what, f"one row a {kind}", "rename one")


def name_problems(where: str, name: str, example: str = "") -> Iterator[Problem]:
    """What keeps a name from being an id, of which files and folders are called.

    example: a text to make an id of; the name itself if it is empty.
    """
    if not re.fullmatch(r"[a-z0-9_]+", name):
        hint = f"for example {slug(example or name)}"
        what, expected = f"{name!r} is no id", "letters a-z, digits and underscores"
        yield Problem(where, what, expected, hint)
    elif len(name) > LONGEST_ID:
        hint = "files are called after it"
        yield Problem(where, f"has {len(name)} letters", f"{LONGEST_ID} at most", hint)
    elif repeated := PERIODIC.search(name):
        what = f"{name!r} ends in 20 times {repeated[1]!r} or more"
        hint = "Snakemake takes that for a rule that feeds itself without end"
        yield Problem(where, what, "a name that does not repeat itself", hint)


def _album(row: dict[str, str], path) -> str:
    """The folder of a row's album; empty without."""
    return paths.resolve(row["album"], os.path.dirname(os.fspath(path)))


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
    video = "" if made else paths.resolve(row["video"], folder)
    labels = genre_labels(row["genres"])
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


def genre_labels(text: str) -> tuple[str, ...]:
    """The genres of a cell, divided by semicolons.

    >>> genre_labels(" Drama;; Science  Fiction ")
    ('Drama', 'Science Fiction')
    """
    return tuple(" ".join(part.split()) for part in text.split(";") if part.strip())


def genre_problems(labels: Sequence[str], genres: Sequence[str], where: str) -> Iterator[Problem]:
    """What is wrong with the labels of a row, of which those in `genres` are allowed."""
    if not labels:
        yield Problem(where, "is empty", "at least one genre", f"genres: {'; '.join(genres)}")
    for label in labels:
        if label not in genres:
            expected = f"one of {list(genres)}"
            parts = [part.strip() for part in re.split(r"[,|/+&]", label)]
            divided = len(parts) > 1 and any(part in genres for part in parts)
            hint = f"semicolons divide genres: {';'.join(parts)}" if divided else ""
            what = f"{label!r} is not a genre of the config"
            yield Problem(where, what, expected, hint or closest(label, genres))
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
    else:
        yield from paths.file_problems(where, video, "a media file")


def album_problems(album: str, listing: Listing | None, where: str) -> Iterator[Problem]:
    """What is wrong with the path of an album and with what lies there; listing: None without."""
    if not album or listing is None:
        yield Problem(
            where, "is empty", "the folder of the soundtrack album, relative to the table"
        )
    elif not os.path.isdir(album):
        yield from paths.folder_problems(where, album, "a folder of audio files")
    else:
        yield from listing_problems(listing, where)


def listing_problems(listing: Listing, where: str) -> Iterator[Problem]:
    """What is wrong with the files of a folder of music."""
    if not listing.inside and not listing.faults:
        yield Problem(where, f"{listing.folder} holds no audio file", "files with sound")
    for path, fault in listing.faults:
        yield Problem(where, f"{path!r} {fault}", "files that can be read", "rename or remove it")
