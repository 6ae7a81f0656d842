"""Reading tab-separated tables that users write with spreadsheets and editors.

Imported when the workflow is parsed: light imports only.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from scorelens import charsets
from scorelens.errors import ConfigError, Problem, nearest

# A cell and its end. Python's csv would take the quote at the start of `"Crocodile" Dundee` as that
# of a quoted cell, and read on to the next quote.
CELL = re.compile(r'(?:"(?P<quoted>(?:[^"\t]|"")*)"(?=[\t\n]|\Z)|(?P<plain>[^\t\n]*))([\t\n]|\Z)')
# Characters that XML does not allow, so that no page and no figure can contain them.
CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
# Spaces, and characters without a shape: marks of direction, joining and byte order.
INVISIBLE = r"[\s\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+"
EDGES = re.compile(rf"^{INVISIBLE}|{INVISIBLE}$")
SEPARATORS = {",": "commas", ";": "semicolons", "|": "bars"}

Rows = list[tuple[int, dict[str, str]]]


def read_rows(
    path: str | os.PathLike,
    columns: Sequence[str],
    setting: str = "corpus",
    kind: str = "film",
    further: Sequence[str] = (),
    may_be_empty: bool = False,
) -> Rows:
    """Read a TSV table with a header.

    UTF-8 and UTF-16 are read, with any line ends. Cells may be quoted. Spaces around a cell,
    control characters and empty rows are ignored.

    Parameters
    ----------
    path : path-like
        The file.
    columns : sequence of str
        Required columns.
    setting : str
        Block of the configuration that names the table, for error messages.
    kind : str
        What a row describes, for error messages.
    further : sequence of str
        Optional columns, which may not be there twice. Any other columns are allowed.
    may_be_empty : bool
        Whether a header without rows is a table.

    Returns
    -------
    list of (int, dict)
        For each row the number of its line in the file, and its text by column.

    Raises
    ------
    ConfigError
        If the table cannot be read, lacks a column or has it twice, has no rows (unless it may
        be empty), or has rows longer than the header.
    """
    cells = split_cells(read_text(path, setting, kind))
    lines = [(number, row) for number, row in cells if any(row)]
    number, header = lines[0] if lines else (1, [])
    if problems := list(_header_problems(path, number, header, columns, further)):
        raise ConfigError(problems)
    if not lines[1:] and not may_be_empty:
        raise ConfigError(Problem(str(path), "has no rows", f"one row a {kind}"))
    if problems := list(_long_row_problems(path, len(header), lines[1:])):
        raise ConfigError(problems)
    named = [index for index, name in enumerate(header) if name]
    return [
        (number, {header[n]: row[n] if n < len(row) else "" for n in named})
        for number, row in lines[1:]
    ]


def cell(path: str | os.PathLike, number: int, column: str) -> str:
    """Return the position in a table as error messages show it: file, line and column."""
    return f"{path}, line {number}, column {column}"


def read_text(path: str | os.PathLike, setting: str, kind: str) -> str:
    """Read the text of a table, without control characters and with `\\n` as line ends.

    Parameters
    ----------
    path, setting, kind
        As of `read_rows`.

    Returns
    -------
    str

    Raises
    ------
    ConfigError
        If it cannot be read, or its encoding is doubtful.
    """
    hint = f"save the table as UTF-8, tab-separated; set its path with {setting}: {{{kind}s: ...}}"
    try:
        text, doubt = charsets.read_text(path)
    except OSError as error:
        problem = Problem(str(path), f"cannot be read ({error.strerror})", f"a {kind} table", hint)
        raise ConfigError(problem) from None
    if doubt:
        line = next(line for line in text.splitlines() if not line.isascii())
        what = f"is not in UTF-8 ({doubt}, it would read {line.strip()[:60]!r})"
        hint = "save the table as UTF-8, tab-separated; in Excel, as Unicode Text"
        raise ConfigError(Problem(str(path), what, f"a {kind} table in UTF-8 or UTF-16", hint))
    return CONTROL.sub("", text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))


def split_cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """Split the text of a table into rows.

    Parameters
    ----------
    text : str
        With `\\n` as line ends.

    Yields
    ------
    tuple of int and list of str
        The number of the line at which a row starts, and its cells without empty ones at the end.

    Examples
    --------
    >>> list(split_cells('a\\tb\\n"1"\\t\\n'))
    [(1, ['a', 'b']), (2, ['1']), (3, [])]
    """
    first, line, row = 1, 1, []
    for match in CELL.finditer(text):
        quoted, plain, end = match.groups()
        row.append(EDGES.sub("", plain if quoted is None else quoted.replace('""', '"')))
        line += match.group().count("\n")
        if end != "\t":
            while row and not row[-1]:
                row.pop()
            yield first, row
            first, row = line, []


def _header_problems(path, number: int, header, columns, further) -> Iterator[Problem]:
    where = f"{path}, header" if number == 1 else f"{path}, header (line {number})"
    absent = [name for name in columns if name not in header]
    if absent:
        what = f"lacks {', '.join(absent)}"
        yield Problem(where, what, f"columns {', '.join(columns)}", _header_hint(header, absent))
    for name, count in Counter(header).items():
        if count > 1 and name in {*columns, *further}:
            yield Problem(where, f"has the column {name!r} {count} times", "each column once")


def _header_hint(header: Sequence[str], absent: Sequence[str]) -> str:
    if len(header) < 2:
        used = [word for mark, word in SEPARATORS.items() if mark in "".join(header)]
        return f"columns are separated by tabs, not {(used or ['spaces'])[0]}"
    near = [(nearest(name, header), name) for name in absent]
    return "; ".join(f"call the column {old!r} {new!r}" for old, new in near if old)


def _long_row_problems(path, columns: int, rows) -> Iterator[Problem]:
    for number, row in rows:
        if len(row) > columns:
            expected = f"{columns} at most, as many as the header"
            hint = "a tab too many moves what comes after it into another column"
            yield Problem(f"{path}, line {number}", f"has {len(row)} cells", expected, hint)
