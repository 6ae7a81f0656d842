"""Applies the corrections of a film to the cues that the matcher found."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from scorelens import tables
from scorelens.cues.corrections import APPLIED, CHANGED, MISSED, REPLACED, UNCHECKED, UNMATCHED
from scorelens.cues.corrections.matching import Cue, best_match, length_s, overlap_s
from scorelens.cues.corrections.revision import added_cue, misfit, revise

NO_CUE = "no cue of this track shares more than half of its time"


@dataclass
class Subject:
    """A cue that decisions are about.

    Parameters
    ----------
    matched_id : str
        `cue_id` in the table of the matcher; empty for a cue that a person added.
    versions : list of mapping
        The cue as the matcher or the first decision has it, then as it was changed: a row may name
        the edges and the track of any of them.
    latest : mapping or None
        As it is now; None if it is wrong.
    decided_by : int or None
        Position of the row that decided so.
    """

    matched_id: str
    versions: list[Cue]
    latest: Cue | None
    decided_by: int | None = None


def apply_corrections(
    cues: pd.DataFrame,
    corrections: pd.DataFrame,
    track_s: Mapping[str, float],
    duration_s: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply the corrections of a film in their order; the last one of a cue counts.

    Parameters
    ----------
    cues : DataFrame
        Rows of CUES, from the matcher.
    corrections : DataFrame
        Rows of CORRECTIONS of this film.
    track_s : mapping of str to float
        Length of each track of the album, s.
    duration_s : float
        Running time of the film.

    Returns
    -------
    corrected : DataFrame
        Rows of CUES in order of time, numbered anew. An unchecked cue more than half of which is
        inside one of its track that a person changed or added is part of that one and left out.
    decisions : DataFrame
        Rows of DECISIONS, one for each correction in the same order.
    """
    subjects = [Subject(cue["cue_id"], [cue], cue) for cue in cues.to_dict("records")]
    outcomes = [
        _decide(subjects, number, row, cues, track_s, duration_s)
        for number, row in enumerate(corrections.to_dict("records"))
    ]
    rows = [subject for subject in subjects if subject.latest is not None]
    corrected = _as_cues([subject.latest for subject in rows], duration_s)
    is_part = parts_of_others(corrected, corrected)
    corrected = corrected[~is_part].sort_values(
        ["film_start_s", "film_end_s", "track_id"], kind="stable"
    )
    numbers = [f"cue_{number:04d}" for number in range(1, len(corrected) + 1)]
    id_of = {id(rows[at]): number for at, number in zip(corrected.index, numbers, strict=True)}
    results = pd.DataFrame(
        [_outcome(number, *outcome, id_of) for number, outcome in enumerate(outcomes)],
        corrections.index,
        ["state", "matched_cue_id", "cue_id", "reason"],
    )
    decisions = corrections.join(results)
    corrected = corrected.assign(cue_id=numbers).reset_index(drop=True)
    return tables.as_typed(corrected, tables.CUES), tables.as_typed(decisions, tables.DECISIONS)


def parts_of_others(cues: pd.DataFrame, corrected: pd.DataFrame) -> pd.Series:
    """Find the unchecked cues that are part of a cue that a person changed or added.

    Parameters
    ----------
    cues, corrected : DataFrame
        Rows of CUES of one film.

    Returns
    -------
    Series of bool
        For each of `cues`, whether more than half of it is inside a changed or missed one of
        `corrected`, of the same track.
    """
    by_people = corrected[corrected.verdict.isin([CHANGED, MISSED])].to_dict("records")
    return pd.Series(
        [
            cue["verdict"] == UNCHECKED
            and any(
                cue["track_id"] == other["track_id"] and 2 * overlap_s(cue, other) > length_s(cue)
                for other in by_people
            )
            for cue in cues.to_dict("records")
        ],
        cues.index,
        bool,
    )


def _decide(
    subjects: list[Subject], number: int, row: Cue, cues: pd.DataFrame, track_s, duration_s: float
) -> tuple[Subject | None, str]:
    """Let a row decide about its subject, which is returned; without one, the reason."""
    is_missed = row["verdict"] == MISSED
    prefix = "new_" if is_missed else ""
    names = ("film_start_s", "film_end_s", "track_id")
    reference = {name: row[f"{prefix}{name}"] for name in names}
    versions = [(subject, cue) for subject in subjects for cue in subject.versions]
    at = best_match(reference, [cue for _, cue in versions])
    if at is None and not is_missed:
        return None, NO_CUE
    if at is None:
        cue = added_cue(row, cues)
        subject = Subject("", [], None)
    else:
        subject, base = versions[at]
        cue = revise(base, row)
    if row["verdict"] in (CHANGED, MISSED):
        if reason := misfit(cue, track_s, duration_s):
            return None, reason
        subject.versions.append(cue)
        if at is None:
            subjects.append(subject)
    subject.latest, subject.decided_by = cue, number
    return subject, ""


def _as_cues(rows: list[Cue], duration_s: float) -> pd.DataFrame:
    cues = pd.DataFrame([dict(row) for row in rows], columns=tables.CUES.names)
    by_people = cues.verdict.isin([CHANGED, MISSED])
    ends = cues.film_end_s.astype(float)
    return cues.assign(film_end_s=ends.mask(by_people, ends.clip(upper=duration_s)))


def _outcome(
    number: int, subject: Subject | None, reason: str, id_of: Mapping[int, str]
) -> tuple[str, str, str, str]:
    if subject is None:
        return UNMATCHED, "", "", reason
    if subject.decided_by != number:
        return REPLACED, subject.matched_id, "", ""
    return APPLIED, subject.matched_id, id_of.get(id(subject), ""), ""
