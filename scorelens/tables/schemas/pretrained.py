"""Schema of the list of pretrained networks."""

from scorelens.tables.columns import (
    Column,
    Table,
    identifier,
)

WEIGHTS = Table(
    "weights",
    "The pretrained networks, and which of them a run uses.",
    (
        identifier("network", "the network, also the name of its feature set"),
        Column(
            "state",
            "string",
            "`used`, `not asked for`, or `left out` because its weights are not available",
        ),
        Column("reason", "string", "why it is left out, and how to get it; else empty"),
        Column("source", "string", "address or package of its files"),
        Column("sha256", "string", "SHA-256 of its published files"),
        Column("licence", "string", "licence of the weights"),
        Column("size_mb", "float64", "size of the published files", "MB", 0),
    ),
)
