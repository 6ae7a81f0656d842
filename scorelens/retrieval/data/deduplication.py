"""The same music in several films: an album that is there twice, a track under another film's name.

On both sides of the split it would be music that a model learnt from and is tested on. The later
side goes without: a film that has nothing else is left out, of another only those tracks are.
Within the test films it stays, for neither side is wrong; but there one film's track stands in the
way of the other's, and the log says so.

Tracks are the same if the values of their first fragments are. That holds for copies of a file, and
tells nothing of another recording, another cut, or an encoding that can be heard.
"""

import logging

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from scorelens.retrieval.data.batches import Split, check_parts
from scorelens.retrieval.data.dataset import LEFT_OUT
from scorelens.retrieval.embed.fragment_io import TrackFragments

# Of a value. One file, heard by itself or with MusiCNN's values of its seconds at hand, differs by
# 0.01 at most in 23 tracks; other tracks of other films by 0.3 at least among the 768 of the demo,
# and by 0.5 among 379 of games.
ALIKE = 0.05

log = logging.getLogger(__name__)


def openings(sound: TrackFragments) -> np.ndarray:
    """What tells tracks apart: the values of their first fragments, of log-mel the mean of a band.

    Returns float32 (tracks, size).
    """
    first = np.searchsorted(sound.track, np.arange(len(sound.track_ids)))
    values = sound.values[first].astype(np.float32)
    return values.mean(axis=tuple(range(2, values.ndim)))


def leave_out_copies(
    films: pd.DataFrame, tracks: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out music that an earlier part of the split has; log each pair of such films.

    films: rows of RETRIEVAL_FILMS. tracks: `film_id`, `track_id`, `fragments` and `opening` (of
    `openings`) of all tracks of the films that take part. Returns both without what is left out,
    and the tracks without `opening`; films are told apart by `part` and `problem`, and the counts
    of the others are those of the tracks that are left. Raises InputError if a part of the split
    then has too few films.
    """
    shared = _shared(films, tracks)
    _warn(shared)
    copies = shared[shared["part"] != shared["other_part"]]
    is_copy = np.isin(np.arange(len(tracks)), copies["track"])
    own = pd.Series(is_copy).groupby(tracks["film_id"].to_numpy()).all()
    films = films.set_index("film_id")
    for film_id in own.index[own]:
        others = copies[copies["film_id"] == film_id].drop_duplicates("other")
        named = [f"{row.other} ({row.other_part})" for row in others.itertuples()]
        problem = f"all its tracks are those of {', '.join(named)}"
        films.loc[film_id, ["part", "problem"]] = LEFT_OUT, problem
        log.warning("%s is left out: %s", film_id, problem)
    kept = tracks[~is_copy].drop(columns="opening")
    counts = kept.groupby("film_id")["fragments"].agg(tracks="size", fragments="sum")
    films.loc[counts.index, ["tracks", "fragments"]] = counts
    if len(copies):
        parts = {part: int((films["part"] == part).sum()) for part in Split._fields}
        check_parts(parts, "without music that an earlier part has")
    return films.reset_index(), kept


def _shared(films: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """The pairs of the same track in two films, the one of the later part first.

    Returns the columns track (its row), film_id, part, other, other_part.
    """
    ids = tracks["film_id"].to_numpy()
    part = tracks["film_id"].map(films.set_index("film_id")["part"]).to_numpy()
    place = pd.Index(Split._fields).get_indexer(part)
    tree = cKDTree(np.stack(tracks["opening"].tolist()))
    pairs = tree.query_pairs(ALIKE, p=np.inf, output_type="ndarray")
    order = np.argsort(place[pairs], axis=1, kind="stable")
    other, track = np.take_along_axis(pairs, order, axis=1).T
    columns = {"track": track, "film_id": ids[track], "part": part[track]}
    found = pd.DataFrame(columns | {"other": ids[other], "other_part": part[other]})
    found = found[found["film_id"] != found["other"]]
    return found.sort_values(["film_id", "other", "track"], ignore_index=True)


def _warn(shared: pd.DataFrame) -> None:
    names = ["film_id", "part", "other", "other_part"]
    for (film_id, part, other, other_part), own in shared.groupby(names, sort=False):
        number = own["track"].nunique()
        if part != other_part:
            said = "%s (%s) has music of %s (%s); tracks that are left out: %d"
            log.warning(said, film_id, part, other, other_part, number)
        elif part == "test":
            said = "%s and %s spoil each other's ranks; tracks in common: %d"
            log.warning(said, other, film_id, number)
