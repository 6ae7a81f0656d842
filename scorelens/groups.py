"""Groups of films that are never on two sides of a split: their names in tables, and their union.

Imported when the workflow is parsed: light imports only.
"""

import difflib
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from scorelens.errors import Problem
from scorelens.ids import slug
from scorelens.tsv import Rows, cell

GROUP = "group"  # the column of tables of films and trailers
EMPTY_HINT = "leave the cell empty: a film without a name is a group by itself"
# Words for a missing name, by `group_key`; they would unite films that have nothing in common.
MISSING = ("-", "--", "?", "n/a", "na", "nan", "none", "null", "unknown", "various")


def group_names(text: str) -> tuple[str, ...]:
    """The groups of a cell, divided by semicolons.

    Parameters
    ----------
    text : str
        The cell.

    Returns
    -------
    tuple of str
        As written, without empty ones, repeated ones and superfluous spaces.

    Examples
    --------
    >>> group_names(" Hans  Zimmer; Batman;hans zimmer;")
    ('Hans Zimmer', 'Batman')
    """
    by_key: dict[str, str] = {}
    for part in text.split(";"):
        by_key.setdefault(group_key(part), " ".join(part.split()))
    return tuple(filter(None, by_key.values()))


def group_key(name: str) -> str:
    """The form in which names of groups are compared: without case and superfluous spaces.

    Parameters
    ----------
    name : str
        The name of a group.

    Returns
    -------
    str
        Of composed letters (NFKC).

    Examples
    --------
    >>> group_key(" Hans  ZIMMER") == group_key("hans zimmer")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def group_problems(rows: Rows, path: str | os.PathLike) -> Iterator[Problem]:
    """Find what is wrong with the groups of a table.

    Parameters
    ----------
    rows : Rows
        Rows of `tsv.read_rows`; the column is optional.
    path : path-like
        Their table.

    Yields
    ------
    Problem
        A column that is nearly called `group`, a word for a missing name, or a name that differs
        from an earlier one by accents or punctuation alone.
    """
    if GROUP not in rows[0][1]:
        for name in difflib.get_close_matches(GROUP, map(str.casefold, rows[0][1]), cutoff=0.8):
            what = f"has a column {name!r}, which would be ignored"
            expected = f"a column {GROUP!r} for what must not be on two sides of a split"
            yield Problem(f"{path}, header", what, expected, f"call it {GROUP!r}, or otherwise")
        return
    first: dict[str, tuple[int, str]] = {}
    for number, row in rows:
        for name in group_names(row[GROUP]):
            line, other = first.setdefault(slug(name), (number, name))
            yield from _name_problems(cell(path, number, GROUP), name, other, line)


def _name_problems(where: str, name: str, other: str, line: int) -> Iterator[Problem]:
    if group_key(name) in MISSING:
        yield Problem(where, f"is {name!r}", "the name of a group, or nothing", EMPTY_HINT)
    elif group_key(name) != group_key(other):
        what = f"{name!r} is nearly {other!r} of line {line}"
        expected = "one spelling of a group, so that its films are on one side of a split"
        yield Problem(where, what, expected, "write both alike, or add a word to tell them apart")


def join_groups(items: Sequence[str], united: Iterable[Iterable[str]]) -> dict[str, str]:
    """Unite items that are together in any set, directly or through others.

    Parameters
    ----------
    items : sequence of str
        All items, each once.
    united : iterable of iterable of str
        Sets of items that belong together.

    Returns
    -------
    dict of str to str
        Item -> the first item, in the order of `items`, of all that it is united with.

    Examples
    --------
    >>> join_groups("abcde", ["bd", "da", "e"])
    {'a': 'a', 'b': 'a', 'c': 'c', 'd': 'a', 'e': 'e'}
    """
    parent = {item: item for item in items}
    position = {item: number for number, item in enumerate(items)}
    for first, *others in filter(None, map(list, united)):
        for other in others:
            low, high = sorted((_root(parent, first), _root(parent, other)), key=position.get)
            parent[high] = low
    return {item: _root(parent, item) for item in items}


def _root(parent: dict[str, str], item: str) -> str:
    while parent[item] != item:
        parent[item] = parent[parent[item]]  # halves the path
        item = parent[item]
    return item


def join_named_groups(
    items: Sequence[str],
    names: Mapping[str, Iterable[str]],
    united: Iterable[Iterable[str]] = (),
) -> dict[str, str]:
    """Unite items that share the name of a group, or that are together in any set.

    Parameters
    ----------
    items : sequence of str
        All items, each once.
    names : mapping of str to iterable of str
        Names of the groups of some of the items, compared by `group_key`.
    united : iterable of iterable of str
        Sets of items that belong together for other reasons.

    Returns
    -------
    dict of str to str
        As `join_groups` returns it.

    Examples
    --------
    >>> join_named_groups("abcd", {"b": ["Zimmer"], "d": ["ZIMMER", "Batman"]}, ["ac"])
    {'a': 'a', 'b': 'b', 'c': 'a', 'd': 'b'}
    """
    members: dict[str, list[str]] = {}
    for item in items:
        for name in names.get(item, ()):
            members.setdefault(group_key(name), []).append(item)
    return join_groups(items, [*members.values(), *united])
