"""Ids that a person can read, of names in any script. Used when the workflow is parsed."""

import re
from collections.abc import Iterable, Iterator

from anyascii import anyascii

from scorelens.errors import Problem

LONGEST_ID = 100  # letters
# Snakemake refuses values of wildcards that repeat what they end in 20 times.
PERIODIC = re.compile(r"(.+?)\1{19}$")
LONGEST = 80  # letters of an id that is made of a path


def slug(text: str) -> str:
    """An id of `[a-z0-9_]+` from any text, other scripts and accents in Latin letters.

    Parameters
    ----------
    text
        Anything. If nothing of it becomes a letter or a digit, the code points of its first 16
        characters after an `x` stand in.

    Examples
    --------
    >>> slug("CD1/01 Élan"), slug("Тема (live)"), slug("!")
    ('cd1_01_elan', 'tema_live', 'x21')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", anyascii(text).lower()).strip("_")
    return plain or "x" + "_".join(f"{ord(c):x}" for c in text[:16])


def unique_ids(names: Iterable[str], empty: str) -> list[str]:
    """An id for each name, of at most `LONGEST` letters, with a number where two would be equal.

    Parameters
    ----------
    names
        In the order in which equal ids are numbered, from the second on.
    empty
        The id of a name of which nothing becomes a letter or a digit.

    Examples
    --------
    >>> unique_ids(["Élan", "elan!", "???", "elan_2"], "track")
    ['elan', 'elan_2', 'track', 'elan_2_2']
    """
    found: dict[str, None] = {}
    for name in names:
        has_letters = any(letter.isalnum() for letter in anyascii(name))
        first = slug(name)[:LONGEST].strip("_") if has_letters else empty
        own, number = first, 1
        while own in found:
            number += 1
            own = f"{first}_{number}"
        found[own] = None
    return list(found)


def name_problems(where: str, name: str, example: str = "") -> Iterator[Problem]:
    """Find what keeps a name from being an id, by which files and folders are called.

    Parameters
    ----------
    where : str
        Location of the name, for the message.
    name : str
        The name.
    example : str
        A text to make an id of, for the message; the name itself if it is empty.

    Yields
    ------
    Problem
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
