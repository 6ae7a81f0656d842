"""Which tracks pass the filters of a search."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from scorelens.errors import ConfigError, Problem
from scorelens.live_search.catalogue import SEPARATOR
from scorelens.live_search.query import ANY_FILM, EVERYTHING, NO_FILM, Filters

RANGES = ("tempo_bpm", "loudness_db", "length_s")
SHARES = ("speech", "singing")
WITH, WITHOUT = "with", "without"
WITH_SHARE = 0.5  # of the seconds


def passing(
    tracks: pd.DataFrame, used_in: Sequence[Collection[str]], filters: Filters
) -> np.ndarray:
    """Tell which tracks pass.

    Parameters
    ----------
    tracks : DataFrame
        Of a catalogue.
    used_in : sequence of collection of str
        Films that use each track.
    filters : Filters

    Returns
    -------
    ndarray of bool, shape (tracks,)

    Raises
    ------
    ConfigError
        If a filter has a value that none can have.
    """
    check(filters)
    result = np.ones(len(tracks), bool)
    for name in RANGES:
        result &= _in_range(tracks[name].to_numpy(), getattr(filters, name))
    for name in SHARES:
        if wanted := getattr(filters, name):
            share = tracks[name].to_numpy()
            # No comparison with NaN is true.
            result &= share >= WITH_SHARE if wanted == WITH else share < WITH_SHARE
    if filters.key:
        result &= [is_key(key, filters.key) for key in tracks["key"]]
    if filters.genres:
        wanted = {genre.strip().lower() for genre in filters.genres}
        result &= [not wanted.isdisjoint(genres.split(SEPARATOR)) for genres in tracks["genres"]]
    if filters.library:
        result &= (tracks["library"] == filters.library).to_numpy()
    if filters.used_in:
        result &= [_is_used(films, filters.used_in) for films in used_in]
    return result


def check(filters: Filters) -> None:
    """Check the values of filters.

    Raises
    ------
    ConfigError
        With every value that none can have.
    """
    problems = []
    for name in SHARES:
        if getattr(filters, name) not in ("", WITH, WITHOUT):
            what = f"is {getattr(filters, name)!r}"
            problems.append(Problem(f"filter {name}", what, f"{WITH} or {WITHOUT}"))
    for name in RANGES:
        low, high = getattr(filters, name)
        if low is not None and high is not None and low > high:
            what = f"starts at {low:g} and ends at {high:g}"
            problems.append(Problem(f"filter {name}", what, "the lower value first"))
    if problems:
        raise ConfigError(problems)


def is_key(key: str, wanted: str) -> bool:
    """Tell whether a key is the wanted one, or has the wanted tonic or mode.

    Parameters
    ----------
    key : str
        Such as `A minor`; empty if unknown.
    wanted : str
        Such as `A minor`, `A` or `minor`.

    Returns
    -------
    bool

    Examples
    --------
    >>> [is_key("A minor", wanted) for wanted in ("a minor", "A", "minor", "A major")]
    [True, True, True, False]
    """
    parts = key.lower().split()
    return bool(parts) and all(part in parts for part in wanted.lower().split())


def _in_range(values: np.ndarray, bounds: tuple) -> np.ndarray:
    low, high = bounds
    if bounds == EVERYTHING:
        return np.ones(len(values), bool)
    above = values >= (-np.inf if low is None else low)
    return above & (values <= (np.inf if high is None else high))


def _is_used(films: Collection[str], wanted: str) -> bool:
    if wanted in (ANY_FILM, NO_FILM):
        return bool(films) == (wanted == ANY_FILM)
    return wanted in films
