"""What a run knows of its films for the search: titles, genres, and where music plays."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.errors import ConfigError, Problem, closest
from scorelens.result_paths import CORRECTED_CUES, FILM_TABLE, MATCHED_CUES, TRACK_TABLE

Part = tuple[str, float]  # real path of a file, and the start of a track in it, s


@dataclass(frozen=True)
class Films:
    """The films of a run.

    Attributes
    ----------
    titles, genres : dict
        By film_id; genres are tuples.
    cues : dict of str to DataFrame
        Rows of CUES by film_id, corrected ones if there are any.
    parts : dict
        (film_id, track_id) -> where the track lies.
    """

    titles: dict[str, str] = field(default_factory=dict)
    genres: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cues: dict[str, pd.DataFrame] = field(default_factory=dict)
    parts: dict[tuple[str, str], Part] = field(default_factory=dict)

    def uses(self) -> dict[Part, tuple[str, ...]]:
        """Films that use each track, by where it lies."""
        found: dict[Part, dict] = {}
        for film_id, cues in self.cues.items():
            for track_id in cues["track_id"].unique():
                part = self.parts.get((film_id, track_id))
                if part:
                    found.setdefault(part, {})[film_id] = True
        return {part: tuple(films) for part, films in found.items()}

    def cue_at(self, film_id: str, time_s: float) -> tuple[Part, float] | None:
        """Where the music of a moment lies: its track, and the time in the track in s.

        Parameters
        ----------
        film_id : str
        time_s : float

        Returns
        -------
        tuple or None
            None if no cue plays.

        Raises
        ------
        ConfigError
            If there is no such film.
        """
        self.require(film_id)
        cues = self.cues.get(film_id)
        if cues is None:
            return None
        playing = cues[(cues["film_start_s"] <= time_s) & (cues["film_end_s"] > time_s)]
        if playing.empty:
            return None
        cue = playing.loc[playing["confidence"].fillna(0).idxmax()]
        at_s = cue["track_start_s"] + (time_s - cue["film_start_s"]) * cue["speed"]
        part = self.parts.get((film_id, cue["track_id"]))
        return (part, float(at_s)) if part else None

    def require(self, film_id: str) -> None:
        """Check that a film is there.

        Raises
        ------
        ConfigError
            If it is not.
        """
        if film_id not in self.titles:
            known = list(self.titles)
            expected = f"one of {', '.join(known[:20])}" if known else "a run with films"
            where, what = "moment of a film", f"there is no film {film_id!r}"
            raise ConfigError(Problem(where, what, expected, closest(film_id, known)))


def read_films(results: str | os.PathLike) -> Films:
    """Read what a run knows of its films; what it has not made yet is empty.

    Parameters
    ----------
    results : path
        Folder of the results.

    Returns
    -------
    Films
    """
    films = _table(results, FILM_TABLE, tables.FILMS)
    tracks = _table(results, TRACK_TABLE, tables.TRACKS)
    if films is None or tracks is None:
        return Films()
    rows = tracks.itertuples()
    parts = {
        (row.film_id, row.track_id): (os.path.realpath(row.path), round(row.start_s, 2))
        for row in rows
    }
    cues = {film_id: _cues(results, film_id) for film_id in films["film_id"]}
    return Films(
        dict(zip(films["film_id"], films["title"], strict=True)),
        {row.film_id: tuple(row.genres) for row in films.itertuples()},
        {film_id: table for film_id, table in cues.items() if table is not None},
        parts,
    )


def _cues(results: str | os.PathLike, film_id: str) -> pd.DataFrame | None:
    for path in (CORRECTED_CUES, MATCHED_CUES):
        table = _table(results, path.format(film=film_id), tables.CUES)
        if table is not None:
            return table
    return None


def _table(results: str | os.PathLike, path: str, schema: tables.Table) -> pd.DataFrame | None:
    inside = Path(results) / Path(path).relative_to("results")
    return tables.read_table(inside, schema) if inside.is_file() else None
