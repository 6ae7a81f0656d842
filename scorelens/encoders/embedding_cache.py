"""Tables of vectors that frozen networks made: their columns, and rows that need not be made again.

A row bears the SHA-256 of what its vector was made of. As long as code and network are the same,
what is in the table already is kept.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.tables import Table

log = logging.getLogger(__name__)


def column_names(kind: str, size: int) -> list[str]:
    """The columns of a vector's values: `image_0001` and so on."""
    return [f"{kind}_{place:04d}" for place in range(1, size + 1)]


def update_vectors(
    rows: Sequence[Mapping[str, object]],
    embed: Callable[[Sequence[str]], Sequence[np.ndarray]],
    kind: str,
    output: str | os.PathLike,
    table: Table,
    facts: Mapping[str, object],
) -> None:
    """Write a table of vectors; those that stand in it already are not made again.

    rows: the columns of the contract, with `sha256`. embed: makes vectors, each (size,), of what
    has the SHA-256s that it is given; it is not called without any. A row whose vector is NaN,
    since there was nothing to embed, is left out, and that is logged. kind: begins the columns'
    names. facts: what vectors hang on besides; if the table's differ, all are made anew.
    """
    known = _kept_vectors(output, table, facts)
    wanted = list(dict.fromkeys(row["sha256"] for row in rows))
    kept = {sha256: known[sha256] for sha256 in wanted if sha256 in known}
    due = [sha256 for sha256 in wanted if sha256 not in known]
    found = kept | (dict(zip(due, embed(due), strict=True)) if due else {})
    useless = {sha256 for sha256 in wanted if np.isnan(found[sha256]).any()}
    said = [row for row in rows if row["sha256"] not in useless]
    vectors = [found[row["sha256"]] for row in said]
    names = column_names(kind, len(vectors[0]) if vectors else 0)
    values = np.array(vectors, np.float32).reshape(len(said), len(names))
    frame = pd.DataFrame(said, columns=table.names).join(pd.DataFrame(values, columns=names))
    tables.write_table(frame, output, table, facts)
    for row in rows:
        if row["sha256"] in useless:
            log.warning("%s: of no use to the network, left out: %s", kind, row)
    log.info("%d vectors: %d made, %d kept from before", len(wanted), len(due), len(kept))


def _kept_vectors(
    path: str | os.PathLike, table: Table, facts: Mapping[str, object]
) -> dict[str, np.ndarray]:
    """The vectors of a table by SHA-256; none without a table of these facts."""
    if not os.path.exists(path) or not facts.items() <= tables.read_provenance(path).items():
        return {}
    frame = tables.read_table(path, table)
    values = frame[tables.feature_columns(frame, table)].to_numpy(np.float32)
    return dict(zip(frame["sha256"], values, strict=True))
