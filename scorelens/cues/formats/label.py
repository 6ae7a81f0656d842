"""A cue as a player or an editor shows it, and as it is read back from a file of labels."""

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
        One line: the track and its artist, where in the track the cue starts, the confidence,
        and how loud the music is.
    """

    cue_id: str
    start_s: float
    end_s: float
    text: str


class LabelText(NamedTuple):
    """A label as written in a file, its times unparsed.

    Parameters
    ----------
    line : int
        Number of its line in the file, from 1.
    start, end : str
        When it starts and ends; empty if that is absent.
    text : str
        In one line; may be empty.
    """

    line: int
    start: str
    end: str
    text: str
