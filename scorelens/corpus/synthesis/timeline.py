"""Plan the scenes of a film at random: a cue of the album, a decoy from elsewhere, or no music."""

import logging
import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scorelens import media
from scorelens.errors import ConfigError, InputError, MediaError, Problem

Source = media.Sound | str | os.PathLike  # of a track's sound
log = logging.getLogger(__name__)
RATE_HZ = 44100
_TRIES = 5  # excerpts drawn from a track before it counts as quiet throughout
_QUIET_DB = 30  # a second this far below the loudest one is quiet
_MAX_QUIET_SHARE = 0.1
_SILENCE_RMS = 1e-3


@dataclass(frozen=True)
class Pace:
    """How long cues are and how fast they follow each other.

    Parameters
    ----------
    cue_s, pause_s : tuple of float
        Shortest and longest cue, and shortest and longest pause between cues, s.
    joined : float
        Share of cues that follow without a pause, 0..1.
    decoys : float
        Share of cues that are decoys, 0..1.
    """

    cue_s: tuple[float, float] = (8.0, 120.0)
    pause_s: tuple[float, float] = (2.0, 30.0)
    joined: float = 0.2
    decoys: float = 0.2


@dataclass(frozen=True)
class Scene:
    """A section of the film with one track, one decoy, or no music.

    Parameters
    ----------
    start, end : int
        Samples of the film at `RATE_HZ`, end exclusive.
    track_id : str or None
        The track that plays.
    track_start : int
        Start of the excerpt in the track, samples.
    decoy : bool
        Whether the track is not of the album.
    music : ndarray of float32, shape (end - start,), or None
        The excerpt, mono.
    """

    start: int
    end: int
    track_id: str | None = None
    track_start: int = 0
    decoy: bool = False
    music: np.ndarray | None = None


def plan_scenes(
    tracks: Mapping[str, Source],
    decoys: Mapping[str, Source],
    pace: Pace,
    length: int,
    rng: np.random.Generator,
) -> list[Scene]:
    """Draw scenes that fill a film without a gap.

    Parameters
    ----------
    tracks, decoys : mapping of str to sound
        Sound of each track by id. Every track plays once before one is repeated. Files that cannot
        be read, are shorter than the shortest cue or are quiet throughout are skipped with a
        warning.
    pace : Pace
        Lengths of cues and pauses.
    length : int
        Length of the film, samples at `RATE_HZ`.
    rng : Generator
        Source of randomness.

    Returns
    -------
    list of Scene

    Raises
    ------
    ConfigError
        If the film is too short for a cue.
    InputError
        If no track can be used.
    """
    _check_length(length, pace)
    album, others = _shuffled(tracks, rng), _shuffled(decoys, rng)
    shortest, longest_pause = _samples(pace.cue_s[0]), _samples(pace.pause_s[1])
    position = int(rng.integers(1, min(longest_pause, length - shortest) + 1))
    scenes = [Scene(0, position)]
    while length - position >= shortest:
        cue = None
        if len(scenes) > 1 and rng.random() < pace.decoys:
            cue = _next_cue(others, position, length, pace, rng, decoy=True)
        cue = cue or _next_cue(album, position, length, pace, rng)
        if cue is None:
            raise InputError(_no_track(tracks, pace))
        scenes.append(cue)
        pause = 0 if rng.random() < pace.joined else _samples(rng.uniform(*pace.pause_s))
        position = min(length, cue.end + pause)
        if position > cue.end:
            scenes.append(Scene(cue.end, position))
    if position < length:
        scenes.append(Scene(position, length))
    return scenes


def _check_length(length: int, pace: Pace) -> None:
    if length <= _samples(pace.cue_s[0]):
        raise ConfigError(
            Problem(
                "length of a film, film_s",
                f"is {length / RATE_HZ:g} s",
                f"more than the shortest cue, {pace.cue_s[0]:g} s",
            )
        )


def _no_track(tracks: Mapping[str, Source], pace: Pace) -> Problem:
    folder = next((str(Path(_file(track)).parent) for track in tracks.values()), "the album")
    return Problem(
        folder,
        f"none of {len(tracks)} tracks can be used for a cue",
        f"a readable track of at least {pace.cue_s[0]:g} s that is not quiet",
        "the log names each track and what is wrong with it",
    )


def _file(source: Source) -> str:
    return str(source.path if isinstance(source, media.Sound) else source)


def _shuffled(tracks: Mapping[str, Source], rng) -> deque:
    items = list(tracks.items())
    return deque(items[i] for i in rng.permutation(len(items)))


def _next_cue(
    queue: deque, position: int, length: int, pace: Pace, rng, decoy=False
) -> Scene | None:
    """A cue of the first track, which goes to the end; tracks that cannot be used are removed."""
    while queue:
        track_id, path = queue.popleft()
        try:
            start, music = _excerpt(path, length - position, pace, rng)
        except MediaError as error:
            log.warning("track %s is skipped: %s", track_id, error)
            continue
        queue.append((track_id, path))
        return Scene(position, position + len(music), track_id, start, decoy, music)
    return None


def _excerpt(path, max_length: int, pace: Pace, rng) -> tuple[int, np.ndarray]:
    """Start and samples of a random excerpt. Raises MediaError if the track has none."""
    track = media.read_audio(path, RATE_HZ)
    shortest = _samples(pace.cue_s[0])
    longest = min(_samples(pace.cue_s[1]), max_length, len(track))
    if longest < shortest:
        what = f"is {len(track) / RATE_HZ:.1f} s long"
        raise MediaError(Problem(_file(path), what, f"a track of at least {pace.cue_s[0]:g} s"))
    for _ in range(_TRIES):
        length = min(longest, round(shortest * (longest / shortest) ** rng.random()))
        start = int(rng.integers(len(track) - length + 1))
        music = track[start : start + length]
        if not is_quiet(music):
            return start, music.copy()
    raise MediaError(Problem(_file(path), "is quiet nearly throughout", "audible music"))


def is_quiet(music: np.ndarray) -> bool:
    """Whether over a tenth of the seconds are 30 dB below the loudest, or below -60 dBFS.

    Parameters
    ----------
    music : ndarray of float32, shape (n,)
        Mono samples at `RATE_HZ`, at least one second.

    Returns
    -------
    bool
    """
    seconds = music[: len(music) // RATE_HZ * RATE_HZ].reshape(-1, RATE_HZ)
    loudness = np.sqrt(np.mean(np.square(seconds), axis=1))
    floor = max(_SILENCE_RMS, loudness.max() * 10 ** (-_QUIET_DB / 20))
    return bool(np.mean(loudness < floor) > _MAX_QUIET_SHARE)


def _samples(seconds: float) -> int:
    return round(seconds * RATE_HZ)
