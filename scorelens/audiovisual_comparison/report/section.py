"""The report's section on the comparison of music and picture."""

from pathlib import Path

from scorelens.sections import Run, Section, render_section, svg

FIGURE = "audiovisual_comparison/scores.svg"


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
    values = {"figure": svg.data_uri(run.path(FIGURE))}
    template = Path(__file__).with_name("section.html")
    return render_section("audiovisual_comparison", "Music against picture", template, values)
