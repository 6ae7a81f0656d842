"""The report's section on the cues whose music contradicts the genres of their film."""

from pathlib import Path

from scorelens import tables
from scorelens.genres import title
from scorelens.genres.contradictions.page.write import summarise
from scorelens.sections import Run, Section, render_section

TABLE, PAGE = "genres/contradictions.tsv", "genres/contradictions.html"
SHOWN = 10  # cues


def contradictions_section(run: Run) -> Section | None:
    """Make the section on the cues that contradict their film.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None if no model was trained.
    """
    if TABLE not in run:
        return None
    ranked = run.table(TABLE, tables.GENRE_CONTRADICTIONS)
    values = {
        "summary": summarise(ranked),
        "rows": ranked[ranked["contradicts"]].head(SHOWN).to_dict("records"),
        "feature_set": ranked["feature_set"].iloc[0] if len(ranked) else "",
        "model": title(ranked["model"].iloc[0]) if len(ranked) else "",
        "page": PAGE,
    }
    template = Path(__file__).with_name("contradictions.html")
    return render_section("contradictions", "Cues that contradict the label", template, values)
