"""Read the two lists of the source's data set.

`dataset.txt` has a line per trailer with its name and its genres; the list of downloads has a line
per trailer with its name and its address. The source describes neither further, and the files were
not available: read is what such lists have in common. An address is what begins with `http`, the
genres end a line, and what is before them is the name, and behind a tab the title. Tabs, commas,
semicolons, bars, brackets, quotes and spaces separate.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scorelens import charsets
from scorelens.errors import ConfigError, Problem, closest
from scorelens.ids import slug

ADDRESS = re.compile(r"https?://[^\s,;|<>\"'\])]+")
BETWEEN = r"[\s,;|/\[\](){}'\":]"
HEADER = re.compile(r"\b(?:name|title|movie|film|trailer|id|genres?|labels?|url|link)\b", re.I)
EDGES = " ,;|:"  # of a name
OTHER_NAMES = {"Science Fiction": ("Sci-Fi", "SciFi", "Sci Fi", "Science-Fiction")}
TAB_HINT = "if a genre is part of the name, put a tab between the name and the genres"


class Entry(NamedTuple):
    """A line of `dataset.txt`.

    Parameters
    ----------
    line : int
        Its number, from 1.
    name, title : str
        The title is the name if there is no other.
    genres : tuple of str
        As the configuration writes them.
    address : str
        Empty without.
    """

    line: int
    name: str
    title: str
    genres: tuple[str, ...]
    address: str


def read_entries(path: str | os.PathLike, genres: Sequence[str]) -> list[Entry]:
    """Read the list of names and genres.

    Parameters
    ----------
    path : path
    genres : sequence of str
        The genres that are allowed.

    Returns
    -------
    list of Entry
        In the order of the file.

    Raises
    ------
    ConfigError
        With every line that has no name, no genre or a genre twice, and every name that is there
        twice.
    """
    entries, problems = [], []
    for number, text in _lines(path, genres):
        entry = parse_entry(number, text, genres)
        entries.append(entry)
        problems += _entry_problems(f"{path}, line {number}", entry, text, genres)
    problems += _repeated_names(path, entries)
    if not entries:
        problems.append(Problem(str(path), "has no lines", "a line per trailer"))
    if problems:
        raise ConfigError(problems)
    return entries


def parse_entry(number: int, text: str, genres: Sequence[str]) -> Entry:
    """Read a line of names and genres.

    Parameters
    ----------
    number : int
        Of the line.
    text : str
    genres : sequence of str
        The genres that are allowed.

    Returns
    -------
    Entry
        Of an empty name, or without genres, where the line has none.

    Examples
    --------
    >>> known = ["Action", "Drama", "Science Fiction"]
    >>> parse_entry(1, "tt0078748, Sci-Fi, Drama", known)[1:4]
    ('tt0078748', 'tt0078748', ('Science Fiction', 'Drama'))
    >>> parse_entry(2, "alien_1\\tAlien (1979)\\t['Action']", known)[1:4]
    ('alien_1', 'Alien (1979)', ('Action',))
    """
    address = ADDRESS.search(text)
    text = ADDRESS.sub("", text).strip()
    spellings = _spellings(genres)
    known = "|".join(sorted(map(re.escape, spellings), key=len, reverse=True))
    first = r"\t" if "\t" in text else BETWEEN
    tail = rf"(?s)(.*?)(?:^|{first}){BETWEEN}*((?:{known})(?:{BETWEEN}+(?:{known}))*){BETWEEN}*$"
    match = re.match(tail, text, re.I)
    head, names = match.groups() if match else (text, "")
    cells = [part for cell in head.split("\t") if (part := cell.strip(EDGES))]
    named = re.findall(known, names, re.I)
    return Entry(
        number,
        name=cells[0] if cells else "",
        title=" ".join(cells[-1].split()) if cells else "",
        genres=tuple(spellings[name.casefold()] for name in named),
        address=address[0] if address else "",
    )


def read_addresses(path: str | os.PathLike) -> dict[str, str]:
    """Read the list of names and addresses.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict of str to str
        Name, as `ids.slug` writes it -> address.

    Raises
    ------
    ConfigError
        With every line that lacks the one or the other.
    """
    addresses, problems = {}, []
    for number, text in _lines(path):
        address, name = ADDRESS.search(text), _first_cell(ADDRESS.sub("", text))
        if address and name:
            addresses[slug(name)] = address[0]
            continue
        what = "has an address without a name" if address else "has no address"
        expected = "the name of a trailer, as dataset.txt has it, and an address (http...)"
        problems.append(Problem(f"{path}, line {number}", what, expected))
    if problems:
        raise ConfigError(problems)
    return addresses


def _lines(path: str | os.PathLike, genres: Sequence[str] = ()) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without empty ones, comments and a header."""
    try:
        text, _ = charsets.read_text(path)
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise ConfigError(Problem(str(path), what, "a list with a line per trailer")) from None
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        is_header = number == 1 and HEADER.search(line) and not ADDRESS.search(line)
        if is_header and not (genres and parse_entry(number, line, genres).genres):
            continue
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line


def _first_cell(text: str) -> str:
    return next((part for cell in text.split("\t") if (part := cell.strip(EDGES))), "")


def _spellings(genres: Sequence[str]) -> dict[str, str]:
    """How a genre may be written, in lower case -> the genre."""
    others = {name: genre for genre in genres for name in OTHER_NAMES.get(genre, ())}
    names = others | {genre: genre for genre in genres}
    return {name.casefold(): genre for name, genre in names.items()}


def _entry_problems(
    where: str, entry: Entry, text: str, genres: Sequence[str]
) -> Iterator[Problem]:
    if not entry.genres:
        last = re.split(BETWEEN, text.rstrip())[-1]
        expected = f"a name, and genres at the end, of: {', '.join(genres)}"
        yield Problem(where, f"ends in no genre: {text.strip()!r}", expected, closest(last, genres))
    elif not entry.name:
        yield Problem(where, "has no name", "a name before the genres", TAB_HINT)
    for genre, count in Counter(entry.genres).items():
        if count > 1:
            what = f"{genre!r} is named {count} times"
            yield Problem(where, what, "each genre once", TAB_HINT)


def _repeated_names(path: str | os.PathLike, entries: Sequence[Entry]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for entry in entries:
        line = first.setdefault(slug(entry.name), entry.line) if entry.name else entry.line
        if line != entry.line:
            what = f"{entry.name!r} is also the name of line {line}"
            yield Problem(f"{path}, line {entry.line}", what, "one line per trailer")
