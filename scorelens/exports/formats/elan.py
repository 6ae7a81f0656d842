"""Cues as annotations for ELAN: a tier for each lane of cues, with a tier of details below it."""

import mimetypes
from pathlib import Path

from pympi.Elan import Eaf

from scorelens.exports.film import Film, file_url
from scorelens.exports.lanes import sort_into_lanes

DATE = "1980-01-01T00:00:00+00:00"  # the same cues give the same file
DETAILS = "details"
UNKNOWN_TYPE = "video/*"


def write_film(film: Film, path: Path) -> None:
    """Write the annotations of a film, linked to its file; times are those of frames.

    Parameters
    ----------
    film : Film
    path : Path
        The file.
    """
    document = Eaf(author="scorelens")
    document.adocument["DATE"] = DATE
    kind = mimetypes.guess_type(film.video)[0] or UNKNOWN_TYPE
    document.add_linked_file(file_url(film.video), mimetype=kind)
    document.add_linguistic_type(DETAILS, "Symbolic_Association", timealignable=False)
    document.remove_tier("default")
    for number, lane in enumerate(sort_into_lanes(film.cues) or [[]], 1):
        tier, details = f"Music {number}", f"Music {number} {DETAILS}"
        document.add_tier(tier)
        document.add_tier(details, DETAILS, tier)
        for cue in lane:
            start, end = (
                round(frame * 1000 / film.frame_rate) for frame in (cue.in_frame, cue.out_frame)
            )
            document.add_annotation(tier, start, end, cue.title)
            document.add_ref_annotation(details, tier, (start + end) // 2, cue.label)
    path.unlink(missing_ok=True)  # the library would leave a backup
    document.to_file(str(path))
