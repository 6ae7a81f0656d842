"""Cues as WebVTT subtitles, which video players show over the film."""

import html
from pathlib import Path

from scorelens.exports.film import Film


def write_film(film: Film, path: Path) -> None:
    """Write the subtitles of a film, one a cue, named by the id of the cue.

    Parameters
    ----------
    film : Film
    path : Path
        The file.

    References
    ----------
    W3C, WebVTT: The Web Video Text Tracks Format, section 4.1.
    """
    blocks = [
        f"{cue.cue_id}\n{timestamp(cue.film_start_s)} --> {timestamp(cue.film_end_s)}\n"
        f"{html.escape(cue.label, quote=False)}\n"
        for cue in film.cues
    ]
    path.write_text("\n".join(["WEBVTT\n", *blocks]), encoding="utf-8", newline="")


def timestamp(time_s: float) -> str:
    """Format a time for WebVTT.

    Parameters
    ----------
    time_s : float
        Seconds.

    Returns
    -------
    str
        hours:minutes:seconds.milliseconds

    Examples
    --------
    >>> timestamp(3723.5)
    '01:02:03.500'
    """
    minutes, milliseconds = divmod(round(time_s * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"
