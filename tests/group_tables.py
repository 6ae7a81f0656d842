"""Tables of the groups of films."""

from collections import Counter

import pandas as pd

from scorelens.tables import FILM_GROUPS, write_table


def write_groups(path, groups):
    """Write FILM_GROUPS; returns its path. groups: film -> group, its first film."""
    sizes = Counter(groups.values())
    rows = [(film, group, sizes[group], (), ()) for film, group in groups.items()]
    write_table(pd.DataFrame(rows, columns=FILM_GROUPS.names), path, FILM_GROUPS)
    return path
