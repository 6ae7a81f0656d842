"""Sorting the cues of a film into tracks in which none overlaps another."""

from collections.abc import Iterable

from scorelens.exports.film import Cue


def sort_into_lanes(cues: Iterable[Cue]) -> list[list[Cue]]:
    """Sort cues into as few lanes as possible; cues that play at once are in different ones.

    Parameters
    ----------
    cues : iterable of Cue
        Of one film.

    Returns
    -------
    list of list of Cue
        Each in the order of the film; none without cues.
    """
    lanes: list[list[Cue]] = []
    for cue in sorted(cues, key=lambda cue: (cue.in_frame, cue.out_frame)):
        free = next((lane for lane in lanes if lane[-1].out_frame <= cue.in_frame), None)
        if free is None:
            lanes.append(free := [])
        free.append(cue)
    return lanes
