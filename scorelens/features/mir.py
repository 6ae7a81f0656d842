"""Compute the feature set `mir`: 70 frame features as MIRtoolbox has them, 140 columns at 1 Hz."""

from collections.abc import Iterable

import numpy as np

from scorelens.features import level_chroma, pitch, rhythm, texture, timbre, tonality
from scorelens.features.columns import COLUMNS, NAMES
from scorelens.features.frames import RATE_HZ, Series
from scorelens.features.profiles import MIRTOOLBOX, PROFILES, Profile

__all__ = ["NAMES", "RATE_HZ", "frame_features", "measure"]


def frame_features(samples: np.ndarray, profile: Profile = MIRTOOLBOX) -> list[Series]:
    """Compute every feature of `columns.COLUMNS`, each at its own frame rate.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono samples at `RATE_HZ`, full scale 1. The mean is subtracted first, except for RMS.
    profile : Profile
        Frame rates, and which defaults.

    Returns
    -------
    list of Series
        NaN for frames that are silent (except RMS), or hold a value that is not finite. Under
        0.05 s there are no frames; under 3 s there is no tempo and no pulse clarity.
    """
    finite = np.isfinite(samples)
    if finite.all():
        level = samples.sum(dtype=np.float64) / max(len(samples), 1)
    else:
        level = samples.sum(where=finite, dtype=np.float64) / max(finite.sum(), 1)
        samples = np.where(finite, samples, np.float32(np.nan))
    centred = samples - np.float32(level)
    short, mfcc, rough = timbre.short_features(centred, profile)
    dmfcc = timbre.slopes(mfcc, "dmfcc")
    inharmonicity, bands = pitch.harmonic_features(centred, profile.inharmonicity_hop_s)
    return [
        timbre.loudness(samples),
        short,
        mfcc,
        rough,
        dmfcc,
        timbre.slopes(dmfcc, "ddmfcc"),
        timbre.power_features(centred, profile.power_hop_s),
        *_tonal_features(centred, profile),
        inharmonicity,
        *rhythm.rhythm_features(bands, has_resonance=profile.has_2021_defaults),
    ]


def measure(
    samples: np.ndarray | Iterable[np.ndarray], moments_s: np.ndarray, profile: str = "mirtoolbox"
) -> np.ndarray:
    """Compute the 140 columns of a sound at given moments.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,), or iterable of such
        Mono samples at `RATE_HZ`, or consecutive blocks, for long sounds in bounded memory.
    moments_s : ndarray, shape (m,)
        Moments, s of the sound.
    profile : str
        A name of `profiles.PROFILES`.

    Returns
    -------
    ndarray of float32, shape (m, 140)
        In the order of `NAMES`; NaN where a feature is undefined and after the end of the sound.
    """
    names = [feature.name for feature in COLUMNS]

    def features(piece):
        return frame_features(piece, PROFILES[profile])

    return texture.summarise(samples, RATE_HZ, moments_s, names, features)


def _tonal_features(samples: np.ndarray, profile: Profile) -> list[Series]:
    if profile.has_2021_defaults:
        return level_chroma.tonal_features(samples, profile.chroma_hop_s)
    chroma = tonality.chroma_features(samples, profile.chroma_hop_s)
    return [chroma, tonality.key_features(samples)]
