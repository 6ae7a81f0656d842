"""Join new rows of a table with those of the last time, and with what people made of them.

Three sides meet in every cell: what was written the last time (the record), what the table has now,
and what the library says now. Where the table still has what was written, the library's value goes
in; otherwise a person edited the cell, and it stays.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Row = dict[str, str]


@dataclass
class Merged:
    """A table after merging.

    Parameters
    ----------
    rows : list of Row
        In the order of the table; new rows are last.
    record : dict of str to Row
        What was written, by key.
    row_of : dict of str to Row
        The row of each key that has one.
    added, removed, edited, deleted, gone : list of str
        Keys of rows that are new; that were taken out with what they describe; of which a person
        edited a cell; that a person took out; and that stay, for a person edited them, though what
        they describe is gone.
    """

    rows: list[Row]
    record: dict[str, Row]
    row_of: dict[str, Row] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def merge(
    rows: Sequence[Row],
    record: Mapping[str, Row],
    new: Mapping[str, Row],
    link: Sequence[str],
    stays: Collection[str] = (),
    keeps: Collection[str] = (),
) -> Merged:
    """Join the rows of a table with new ones.

    Parameters
    ----------
    rows : sequence of Row
        The table as it is now.
    record : mapping of str to Row
        What was written the last time, by key.
    new : mapping of str to Row
        What the library says now, by key.
    link : sequence of str
        Columns by which the row of a key is found, the first that has a row.
    stays : collection of str
        Keys about which the library says nothing now, so that their rows stay as they are.
    keeps : collection of str
        Keys whose rows count as edited, for a person edited what belongs to them.

    Returns
    -------
    Merged
        A row without an edit goes with what it describes; an edited one stays. A row that a person
        took out is not written again. Rows that a person wrote stay.

    Examples
    --------
    >>> table = [{"id": "heat", "title": "Heat", "genres": "Noir"}]
    >>> written = {"heat.mkv": {"id": "heat", "title": "Heat", "genres": "Crime"}}
    >>> now = {"heat.mkv": {"id": "heat", "title": "HEAT", "genres": "Crime"}}
    >>> merge(table, written, now, ["id"]).rows
    [{'id': 'heat', 'title': 'HEAT', 'genres': 'Noir'}]
    """
    merged = Merged([dict(row) for row in rows], {})
    linked = dict(_link(merged.rows, record, link))
    for key, written in record.items():
        row = linked.get(key)
        if row is None:
            merged.record[key] = written
            merged.deleted.append(key)
        elif key in new or key in stays:
            merged.record[key] = _update(row, written, new.get(key, written))
            merged.row_of[key] = row
            if _is_edited(row, merged.record[key]):
                merged.edited.append(key)
        elif key in keeps or _is_edited(row, written):
            merged.record[key], merged.row_of[key] = written, row
            merged.gone.append(key)
        else:
            merged.removed.append(key)
            merged.rows = [other for other in merged.rows if other is not row]
    for key in new.keys() - record.keys():
        merged.added.append(key)
    merged.added.sort(key=list(new).index)
    for key in merged.added:
        merged.rows.append(dict(new[key]))
        merged.record[key], merged.row_of[key] = dict(new[key]), merged.rows[-1]
    return merged


def edited_keys(
    rows: Sequence[Row], record: Mapping[str, Row], link: Sequence[str]
) -> frozenset[str]:
    """Keys of the rows of a table that a person edited.

    Parameters
    ----------
    rows : sequence of Row
        The table as it is now.
    record : mapping of str to Row
        What was written the last time, by key.
    link : sequence of str
        As of `merge`.

    Returns
    -------
    frozenset of str
    """
    linked = _link(rows, record, link)
    return frozenset(key for key, row in linked if _is_edited(row, record[key]))


def _link(
    rows: Sequence[Row], record: Mapping[str, Row], columns: Sequence[str]
) -> Iterator[tuple[str, Row]]:
    """The row of each key of the record that still has one."""
    taken: set[int] = set()
    waiting = dict(record)
    for column in columns:
        by_cell = {row[column]: row for row in reversed(rows) if row.get(column)}
        for key, written in list(waiting.items()):
            row = by_cell.get(written.get(column, ""))
            if row is not None and id(row) not in taken:
                taken.add(id(row))
                del waiting[key]
                yield key, row


def _update(row: Row, written: Row, new: Row) -> Row:
    """Put new values into the cells without an edit; return what the record then holds."""
    record = {}
    for column, value in new.items():
        if row.get(column, "") in (written.get(column, ""), value):
            row[column] = record[column] = value
        else:
            record[column] = written.get(column, "")
    return record


def _is_edited(row: Row, written: Row) -> bool:
    return any(row.get(column, "") != value for column, value in written.items())


def unused_name(base: str, taken: Collection[str]) -> str:
    """The name, or the first one with a number behind it that is not taken.

    Examples
    --------
    >>> unused_name("heat", {"heat", "heat_2"})
    'heat_3'
    """
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name
