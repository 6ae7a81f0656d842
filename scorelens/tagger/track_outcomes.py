"""Which tracks are tagged right, partly right and wrong, and which tags are taken for which.

A track gets as many tags as its film has genres, the likeliest.
"""

import numpy as np
import pandas as pd

from scorelens.evaluation.predictions import HeldOut

RIGHT, PARTLY, WRONG = "right", "partly", "wrong"


def verdicts(tracks: HeldOut) -> pd.DataFrame:
    """The tags of each track and whether all, some or none of them are right.

    Returns the columns of the contract TAGGER_VERDICTS without `model`.
    """
    carried, tagged = _tags(tracks)
    hits, labels = (carried & tagged).sum(axis=1), carried.sum(axis=1)
    order = np.argsort(tracks.place, axis=1)
    names = np.array(tracks.genres, dtype=object)
    said = [tuple(names[row[:number]]) for row, number in zip(order, labels, strict=True)]
    return tracks.units.assign(
        genres=[tuple(names[row]) for row in carried],
        tags=said,
        verdict=np.select([hits == labels, hits > 0], [RIGHT, PARTLY], WRONG),
    )


def confusions(tracks: HeldOut) -> pd.DataFrame:
    """How many tracks of each genre get each tag that their film does not carry.

    Returns the columns of the contract TAGGER_CONFUSIONS without `model`: a row for each pair of
    different genres, also where no track is confused; none of a genre without a track.
    """
    carried, tagged = _tags(tracks)
    counts = carried.T.astype(int) @ (tagged & ~carried)
    support = carried.sum(axis=0)
    pairs = [
        (genre, other)
        for genre in np.flatnonzero(support)
        for other in range(len(tracks.genres))
        if other != genre
    ]
    rows = [
        (tracks.genres[genre], tracks.genres[other], counts[genre, other], support[genre])
        for genre, other in pairs
    ]
    table = pd.DataFrame(rows, columns=["genre", "tagged", "tracks", "support"])
    return table.assign(share=table["tracks"] / table.pop("support"))


def _tags(tracks: HeldOut) -> tuple[np.ndarray, np.ndarray]:
    """The labels of each track and the tags that it gets, bool (tracks, genres)."""
    carried = tracks.true[tracks.film]
    return carried, tracks.place <= carried.sum(axis=1, keepdims=True)
