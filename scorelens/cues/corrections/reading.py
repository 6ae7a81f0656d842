"""Reading the user's file of corrections, checked whole: every fault is listed, not the first.

Imported when the workflow is parsed: light imports only.
"""

import datetime
import os
import re
from collections.abc import Iterator, Mapping

from scorelens import paths, tsv
from scorelens.cues.corrections import CHANGED, COLUMNS, MISSED, VERDICTS
from scorelens.errors import ConfigError, Problem, closest
from scorelens.ids import name_problems
from scorelens.tsv import cell

SETTING = "config: cues.corrections"
REQUIRED = COLUMNS[:5]
REFERENCE = ("film_start_s", "film_end_s", "track_id")
MISSED_CUE = ("new_film_start_s", "new_film_end_s", "new_track_id")
TIMES = tuple(name for name in COLUMNS if name.endswith("_s"))
DIEGETIC = ("yes", "no", "")
SECONDS = re.compile(r"\d+(?:\.\d*)?(?:e[-+]?\d+)?")  # tables may write 0.00001 as 1e-05
FIRST_MOMENT = datetime.datetime.min.replace(tzinfo=datetime.UTC)

Row = tuple[str, ...]  # the cells of COLUMNS


def read_corrections(path: str | os.PathLike) -> dict[str, list[Row]]:
    """Read the corrections of all films.

    Parameters
    ----------
    path : path-like
        TSV with the columns COLUMNS, in any order; those after `verdict` may be absent. A header
        alone is a file without corrections.

    Returns
    -------
    dict of str to list of tuple of str
        The cells of COLUMNS, by film in the order in which they were decided: by `decided_at`, and
        at equal times by the order of the file. A row without a time has that of the row above it.
        Seconds have three decimals.

    Raises
    ------
    ConfigError
        With every fault of every row, or if the table itself does not hold.
    """
    by_film: dict[str, list[Row]] = {}
    for _, row in read_numbered(path):
        by_film.setdefault(row[0], []).append(row)
    return by_film


def read_numbered(path: str | os.PathLike) -> list[tuple[int, Row]]:
    """Read the corrections with the lines that they stand on.

    Parameters
    ----------
    path : path-like
        As of `read_corrections`.

    Returns
    -------
    list of tuple of int and Row
        Number of the line, and the row as `read_corrections` gives it, in the order in which they
        were decided.

    Raises
    ------
    ConfigError
        As of `read_corrections`.
    """
    if faults := list(paths.file_problems(SETTING, str(path), "a TSV table", paths.IN_CONFIG)):
        raise ConfigError(faults)
    further = COLUMNS[len(REQUIRED) :]
    rows = [
        (number, {name: " ".join(row.get(name, "").split()) for name in COLUMNS})
        for number, row in tsv.read_rows(path, REQUIRED, "cues", "correction", further, True)
    ]
    if problems := [fault for number, row in rows for fault in _row_problems(path, number, row)]:
        raise ConfigError(problems)
    seconds = [{name: f"{float(row[name]):.3f}" for name in TIMES if row[name]} for _, row in rows]
    written = [
        (number, tuple((row | cells).values()))
        for (number, row), cells in zip(rows, seconds, strict=True)
    ]
    return _in_order(written)


def moment(text: str) -> datetime.datetime | None:
    """Parse a time by ISO 8601; without a zone it is in UTC.

    Parameters
    ----------
    text : str

    Returns
    -------
    datetime or None
        None if it is no time.

    Examples
    --------
    >>> moment("2026-11-30T21:15:00+01:00") == moment("2026-11-30T20:15:00Z")
    True
    >>> moment("yesterday")
    """
    try:
        parsed = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.UTC)


def _in_order(rows: list[tuple[int, Row]]) -> list[tuple[int, Row]]:
    moments, latest = [], FIRST_MOMENT
    for _, row in rows:
        latest = moment(row[COLUMNS.index("decided_at")]) or latest
        moments.append(latest)
    return [rows[number] for number in sorted(range(len(rows)), key=moments.__getitem__)]


def _row_problems(path, number: int, row: Mapping[str, str]) -> Iterator[Problem]:
    yield from name_problems(
        cell(path, number, "film_id"), row["film_id"], row["film_id"] or "film"
    )
    yield from _word_problems(path, number, row)
    for name in TIMES:
        if row[name] and not SECONDS.fullmatch(row[name]):
            hint = "write a point before the decimals" if "," in row[name] else ""
            what, expected = f"{row[name]!r} is no time", "seconds, such as 83.500"
            yield Problem(cell(path, number, name), what, expected, hint)
    yield from _absence_problems(path, number, row)
    for prefix in ("", "new_"):
        yield from _span_problems(path, number, row, prefix)


def _word_problems(path, number: int, row: Mapping[str, str]) -> Iterator[Problem]:
    for name, allowed in (("verdict", (*VERDICTS, "")), ("diegetic", DIEGETIC)):
        if row[name] not in allowed:
            words = ", ".join(word for word in allowed if word)
            where, what = cell(path, number, name), f"is {row[name]!r}"
            yield Problem(where, what, f"{words}, or nothing", closest(row[name], allowed))
    if row["decided_at"] and not moment(row["decided_at"]):
        where, what = cell(path, number, "decided_at"), f"{row['decided_at']!r} is no time"
        yield Problem(where, what, "a time by ISO 8601, such as 2026-11-30T20:15:00Z")


def _absence_problems(path, number: int, row: Mapping[str, str]) -> Iterator[Problem]:
    """What the verdict of a row needs, and has not."""
    where, is_missed = f"{path}, line {number}", row["verdict"] == MISSED
    absent = [name for name in (MISSED_CUE if is_missed else REFERENCE) if not row[name]]
    if absent:
        about = "of the cue that was missed" if is_missed else "of the cue that is checked"
        what = f"has no {', '.join(absent)}"
        yield Problem(where, what, f"start, end and track {about}")
    new = [name for name in COLUMNS if name.startswith("new_") and row[name]]
    if new and row["verdict"] not in (CHANGED, MISSED):
        what = f"has {', '.join(new)}, but the verdict is {row['verdict'] or 'empty'!r}"
        hint = "a cue that begins, ends or plays something else is changed"
        yield Problem(where, what, f"new values with {CHANGED} and {MISSED} alone", hint)


def _span_problems(path, number: int, row: Mapping[str, str], prefix: str) -> Iterator[Problem]:
    start, end = (row[f"{prefix}film_{edge}_s"] for edge in ("start", "end"))
    if SECONDS.fullmatch(start) and SECONDS.fullmatch(end) and float(end) <= float(start):
        where = cell(path, number, f"{prefix}film_end_s")
        yield Problem(where, f"ends at {end}, but starts at {start}", "an end after the start")
