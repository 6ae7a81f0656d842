"""Evaluates the cues of all annotated films: scores, agreement and calibration, with intervals."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from scorelens import tables
from scorelens.cues import calibration
from scorelens.cues.annotations import ALBUM, CORRECTED, MAJORITY, MATCHED, TRACK
from scorelens.cues.annotations.agreement import compare_annotators
from scorelens.cues.annotations.confidence import measure_calibration, paired_cues
from scorelens.cues.annotations.film_scores import F1S, RATIOS, score_film, with_measures
from scorelens.cues.annotations.reference import make_references
from scorelens.evaluation import BOUNDS

EDGE_ERRORS = ["edge_error_s", "edge_error_90_s"]
MEASURES = [*RATIOS, *F1S, *EDGE_ERRORS]
KEYS = ["cues", "reference", "scope"]
PAIR = ["first", "second", "scope", "measure"]

log = logging.getLogger(__name__)


def evaluate_cues(
    cues: Sequence[str | os.PathLike],
    annotations: str | os.PathLike,
    annotators: str | os.PathLike,
    outputs: Mapping[str, str | os.PathLike],
    seed: int,
    corrected: Sequence[str | os.PathLike] = (),
) -> None:
    """Evaluate the cues of all annotated films.

    Parameters
    ----------
    cues : sequence of path
        Tables CUES of the films, named after them, from the matcher.
    annotations, annotators : path
        Tables ANNOTATIONS and ANNOTATORS.
    outputs : mapping of str to path
        `scores`, `films`, `agreement`, `film_agreement`, `confidence` and `calibration`: the tables
        ANNOTATION_SCORES, ANNOTATION_FILM_SCORES, ANNOTATION_AGREEMENT, ANNOTATION_FILM_AGREEMENT,
        ANNOTATION_CONFIDENCE and CUE_CALIBRATION. `figure`: calibration.
    seed : int
        Of the bootstrap.
    corrected : sequence of path
        Corrected tables CUES of some of the films: scored apart, and left out of the calibration.
    """
    who = tables.read_table(annotators, tables.ANNOTATORS)
    references = make_references(tables.read_table(annotations, tables.ANNOTATIONS), who)
    by_film, by_people = (
        {Path(path).stem: tables.read_table(path, tables.CUES) for path in paths}
        for paths in (cues, corrected)
    )
    scored = [score_films(by_film, references)]
    if by_people:
        scored.append(score_films(by_film | by_people, references).assign(cues=CORRECTED))
    films = pd.concat(scored, ignore_index=True)
    scores = summarize_scores(films)
    pairs = compare_films(references, who.groupby("film_id").duration_s.first())
    bins, calibrated = measure_calibration(paired_cues(by_film, references), seed)
    written = {
        "scores": (scores, tables.ANNOTATION_SCORES),
        "films": (films, tables.ANNOTATION_FILM_SCORES),
        "agreement": (summarize_agreement(pairs), tables.ANNOTATION_AGREEMENT),
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
            score_film(rows, spans).assign(film_id=film, cues=MATCHED, reference=reference)
            for film, rows in sorted(cues.items())
            for reference, spans in references[film].items()
        ],
        ignore_index=True,
    )


def summarize_scores(films: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation and interval of each measure over films, and its pooled value.

    Parameters
    ----------
    films : DataFrame
        Rows of ANNOTATION_FILM_SCORES.

    Returns
    -------
    DataFrame
        Rows of ANNOTATION_SCORES.
    """
    counts = list(dict.fromkeys(name for parts in RATIOS.values() for name in parts))
    rows = []
    for names, group in films.groupby(KEYS, sort=False):
        pooled = with_measures(group[counts].sum().to_frame().T).iloc[0]
        rows += [
            {
                **dict(zip(KEYS, names, strict=True)),
                "measure": name,
                **over_films(group[name], (0, np.inf if name in EDGE_ERRORS else 1)),
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


def summarize_agreement(pairs: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation and interval of each measure of agreement over films.

    Parameters
    ----------
    pairs : DataFrame
        Rows of ANNOTATION_FILM_AGREEMENT.

    Returns
    -------
    DataFrame
        Rows of ANNOTATION_AGREEMENT.
    """
    rows = [
        {**dict(zip(PAIR, names, strict=True)), **over_films(group.value, (-1, 1))}
        for names, group in pairs.groupby(PAIR, sort=False)
    ]
    return pd.DataFrame(rows, columns=tables.ANNOTATION_AGREEMENT.names)


def over_films(values: pd.Series, limits: tuple[float, float]) -> dict[str, float]:
    """Mean, standard deviation and Student's 95% interval of the mean over films.

    Parameters
    ----------
    values : Series of float
        One value a film; NaN where it is not defined.
    limits : tuple of float
        Smallest and largest value that there can be.

    Returns
    -------
    dict of str to float
        `films` with a value, `mean`, `sd` (n - 1), `low` and `high`; NaN without, the last three
        also of one film.

    Examples
    --------
    >>> summary = over_films(pd.Series([0.2, 0.4, 0.3, np.nan]), (0, 1))
    >>> {name: round(value, 3) for name, value in summary.items()}
    {'films': 3, 'mean': 0.3, 'sd': 0.1, 'low': 0.052, 'high': 0.548}
    """
    films, mean, sd = int(values.count()), float(values.mean()), float(values.std(ddof=1))
    low, high = np.nan, np.nan
    if films > 1:
        half = stats.t.ppf(BOUNDS[1] / 100, films - 1) * sd / np.sqrt(films)
        low, high = np.clip([mean - half, mean + half], *limits).tolist()
    return {"films": films, "mean": mean, "sd": sd, "low": low, "high": high}


def _draw(bins: pd.DataFrame, calibrated: pd.DataFrame, path: str | os.PathLike) -> None:
    """Draw the calibration by the right track, or if no annotation names tracks, by presence."""
    scores = calibrated.set_index("scope")
    scope = TRACK if scores.cues[TRACK] else ALBUM
    calibration.draw_confidence(bins[bins.scope == scope], scores.calibration_error[scope], path)
