"""Annotated spans of a film, and files of annotations."""

import pandas as pd

from scorelens.cues.annotations.reference import SPAN_COLUMNS


def span_table(*rows) -> pd.DataFrame:
    """Rows of (start, end, track): an empty track is unknown, `-` is none of the album."""
    frame = pd.DataFrame(rows, columns=SPAN_COLUMNS[:3])
    frame["off_album"] = frame.track_id == "-"
    frame["track_id"] = frame.track_id.where(~frame.off_album, "")
    types = {"film_start_s": float, "film_end_s": float, "track_id": str, "off_album": bool}
    return frame.astype(types)


def annotation_table(film, annotator, spans) -> pd.DataFrame:
    """The spans of a film and annotator as rows of ANNOTATIONS."""
    return spans.assign(film_id=film, annotator=annotator)
