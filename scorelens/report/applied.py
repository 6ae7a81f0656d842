"""What the report says of new films and albums, as plain values."""

import os
from collections.abc import Sequence

from scorelens import tables
from scorelens.report import svg


def applied_blocks(
    answers: Sequence[str | os.PathLike], figures: Sequence[str | os.PathLike]
) -> list[dict]:
    """A block for each film or album that the models were applied to.

    answers: tables of the contract GENRE_ANSWERS. figures: the SVGs of the same, in their order.
    Returns name, number of tracks (0 for a film), the answers of the whole, a dictionary a genre,
    and the figure as an address.
    """
    blocks = []
    for path, figure in zip(answers, figures, strict=True):
        table = tables.read_table(path, tables.GENRE_ANSWERS)
        whole = table[table["track_id"] == ""]
        blocks.append(
            {
                "name": whole["media"].iloc[0],
                "tracks": table["track_id"].nunique() - 1,
                "answers": whole.to_dict("records"),
                "figure": svg.address(figure),
            }
        )
    return blocks
