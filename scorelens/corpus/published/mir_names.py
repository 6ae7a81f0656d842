"""The published names of the MIR columns, as `group.feature.statistic`, the names of the set `mir`.

How the study spells all of its 140 names is not known here, so a name is read by the words in it. A
word that is not understood makes the name unknown: better no column than a wrong one.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from scorelens.errors import InputError, Problem

_DOUBLE = r"deltadeltamfccs?|mfccs?deltadelta|ddmfccs?|mfccs?dd"
_SINGLE = r"deltamfccs?|mfccs?delta|dmfccs?|mfccs?d"
# Words of a name -> feature; the first that is found counts. Table 2 of the paper names 67 of its
# 70 features; those marked + are others of MIRtoolbox, of which the three may be.
_WORDS = (
    (_DOUBLE, "ddmfcc.ddmfcc"),
    (_SINGLE, "dmfcc.dmfcc"),
    (r"mfccs?", "mfcc.mfcc"),
    (r"tonalcentroid", "tone.tonal_centroid"),  # +
    (r"hcdf|harmonicchange", "tone.harmonic_change"),  # +
    (r"chroma(gram)?peak", "pitch.chroma_peak"),  # +
    (r"chroma(gram)?centroid", "pitch.chroma_centroid"),  # +
    (r"chroma(gram)?", "pitch.chroma"),
    (r"keyclarity", "tone.key_clarity"),  # +
    (r"keystrengths?", "tone.key_strength"),
    (r"(key)?mode|majorness", "tone.key_mode"),
    (r"pulseclarity", "rhythm.pulse_clarity"),
    (r"eventdensity", "rhythm.event_density"),  # +
    (r"tempo", "rhythm.tempo"),
    (r"lowenergy", "dynamics.low_energy"),  # +
    (r"rms|energy", "dynamics.rms"),
    (r"roughness", "timbre.roughness"),
    (r"centroid", "timbre.centroid"),
    (r"crest", "timbre.crest"),
    (r"flatness", "timbre.flatness"),
    (r"kurtosis", "timbre.kurtosis"),
    (r"skew(ness)?", "timbre.skewness"),
    (r"spread", "timbre.spread"),
    (r"zerocross(ings?)?|zcr", "timbre.zero_crossing_rate"),
    (r"rolloff(85|95)?", "timbre.rolloff"),  # +
    (r"flux", "timbre.flux"),  # +
    (r"irregularity", "timbre.irregularity"),  # +
    (r"brightness", "tone.brightness"),
    (r"entropy", "tone.entropy"),
    (r"inharmonicity", "tone.inharmonicity"),
    (r"key|tonic", "tone.key"),  # +
)
# Features of several columns: how many, and the number of the first.
_FAMILIES = {
    "mfcc.mfcc": (13, 1),
    "dmfcc.dmfcc": (13, 1),
    "ddmfcc.ddmfcc": (13, 1),
    "pitch.chroma": (12, 0),
    "tone.tonal_centroid": (6, 0),
}
_STATISTICS = (
    ("std", r"standarddeviation|deviation|stddev|stdev|std|(^sd|sd(?=\d*$))"),
    ("mean", r"mean|average|avg"),
)
_FILLING = re.compile(
    r"spectral|spectrum|energy|rate|factor|coefficients?|coeffs?|coefs?|rank|band|bin|values?|class"
    r"|frames?|texture|windows?|features?|mir|audio|dynamics|rhythm|timbre|pitch|tonality|tonal|tone"
)
_PITCH_CLASS = re.compile(r"([a-g])(#|sharp|s|b|flat)?")
_SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
EXPECTED = "names of the study's 140 MIR columns, separated by tabs"
HINT = (
    "give it, in that file, a name of one of these words and `mean` or `std`: mfcc, deltamfcc or "
    "deltadeltamfcc and 1 to 13; chroma and 0 to 11; rms, pulseclarity, tempo, roughness, "
    "centroid, crest, flatness, kurtosis, skewness, spread, zerocrossing, mode, keystrength, "
    "brightness, entropy, inharmonicity"
)


class _Name(NamedTuple):
    """What a name says: feature, number of the column or None, `mean`, `std` or None."""

    feature: str
    index: int | None
    statistic: str | None


def read_columns(path: str | os.PathLike) -> list[str]:
    """The columns of the MIR dictionary, in its order, by our names `group.feature.statistic`.

    path: the published names, separated by tabs. Features that the set `mir` has bear its names.
    A name without a statistic is the mean of the one that is the standard deviation of the same.
    Raises InputError that lists every name that is not understood or that says the same as another.
    """
    names = _read_names(path)
    return our_names(names, str(path))


def our_names(names: Sequence[str], where: str) -> list[str]:
    """`read_columns` of names already read; where: the file, for the messages."""
    read = [_parse(name) for name in names]
    whole = [said and said._replace(statistic=_statistic(said, read)) for said in read]
    faults = [
        f"{name!r} is {'neither a mean nor a standard deviation' if said else 'not understood'}"
        for name, said in zip(names, whole, strict=True)
        if not (said and said.statistic)
    ]
    columns = []
    if not faults:
        columns, faults = _numbered(whole)
        counts = Counter(column for column in columns if column)
        faults += [f"{count} names mean {column}" for column, count in counts.items() if count > 1]
    if faults:
        raise InputError([Problem(where, what, EXPECTED, HINT) for what in faults])
    return columns


def _read_names(path: str | os.PathLike) -> list[str]:
    try:
        with open(path, encoding="utf-8-sig") as file:
            names = [name.strip().strip('"') for name in re.split(r"[\t\r\n]+", file.read())]
    except (OSError, UnicodeDecodeError) as error:
        what = f"cannot be read ({getattr(error, 'strerror', None) or error})"
        raise InputError(Problem(str(path), what, EXPECTED)) from None
    names = [name for name in names if name]
    if not names:
        raise InputError(Problem(str(path), "holds no names", EXPECTED))
    return names


def _parse(name: str) -> _Name | None:
    text = re.sub(r"[^a-z0-9#]", "", name.lower())
    statistic = None
    for word, pattern in _STATISTICS:
        text, count = re.subn(pattern, "", text)
        if count > 1 or (count and statistic):
            return None
        statistic = word if count else statistic
    for pattern, feature in _WORDS:
        if re.search(pattern, text):
            rest = _FILLING.sub("", re.sub(pattern, "", text, count=1))
            return _of_feature(feature, rest, statistic)
    return None


def _of_feature(feature: str, rest: str, statistic: str | None) -> _Name | None:
    """The name, if the rest of its text is a number that the feature has, or nothing."""
    if not rest:
        return _Name(feature, None, statistic)
    if feature not in _FAMILIES:
        return None
    if rest.isdecimal():
        return _Name(feature, int(rest), statistic)
    tone = _PITCH_CLASS.fullmatch(rest) if feature == "pitch.chroma" else None
    if not tone:
        return None
    raised = {"": 0, "#": 1, "sharp": 1, "s": 1, "b": -1, "flat": -1}[tone[2] or ""]
    return _Name(feature, (_SEMITONES[tone[1]] + raised) % 12, statistic)


def _statistic(said: _Name, all_said: Sequence[_Name | None]) -> str | None:
    twins = {other.statistic for other in all_said if other and other[:2] == said[:2]}
    return said.statistic or ("mean" if twins == {None, "std"} else None)


def _numbered(told: Sequence[_Name]) -> tuple[list[str], list[str]]:
    """The columns' names, and what is wrong with the numbers of features of several columns."""
    places = defaultdict(list)
    for place, said in enumerate(told):
        places[said.feature, said.statistic].append(place)
    columns, faults = [""] * len(told), []
    for (feature, statistic), own in places.items():
        numbers = _numbers(feature, [told[place].index for place in own])
        if numbers is None:
            found = ", ".join(str(told[place].index).lower() for place in own)
            faults.append(f"{feature.split('.')[1]}, {statistic}: the numbers are {found}")
            continue
        for place, number in zip(own, numbers, strict=True):
            columns[place] = f"{feature}{number}.{statistic}"
    return columns, faults


def _numbers(feature: str, given: Sequence[int | None]) -> list[str] | None:
    """What follows the feature's name in each column; counted from nought or one in the file.

    Names without numbers, as many as the feature has columns, are numbered as they come.
    """
    if feature not in _FAMILIES:
        return [""] * len(given)
    size, first = _FAMILIES[feature]
    if len(given) == size and set(given) == {None}:
        given = range(size)
    if None in given or sorted(given) not in ([*range(size)], [*range(1, size + 1)]):
        return None
    return [f"_{number - min(given) + first}" for number in given]
