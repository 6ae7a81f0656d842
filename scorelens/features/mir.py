"""The feature set `mir`: 70 frame features with MIRtoolbox's frames, as 140 columns at 1 Hz."""

from collections.abc import Iterable

import numpy as np

from scorelens.features import pitch, rhythm, texture, timbre, tonality
from scorelens.features.columns import COLUMNS, NAMES
from scorelens.features.frames import RATE_HZ, Series
from scorelens.features.profiles import MIRTOOLBOX, PROFILES, Profile

__all__ = ["NAMES", "RATE_HZ", "frame_features", "measure"]


def frame_features(samples: np.ndarray, profile: Profile = MIRTOOLBOX) -> list[Series]:
    """Every feature of `columns.COLUMNS`, each at its own frame rate.

    samples: (n,) float32 at RATE_HZ, mono, full scale 1. The mean is taken off first, except for
    RMS. Frames that are silent or hold a value that is not finite are NaN (RMS: the latter only),
    and those that the profile passes over. Under 0.05 s there are no frames; under 3 s there is no
    tempo and no pulse clarity.
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
        tonality.chroma_features(centred, profile.chroma_hop_s),
        tonality.key_features(centred),
        inharmonicity,
        *rhythm.rhythm_features(bands),
    ]


def measure(
    samples: np.ndarray | Iterable[np.ndarray], moments_s: np.ndarray, profile: str = "mirtoolbox"
) -> np.ndarray:
    """The 140 columns of a sound at given moments.

    samples: (n,) float32 at RATE_HZ, or such arrays that follow each other, for long sounds in
    bounded memory. moments_s: (m,) seconds of the sound. profile: a name of profiles.PROFILES.
    Returns (m, 140) float32 in the order of NAMES, NaN where a feature has no meaning and after the
    sound's end.
    """
    names = [feature.name for feature in COLUMNS]

    def features(piece):
        return frame_features(piece, PROFILES[profile])

    return texture.summarise(samples, RATE_HZ, moments_s, names, features)
