"""Resolving and checking paths that users write in the configuration and in tables.

Imported when the workflow is parsed: light imports only.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from scorelens.errors import Problem, nearest

IN_TABLE = "paths are relative to the table"
IN_CONFIG = "paths are relative to the folder that the workflow runs in"
# In a path Snakemake reads {name} as a wildcard and <name> as one of its own folders.
SPECIAL = re.compile("[{}<>]")
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def resolve(written: str, folder: str = "") -> str:
    """Return the path that a user means by a written one.

    A path that exists as written is returned as it is, also with `$` or `~` in its name. Otherwise
    `~`, `~user`, `$NAME` and `${NAME}` are expanded if there are such users and variables, and a
    file matches whose name differs only in Unicode normalisation (macOS decomposes accents), in
    spaces or in invisible characters.

    Parameters
    ----------
    written : str
        The path as written.
    folder : str
        What it is relative to.

    Returns
    -------
    str
        Empty if nothing is written. It need not exist.
    """
    if not written:
        return ""
    plain = os.path.join(folder, written)
    if os.path.lexists(plain):
        return plain
    expanded = os.path.join(folder, os.path.expanduser(os.path.expandvars(written)))
    return _existing(expanded, _visible) or expanded


def file_problems(where: str, path: str, expected: str, base: str = IN_TABLE) -> Iterator[Problem]:
    """Yield the problem of a path that should be a file, if it is none.

    Parameters
    ----------
    where : str
        Where the path is written, for the message.
    path : str
        The path, resolved.
    expected : str
        What the file should be.
    base : str
        The hint if no better one is found.
    """
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "does not exist"
        yield Problem(where, f"{path} {what}", expected, _hint(path) or base)


def folder_problems(
    where: str, path: str, expected: str, base: str = IN_TABLE
) -> Iterator[Problem]:
    """Yield the problem of a path that should be a folder, if it is none.

    Parameters
    ----------
    where : str
        Where the path is written, for the message.
    path : str
        The path, resolved.
    expected : str
        What the folder should be.
    base : str
        The hint if no better one is found.
    """
    if not os.path.isdir(path):
        what = "is a file" if os.path.exists(path) else "does not exist"
        yield Problem(where, f"{path} {what}", expected, _hint(path) or base)


def watched(paths: Iterable[str | None]) -> list[str]:
    """Return the paths that Snakemake can use as input files, without empty ones."""
    return [path for path in paths if path and not SPECIAL.search(path)]


def unwatched(paths: Iterable[str | None]) -> dict[str, tuple[int, int]]:
    """Return size in bytes and modification time in ns of the other paths that exist.

    As a parameter of a rule they make its job run again when such a file changes.
    """
    others = [path for path in paths if path and SPECIAL.search(path) and os.path.exists(path)]
    states = {path: os.stat(path) for path in others}
    return {path: (state.st_size, state.st_mtime_ns) for path, state in states.items()}


def _hint(path: str) -> str:
    """What may be wrong with a path that does not exist; empty if unknown."""
    if os.path.lexists(path):
        return "" if os.path.exists(path) else "it is a link to a file that does not exist"
    for names in VARIABLE.findall(path):
        if not any(name in os.environ for name in names if name):
            return f"the variable {''.join(names)} is not set"
    if user := re.search(r"(?:^|/)~([^/]*)", path):
        return f"there is no user {user[1]!r} whose home folder ~{user[1]} would be"
    if near := _existing(path, lambda name: _visible(name).casefold()):
        return f"did you mean {near!r}? Upper and lower case are different"
    if os.path.lexists(path.replace("\\", "/")):
        return "write / in place of \\"
    folder, name = os.path.split(path.rstrip("/"))
    if not os.path.isdir(folder or "."):
        return ""
    stems = {os.path.splitext(other)[0]: other for other in sorted(os.listdir(folder or "."))}
    near = nearest(os.path.splitext(name)[0], list(stems))
    return f"did you mean {os.path.join(folder, stems[near])!r}?" if near else ""


def _existing(path: str, key: Callable[[str], str]) -> str:
    """The one existing path whose names have the same `key` as these; empty if none or several."""
    if os.path.lexists(path):
        return path
    folder, name = os.path.split(path.rstrip("/"))
    if folder and (folder == path or not (folder := _existing(folder, key))):
        return ""
    try:
        names = [other for other in os.listdir(folder or ".") if key(other) == key(name)]
    except OSError:
        return ""
    return os.path.join(folder, names[0]) if len(names) == 1 else ""


def _visible(name: str) -> str:
    """A name with accents composed, spaces normalised and invisible characters removed."""
    letters = unicodedata.normalize("NFC", name)
    shown = (letter for letter in letters if unicodedata.category(letter) != "Cf")
    return " ".join("".join(shown).split())
