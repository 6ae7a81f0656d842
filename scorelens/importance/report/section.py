"""The report's section on permutation feature importance."""

from pathlib import Path

from scorelens import tables
from scorelens.importance import OVERALL
from scorelens.sections import Run, Section, render_section, svg

FIGURE, SCORES = "importance/scores.svg", "importance/scores.tsv"


def importance_section(run: Run) -> Section | None:
    """Make the section on permutation feature importance: one figure for all genres.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None if the run has no model on a feature set with groups.
    """
    if FIGURE not in run:
        return None
    values = {"figure": svg.data_uri(run.path(FIGURE)), "top": most_important(run)}
    template = Path(__file__).with_name("section.html")
    return render_section("importance", "Feature importance", template, values)


def most_important(run: Run) -> dict | None:
    """Look up the group of features whose shuffling costs the most F1 over all genres.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    dict or None
        A row of IMPORTANCE; None without the table.
    """
    if SCORES not in run:
        return None
    scores = run.table(SCORES, tables.IMPORTANCE)
    overall = scores[scores.genre == OVERALL]
    return overall.loc[overall.score.idxmax()].to_dict() if len(overall) else None
