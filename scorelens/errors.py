"""Errors with messages for users: what is wrong, where, what was expected, and a hint."""

import contextlib
import difflib
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAX_LINES = 60  # of a message on a screen, 20 problems; a file has the others
# What readers raise for truncated or corrupted files and for files of another format.
_DAMAGE = (EOFError, OSError, ValueError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the user's input.

    Parameters
    ----------
    where : str
        The file, with row or column if there is one, or the key of the configuration.
    what : str
        The fault, with the actual value.
    expected : str
        What is valid.
    hint : str
        What to do about it; may be empty.
    """

    where: str
    what: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}", f"  expected: {self.expected}"]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class InputError(Exception):
    """One or more problems of the user's input, shown together and without a traceback.

    Parameters
    ----------
    problems : Problem or sequence of Problem
        At least one.
    """

    def __init__(self, problems: Problem | Sequence[Problem]):
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        if not self.problems:
            raise ValueError("an InputError needs at least one problem")
        super().__init__(self._text())

    def _text(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        head = f"{len(self.problems)} problems were found"
        return "\n".join([head, *(str(problem) for problem in self.problems)])

    def shortened(self, listing: str | os.PathLike) -> str:
        """The message, without its middle if it is longer than `MAX_LINES`.

        Parameters
        ----------
        listing : path-like
            A file that has all of it, which the text names.

        Returns
        -------
        str

        Examples
        --------
        >>> error = InputError([Problem("films.tsv", "no film", "films")] * 42)
        >>> error.shortened("logs/problems.txt").splitlines()[-3:-1]
        ['... 25 more lines: logs/problems.txt has all', 'films.tsv: no film']
        """
        lines = str(self).splitlines()
        if len(lines) <= MAX_LINES:
            return str(self)
        more = f"... {len(lines) - MAX_LINES:,} more lines: {listing} has all"
        return "\n".join([*lines[: MAX_LINES - 2], more, *lines[-2:]])


def list_problems(error: InputError, listing: str | os.PathLike) -> str:
    """Write all problems of an error to a file if they are too many for a screen.

    Parameters
    ----------
    error : InputError
        The error.
    listing : path-like
        The file.

    Returns
    -------
    str
        The message for the screen, which names the file.
    """
    if len(str(error).splitlines()) > MAX_LINES:
        os.makedirs(os.path.dirname(listing) or ".", exist_ok=True)
        with open(listing, "w", encoding="utf-8") as text:
            text.write(f"{error}\n")
    return error.shortened(listing)


class MediaError(InputError):
    """A media file that cannot be used: missing, empty, truncated, or not media at all."""


class TableError(InputError):
    """A table that does not fit its schema in `scorelens.tables`."""


class ConfigError(InputError):
    """An invalid value in the configuration or in a table of the user."""


@contextlib.contextmanager
def naming_damage(path: str | os.PathLike, kind: str) -> Iterator[None]:
    """Name the file in the error if reading it in the block fails because it is damaged.

    Parameters
    ----------
    path : path-like
        A result of an earlier step.
    kind : str
        What the file should be, for the message.

    Raises
    ------
    InputError
        In place of the reader's error. Errors of the system, such as FileNotFoundError, are not
        replaced.
    """
    try:
        yield
    except _DAMAGE as error:
        if isinstance(error, FileNotFoundError) or getattr(error, "errno", None):
            raise
        reason = str(error).split("\n")[0] or type(error).__name__
        hint = "the file is damaged: delete it and run again, and it is made anew"
        problem = Problem(str(path), f"cannot be read ({reason})", kind, hint)
        raise InputError(problem) from error


def nearest(name: str, known: Sequence[str]) -> str:
    """Return the known name most similar to a name, ignoring case and spaces; empty if none is.

    Examples
    --------
    >>> nearest("Film ID", ["title", "film_id"])
    'film_id'
    """
    plain = {re.sub(r"[\W_]+", "_", other.casefold()): other for other in reversed(known)}
    match = difflib.get_close_matches(re.sub(r"[\W_]+", "_", name.casefold()), plain, n=1)
    return plain[match[0]] if match else ""


def closest(name: str, known: Sequence[str]) -> str:
    """Return a hint with the known name most similar to a name; empty if none is.

    Examples
    --------
    >>> closest("dramma", ["Drama", "Horror"])
    "did you mean 'Drama'?"
    """
    near = nearest(name, known)
    return f"did you mean {near!r}?" if near else ""
