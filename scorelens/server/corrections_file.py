"""The file of corrections: one writer, and a save that leaves the old file or the new one.

Verdicts are saved film by film. Who saves says which rows of the film they started from, by a
`version`; if others are in the file by now, nothing is written. Rows of other films, and those that
stay, are left as they stand in the file, with columns and empty lines of the user's.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from scorelens import tsv
from scorelens.cues.corrections import COLUMNS
from scorelens.cues.corrections.reading import Row, read_numbered
from scorelens.errors import ConfigError, InputError, Problem
from scorelens.tables import scratch

Numbered = list[tuple[int, Row]]
HEADER = "\t".join(COLUMNS)


class ConflictError(Exception):
    """The rows of a film in the file are not those that a change started from."""


class CorrectionsFile:
    """The file of corrections of a run, of which this is the only writer among servers.

    Parameters
    ----------
    path : Path
        The file, without symbolic links; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.saving = threading.Lock()

    def read(self) -> dict[str, list[Row]]:
        """Read the rows of all films, in the order in which they were decided.

        Returns
        -------
        dict of str to list of Row

        Raises
        ------
        ConfigError
            With every fault of the file.
        """
        by_film: dict[str, list[Row]] = {}
        for _, row in self._numbered():
            by_film.setdefault(row[0], []).append(row)
        return by_film

    def save(self, film: str, version: str, rows: Sequence[Sequence[str]]) -> list[Row]:
        """Replace the rows of a film.

        Parameters
        ----------
        film : str
        version : str
            That of the rows which the change started from.
        rows : sequence of sequence of str
            Cells of COLUMNS.

        Returns
        -------
        list of Row
            The rows of the film as they are in the file now.

        Raises
        ------
        ConflictError
            If the file has other rows than those of the version. Nothing is written.
        ConfigError
            If the file, or a new row, has faults. Nothing is written.
        """
        wanted = [tuple(" ".join(cell.split()) for cell in row) for row in rows]
        if any(len(row) != len(COLUMNS) or row[0] != film for row in wanted):
            what = f"rows of {len(COLUMNS)} cells, the first of them the film"
            raise ConfigError(Problem(film, "has other rows", what))
        with self.saving:
            numbered = self._numbered()
            if version_of([row for _, row in numbered if row[0] == film]) != version:
                raise ConflictError(film)
            dropped, added = _changes([item for item in numbered if item[1][0] == film], wanted)
            written = self._write(_merged(self._text(), dropped, added))
            return [row for _, row in written if row[0] == film]

    def _numbered(self) -> Numbered:
        return read_numbered(self.path) if self.path.exists() else []

    def _text(self) -> str:
        return tsv.read_text(self.path, "cues", "correction") if self.path.exists() else ""

    def _write(self, text: str) -> Numbered:
        """Replace the file, unless the run would refuse the new one, and give its rows."""
        with scratch(self.path) as temporary:
            with open(temporary, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            try:
                written = read_numbered(temporary)
            except InputError as error:
                problems = [_about(problem, temporary, self.path) for problem in error.problems]
                raise ConfigError(problems) from None
            if self.path.exists():
                shutil.copymode(self.path, temporary)
            os.replace(temporary, self.path)
        _sync_folder(self.path.parent)
        return written


def version_of(rows: Sequence[Row]) -> str:
    """Give a name to the rows of a film: other rows, another name.

    Parameters
    ----------
    rows : sequence of Row

    Returns
    -------
    str
        A SHA-256.
    """
    lines = "".join("\t".join(row) + "\n" for row in rows)
    return hashlib.sha256(lines.encode()).hexdigest()


@contextlib.contextmanager
def sole_writer(path: Path, address: str) -> Iterator[None]:
    """Hold the file of corrections against other servers; the system frees it with the process.

    Parameters
    ----------
    path : Path
        The file of corrections.
    address : str
        Of this server, for the message of another.

    Raises
    ------
    ConfigError
        If another server holds it, or its folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        what = f"cannot be saved ({error.strerror})"
        raise ConfigError(Problem(str(path), what, "a folder that can be written to")) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = os.read(lock, 200).decode(errors="replace")
        os.close(lock)
        hint = "go on there, or stop it first with Ctrl+C"
        what = f"another `scorelens desk` saves into it: {other}"
        raise ConfigError(Problem(str(path), what, "one writer", hint)) from None
    try:
        os.ftruncate(lock, 0)
        os.write(lock, address.encode())
        yield
    finally:
        os.close(lock)


def _changes(numbered: Numbered, wanted: Sequence[Row]) -> tuple[set[int], list[Row]]:
    """The lines of a film that go, and the rows that come."""
    missing = Counter(wanted)
    dropped = set()
    for number, row in numbered:
        if missing[row]:
            missing[row] -= 1
        else:
            dropped.add(number)
    return dropped, [row for row in dict.fromkeys(wanted) for _ in range(missing[row])]


def _merged(text: str, dropped: set[int], added: Sequence[Row]) -> str:
    """The text of a table without some rows, named by their first line, and with others."""
    starts = [(number, cells) for number, cells in tsv.split_cells(text) if any(cells)]
    if not starts:
        return "".join(f"{line}\n" for line in (HEADER, *map(_line, added)))
    lines = text.split("\n")
    ends = [number for number, _ in starts[1:]] + [len(lines) + 1]
    (first, header), *_ = starts
    kept = lines[: first - 1]
    for (number, _), end in zip(starts, ends, strict=True):
        chunk = lines[number - 1 : end - 1]
        kept += chunk[_length(chunk) :] if number in dropped else chunk
    while kept and not kept[-1]:
        kept.pop()
    columns = [*header, *(name for name in COLUMNS if name not in header)]
    if added and len(columns) > len(header):
        kept[first - 1] = _line(columns)
    new = [
        _line([dict(zip(COLUMNS, row, strict=True)).get(n, "") for n in columns]) for row in added
    ]
    return "".join(f"{line}\n" for line in [*kept, *new])


def _length(chunk: Sequence[str]) -> int:
    """Number of lines of the first row of some lines; empty ones after it are none of it."""
    return next((n for n in range(len(chunk), 0, -1) if chunk[n - 1].strip()), 0)


def _line(cells: Sequence[str]) -> str:
    # A cell that begins with a quote could be read as a quoted one.
    quoted = (f'"{c.replace(chr(34), 2 * chr(34))}"' if c.startswith('"') else c for c in cells)
    return "\t".join(quoted)


def _about(problem: Problem, temporary: Path, path: Path) -> Problem:
    where = problem.where.replace(str(temporary), str(path))
    return Problem(where, problem.what, problem.expected, problem.hint)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
