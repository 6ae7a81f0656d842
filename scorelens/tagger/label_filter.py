"""Which genres a corpus has enough tracks for.

Read when the workflow is parsed, and again in training: light imports only.
"""

from collections.abc import Collection, Hashable, Sequence
from typing import NamedTuple


class AlbumLabels(NamedTuple):
    """What of an album decides which genres can be trained: its split group, genres, tracks."""

    group: Hashable
    genres: Collection[str]
    tracks: int


def trainable_genres(
    genres: Sequence[str], albums: Sequence[AlbumLabels], min_tracks: int
) -> list[str]:
    """List the genres with enough tracks, of films of two groups or more.

    Parameters
    ----------
    genres : sequence of str
        Candidates.
    albums : sequence of AlbumLabels
        Of each album: the group that is held out with it, the genres of its films, and the number
        of its tracks.
    min_tracks : int
        Tracks that a genre needs.

    Returns
    -------
    list of str
        In the order of the candidates.

    Examples
    --------
    >>> albums = [AlbumLabels(0, {"Drama", "War"}, 3), AlbumLabels(1, {"Drama"}, 2)]
    >>> trainable_genres(["Drama", "Horror", "War"], albums, 5)
    ['Drama']
    """
    carrying = {
        genre: [album for album in albums if genre in album.genres and album.tracks]
        for genre in genres
    }
    return [
        genre
        for genre in genres
        if len({album.group for album in carrying[genre]}) > 1
        and sum(album.tracks for album in carrying[genre]) >= min_tracks
    ]
