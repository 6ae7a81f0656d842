"""The films of a run: length, number of cues, share of time with music."""

import numpy as np
import pandas as pd


def film_rows(films: pd.DataFrame, cues: pd.DataFrame, status: pd.DataFrame) -> list[dict]:
    """Describe every film in use.

    Parameters
    ----------
    films, cues, status : DataFrame
        Tables of FILMS, CUES and STATUS.

    Returns
    -------
    list of dict
        For each film: film_id, title, year (None if unknown), genres, duration_s, tracks, cues,
        music_s (time within cues, s), music_share (0..1) and notes.
    """
    counts = cues.groupby("film_id").size()
    notes = status.set_index("film_id")["notes"]
    music_s = {film: covered_s(rows) for film, rows in cues.groupby("film_id")}
    return [
        {
            "film_id": film.film_id,
            "title": film.title,
            "year": None if pd.isna(film.year) else int(film.year),
            "genres": ", ".join(film.genres),
            "duration_s": film.duration_s,
            "tracks": film.tracks,
            "cues": int(counts.get(film.film_id, 0)),
            "music_s": music_s.get(film.film_id, 0.0),
            "music_share": music_s.get(film.film_id, 0.0) / film.duration_s
            if film.duration_s
            else 0,
            "notes": notes.get(film.film_id, ""),
        }
        for film in films.itertuples()
    ]


def covered_s(cues: pd.DataFrame) -> float:
    """Measure the time of one film that lies in at least one cue.

    Parameters
    ----------
    cues : DataFrame
        One row or more, with film_start_s and film_end_s.

    Returns
    -------
    float
        Seconds; where cues overlap they count once.

    Examples
    --------
    >>> covered_s(pd.DataFrame({"film_start_s": [0.0, 5.0], "film_end_s": [10.0, 12.0]}))
    12.0
    """
    spans = cues.sort_values("film_start_s")[["film_start_s", "film_end_s"]].to_numpy()
    ends = np.maximum.accumulate(spans[:, 1])
    starts = np.maximum(spans[1:, 0], ends[:-1])
    return float(spans[0, 1] - spans[0, 0] + np.maximum(ends[1:] - starts, 0).sum())
