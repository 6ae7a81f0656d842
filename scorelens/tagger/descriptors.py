"""Tempo, key and loudness of a track."""

from typing import NamedTuple

import numpy as np
import pyloudnorm

from scorelens.features import (
    FAST,
    PITCH_CLASSES,
    chroma_features,
    estimate_key,
    harmonic_features,
    rhythm_features,
)
from scorelens.tagger import RATE_HZ

INHARMONICITY_HOP_S = 60.0  # inharmonicity is computed with the bands and not used
MIN_CLARITY = 0.2  # of a pulse; white noise has 0.16


class Descriptors(NamedTuple):
    """Descriptors of a track.

    Attributes
    ----------
    tempo_bpm : float or None
        Median tempo in BPM; None without a pulse.
    key : str
        Key such as `A minor`; empty if none fits.
    loudness_lufs : float or None
        Integrated loudness in LUFS; None in silence.
    """

    tempo_bpm: float | None
    key: str
    loudness_lufs: float | None


def describe_track(samples: np.ndarray) -> Descriptors:
    """Compute all descriptors of a track of at least 0.4 s.

    Parameters
    ----------
    samples : numpy.ndarray
        float32 (n,), mono at RATE_HZ, full scale 1. Values that are not finite count as 0.

    Returns
    -------
    Descriptors
        Tempo, key and loudness.
    """
    finite = np.isfinite(samples)
    sound = samples if finite.all() else np.where(finite, samples, np.float32(0))
    return Descriptors(tempo_bpm(sound), key_name(sound), loudness_lufs(sound))


def tempo_bpm(samples: np.ndarray) -> float | None:
    """Median of the tempo over frames of 3 s, as in the feature set `mir`.

    Parameters
    ----------
    samples : numpy.ndarray
        float32 (n,), mono at RATE_HZ.

    Returns
    -------
    float or None
        40 to 200 BPM; None for less than 3 s, or if the pulse is not clearer than in noise.
    """
    _, bands = harmonic_features(samples, INHARMONICITY_HOP_S)
    tempo, clarity = (series.values[:, 0] for series in rhythm_features(bands))
    tempo, clarity = tempo[~np.isnan(tempo)], clarity[~np.isnan(clarity)]
    if not len(tempo) or np.median(clarity) < MIN_CLARITY:
        return None
    return float(np.median(tempo))


def key_name(samples: np.ndarray) -> str:
    """Key whose profile fits the mean chroma of the track best, as in the feature set `mir`.

    Parameters
    ----------
    samples : numpy.ndarray
        float32 (n,), mono at RATE_HZ.

    Returns
    -------
    str
        Tonic and mode, such as `A minor`; empty in silence.
    """
    chroma = chroma_features(samples, FAST.chroma_hop_s).values
    valid = chroma[~np.isnan(chroma).any(axis=1)]
    if not len(valid):
        return ""
    _, _, mode, cosine, sine = estimate_key(valid.mean(axis=0, keepdims=True))[0]
    if np.isnan(mode):
        return ""
    fifths = round(np.arctan2(sine, cosine) * 12 / (2 * np.pi))
    return f"{PITCH_CLASSES[7 * fifths % 12]} {'major' if mode > 0 else 'minor'}"


def loudness_lufs(samples: np.ndarray) -> float | None:
    """Integrated loudness of the mono mix.

    It is 3 LU below that of two equal channels, and more if the channels differ.

    Parameters
    ----------
    samples : numpy.ndarray
        float32 (n,), mono at RATE_HZ.

    Returns
    -------
    float or None
        LUFS; None if all is below the gate.

    References
    ----------
    ITU-R BS.1770-4.
    """
    loudness = pyloudnorm.Meter(RATE_HZ).integrated_loudness(samples)
    return float(loudness) if np.isfinite(loudness) else None
