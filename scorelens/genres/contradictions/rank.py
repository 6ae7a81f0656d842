"""Ranks the cues of held-out films by how far their music contradicts the genres of the film.

A cue contradicts its film if a model that was not trained on the film predicts a genre for it that
the film does not have, and finds it more probable than each genre of the film: music as if from
another film. The ranking says which scenes to watch. It is no test: of thousands of cues some
contradict by chance, and a film may have a genre that its labels lack.
"""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from scorelens.albums.names import track_titles
from scorelens.evaluation import THRESHOLD
from scorelens.genres import WHOLE_TRACKS
from scorelens.tables import (
    CUES,
    FILMS,
    GENRE_CONTRADICTIONS,
    GENRE_CUES,
    TRACKS,
    read_table,
    write_table,
)

CUE_COLUMNS = ["film_id", "cue_id", "track_id", "film_start_s", "film_end_s"]


def rank_contradictions(
    genre_cues: str | os.PathLike,
    films: str | os.PathLike,
    cues: Sequence[str | os.PathLike],
    tracks: str | os.PathLike,
    run: tuple[str, str],
    output: str | os.PathLike,
) -> None:
    """Rank the cues of all films and write one table.

    Parameters
    ----------
    genre_cues : path
        Table of GENRE_CUES of the primary model: predictions of cues by models that were trained
        without their film.
    films : path
        Table of FILMS, for titles and genres.
    cues : sequence of path
        Tables of CUES, of every film; none if the corpus has features alone, whose times are
        unknown.
    tracks : path
        Table of TRACKS, for titles.
    run : (feature set, model)
        What the predictions are of.
    output : path
        Where GENRE_CONTRADICTIONS goes.
    """
    film_table = read_table(films, FILMS)
    ranked = rank_cues(read_table(genre_cues, GENRE_CUES), film_table)
    times = [read_table(path, CUES, CUE_COLUMNS) for path in cues]
    located = locate(ranked, pd.concat(times) if times else None, run[0])
    named = name_tracks(located, read_table(tracks, TRACKS))
    named = named.merge(film_table[["film_id", "title", "genres"]], on="film_id", how="left")
    named = named.assign(feature_set=run[0], model=run[1], rank=np.arange(1, len(named) + 1))
    write_table(named, output, GENRE_CONTRADICTIONS)


def rank_cues(genre_cues: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
    """Compare what is predicted for each cue with the genres of its film.

    Parameters
    ----------
    genre_cues : pandas.DataFrame
        Rows of GENRE_CUES.
    films : pandas.DataFrame
        Rows of FILMS. A film with all genres, or none, has nothing to contradict: its cues are left
        out.

    Returns
    -------
    pandas.DataFrame, one row per cue, the largest margin first
        film_id and cue_id; `genre`, the most probable one that the film does not have, with its
        `probability`; `film_genre`, the most probable of the film's, with `film_probability`;
        `margin`, the difference in -1..1; `contradicts`; and `contradicts_others`, the share of all
        films whose genres the cue would contradict.
    """
    wide = genre_cues.pivot_table(
        index=["film_id", "cue_id"], columns="genre", values="probability", sort=False
    )
    genres = genre_cues["genre"].drop_duplicates().to_numpy()
    probability = wide[genres].to_numpy()
    sets = {film.film_id: np.isin(genres, film.genres) for film in films.itertuples()}
    sets = {film: labels for film, labels in sets.items() if labels.any() and not labels.all()}
    used = wide.index.get_level_values("film_id").isin(list(sets))
    probability, index = probability[used], wide.index[used]
    labels = np.array([sets[film] for film, _ in index], bool).reshape(probability.shape)
    other, of_film = (_most_probable(probability, mask) for mask in (~labels, labels))
    ranked = pd.DataFrame(
        {
            "genre": genres[other[0]],
            "probability": other[1],
            "film_genre": genres[of_film[0]],
            "film_probability": of_film[1],
            "margin": other[1] - of_film[1],
            "contradicts": contradicts(probability, labels),
            "contradicts_others": _share_contradicted(probability, list(sets.values())),
        },
        index,
    )
    return ranked.sort_values("margin", ascending=False, kind="stable").reset_index()


def contradicts(probability: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Whether predictions contradict labels.

    Parameters
    ----------
    probability : ndarray of float, shape (..., genres)
    labels : ndarray of bool, shape (..., genres)
        With one genre at least, and not all.

    Returns
    -------
    ndarray of bool
        Whether a genre outside the labels is above THRESHOLD and above each of the labels.

    Examples
    --------
    >>> probability = np.array([[0.9, 0.2], [0.4, 0.2], [0.6, 0.7]])
    >>> contradicts(probability, np.array([False, True])).tolist()
    [True, False, False]
    """
    other = np.where(labels, -np.inf, probability).max(axis=-1)
    of_film = np.where(labels, probability, -np.inf).max(axis=-1)
    return (other > THRESHOLD) & (other > of_film)


def locate(ranked: pd.DataFrame, cues: pd.DataFrame | None, feature_set: str) -> pd.DataFrame:
    """Add when each cue plays.

    Parameters
    ----------
    ranked : pandas.DataFrame
        As `rank_cues` returns it.
    cues : pandas.DataFrame or None
        Rows of CUES; None if times are unknown.
    feature_set : str
        If its instances are whole tracks, each cue in which the track plays has a row.

    Returns
    -------
    pandas.DataFrame
        With `track_id` (empty if unknown), `start_s`, `end_s` (NaN) and these as texts h:mm:ss,
        `start` and `end` (empty).
    """
    if cues is None:
        located = ranked.assign(track_id="", start_s=np.nan, end_s=np.nan)
    else:
        cues = cues.rename(columns={"film_start_s": "start_s", "film_end_s": "end_s"})
        if WHOLE_TRACKS in feature_set:
            ranked = ranked.rename(columns={"cue_id": "track_id"})
            located = ranked.merge(cues, on=["film_id", "track_id"], how="left", sort=False)
            located["cue_id"] = located["cue_id"].fillna(located["track_id"])
        else:
            located = ranked.merge(cues, on=["film_id", "cue_id"], how="left", sort=False)
    texts = {end: located[f"{end}_s"].map(time_text) for end in ("start", "end")}
    return located.assign(**texts)


def time_text(seconds: float) -> str:
    """Write a time in a film as h:mm:ss, without fractions.

    Parameters
    ----------
    seconds : float
        NaN if unknown.

    Returns
    -------
    str
        Empty if unknown.

    Examples
    --------
    >>> time_text(3725.9), time_text(59.0), time_text(float("nan"))
    ('1:02:05', '0:00:59', '')
    """
    if pd.isna(seconds):
        return ""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def name_tracks(located: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """Add the title of each cue's track, empty if it is unknown.

    Parameters
    ----------
    located : pandas.DataFrame
        As `locate` returns it.
    tracks : pandas.DataFrame
        Rows of TRACKS.

    Returns
    -------
    pandas.DataFrame
        With `track`.
    """
    titles = {film: track_titles(rows) for film, rows in tracks.groupby("film_id")}
    pairs = zip(located["film_id"], located["track_id"], strict=True)
    return located.assign(track=[titles.get(film, {}).get(track, "") for film, track in pairs])


def _most_probable(probability: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Column and value of the largest probability within the mask, row by row."""
    best = np.where(mask, probability, -np.inf).argmax(axis=1)
    return best, np.take_along_axis(probability, best[:, None], axis=1)[:, 0]


def _share_contradicted(probability: np.ndarray, sets: Sequence[np.ndarray]) -> np.ndarray:
    """The share of the films whose genres each cue would contradict: float (cues,)."""
    counts = np.zeros(len(probability))
    for labels in sets:
        counts += contradicts(probability, labels)
    return counts / max(1, len(sets))
