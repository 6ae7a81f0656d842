"""The report's section on permutation feature importance."""

from pathlib import Path

from scorelens.sections import Run, Section, render_section, svg

FIGURE = "importance/scores.svg"


def importance_section(run: Run) -> Section | None:
    """Make the section on permutation feature importance.

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
    values = {"figure": svg.data_uri(run.path(FIGURE))}
    template = Path(__file__).with_name("section.html")
    return render_section("importance", "Feature importance", template, values)
