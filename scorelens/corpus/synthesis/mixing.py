"""Mix a film's sound: music under speech and effects, at a known signal-to-noise ratio.

All sound is float32 at timeline.RATE_HZ; stereo arrays have shape (n, 2).
"""

from collections.abc import Callable, Sequence

import numpy as np

from scorelens.corpus.synthesis.timeline import RATE_HZ, Scene

Clips = Callable[[np.random.Generator], np.ndarray]  # draws a mono clip (n,)

PEAK = 0.9
_SPEECH_DB = (-27, -20)  # RMS against full scale
_EFFECT_DB = (-36, -20)
_ROOM_TONE_DB = -55
_DUCK_DB = (3, 9)
_FADE_IN_S = (0.02, 2.0)
_FADE_OUT_S = (0.3, 3.0)
_EFFECT_S = 8.0
_STEP = RATE_HZ // 100  # samples between the points of a gain curve


def mix_film(
    scenes: Sequence[Scene],
    speech: Clips,
    effects: Clips,
    snrs_db: Sequence[float],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """The film's sound (n, 2), the same without music (n, 2), and each cue's SNR in dB.

    A cue draws its SNR from `snrs_db`: mean power of the music, ducked and faded, over that of
    speech and effects, from its start to its end. The peak of the film is PEAK.
    """
    bed, talk = lay_bed(scenes[-1].end, speech, effects, rng)
    film, snrs = bed.copy(), []
    for scene in scenes:
        if scene.music is None:
            continue
        span = slice(scene.start, scene.end)
        music = scene.music * _fades(len(scene.music), rng) * _ducking(talk, span, rng)
        snrs.append(float(rng.choice(snrs_db)))
        level = _rms(bed[span]) * 10 ** (snrs[-1] / 20) / _rms(music)
        film[span] += (music * np.float32(level))[:, None]
    scale = np.float32(PEAK / max(film.max(), -film.min()))
    film *= scale
    bed *= scale
    return film, bed, snrs


def lay_bed(
    length: int, speech: Clips, effects: Clips, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Speech and effects over room tone (length, 2), and where speech is: 0 or 1 each 10 ms."""
    bed = rng.standard_normal((length, 2), np.float32)
    bed *= np.float32(10 ** (_ROOM_TONE_DB / 20))
    talk = np.zeros(length // _STEP + 2, np.float32)
    _lay_speech(bed, talk, speech, rng)
    _lay_effects(bed, effects, rng)
    return bed, talk


def _lay_speech(bed, talk, speech: Clips, rng) -> None:
    """Dialogues of 4 to 20 s, phrases with short pauses, longer pauses between dialogues."""
    place = rng.uniform(0, 4) * RATE_HZ
    while place < len(bed):
        end = place + rng.uniform(4, 20) * RATE_HZ
        while place < min(end, len(bed)):
            clip = _at_level(speech(rng), rng.uniform(*_SPEECH_DB))
            start = int(place)
            _add(bed, clip, start, rng.uniform(0.35, 0.65))
            place += len(clip)
            talk[start // _STEP : int(place) // _STEP + 1] = 1
            place += rng.uniform(0.15, 0.7) * RATE_HZ
        place += rng.uniform(1, 9) * RATE_HZ


def _lay_effects(bed, effects: Clips, rng) -> None:
    """Half-minutes with few or many effects, from one in 30 s to one in 4 s."""
    for start in range(0, len(bed), 30 * RATE_HZ):
        for _ in range(rng.poisson(rng.choice([1, 3, 8]))):
            place = start + int(rng.integers(30 * RATE_HZ))
            clip = effects(rng)[: round(_EFFECT_S * RATE_HZ)]
            _add(bed, _at_level(clip, rng.uniform(*_EFFECT_DB)), place, rng.uniform(0.1, 0.9))


def _add(bed: np.ndarray, clip: np.ndarray, place: int, pan: float) -> None:
    """Add a mono clip from `place` on, `pan` from left 0 to right 1 at equal power."""
    clip = clip[: max(0, len(bed) - place)]
    sides = np.array([np.cos(pan * np.pi / 2), np.sin(pan * np.pi / 2)], np.float32)
    bed[place : place + len(clip)] += clip[:, None] * sides


def _ducking(talk: np.ndarray, span: slice, rng) -> np.ndarray:
    """The gain of music over a span: lower by 3 to 9 dB under speech, with ramps of 0.4 s."""
    ramp = np.ones(41, np.float32) / 41
    under = np.convolve(talk, ramp, mode="same")
    gain = 1 - under * np.float32(1 - 10 ** (-rng.uniform(*_DUCK_DB) / 20))
    samples = np.arange(span.start, span.stop)
    return np.interp(samples, np.arange(len(talk)) * _STEP, gain).astype(np.float32)


def _fades(length: int, rng) -> np.ndarray:
    """A gain that rises at the start and falls at the end, each over a third at most."""
    gain = np.ones(length, np.float32)
    rise, fall = (
        min(round(rng.uniform(*span) * RATE_HZ), length // 3) for span in (_FADE_IN_S, _FADE_OUT_S)
    )
    gain[:rise] = np.linspace(0, 1, rise, dtype=np.float32)
    gain[-fall:] = np.linspace(1, 0, fall, dtype=np.float32)
    return gain


def _at_level(clip: np.ndarray, db: float) -> np.ndarray:
    """The clip at an RMS of `db` against full scale; silence stays silence."""
    loud = _rms(clip)
    return clip * np.float32(10 ** (db / 20) / loud) if loud > 0 else clip


def _rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(sound), dtype=np.float64)))
