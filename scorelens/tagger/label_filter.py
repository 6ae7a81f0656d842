"""Which tags a corpus can teach.

Asked when the workflow is parsed, and again when a model trains: light imports only.
"""

from collections.abc import Collection, Sequence


def teachable(
    genres: Sequence[str], albums: Sequence[tuple[Collection[str], int]], least_tracks: int
) -> list[str]:
    """The genres with at least so many tracks, of two albums or more, in their order.

    albums: the genres of all films that have an album, and the number of its tracks.
    """
    return [genre for genre in genres if _is_teachable(genre, albums, least_tracks)]


def _is_teachable(genre: str, albums, least_tracks: int) -> bool:
    tracks = [count for labels, count in albums if genre in labels and count]
    return len(tracks) > 1 and sum(tracks) >= least_tracks
