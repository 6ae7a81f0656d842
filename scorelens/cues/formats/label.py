"""A cue as a player or an editor shows it."""

from typing import NamedTuple


class Label(NamedTuple):
    """A cue with its text.

    Parameters
    ----------
    cue_id : str
        Unique within the film.
    start_s, end_s : float
        Seconds of the film.
    text : str
        One line: the track and its artist, where in the track the cue starts, and the confidence.
    """

    cue_id: str
    start_s: float
    end_s: float
    text: str
