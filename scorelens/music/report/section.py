"""The report's section on how much of the films is music, and on music that no cue covers."""

from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.sections import Run, Section, render_section
from scorelens.sections.section import MAX_ROWS

SHARES, UNKNOWN = "music/films.tsv", "music/unknown.tsv"
MAX_SPANS = 20  # listed of a film, the longest


def music_section(run: Run) -> Section | None:
    """Make the section on the music, speech and singing that were detected.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None if the run detects none.
    """
    if SHARES not in run:
        return None
    shares = run.table(SHARES, tables.MUSIC_SHARES)
    if len(shares) > MAX_ROWS:
        shares = shares.sort_values("unknown_share", ascending=False, kind="stable")
    titles = run.films.set_index("film_id").title
    values = {
        "films": shares.assign(title=shares.film_id.map(titles)).to_dict("records"),
        "unknown": unknown_rows(run.table(UNKNOWN, tables.UNKNOWN_MUSIC), titles),
        "threshold": run.config["music"]["music_threshold"],
        "min_s": run.config["music"]["min_unknown_s"],
        "max_spans": MAX_SPANS,
    }
    template = Path(__file__).with_name("music.html")
    return render_section("music", "Music on the album and beyond", template, values)


def unknown_rows(unknown: pd.DataFrame, titles: pd.Series) -> list[dict]:
    """Arrange the stretches of music without a cue by film.

    Parameters
    ----------
    unknown : DataFrame
        Table of UNKNOWN_MUSIC.
    titles : Series of str
        Titles of the films by film_id.

    Returns
    -------
    list of dict
        Of each film that has some, the longest first: `title`, `length_s` and `count` of all, and
        `spans`, the rows of the `MAX_SPANS` longest in order of time.
    """
    films = [
        {
            "title": titles[film],
            "length_s": float(rows.length_s.sum()),
            "count": len(rows),
            "spans": rows.nlargest(MAX_SPANS, "length_s").sort_values("start_s").to_dict("records"),
        }
        for film, rows in unknown.assign(length_s=unknown.end_s - unknown.start_s).groupby(
            "film_id", sort=False
        )
    ]
    return sorted(films, key=lambda film: film["length_s"], reverse=True)
