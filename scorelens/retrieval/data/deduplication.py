"""Remove music that occurs in several parts of the split, so that nothing leaks into the test.

Equal tracks in two parts of the split are removed from the later part: a film without other tracks
is left out, other films lose those tracks only. Equal tracks of two test films stay, since neither
leaks; the log warns, because each lowers the rank of the other.

Tracks are equal if the values of their first fragments are. This finds copies of a file. It does
not find another recording, another edit, or an audible loss of the encoding.
"""

import logging

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from scorelens.retrieval.data.batches import Split, check_part_sizes
from scorelens.retrieval.data.dataset import LEFT_OUT
from scorelens.retrieval.embed.fragment_io import TrackFragments

# Largest difference of a value between equal tracks. The same file differs by at most 0.01 in 23
# tracks (embedded from sound, or pooled from MusiCNN's values by second). Tracks of other films
# differ by at least 0.3 among the 768 of the demo and by at least 0.5 among 379 of games.
TOLERANCE = 0.05

log = logging.getLogger(__name__)


def track_signatures(fragments: TrackFragments) -> np.ndarray:
    """Values of the first fragment of each track; the mean of each band for log-mel.

    Parameters
    ----------
    fragments : TrackFragments
        Fragments of some tracks.

    Returns
    -------
    numpy.ndarray
        float32 (tracks, size).
    """
    first = np.searchsorted(fragments.track, np.arange(len(fragments.track_ids)))
    values = fragments.values[first].astype(np.float32)
    return values.mean(axis=tuple(range(2, values.ndim)))


def remove_duplicates(
    films: pd.DataFrame, tracks: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Remove tracks that an earlier part of the split has too, and log the pairs of films.

    Parameters
    ----------
    films : pandas.DataFrame
        Rows of RETRIEVAL_FILMS.
    tracks : pandas.DataFrame
        `film_id`, `track_id`, `fragments` and `signature` (of `track_signatures`) of all tracks of
        the films of the split; further columns stay.

    Returns
    -------
    films : pandas.DataFrame
        Films with `part`, `problem` and the counts brought up to date.
    tracks : pandas.DataFrame
        The tracks that are left, without `signature`.

    Raises
    ------
    InputError
        If a part of the split is left with too few films.
    """
    pairs = _duplicate_pairs(films, tracks)
    _log_pairs(pairs)
    leaks = pairs[pairs["part"] != pairs["other_part"]]
    is_removed = np.isin(np.arange(len(tracks)), leaks["track"])
    all_removed = pd.Series(is_removed).groupby(tracks["film_id"].to_numpy()).all()
    films = films.set_index("film_id")
    for film_id in all_removed.index[all_removed]:
        others = leaks[leaks["film_id"] == film_id].drop_duplicates("other")
        names = [f"{row.other} ({row.other_part})" for row in others.itertuples()]
        problem = f"all its tracks are those of {', '.join(names)}"
        films.loc[film_id, ["part", "problem"]] = LEFT_OUT, problem
        log.warning("%s is left out: %s", film_id, problem)
    retained = tracks[~is_removed].drop(columns="signature")
    counts = retained.groupby("film_id")["fragments"].agg(tracks="size", fragments="sum")
    films.loc[counts.index, ["tracks", "fragments"]] = counts
    if len(leaks):
        sizes = {part: int((films["part"] == part).sum()) for part in Split._fields}
        check_part_sizes(sizes, "without music that an earlier part has")
    return films.reset_index(), retained


def _duplicate_pairs(films: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """Pairs of equal tracks of two films: track (row), film_id, part, other, other_part.

    `track` is the one of the later part.
    """
    ids = tracks["film_id"].to_numpy()
    part = tracks["film_id"].map(films.set_index("film_id")["part"]).to_numpy()
    part_order = pd.Index(Split._fields).get_indexer(part)
    tree = cKDTree(np.stack(tracks["signature"].tolist()))
    equal = tree.query_pairs(TOLERANCE, p=np.inf, output_type="ndarray")
    order = np.argsort(part_order[equal], axis=1, kind="stable")
    other, track = np.take_along_axis(equal, order, axis=1).T
    columns = {"track": track, "film_id": ids[track], "part": part[track]}
    pairs = pd.DataFrame(columns | {"other": ids[other], "other_part": part[other]})
    pairs = pairs[pairs["film_id"] != pairs["other"]]
    return pairs.sort_values(["film_id", "other", "track"], ignore_index=True)


def _log_pairs(pairs: pd.DataFrame) -> None:
    keys = ["film_id", "part", "other", "other_part"]
    for (film_id, part, other, other_part), rows in pairs.groupby(keys, sort=False):
        number = rows["track"].nunique()
        if part != other_part:
            message = "%s (%s) has music of %s (%s); tracks removed: %d"
            log.warning(message, film_id, part, other, other_part, number)
        elif part == "test":
            message = "%s and %s lower each other's ranks; tracks in common: %d"
            log.warning(message, other, film_id, number)
