"""Cues as a label track for Audacity: start and end in seconds and the text, by tabs."""

from pathlib import Path

from scorelens.exports.film import Film


def write_film(film: Film, path: Path) -> None:
    """Write the label track of a film; cues that play at once are labels that overlap.

    Parameters
    ----------
    film : Film
    path : Path
        The file.
    """
    lines = [f"{cue.film_start_s:.6f}\t{cue.film_end_s:.6f}\t{cue.label}\n" for cue in film.cues]
    path.write_text("".join(lines), encoding="utf-8", newline="")
