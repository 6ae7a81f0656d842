"""What the saved genre models say of a new film or album, window by window and as a whole.

All folds of a model file are asked: each has learnt from the corpus without one of its films. The
answer is the mean over the folds, with the band that 90% of them lie in. The band tells how much a
single film of the corpus matters; it is no error of the answer, for the folds share most of what
they learnt from.

A window is pooled as a cue of the corpus is, into the mean of its frames, and is then a bag of one
instance; to a model of single frames it is a bag of its frames. All windows together are the bag of
the whole, and those of one track the bag of the track. A window is silent, and has no answer, if
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
from scorelens.genres import THRESHOLD
from scorelens.genres.model.folds import predict
from scorelens.learning.instances import Bags
from scorelens.learning.model_io import About, load_about, load_fold
from scorelens.tables import (
    FEATURES,
    GENRE_ANSWERS,
    GENRE_APPLIED,
    feature_columns,
    read_table,
    write_table,
)

BAND = (5, 95)  # percentiles over the folds
LEAST_KNOWN = 0.5  # share of the features that a frame of sound has
WINDOWS_AT_ONCE = 512

log = logging.getLogger(__name__)


class Windows(NamedTuple):
    """Windows in order of track and time: rows of the frames, and what a reader calls them.

    spans: int64 (windows, 2), first row and one past the last. places: a row a window, `track_id`,
    `start_s` and `end_s` in the track.
    """

    spans: np.ndarray
    places: pd.DataFrame


def apply_models(
    features: str | os.PathLike,
    models: str | os.PathLike,
    is_album: bool,
    window_s: int,
    hop_s: int,
    threads: int,
    windows: str | os.PathLike,
    answers: str | os.PathLike,
) -> None:
    """Ask every fold of a model file about a new film or album.

    features: table of FEATURES, as `measure_media` writes it. models: a model file, see
    `scorelens.learning.model_io`. is_album: whether the tracks have names of their own. window_s,
    hop_s: length of a window and the step to the next, whole seconds. windows, answers: where the
    tables of the contracts GENRE_APPLIED and GENRE_ANSWERS go.
    Raises TableError if the features are not those that the model learnt from, and MediaError if
    all is silence.
    """
    torch.set_num_threads(threads)
    frames, about = read_table(features, FEATURES), load_about(models)
    values = matching_values(frames, about, features)
    found = heard_windows(frames, values, window_s, hop_s)
    _check_heard(frames, found)
    if not is_album:
        found = found._replace(places=found.places.assign(track_id=""))
    bags = window_bags(values, found.spans, about.feature_set.endswith(FRAMES))
    groups = _groups(found.places, is_album)
    asked = [*bags, *(_joined(bags, lengths) for _, lengths in groups)]
    said = _summary(ask_folds(models, about, asked))
    count, name = len(found.places), frames["film_id"].iloc[0]
    over_time = _rows(found.places, said[:, :count], about.genres).assign(media=name)
    wholes = pd.DataFrame({"track_id": [track for ids, _ in groups for track in ids]})
    answered = _rows(wholes, said[:, count:], about.genres).assign(media=name)
    answered["predicted"] = answered["probability"] > THRESHOLD
    folds = len(about.fold_names())
    facts = {"model": about.model, "feature_set": about.feature_set, "folds": folds}
    facts |= {"window_s": window_s, "hop_s": hop_s, "features_sha256": media.sha256(features)}
    write_table(over_time, windows, GENRE_APPLIED, facts)
    write_table(answered, answers, GENRE_ANSWERS)
    log.info("%s: %d windows, %d folds of %s", name, count, folds, about.model)


def matching_values(frames: pd.DataFrame, about: About, features: str | os.PathLike) -> np.ndarray:
    """The features that a model learnt from, in its order: float32 (frames, features), NaN missing.

    features: the path, for the error. Raises TableError if the frames have other features.
    """
    measured = feature_columns(frames)
    odd = sorted(set(measured) ^ set(about.features))
    if odd:
        what = (
            f"has other features than {about.model} learnt from "
            f"({len(measured)} and {len(about.features)}), such as {', '.join(odd[:5])}"
        )
        hint = "the models are of another version or feature set: train them again"
        expected = f"the features of the set {about.feature_set}"
        raise TableError(Problem(str(features), what, expected, hint))
    return frames[about.features].to_numpy(np.float32, na_value=np.nan)


def heard_windows(frames: pd.DataFrame, values: np.ndarray, window_s: int, hop_s: int) -> Windows:
    """The windows of every track in which something sounds.

    frames: rows of FEATURES, one a second. values: (frames, features), NaN where missing.
    """
    lengths = frames.groupby("cue_id", sort=False).size()
    spans = np.concatenate(
        [
            start + window_spans(length, window_s, hop_s)
            for start, length in zip(lengths.cumsum() - lengths, lengths, strict=True)
        ]
    )
    sounding = np.mean(~np.isnan(values), axis=1) >= LEAST_KNOWN
    so_far = np.append(0, np.cumsum(sounding))
    spans = spans[so_far[spans[:, 1]] > so_far[spans[:, 0]]]
    time_s = frames["time_s"].to_numpy()
    places = {
        "track_id": frames["cue_id"].to_numpy()[spans[:, 0]],
        "start_s": time_s[spans[:, 0]],
        "end_s": time_s[spans[:, 1] - 1] + 1,
    }
    return Windows(spans, pd.DataFrame(places))


def window_spans(frames: int, window: int, hop: int) -> np.ndarray:
    """The windows of one track of so many frames, all in frames; int64 (windows, 2).

    First frame and one past the last. The last window ends with the track, so that all of it
    counts; a track shorter than a window is one window.
    """
    last = max(frames - window, 0)
    starts = np.append(np.arange(0, last, hop), last)
    return np.stack([starts, np.minimum(starts + window, frames)], axis=1)


def window_bags(values: np.ndarray, spans: np.ndarray, single_frames: bool) -> list[Bags]:
    """The windows as bags, a bounded number of them at a time.

    values: (frames, features). spans: int64 (windows, 2). A bag holds the mean of the window's
    frames, missing values passed over, or, if `single_frames`, the frames.
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


def ask_folds(models: str | os.PathLike, about: About, asked: Sequence[Bags]) -> np.ndarray:
    """What each fold says of bags: float32 (folds, bags, genres), probabilities in 0..1."""
    said = []
    for name in tqdm(about.fold_names(), unit="fold", disable=None):
        fold = load_fold(models, name)
        said.append(np.concatenate([predict(about.model, fold, bags)[0] for bags in asked]))
    return np.stack(said).astype(np.float32)


def _check_heard(frames: pd.DataFrame, found: Windows) -> None:
    """Name the tracks that are silent; an error if all are."""
    if found.places.empty:
        where = f"config: genres.apply.media.{frames['film_id'].iloc[0]}"
        raise MediaError(Problem(where, "is silent from beginning to end", "sound to listen to"))
    for track in sorted(set(frames["cue_id"]) - set(found.places["track_id"])):
        log.warning("track %s is silent and has no answer", track)


def _summary(said: np.ndarray) -> np.ndarray:
    """Mean and band over the folds: float64 (3, bags, genres)."""
    return np.stack([said.mean(axis=0, dtype=np.float64), *np.percentile(said, BAND, axis=0)])


def _groups(places: pd.DataFrame, is_album: bool) -> list[tuple[list[str], list[int]]]:
    """The bags of windows that are asked about beside the windows, a name and a length each.

    First the whole, called "", then the tracks of an album.
    """
    groups = [([""], [len(places)])]
    if is_album:
        tracks = places.groupby("track_id", sort=False).size()
        groups.append((tracks.index.tolist(), tracks.tolist()))
    return groups


def _joined(bags: Sequence[Bags], lengths: Sequence[int]) -> Bags:
    """The instances of windows as larger bags, each of so many windows."""
    ends = np.append(0, np.cumsum(np.concatenate([chunk.sizes for chunk in bags])))
    instances = np.concatenate([chunk.instances for chunk in bags])
    return Bags(instances, ends[np.append(0, np.cumsum(lengths))])


def _rows(places: pd.DataFrame, said: np.ndarray, genres: Sequence[str]) -> pd.DataFrame:
    """A row a place and genre. said: (3, places, genres)."""
    rows = places.loc[np.repeat(places.index, len(genres))].reset_index(drop=True)
    rows["genre"] = np.tile(genres, len(places))
    for name, values in zip(("probability", "low", "high"), said, strict=True):
        rows[name] = values.ravel()
    return rows
