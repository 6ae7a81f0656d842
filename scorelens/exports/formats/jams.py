"""Cues as JAMS, the annotation format of music information retrieval.

A file is JSON of a few keys, so it is written here: importing the library `jams`, which reads it in
the tests, takes ten times as long as writing all formats.
"""

import json
from pathlib import Path

from scorelens.exports.film import Cue, Film

VERSION = "0.3.5"  # of the schema
NAMESPACE = "segment_open"
KEPT = ("cue_id", "track_id", "composer", "artist", "publisher", "album", "isrc", "use", "vocal")
KEPT += ("diegetic", "verdict", "track_start_s", "speed")


def write_film(film: Film, path: Path) -> None:
    """Write the annotation of a film, with what has no place in an observation in its sandbox.

    Parameters
    ----------
    film : Film
    path : Path
        The file.

    References
    ----------
    Humphrey et al., "JAMS: A JSON annotated music specification for reproducible MIR research",
    ISMIR 2014.
    """
    document = {
        "annotations": [_annotation(film)],
        "file_metadata": {
            "title": film.title,
            "artist": "",
            "release": "",
            "duration": film.duration_s,
            "identifiers": {"film_id": film.film_id},
            "jams_version": VERSION,
        },
        "sandbox": {},
    }
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text, encoding="utf-8", newline="")


def _annotation(film: Film) -> dict[str, object]:
    return {
        "namespace": NAMESPACE,
        "time": 0.0,
        "duration": film.duration_s,
        "data": [_observation(cue) for cue in film.cues],
        "annotation_metadata": {
            "curator": {"name": "", "email": ""},
            "annotator": {},
            "version": "",
            "corpus": "",
            "annotation_tools": "scorelens",
            "annotation_rules": "",
            "validation": "",
            "data_source": "program",
        },
        "sandbox": {"cues": [{name: getattr(cue, name) for name in KEPT} for cue in film.cues]},
    }


def _observation(cue: Cue) -> dict[str, object]:
    return {
        "time": cue.film_start_s,
        "duration": cue.film_end_s - cue.film_start_s,
        "value": cue.title,
        "confidence": cue.confidence,
    }
