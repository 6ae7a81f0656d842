"""Predict the genres of a new film or album with saved models, window by window and as a whole.

All folds of a model file predict: each was trained on the corpus without some of its films. The
result is the mean over the folds, with their jackknife spread: the span of 90% of the folds. It
says how much single films of the corpus matter. It is no interval of the result: the folds share
most training films, so that it is far narrower than one would be.

A window is pooled as a cue of the corpus is, into the mean of its frames, and is then a bag of one
instance; for a model of single frames it is a bag of its frames. All windows together are the bag
of the whole, and those of one track the bag of the track. A window is silent, and has no result, if
none of its frames has half of the features.
"""

import logging
import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from scorelens import media
from scorelens.bags import FRAMES
from scorelens.errors import MediaError, Problem, TableError
from scorelens.evaluation import THRESHOLD
from scorelens.genres.model.folds import predict_bags
from scorelens.learning.model_io import About, load_about, load_fold
from scorelens.learning.packed_bags import Bags
from scorelens.tables import (
    FEATURES,
    GENRE_APPLIED,
    GENRE_MEDIA_PREDICTIONS,
    feature_columns,
    read_table,
    write_table,
)

SPREAD = (5, 95)  # percentiles over the folds
MIN_KNOWN = 0.5  # share of the features that a frame with sound has
WINDOWS_AT_ONCE = 512

log = logging.getLogger(__name__)


class Windows(NamedTuple):
    """Windows in order of track and time.

    Parameters
    ----------
    spans : ndarray of int64, shape (n_windows, 2)
        First row of the frames, and one past the last.
    positions : DataFrame
        A row for each window: `track_id`, `start_s` and `end_s` in the track.
    """

    spans: np.ndarray
    positions: pd.DataFrame


def apply_models(
    features: str | os.PathLike,
    models: str | os.PathLike,
    is_album: bool,
    window_s: int,
    hop_s: int,
    threads: int,
    windows: str | os.PathLike,
    predictions: str | os.PathLike,
) -> None:
    """Predict the genres of a new film or album with every fold of a model file.

    Parameters
    ----------
    features : path
        Table of tables.FEATURES, as `extract_new_media.measure_media` writes it.
    models : path
        A model file (`scorelens.learning.model_io`).
    is_album : bool
        Whether the tracks have names of their own.
    window_s, hop_s : int
        Length of a window and the step to the next, in seconds.
    threads : int
        Threads of torch.
    windows, predictions : path
        Where the tables GENRE_APPLIED (windows) and GENRE_MEDIA_PREDICTIONS (whole and tracks) go.

    Raises
    ------
    TableError
        If the features are not those that the model was trained on.
    MediaError
        If all is silence.
    """
    torch.set_num_threads(threads)
    frames, about = read_table(features, FEATURES), load_about(models)
    values = matching_values(frames, about, features)
    sounding = sounding_windows(frames, values, window_s, hop_s)
    _check_silence(frames, sounding)
    positions = sounding.positions if is_album else sounding.positions.assign(track_id="")
    bags = window_bags(values, sounding.spans, about.feature_set.endswith(FRAMES))
    groups = _groups(positions, is_album)
    all_bags = [*bags, *(_joined(bags, lengths) for _, lengths in groups)]
    summary = _summary(predict_folds(models, about, all_bags))
    count, name = len(positions), frames["film_id"].iloc[0]
    over_time = _rows(positions, summary[:, :count], about.genres).assign(media=name)
    wholes = pd.DataFrame({"track_id": [track for ids, _ in groups for track in ids]})
    whole_rows = _rows(wholes, summary[:, count:], about.genres).assign(media=name)
    whole_rows["predicted"] = whole_rows["probability"] > THRESHOLD
    folds = len(about.fold_names())
    provenance = {"model": about.model, "feature_set": about.feature_set, "folds": folds}
    provenance |= {"window_s": window_s, "hop_s": hop_s, "features_sha256": media.sha256(features)}
    write_table(over_time, windows, GENRE_APPLIED, provenance)
    write_table(whole_rows, predictions, GENRE_MEDIA_PREDICTIONS)
    log.info("%s: %d windows, %d folds of %s", name, count, folds, about.model)


def matching_values(frames: pd.DataFrame, about: About, features: str | os.PathLike) -> np.ndarray:
    """Select the features that a model was trained on, in its order.

    Parameters
    ----------
    frames : DataFrame
        Rows of tables.FEATURES.
    about : About
        Of the model file.
    features : path
        Of the table, for the message.

    Returns
    -------
    ndarray of float32, shape (n_frames, n_features)
        NaN where a value is missing.

    Raises
    ------
    TableError
        If the frames have other features.
    """
    measured = feature_columns(frames)
    odd = sorted(set(measured) ^ set(about.features))
    if odd:
        what = (
            f"has other features than {about.model} was trained on "
            f"({len(measured)} and {len(about.features)}), such as {', '.join(odd[:5])}"
        )
        hint = "the models are of another version or feature set: train them again"
        expected = f"the features of the set {about.feature_set}"
        raise TableError(Problem(str(features), what, expected, hint))
    return frames[about.features].to_numpy(np.float32, na_value=np.nan)


def sounding_windows(
    frames: pd.DataFrame, values: np.ndarray, window_s: int, hop_s: int
) -> Windows:
    """List the windows of every track that are not silent.

    Parameters
    ----------
    frames : DataFrame
        Rows of tables.FEATURES, one a second.
    values : ndarray of float32, shape (n_frames, n_features)
        NaN where a value is missing.
    window_s, hop_s : int
        Length of a window and the step to the next, in seconds.

    Returns
    -------
    Windows
        In order of track and time.
    """
    lengths = frames.groupby("cue_id", sort=False).size()
    spans = np.concatenate(
        [
            start + window_spans(length, window_s, hop_s)
            for start, length in zip(lengths.cumsum() - lengths, lengths, strict=True)
        ]
    )
    sounding = np.mean(~np.isnan(values), axis=1) >= MIN_KNOWN
    so_far = np.append(0, np.cumsum(sounding))
    spans = spans[so_far[spans[:, 1]] > so_far[spans[:, 0]]]
    time_s = frames["time_s"].to_numpy()
    positions = {
        "track_id": frames["cue_id"].to_numpy()[spans[:, 0]],
        "start_s": time_s[spans[:, 0]],
        "end_s": time_s[spans[:, 1] - 1] + 1,
    }
    return Windows(spans, pd.DataFrame(positions))


def window_spans(frames: int, window: int, hop: int) -> np.ndarray:
    """List the windows of one track.

    Parameters
    ----------
    frames, window, hop : int
        Length of the track, of a window, and the step to the next window, in frames.

    Returns
    -------
    ndarray of int64, shape (n_windows, 2)
        First frame and one past the last. The last window ends with the track, so that all of it
        counts; a track shorter than a window is one window.

    Examples
    --------
    >>> window_spans(8, 5, 2).tolist()
    [[0, 5], [2, 7], [3, 8]]
    >>> window_spans(3, 5, 2).tolist()
    [[0, 3]]
    """
    last = max(frames - window, 0)
    starts = np.append(np.arange(0, last, hop), last)
    return np.stack([starts, np.minimum(starts + window, frames)], axis=1)


def window_bags(values: np.ndarray, spans: np.ndarray, single_frames: bool) -> list[Bags]:
    """Make bags of the windows, a bounded number of them at a time.

    Parameters
    ----------
    values : ndarray of float32, shape (n_frames, n_features)
        NaN where a value is missing.
    spans : ndarray of int64, shape (n_windows, 2)
        First frame and one past the last.
    single_frames : bool
        Whether a bag holds the frames of the window, or their mean.

    Returns
    -------
    list of Bags
        In order; at most WINDOWS_AT_ONCE windows each.
    """
    chunks = np.split(spans, range(WINDOWS_AT_ONCE, len(spans), WINDOWS_AT_ONCE))
    packed = (
        Bags(
            values[np.concatenate([np.arange(*span) for span in chunk])],
            np.append(0, np.cumsum(chunk[:, 1] - chunk[:, 0])),
        )
        for chunk in chunks
    )
    return list(packed) if single_frames else [bags.means() for bags in packed]


def predict_folds(models: str | os.PathLike, about: About, bags: Sequence[Bags]) -> np.ndarray:
    """Predict bags with each fold of a model file.

    Parameters
    ----------
    models : path
        The model file.
    about : About
        What it holds.
    bags : sequence of Bags
        In the features' own units.

    Returns
    -------
    ndarray of float32, shape (n_folds, n_bags, n_genres)
        Probabilities in 0..1.
    """
    probability = []
    for name in tqdm(about.fold_names(), unit="fold", disable=None):
        arrays = load_fold(models, name)
        parts = [predict_bags(about.model, arrays, part)[0] for part in bags]
        probability.append(np.concatenate(parts))
    return np.stack(probability).astype(np.float32)


def _check_silence(frames: pd.DataFrame, windows: Windows) -> None:
    """Name the tracks that are silent; an error if all are."""
    if windows.positions.empty:
        where = f"config: genres.apply.media.{frames['film_id'].iloc[0]}"
        raise MediaError(Problem(where, "is silent from beginning to end", "sound"))
    for track in sorted(set(frames["cue_id"]) - set(windows.positions["track_id"])):
        log.warning("track %s is silent and has no result", track)


def _summary(probability: np.ndarray) -> np.ndarray:
    """Mean and spread over the folds: float64 (3, bags, genres)."""
    mean = probability.mean(axis=0, dtype=np.float64)
    return np.stack([mean, *np.percentile(probability, SPREAD, axis=0)])


def _groups(positions: pd.DataFrame, is_album: bool) -> list[tuple[list[str], list[int]]]:
    """The larger bags, names and numbers of windows: the whole, called "", then the tracks."""
    groups = [([""], [len(positions)])]
    if is_album:
        tracks = positions.groupby("track_id", sort=False).size()
        groups.append((tracks.index.tolist(), tracks.tolist()))
    return groups


def _joined(bags: Sequence[Bags], lengths: Sequence[int]) -> Bags:
    """The instances of windows as larger bags, each of so many windows."""
    ends = np.append(0, np.cumsum(np.concatenate([chunk.sizes for chunk in bags])))
    instances = np.concatenate([chunk.instances for chunk in bags])
    return Bags(instances, ends[np.append(0, np.cumsum(lengths))])


def _rows(positions: pd.DataFrame, summary: np.ndarray, genres: Sequence[str]) -> pd.DataFrame:
    """A row for each position and genre. summary: (3, positions, genres)."""
    rows = positions.loc[np.repeat(positions.index, len(genres))].reset_index(drop=True)
    rows["genre"] = np.tile(genres, len(positions))
    for name, values in zip(("probability", "fold_low", "fold_high"), summary, strict=True):
        rows[name] = values.ravel()
    return rows
