"""Declare the frame features of the set `essentia` and their columns."""

from math import inf

from scorelens.features.columns import PITCH_CLASSES, STATISTICS, Feature

NYQUIST_HZ = 22_050
BARK_BANDS, CEPSTRA, VALLEYS = 27, 13, 6

EXTRACTOR = "Bogdanov et al. 2013 (essentia, MusicExtractor)"
EBU = "EBU R 128, ITU-R BS.1770; essentia"
DEGARA = "Degara et al. 2012; essentia"
MFCC = "Davis and Mermelstein 1980; essentia"
GFCC = "Shao and Wang 2009; essentia"
CONTRAST = "Akkermans et al. 2009; essentia"
HPCP = "Gomez 2006; essentia"
KEY = "Gomez 2006, Faraldo et al. 2016; essentia"
DISSONANCE = "Plomp and Levelt 1965; essentia"

FRAME_S, TONAL_S, HOP_S = 2048 / 44_100, 4096 / 44_100, 0.05
KEY_S, KEY_HOP_S = 1.0, 0.5
ONSET_S, ONSET_HOP_S = 1.0, 0.5


def _frame(name, unit, low, high, definition, source=EXTRACTOR) -> Feature:
    return Feature(name, unit, low, high, definition, FRAME_S, HOP_S, source)


def _tonal(name, unit, low, high, definition, source=HPCP) -> Feature:
    return Feature(name, unit, low, high, definition, TONAL_S, HOP_S, source)


def _numbered(name, count, unit, low, high, definition, source) -> list[Feature]:
    digits = len(str(count - 1))
    return [
        _frame(f"{name}_{index:0{digits}}", unit, low, high, definition.format(index), source)
        for index in range(count)
    ]


def _shape(group, bands) -> list[Feature]:
    """Statistics of the energies of bands, each taken as a bar of a histogram."""
    top = {"bark": BARK_BANDS, "mel": 40, "erb": 40}[group] - 1
    return [
        _frame(f"{group}.crest", "", 1, top + 1, f"largest over mean of the {bands}"),
        _frame(f"{group}.flatness_db", "", 0, 1, f"flatness of the {bands} in dB, over -60 dB"),
        _frame(f"{group}.spread", "bands^2", 0, inf, f"variance of the {bands} over band number"),
        _frame(f"{group}.skewness", "", -inf, inf, f"skewness of the {bands} over band number"),
        _frame(
            f"{group}.kurtosis", "", -3, inf, f"excess kurtosis of the {bands} over band number"
        ),
    ]


def _energy_band(name, low_hz, high_hz) -> Feature:
    definition = f"energy of the spectrum from {low_hz} to {high_hz} Hz"
    return _frame(f"spectral.energy_{name}", "", 0, inf, definition)


def _key(name, low, high, definition) -> Feature:
    return Feature(f"tonal.{name}", "", low, high, definition, KEY_S, KEY_HOP_S, KEY)


SPECTRAL: tuple[Feature, ...] = (
    _frame("spectral.rms", "", 0, inf, "root mean square of the bins of the amplitude spectrum"),
    _frame("spectral.energy", "", 0, inf, "sum of the squared amplitude spectrum"),
    _energy_band("low", 20, 150),
    _energy_band("middle_low", 150, 800),
    _energy_band("middle_high", 800, 4000),
    _energy_band("high", 4000, 20000),
    _frame("spectral.hfc", "", 0, inf, "high-frequency content: squares weighted by frequency"),
    _frame("spectral.flux", "", 0, inf, "distance from the last spectrum above silence"),
    _frame("spectral.rolloff", "Hz", 0, NYQUIST_HZ, "frequency below which 85% of the energy lies"),
    _frame("spectral.strong_peak", "", 0, inf, "highest peak over the bandwidth of its top half"),
    _frame("spectral.complexity", "", 0, inf, "number of spectral peaks above 0.005"),
    _frame("spectral.pitch_salience", "", -1, 1, "highest autocorrelation of the spectrum"),
    _frame("spectral.entropy", "bit", 0, 10.1, "entropy of the amplitude spectrum"),
    _frame("spectral.centroid", "Hz", 0, NYQUIST_HZ, "mean frequency of the amplitude spectrum"),
    _frame("spectral.decrease", "", -inf, inf, "slope of the squared amplitudes over frequency"),
    _frame("spectral.spread", "Hz^2", 0, inf, "variance of the amplitude spectrum"),
    _frame("spectral.skewness", "", -inf, inf, "skewness of the amplitude spectrum"),
    _frame("spectral.kurtosis", "", -3, inf, "excess kurtosis of the amplitude spectrum"),
    _frame("spectral.zero_crossing_rate", "", 0, 1, "share of samples at which the sign changes"),
    _tonal("spectral.dissonance", "", 0, 1, "roughness of spectral peaks to 5 kHz", DISSONANCE),
    *_numbered("bark.band", BARK_BANDS, "", 0, inf, "energy in Bark band {}", EXTRACTOR),
    *_shape("bark", "27 Bark bands"),
    *_shape("mel", "40 mel bands"),
    *_shape("erb", "40 ERB bands"),
    *_numbered("mel.mfcc", CEPSTRA, "", -inf, inf, "cepstral coefficient {} of mel bands", MFCC),
    *_numbered("erb.gfcc", CEPSTRA, "", -inf, inf, "cepstral coefficient {} of ERB bands", GFCC),
    *_numbered("contrast.peak", VALLEYS, "", -inf, inf, "peak over valley, octave {}", CONTRAST),
    *_numbered("contrast.valley", VALLEYS, "", -inf, inf, "log of valley, octave {}", CONTRAST),
    *(
        _tonal(f"tonal.hpcp_{index:02}", "", 0, 1, f"{name}: harmonic pitch class profile")
        for index, name in enumerate(PITCH_CLASSES)
    ),
    _tonal("tonal.hpcp_crest", "", 1, 12, "largest over mean of the pitch class profile"),
    _tonal("tonal.hpcp_entropy", "bit", 0, 3.6, "entropy of the pitch class profile"),
    _tonal("tonal.tuning", "cent", -35, 65, "tuning of the peaks relative to 440 Hz"),
)  # fmt: skip
TONAL: tuple[Feature, ...] = (
    _key("key_strength", -1, 1, "correlation of the pitch class profile with the best key"),
    _key("key_clarity", 0, inf, "best minus second-best key correlation, over the best"),
    _key("key_mode", -1, 1, "1 if the best key is major, -1 if minor"),
    _key("tonic_cos", -1, 1, "cosine of the best tonic on the circle of fifths, C at 0"),
    _key("tonic_sin", -1, 1, "sine of the best tonic on the circle of fifths, C at 0"),
)
MOMENTARY = Feature(
    "loudness.momentary", "LUFS", -70, 10, "loudness of 0.4 s, the mono mix in both channels",
    0.4, 0.1, EBU,
)  # fmt: skip
SHORT_TERM = Feature(
    "loudness.short_term", "LUFS", -70, 10, "loudness of 3 s, the mono mix in both channels",
    3.0, 0.1, EBU,
)  # fmt: skip
BEATS: tuple[Feature, ...] = (
    Feature("rhythm.bpm", "BPM", 0, inf, "60 s over the time to the next beat", 0, 0, DEGARA),
    Feature("rhythm.beat_loudness", "", 0, inf, "energy of 0.1 s around the beat", 0, 0, EXTRACTOR),
)
ONSETS = Feature(
    "rhythm.onset_rate", "1/s", 0, inf, "onsets of high-frequency content and complex spectrum",
    ONSET_S, ONSET_HOP_S, EXTRACTOR,
)  # fmt: skip

COLUMNS: tuple[Feature, ...] = (MOMENTARY, SHORT_TERM, *BEATS, ONSETS, *SPECTRAL, *TONAL)
NAMES: tuple[str, ...] = tuple(f"{f.name}.{s}" for f in COLUMNS for s in STATISTICS)
