"""Paths as people write them, in the configuration and in every table.

Imported when the workflow is parsed: light imports only.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from scorelens.errors import Problem, nearest

IN_TABLE = "paths are relative to the table"
IN_CONFIG = "paths count from the folder that the workflow runs in"
# Snakemake takes {name} for a wildcard and <name> for one of its own folders, in any path.
MEANINGFUL = re.compile("[{}<>]")
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def resolve(written: str, folder: str = "") -> str:
    """The path that is meant by one as written, relative to a folder; empty if nothing is written.

    What exists as it is written is meant, also if it has `$` or `~` in its name. Else `~`, `~user`,
    `$NAME` and `${NAME}` are expanded as far as there are such users and variables, and names count
    that differ in nothing but how accents are encoded (macOS takes them apart), spaces, and letters
    that nobody sees.
    """
    if not written:
        return ""
    plain = os.path.join(folder, written)
    if os.path.lexists(plain):
        return plain
    expanded = os.path.join(folder, os.path.expanduser(os.path.expandvars(written)))
    return _existing(expanded, _visible) or expanded


def file_problems(where: str, path: str, expected: str, base: str = IN_TABLE) -> Iterator[Problem]:
    """What is wrong with a path that should be a file's. base: a hint at what it is relative to."""
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "does not exist"
        yield Problem(where, f"{path} {what}", expected, _hint(path) or base)


def folder_problems(
    where: str, path: str, expected: str, base: str = IN_TABLE
) -> Iterator[Problem]:
    """What is wrong with a path that should be a folder's. base: as of `file_problems`."""
    if not os.path.isdir(path):
        what = "is a file" if os.path.exists(path) else "does not exist"
        yield Problem(where, f"{path} {what}", expected, _hint(path) or base)


def watched(paths: Iterable[str | None]) -> list[str]:
    """The paths that Snakemake can take as input, and see change; without empty ones."""
    return [path for path in paths if path and not MEANINGFUL.search(path)]


def unwatched(paths: Iterable[str | None]) -> dict[str, tuple[int, int]]:
    """Size in bytes and time of change in ns of the other paths that exist.

    Among the parameters of a job, they make it run again when such a file changes.
    """
    others = [path for path in paths if path and MEANINGFUL.search(path) and os.path.exists(path)]
    found = {path: os.stat(path) for path in others}
    return {path: (status.st_size, status.st_mtime_ns) for path, status in found.items()}


def _hint(path: str) -> str:
    """What may be wrong with a path that does not exist; empty if there is no telling."""
    if os.path.lexists(path):
        return "" if os.path.exists(path) else "it is a link to what is not there"
    for names in VARIABLE.findall(path):
        if not any(name in os.environ for name in names if name):
            return f"the variable {''.join(names)} is not set"
    if user := re.search(r"(?:^|/)~([^/]*)", path):
        return f"there is no user {user[1]!r} whose home folder ~{user[1]} would be"
    if near := _existing(path, lambda name: _visible(name).casefold()):
        return f"did you mean {near!r}? Upper and lower case are told apart"
    if os.path.lexists(path.replace("\\", "/")):
        return "write / in place of \\"
    folder, name = os.path.split(path.rstrip("/"))
    if not os.path.isdir(folder or "."):
        return ""
    stems = {os.path.splitext(other)[0]: other for other in sorted(os.listdir(folder or "."))}
    near = nearest(os.path.splitext(name)[0], list(stems))
    return f"did you mean {os.path.join(folder, stems[near])!r}?" if near else ""


def _existing(path: str, sense: Callable[[str], str]) -> str:
    """The path of what exists under names of the same sense; empty if none does, or several do."""
    if os.path.lexists(path):
        return path
    folder, name = os.path.split(path.rstrip("/"))
    if folder and (folder == path or not (folder := _existing(folder, sense))):
        return ""
    try:
        names = [other for other in os.listdir(folder or ".") if sense(other) == sense(name)]
    except OSError:
        return ""
    return os.path.join(folder, names[0]) if len(names) == 1 else ""


def _visible(name: str) -> str:
    """A name as it looks: accents composed, any space alike, and nothing without a shape."""
    letters = unicodedata.normalize("NFC", name)
    shown = (letter for letter in letters if unicodedata.category(letter) != "Cf")
    return " ".join("".join(shown).split())
