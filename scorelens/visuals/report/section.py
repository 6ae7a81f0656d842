"""The report's section on the visual statistics: distributions over the genres."""

from pathlib import Path

import pandas as pd

from scorelens.sections import Run, Section, render_section
from scorelens.sections.box_plots import plot_by_genre

TITLES = {
    "brightness": "brightness",
    "contrast": "contrast",
    "saturation": "saturation",
    "colourfulness": "colourfulness",
    "cuts": "cuts a minute",
    "shot_length_s": "shot length, s",
    "motion_energy": "motion energy",
}


def visuals_section(run: Run) -> Section | None:
    """Make the section on the visual statistics.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None for a corpus of published features.
    """
    if run.published:
        return None
    values = {
        "figure": plot_by_genre(film_statistics(run.visuals), run.films, TITLES),
        "has_cuts": bool(run.visuals.cuts.notna().any()),
        "sampled": sampled_films(run.visuals),
    }
    template = Path(__file__).with_name("section.html")
    return render_section("visuals", "Picture", template, values)


def film_statistics(visuals: pd.DataFrame) -> pd.DataFrame:
    """Average the visual statistics of each film.

    Parameters
    ----------
    visuals : DataFrame
        Table of VISUALS.

    Returns
    -------
    DataFrame
        One row a film: film_id and the columns of `TITLES`, means over the seconds; cuts per
        minute, and the median shot length, s.
    """
    films = visuals.groupby("film_id", sort=False)
    means = films[list(TITLES)].mean()
    shots_s = films["shot_length_s"].median()
    return means.assign(cuts=60 * means.cuts, shot_length_s=shots_s).reset_index()


def sampled_films(visuals: pd.DataFrame) -> dict[str, float]:
    """Count the films of which a sample was decoded, and give the largest errors of their medians.

    Parameters
    ----------
    visuals : DataFrame
        Table of VISUALS.

    Returns
    -------
    dict of str to float
        `films`, and the largest `brightness_error` and `contrast_error`; empty without such films.
    """
    errors = visuals.groupby("film_id")[["brightness_error", "contrast_error"]].first()
    errors = errors[(errors > 0).any(axis=1)]
    return {"films": len(errors), **errors.max().to_dict()} if len(errors) else {}
