"""The schemas of all tables that cross a stage, found in the modules of this folder.

A module declares each of its tables as a constant, `NAME = Table(...)`; nothing else lists them.
All constants are attributes of this package and of `scorelens.tables`. Unless a column says
otherwise, times are float64 seconds from the start of the film's first frame. Identifiers match
`[a-z0-9_]+`. A missing value of a nullable column is a null (Parquet) or an empty field (TSV),
never NaN. A list is a list column (Parquet), or its items joined by semicolons (TSV).
"""

import importlib
import pkgutil

from scorelens.tables.columns import Table

SCHEMAS = {
    name: value
    for module in pkgutil.iter_modules(__path__)
    for name, value in vars(importlib.import_module(f"{__name__}.{module.name}")).items()
    if isinstance(value, Table)
}
globals().update(SCHEMAS)

__all__ = [*SCHEMAS, "SCHEMAS"]
