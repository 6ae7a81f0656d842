"""Keep each group of films in one part of the split, so that no test film has one in training."""

import logging

import pandas as pd

from scorelens.retrieval.data.batches import Split, check_part_sizes
from scorelens.retrieval.data.dataset import LEFT_OUT

log = logging.getLogger(__name__)


def unite_groups(films: pd.DataFrame) -> pd.DataFrame:
    """Leave out the films of a group that are not in the part with most of its films.

    Films stay in the part of their year, or are left out: a film of a later year in training would
    know the future. Of parts with equally many films the earliest counts.

    Parameters
    ----------
    films : pandas.DataFrame
        `film_id`, `group`, `part` and `problem` of all films.

    Returns
    -------
    pandas.DataFrame
        The same films, with `part` and `problem` brought up to date.

    Raises
    ------
    InputError
        If a part of the split is left with too few films.
    """
    used = films[films["part"] != LEFT_OUT]
    counts = pd.crosstab(used["group"], used["part"]).reindex(columns=Split._fields, fill_value=0)
    part = used["group"].map(counts.idxmax(axis=1))
    moved = used.index[used["part"] != part]
    if not len(moved):
        return films
    films = films.copy()
    for row in moved:
        film_id, group = films.loc[row, ["film_id", "group"]]
        problem = f"most films of its group ({group}) are in {part[row]}"
        films.loc[row, ["part", "problem"]] = LEFT_OUT, problem
        log.warning("%s is left out: %s", film_id, problem)
    sizes = {name: int((films["part"] == name).sum()) for name in Split._fields}
    check_part_sizes(sizes, "with each group of films in one part")
    return films
