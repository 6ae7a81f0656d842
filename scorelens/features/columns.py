"""Declare the 70 frame features of the set `mir`, and their 140 columns."""

from dataclasses import dataclass
from math import inf

STATISTICS = ("mean", "std")
PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
NYQUIST_HZ = 11_025

MIRTOOLBOX = "Lartillot and Toiviainen 2007 (MIRtoolbox)"
PULSE = "Lartillot et al. 2008, Toiviainen and Snyder 2003; MIRtoolbox"
SLANEY = "Slaney 1998 (Auditory Toolbox); MIRtoolbox"
FURUI = "Furui 1986; MIRtoolbox"
SETHARES = "Sethares 1998, after Plomp and Levelt 1965; MIRtoolbox"
PEETERS = "Peeters 2004; MATLAB Audio Toolbox"
GOMEZ = "Gomez 2006; MIRtoolbox"
KEY = "Gomez 2006, Krumhansl and Kessler 1982; MIRtoolbox"
OWN_CHOICE = "our choice: the study counts 70 features and names 67"

TEMPO_DEFINITION = (
    "best lag of the onset envelope's enhanced autocorrelation, weighted around 120 BPM"
)
PULSE_DEFINITION = (
    "largest normalised autocorrelation of the onset envelope at lags of 0.3 to 1.5 s, under the"
    " resonance curve around 0.5 s"
)
CHROMA_DEFINITION = (
    "mean level a semitone within the top 20 dB, summed over octaves, over that of the strongest"
    " class"
)
INHARMONICITY_DEFINITION = (
    "twice the mean distance of amplitude from the pitch's multiples, in pitches"
)


@dataclass(frozen=True)
class Feature:
    """One frame feature.

    Parameters
    ----------
    name : str
        `group.feature`.
    unit : str
        Unit, empty for a plain number.
    low, high : float
        Closed range.
    definition : str
        What it measures.
    frame_s, hop_s : float
        Frame and hop, s.
    source : str
        Paper and implementation that it follows.
    """

    name: str
    unit: str
    low: float
    high: float
    definition: str
    frame_s: float
    hop_s: float
    source: str

    @property
    def group(self) -> str:
        return self.name.split(".")[0]


def _short(name, unit, low, high, definition, source=MIRTOOLBOX) -> Feature:
    return Feature(name, unit, low, high, definition, 0.05, 0.025, source)


def _power(name, low, high, definition) -> Feature:
    return Feature(name, "", low, high, definition, 0.03, 0.01, PEETERS)


def _key(name, low, high, definition, source=KEY, frame_s=1.0, hop_s=0.5) -> Feature:
    return Feature(name, "", low, high, definition, frame_s, hop_s, source)


def _chroma(index, pitch_class) -> Feature:
    definition = f"{pitch_class}: {CHROMA_DEFINITION}"
    return Feature(f"pitch.chroma_{index}", "", 0, 1, definition, 0.2, 0.01, GOMEZ)


def _cepstral(group, definition, source) -> list[Feature]:
    return [
        _short(f"{group}.{group}_{rank}", "", -inf, inf, definition.format(rank), source)
        for rank in range(1, 14)
    ]


COLUMNS: tuple[Feature, ...] = (
    _short("dynamics.rms", "", 0, inf, "square root of the mean square of the samples"),
    *(_chroma(index, pitch_class) for index, pitch_class in enumerate(PITCH_CLASSES)),
    Feature("rhythm.tempo", "BPM", 40, 200, TEMPO_DEFINITION, 3.0, 0.3, MIRTOOLBOX),
    Feature("rhythm.pulse_clarity", "", 0, 1, PULSE_DEFINITION, 5.0, 0.5, PULSE),
    *_cepstral("mfcc", "cepstral coefficient {} of 40 mel bands", SLANEY),
    *_cepstral("dmfcc", "slope of mfcc_{} a frame, over 5 frames", FURUI),
    *_cepstral("ddmfcc", "slope of dmfcc_{} a frame, over 5 frames", FURUI),
    _short("timbre.roughness", "", 0, inf, "beating of all pairs of spectral peaks", SETHARES),
    _short("timbre.centroid", "Hz", 0, NYQUIST_HZ, "mean frequency of the amplitude spectrum"),
    _power("timbre.crest", 1, 331, "largest over mean power of the spectrum"),
    _power("timbre.flatness", 0, 1, "geometric over arithmetic mean power of the spectrum"),
    _short("timbre.kurtosis", "", 1, inf, "fourth standardised moment of the amplitude spectrum"),
    _short("timbre.skewness", "", -inf, inf, "third standardised moment of the amplitude spectrum"),
    _short("timbre.spread", "Hz", 0, NYQUIST_HZ, "standard deviation of the amplitude spectrum"),
    _short("timbre.zero_crossing_rate", "1/s", 0, NYQUIST_HZ, "upward sign changes a second"),
    _key("tone.key_mode", -2, 2, "best major minus best minor key correlation"),
    _key(
        "tone.key_strength",
        -1,
        1,
        "best correlation of the chroma with the 24 key profiles",
        frame_s=0.1,
        hop_s=0.0125,
    ),
    _short("tone.brightness", "", 0, 1, "share of the amplitude spectrum above 1500 Hz"),
    _short("tone.entropy", "", 0, 1, "entropy of the amplitude spectrum over that of a flat one"),
    Feature("tone.inharmonicity", "", 0, 1, INHARMONICITY_DEFINITION, 0.1, 0.0125, MIRTOOLBOX),
    _key("tone.key_clarity", 0, 2, "best minus second-best key correlation", OWN_CHOICE),
    _key(
        "tone.tonic_cos",
        -1,
        1,
        "cosine of the best tonic on the circle of fifths, C at 0",
        OWN_CHOICE,
    ),
    _key(
        "tone.tonic_sin",
        -1,
        1,
        "sine of the best tonic on the circle of fifths, C at 0",
        OWN_CHOICE,
    ),
)

NAMES: tuple[str, ...] = tuple(f"{f.name}.{s}" for f in COLUMNS for s in STATISTICS)
