"""The feature set `mir`: 70 frame features with MIRtoolbox's frames, as 140 columns at 1 Hz."""

import numpy as np

from scorelens.features import pitch, rhythm, texture, timbre, tonality
from scorelens.features.columns import COLUMNS, NAMES
from scorelens.features.frames import RATE_HZ, Series

__all__ = ["NAMES", "RATE_HZ", "frame_features", "measure"]


def frame_features(samples: np.ndarray) -> list[Series]:
    """Every feature of `columns.COLUMNS`, each at its own frame rate.

    samples: (n,) float32 at RATE_HZ, mono, full scale 1. The mean is taken off first, except for
    RMS. Frames that are silent or hold a value that is not finite are NaN (RMS: the latter only).
    Under 0.05 s there are no frames; under 3 s there is no tempo and no pulse clarity.
    """
    finite = np.isfinite(samples)
    if not finite.all():
        samples = np.where(finite, samples, np.float32(np.nan))
    level = samples.mean(where=finite, dtype=np.float64) if finite.any() else 0
    centred = samples - np.float32(level)
    short, mfcc = timbre.short_features(centred)
    dmfcc = timbre.slopes(mfcc, "dmfcc")
    inharmonicity, bands = pitch.harmonic_features(centred)
    return [
        timbre.loudness(samples),
        short,
        mfcc,
        dmfcc,
        timbre.slopes(dmfcc, "ddmfcc"),
        timbre.power_features(centred),
        tonality.chroma_features(centred),
        tonality.key_features(centred),
        inharmonicity,
        *rhythm.rhythm_features(bands),
    ]


def measure(samples: np.ndarray, moments_s: np.ndarray) -> np.ndarray:
    """The 140 columns of a sound at given moments.

    samples: (n,) float32 at RATE_HZ. moments_s: (m,) seconds of the sound. Returns (m, 140)
    float32 in the order of NAMES, NaN where a feature has no meaning and after the sound's end.
    """
    duration_s = len(samples) / RATE_HZ
    starts_s, ends_s = texture.window_edges(duration_s)
    columns = {}
    for series in frame_features(samples):
        statistics = texture.window_statistics(series, starts_s, ends_s)
        for index, name in enumerate(series.names):
            columns[name] = statistics[:, index]
    windows = np.concatenate([columns[feature.name] for feature in COLUMNS], axis=1)
    values = texture.at_moments(windows, (starts_s + ends_s) / 2, moments_s)
    values[moments_s > duration_s + 1 / RATE_HZ] = np.nan
    return values.astype(np.float32)
