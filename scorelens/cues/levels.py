"""Measure how loud the music of every cue of a film is against everything else, by the second."""

import itertools
import logging
import os
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens import media, tables
from scorelens.albums.tracks import track_sounds
from scorelens.cues import spectra
from scorelens.cues.decibels import FLOOR_DB, decibels, ratio_of
from scorelens.cues.separation import Parts, separate
from scorelens.errors import Problem, TableError

MAX_STRETCH_S = 120.0  # a longer cue is measured in stretches, in bounded memory
PAD_S = 0.25  # of the track, decoded on either side of a stretch
FOREGROUND_DB = 0.0  # from this ratio on, a second of music is in the foreground
MIN_FRAMES = spectra.FRAMES_PER_S // 2  # of a second at the edge of a cue

log = logging.getLogger(__name__)


class Stretch(NamedTuple):
    """A cue or a part of one: its position in the table of cues, and its frames."""

    cue: int
    first: int
    stop: int


def measure_film(
    film_id: str,
    video: str | os.PathLike,
    cues: str | os.PathLike,
    tracks: str | os.PathLike,
    status: str | os.PathLike,
    table: str | os.PathLike,
    audio: str = "",
) -> None:
    """Write the levels of the cues of a film. Decodes the film once.

    Parameters
    ----------
    film_id : str
    video : path
        The film.
    cues, tracks : path
        Its tables of CUES and of TRACKS.
    status : path
        The film's row of the corpus check (`tables.STATUS`), which holds its hash.
    table : path
        Where CUE_LEVELS goes.
    audio : str
        Number or language of the film's sound, empty for the default one.

    Raises
    ------
    MediaError
        If a sound does not decode, or the film is not the file that was checked.
    TableError
        If the track of a cue is unknown.
    """
    film = tables.read_table(status, tables.STATUS).iloc[0]
    media.require_bytes(video, film.video_bytes)
    found = tables.read_table(cues, tables.CUES)
    album = tables.read_table(tracks, tables.TRACKS)
    unknown = sorted(set(found.track_id) - set(album.track_id))
    if unknown:
        raise TableError(Problem(str(cues), f"tracks {unknown} are unknown", f"tracks of {tracks}"))
    rows = measure_cues(film_id, found, media.Sound(video, stream=audio), track_sounds(album))
    tables.write_table(rows, table, tables.CUE_LEVELS, {"video_sha256": film.video_sha256})
    share = rows.is_foreground.mean() if len(rows) else 0
    log.info("%s: %d seconds of cues, %.0f%% in the foreground", film_id, len(rows), 100 * share)


def measure_cues(
    film_id: str,
    cues: pd.DataFrame,
    film: media.Sound | str | os.PathLike,
    tracks: Mapping[str, media.Sound | str | os.PathLike],
) -> pd.DataFrame:
    """Measure the levels of the cues of a film.

    Parameters
    ----------
    film_id : str
    cues : DataFrame
        Rows of CUES.
    film : media.Sound or path
        The sound of the film.
    tracks : mapping of str to media.Sound or path
        The sound of each track, by track_id.

    Returns
    -------
    DataFrame
        Rows of CUE_LEVELS, cue by cue.
    """
    stretches = list_stretches(cues)
    blocks = media.channel_blocks(film, spectra.RATE_HZ, block_s=10.0) if stretches else ()
    powers: dict[int, list[tuple[Stretch, Parts]]] = {number: [] for number in range(len(cues))}
    film_powers = spectra.film_spectra(blocks, [(one.first, one.stop) for one in stretches])
    for stretch, power in zip(stretches, film_powers, strict=True):
        cue = cues.iloc[stretch.cue]
        track_power = track_spectra(cue, tracks[cue.track_id], stretch)
        powers[stretch.cue].append((stretch, separate(power, track_power)))
    rows = [level_rows(cues.cue_id.iloc[number], parts) for number, parts in powers.items()]
    joined = pd.concat([pd.DataFrame(columns=tables.CUE_LEVELS.names), *rows], ignore_index=True)
    return tables.as_typed(joined.assign(film_id=film_id), tables.CUE_LEVELS)


def list_stretches(cues: pd.DataFrame) -> list[Stretch]:
    """Divide the cues of a film into stretches.

    Parameters
    ----------
    cues : DataFrame
        Rows of CUES.

    Returns
    -------
    list of Stretch
        In order of time. None is longer than `MAX_STRETCH_S`.
    """
    stretches = []
    for number, (start_s, end_s) in enumerate(zip(cues.film_start_s, cues.film_end_s, strict=True)):
        count = max(1, int(np.ceil((end_s - start_s) / MAX_STRETCH_S)))
        first, stop = spectra.frame_range(start_s, end_s)
        edges = np.round(np.linspace(first, stop, count + 1)).astype(int).tolist()
        stretches += [Stretch(number, *pair) for pair in itertools.pairwise(edges)]
    return sorted(stretches, key=lambda one: one.first)


def track_spectra(
    cue: pd.Series, sound: media.Sound | str | os.PathLike, stretch: Stretch
) -> np.ndarray:
    """Measure the spectra of what of a track plays in a stretch of a cue.

    Parameters
    ----------
    cue : Series
        A row of CUES.
    sound : media.Sound or path
        The sound of its track.
    stretch : Stretch
        Frames of the film.

    Returns
    -------
    ndarray of float32, shape (frames, BINS)
        As high as the film plays the track. Silence outside the track.
    """
    film_s = spectra.frame_times_s(stretch.first, stretch.stop)
    track_s = cue.track_start_s + cue.speed * (film_s - cue.film_start_s)
    start_s, end_s = max(0.0, track_s[0] - PAD_S), max(0.0, track_s[-1] + PAD_S)
    rate_hz = spectra.RATE_HZ / 2 ** (cue.pitch_semitones / 12)  # heard at RATE_HZ, it is as high
    whole = sound if isinstance(sound, media.Sound) else media.Sound(sound)
    limit_s = np.inf if whole.end_s is None else whole.end_s
    part = whole._replace(
        start_s=whole.start_s + start_s, end_s=min(limit_s, whole.start_s + end_s)
    )
    silence = np.zeros((0, 1), np.float32)
    blocks = list(media.channel_blocks(part, rate_hz)) if part.end_s > part.start_s else [silence]
    samples = np.concatenate(blocks) if blocks else silence
    return spectra.power_spectra(samples, np.round((track_s - start_s) * rate_hz).astype(int))


def level_rows(cue_id: str, measured: list[tuple[Stretch, Parts]]) -> pd.DataFrame:
    """Average the powers of a cue over every second.

    Parameters
    ----------
    cue_id : str
    measured : list of (Stretch, Parts)
        Powers in the stretches of a cue, in order of time.

    Returns
    -------
    DataFrame
        Rows of CUE_LEVELS without `film_id`: the seconds of which half or more is in the cue; of a
        cue that has none, those that it touches.
    """
    frames = np.concatenate([np.arange(one.first, one.stop) for one, _ in measured])
    music, rest = (np.concatenate(parts) for parts in zip(*(p for _, p in measured), strict=True))
    powers = pd.DataFrame({"music": music, "rest": rest}).groupby(frames // spectra.FRAMES_PER_S)
    count = powers.size()
    means = powers.mean()[(count >= MIN_FRAMES) | (count.max() < MIN_FRAMES)]
    ratio_db = ratio_of(means.music.to_numpy(), means.rest.to_numpy())
    total_db = decibels(means.music.to_numpy() + means.rest.to_numpy())
    return pd.DataFrame(
        {
            "cue_id": cue_id,
            "time_s": means.index.to_numpy(float),
            "music_db": np.maximum(FLOOR_DB, total_db - decibels(1 + 10 ** (-ratio_db / 10))),
            "rest_db": np.maximum(FLOOR_DB, total_db - decibels(1 + 10 ** (ratio_db / 10))),
            "music_to_rest_db": ratio_db,
            "is_foreground": ratio_db >= FOREGROUND_DB,
        }
    )
