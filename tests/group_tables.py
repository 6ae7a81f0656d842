"""Tables of the groups of films."""

import pandas as pd

from scorelens.tables import FILM_GROUPS, write_table


def write_film_groups(path, films, size):
    """Write FILM_GROUPS in which so many films after one another are a group; returns its path."""
    firsts = [films[number // size * size] for number in range(len(films))]
    rows = [(film, first, size, (), ()) for film, first in zip(films, firsts, strict=True)]
    write_table(pd.DataFrame(rows, columns=FILM_GROUPS.names), path, FILM_GROUPS)
    return path
