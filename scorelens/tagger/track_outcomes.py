"""Which tracks are tagged correctly, partly and wrongly, and which genres are confused.

A track gets as many tags as its film has genres, the most probable ones.
"""

import numpy as np
import pandas as pd

from scorelens.evaluation.predictions import Predictions

CORRECT, PARTLY, WRONG = "right", "partly", "wrong"


def track_outcomes(tracks: Predictions) -> pd.DataFrame:
    """List the tags of each track, and whether all, some or none of them are correct.

    Parameters
    ----------
    tracks : Predictions
        From `predictions.read_tracks`.

    Returns
    -------
    pandas.DataFrame, one row per track
        The columns of TAGGER_OUTCOMES without `model`.
    """
    labels, tags = _labels_and_tags(tracks)
    hits, count = (labels & tags).sum(axis=1), labels.sum(axis=1)
    order = np.argsort(tracks.rank, axis=1)
    names = np.array(tracks.genres, dtype=object)
    ranked = [tuple(names[row[:number]]) for row, number in zip(order, count, strict=True)]
    return tracks.units.assign(
        genres=[tuple(names[row]) for row in labels],
        tags=ranked,
        outcome=np.select([hits == count, hits > 0], [CORRECT, PARTLY], WRONG),
    )


def confusions(tracks: Predictions) -> pd.DataFrame:
    """Count, for each genre, the tracks with each tag that their film does not carry.

    Parameters
    ----------
    tracks : Predictions
        From `predictions.read_tracks`.

    Returns
    -------
    pandas.DataFrame, one row per pair of different genres
        The columns of TAGGER_CONFUSIONS without `model`, also where no track is confused; none of a
        genre without a track.
    """
    labels, tags = _labels_and_tags(tracks)
    counts = labels.T.astype(int) @ (tags & ~labels)
    support = labels.sum(axis=0)
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


def _labels_and_tags(tracks: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """The labels of each track and the tags that it gets, bool (tracks, genres)."""
    labels = tracks.unit_labels
    return labels, tracks.rank <= labels.sum(axis=1, keepdims=True)
