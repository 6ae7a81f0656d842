"""What the page of a film shows, as plain values."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.albums.names import track_artists, track_titles
from scorelens.albums.tracks import track_parts
from scorelens.desk.addresses import media_address
from scorelens.desk.series import encode_series
from scorelens.features import PITCH_CLASSES, estimate_key

KEY_S = 10  # the key is estimated from the mean chroma of this much film
CHROMA = tuple(f"pitch.chroma_{index}.mean" for index in range(12))
MIN_DB = -60.0
TEMPO_BPM = (40.0, 200.0)


def cue_rows(cues: pd.DataFrame) -> list[dict]:
    """Give the cues for the script of a page.

    Parameters
    ----------
    cues : DataFrame
        Rows of CUES of the film.

    Returns
    -------
    list of dict
        `id`, `track`, `start` and `end` (s in the film), `at` (s in the track), `speed` (track
        seconds per film second), `pitch` (semitones) and `confidence`, in order of time.
    """
    names = {
        "cue_id": "id",
        "track_id": "track",
        "film_start_s": "start",
        "film_end_s": "end",
        "track_start_s": "at",
        "speed": "speed",
        "pitch_semitones": "pitch",
        "confidence": "confidence",
    }
    ordered = cues.sort_values(["film_start_s", "film_end_s"])
    return ordered[list(names)].rename(columns=names).round(6).to_dict("records")


def track_rows(tracks: pd.DataFrame, folder: str | os.PathLike) -> dict[str, dict]:
    """Give the tracks of an album for the script of a page.

    Parameters
    ----------
    tracks : DataFrame
        Rows of TRACKS.
    folder : str or os.PathLike
        Folder of the page.

    Returns
    -------
    dict of str to dict
        By track_id: `title`, `artist`, `address`, `start` (s in its file) and `length` (s).
    """
    titles, artists, parts = track_titles(tracks), track_artists(tracks), track_parts(tracks)
    lengths = dict(zip(tracks.track_id, tracks.duration_s, strict=True))
    return {
        track_id: {
            "title": title,
            "artist": artists[track_id] or "",
            "address": media_address(parts[track_id]["path"], folder),
            "start": round(float(parts[track_id]["start_s"]), 6),
            "length": round(float(lengths[track_id]), 3),
        }
        for track_id, title in titles.items()
    }


def reference_rows(truth: pd.DataFrame | None, annotations: pd.DataFrame | None) -> list[dict]:
    """Give the true cues, and those that people marked, for the script of a page.

    Parameters
    ----------
    truth : DataFrame or None
        Rows of TRUTH of the film.
    annotations : DataFrame or None
        Rows of ANNOTATIONS of the film.

    Returns
    -------
    list of dict
        `name` (`truth`, or the annotator) and `spans`: start and end (s in the film) and track_id,
        which is empty for music of no track of the album, or of an unknown one.
    """
    references = []
    if truth is not None:
        tracks = truth.track_id.where(~truth.decoy, "")
        references.append({"name": "truth", "spans": _spans(truth, tracks)})
    if annotations is not None:
        for name, rows in annotations.groupby("annotator", sort=True):
            references.append({"name": name, "spans": _spans(rows, rows.track_id.fillna(""))})
    return references


def _spans(rows: pd.DataFrame, tracks: pd.Series) -> list[list]:
    columns = (rows.film_start_s.round(3), rows.film_end_s.round(3), tracks)
    return [list(span) for span in zip(*(column.tolist() for column in columns), strict=True)]


def film_series(
    seconds: int,
    visuals: pd.DataFrame | None = None,
    levels: pd.DataFrame | None = None,
    music: pd.DataFrame | None = None,
    features: pd.DataFrame | None = None,
) -> dict[str, dict]:
    """Encode what a run measured by the second.

    Parameters
    ----------
    seconds : int
        Number of seconds of the film.
    visuals, levels, music, features : DataFrame or None
        Rows of VISUALS, CUE_LEVELS, MUSIC, and of FEATURES of the set `mir`.

    Returns
    -------
    dict of str to dict
        By name, as `encode_series` gives them; without what was not measured.
    """
    sources = {
        "brightness": (visuals, "brightness", 0.0, 1.0),
        "music_db": (levels, "music_db", MIN_DB, 0.0),
        "rest_db": (levels, "rest_db", MIN_DB, 0.0),
        "music": (music, "music", 0.0, 1.0),
        "speech": (music, "speech", 0.0, 1.0),
        "tempo": (features, "rhythm.tempo.mean", *TEMPO_BPM),
    }
    return {
        name: encode_series(table.time_s, table[column], seconds, low, high)
        for name, (table, column, low, high) in sources.items()
        if table is not None and len(table)
    }


def key_spans(features: pd.DataFrame) -> list[list]:
    """Estimate the key every `KEY_S` seconds of every cue, and join equal neighbours.

    Parameters
    ----------
    features : DataFrame
        Rows of FEATURES of the set `mir` of the film.

    Returns
    -------
    list of list
        Start and end (s in the film) and name, such as `C minor`; none where chroma is flat.

    References
    ----------
    Krumhansl and Kessler 1982, key profiles, as `scorelens.features.estimate_key` uses them.
    """
    steps = (features.time_s // KEY_S).astype(int).rename("step")
    chroma = features.groupby(["cue_id", steps], sort=False)[list(CHROMA)].mean().dropna()
    _, _, modes, east, north = estimate_key(chroma.to_numpy(float)).T
    fifths = np.round(np.arctan2(north, east) / (2 * np.pi / 12))
    times = features.groupby(["cue_id", steps], sort=False).time_s.agg(["min", "max"])
    spans: list[list] = []
    stretches = times.loc[chroma.index].to_numpy(float).tolist()
    for (start, last), fifth, mode in zip(stretches, fifths, modes, strict=True):
        if np.isnan(mode) or np.isnan(fifth):
            continue
        name = f"{PITCH_CLASSES[7 * int(fifth) % 12]} {'major' if mode > 0 else 'minor'}"
        if spans and spans[-1][1:] == [start, name]:
            spans[-1][1] = last + 1
        else:
            spans.append([start, last + 1, name])
    return spans


def genre_spans(cues: pd.DataFrame, predictions: pd.DataFrame) -> dict:
    """Give the genre probabilities of the cues for the script of a page.

    Parameters
    ----------
    cues : DataFrame
        Rows of CUES of the film.
    predictions : DataFrame
        Rows of GENRE_CUES of the film, by one model.

    Returns
    -------
    dict
        `names` of the genres, and `spans`: start and end (s in the film) and the probabilities.
    """
    wide = predictions.pivot_table("probability", "cue_id", "genre").round(3)
    joined = (
        cues.set_index("cue_id")[["film_start_s", "film_end_s"]].round(3).join(wide, how="inner")
    )
    spans = [[start, end, values] for start, end, *values in joined.to_numpy().tolist()]
    return {"names": list(wide.columns), "spans": spans}


def shot_starts(visuals: pd.DataFrame) -> list[int]:
    """Give the seconds of a film that begin a shot: rows of VISUALS with a cut."""
    return visuals.time_s[visuals.cuts > 0].astype(int).tolist()


def music_spans(music: pd.DataFrame, cues: pd.DataFrame, settings: Mapping) -> list[list]:
    """Give start and end, s in the film, of music without a cue; see `find_unknown_music`."""
    from scorelens.music import find_unknown_music

    unknown = find_unknown_music(music, cues, **settings)
    return unknown[["start_s", "end_s"]].to_numpy().tolist()


def read_optional(path: str | None, schema: tables.Table, film_id: str = "") -> pd.DataFrame | None:
    """Read a table that not every run has; of a table over films, the rows of one."""
    if not path:
        return None
    table = tables.read_table(path, schema)
    return table[table.film_id == film_id] if film_id else table
