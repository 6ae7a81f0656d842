"""Lay a film out in scenes: a cue of the album, a decoy from elsewhere, or no music."""

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
_TRIES = 5  # places looked at in a track before it counts as quiet throughout
_QUIET_DB = 30  # a second this far below the loudest one is quiet
_QUIET_SHARE = 0.1
_SILENCE_RMS = 1e-3


@dataclass(frozen=True)
class Pace:
    """How fast cues follow each other.

    cue_s, pause_s: shortest and longest cue, and pause between cues, in s. joined: share of cues
    that follow without a pause. decoys: share of cues that are decoys. Both 0..1.
    """

    cue_s: tuple[float, float] = (8.0, 120.0)
    pause_s: tuple[float, float] = (2.0, 30.0)
    joined: float = 0.2
    decoys: float = 0.2


@dataclass(frozen=True)
class Scene:
    """A stretch of film, in samples at RATE_HZ, end exclusive.

    track_id: the music, None without. track_start: where in the track, in samples.
    music: the excerpt itself, mono float32 as long as the scene.
    """

    start: int
    end: int
    track_id: str | None = None
    track_start: int = 0
    decoy: bool = False
    music: np.ndarray | None = None


def lay_out(
    tracks: Mapping[str, Source],
    decoys: Mapping[str, Source],
    pace: Pace,
    length: int,
    rng: np.random.Generator,
) -> list[Scene]:
    """Scenes that fill `length` samples without a gap.

    tracks, decoys: id -> sound; every track is heard once before one comes back. Files that
    cannot be read, are shorter than the shortest cue or quiet throughout are passed over with a
    warning. Raises ConfigError if the film is too short for a cue, InputError if no track is left.
    """
    _check_length(length, pace)
    album, others = _shuffled(tracks, rng), _shuffled(decoys, rng)
    least, longest_pause = _samples(pace.cue_s[0]), _samples(pace.pause_s[1])
    place = int(rng.integers(1, min(longest_pause, length - least) + 1))
    scenes = [Scene(0, place)]
    while length - place >= least:
        cue = None
        if len(scenes) > 1 and rng.random() < pace.decoys:
            cue = _next_cue(others, place, length, pace, rng, decoy=True)
        cue = cue or _next_cue(album, place, length, pace, rng)
        if cue is None:
            raise InputError(_no_track(tracks, pace))
        scenes.append(cue)
        pause = 0 if rng.random() < pace.joined else _samples(rng.uniform(*pace.pause_s))
        place = min(length, cue.end + pause)
        if place > cue.end:
            scenes.append(Scene(cue.end, place))
    if place < length:
        scenes.append(Scene(place, length))
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
    folder = next((str(Path(_file(own)).parent) for own in tracks.values()), "the album")
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


def _next_cue(shelf: deque, place: int, length: int, pace: Pace, rng, decoy=False) -> Scene | None:
    """A cue of the track in front, which goes to the back; tracks of no use leave the shelf."""
    while shelf:
        track_id, path = shelf.popleft()
        try:
            start, music = _excerpt(path, length - place, pace, rng)
        except MediaError as error:
            log.warning("track %s is passed over: %s", track_id, error)
            continue
        shelf.append((track_id, path))
        return Scene(place, place + len(music), track_id, start, decoy, music)
    return None


def _excerpt(path, room: int, pace: Pace, rng) -> tuple[int, np.ndarray]:
    """Where a random excerpt starts, and its sound. Raises MediaError if the track has none."""
    track = media.read_audio(path, RATE_HZ)
    least, most = _samples(pace.cue_s[0]), min(_samples(pace.cue_s[1]), room, len(track))
    if most < least:
        found = f"is {len(track) / RATE_HZ:.1f} s long"
        raise MediaError(Problem(_file(path), found, f"a track of at least {pace.cue_s[0]:g} s"))
    for _ in range(_TRIES):
        length = min(most, round(least * (most / least) ** rng.random()))
        start = int(rng.integers(len(track) - length + 1))
        music = track[start : start + length]
        if not is_quiet(music):
            return start, music.copy()
    raise MediaError(Problem(_file(path), "is quiet nearly throughout", "music that can be heard"))


def is_quiet(music: np.ndarray) -> bool:
    """Whether over a tenth of the seconds of `music` (n,), n of a second or more, are as good as
    silent: 30 dB under the loudest second, or under -60 dB of full scale."""
    seconds = music[: len(music) // RATE_HZ * RATE_HZ].reshape(-1, RATE_HZ)
    loudness = np.sqrt(np.mean(np.square(seconds), axis=1))
    floor = max(_SILENCE_RMS, loudness.max() * 10 ** (-_QUIET_DB / 20))
    return bool(np.mean(loudness < floor) > _QUIET_SHARE)


def _samples(seconds: float) -> int:
    return round(seconds * RATE_HZ)
