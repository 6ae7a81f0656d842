"""Group the films that must not be on two sides of a split: they share audio, or a name."""

import logging
import os
from collections.abc import Mapping, Sequence

import pandas as pd

from scorelens.corpus.sharing import PAIR, shared_files, shared_sound, with_digests
from scorelens.groups import group_key, join_named_groups
from scorelens.tables import (
    FILM_GROUPS,
    FILMS,
    SHARED_AUDIO,
    SHARED_FILMS,
    SHARED_TRACKS,
    STATUS,
    TRACKS,
    Table,
    read_table,
    write_table,
)

log = logging.getLogger(__name__)
NAME = "name"  # the reason of films that share a name in the column `group`


def write_groups(
    films: str | os.PathLike,
    names: Mapping[str, Sequence[str]],
    albums: Mapping[str, str],
    statuses: Sequence[str | os.PathLike],
    track_tables: Sequence[str | os.PathLike],
    compared: Sequence[str | os.PathLike],
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Write the group of every film in use, and which films share audio.

    Parameters
    ----------
    films : path
        The table of the films in use (`tables.FILMS`), of which the ids are read.
    names : mapping of str to sequence of str
        The groups of films by the column `group` of the film table.
    albums : mapping of str to str
        Film -> album.
    statuses, track_tables : sequence of path
        The tables of `check.check_film`; or one status table of all films, and no track tables.
    compared : sequence of path
        The tables of SHARED_TRACKS and SHARED_FILMS; none without sound.
    outputs : mapping
        Where `groups` (FILM_GROUPS) and `shared` (SHARED_AUDIO) go.
    """
    ids = read_table(films, FILMS).film_id
    status = _joined(statuses, STATUS).set_index("film_id").loc[ids].reset_index()
    tracks = with_digests(_joined(track_tables, TRACKS), ids)
    shared = shared_files(status, tracks)
    if compared:
        of_tracks, of_films = map(read_table, compared, (SHARED_TRACKS, SHARED_FILMS))
        sound = shared_sound(tracks, albums, of_tracks, of_films)
        shared = pd.concat([shared, sound], ignore_index=True)
    groups = group_films(list(ids), names, shared)
    write_table(shared, outputs["shared"], SHARED_AUDIO)
    write_table(groups, outputs["groups"], FILM_GROUPS)
    for row in shared.itertuples():
        log.info("%s and %s share audio: %s", row.film_id, row.other_film_id, row.reason)
    log.info("%d films in %d groups", len(groups), groups.group.nunique())


def group_films(
    films: Sequence[str], names: Mapping[str, Sequence[str]], shared: pd.DataFrame
) -> pd.DataFrame:
    """Group films that share audio or a name, directly or through others.

    Parameters
    ----------
    films : sequence of str
        All films, in order.
    names : mapping of str to sequence of str
        The groups of films by the column `group` of the film table.
    shared : DataFrame
        Rows of SHARED_AUDIO.

    Returns
    -------
    DataFrame
        Rows of FILM_GROUPS, in the order of the films.
    """
    united = shared[PAIR].itertuples(index=False, name=None)
    group = join_named_groups(films, names, united)
    size = pd.Series(group).value_counts()
    reasons = _reasons(films, names, shared)
    rows = [
        (film, group[film], size[group[film]], tuple(names.get(film, ())), reasons[film])
        for film in films
    ]
    return pd.DataFrame(rows, columns=FILM_GROUPS.names)


def _reasons(
    films: Sequence[str], names: Mapping[str, Sequence[str]], shared: pd.DataFrame
) -> dict[str, tuple[str, ...]]:
    """Why each film is not alone, each reason once."""
    keys = {film: {group_key(name) for name in names.get(film, ())} for film in films}
    number = pd.Series([key for film in films for key in keys[film]]).value_counts()
    reasons = {film: [NAME] * any(number[key] > 1 for key in keys[film]) for film in films}
    for row in shared.itertuples():
        for film in (row.film_id, row.other_film_id):
            reasons[film].append(row.reason)
    return {film: tuple(dict.fromkeys(of_film)) for film, of_film in reasons.items()}


def _joined(paths: Sequence[str | os.PathLike], schema: Table) -> pd.DataFrame:
    parts = [read_table(path, schema) for path in paths]
    return pd.concat(parts or [pd.DataFrame(columns=schema.names)], ignore_index=True)
