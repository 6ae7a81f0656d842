"""Bags of instances: one row a cue, the mean of its frames, for all films (Ma et al. 2021)."""

import logging
import os
from collections.abc import Sequence

import pandas as pd

from scorelens import media, tables
from scorelens.errors import Problem, TableError

log = logging.getLogger(__name__)


def pool_bags(
    features: Sequence[str | os.PathLike], feature_set: str, output: str | os.PathLike
) -> None:
    """Write the cue-level instances of all films (tables.BAGS).

    features: one table of tables.FEATURES a film, all of one feature set. Rows are in the order
    of the films given, then of the cues in their film. Raises TableError if the films' features
    differ.
    """
    frames = [tables.read_table(path, tables.FEATURES) for path in features]
    _check_columns(frames, features)
    bags = pd.concat([pool_film(frame) for frame in frames], ignore_index=True)
    provenance = {
        "feature_set": feature_set,
        "features_sha256": [media.sha256(path) for path in features],
    }
    tables.write_table(bags, output, tables.BAGS, provenance)
    log.info("%d films, %d cues", bags["film_id"].nunique(), len(bags))


def pool_film(frame: pd.DataFrame) -> pd.DataFrame:
    """The mean of every feature over each cue's frames, and the number of frames.

    frame: rows of tables.FEATURES. Nulls do not count; a feature that is null in all frames of a
    cue stays null. Returns rows of tables.BAGS, cues in order of appearance.
    """
    exact = frame[tables.feature_columns(frame)].astype("float64")
    cues = exact.groupby([frame["film_id"], frame["cue_id"]], sort=False)
    means = cues.mean().astype("float32")
    return pd.concat([cues.size().rename("n_frames"), means], axis=1).reset_index()


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
