"""The report's section on the corrections of cues: how many, by whom, and what was not applied."""

from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.cues.annotations import ALBUM, TRACK
from scorelens.cues.corrections import CHANGED, MISSED, RIGHT, UNCHECKED, VERDICTS, WRONG
from scorelens.sections import Run, Section, render_section

TEMPLATE = Path(__file__).with_name("corrections.html")
COUNTS = "cues/correction_counts.tsv"
VERDICT_NAMES = {
    RIGHT: "right",
    WRONG: "wrong",
    CHANGED: "changed",
    MISSED: "missed",
    UNCHECKED: "remark",
}
SCOPE_NAMES = {ALBUM: "music of the album", TRACK: "the right track"}
MAX_ROWS = 50  # of corrections that were not applied; the table has all


def corrections_section(run: Run) -> Section | None:
    """Make the section on corrections.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None without corrections.
    """
    if COUNTS not in run:
        return None
    counts = run.table(COUNTS, tables.CORRECTION_COUNTS)
    unmatched = run.table("cues/unmatched_corrections.tsv", tables.UNMATCHED_CORRECTIONS)
    scores = run.table("cues/corrections/scores.tsv", tables.ANNOTATION_SCORES)
    values = {
        "verdicts": VERDICT_NAMES,
        "annotators": annotator_rows(counts),
        "unmatched": unmatched_rows(unmatched[:MAX_ROWS]),
        "more": max(0, len(unmatched) - MAX_ROWS),
        "hash": tables.digest(
            run.path("cues/corrections.tsv").read_text(encoding="utf-8").splitlines()
        ),
        "scopes": SCOPE_NAMES,
        "scores": {
            scope: rows.set_index("measure")[["films", "mean", "low", "high"]].to_dict("index")
            for scope, rows in scores.groupby("scope", sort=False)
        },
    }
    return render_section("corrections", "Corrections of cues", TEMPLATE, values)


def annotator_rows(counts: pd.DataFrame) -> list[dict]:
    """Arrange the counts of corrections, a row an annotator and one of all.

    Parameters
    ----------
    counts : DataFrame
        Rows of CORRECTION_COUNTS.

    Returns
    -------
    list of dict
        `name`, `applied` (counts by verdict), `replaced` and `unmatched`.
    """
    groups = list(counts.groupby("annotator"))
    groups += [("all", counts)] * (len(groups) > 1)
    return [
        {
            "name": name or "without a name",
            "applied": rows.groupby("verdict").applied.sum().reindex([*VERDICTS, ""]).fillna(0),
            "replaced": int(rows.replaced.sum()),
            "unmatched": int(rows.unmatched.sum()),
        }
        for name, rows in groups
    ]


def unmatched_rows(unmatched: pd.DataFrame) -> list[dict]:
    """Arrange the corrections that were not applied.

    Parameters
    ----------
    unmatched : DataFrame
        Rows of UNMATCHED_CORRECTIONS.

    Returns
    -------
    list of dict
        The rows, with `start_s`, `end_s` and `track`: of the cue that is checked, or was missed.
    """
    spans = {"start_s": "film_start_s", "end_s": "film_end_s", "track": "track_id"}
    is_missed = unmatched.verdict == MISSED
    columns = {
        name: unmatched[column].where(~is_missed, unmatched[f"new_{column}"])
        for name, column in spans.items()
    }
    return unmatched.assign(**columns).to_dict("records")
