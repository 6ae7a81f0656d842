"""The report's section on the cues against what people marked."""

from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.cues.annotations import ALBUM, ALL, MUSIC, TRACK
from scorelens.sections import Run, Section, render_section, svg

TEMPLATE = Path(__file__).parent / "annotations.html"
SCOPE_NAMES = {MUSIC: "any music", ALBUM: "music of the album", TRACK: "the right track"}


def annotations_section(run: Run) -> Section | None:
    """Make the section that compares the cues with annotations, and the annotators.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None without annotations.
    """
    if "cues/annotators.tsv" not in run:
        return None
    annotators = run.table("cues/annotators.tsv", tables.ANNOTATORS)
    scores = run.table("cues/evaluation/scores.tsv", tables.ANNOTATION_SCORES)
    pairs = run.table("cues/evaluation/agreement.tsv", tables.ANNOTATION_AGREEMENT)
    drawn = run.figures("cues/evaluation/timelines/*.svg")
    titles = run.films.set_index("film_id").title
    calibration = run.table("cues/evaluation/calibration.tsv", tables.CUE_CALIBRATION)
    values = {
        "films": annotators.film_id.nunique(),
        "scopes": SCOPE_NAMES,
        "scores": _by_measure(scores, ["cues", "reference", "scope"]),
        "agreement": [
            {
                **row,
                "annotators": "all" if row["first"] == ALL else f"{row['first']}, {row['second']}",
                "films": max(measure["films"] for measure in row["measures"].values()),
            }
            for row in _by_measure(pairs, ["first", "second", "scope"])
        ],
        "calibration": calibration.to_dict("records"),
        "confidence": svg.data_uri(run.path("cues/evaluation/confidence.svg")),
        "timelines": [{"title": titles[film], "figure": uri} for film, uri in drawn.items()],
        "fold": run.fold_films,
    }
    return render_section("annotations", "Cues against annotations", TEMPLATE, values)


def _by_measure(table: pd.DataFrame, keys: list[str]) -> list[dict]:
    """A row for each combination of keys, with the rows of the table by measure."""
    return [
        {
            **dict(zip(keys, names, strict=True)),
            "measures": {row["measure"]: row for row in rows.to_dict("records")},
        }
        for names, rows in table.groupby(keys, sort=False)
    ]
