"""Ids that a person can read, of names in any script. Used when the workflow is parsed."""

import re
from collections.abc import Iterable

from anyascii import anyascii

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
