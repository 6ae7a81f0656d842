"""Readable identifiers made from names in any script.

Imported when the workflow is parsed: light imports only.
"""

import re
from collections.abc import Iterable, Iterator

from anyascii import anyascii

from scorelens.errors import Problem

LONGEST_ID = 100  # letters
# Snakemake refuses values of wildcards that repeat what they end in 20 times.
PERIODIC = re.compile(r"(.+?)\1{19}$")
MAX_LENGTH = 80  # characters of an identifier that is made from a path


def slug(text: str) -> str:
    """Return an identifier that matches `[a-z0-9_]+` for any text.

    Parameters
    ----------
    text : str
        Letters of other scripts and with accents are transliterated.

    Returns
    -------
    str
        If no letter or digit remains, `x` and the code points of the first 16 characters.

    Examples
    --------
    >>> slug("CD1/01 Élan"), slug("Тема (live)"), slug("!")
    ('cd1_01_elan', 'tema_live', 'x21')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", anyascii(text).lower()).strip("_")
    return plain or "x" + "_".join(f"{ord(c):x}" for c in text[:16])


def unique_ids(names: Iterable[str], empty: str) -> list[str]:
    """Return a different identifier for each name.

    Parameters
    ----------
    names : iterable of str
        Equal identifiers are numbered in this order, from the second on.
    empty : str
        The identifier of a name without letters and digits.

    Returns
    -------
    list of str
        At most 80 characters each, and a number where two would be equal.

    Examples
    --------
    >>> unique_ids(["Élan", "elan!", "???", "elan_2"], "track")
    ['elan', 'elan_2', 'track', 'elan_2_2']
    """
    identifiers: dict[str, None] = {}
    for name in names:
        has_letters = any(letter.isalnum() for letter in anyascii(name))
        base = slug(name)[:MAX_LENGTH].strip("_") if has_letters else empty
        identifier, number = base, 1
        while identifier in identifiers:
            number += 1
            identifier = f"{base}_{number}"
        identifiers[identifier] = None
    return list(identifiers)


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
