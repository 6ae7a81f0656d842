"""Tag the tracks of a library: as a whole and second by second, with tempo, key and loudness."""

import logging
import os
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from scorelens import media
from scorelens.albums.files import has_audio_extension
from scorelens.albums.tags import read_tags, tag_columns
from scorelens.encoders import audio_encoder
from scorelens.encoders.audio_encoder import AudioEncoder
from scorelens.errors import MediaError
from scorelens.learning.instance_predictions import pool_by_weight
from scorelens.media.cuts import whole_seconds
from scorelens.tables import TAGGER_LIBRARY, TAGGER_PROFILES, TAGGER_RANKING, Table, write_table
from scorelens.tagger import RATE_HZ
from scorelens.tagger.descriptors import Descriptors, describe_track
from scorelens.tagger.inputs import embed_tiles, model_inputs
from scorelens.tagger.model import CALIBRATION, Model, load_model, predict_tiles
from scorelens.tagger.patches import MIN_S, cut_track

log = logging.getLogger(__name__)


class Tags(NamedTuple):
    """The tags of one track.

    Parameters
    ----------
    whole : ndarray of float64, shape (n_genres,)
        Probabilities of the track.
    profile : ndarray of float64, shape (n_seconds, n_genres)
        Probabilities in the middle of each second.
    """

    whole: np.ndarray
    profile: np.ndarray


def tag_part(
    library: str,
    folder: str | os.PathLike,
    files: Sequence[str],
    model: str | os.PathLike,
    weights: str | os.PathLike | None,
    threads: int,
    tracks: str | os.PathLike,
    ranking: str | os.PathLike,
    profiles: str | os.PathLike,
) -> None:
    """Tag the tracks of one part of a library.

    A file with sound, or with the name of an audio file, that cannot be tagged has a row of
    `tracks` that says why, and no others. Other files have no row.

    Parameters
    ----------
    library : str
        Its id.
    folder : path
        Of the library.
    files : sequence of str
        Relative to the folder.
    model : path
        A model file (`model.save_model`).
    weights : path or None
        Of the pretrained network that the model needs, if any.
    threads : int
        Of torch.
    tracks, ranking, profiles : path
        Where the tables TAGGER_LIBRARY, TAGGER_RANKING and TAGGER_PROFILES go.
    """
    torch.set_num_threads(threads)
    loaded = load_model(model)
    network = audio_encoder.load(loaded.embedding, weights, threads) if loaded.embedding else None
    rows, tagged = _tag_files(folder, files, loaded, network)
    provenance = {"model": loaded.name, "films": loaded.films, "genres": loaded.genres}
    provenance |= {"embedding": loaded.embedding, "model_sha256": media.sha256(model)}
    provenance |= {"calibrated": CALIBRATION in loaded.arrays}
    kinds = {"tempo_bpm": float, "loudness_lufs": float, "disc": "Int64", "number": "Int64"}
    names = [name for name in TAGGER_LIBRARY.names if name != "library"]
    listed = pd.DataFrame(rows, columns=names).astype(kinds)
    write_table(listed.assign(library=library), tracks, TAGGER_LIBRARY, provenance)
    for output, table, make_rows in (
        (ranking, TAGGER_RANKING, _ranking_rows),
        (profiles, TAGGER_PROFILES, _profile_rows),
    ):
        parts = [make_rows(tags, loaded.genres).assign(path=file) for file, tags in tagged.items()]
        write_table(_joined(parts, table).assign(library=library), output, table, provenance)


def tag_track(samples: np.ndarray, model: Model, network: AudioEncoder | None) -> Tags | None:
    """Predict the tags of one track.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        At RATE_HZ, at least MIN_S long.
    model : Model
        The model.
    network : AudioEncoder or None
        The pretrained network that it needs (`encoders.audio_encoder.load`), if any.

    Returns
    -------
    Tags or None
        None if the track is silent.
    """
    tiles = cut_track([samples])
    if not len(tiles.mel):
        return None
    if network:
        inputs = embed_tiles(samples, tiles.start_s, network)
    else:
        inputs = model_inputs(model.name, tiles)
    probability, weight = predict_tiles(model, inputs, tiles.track)
    whole = pool_by_weight(probability, weight, tiles.track)[0]
    middles_s = tiles.start_s + tiles.length_s / 2
    moments_s = whole_seconds(0, len(samples) / RATE_HZ) + 0.5
    profile = [np.interp(moments_s, middles_s, column) for column in probability.T]
    return Tags(whole.astype(np.float64), np.stack(profile, axis=1))


def _tag_files(
    folder: str | os.PathLike, files: Sequence[str], model: Model, network: AudioEncoder | None
) -> tuple[list[dict], dict[str, Tags]]:
    """The rows of TAGGER_LIBRARY without its library, and the tags of the files that have some."""
    rows, tagged = [], {}
    started, decoding_s, music_s = time.perf_counter(), 0.0, 0.0
    for file in tqdm(files, unit="track", disable=None):
        begun = time.perf_counter()
        path = os.path.join(folder, file)
        samples, problem = _read(path)
        decoding_s += time.perf_counter() - begun
        if problem and not len(samples) and not has_audio_extension(file):
            log.info("skipped: %s %s", file, problem)
            continue
        descriptors = Descriptors(None, "", None)
        if not problem:
            tags, descriptors = tag_track(samples, model, network), describe_track(samples)
            problem = "" if tags else "is silent"
        if problem:
            log.warning("%s is not tagged: it %s", file, problem)
        else:
            tagged[file] = tags
        length_s = len(samples) / RATE_HZ
        music_s += length_s
        row = {"path": file, "duration_s": length_s, **descriptors._asdict(), "problem": problem}
        rows.append(row | tag_columns(read_tags(path)))
    taken_s = time.perf_counter() - started
    log.info(
        "%d files, %.1f min of music: %.0f times as fast as it plays, %.0f times without decoding",
        *(len(rows), music_s / 60, music_s / taken_s, music_s / (taken_s - decoding_s)),
    )
    return rows, tagged


def _read(path: str) -> tuple[np.ndarray, str]:
    """The samples of a file, or none, and why it cannot be tagged, or nothing."""
    try:
        samples = media.read_audio(path, RATE_HZ)
    except MediaError as error:
        return np.zeros(0, np.float32), error.problems[0].what
    short = len(samples) < MIN_S * RATE_HZ
    return samples, f"is shorter than {MIN_S:g} s" if short else ""


def _ranking_rows(tags: Tags, genres: list[str]) -> pd.DataFrame:
    """The rows of TAGGER_RANKING of a track, most probable first."""
    order = np.argsort(-tags.whole, kind="stable")
    ranked = {"genre": np.array(genres, object)[order], "probability": tags.whole[order]}
    return pd.DataFrame(ranked | {"rank": np.arange(1, len(genres) + 1)})


def _profile_rows(tags: Tags, genres: list[str]) -> pd.DataFrame:
    """The rows of TAGGER_PROFILES of a track, second by second."""
    seconds = len(tags.profile)
    return pd.DataFrame(
        {
            "time_s": np.repeat(np.arange(seconds, dtype=float), len(genres)),
            "genre": np.tile(np.array(genres, object), seconds),
            "probability": np.clip(tags.profile.ravel(), 0, 1),
        }
    )


def _joined(parts: list[pd.DataFrame], table: Table) -> pd.DataFrame:
    return pd.concat(parts or [pd.DataFrame(columns=table.names)], ignore_index=True)
