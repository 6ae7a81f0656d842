"""The treatments of the music of a film, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from . import signals
from .albums import Track
from .plan import TONES, Cue
from .signals import samples

Sounds = Mapping[str, Track]
Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


class Span(NamedTuple):
    """A track that plays from a sample of a cue to another, `tempo` track seconds a second.

    layer: 1 for the softer of two tracks at once.
    """

    track_id: str
    start: int
    end: int
    track_start_s: float
    tempo: float = 1.0
    semitones: float = 0.0
    layer: int = 0


class Take(NamedTuple):
    """The treated music of a cue, float32 (n, 2), and what plays in it. No span: no music."""

    music: np.ndarray
    spans: list[Span]


Make = Callable[[Cue, Sounds, np.random.Generator], Take]


@dataclass(frozen=True)
class Treatment:
    """How the music of a film is made and how the film is mixed.

    films: which films (a plan of `plan`; `cues` are those that most treatments share). snr_db: the
    music to the rest, where all cues have the same. fades_s: in place of those of the cues.
    ducking_db: how much softer the music is under speech. index: `album`, or `big` with tracks of
    other albums. layout: `stereo`, `surround` (5.1) or `commentary` (a stream before the film's).
    """

    make: Make
    films: str = "cues"
    snr_db: float | None = None
    fades_s: tuple[float, float] | None = None
    ducking_db: float = 0.0
    codec: tuple[str, ...] = ("ac3", "128k")
    index: str = "album"
    layout: str = "stereo"


def excerpt(change: Change | None = None, tempo: float = 1.0, semitones: float = 0.0) -> Make:
    """Play one excerpt; `change` may shorten it by `tempo`."""

    def make(cue: Cue, sounds: Sounds, rng: np.random.Generator) -> Take:
        return play(cue, sounds, rng, change, tempo, semitones)

    return make


def play(cue: Cue, sounds: Sounds, rng, change: Change | None, tempo: float, semitones: float):
    music, start_s = part(cue, sounds[cue.track_id], tempo * cue.length_s)
    changed = change(music, rng) if change else music
    length = samples(cue.length_s)
    span = Span(cue.track_id, 0, length, start_s, tempo, semitones)
    return Take(signals.fit(changed, length), [span])


def part(cue: Cue, track: Track, seconds: float) -> tuple[np.ndarray, float]:
    """The excerpt of a cue, and where in the track it starts, s."""
    start_s = cue.position * max(0.0, track.duration_s - seconds)
    return track.read(start_s, seconds), start_s


def at_speed(speed: float) -> Make:
    """Tempo and pitch together, as film and tape do."""
    return excerpt(
        lambda music, _: signals.played_at(music, speed), speed, float(12 * np.log2(speed))
    )


def at_tempo(percent: float) -> Make:
    tempo = 1 + percent / 100
    return excerpt(lambda music, _: signals.stretched(music, tempo=tempo), tempo)


def at_pitch(semitones: float) -> Make:
    return excerpt(
        lambda music, _: signals.stretched(music, semitones=semitones), semitones=semitones
    )


def reels(cue: Cue, sounds: Sounds, rng: np.random.Generator) -> Take:
    """Every cue at a speed of its own: that of the reel on which it lies."""
    speed = (1.0, 25 / 24, 24 / 25)[cue.seed % 3]
    return at_speed(speed)(cue, sounds, rng)


def centre_removed(cue: Cue, sounds: Sounds, rng: np.random.Generator) -> Take:
    """Left minus right. Tracks that are mono have nothing left, and are not played."""
    if not sounds[cue.track_id].is_stereo():
        return Take(np.zeros((samples(cue.length_s), 2), np.float32), [])
    return play(cue, sounds, rng, lambda music, _: signals.side(music), 1.0, 0.0)


def two_at_once(cue: Cue, sounds: Sounds, rng: np.random.Generator) -> Take:
    """A second track of the album, 3 dB softer, over all of the cue."""
    first = play(cue, sounds, rng, None, 1.0, 0.0)
    track = sounds[cue.partner_id]
    if cue.decoy:
        return first
    second, start_s = part(cue, track, cue.length_s)
    level = signals.rms(first.music) / max(signals.rms(second), signals.FLOOR) * 10 ** (-3 / 20)
    heard_s = min(cue.length_s, track.duration_s)
    span = Span(cue.partner_id, 0, samples(heard_s), start_s, layer=1)
    return Take(first.music + second * np.float32(level), [*first.spans, span])


def cross_fade(cue: Cue, sounds: Sounds, rng: np.random.Generator) -> Take:
    """Half of the cue, a cross-fade of 4 s, and another track of the album."""
    half_s, length = cue.length_s / 2 + 2.0, samples(cue.length_s)
    halves = []
    for track_id in (cue.track_id, cue.partner_id):
        sound, start_s = part(cue, sounds[track_id], half_s)
        halves.append((at_level(sound), start_s))
    (first, first_s), (second, second_s) = halves
    music = signals.fit(signals.joined(first, second, samples(4.0)), length)
    spans = [
        Span(cue.track_id, 0, len(first), first_s),
        Span(cue.partner_id, len(first) - samples(4.0), length, second_s),
    ]
    return Take(music, spans)


def pieces(cue: Cue, sounds: Sounds, rng: np.random.Generator) -> Take:
    """Pieces of 4 to 12 s from anywhere in the track, joined without a gap."""
    track, length, overlap = sounds[cue.track_id], samples(cue.length_s), samples(0.02)
    music, spans = np.zeros((overlap, 2), np.float32), []
    while len(music) < length:
        seconds = rng.uniform(4, 12)
        start_s = rng.uniform(0, track.duration_s - seconds)
        at = len(music) - overlap
        music = signals.joined(music, track.read(start_s, seconds), overlap)
        spans.append(Span(cue.track_id, at, min(len(music), length), start_s))
    return Take(music[:length], spans)


def stingers(seconds: float) -> Make:
    """Short pieces of the album's track, at least 7 s apart."""

    def make(cue: Cue, sounds: Sounds, rng: np.random.Generator) -> Take:
        music, spans = np.zeros((samples(cue.length_s), 2), np.float32), []
        count = max(1, int(cue.length_s / (seconds + 9)))
        step = cue.length_s / count
        for number in range(count):
            sound, track_id, start_s = loud_part(cue, sounds, seconds, rng)
            start = samples(number * step + rng.uniform(0, step - seconds - 7 if count > 1 else 0))
            stinger = signals.faded(at_level(sound), 0.01, 0.1)[: len(music) - start]
            music[start : start + len(stinger)] = stinger
            spans.append(Span(track_id, start, start + len(stinger), start_s))
        return Take(music, spans)

    return make


def loud_part(cue: Cue, sounds: Sounds, seconds: float, rng) -> tuple[np.ndarray, str, float]:
    """The loudest of three random parts of the cue's track or of its partner."""
    track_id = (cue.track_id, cue.partner_id)[rng.integers(2)]
    starts = rng.uniform(0, sounds[track_id].duration_s - seconds, 3)
    parts = [sounds[track_id].read(start_s, seconds) for start_s in starts]
    loudest = int(np.argmax([signals.rms(sound) for sound in parts]))
    return parts[loudest], track_id, float(starts[loudest])


def at_level(sound: np.ndarray) -> np.ndarray:
    return sound * np.float32(0.1 / max(signals.rms(sound), signals.FLOOR))


def tones_only(cue: Cue, sounds: Sounds, rng: np.random.Generator) -> Take:
    length = samples(cue.length_s)
    return Take(signals.chords(length, rng), [Span(TONES, 0, length, 0.0)])


def tilt(music: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """4 dB an octave, up or down."""
    return signals.tilted(music, 4.0 * rng.choice([-1, 1]))


TREATMENTS = {
    "control": Treatment(excerpt()),
    "radio": Treatment(excerpt(signals.radio)),
    "small_speaker": Treatment(excerpt(signals.small_speaker)),
    "hall": Treatment(excerpt(signals.hall)),
    "next_room": Treatment(excerpt(signals.next_room)),
    "limiter": Treatment(excerpt(lambda music, _: signals.limited(music))),
    "ducking": Treatment(excerpt(), ducking_db=15.0),
    "tilt": Treatment(excerpt(tilt)),
    "left_channel": Treatment(excerpt(lambda music, _: signals.left_only(music))),
    "old_film": Treatment(excerpt(signals.old_film)),
    "wow": Treatment(excerpt(lambda music, _: signals.wow(music, 0.006, 0.55))),
    **{
        f"speed_{speed:.4g}": Treatment(at_speed(speed))
        for speed in (24 / 25, 25 / 24, 1.001, 0.94, 0.97, 1.02, 1.06, 1.07)
    },
    **{
        f"tempo_{sign * percent:+g}%": Treatment(at_tempo(sign * percent))
        for percent in (1, 2, 4, 8)
        for sign in (1, -1)
    },
    **{
        f"pitch_{sign * semitones:+g}": Treatment(at_pitch(sign * semitones))
        for semitones in (0.5, 1, 2)
        for sign in (1, -1)
    },
    "reels": Treatment(reels),
    "two_at_once": Treatment(two_at_once),
    **{f"stingers_{n}_s": Treatment(stingers(n), fades_s=(0, 0)) for n in (2, 3, 4, 5)},
    "centre_removed": Treatment(centre_removed),
    "commentary_first": Treatment(excerpt(), layout="commentary"),
    **{f"level_{db}_db": Treatment(excerpt(), snr_db=db) for db in (-15, -20, -25)},
    "fades_10_s": Treatment(excerpt(), fades_s=(10.0, 10.0)),
    "pieces": Treatment(pieces),
    "cross_fade": Treatment(cross_fade),
    "ac3_96": Treatment(excerpt(), codec=("ac3", "96k")),
    "aac_48": Treatment(excerpt(), codec=("aac", "48k")),
    "mp3_128": Treatment(excerpt(), codec=("libmp3lame", "128k")),
    "big_album": Treatment(excerpt(), index="big"),
    "surround": Treatment(excerpt(), layout="surround", codec=("ac3", "448k")),
    "surround_-20_db": Treatment(excerpt(), snr_db=-20, layout="surround", codec=("ac3", "448k")),
    "held_out": Treatment(excerpt(), films="held_out"),
    "foreign": Treatment(excerpt(), films="foreign"),
    "tones": Treatment(tones_only, films="tones"),
    "speech": Treatment(excerpt(), films="speech"),
}
