"""Cues as the list of markers that Premiere Pro exports: columns by tabs."""

import csv
from pathlib import Path

from scorelens.exports.film import Film

HEADER = ("Marker Name", "Description", "In", "Out", "Duration", "Marker Type")


def write_film(film: Film, path: Path) -> None:
    """Write the markers of a film; drop-frame time code has semicolons throughout.

    Parameters
    ----------
    film : Film
    path : Path
        The file.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\r\n")
        writer.writerow(HEADER)
        for cue in film.cues:
            codes = (cue.timecode_in, cue.timecode_out, cue.timecode_duration)
            times = [code.replace(":", ";") if ";" in code else code for code in codes]
            writer.writerow([cue.title, cue.label, *times, "Comment"])
