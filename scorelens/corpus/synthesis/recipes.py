"""Parameters of the music and the pictures of each genre in the demo corpus.

A recipe is a row of means. `draw_music` and `draw_picture` add noise from one row of standard
deviations, large enough that neighbouring genres overlap. The directions follow common findings on
film music (major and fast for comedy, minor, low and rough for horror) and, for the picture, Table
5 of Ma et al. (2021): horror dark and flat, comedy bright and rich in contrast. The amounts are our
own.
"""

from dataclasses import astuple, dataclass

import numpy as np


@dataclass(frozen=True)
class MusicRecipe:
    """How a track is composed and played.

    Parameters
    ----------
    minor, lydian : float
        Probability of the minor and of the lydian mode, 0..1; otherwise major.
    tempo : float
        Beats a minute.
    register : float
        MIDI pitch around which the melody moves.
    roll_off : float
        Harmonic k has amplitude ``k ** -roll_off``.
    attack : float
        Attack time of a note, s.
    vibrato : float
        Depth, cents.
    legato : float
        Sounding share of a note's time, 0..1.
    noise : float
        Share of noise in the sound, 0..1.
    dissonance : float
        Probability of foreign semitones, and detuning of the pad, 0..1.
    pulse : float
        Density and level of repeated notes, 0..1.
    drums : float
        Level, 0..1.
    swell : float
        Range of the loudness over the track, dB.
    """

    minor: float
    lydian: float
    tempo: float
    register: float
    roll_off: float
    attack: float
    vibrato: float
    legato: float
    noise: float
    dissonance: float
    pulse: float
    drums: float
    swell: float


@dataclass(frozen=True)
class PictureRecipe:
    """How a shot is painted.

    Parameters
    ----------
    luma, contrast : float
        Mean and standard deviation of the luma, 0..1.
    saturation : float
        Of HSV, 0..1.
    hue : float
        Degrees.
    cuts : float
        Cuts a minute.
    motion : float
        Frame widths a second.
    """

    luma: float
    contrast: float
    saturation: float
    hue: float
    cuts: float
    motion: float


# fmt: off
MUSIC = {genre: MusicRecipe(*amounts) for genre, amounts in {
    # minor, lydian, tempo, register, roll-off, attack, vibrato, legato, noise, dissonance,
    # pulse, drums, swell
    "Action":          (0.80, 0.10, 136, 62, 1.2, 0.015,  4, 0.60, 0.04, 0.30, 0.90, 0.90,  5),
    "Comedy":          (0.05, 0.05, 118, 74, 1.9, 0.008,  4, 0.35, 0.01, 0.06, 0.60, 0.25,  3),
    "Drama":           (0.70, 0.15,  72, 60, 2.4, 0.090, 12, 0.90, 0.03, 0.10, 0.25, 0.04,  8),
    "Horror":          (0.60, 0.40,  62, 50, 1.5, 0.400, 28, 1.00, 0.30, 0.85, 0.10, 0.12, 14),
    "Romance":         (0.10, 0.05,  82, 70, 2.2, 0.140, 34, 1.00, 0.02, 0.03, 0.40, 0.03,  7),
    "Science Fiction": (0.25, 0.60, 102, 64, 0.8, 0.120,  6, 0.95, 0.14, 0.22, 0.60, 0.35,  6),
}.items()}
MUSIC_SPREAD = MusicRecipe(0, 0,  16,  5, 0.4, 0.050,  7, 0.15, 0.05, 0.12, 0.20, 0.18,  3)
MUSIC_LOW    = MusicRecipe(0, 0,  48, 43, 0.5, 0.005,  0, 0.25, 0.00, 0.00, 0.00, 0.00,  0)
MUSIC_HIGH   = MusicRecipe(1, 1, 168, 82, 3.2, 0.800, 45, 1.00, 0.50, 1.00, 1.00, 1.00, 18)

PICTURE = {genre: PictureRecipe(*amounts) for genre, amounts in {
    # luma, contrast, saturation, hue, cuts, motion
    "Action":          (0.46, 0.17, 0.35,  28, 26, 0.16),
    "Comedy":          (0.54, 0.22, 0.45,  45, 14, 0.07),
    "Drama":           (0.41, 0.14, 0.22,  20,  8, 0.03),
    "Horror":          (0.22, 0.11, 0.15, 200, 10, 0.04),
    "Romance":         (0.49, 0.20, 0.38, 345,  8, 0.03),
    "Science Fiction": (0.43, 0.20, 0.40, 215, 16, 0.09),
}.items()}
PICTURE_SPREAD = PictureRecipe(0.07, 0.03, 0.08,  25,  4, 0.02)
PICTURE_LOW    = PictureRecipe(0.10, 0.06, 0.04, -90,  4, 0.01)
PICTURE_HIGH   = PictureRecipe(0.75, 0.26, 0.75, 450, 40, 0.25)
# fmt: on


def draw_music(genre: str, rng: np.random.Generator) -> MusicRecipe:
    """Draw the recipe of one track: the genre's means with noise, clipped to the valid range.

    Parameters
    ----------
    genre : str
        A key of `MUSIC`.
    rng : Generator
        Source of randomness.

    Returns
    -------
    MusicRecipe
    """
    return _draw(MUSIC[genre], MUSIC_SPREAD, MUSIC_LOW, MUSIC_HIGH, rng)


def draw_picture(genre: str, rng: np.random.Generator) -> PictureRecipe:
    """Draw the recipe of one shot: the genre's means with noise, clipped to the valid range.

    Parameters
    ----------
    genre : str
        A key of `PICTURE`.
    rng : Generator
        Source of randomness.

    Returns
    -------
    PictureRecipe
    """
    return _draw(PICTURE[genre], PICTURE_SPREAD, PICTURE_LOW, PICTURE_HIGH, rng)


def _draw(mean, spread, low, high, rng: np.random.Generator):
    values = rng.normal(astuple(mean), astuple(spread))
    return type(mean)(*np.clip(values, astuple(low), astuple(high)).tolist())
