"""Evaluates the cues of all annotated films: scores, agreement and calibration, with intervals."""

import functools
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.cues import calibration
from scorelens.cues.annotations import ALBUM, MAJORITY, TRACK
from scorelens.cues.annotations.agreement import compare_annotators
from scorelens.cues.annotations.confidence import measure_calibration, paired_cues
from scorelens.cues.annotations.film_scores import F1S, RATIOS, score_film, with_measures
from scorelens.cues.annotations.reference import make_references
from scorelens.evaluation.bootstrap import draw_groups, percentile_interval

SAMPLES = 10_000  # of the bootstrap
MEASURES = [*RATIOS, *F1S, "edge_error_s", "edge_error_90_s"]
PAIR = ["first", "second", "scope", "measure"]

log = logging.getLogger(__name__)
# The same samples for every measure over as many films.
draw_films = functools.lru_cache(maxsize=8)(draw_groups)


def evaluate_cues(
    cues: Sequence[str | os.PathLike],
    annotations: str | os.PathLike,
    annotators: str | os.PathLike,
    outputs: Mapping[str, str | os.PathLike],
    seed: int,
) -> None:
    """Evaluate the cues of all annotated films.

    Parameters
    ----------
    cues : sequence of path
        Tables CUES of the films, named after them.
    annotations, annotators : path
        Tables ANNOTATIONS and ANNOTATORS.
    outputs : mapping of str to path
        `scores`, `films`, `agreement`, `film_agreement`, `confidence` and `calibration`: the tables
        ANNOTATION_SCORES, ANNOTATION_FILM_SCORES, ANNOTATION_AGREEMENT, ANNOTATION_FILM_AGREEMENT,
        ANNOTATION_CONFIDENCE and CUE_CALIBRATION. `figure`: calibration.
    seed : int
        Of the bootstrap.
    """
    who = tables.read_table(annotators, tables.ANNOTATORS)
    references = make_references(tables.read_table(annotations, tables.ANNOTATIONS), who)
    by_film = {Path(path).stem: tables.read_table(path, tables.CUES) for path in cues}
    films = score_films(by_film, references)
    scores = summarize_scores(films, seed)
    pairs = compare_films(references, who.groupby("film_id").duration_s.first())
    bins, calibrated = measure_calibration(paired_cues(by_film, references), seed)
    written = {
        "scores": (scores, tables.ANNOTATION_SCORES),
        "films": (films, tables.ANNOTATION_FILM_SCORES),
        "agreement": (summarize_agreement(pairs, seed), tables.ANNOTATION_AGREEMENT),
        "film_agreement": (pairs, tables.ANNOTATION_FILM_AGREEMENT),
        "confidence": (bins, tables.ANNOTATION_CONFIDENCE),
        "calibration": (calibrated, tables.CUE_CALIBRATION),
    }
    for name, (frame, table) in written.items():
        tables.write_table(tables.as_typed(frame, table), outputs[name], table)
    _draw(bins, calibrated, outputs["figure"])
    shown = scores[(scores.reference == MAJORITY) & scores.measure.isin(["precision", "recall"])]
    log.info("against the majority:\n%s", shown.to_string(index=False))


def score_films(
    cues: Mapping[str, pd.DataFrame], references: Mapping[str, Mapping[str, pd.DataFrame]]
) -> pd.DataFrame:
    """Score every film against every annotator and the majority.

    Parameters
    ----------
    cues : mapping of str to DataFrame
        Rows of CUES by film_id.
    references : mapping of str to mapping of str to DataFrame
        From `reference.make_references`.

    Returns
    -------
    DataFrame
        Rows of ANNOTATION_FILM_SCORES.
    """
    return pd.concat(
        [
            score_film(rows, spans).assign(film_id=film, reference=reference)
            for film, rows in sorted(cues.items())
            for reference, spans in references[film].items()
        ],
        ignore_index=True,
    )


def summarize_scores(films: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Mean, standard deviation and interval of each measure over films, and its pooled value.

    Parameters
    ----------
    films : DataFrame
        Rows of ANNOTATION_FILM_SCORES.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        Rows of ANNOTATION_SCORES.
    """
    counts = list(dict.fromkeys(name for parts in RATIOS.values() for name in parts))
    rows = []
    for (reference, scope), group in films.groupby(["reference", "scope"], sort=False):
        pooled = with_measures(group[counts].sum().to_frame().T).iloc[0]
        rows += [
            {
                "reference": reference,
                "scope": scope,
                "measure": name,
                **over_films(group[name], seed),
                "pooled": pooled.get(name),
            }
            for name in MEASURES
        ]
    return pd.DataFrame(rows)


def compare_films(
    references: Mapping[str, Mapping[str, pd.DataFrame]], durations: Mapping[str, float]
) -> pd.DataFrame:
    """Compare the annotators of every film.

    Parameters
    ----------
    references : mapping of str to mapping of str to DataFrame
        From `reference.make_references`.
    durations : mapping of str to float
        Running time of each film, s.

    Returns
    -------
    DataFrame
        Rows of ANNOTATION_FILM_AGREEMENT.
    """
    compared = []
    for film, spans in sorted(references.items()):
        by_annotator = {name: rows for name, rows in spans.items() if name != MAJORITY}
        compared.append(compare_annotators(by_annotator, durations[film]).assign(film_id=film))
    return pd.concat(compared, ignore_index=True)


def summarize_agreement(pairs: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Mean, standard deviation and interval of each measure of agreement over films.

    Parameters
    ----------
    pairs : DataFrame
        Rows of ANNOTATION_FILM_AGREEMENT.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        Rows of ANNOTATION_AGREEMENT.
    """
    rows = [
        {**dict(zip(PAIR, names, strict=True)), **over_films(group.value, seed)}
        for names, group in pairs.groupby(PAIR, sort=False)
    ]
    return pd.DataFrame(rows, columns=tables.ANNOTATION_AGREEMENT.names)


def over_films(values: pd.Series, seed: int) -> dict[str, float]:
    """Mean, standard deviation and 95% interval of the mean over films.

    Parameters
    ----------
    values : Series of float
        One value a film; NaN where it is not defined.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict of str to float
        `films` with a value, `mean`, `sd` (n - 1), `low` and `high`; NaN without, the last three
        also of one film.

    Examples
    --------
    >>> summary = over_films(pd.Series([0.2, 0.4, np.nan]), seed=1)
    >>> summary["films"], round(summary["mean"], 2), round(summary["sd"], 3)
    (2, 0.3, 0.141)
    """
    present = values.dropna().to_numpy(float)
    films = len(present)
    low, high = np.nan, np.nan
    if films > 1:
        low, high = percentile_interval(draw_films(films, SAMPLES, seed) @ present / films)
    mean, sd = float(values.mean()), float(values.std(ddof=1))
    return {"films": films, "mean": mean, "sd": sd, "low": low, "high": high}


def _draw(bins: pd.DataFrame, calibrated: pd.DataFrame, path: str | os.PathLike) -> None:
    """Draw the calibration by the right track, or if no annotation names tracks, by presence."""
    scores = calibrated.set_index("scope")
    scope = TRACK if scores.cues[TRACK] else ALBUM
    calibration.draw_confidence(bins[bins.scope == scope], scores.calibration_error[scope], path)
