"""Write the feature table of a film, one row a cue and second, for any feature set.

Features are measured cue by cue, from the cue's own samples: no frame reaches past the cue's edges,
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
from scorelens.media.cuts import SHORTFALL_S, whole_seconds

WHOLE = "_tracks"  # ends the name of a set that is measured on whole tracks

log = logging.getLogger(__name__)


class FeatureSet(NamedTuple):
    """How a feature set is measured.

    Attributes
    ----------
    names : tuple of str
        Its columns.
    rate_hz : int
        Sampling rate that it takes, Hz.
    measure : callable
        Takes the blocks of a sound, float32 at `rate_hz`, one after the other, and moments (m,) in
        s of it; returns float32 (m, len(names)), NaN where a feature has no meaning.
    """

    names: tuple[str, ...]
    rate_hz: int
    measure: Callable[[Iterable[np.ndarray], np.ndarray], np.ndarray]


class FilmSound(NamedTuple):
    """The cues of a film, and where their sound is.

    Attributes
    ----------
    film_id : str
    source : {"album", "film", "tracks"}
        `album`: the album's recording. `film`: the film's own sound. `tracks`: the album's tracks
        as a whole, each as one cue.
    cues : path or None
        The cues (tables.CUES); None for `tracks`.
    tracks : path
        The tracks of the album (tables.TRACKS).
    video : Sound or path or None
        The film, or one of its sounds, for `film`.
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
    """Describe the sound of a film's cues, or of its tracks if the set's name ends in `_tracks`.

    Parameters
    ----------
    feature_set : str
        Name of a feature set.
    film_id : str
    source : {"album", "film"}
        Where the sound of the cues comes from.
    cues : path or None
        The cues (tables.CUES).
    tracks : path
        The tracks of the album (tables.TRACKS).
    video : path or None
        The film.
    audio : str
        Number or language of the film's sound; empty for the default one.

    Returns
    -------
    FilmSound
    """
    if feature_set.endswith(WHOLE):
        return FilmSound(film_id, "tracks", None, tracks, None)
    stream = media.Sound(video, stream=audio) if video and audio else video
    return FilmSound(film_id, source, cues, tracks, stream)


def write_film(
    film: FilmSound, features: FeatureSet, output: str | os.PathLike, provenance: dict
) -> None:
    """Write the features of a film's cues, one row a cue and second (tables.FEATURES).

    A cue's rows are the whole seconds t of the film whose middle, t + 0.5 s, lies in it; at least
    the second that holds the cue's middle. Seconds without sound hold nulls. Of whole tracks,
    cue_id is the track and time_s counts in it.

    Parameters
    ----------
    film : FilmSound
    features : FeatureSet
    output : path
    provenance : dict
        What the table depends on, kept in the file.

    Raises
    ------
    MediaError
        If a sound does not decode.
    TableError
        If the track of a cue is unknown.
    """
    cues = _cues(film)
    sources = sounds.cue_sources(cues, film.source, film.tracks, film.video)
    decoded = sounds.cue_sounds(cues, film.source, sources, features.rate_hz)
    measured = {
        cue.cue_id: _measure_cue(cue, blocks, speed, features)
        for cue, blocks, speed in tqdm(decoded, total=len(cues), unit="cue", disable=None)
    }
    frame = _joined([measured[cue_id] for cue_id in cues["cue_id"]], film.film_id, features.names)
    tables.write_table(frame, output, tables.FEATURES, provenance)
    log.info("%s: %d cues, %d seconds", film.film_id, len(cues), len(frame))


def provenance_of(film: FilmSound, feature_set: str) -> dict:
    """Give what a film's table depends on: hashes of the cues and of the media.

    Parameters
    ----------
    film : FilmSound
    feature_set : str
        Name of the feature set.

    Returns
    -------
    dict
        For the provenance of the table.
    """
    cues = _cues(film)
    digests = sounds.source_digests(cues, film.source, film.tracks, film.video)
    return {
        "feature_set": feature_set,
        "source": film.source,
        "cues_sha256": media.sha256(film.cues or film.tracks),
        "media_sha256": dict(sorted(digests.items())),
    }


def _cues(film: FilmSound) -> pd.DataFrame:
    if film.source == "tracks":
        return sounds.whole_tracks(film.tracks)
    return tables.read_table(film.cues, tables.CUES)


def _measure_cue(
    cue, blocks: Iterable[np.ndarray], speed: float, features: FeatureSet
) -> pd.DataFrame:
    length_s = cue.film_end_s - cue.film_start_s
    seconds = whole_seconds(cue.film_start_s, cue.film_end_s)
    moments_s = np.clip(seconds + 0.5 - cue.film_start_s, 0, length_s) * speed
    counts: list[int] = []
    values = features.measure(_count(blocks, counts), moments_s)
    missing_s = length_s * speed - sum(counts) / features.rate_hz
    if missing_s > SHORTFALL_S:
        log.warning("cue %s: the last %.1f s lie past the end of the sound", cue.cue_id, missing_s)
    frame = pd.DataFrame(values, columns=list(features.names))
    frame.insert(0, "cue_id", cue.cue_id)
    frame.insert(1, "time_s", seconds)
    return frame


def _count(blocks: Iterable[np.ndarray], counts: list[int]) -> Iterator[np.ndarray]:
    """Pass the blocks on and note their lengths."""
    for block in blocks:
        counts.append(len(block))
        yield block


def _joined(parts: list[pd.DataFrame], film_id: str, names: tuple[str, ...]) -> pd.DataFrame:
    if not parts:
        parts = [pd.DataFrame(columns=["cue_id", "time_s", *names], dtype=np.float32)]
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "film_id", film_id)
    return frame
