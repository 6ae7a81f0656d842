"""Bags of instances: the cues of every film, or their frames, for all films (Ma et al. 2021)."""

import logging
import os
from collections.abc import Sequence

import pandas as pd

from scorelens import media, tables
from scorelens.errors import Problem, TableError

log = logging.getLogger(__name__)

FRAMES = "_frames"  # ends the name of a set whose instances are single frames


def pool_bags(
    features: Sequence[str | os.PathLike], feature_set: str, output: str | os.PathLike
) -> None:
    """Write the instances of all films.

    Parameters
    ----------
    features : sequence of path
        A table of tables.FEATURES for each film, all of one feature set.
    feature_set : str
        If its name ends in `_frames` an instance is a frame, else a cue, the mean of its frames.
    output : path
        Where the table of tables.BAGS goes. Rows are in the order of the films given, then of the
        cues in their film, then of time.

    Raises
    ------
    TableError
        If the films have different features.
    """
    frames = [tables.read_table(path, tables.FEATURES) for path in features]
    _check_columns(frames, features)
    instances = keep_frames if feature_set.endswith(FRAMES) else pool_film
    bags = pd.concat([instances(frame) for frame in frames], ignore_index=True)
    provenance = {
        "feature_set": feature_set,
        "features_sha256": [media.sha256(path) for path in features],
    }
    tables.write_table(bags, output, tables.BAGS, provenance)
    log.info("%d films, %d instances", bags["film_id"].nunique(), len(bags))


def pool_film(frame: pd.DataFrame) -> pd.DataFrame:
    """Compute the mean of every feature over each cue's frames, and the number of frames.

    Parameters
    ----------
    frame : DataFrame
        Rows of tables.FEATURES.

    Returns
    -------
    DataFrame
        Rows of tables.BAGS, cues in order of appearance. Nulls do not count; a feature that is
        null in all frames of a cue stays null.
    """
    exact = frame[tables.feature_columns(frame)].astype("float64")
    cues = exact.groupby([frame["film_id"], frame["cue_id"]], sort=False)
    means = cues.mean().astype("float32")
    return pd.concat([cues.size().rename("n_frames"), means], axis=1).reset_index()


def keep_frames(frame: pd.DataFrame) -> pd.DataFrame:
    """Make every frame an instance: rows of tables.FEATURES as rows of tables.BAGS."""
    ids = frame[["film_id", "cue_id"]].assign(n_frames=1)
    return pd.concat([ids, frame[tables.feature_columns(frame)]], axis=1)


def _check_columns(frames: Sequence[pd.DataFrame], paths: Sequence[str | os.PathLike]) -> None:
    expected = set(tables.feature_columns(frames[0]))
    problems = []
    for frame, path in zip(frames, paths, strict=True):
        odd = sorted(expected ^ set(tables.feature_columns(frame)))
        if odd:
            what = f"has other features than {paths[0]}: {', '.join(odd[:5])}"
            hint = "delete it, so that it is extracted again"
            problems.append(Problem(str(path), what, "the same features for every film", hint))
    if problems:
        raise TableError(problems)
