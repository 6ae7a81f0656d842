"""Cues as a label track for Audacity."""

from collections.abc import Iterable

from scorelens.cues.formats.label import Label

ENDING = "txt"


def as_text(labels: Iterable[Label]) -> str:
    r"""The text of an Audacity label track: start and end in seconds and the text, by tabs.

    Parameters
    ----------
    labels : iterable of Label
        In the order of the film.

    Returns
    -------
    str

    Examples
    --------
    >>> as_text([Label("cue_0001", 1.2345, 62.0, "Main Title")])
    '1.234500\t62.000000\tMain Title\n'
    """
    return "".join(f"{label.start_s:.6f}\t{label.end_s:.6f}\t{label.text}\n" for label in labels)
