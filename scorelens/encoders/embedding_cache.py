"""Tables of embeddings: their columns, and rows that need not be computed again.

A row has the SHA-256 of what its embedding was computed from. While code and network are the same,
the embeddings in the table are kept.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.tables import Table

log = logging.getLogger(__name__)


def column_names(prefix: str, size: int) -> list[str]:
    """Name the columns of an embedding.

    Parameters
    ----------
    prefix : str
    size : int
        Values of an embedding.

    Returns
    -------
    list of str

    Examples
    --------
    >>> column_names("image", 2)
    ['image_0001', 'image_0002']
    """
    return [f"{prefix}_{number:04d}" for number in range(1, size + 1)]


def update_embeddings(
    rows: Sequence[Mapping[str, object]],
    embed: Callable[[Sequence[str]], Sequence[np.ndarray]],
    prefix: str,
    output: str | os.PathLike,
    table: Table,
    provenance: Mapping[str, object],
) -> None:
    """Write a table of embeddings; those that are in it already are not computed again.

    A row whose embedding is NaN, since its input had nothing to embed, is left out and logged.

    Parameters
    ----------
    rows : sequence of mapping
        The columns of the schema, with `sha256`.
    embed : callable
        Takes SHA-256s and returns an embedding (size,) of the input of each. It is not called
        without any.
    prefix : str
        Begins the names of the columns of values.
    output : path
        The table to write or to update.
    table : Table
        Its schema.
    provenance : mapping
        What the embeddings depend on besides; if the table's differs, all are computed.
    """
    known = _known_embeddings(output, table, provenance)
    hashes = list(dict.fromkeys(row["sha256"] for row in rows))
    reused = {sha256: known[sha256] for sha256 in hashes if sha256 in known}
    stale = [sha256 for sha256 in hashes if sha256 not in known]
    embeddings = reused | (dict(zip(stale, embed(stale), strict=True)) if stale else {})
    empty = {sha256 for sha256 in hashes if np.isnan(embeddings[sha256]).any()}
    written = [row for row in rows if row["sha256"] not in empty]
    vectors = [embeddings[row["sha256"]] for row in written]
    names = column_names(prefix, len(vectors[0]) if vectors else 0)
    values = np.array(vectors, np.float32).reshape(len(written), len(names))
    frame = pd.DataFrame(written, columns=table.names).join(pd.DataFrame(values, columns=names))
    tables.write_table(frame, output, table, provenance)
    for row in rows:
        if row["sha256"] in empty:
            log.warning("%s: has nothing to embed, left out: %s", prefix, row)
    log.info("%d embeddings: %d computed, %d kept", len(hashes), len(stale), len(reused))


def is_current(output: str | os.PathLike, provenance: Mapping[str, object]) -> bool:
    """Tell whether a table is there that was made of the same inputs.

    Parameters
    ----------
    output : path
        A Parquet table.
    provenance : mapping
        Must be part of the table's provenance.

    Returns
    -------
    bool
    """
    return os.path.exists(output) and provenance.items() <= tables.read_provenance(output).items()


def _known_embeddings(
    path: str | os.PathLike, table: Table, provenance: Mapping[str, object]
) -> dict[str, np.ndarray]:
    """The embeddings of a table by SHA-256; none without a table of this provenance."""
    if not is_current(path, provenance):
        return {}
    frame = tables.read_table(path, table)
    values = frame[tables.feature_columns(frame, table)].to_numpy(np.float32)
    return dict(zip(frame["sha256"], values, strict=True))
