"""Read and write the tables that people edit, losing nothing that they wrote."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from scorelens import charsets, tsv
from scorelens.tables import atomic

Row = dict[str, str]


def clean_cell(text: object) -> str:
    """A value as a cell has it after it was written and read: in one line, without odd spaces.

    Examples
    --------
    >>> clean_cell(" a\\tb "), clean_cell(None), clean_cell(1995)
    ('a b', '', '1995')
    """
    if text is None:
        return ""
    line = str(text).replace("\t", " ").replace("\n", " ").replace("\r", " ")
    return tsv.EDGES.sub("", tsv.CONTROL.sub("", line))


def read_table(path: Path, columns: Sequence[str]) -> tuple[list[str], list[Row]]:
    """Columns and rows of a table that may be absent or without rows.

    Parameters
    ----------
    path : Path
        TSV with a header.
    columns : sequence of str
        Those that the table must have, and those of a table that is absent.

    Returns
    -------
    columns : list of str
        Those of the file in its order, and of `columns` those that it lacks.
    rows : list of dict
        Text by column.

    Raises
    ------
    ConfigError
        If the file is no such table.
    """
    if not path.exists():
        return list(columns), []
    lines = charsets.read_text(path)[0].lstrip("\ufeff").splitlines()
    filled = [line for line in lines if line.strip()]
    if len(filled) < 2 and "".join(filled).split("\t")[: len(columns)] == list(columns):
        return list(columns), []
    rows = [row for _, row in tsv.read_rows(path, columns[:1], "init", "row", columns)]
    header = list(dict.fromkeys([*rows[0], *columns]))
    return header, [dict.fromkeys(header, "") | row for row in rows]


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bool:
    """Write a table if its file has other rows, or none.

    Parameters
    ----------
    path : Path
        The file, written atomically.
    columns : sequence of str
    rows : iterable of mapping

    Returns
    -------
    bool
        Whether it was written.
    """
    rows = [{name: row.get(name, "") for name in columns} for row in rows]
    if path.exists() and read_table(path, columns) == (list(columns), rows):
        return False
    lines = [columns, *([row[name] for name in columns] for row in rows)]
    text = "".join("\t".join(map(_quoted, line)) + "\n" for line in lines)
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return True


def _quoted(cell: str) -> str:
    """A cell that begins with a quote is quoted, for it would be read as one that is."""
    return '"' + cell.replace('"', '""') + '"' if cell.startswith('"') else cell


def path_cell(path: str, folder: Path) -> str:
    """A path as a table in a folder has it: relative to it if it is below, otherwise absolute."""
    inside = os.path.relpath(path, folder)
    return clean_cell(path if inside.startswith("..") else inside)
