"""Write the page of a film: player, time line, cues to check."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.desk import film_data
from scorelens.desk.addresses import media_address
from scorelens.desk.film_data import read_optional
from scorelens.desk.pages.html import write_html

FEATURE_COLUMNS = ("rhythm.tempo.mean", *film_data.CHROMA)


def write_film_page(
    film: Mapping[str, object],
    files: Mapping[str, str | None],
    given: Sequence[Sequence[str]],
    unknown: Mapping[str, float],
    output: str | os.PathLike,
) -> None:
    """Write the page of one film.

    Parameters
    ----------
    film : mapping of str to object
        `film_id`, `title`, `year` (or None), `genres`, `video` (what the page plays) and
        `is_preview` (whether that is a light copy).
    files : mapping of str to str or None
        Paths of the film's tables. Always `machine_cues` and `cues` (CUES: as matched, and with the
        corrections), `status` and `tracks`; None where the run has none: `truth`, `annotations`,
        `visuals`, `levels`, `music`, `features` (of the set `mir`) and `genres` (GENRE_CUES of one
        model).
    given : sequence of sequence of str
        Rows of the corrections of the film that the user gave, as they are in the file.
    unknown : mapping of str to float
        Settings of `find_unknown_music`.
    output : str or os.PathLike
        Path of the page.
    """
    folder = Path(output).parent
    data = collect_film(film, files, given, unknown, folder)
    write_html("film.html", data, output, title=film["title"])


def collect_film(
    film: Mapping[str, object],
    files: Mapping[str, str | None],
    given: Sequence[Sequence[str]],
    unknown: Mapping[str, float],
    folder: str | os.PathLike,
) -> dict:
    """Collect what the page of a film shows; the arguments are those of `write_film_page`.

    Returns
    -------
    dict
        Plain values: `film`, `tracks`, `cues`, `references`, `unknown`, `shots`, `series`, `keys`,
        `genres` and `given` (corrections).
    """
    film_id = str(film["film_id"])
    cues = tables.read_table(files["cues"], tables.CUES)
    status = tables.read_table(files["status"], tables.STATUS).iloc[0]
    # At least to the end of the last cue.
    duration_s = max([float(status.duration_s), 1.0, *cues.film_end_s.tolist()])
    tracks = tables.read_table(files["tracks"], tables.TRACKS)
    truth = read_optional(files.get("truth"), tables.TRUTH)
    annotations = read_optional(files.get("annotations"), tables.ANNOTATIONS, film_id)
    visuals = read_optional(files.get("visuals"), tables.VISUALS)
    levels = read_optional(files.get("levels"), tables.CUE_LEVELS)
    music = read_optional(files.get("music"), tables.MUSIC)
    genres = read_optional(files.get("genres"), tables.GENRE_CUES, film_id)
    features = _features(files.get("features"))
    machine = tables.read_table(files["machine_cues"], tables.CUES)
    seconds = math.ceil(duration_s)
    return {
        "film": _film_values(film, duration_s, bool(status.has_picture), folder),
        "tracks": film_data.track_rows(tracks, folder),
        "cues": film_data.cue_rows(machine),
        "references": film_data.reference_rows(truth, annotations),
        "unknown": [] if music is None else film_data.music_spans(music, cues, unknown),
        "shots": [] if visuals is None else film_data.shot_starts(visuals),
        "series": film_data.film_series(seconds, visuals, levels, music, features),
        "keys": [] if features is None else film_data.key_spans(features),
        "genres": None if genres is None else film_data.genre_spans(cues, genres),
        "given": [list(row) for row in given],
    }


def _features(path: str | None) -> pd.DataFrame | None:
    if not path:
        return None
    return tables.read_table(path, tables.FEATURES, [*tables.FEATURES.names, *FEATURE_COLUMNS])


def _film_values(film, duration_s: float, has_picture: bool, folder) -> dict:
    return {
        "id": film["film_id"],
        "title": film["title"],
        "year": film["year"],
        "genres": list(film["genres"]),
        "length": round(duration_s, 3),
        "address": media_address(film["video"], folder),
        "name": os.path.basename(film["video"]),
        "hasPicture": has_picture,
        "isPreview": bool(film["is_preview"]),
    }
