"""From the cues of a film to its table of one feature set.

Features are taken cue by cue, from the cue's own samples: no frame reaches past the cue's edges,
and nothing is measured on the parts of an album that the film does not use.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.features import sounds

WHOLE = "_tracks"  # ends the name of a set that is measured on whole tracks
SHORTFALL_S = 0.1  # less than this is rounding of durations, not a cue that outlasts its sound

log = logging.getLogger(__name__)


class FeatureSet(NamedTuple):
    """What a feature set is to the table: its columns and how they are measured.

    measure: takes the blocks of a sound, float32 at rate_hz, one after the other, and moments (m,)
    in seconds of it, and returns (m, len(names)) float32, NaN where a feature has no meaning.
    """

    names: tuple[str, ...]
    rate_hz: int
    measure: Callable[[Iterable[np.ndarray], np.ndarray], np.ndarray]


class FilmSound(NamedTuple):
    """A film's cues (tables.CUES), and where their sound is.

    source: `album`, for the album's recording (`tracks`, a tables.TRACKS), `film`, for the film's
    own sound (`video`: a file, or one of its sounds), or `tracks`, for the album's tracks as a
    whole, each as one cue; `cues` is None then.
    """

    film_id: str
    source: str
    cues: str | os.PathLike | None
    tracks: str | os.PathLike
    video: media.Sound | str | os.PathLike | None


def film_sound(
    feature_set: str,
    film_id: str,
    source: str,
    cues: str | os.PathLike | None,
    tracks: str | os.PathLike,
    video: str | os.PathLike | None,
    audio: str = "",
) -> FilmSound:
    """The sound of a film's cues, or, if the name of the set ends in `_tracks`, of its tracks.

    audio: number or language of the film's sound, empty for the default one.
    """
    if feature_set.endswith(WHOLE):
        return FilmSound(film_id, "tracks", None, tracks, None)
    heard = media.Sound(video, stream=audio) if video and audio else video
    return FilmSound(film_id, source, cues, tracks, heard)


def write_film(
    film: FilmSound, features: FeatureSet, output: str | os.PathLike, provenance: dict
) -> None:
    """Write the features of a film's cues, one row a cue and second (tables.FEATURES).

    A cue's rows are the whole seconds t of the film whose middle, t + 0.5 s, lies in it; at least
    the second that holds the cue's middle. Seconds for which there is no sound hold nulls. Of whole
    tracks, cue_id is the track and time_s counts in it.
    Raises MediaError for sound that does not decode, TableError for a cue whose track is unknown.
    """
    cues = _cues(film)
    sources = sounds.cue_sources(cues, film.source, film.tracks, film.video)
    found = sounds.cue_sounds(cues, film.source, sources, features.rate_hz)
    measured = {
        cue.cue_id: _measure_cue(cue, blocks, speed, features)
        for cue, blocks, speed in tqdm(found, total=len(cues), unit="cue", disable=None)
    }
    frame = _joined([measured[cue_id] for cue_id in cues["cue_id"]], film.film_id, features.names)
    tables.write_table(frame, output, tables.FEATURES, provenance)
    log.info("%s: %d cues, %d seconds", film.film_id, len(cues), len(frame))


def origin(film: FilmSound, feature_set: str) -> dict:
    """What a film's table is made of, for its provenance: hashes of the cues and of the media."""
    cues = _cues(film)
    digests = sounds.source_digests(cues, film.source, film.tracks, film.video)
    return {
        "feature_set": feature_set,
        "source": film.source,
        "cues_sha256": media.sha256(film.cues or film.tracks),
        "media_sha256": dict(sorted(digests.items())),
    }


def seconds_of(start_s: float, end_s: float) -> np.ndarray:
    """Whole seconds t of the film whose middle lies in start_s..end_s, at least one: (m,) s.

    If there is none, the second that holds the middle of the span.
    """
    seconds = np.arange(np.ceil(start_s - 0.5), np.ceil(end_s - 0.5))
    return seconds if len(seconds) else np.array([np.floor((start_s + end_s) / 2)])


def _cues(film: FilmSound) -> pd.DataFrame:
    if film.source == "tracks":
        return sounds.whole_tracks(film.tracks)
    return tables.read_table(film.cues, tables.CUES)


def _measure_cue(
    cue, blocks: Iterable[np.ndarray], speed: float, features: FeatureSet
) -> pd.DataFrame:
    length_s = cue.film_end_s - cue.film_start_s
    seconds = seconds_of(cue.film_start_s, cue.film_end_s)
    moments_s = np.clip(seconds + 0.5 - cue.film_start_s, 0, length_s) * speed
    counts: list[int] = []
    values = features.measure(_counted(blocks, counts), moments_s)
    missing_s = length_s * speed - sum(counts) / features.rate_hz
    if missing_s > SHORTFALL_S:
        log.warning("cue %s: the last %.1f s lie past the end of the sound", cue.cue_id, missing_s)
    frame = pd.DataFrame(values, columns=list(features.names))
    frame.insert(0, "cue_id", cue.cue_id)
    frame.insert(1, "time_s", seconds)
    return frame


def _counted(blocks: Iterable[np.ndarray], counts: list[int]) -> Iterator[np.ndarray]:
    """The blocks as they come, their lengths noted."""
    for block in blocks:
        counts.append(len(block))
        yield block


def _joined(parts: list[pd.DataFrame], film_id: str, names: tuple[str, ...]) -> pd.DataFrame:
    if not parts:
        parts = [pd.DataFrame(columns=["cue_id", "time_s", *names], dtype=np.float32)]
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "film_id", film_id)
    return frame
