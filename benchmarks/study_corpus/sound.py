"""The sound of a film, scene by scene: music of its album under speech and effects.

A scene is made, written and dropped, so that a film of any length takes the memory of its longest
scene. The mix of speech and effects and the levels of the music are those of the product's demo.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import soxr
from cue_films import signals
from cue_films.albums import Track
from cue_films.mixing import ducking
from cue_films.signals import RATE_HZ, samples

from scorelens.corpus.synthesis.mixing import Clips, mix_background
from scorelens.corpus.synthesis.timeline import is_quiet

CUE_S, PAUSE_S = (8.0, 120.0), (20.0, 190.0)  # about 42 cues in 100 minutes, as in the study
SNRS_DB = (10, 5, 0, -5, -10)
DUCKING_DB = (3.0, 9.0)
FADE_IN_S, FADE_OUT_S = (0.02, 2.0), (0.3, 3.0)
CLIP_SPEEDS = (0.88, 1.14)  # so that clips of a small folder differ each time
HEADROOM = 0.5  # what is louder is clipped, for a film in a stream has no known peak
TRIES = 5  # excerpts drawn from a track before one is taken although it is quiet


class Cue(NamedTuple):
    """Music in a film: its track, its start in it, and its level against the rest."""

    track_id: str
    track_start_s: float
    snr_db: float


class Scene(NamedTuple):
    """A part of a film: its sound, float32 (n, 2) at `RATE_HZ`, and the cue that fills it."""

    sound: np.ndarray
    cue: Cue | None


def usable(sounds: Mapping[str, Track]) -> dict[str, Track]:
    """The tracks that are long enough for a cue."""
    return {name: track for name, track in sounds.items() if track.duration_s >= CUE_S[0]}


def scenes(
    sounds: Mapping[str, Track],
    length: int,
    speech: Clips,
    effects: Clips,
    rng: np.random.Generator,
) -> Iterator[Scene]:
    """Draw and mix the scenes of a film of so many samples, by turns without and with music.

    Every usable track plays once before one is repeated.
    """
    names = list(usable(sounds))
    order, position = [], 0
    while position < length:
        pause = min(samples(rng.uniform(*PAUSE_S)), length - position)
        yield Scene(mix(mix_background(pause, speech, effects, rng)[0]), None)
        position += pause
        if length - position >= samples(CUE_S[0]):
            order = order or rng.permutation(names).tolist()
            scene = cue_scene(order.pop(), sounds, length - position, speech, effects, rng)
            yield scene
            position += len(scene.sound)


def cue_scene(track_id, sounds, max_length: int, speech: Clips, effects: Clips, rng) -> Scene:
    """A scene of which a part of a track fills all."""
    music, start_s = excerpt(sounds[track_id], max_length / RATE_HZ, rng)
    rest, activity = mix_background(len(music), speech, effects, rng)
    music = signals.faded(music, rng.uniform(*FADE_IN_S), rng.uniform(*FADE_OUT_S))
    music *= ducking(activity, 0, len(music), rng.uniform(*DUCKING_DB))[:, None]
    snr_db = float(rng.choice(SNRS_DB))
    level = signals.rms(rest) * 10 ** (snr_db / 20) / max(signals.rms(music), signals.FLOOR)
    return Scene(mix(rest, music * np.float32(level)), Cue(track_id, start_s, snr_db))


def excerpt(track: Track, max_s: float, rng) -> tuple[np.ndarray, float]:
    """A part of a track that is not nearly silent, and where it starts, s."""
    longest = min(CUE_S[1], max_s, track.duration_s)
    for _ in range(TRIES):
        seconds = CUE_S[0] * (longest / CUE_S[0]) ** rng.random()
        start_s = rng.uniform(0, track.duration_s - seconds)
        music = track.read(start_s, seconds)
        if not is_quiet(music.mean(axis=1)):
            break
    return music, float(start_s)


def mix(*stems: np.ndarray) -> np.ndarray:
    return np.clip(sum(stems) * np.float32(HEADROOM), -1, 1)


def at_any_speed(clips: Clips) -> Clips:
    """Clips played at random speeds: a few voices become many."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        return soxr.resample(clips(rng), RATE_HZ * rng.uniform(*CLIP_SPEEDS), RATE_HZ)

    return draw
