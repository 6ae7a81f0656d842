"""Which genres a corpus has enough tracks for.

Read when the workflow is parsed, and again in training: light imports only.
"""

from collections.abc import Collection, Sequence


def trainable_genres(
    genres: Sequence[str], albums: Sequence[tuple[Collection[str], int]], min_tracks: int
) -> list[str]:
    """List the genres with enough tracks, of two albums or more.

    Parameters
    ----------
    genres : sequence of str
        Candidates.
    albums : sequence of (collection of str, int)
        Of each album: the genres of its films, and the number of its tracks.
    min_tracks : int
        Tracks that a genre needs.

    Returns
    -------
    list of str
        In the order of the candidates.

    Examples
    --------
    >>> albums = [({"Drama", "War"}, 3), ({"Drama"}, 2), ({"Horror"}, 9)]
    >>> trainable_genres(["Drama", "Horror", "War"], albums, 5)
    ['Drama']
    """
    tracks = {
        genre: [count for labels, count in albums if genre in labels and count] for genre in genres
    }
    return [
        genre for genre in genres if len(tracks[genre]) > 1 and sum(tracks[genre]) >= min_tracks
    ]
