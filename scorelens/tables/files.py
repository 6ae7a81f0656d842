"""Tables in and out of files, checked against their contract on the way out."""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scorelens import __version__
from scorelens.errors import Problem, TableError, naming_damage
from scorelens.tables.columns import Column, Table
from scorelens.tables.schemas import FEATURES

SLUG = re.compile(r"[a-z0-9_]+")


def write_table(
    frame: pd.DataFrame,
    path: str | os.PathLike,
    table: Table,
    provenance: Mapping[str, object] | None = None,
) -> None:
    """Check a frame against its contract and write it, Parquet or TSV by the ending of `path`.

    Columns are put in the contract's order. `provenance` (config values, hashes of the source
    media) is kept in a Parquet file's metadata under `scorelens`, with the version.
    Raises TableError, before anything is written, if the frame breaks the contract.
    """
    arrow = to_arrow(frame, table)
    if Path(path).suffix != ".parquet":
        with atomic(path) as temporary:
            whole = arrow.to_pandas(integer_object_nulls=True)  # or 3 beside a null becomes 3.0
            whole.to_csv(temporary, sep="\t", index=False, lineterminator="\n")
        return
    facts = json.dumps({"version": __version__, **(provenance or {})}, sort_keys=True)
    arrow = arrow.replace_schema_metadata({"scorelens": facts})
    ids = [f.name for f in arrow.schema if f.type == pa.string()]
    with atomic(path) as temporary:
        pq.write_table(arrow, temporary, compression="zstd", use_dictionary=ids)


def read_table(
    path: str | os.PathLike, table: Table, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Read a table that `write_table` wrote, with the contract's types.

    columns: the ones wanted, all by default. Raises TableError if the file breaks the contract,
    InputError if it is damaged.
    """
    if Path(path).suffix == ".parquet":
        with naming_damage(path, f"a Parquet table of {table.name}"):
            return pq.read_table(path, columns=columns).to_pandas()
    types = {c.name: _pandas_type(c) for c in table.columns}
    try:
        frame = pd.read_csv(
            path, sep="\t", dtype=types, keep_default_na=False, na_values=_blanks(table)
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise TableError(Problem(str(path), str(error), f"the columns of {table.name}")) from error
    absent = [name for name in table.names if name not in frame]
    if absent:
        raise TableError(
            Problem(str(path), f"lacks {', '.join(absent)}", f"the columns of {table.name}")
        )
    return frame[columns] if columns else frame


def read_provenance(path: str | os.PathLike) -> dict:
    """The `scorelens` metadata of a Parquet table. Raises InputError if the file is damaged."""
    with naming_damage(path, "a Parquet table"):
        return json.loads(pq.read_schema(path).metadata[b"scorelens"])


def feature_columns(frame: pd.DataFrame, table: Table = FEATURES) -> list[str]:
    """The names of the feature columns, those that the contract does not name itself."""
    return [name for name in frame.columns if name not in table.names]


def digest(values: object) -> str:
    """12 hex digits that stand for a configuration value, for provenance."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@contextlib.contextmanager
def atomic(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary path beside `path`, renamed to it if the block succeeds, removed if it fails."""
    with scratch(path) as temporary:
        yield temporary
        os.replace(temporary, path)


@contextlib.contextmanager
def scratch(path: str | os.PathLike) -> Iterator[Path]:
    """A hidden path beside `path` for a file that does not outlive the block.

    The name is the process's own, so that a job left over from a killed run does no harm; what
    killed jobs left there under such names is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    name = f".{path.stem}.{{}}.part{path.suffix}"
    for left in path.parent.glob(name.format("[0-9]*")):
        left.unlink(missing_ok=True)
    temporary = path.with_name(name.format(os.getpid()))
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def to_arrow(frame: pd.DataFrame, table: Table) -> pa.Table:
    """The frame as an Arrow table of the contract's schema. Raises TableError with every fault."""
    names = table.names
    absent = [name for name in names if name not in frame]
    extra = feature_columns(frame, table)
    problems = [_problem(table, name, "is absent", "this column") for name in absent]
    if not table.features:
        problems += [_problem(table, name, "is not declared", f"one of {names}") for name in extra]
        extra = []
    if not problems:
        problems = [p for c in table.columns for p in _faults(frame[c.name], c, table)]
        problems += [
            _problem(table, name, "holds an infinite value", "finite numbers or nulls")
            for name in extra
            if np.isinf(frame[name].to_numpy(np.float32, na_value=np.nan)).any()
        ]
    if problems:
        raise TableError(problems)
    fields = [pa.field(c.name, _arrow_type(c), c.nullable) for c in table.columns]
    fields += [pa.field(name, pa.float32(), True) for name in extra]
    return pa.Table.from_pandas(
        frame[names + extra], pa.schema(fields), preserve_index=False, safe=False
    )


def _faults(values: pd.Series, column: Column, table: Table) -> list[Problem]:
    missing = values.isna()
    if missing.any() and not column.nullable:
        return [_problem(table, column.name, f"is missing in row {_row(missing)}", "a value")]
    present = values[~missing]
    if column.slug:
        wrong = ~present.astype(str).str.fullmatch(SLUG)
        if wrong.any():
            found = f"is {present[wrong].iloc[0]!r} in row {_row(wrong)}"
            return [_problem(table, column.name, found, "letters a-z, digits and underscores")]
    return _out_of_range(present, column, table)


def _out_of_range(values: pd.Series, column: Column, table: Table) -> list[Problem]:
    if column.dtype in ("string", "bool"):
        return []
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    wrong = ~values.between(low, high) | ~np.isfinite(values.astype(float))
    if not wrong.any():
        return []
    found = f"is {values[wrong].iloc[0]} in row {_row(wrong)}"
    return [_problem(table, column.name, found, f"{low} to {high} {column.unit}".rstrip())]


def _problem(table: Table, column: str, what: str, expected: str) -> Problem:
    return Problem(f"table {table.name}, column {column}", what, expected)


def _row(mask: pd.Series) -> int:
    return int(np.flatnonzero(mask.to_numpy())[0])


def _arrow_type(column: Column) -> pa.DataType:
    return pa.bool_() if column.dtype == "bool" else getattr(pa, column.dtype)()


def _pandas_type(column: Column) -> str:
    if column.dtype == "int64" and column.nullable:
        return "Int64"
    return "str" if column.dtype == "string" else column.dtype


def _blanks(table: Table) -> dict[str, list[str]]:
    return {c.name: [""] for c in table.columns if c.nullable or c.dtype.startswith("float")}
