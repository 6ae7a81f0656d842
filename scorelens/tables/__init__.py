"""Tables that cross a stage: their schemas, and reading and writing files checked against them."""

from scorelens.tables import schemas
from scorelens.tables.columns import Column, Table
from scorelens.tables.files import (
    as_typed,
    atomic,
    digest,
    feature_columns,
    read_provenance,
    read_table,
    scratch,
    to_arrow,
    write_table,
)
from scorelens.tables.schemas import *  # noqa: F403

__all__ = [
    *schemas.__all__,
    "Column",
    "Table",
    "as_typed",
    "atomic",
    "digest",
    "feature_columns",
    "read_provenance",
    "read_table",
    "scratch",
    "to_arrow",
    "write_table",
]
