"""Calibration of the confidence of cues against annotations."""

from collections.abc import Mapping

import pandas as pd

from scorelens.cues import calibration
from scorelens.cues.annotations import ALBUM, MAJORITY, TRACK
from scorelens.cues.annotations.film_scores import decided_cues
from scorelens.cues.annotations.reference import cues_in_scope, names_tracks

CueTables = list[tuple[pd.DataFrame, pd.DataFrame]]


def paired_cues(
    cues: Mapping[str, pd.DataFrame], references: Mapping[str, Mapping[str, pd.DataFrame]]
) -> dict[str, CueTables]:
    """Pair the cues of each film with what the majority of its annotators marks.

    Parameters
    ----------
    cues : mapping of str to DataFrame
        Rows of CUES by film_id.
    references : mapping of str to mapping of str to DataFrame
        From `reference.make_references`.

    Returns
    -------
    dict of str to list of (DataFrame, DataFrame)
        By the scopes ALBUM and TRACK: for each film the cues that can be called right or wrong, and
        the true ones, as `calibration.bin_confidence` takes them.
    """
    return {
        scope: [
            (decided_cues(rows, spans, scope), cues_in_scope(spans, scope).assign(decoy=False))
            for film, rows in cues.items()
            for spans in [references[film][MAJORITY]]
            if scope != TRACK or names_tracks(spans)
        ]
        for scope in (ALBUM, TRACK)
    }


def measure_calibration(
    pairs: Mapping[str, CueTables], seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the calibration of each scope.

    Parameters
    ----------
    pairs : mapping of str to list of (DataFrame, DataFrame)
        From `paired_cues`.
    seed : int
        Of the bootstrap.

    Returns
    -------
    bins, scores : DataFrame
        Rows of ANNOTATION_CONFIDENCE and of CUE_CALIBRATION.
    """
    bins = [calibration.bin_confidence(films).assign(scope=scope) for scope, films in pairs.items()]
    scores = [calibration.score_confidence(films, scope, seed) for scope, films in pairs.items()]
    return pd.concat(bins, ignore_index=True), pd.concat(scores, ignore_index=True)
