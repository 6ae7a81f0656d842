"""Whether the tables of two runs are equal."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

READERS: dict[str, Callable[[Path], object]] = {
    ".tsv": Path.read_bytes,
    ".parquet": pd.read_parquet,
    ".npz": lambda path: dict(np.load(path, allow_pickle=False)),
    ".json": lambda path: json.loads(path.read_text(encoding="utf-8")),
}
LEFT_OUT = ("benchmarks", "pretrained")


def list_tables(results: Path, of: set[str] | None = None) -> list[Path]:
    """Tables and arrays of a run, or those that a film or album of `of` has alone."""
    paths = [path.relative_to(results) for path in sorted(results.rglob("*"))]
    tables = [path for path in paths if path.suffix in READERS and path.parts[0] not in LEFT_OUT]
    return [path for path in tables if of is None or names(path) & of]


def names(path: Path) -> set[str]:
    """The ids that a path may stand for."""
    return {path.name.split(".")[0], *path.parts[:-1]}


def differences(first: Path, second: Path, tables: list[Path]) -> list[str]:
    """The tables that are not equal in two folders, or lack in one."""
    return [str(path) for path in tables if not are_equal(first / path, second / path)]


def are_equal(first: Path, second: Path) -> bool:
    """Whether two files hold the same, with NaN equal to NaN."""
    if not (first.exists() and second.exists()):
        return False
    if first.read_bytes() == second.read_bytes():
        return True
    read = READERS[first.suffix]
    return _same(read(first), read(second))


def _same(one, other) -> bool:
    if isinstance(one, pd.DataFrame):
        return one.equals(other)
    if isinstance(one, dict) and all(isinstance(value, np.ndarray) for value in one.values()):
        return one.keys() == other.keys() and all(
            np.array_equal(one[key], other[key], equal_nan=one[key].dtype.kind in "fc")
            for key in one
        )
    return one == other
