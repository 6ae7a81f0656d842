"""The report's section on the comparison of music and picture."""

from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.evaluation import SIGNIFICANT
from scorelens.sections import Run, Section, render_section, svg

FIGURE, SCORES = "audiovisual_comparison/scores.svg", "audiovisual_comparison/scores.tsv"
FILM = "film"


def audiovisual_comparison_section(run: Run) -> Section | None:
    """Make the section on the visual statistics of films by labels and by predicted genres.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None for a corpus of published features.
    """
    if FIGURE not in run:
        return None
    adjusted = film_p_values(run)
    values = {
        "figure": svg.data_uri(run.path(FIGURE)),
        "tests": len(adjusted),
        "significant": int((adjusted < SIGNIFICANT).sum()),
        "alpha": SIGNIFICANT,
    }
    template = Path(__file__).with_name("section.html")
    return render_section("audiovisual_comparison", "Music against picture", template, values)


def film_p_values(run: Run) -> pd.Series:
    """Adjusted p-values of the differences over films, where a film counts once.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Series of float
        Empty without the table.
    """
    if SCORES not in run:
        return pd.Series(dtype=float)
    scores = run.table(SCORES, tables.AUDIOVISUAL_COMPARISON)
    return scores[scores.unit == FILM].p_adjusted.dropna()
