"""Scores of the cues that were found in the films of one treatment."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens.cues import score

SURE = 0.5  # confidence above which a wrong cue is a claim
JOIN_S = 0.25  # spans of one track nearer than this are one true cue
COLUMNS = (
    *("films", "hours", "true_cues", "predicted_cues"),
    *("time_precision", "time_recall", "cue_precision", "cue_recall", "second_recall"),
    *("false_s_per_h", "false_cues_per_h", "sure_false_cues_per_h"),
    *("tempo_error", "pitch_error", "confidence_right", "confidence_wrong"),
    *("match_s_per_h", "decode_s_per_h", "build_s"),
)


class Found(NamedTuple):
    """The cues found in a film, its true ones, its length and the cost, in CPU seconds."""

    film_id: str
    cues: pd.DataFrame
    truth: pd.DataFrame
    length_s: float
    match_s: float
    decode_s: float


def merged(truth: pd.DataFrame) -> pd.DataFrame:
    """True cues as people would mark them: pieces of one track without a gap are one cue."""
    groups = truth.sort_values(["layer", "film_start_s"], kind="stable")
    same = (groups.track_id == groups.track_id.shift()) & (groups.layer == groups.layer.shift())
    follows = same & (groups.film_start_s - groups.film_end_s.shift() < JOIN_S)
    joined = groups.groupby((~follows).cumsum().to_numpy(), as_index=False)
    firsts = {name: (name, "first") for name in truth.columns if name != "film_end_s"}
    return joined.agg(**firsts, film_end_s=("film_end_s", "last"))[truth.columns]


def score_treatment(found: Sequence[Found], build_s: float) -> dict[str, float]:
    """One row of `COLUMNS`; what is not defined is NaN."""
    films = [(one.film_id, one.cues, merged(one.truth)) for one in found]
    counts = sum((score.count(cues, truth) for _, cues, truth in films), score.Counts())
    totals = score.score_films(films).iloc[0]
    hours = sum(one.length_s for one in found) / 3600
    cues = pd.concat([label(one) for one in found], ignore_index=True)
    wrong = cues[~cues.right]
    values = {
        "films": len(found),
        "hours": hours,
        **{name: totals[name] for name in ("true_cues", "predicted_cues")},
        **{
            name: totals[name]
            for name in ("time_precision", "time_recall", "cue_precision", "cue_recall")
        },
        "second_recall": second_recall(films),
        "false_s_per_h": (counts.predicted_s - counts.correct_s) / hours,
        "false_cues_per_h": len(wrong) / hours,
        "sure_false_cues_per_h": (wrong.confidence > SURE).sum() / hours,
        "tempo_error": cues.tempo_error.median(),
        "pitch_error": cues.pitch_error.median(),
        "confidence_right": cues.confidence[cues.right].mean(),
        "confidence_wrong": wrong.confidence.mean(),
        "match_s_per_h": sum(one.match_s for one in found) / hours,
        "decode_s_per_h": sum(one.decode_s for one in found) / hours,
        "build_s": build_s,
    }
    return {name: values[name] for name in COLUMNS}


def second_recall(films: Sequence[tuple[str, pd.DataFrame, pd.DataFrame]]) -> float:
    """Share of the seconds of the softer of two tracks that are found."""
    seconds = found = 0
    for _, cues, truth in films:
        counts = score.count(cues, truth[truth.layer == 1])
        seconds, found = seconds + counts.true_s, found + counts.found_s
    return found / seconds if seconds else np.nan


def label(found: Found) -> pd.DataFrame:
    """The predicted cues of a film, whether each is right, and the errors of tempo and pitch.

    tempo_error: relative. pitch_error: semitones. NaN where the cue is wrong, or where its table
    has no such column.
    """
    cues = found.cues.reset_index(drop=True)
    album = merged(found.truth[~found.truth.decoy])
    right, matches = score.compare_cues(cues, album)
    cues = cues.assign(film_id=found.film_id, right=right, tempo_error=np.nan, pitch_error=np.nan)
    if right.any():
        partner = album.iloc[(score.overlap_s(cues, album) * matches)[right].argmax(axis=1)]
        if "tempo" in cues:
            error = cues.tempo[right].to_numpy() / partner.tempo.to_numpy() - 1
            cues.loc[right, "tempo_error"] = np.abs(error)
        if "pitch_semitones" in cues:
            error = cues.pitch_semitones[right].to_numpy() - partner.pitch_semitones.to_numpy()
            cues.loc[right, "pitch_error"] = np.abs(error)
    return cues
