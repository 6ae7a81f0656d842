"""Write the page of a library: one file that needs no server and no network."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from scorelens.html_page import render_page
from scorelens.tagger import TITLES

POINTS = 60  # of a profile
LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"  # 0..1 as a letter
LARGEST = 12_000_000  # letters of profiles in a page; without them it stays quick to open
HERE = Path(__file__).parent


def write_page(
    library: str,
    home: str,
    tracks: pd.DataFrame,
    answers: pd.DataFrame,
    profiles: str | os.PathLike,
    facts: dict,
    output: str | os.PathLike,
) -> None:
    """Write the page of a library.

    home: absolute path of its folder. tracks, answers: rows of TAGGER_LIBRARY and TAGGER_ANSWERS.
    profiles: file of TAGGER_PROFILES, the rows of a track one after the other, second by second.
    facts: `model`, `films` that it learnt from, whether its answers are `calibrated`, and
    its `genres` in the order of the profiles.
    """
    render_page(
        HERE,
        page_data(home, tracks, answers, profiles, facts["genres"]),
        output,
        library=library,
        home=home,
        count=len(tracks),
        model=TITLES[facts["model"]],
        films=facts["films"],
        calibrated=facts["calibrated"],
    )


def page_data(
    home: str,
    tracks: pd.DataFrame,
    answers: pd.DataFrame,
    profiles: str | os.PathLike,
    genres: Sequence[str],
) -> dict:
    """What the page's script works with, as plain values.

    Arguments as in `write_page`. Returns `home`; `genres`; and of the tracks, in order of their
    paths, `path`, `title`, `artist`, `composer` and `album`, `duration`, s, `tempo`, BPM, `key`,
    `loudness`, LUFS, `problem`, `shares`, whole per mille in order of the genres or None, and
    `profile`, a letter of LEVELS a point, POINTS at most, genre after genre; empty if there is none
    or the library is too large for that.
    """
    shares = answers.pivot_table(index="path", columns="genre", values="probability")
    shares = (1000 * shares.reindex(columns=genres)).round().astype(int)
    by_path = dict(zip(shares.index, shares.to_numpy().tolist(), strict=True))
    drawn = {}
    if len(by_path) * len(genres) * POINTS <= LARGEST:
        drawn = {path: profile_text(values) for path, values in _profiles(profiles, len(genres))}
    paths = tracks["path"].tolist()
    return {
        "home": home,
        "genres": list(genres),
        "path": paths,
        **{name: tracks[name].tolist() for name in ("title", "artist", "composer", "album")},
        "duration": _numbers(tracks["duration_s"], 1),
        "tempo": _numbers(tracks["tempo_bpm"], 1),
        "key": tracks["key"].tolist(),
        "loudness": _numbers(tracks["loudness_lufs"], 1),
        "problem": tracks["problem"].tolist(),
        "shares": [by_path.get(path) for path in paths],
        "profile": [drawn.get(path, "") for path in paths],
    }


def profile_text(values: np.ndarray) -> str:
    """A profile as letters: float (seconds, genres) of 0..1, in means of even stretches."""
    points = min(len(values), POINTS)
    edges = np.arange(points) * len(values) // points
    means = np.add.reduceat(values, edges) / np.diff(edges, append=len(values))[:, None]
    steps = np.rint(means.T * (len(LEVELS) - 1)).astype(int)
    return "".join(LEVELS[step] for step in steps.ravel())


def _profiles(path: str | os.PathLike, genres: int) -> Iterator[tuple[str, np.ndarray]]:
    """The path and profile, (seconds, genres), of each track, a row group in memory at a time."""
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            group = file.read_row_group(number, columns=["path", "probability"])
            values = group["probability"].to_numpy().reshape(-1, genres)
            names = group["path"].to_pandas()[::genres]
            starts = np.flatnonzero(names != names.shift())
            parts = np.split(values, starts)[1:]
            yield from zip(names.iloc[starts], parts, strict=True)


def _numbers(values: pd.Series, digits: int) -> list[float | None]:
    return [None if pd.isna(value) else round(value, digits) for value in values.tolist()]
