"""Reading tables from Parquet and TSV files, and writing them, checked against their schemas."""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scorelens import __version__
from scorelens.errors import Problem, TableError, naming_damage
from scorelens.tables.columns import Column, Table
from scorelens.tables.schemas.features import FEATURES

SLUG = re.compile(r"[a-z0-9_]+")
SEPARATOR = ";"  # of the items of a list in a TSV file


def write_table(
    frame: pd.DataFrame,
    path: str | os.PathLike,
    table: Table,
    provenance: Mapping[str, object] | None = None,
) -> None:
    """Check a data frame against a schema and write it, as Parquet or TSV by the suffix of `path`.

    Parameters
    ----------
    frame : DataFrame
        One column for each of the schema's, in any order; lists as tuples or lists.
    path : path-like
        The file; `.parquet` for Parquet, any other suffix for TSV. Written atomically.
    table : Table
        The schema. Columns are written in its order.
    provenance : mapping of str to object, optional
        Values that JSON can hold, such as settings and hashes of the sources. A Parquet file keeps
        them in its metadata under `scorelens`, with the version of scorelens.

    Raises
    ------
    TableError
        If the frame does not fit the schema. Nothing is written then.
    """
    arrow = to_arrow(frame, table)
    if Path(path).suffix != ".parquet":
        with atomic(path) as temporary:
            whole = arrow.to_pandas(integer_object_nulls=True)  # or 3 beside a null becomes 3.0
            for column in _list_columns(table, whole):
                whole[column.name] = [_joined(items, column) for items in whole[column.name]]
            whole.to_csv(temporary, sep="\t", index=False, lineterminator="\n")
        return
    record = json.dumps({"version": __version__, **(provenance or {})}, sort_keys=True)
    arrow = arrow.replace_schema_metadata({"scorelens": record})
    strings = [f.name for f in arrow.schema if f.type == pa.string()]
    with atomic(path) as temporary:
        pq.write_table(arrow, temporary, compression="zstd", use_dictionary=strings)


def read_table(
    path: str | os.PathLike, table: Table, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Read a table that `write_table` wrote, with the types of its schema.

    Parameters
    ----------
    path : path-like
        The file; `.parquet` for Parquet, any other suffix for TSV.
    table : Table
        The schema.
    columns : sequence of str, optional
        The columns to read, all by default.

    Returns
    -------
    DataFrame
        Lists are tuples, whatever the format of the file.

    Raises
    ------
    TableError
        If the file does not fit the schema.
    InputError
        If the file is damaged.
    """
    if Path(path).suffix == ".parquet":
        with naming_damage(path, f"a Parquet table of {table.name}"):
            frame = pq.read_table(path, columns=columns).to_pandas()
        for column in _list_columns(table, frame):
            frame[column.name] = [tuple(items.tolist()) for items in frame[column.name]]
        return frame
    types = {c.name: _pandas_type(c) for c in table.columns}
    try:
        frame = pd.read_csv(
            path, sep="\t", dtype=types, keep_default_na=False, na_values=_blanks(table)
        )
        for column in _list_columns(table, frame):
            frame[column.name] = [_split(text, column) for text in frame[column.name]]
    except (ValueError, pd.errors.ParserError) as error:
        raise TableError(Problem(str(path), str(error), f"the columns of {table.name}")) from error
    absent = [name for name in table.names if name not in frame]
    if absent:
        raise TableError(
            Problem(str(path), f"lacks {', '.join(absent)}", f"the columns of {table.name}")
        )
    return frame[columns] if columns else frame


def read_provenance(path: str | os.PathLike) -> dict:
    """Return the `scorelens` metadata of a Parquet table.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with naming_damage(path, "a Parquet table"):
        return json.loads(pq.read_schema(path).metadata[b"scorelens"])


def feature_columns(frame: pd.DataFrame, table: Table = FEATURES) -> list[str]:
    """Return the names of the columns of a frame that its schema does not declare: the features."""
    return [name for name in frame.columns if name not in table.names]


def digest(values: object) -> str:
    """Return 12 hexadecimal digits that identify a configuration value in provenance.

    Examples
    --------
    >>> digest({"folds": 3}) == digest({"folds": 3}) != digest({"folds": 4})
    True
    """
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@contextlib.contextmanager
def atomic(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it if the block succeeds.

    If the block fails, the temporary file is removed and `path` stays as it was.
    """
    with scratch(path) as temporary:
        yield temporary
        os.replace(temporary, path)


@contextlib.contextmanager
def scratch(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a hidden path beside `path` for a temporary file, removed at the end of the block.

    The name holds the process id, so that a job left over from a killed run does no harm. Temporary
    files of killed jobs for the same `path` are removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    name = f".{path.stem}.{{}}.part{path.suffix}"
    for stale in path.parent.glob(name.format("[0-9]*")):
        stale.unlink(missing_ok=True)
    temporary = path.with_name(name.format(os.getpid()))
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def to_arrow(frame: pd.DataFrame, table: Table) -> pa.Table:
    """Return a data frame as an Arrow table of a schema.

    Raises
    ------
    TableError
        Listing everything in which the frame does not fit the schema.
    """
    names = table.names
    absent = [name for name in names if name not in frame]
    extra = feature_columns(frame, table)
    problems = [_problem(table, name, "is absent", "this column") for name in absent]
    if not table.features:
        problems += [_problem(table, name, "is not declared", f"one of {names}") for name in extra]
        extra = []
    if not problems:
        problems = [p for c in table.columns for p in _value_problems(frame[c.name], c, table)]
        problems += [
            _problem(table, name, "holds an infinite value", "finite numbers or nulls")
            for name in extra
            if np.isinf(frame[name].to_numpy(np.float32, na_value=np.nan)).any()
        ]
    if problems:
        raise TableError(problems)
    fields = [pa.field(c.name, _arrow_type(c), c.nullable) for c in table.columns]
    fields += [pa.field(name, pa.float32(), True) for name in extra]
    lists = {column.name: object for column in _list_columns(table, frame)}  # if empty, float64
    return pa.Table.from_pandas(
        frame[names + extra].astype(lists), pa.schema(fields), preserve_index=False, safe=False
    )


def as_typed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return a data frame with the columns of a schema in their order and of their types."""
    kinds = {c.name: _pandas_type(c) for c in table.columns if not c.item_dtype}
    return frame[table.names].astype(kinds)


def _value_problems(values: pd.Series, column: Column, table: Table) -> list[Problem]:
    missing = values.isna()
    if missing.any() and not column.nullable:
        return [_problem(table, column.name, f"is missing in row {_row(missing)}", "a value")]
    present = values[~missing]
    if column.item_dtype:
        return _list_problems(present, column, table)
    if column.slug:
        wrong = ~present.astype(str).str.fullmatch(SLUG)
        if wrong.any():
            what = f"is {present[wrong].iloc[0]!r} in row {_row(wrong)}"
            return [_problem(table, column.name, what, "letters a-z, digits and underscores")]
    return _range_problems(present, column, table)


def _list_problems(values: pd.Series, column: Column, table: Table) -> list[Problem]:
    """A list that is a single text would come apart into letters, an item with `;` into two."""
    kind = str if column.item_dtype == "string" else (int, float, np.number)
    wrong = ~values.map(
        lambda items: (
            isinstance(items, tuple | list | np.ndarray)
            and all(isinstance(item, kind) and SEPARATOR not in str(item) for item in items)
        )
    ).astype(bool)
    if not wrong.any():
        return []
    what = f"is {values[wrong].iloc[0]!r} in row {_row(wrong)}"
    expected = f"a list of {column.item_dtype} without semicolons"
    return [_problem(table, column.name, what, expected)]


def _range_problems(values: pd.Series, column: Column, table: Table) -> list[Problem]:
    if column.dtype in ("string", "bool"):
        return []
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    wrong = ~values.between(low, high) | ~np.isfinite(values.astype(float))
    if not wrong.any():
        return []
    what = f"is {values[wrong].iloc[0]} in row {_row(wrong)}"
    return [_problem(table, column.name, what, f"{low} to {high} {column.unit}".rstrip())]


def _problem(table: Table, column: str, what: str, expected: str) -> Problem:
    return Problem(f"table {table.name}, column {column}", what, expected)


def _row(mask: pd.Series) -> int:
    return int(np.flatnonzero(mask.to_numpy())[0])


def _arrow_type(column: Column) -> pa.DataType:
    if column.item_dtype:
        return pa.list_(getattr(pa, column.item_dtype)())
    return pa.bool_() if column.dtype == "bool" else getattr(pa, column.dtype)()


def _pandas_type(column: Column) -> str:
    if column.dtype == "int64" and column.nullable:
        return "Int64"
    return "str" if column.dtype == "string" or column.item_dtype else column.dtype


def _blanks(table: Table) -> dict[str, list[str]]:
    return {c.name: [""] for c in table.columns if c.nullable or c.dtype.startswith("float")}


def _list_columns(table: Table, frame: pd.DataFrame) -> list[Column]:
    return [column for column in table.columns if column.item_dtype and column.name in frame]


def _joined(items: Iterable, column: Column) -> str:
    if column.decimals is not None:
        return SEPARATOR.join(f"{item:.{column.decimals}f}" for item in items)
    return SEPARATOR.join(map(str, items))


def _split(text: str, column: Column) -> tuple:
    items = text.split(SEPARATOR) if text else ()
    return tuple(items if column.item_dtype == "string" else map(float, items))
