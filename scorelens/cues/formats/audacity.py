"""Cues as a label track for Audacity."""

from collections.abc import Iterable, Iterator

from scorelens.cues.formats.label import Label, LabelText

ENDING = "txt"
FREQUENCIES = "\\"  # starts the line with the frequency range of the label above


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


def read_labels(text: str) -> Iterator[LabelText]:
    r"""Read a label track; frequency ranges of labels are ignored.

    Parameters
    ----------
    text : str
        The text of the file; lines end in `\n`.

    Yields
    ------
    LabelText

    Examples
    --------
    >>> list(read_labels("1.5\t62\tMain Title\n"))
    [LabelText(line=1, start='1.5', end='62', text='Main Title')]
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith(FREQUENCIES):
            start, end, label = (part.strip() for part in (line + "\t\t").split("\t")[:3])
            yield LabelText(number, start, end, label)
