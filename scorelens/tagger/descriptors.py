"""Tempo, key and loudness of a track: what a music supervisor sorts by, besides its tags."""

from typing import NamedTuple

import numpy as np
import pyloudnorm

from scorelens.features import pitch, rhythm, tonality
from scorelens.features.columns import PITCH_CLASSES
from scorelens.features.profiles import FAST
from scorelens.tagger import RATE_HZ

UNHEARD_S = 60.0  # from frame to frame of inharmonicity, which comes with the bands
LEAST_CLARITY = 0.2  # of a pulse; white noise has 0.16


class Heard(NamedTuple):
    """Median tempo in BPM, None without a pulse; key such as `A minor`, empty if none fits;
    integrated loudness in LUFS, None in silence.
    """

    tempo_bpm: float | None
    key: str
    loudness_lufs: float | None


def listen(samples: np.ndarray) -> Heard:
    """Hear a track of at least 0.4 s.

    samples: (n,) float32 at RATE_HZ, mono, full scale 1; values that are not finite count as 0.
    """
    finite = np.isfinite(samples)
    sound = samples if finite.all() else np.where(finite, samples, np.float32(0))
    return Heard(tempo_bpm(sound), key_name(sound), loudness_lufs(sound))


def tempo_bpm(samples: np.ndarray) -> float | None:
    """The median over frames of 3 s, 40 to 200 BPM, as the feature set `mir` measures it.

    None under 3 s, where nothing stands out, or where it does no more than in noise.
    """
    _, bands = pitch.harmonic_features(samples, UNHEARD_S)
    tempo, clarity = (series.values[:, 0] for series in rhythm.rhythm_features(bands))
    found, clear = tempo[~np.isnan(tempo)], clarity[~np.isnan(clarity)]
    if not len(found) or np.median(clear) < LEAST_CLARITY:
        return None
    return float(np.median(found))


def key_name(samples: np.ndarray) -> str:
    """The key whose profile fits the mean chroma of the track best, as `mir` compares them."""
    chroma = tonality.chroma_features(samples, FAST.chroma_hop_s).values
    known = chroma[~np.isnan(chroma).any(axis=1)]
    if not len(known):
        return ""
    _, _, mode, cosine, sine = tonality.key(known.mean(axis=0, keepdims=True))[0]
    if np.isnan(mode):
        return ""
    fifths = round(np.arctan2(sine, cosine) * 12 / (2 * np.pi))
    return f"{PITCH_CLASSES[7 * fifths % 12]} {'major' if mode > 0 else 'minor'}"


def loudness_lufs(samples: np.ndarray) -> float | None:
    """Integrated loudness (ITU-R BS.1770-4) of one channel; None if all is below its gate.

    The mono mix is 3 LU softer than two equal channels together, and more if they differ.
    """
    loudness = pyloudnorm.Meter(RATE_HZ).integrated_loudness(samples)
    return float(loudness) if np.isfinite(loudness) else None
