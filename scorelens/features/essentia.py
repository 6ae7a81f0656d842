"""Compute the feature set `essentia`: the descriptors of its MusicExtractor by frame, at 1 Hz.

Low-level descriptors have 46 ms frames, tonal ones 93 ms, as in MusicExtractor, with a hop of
50 ms; EBU R 128 loudness has its own windows, rhythm has beats and onsets. Where MusicExtractor has
statistics of the whole track, texture windows and grid are those of the set `mir`.

Essentia is under the AGPL-3.0 and is imported only here, and only when the set is requested.
"""

from collections.abc import Callable, Iterable
from functools import partial
from math import floor
from types import ModuleType

import numpy as np

from scorelens.errors import InputError, Problem
from scorelens.features import texture
from scorelens.features.essentia_columns import (
    BEATS,
    COLUMNS,
    KEY_HOP_S,
    KEY_S,
    MOMENTARY,
    NAMES,
    ONSET_HOP_S,
    ONSET_S,
    ONSETS,
    SHORT_TERM,
    SPECTRAL,
    TONAL,
)
from scorelens.features.frames import Series
from scorelens.media.silence import SILENCE_RMS

__all__ = ["NAMES", "RATE_HZ", "frame_features", "measure"]

RATE_HZ = 44_100  # its beat and onset trackers support no other
FRAME, TONAL_FRAME, HOP = 2048, 4096, 2205  # the short one lies in the middle of the long one
MIDDLE = slice((TONAL_FRAME - FRAME) // 2, (TONAL_FRAME + FRAME) // 2)
LOUDNESS_HOP_S = 0.1
GATE_LUFS = -70.0  # BS.1770's absolute gate: below it there is no loudness
MAX_DISTANCE_S = 0.5  # of an onset or a beat from an audible frame
RHYTHM_S = 3.0  # shorter sounds have no rhythm
A_TO_C = 3  # its pitch class profiles start at A
OF_SPECTRUM = (
    ("RMS", {}),
    ("Energy", {}),
    ("EnergyBand", {"startCutoffFrequency": 20, "stopCutoffFrequency": 150}),
    ("EnergyBand", {"startCutoffFrequency": 150, "stopCutoffFrequency": 800}),
    ("EnergyBand", {"startCutoffFrequency": 800, "stopCutoffFrequency": 4000}),
    ("EnergyBand", {"startCutoffFrequency": 4000, "stopCutoffFrequency": 20_000}),
    ("HFC", {}),
    ("Flux", {}),
    ("RollOff", {}),
    ("StrongPeak", {}),
    ("SpectralComplexity", {}),
    ("PitchSalience", {}),
    ("Entropy", {}),
    ("Centroid", {"range": RATE_HZ / 2}),
    ("Decrease", {"range": RATE_HZ / 2}),
)  # in the order of SPECTRAL
PEAKS = {
    "minFrequency": 40,
    "maxFrequency": 5000,
    "magnitudeThreshold": 1e-5,
    "maxPeaks": 100,
    "orderBy": "frequency",
}
FIFTHS = ("C", "G", "D", "A", "E", "B", "F#", "C#", "Ab", "Eb", "Bb", "F")


def frame_features(samples: np.ndarray) -> list[Series]:
    """Compute every feature of `essentia_columns.COLUMNS`, each at its own times.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono samples at `RATE_HZ`.

    Returns
    -------
    list of Series
        NaN for frames that are silent or hold a value that is not finite, for beats and onsets far
        from any audible frame, and for loudness under -70 LUFS. Under 93 ms there is nothing, under
        0.4 s no loudness, under 3 s no short-term loudness and no rhythm.

    Raises
    ------
    InputError
        If essentia is not installed.
    """
    standard = _standard()
    spectral = _spectral(samples, standard)
    finite = samples if np.isfinite(samples).all() else np.nan_to_num(samples, posinf=0, neginf=0)
    return [
        spectral,
        _key(spectral, standard),
        *_loudness(finite, standard),
        *_rhythm(finite, spectral, standard),
    ]


def measure(samples: np.ndarray | Iterable[np.ndarray], moments_s: np.ndarray) -> np.ndarray:
    """Compute the columns of a sound at given moments.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,), or iterable of such
        Mono samples at `RATE_HZ`, or consecutive blocks.
    moments_s : ndarray, shape (m,)
        Moments, s of the sound.

    Returns
    -------
    ndarray of float32, shape (m, len(NAMES))
        NaN where a feature is undefined and after the end of the sound.

    Raises
    ------
    InputError
        If essentia is not installed.
    """
    names = [feature.name for feature in COLUMNS]
    return texture.summarise(samples, RATE_HZ, moments_s, names, frame_features)


def _standard() -> ModuleType:
    try:
        import essentia

        essentia.log.infoActive = False  # it prints a message on import
        import essentia.standard
    except ImportError:
        raise InputError(
            Problem(
                "features.sets",
                "names `essentia`, which is not installed",
                "a set that this environment can compute",
                "pip install scorelens[essentia] (its licence is the AGPL-3.0)",
            )
        ) from None
    return essentia.standard


def _spectral(samples: np.ndarray, standard: ModuleType) -> Series:
    starts = np.arange(0, len(samples) - TONAL_FRAME + 1, HOP)
    values = np.full((len(starts), len(SPECTRAL)), np.nan, np.float32)
    describe = _describer(standard)
    for row, start in zip(values, starts, strict=True):
        long = samples[start : start + TONAL_FRAME]
        short = long[MIDDLE]
        if np.isfinite(long.sum()) and np.sqrt(np.vdot(short, short) / FRAME) >= SILENCE_RMS:
            row[:] = describe(short, long)
    return Series(_names(SPECTRAL), (starts + TONAL_FRAME / 2) / RATE_HZ, values)


def _describer(standard: ModuleType) -> Callable[[np.ndarray, np.ndarray], list[float]]:
    """Function from a frame, short and long, to its values in the order of SPECTRAL."""
    # It keeps the last spectrum for the flux.
    make = partial(_algorithm, standard)
    to_spectrum = _spectrum(standard, FRAME)
    of_spectrum = [make(name, **settings) for name, settings in OF_SPECTRUM]
    shape, crossings = _shaper(standard, RATE_HZ / 2), make("ZeroCrossingRate")
    bark, bark_statistics = make("BarkBands", numberBands=27), _statistics(standard, 27)
    mel = make("MFCC", inputSize=FRAME // 2 + 1, numberBands=40)
    erb = make("GFCC", inputSize=FRAME // 2 + 1, numberBands=40)
    statistics_of_40 = _statistics(standard, 40)
    contrast = make("SpectralContrast", frameSize=FRAME, sampleRate=RATE_HZ)
    tonal = _tonal(standard)

    def describe(short, long):
        spectrum = to_spectrum(short)
        bark_bands = bark(spectrum)
        mel_bands, mel_cepstra = mel(spectrum)
        erb_bands, erb_cepstra = erb(spectrum)
        peaks, valleys = contrast(spectrum)
        dissonance, profile = tonal(long)
        return [
            *(algorithm(spectrum) for algorithm in of_spectrum),
            *shape(spectrum),
            crossings(short),
            dissonance,
            *bark_bands,
            *bark_statistics(bark_bands),
            *statistics_of_40(mel_bands),
            *statistics_of_40(erb_bands),
            *mel_cepstra,
            *erb_cepstra,
            *peaks,
            *valleys,
            *profile,
        ]

    return describe


def _tonal(standard: ModuleType) -> Callable[[np.ndarray], tuple[float, list[float]]]:
    """Function from a frame to its dissonance, and its pitch class profile, with statistics."""
    make = partial(_algorithm, standard)
    to_spectrum = _spectrum(standard, TONAL_FRAME)
    find = make("SpectralPeaks", **PEAKS, sampleRate=RATE_HZ)
    roughness, tuning = make("Dissonance"), make("TuningFrequency")
    whiten = make("SpectralWhitening", maxFrequency=5000, sampleRate=RATE_HZ)
    classes = make("HPCP", size=12, harmonics=8, bandPreset=False, windowSize=1)
    crest, entropy = make("Crest"), make("Entropy")

    def describe(frame):
        spectrum = to_spectrum(frame)
        hz, magnitudes = find(spectrum)
        if not len(hz):
            return np.nan, [np.nan] * 15
        profile = classes(hz, whiten(spectrum, hz, magnitudes))
        from_c = [*profile[A_TO_C:], *profile[:A_TO_C]]
        cents = tuning(hz, magnitudes)[1]
        return roughness(hz, magnitudes), [*from_c, crest(profile), entropy(profile), cents]

    return describe


def _spectrum(standard: ModuleType, size: int) -> Callable[[np.ndarray], np.ndarray]:
    window = _algorithm(standard, "Windowing", type="blackmanharris62", size=size)
    transform = _algorithm(standard, "Spectrum", size=size)
    return lambda frame: transform(window(frame))


def _shaper(standard: ModuleType, span: float) -> Callable[[np.ndarray], tuple[float, ...]]:
    """Function from a spectrum over 0 to `span` to its spread, skewness and kurtosis."""
    moments = _algorithm(standard, "CentralMoments", range=span)
    shape = _algorithm(standard, "DistributionShape")
    return lambda bars: shape(moments(bars))


def _statistics(standard: ModuleType, count: int) -> Callable[[np.ndarray], list[float]]:
    """Function from `count` bands to their crest, flatness, spread, skewness and kurtosis."""
    crest, flatness = _algorithm(standard, "Crest"), _algorithm(standard, "FlatnessDB")
    shape = _shaper(standard, count - 1)
    return lambda bands: [crest(bands), flatness(bands), *shape(bands)]


def _algorithm(standard: ModuleType, name: str, **settings) -> Callable:
    """The compute function of an algorithm."""
    # A call of the algorithm itself looks up its types at each frame, which takes longer than most
    # descriptors.
    return getattr(standard, name)(**settings).__compute__


def _key(spectral: Series, standard: ModuleType) -> Series:
    """Key of the mean pitch class profile of each second."""
    first = spectral.names.index("tonal.hpcp_00")
    length, hop = round(KEY_S * RATE_HZ / HOP), round(KEY_HOP_S * RATE_HZ / HOP)
    starts = np.arange(0, max(len(spectral.values) - length, 0) + 1, hop)
    find = standard.Key(pcpSize=12, profileType="edma", usePolyphony=False, useThreeChords=False)
    values = np.full((len(starts), len(TONAL)), np.nan, np.float32)
    times_s = np.full(len(starts), np.nan)
    for row, start in enumerate(starts):
        cut = slice(start, start + length)
        profiles = spectral.values[cut, first : first + 12]
        profiles = profiles[np.isfinite(profiles).all(1)]
        times_s[row] = spectral.times_s[cut].mean() if len(spectral.times_s[cut]) else 0
        if len(profiles) and profiles.any():
            values[row] = _key_values(*find(np.roll(profiles.mean(0), A_TO_C)))
    return Series(_names(TONAL), times_s, values)


def _key_values(tonic: str, scale: str, strength: float, clarity: float) -> list[float]:
    angle = 2 * np.pi / 12 * FIFTHS.index(tonic)
    mode = 1 if scale == "major" else -1
    return [strength, clarity, mode, np.cos(angle), np.sin(angle)]


def _loudness(samples: np.ndarray, standard: ModuleType) -> list[Series]:
    """Momentary and short-term loudness, of whole windows only."""
    loudness = [np.zeros(0, np.float32)] * 2
    if len(samples) >= TONAL_FRAME:
        both = np.stack([samples, samples], axis=1)
        loudness = standard.LoudnessEBUR128(hopSize=LOUDNESS_HOP_S)(both)[:2]
    return [
        _loudness_series(f, v, len(samples))
        for f, v in zip((MOMENTARY, SHORT_TERM), loudness, strict=True)
    ]


def _loudness_series(feature, loudness: np.ndarray, n: int) -> Series:
    whole = floor((n / RATE_HZ - feature.frame_s) / LOUDNESS_HOP_S + 1e-6) + 1
    loudness = loudness[: max(whole, 0)]
    values = np.where(loudness >= GATE_LUFS, loudness, np.nan)[:, None]
    times_s = np.arange(len(loudness)) * LOUDNESS_HOP_S + feature.frame_s / 2
    return Series((feature.name,), times_s, values)


def _rhythm(samples: np.ndarray, spectral: Series, standard: ModuleType) -> list[Series]:
    """Beats, at their own times, and onsets counted in each second."""
    beats_s, onsets_s = np.zeros(0), np.zeros(0)
    loudness = np.zeros(0, np.float32)
    if len(samples) >= RHYTHM_S * RATE_HZ:
        beats_s = standard.RhythmExtractor2013(method="degara")(samples)[1]
        onsets_s = standard.OnsetRate()(samples)[0]
    if len(beats_s):
        padded = np.pad(samples, RATE_HZ)  # it skips beats at the edges
        loudness = standard.BeatsLoudness(beats=beats_s + 1)(padded)[0]
    return [
        _near_sound(_beat_series(beats_s, loudness), spectral),
        _near_sound(_onset_series(onsets_s, len(samples) / RATE_HZ), spectral),
    ]


def _beat_series(beats_s: np.ndarray, loudness: np.ndarray) -> Series:
    """Tempo and loudness of each beat that another follows."""
    values = np.column_stack([60 / np.diff(beats_s), loudness[:-1]]).astype(np.float32)
    return Series(_names(BEATS), beats_s[:-1].astype(np.float64), values)


def _onset_series(onsets_s: np.ndarray, duration_s: float) -> Series:
    count = int((duration_s - ONSET_S) / ONSET_HOP_S) + 1 if duration_s >= RHYTHM_S else 0
    starts_s = np.arange(count) * ONSET_HOP_S
    first, last = np.searchsorted(onsets_s, [starts_s, starts_s + ONSET_S])
    rates = ((last - first) / ONSET_S).astype(np.float32)
    return Series((ONSETS.name,), starts_s + ONSET_S / 2, rates[:, None])


def _near_sound(series: Series, spectral: Series) -> Series:
    """A series with NaN where no frame within MAX_DISTANCE_S is audible."""
    audible_s = spectral.times_s[np.isfinite(spectral.values[:, 0])]
    first, after = np.searchsorted(
        audible_s, series.times_s + [[-MAX_DISTANCE_S], [MAX_DISTANCE_S]]
    )
    missing = (first == after)[:, None]
    return series._replace(values=np.where(missing, np.float32(np.nan), series.values))


def _names(features) -> tuple[str, ...]:
    return tuple(feature.name for feature in features)
