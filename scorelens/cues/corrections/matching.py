"""Which cue a correction is about: it holds on to a cue by film time and track."""

from collections.abc import Iterable, Mapping

Cue = Mapping[str, object]  # the columns of CUES by name; of a reference the first three of its row


def best_match(reference: Cue, cues: Iterable[Cue]) -> int | None:
    """Find the cue that a reference fits.

    Parameters
    ----------
    reference : mapping
        `film_start_s`, `film_end_s` and `track_id`.
    cues : iterable of mapping
        With the same keys.

    Returns
    -------
    int or None
        Position of the cue of the same track that it shares most time with, more than half of the
        shorter of the two; at equal overlap of the one that differs less in its edges, then of the
        first. None if it fits none.

    Examples
    --------
    >>> def cue(start_s, end_s, track="theme"):
    ...     return {"film_start_s": start_s, "film_end_s": end_s, "track_id": track}
    >>> best_match(cue(10, 20), [cue(0, 14), cue(12, 22), cue(10, 20, "chase")])
    1
    >>> best_match(cue(10, 20), [cue(15, 25)]) is None
    True
    """
    weights = [_fit(reference, cue) for cue in cues]
    best = max(range(len(weights)), key=weights.__getitem__, default=None)
    return None if best is None or weights[best] <= (0, 0) else best


def overlap_s(first: Cue, second: Cue) -> float:
    """Measure the film time that two cues share, s; negative if they are apart."""
    end_s = min(first["film_end_s"], second["film_end_s"])
    return end_s - max(first["film_start_s"], second["film_start_s"])


def length_s(cue: Cue) -> float:
    """Measure the film time of a cue, s."""
    return cue["film_end_s"] - cue["film_start_s"]


def _fit(reference: Cue, cue: Cue) -> tuple[float, float]:
    """Overlap, and the part of the whole that it is; zeros if the two do not fit."""
    shared = overlap_s(reference, cue)
    lengths = length_s(reference), length_s(cue)
    if reference["track_id"] != cue["track_id"] or 2 * shared <= min(lengths):
        return 0.0, 0.0
    return shared, shared / (sum(lengths) - shared)
