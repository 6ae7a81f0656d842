"""Warn where albums name the same artists or composers, and the film table has no groups."""

from collections.abc import Mapping, Sequence

import pandas as pd

from scorelens.groups import GROUP, MISSING, group_key

TAGS = ("composer", "artist")
# Tags that name nobody, by `group_key`.
NOBODY = (*MISSING, "various artists", "va", "v.a.", "unknown artist", "soundtrack", "ost", "")
SHOWN_PEOPLE, SHOWN_FILMS = 5, 5


def shared_people(tracks: pd.DataFrame, group: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Find who is named as artist or composer of tracks of films in two groups or more.

    Parameters
    ----------
    tracks : DataFrame
        Rows of TRACKS.
    group : mapping of str to str
        Film -> its group; films of one group are held out together anyway.

    Returns
    -------
    dict of str to tuple of str
        Name -> ids of the films in order of the rows, those with most films first. Names are
        compared without case; a name that is both artist and composer is one.
    """
    rows = pd.concat([tracks[["film_id", tag]].rename(columns={tag: "name"}) for tag in TAGS])
    names = rows.assign(name=rows["name"].str.split(";")).explode("name").dropna()
    names = names.assign(name=names["name"].str.strip(), key=names["name"].map(group_key))
    names = names[~names.key.isin(NOBODY)].drop_duplicates(["key", "film_id"])
    counts = names.film_id.map(group).groupby(names.key).nunique().sort_values(ascending=False)
    by_key = dict(list(names.groupby("key")))
    rows = [by_key[key] for key in counts.index[counts > 1]]
    return {row["name"].iloc[0]: tuple(row.film_id) for row in rows}


def tag_warning(people: Mapping[str, tuple[str, ...]]) -> str:
    """Say in one line that films share artists, and what to do.

    Parameters
    ----------
    people : mapping of str to tuple of str
        Of `shared_people`.

    Returns
    -------
    str
        Empty if there are none.

    Examples
    --------
    >>> tag_warning({"Jo Field": ("one", "two")}).split(".")[0]
    'albums of several films name the same artists: Jo Field (one, two)'
    """
    if not people:
        return ""
    films = [f"{name} ({_listed(of, SHOWN_FILMS, 'films')})" for name, of in people.items()]
    return (
        f"albums of several films name the same artists: {_listed(films, SHOWN_PEOPLE, 'artists')}."
        " A model may learn these instead of the genre: name what such films have in common in the"
        f" column {GROUP!r} of the film table, and they are held out together"
    )


def artist_notes(people: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Say of each film which artists other films have as well.

    Parameters
    ----------
    people : mapping of str to tuple of str
        Of `shared_people`.

    Returns
    -------
    dict of str to str
        A note by film.
    """
    names: dict[str, list[str]] = {}
    for name, films in people.items():
        for film in films:
            names.setdefault(film, []).append(name)
    shown = {film: _listed(of_film, SHOWN_PEOPLE, "artists") for film, of_film in names.items()}
    return {film: f"other films have the same artists: {text}" for film, text in shown.items()}


def _listed(names: Sequence[str], shown: int, kind: str) -> str:
    more = f" and {len(names) - shown} more {kind}" if len(names) > shown else ""
    return f"{', '.join(names[:shown])}{more}"
