"""What the report says about films, albums, cues and features, as plain values."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd

from scorelens import tables

ALL_FILMS = "all"


def film_rows(films: pd.DataFrame, cues: pd.DataFrame, status: pd.DataFrame) -> list[dict]:
    """One row a film in use: its facts, number of cues, share of time with music, and notes."""
    counts = cues.groupby("film_id").size()
    notes = status.set_index("film_id")["notes"]
    covered = {film: covered_s(own) for film, own in cues.groupby("film_id")}
    return [
        {
            "film_id": film.film_id,
            "title": film.title,
            "year": None if pd.isna(film.year) else int(film.year),
            "genres": film.genres.replace(";", ", "),
            "duration_s": film.duration_s,
            "tracks": film.tracks,
            "cues": int(counts.get(film.film_id, 0)),
            "music_s": covered.get(film.film_id, 0.0),
            "music_share": covered.get(film.film_id, 0.0) / film.duration_s
            if film.duration_s
            else 0,
            "notes": notes.get(film.film_id, ""),
        }
        for film in films.itertuples()
    ]


def published_rows(
    films: pd.DataFrame, bags: Mapping[str, pd.DataFrame], status: pd.DataFrame
) -> list[dict]:
    """One row a film of published features: genres, notes, and in each set its cues and frames.

    bags: by feature set.
    """
    notes = status.set_index("film_id")["notes"]
    sets = {
        name: bag.groupby("film_id").agg(cues=("cue_id", "nunique"), frames=("n_frames", "sum"))
        for name, bag in bags.items()
    }
    return [
        {
            "film_id": film.film_id,
            "title": film.title,
            "genres": film.genres.replace(";", ", "),
            "sets": {name: counts.loc[film.film_id].to_dict() for name, counts in sets.items()},
            "notes": notes.get(film.film_id, ""),
        }
        for film in films.itertuples()
    ]


def published_summary(rows: list[dict]) -> dict:
    """The numbers at the head of the page: films, and the cues and frames of each set."""
    return {
        "films": len(rows),
        "sets": {
            name: {count: sum(row["sets"][name][count] for row in rows) for count in counts}
            for name, counts in rows[0]["sets"].items()
        },
    }


def covered_s(cues: pd.DataFrame) -> float:
    """Seconds of one film that lie in at least one cue."""
    spans = cues.sort_values("film_start_s")[["film_start_s", "film_end_s"]].to_numpy()
    ends = np.maximum.accumulate(spans[:, 1])
    starts = np.maximum(spans[1:, 0], ends[:-1])
    return float(spans[0, 1] - spans[0, 0] + np.maximum(ends[1:] - starts, 0).sum())


def summary(rows: list[dict], tracks: pd.DataFrame) -> dict:
    """The numbers at the head of the page; hours of film and of albums, share of music."""
    film_s = sum(row["duration_s"] for row in rows)
    own = tracks[tracks.film_id.isin([row["film_id"] for row in rows])]
    return {
        "films": len(rows),
        "albums": own.film_id.nunique(),
        "tracks": len(own),
        "film_h": film_s / 3600,
        "album_h": own.duration_s.sum() / 3600,
        "cues": sum(row["cues"] for row in rows),
        "music_share": sum(row["music_s"] for row in rows) / film_s if film_s else 0,
    }


def skipped_films(status: pd.DataFrame) -> list[dict]:
    """The films that were left out, with every problem in full."""
    return status.loc[status.status != "ok", ["film_id", "problems"]].to_dict("records")


def score_rows(path: str | os.PathLike | None) -> list[dict]:
    """The rows of the table of cue scores, each with a name; none if there is no such table."""
    if path is None:
        return []
    scores = tables.read_table(path, tables.CUE_SCORES)
    names = {"film": "{}", "snr": "music at {} dB", ALL_FILMS: "all films"}
    named = [names[row.group].format(row.value) for row in scores.itertuples()]
    return scores.assign(name=named).to_dict("records")


def feature_groups(bags: pd.DataFrame) -> list[dict]:
    """Each group of features (the first word of a name): columns and share of missing values."""
    columns = pd.Series(tables.feature_columns(bags, tables.BAGS), dtype=str)
    groups = columns.groupby(columns.str.split(".").str[0], sort=False)
    return [
        {
            "group": group,
            "columns": len(names),
            "missing": float(bags[names].isna().to_numpy().mean()),
        }
        for group, names in groups
        if len(bags)
    ]
