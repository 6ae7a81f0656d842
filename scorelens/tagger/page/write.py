"""Write the page of a library: one HTML file that needs no server and no network."""

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
MAX_PROFILE_LETTERS = 12_000_000  # of a page; beyond that profiles are left out to open it quickly
FOLDER = Path(__file__).parent


def write_page(
    library: str,
    home: str,
    tracks: pd.DataFrame,
    ranking: pd.DataFrame,
    profiles: str | os.PathLike,
    provenance: dict,
    output: str | os.PathLike,
) -> None:
    """Write the page of a library.

    Parameters
    ----------
    library : str
        Name of the library.
    home : str
        Absolute path of its folder.
    tracks, ranking : pandas.DataFrame
        Rows of TAGGER_LIBRARY and TAGGER_RANKING.
    profiles : str or os.PathLike
        Table of TAGGER_PROFILES, track by track and second by second.
    provenance : dict
        Of the model: `model`, `films` (their number), `calibrated`, and `genres` in the order of
        the profiles.
    output : str or os.PathLike
        Path of the page.
    """
    render_page(
        FOLDER,
        page_data(home, tracks, ranking, profiles, provenance["genres"]),
        output,
        library=library,
        home=home,
        count=len(tracks),
        model=TITLES[provenance["model"]],
        films=provenance["films"],
        calibrated=provenance["calibrated"],
    )


def page_data(
    home: str,
    tracks: pd.DataFrame,
    ranking: pd.DataFrame,
    profiles: str | os.PathLike,
    genres: Sequence[str],
) -> dict:
    """Collect the data for the script of the page.

    Parameters
    ----------
    home : str
        Absolute path of the folder of the library.
    tracks, ranking : pandas.DataFrame
        Rows of TAGGER_LIBRARY and TAGGER_RANKING.
    profiles : str or os.PathLike
        Table of TAGGER_PROFILES.
    genres : sequence of str
        Genres in the order of the profiles.

    Returns
    -------
    dict
        `home`; `genres`; and of the tracks by path, lists of `path`, `title`, `artist`, `composer`,
        `album`, `duration` (s), `tempo` (BPM), `key`, `loudness` (LUFS), `problem`, `shares`
        (probabilities in per mille, genre by genre, or None), and `profile` (a letter of LEVELS per
        point, genre by genre; empty if there is none, or the library is too large).
    """
    shares = ranking.pivot_table(index="path", columns="genre", values="probability")
    shares = (1000 * shares.reindex(columns=genres)).round().astype(int)
    by_path = dict(zip(shares.index, shares.to_numpy().tolist(), strict=True))
    texts = {}
    if len(by_path) * len(genres) * POINTS <= MAX_PROFILE_LETTERS:
        texts = {path: profile_text(values) for path, values in _profiles(profiles, len(genres))}
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
        "profile": [texts.get(path, "") for path in paths],
    }


def profile_text(values: np.ndarray) -> str:
    """Encode a profile as letters: means of equal spans of time, quantized to 64 levels.

    Parameters
    ----------
    values : numpy.ndarray
        float (seconds, genres), in 0..1.

    Returns
    -------
    str
        A letter of LEVELS per point, genre by genre; at most POINTS points per genre.

    Examples
    --------
    >>> profile_text(np.array([[0.0, 1.0], [1.0, 1.0]]))
    'A___'
    """
    points = min(len(values), POINTS)
    edges = np.arange(points) * len(values) // points
    means = np.add.reduceat(values, edges) / np.diff(edges, append=len(values))[:, None]
    steps = np.rint(means.T * (len(LEVELS) - 1)).astype(int)
    return "".join(LEVELS[step] for step in steps.ravel())


def _profiles(path: str | os.PathLike, genres: int) -> Iterator[tuple[str, np.ndarray]]:
    """Path and profile (seconds, genres) of each track, with one row group in memory at a time."""
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
