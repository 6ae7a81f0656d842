"""Mix the sound of a film: music under speech and effects, at a known signal-to-noise ratio."""

from collections.abc import Callable, Sequence

import numpy as np

from scorelens.corpus.synthesis.timeline import RATE_HZ, Scene

Clips = Callable[[np.random.Generator], np.ndarray]  # returns a random mono clip (n,)

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
    """Mix music, speech and effects.

    Parameters
    ----------
    scenes : sequence of Scene
        The scenes of the film, with their music.
    speech, effects : callable
        Take a Generator and return a mono clip, float32 of shape (n,) at `timeline.RATE_HZ`.
    snrs_db : sequence of float
        Signal-to-noise ratios that cues draw from, dB: mean power of the music, ducked and faded,
        over that of speech and effects, from start to end of the cue.
    rng : Generator
        Source of randomness.

    Returns
    -------
    film : ndarray of float32, shape (n, 2)
        The sound of the film at `timeline.RATE_HZ`, peak 0.9.
    background : ndarray of float32, shape (n, 2)
        The same without music.
    snrs_db : list of float
        Signal-to-noise ratio of each cue, dB.
    """
    background, activity = mix_background(scenes[-1].end, speech, effects, rng)
    film, snrs = background.copy(), []
    for scene in scenes:
        if scene.music is None:
            continue
        span = slice(scene.start, scene.end)
        music = scene.music * _fades(len(scene.music), rng) * _ducking(activity, span, rng)
        snrs.append(float(rng.choice(snrs_db)))
        level = _rms(background[span]) * 10 ** (snrs[-1] / 20) / _rms(music)
        film[span] += (music * np.float32(level))[:, None]
    scale = np.float32(PEAK / max(film.max(), -film.min()))
    film *= scale
    background *= scale
    return film, background, snrs


def mix_background(
    length: int, speech: Clips, effects: Clips, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mix speech and effects over room tone.

    Parameters
    ----------
    length : int
        Samples at `timeline.RATE_HZ`.
    speech, effects : callable
        Take a Generator and return a mono clip, float32 of shape (n,).
    rng : Generator
        Source of randomness.

    Returns
    -------
    background : ndarray of float32, shape (length, 2)
        The mix.
    activity : ndarray of float32, shape (n,)
        1 where there is speech, otherwise 0, every 10 ms.
    """
    background = rng.standard_normal((length, 2), np.float32)
    background *= np.float32(10 ** (_ROOM_TONE_DB / 20))
    activity = np.zeros(length // _STEP + 2, np.float32)
    _add_speech(background, activity, speech, rng)
    _add_effects(background, effects, rng)
    return background, activity


def _add_speech(background, activity, speech: Clips, rng) -> None:
    """Dialogues of 4 to 20 s, phrases with short pauses, longer pauses between dialogues."""
    position = rng.uniform(0, 4) * RATE_HZ
    while position < len(background):
        end = position + rng.uniform(4, 20) * RATE_HZ
        while position < min(end, len(background)):
            clip = _at_level(speech(rng), rng.uniform(*_SPEECH_DB))
            start = int(position)
            _add(background, clip, start, rng.uniform(0.35, 0.65))
            position += len(clip)
            activity[start // _STEP : int(position) // _STEP + 1] = 1
            position += rng.uniform(0.15, 0.7) * RATE_HZ
        position += rng.uniform(1, 9) * RATE_HZ


def _add_effects(background, effects: Clips, rng) -> None:
    """Half-minutes with few or many effects, from one in 30 s to one in 4 s."""
    for start in range(0, len(background), 30 * RATE_HZ):
        for _ in range(rng.poisson(rng.choice([1, 3, 8]))):
            position = start + int(rng.integers(30 * RATE_HZ))
            clip = effects(rng)[: round(_EFFECT_S * RATE_HZ)]
            clip = _at_level(clip, rng.uniform(*_EFFECT_DB))
            _add(background, clip, position, rng.uniform(0.1, 0.9))


def _add(background: np.ndarray, clip: np.ndarray, start: int, pan: float) -> None:
    """Add a mono clip from sample `start` on, `pan` from left 0 to right 1 at equal power."""
    clip = clip[: max(0, len(background) - start)]
    sides = np.array([np.cos(pan * np.pi / 2), np.sin(pan * np.pi / 2)], np.float32)
    background[start : start + len(clip)] += clip[:, None] * sides


def _ducking(activity: np.ndarray, span: slice, rng) -> np.ndarray:
    """Amplitude factor of the music over a span: 3 to 9 dB lower in speech, ramps of 0.4 s."""
    ramp = np.ones(41, np.float32) / 41
    smoothed = np.convolve(activity, ramp, mode="same")
    gain = 1 - smoothed * np.float32(1 - 10 ** (-rng.uniform(*_DUCK_DB) / 20))
    samples = np.arange(span.start, span.stop)
    return np.interp(samples, np.arange(len(activity)) * _STEP, gain).astype(np.float32)


def _fades(length: int, rng) -> np.ndarray:
    """Amplitude factor that rises at the start and falls at the end, each over at most a third."""
    gain = np.ones(length, np.float32)
    rise, fall = (
        min(round(rng.uniform(*span) * RATE_HZ), length // 3) for span in (_FADE_IN_S, _FADE_OUT_S)
    )
    gain[:rise] = np.linspace(0, 1, rise, dtype=np.float32)
    gain[-fall:] = np.linspace(1, 0, fall, dtype=np.float32)
    return gain


def _at_level(clip: np.ndarray, db: float) -> np.ndarray:
    """The clip at an RMS of `db` dBFS; silence stays silence."""
    rms = _rms(clip)
    return clip * np.float32(10 ** (db / 20) / rms) if rms > 0 else clip


def _rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(sound), dtype=np.float64)))
