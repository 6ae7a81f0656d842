"""Measure one feature set on every cue of one film.

Features are taken cue by cue, from the cue's own samples: no frame reaches past the cue's edges,
and nothing is measured on the parts of an album that the film does not use.
"""

import logging
import os
from collections.abc import Iterator

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.errors import Problem, TableError
from scorelens.features import mir

SETS = {"mir": mir}  # a set has NAMES, RATE_HZ and measure(samples, moments_s)
SHORTFALL_S = 0.1  # less than this is rounding of durations, not a cue that outlasts its sound

log = logging.getLogger(__name__)


def extract_film(
    film_id: str,
    feature_set: str,
    source: str,
    cues: str | os.PathLike,
    tracks: str | os.PathLike,
    video: str | os.PathLike | None,
    output: str | os.PathLike,
) -> None:
    """Write the features of a film's cues, one row a cue and second (tables.FEATURES).

    feature_set: a name of SETS. source: `album`, to measure the album's recording (`tracks`), or
    `film`, to measure the film's own sound (`video`). cues, tracks: tables.CUES, tables.TRACKS.
    A cue's rows are the whole seconds t of the film whose middle, t + 0.5 s, lies in it; at least
    the second that holds the cue's middle. Seconds for which there is no sound hold nulls.
    Raises MediaError for sound that does not decode, TableError for a cue whose track is unknown.
    """
    features = SETS[feature_set]
    cue_table = tables.read_table(cues, tables.CUES)
    if source == "album":
        paths = _track_paths(cue_table, tracks)
        sounds = album_sounds(cue_table, paths, features.RATE_HZ)
    else:
        paths = {"film": video} if len(cue_table) else {}
        sounds = film_sounds(cue_table, video, features.RATE_HZ)
    measured = {
        cue.cue_id: _measure_cue(cue, samples, speed, features)
        for cue, samples, speed in tqdm(sounds, total=len(cue_table), unit="cue", disable=None)
    }
    provenance = {
        "feature_set": feature_set,
        "source": source,
        "cues_sha256": media.sha256(cues),
        "media_sha256": {name: media.sha256(path) for name, path in sorted(paths.items())},
    }
    frame = _joined([measured[cue_id] for cue_id in cue_table["cue_id"]], film_id, features.NAMES)
    tables.write_table(frame, output, tables.FEATURES, provenance)
    log.info("%s: %d cues, %d seconds", film_id, len(cue_table), len(frame))


def album_sounds(
    cues: pd.DataFrame, paths: dict[str, str], rate_hz: int
) -> Iterator[tuple[object, np.ndarray, float]]:
    """Each cue with its part of the album track, every track decoded once.

    paths: audio file of each track_id. Yields (cue, samples (n,) float32, sound seconds that pass
    in a film second), ordered by track. A cue that outlasts the track has fewer samples.
    """
    for track_id, group in cues.groupby("track_id", sort=True):
        track = media.read_audio(paths[track_id], rate_hz)
        for cue in group.itertuples():
            end_s = cue.track_start_s + (cue.film_end_s - cue.film_start_s) * cue.speed
            first, last = round(cue.track_start_s * rate_hz), round(end_s * rate_hz)
            yield cue, track[first:last], cue.speed


def film_sounds(
    cues: pd.DataFrame, video: str | os.PathLike, rate_hz: int
) -> Iterator[tuple[object, np.ndarray, float]]:
    """Each cue with its part of the film's sound, the film decoded once in bounded memory.

    Yields as album_sounds does, ordered by the cues' ends; a film second is a second of sound.
    """
    waiting = sorted(cues.itertuples(), key=lambda cue: cue.film_end_s)
    held, held_from = np.zeros(0, np.float32), 0
    for block in media.audio_blocks(video, rate_hz) if waiting else ():
        held = np.concatenate([held, block])
        decoded = held_from + len(held)
        while waiting and round(waiting[0].film_end_s * rate_hz) <= decoded:
            cue = waiting.pop(0)
            yield cue, _cut(held, held_from, cue, rate_hz), 1.0
        if not waiting:
            return
        needed = round(min(cue.film_start_s for cue in waiting) * rate_hz)
        passed = min(max(needed - held_from, 0), len(held))
        held, held_from = held[passed:], held_from + passed
    for cue in waiting:
        yield cue, _cut(held, held_from, cue, rate_hz), 1.0


def seconds_of(start_s: float, end_s: float) -> np.ndarray:
    """Whole seconds t of the film whose middle lies in start_s..end_s, at least one: (m,) s.

    If there is none, the second that holds the middle of the span.
    """
    seconds = np.arange(np.ceil(start_s - 0.5), np.ceil(end_s - 0.5))
    return seconds if len(seconds) else np.array([np.floor((start_s + end_s) / 2)])


def _cut(held: np.ndarray, held_from: int, cue, rate_hz: int) -> np.ndarray:
    span = (round(s * rate_hz) - held_from for s in (cue.film_start_s, cue.film_end_s))
    return held[slice(*(max(index, 0) for index in span))]


def _measure_cue(cue, samples: np.ndarray, speed: float, features) -> pd.DataFrame:
    length_s = cue.film_end_s - cue.film_start_s
    missing_s = length_s * speed - len(samples) / features.RATE_HZ
    if missing_s > SHORTFALL_S:
        log.warning("cue %s: the last %.1f s lie past the end of the sound", cue.cue_id, missing_s)
    seconds = seconds_of(cue.film_start_s, cue.film_end_s)
    moments_s = np.clip(seconds + 0.5 - cue.film_start_s, 0, length_s) * speed
    values = features.measure(samples, moments_s)
    frame = pd.DataFrame(values, columns=list(features.NAMES))
    frame.insert(0, "cue_id", cue.cue_id)
    frame.insert(1, "time_s", seconds)
    return frame


def _joined(parts: list[pd.DataFrame], film_id: str, names: tuple[str, ...]) -> pd.DataFrame:
    if not parts:
        parts = [pd.DataFrame(columns=["cue_id", "time_s", *names], dtype=np.float32)]
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "film_id", film_id)
    return frame


def _track_paths(cues: pd.DataFrame, tracks: str | os.PathLike) -> dict[str, str]:
    known = tables.read_table(tracks, tables.TRACKS).set_index("track_id")["path"]
    used = cues["track_id"].unique()
    problems = [
        Problem(
            str(tracks),
            f"has no track {track_id!r}, which a cue names",
            "every track that the cues name",
            "the album may have changed since the cues were matched; match them again",
        )
        for track_id in used
        if track_id not in known
    ]
    if problems:
        raise TableError(problems)
    return {track_id: known[track_id] for track_id in used}
