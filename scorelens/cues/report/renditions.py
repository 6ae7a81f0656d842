"""The report's section on other renditions of the albums' pieces."""

from pathlib import Path

from scorelens import tables
from scorelens.sections import Run, Section, render_section

PATTERN = "cues/renditions/*.parquet"


def renditions_section(run: Run) -> Section | None:
    """Make the section that lists the other renditions, the most certain ones of all films.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None if the run searches none.
    """
    if not run.matching(PATTERN):
        return None
    renditions = run.joined(PATTERN, tables.RENDITIONS)
    renditions = renditions.sort_values("confidence", ascending=False, kind="stable")
    titles = run.films.set_index("film_id").title
    names = [
        run.track_titles[row.film_id].get(row.track_id, row.track_id)
        for row in renditions.itertuples()
    ]
    values = {
        "rows": renditions.assign(title=renditions.film_id.map(titles), track=names).to_dict(
            "records"
        ),
        "min_confidence": run.config["cues"]["renditions"]["min_confidence"],
    }
    template = Path(__file__).with_name("renditions.html")
    return render_section("renditions", "Other renditions", template, values)
