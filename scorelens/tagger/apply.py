"""Tag some tracks of a library: as a whole and second by second, with tempo, key and loudness."""

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
from scorelens.albums.files import says_audio
from scorelens.albums.tags import read_tags, tag_columns
from scorelens.encoders import audio_encoder
from scorelens.encoders.audio_encoder import AudioEncoder
from scorelens.errors import MediaError
from scorelens.learning.dataset import look
from scorelens.learning.embedding_models import embed_tiles
from scorelens.media.cuts import whole_seconds
from scorelens.tables import TAGGER_LIBRARY, TAGGER_PROFILES, TAGGER_RANKING, Table, write_table
from scorelens.tagger import RATE_HZ
from scorelens.tagger.descriptors import Descriptors, describe_track
from scorelens.tagger.model import LINES, Model, load_model, tag_tiles, tag_tracks
from scorelens.tagger.patches import LEAST_S, cut_track

log = logging.getLogger(__name__)


class Tags(NamedTuple):
    """What a model says of one track.

    whole: float (genres,). profile: float (seconds, genres), of the middle of each second.
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
    answers: str | os.PathLike,
    profiles: str | os.PathLike,
) -> None:
    """Tag the tracks of one part of a library.

    folder: of the library. files: as seen from it. model: a model file (`answer.save_model`).
    weights: of the network that it stands on, None if it stands on none. tracks, answers, profiles:
    where the tables of the contracts TAGGER_LIBRARY, TAGGER_RANKING and TAGGER_PROFILES go. A file
    that sounds, or calls itself audio, and cannot be tagged has a row of `tracks` that says why,
    and no others. Other files without sound have none.
    """
    torch.set_num_threads(threads)
    known = load_model(model)
    network = audio_encoder.load(known.embedding, weights, threads) if known.embedding else None
    rows, said = _tag_files(folder, files, known, network)
    facts = {"model": known.name, "films": known.films, "genres": known.genres}
    facts |= {"embedding": known.embedding, "model_sha256": media.sha256(model)}
    facts |= {"calibrated": LINES in known.arrays}
    kinds = {"tempo_bpm": float, "loudness_lufs": float, "disc": "Int64", "number": "Int64"}
    names = [name for name in TAGGER_LIBRARY.names if name != "library"]
    found = pd.DataFrame(rows, columns=names).astype(kinds)
    write_table(found.assign(library=library), tracks, TAGGER_LIBRARY, facts)
    for output, table, make in (
        (answers, TAGGER_RANKING, _answers),
        (profiles, TAGGER_PROFILES, _profile),
    ):
        parts = [make(tags, known.genres).assign(path=file) for file, tags in said.items()]
        write_table(_joined(parts, table).assign(library=library), output, table, facts)


def tag_track(samples: np.ndarray, model: Model, network: AudioEncoder | None) -> Tags | None:
    """The tags of one track; None if nothing sounds.

    samples: (n,) float32 at RATE_HZ, at least LEAST_S. network: the one that the model stands on
    (`encoders.audio_encoder.load`), None if on none.
    """
    tiles = cut_track([samples])
    if not len(tiles.mel):
        return None
    inputs = embed_tiles(samples, tiles.start_s, network) if network else look(model.name, tiles)
    probability, weight = tag_tiles(model, inputs, tiles.track)
    whole = tag_tracks(probability, weight, tiles.track)[0]
    middles_s = tiles.start_s + tiles.length_s / 2
    moments_s = whole_seconds(0, len(samples) / RATE_HZ) + 0.5
    profile = [np.interp(moments_s, middles_s, column) for column in probability.T]
    return Tags(whole.astype(np.float64), np.stack(profile, axis=1))


def _tag_files(
    folder: str | os.PathLike, files: Sequence[str], model: Model, network: AudioEncoder | None
) -> tuple[list[dict], dict[str, Tags]]:
    """The rows of TAGGER_LIBRARY without its library, and the tags of what could be tagged."""
    rows, said = [], {}
    started, decoding_s, music_s = time.perf_counter(), 0.0, 0.0
    for file in tqdm(files, unit="track", disable=None):
        begun = time.perf_counter()
        path = os.path.join(folder, file)
        samples, problem = _read(path)
        decoding_s += time.perf_counter() - begun
        if problem and not len(samples) and not says_audio(file):
            log.info("passed over: %s %s", file, problem)
            continue
        heard = Descriptors(None, "", None)
        if not problem:
            tags, heard = tag_track(samples, model, network), describe_track(samples)
            problem = "" if tags else "is silent"
        if problem:
            log.warning("%s is not tagged: it %s", file, problem)
        else:
            said[file] = tags
        length_s = len(samples) / RATE_HZ
        music_s += length_s
        row = {"path": file, "duration_s": length_s, **heard._asdict(), "problem": problem}
        rows.append(row | tag_columns(read_tags(path)))
    taken_s = time.perf_counter() - started
    log.info(
        "%d files, %.1f min of music: %.0f times as fast as it plays, %.0f times without decoding",
        *(len(rows), music_s / 60, music_s / taken_s, music_s / (taken_s - decoding_s)),
    )
    return rows, said


def _read(path: str) -> tuple[np.ndarray, str]:
    """The samples of a file, or none, and why it cannot be tagged, or nothing."""
    try:
        samples = media.read_audio(path, RATE_HZ)
    except MediaError as error:
        return np.zeros(0, np.float32), error.problems[0].what
    short = len(samples) < LEAST_S * RATE_HZ
    return samples, f"is shorter than {LEAST_S:g} s" if short else ""


def _answers(tags: Tags, genres: list[str]) -> pd.DataFrame:
    """The rows of TAGGER_RANKING of a track, likeliest first."""
    order = np.argsort(-tags.whole, kind="stable")
    found = {"genre": np.array(genres, object)[order], "probability": tags.whole[order]}
    return pd.DataFrame(found | {"rank": np.arange(1, len(genres) + 1)})


def _profile(tags: Tags, genres: list[str]) -> pd.DataFrame:
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
