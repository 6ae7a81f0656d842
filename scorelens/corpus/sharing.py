"""Which films share audio: by the hashes of their files, and by what landmarks have in common."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from scorelens.albums.tracks import track_digests
from scorelens.tables import SHARED_AUDIO

VIDEO, FILM, ALBUM, FILE, SOUND = "video", "film", "album", "file", "sound"  # reasons
PAIR = ["film_id", "other_film_id"]
TRACK_PAIR = [*PAIR, "track_id", "other_track_id", "duration_s"]  # duration of what is shared


def with_digests(tracks: pd.DataFrame, films: Iterable[str]) -> pd.DataFrame:
    """Compute the digest of the sound of every track.

    Parameters
    ----------
    tracks : DataFrame
        Rows of TRACKS of the films.
    films : iterable of str
        The films, in order; some may have no tracks.

    Returns
    -------
    DataFrame
        The same rows, film by film in this order, with a column `digest`.
    """
    by_film = dict(list(tracks.groupby("film_id", sort=False)))
    parts = [
        rows.assign(digest=rows.track_id.map(track_digests(rows)))
        for rows in map(by_film.get, films)
        if rows is not None
    ]
    return pd.concat(parts, ignore_index=True) if parts else tracks.assign(digest="")


def shared_files(status: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """Find films that are one file, or whose albums share files.

    Parameters
    ----------
    status : DataFrame
        Rows of STATUS of the films, in their order.
    tracks : DataFrame
        Of `with_digests`.

    Returns
    -------
    DataFrame
        Columns of SHARED_AUDIO. A film is paired with the first one that has the same file, so that
        an album of many films does not give a row for each two of them.
    """
    videos = status.loc[status.video_sha256 != "", ["film_id", "video_sha256"]]
    same = _with_first(videos, "video_sha256")
    of_videos = [(*pair, VIDEO, (), (), 1.0) for pair in same[PAIR].itertuples(index=False)]
    files = tracks.groupby("film_id").digest.agg(frozenset)
    of_albums = [
        (*pair, ALBUM if files[pair[0]] == files[pair[1]] else FILE, *_shared(rows, pair, tracks))
        for pair, rows in _with_first(tracks, "digest").groupby(PAIR, sort=False)
    ]
    return pd.DataFrame([*of_videos, *of_albums], columns=SHARED_AUDIO.names)


def shared_sound(
    tracks: pd.DataFrame,
    albums: Mapping[str, str],
    of_tracks: pd.DataFrame,
    of_films: pd.DataFrame,
) -> pd.DataFrame:
    """Find films that sound alike, or whose albums have tracks that do.

    Parameters
    ----------
    tracks : DataFrame
        Of `with_digests`.
    albums : mapping of str to str
        Film -> album.
    of_tracks, of_films : DataFrame
        Tables of SHARED_TRACKS and SHARED_FILMS.

    Returns
    -------
    DataFrame
        Columns of SHARED_AUDIO. Of an album the first film represents all. Tracks that are one
        file are left out: `shared_files` finds them.
    """
    pairs = pd.DataFrame(_track_pairs(tracks, albums, of_tracks), columns=TRACK_PAIR)
    rows = [
        (*pair, SOUND, *_shared(part, pair, tracks))
        for pair, part in pairs.groupby(PAIR, sort=False)
    ]
    films = of_films[[*PAIR, "share"]].itertuples(index=False)
    rows += [(film, other, FILM, (), (), share) for film, other, share in films]
    return pd.DataFrame(rows, columns=SHARED_AUDIO.names)


def file_note(row: NamedTuple) -> str:
    """Say what a film shares with an earlier one.

    Parameters
    ----------
    row : named tuple
        A row of `shared_files`.

    Returns
    -------
    str
        A note on the second film.
    """
    if row.reason == VIDEO:
        return f"is the same file as {row.film_id}"
    if row.reason == ALBUM:
        return f"has the album of {row.film_id}"
    count = len(row.tracks)
    return f"has {count} track{'s' * (count > 1)} of {row.film_id}"


def _track_pairs(
    tracks: pd.DataFrame, albums: Mapping[str, str], of_tracks: pd.DataFrame
) -> Iterator[tuple[str, str, str, str, float]]:
    """The tracks of two films that sound alike, without those that are one file: TRACK_PAIR."""
    films = list(tracks.film_id.unique())
    first = {albums[film]: film for film in reversed(films)}
    digest = tracks.set_index(["film_id", "track_id"]).digest.to_dict()
    for row in of_tracks.itertuples():
        one = first[row.album_id], row.track_id
        other = first[row.other_album_id], row.other_track_id
        if digest[one] != digest[other]:
            one, other = sorted((one, other), key=lambda track: films.index(track[0]))
            yield one[0], other[0], one[1], other[1], row.shared_s


def _with_first(table: pd.DataFrame, key: str) -> pd.DataFrame:
    """Rows whose key an earlier film has; `film_id` is then that film, `track_id` its track."""
    first = table.drop_duplicates(key)
    both = first.merge(table.add_prefix("other_"), left_on=key, right_on=f"other_{key}")
    return both[both.film_id != both.other_film_id]


def _shared(
    rows: pd.DataFrame, films: tuple[str, str], tracks: pd.DataFrame
) -> tuple[tuple[str, ...], tuple[str, ...], float]:
    """The shared tracks of both albums, and how much of the shorter one they are, at most 1."""
    lengths_s = [tracks.duration_s[tracks.film_id == film].sum() for film in films]
    share = min(1.0, float(rows.duration_s.sum() / max(min(lengths_s), 1e-9)))
    return tuple(rows.track_id), tuple(rows.other_track_id), share
