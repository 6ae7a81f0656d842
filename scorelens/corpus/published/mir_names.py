"""Translate the published names of the MIR columns into `group.feature.statistic`.

How the study spells all of its 140 names is not known here, so a name is parsed by the words in it.
A word that is not understood makes the name unknown: no column is better than a wrong one.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from scorelens.errors import InputError, Problem

_DOUBLE = r"deltadeltamfccs?|mfccs?deltadelta|ddmfccs?|mfccs?dd"
_SINGLE = r"deltamfccs?|mfccs?delta|dmfccs?|mfccs?d"
# Words of a name -> feature; the first match counts. Table 2 of the paper names 67 of its
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
    """A parsed name: feature, number of the column or None, `mean`, `std` or None."""

    feature: str
    index: int | None
    statistic: str | None


def read_columns(path: str | os.PathLike) -> list[str]:
    """Read the names of the columns of the MIR dictionary.

    Parameters
    ----------
    path : path
        The published names, separated by tabs.

    Returns
    -------
    list of str
        `group.feature.statistic`, in the order of the file. Features of the set `mir` have its
        names.

    Raises
    ------
    InputError
        If the file cannot be read. It lists every name that is not understood, and every two that
        mean the same.
    """
    names = _read_names(path)
    return translate_names(names, str(path))


def translate_names(names: Sequence[str], where: str) -> list[str]:
    """Translate published names of MIR columns.

    Parameters
    ----------
    names : sequence of str
        The published names. One without a statistic is the mean if another one is the standard
        deviation of the same feature.
    where : str
        The file, for the messages.

    Returns
    -------
    list of str
        `group.feature.statistic`.

    Raises
    ------
    InputError
        It lists every name that is not understood, and every two that mean the same.

    Examples
    --------
    >>> translate_names(["Tempo_mean", "Tempo_std"], "names.csv")
    ['rhythm.tempo.mean', 'rhythm.tempo.std']
    """
    parsed = [_parse(name) for name in names]
    complete = [name and name._replace(statistic=_statistic(name, parsed)) for name in parsed]
    faults = [
        f"{text!r} is {'neither a mean nor a standard deviation' if name else 'not understood'}"
        for text, name in zip(names, complete, strict=True)
        if not (name and name.statistic)
    ]
    columns = []
    if not faults:
        columns, faults = _number_columns(complete)
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
    """The name, if the rest of its text is empty or a number that the feature has."""
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


def _statistic(name: _Name, names: Sequence[_Name | None]) -> str | None:
    same_feature = {other.statistic for other in names if other and other[:2] == name[:2]}
    return name.statistic or ("mean" if same_feature == {None, "std"} else None)


def _number_columns(names: Sequence[_Name]) -> tuple[list[str], list[str]]:
    """The columns' names, and what is wrong with the numbers of features of several columns."""
    groups = defaultdict(list)
    for position, name in enumerate(names):
        groups[name.feature, name.statistic].append(position)
    columns, faults = [""] * len(names), []
    for (feature, statistic), positions in groups.items():
        numbers = _numbers(feature, [names[position].index for position in positions])
        if numbers is None:
            listed = ", ".join(str(names[position].index).lower() for position in positions)
            faults.append(f"{feature.split('.')[1]}, {statistic}: the numbers are {listed}")
            continue
        for position, number in zip(positions, numbers, strict=True):
            columns[position] = f"{feature}{number}.{statistic}"
    return columns, faults


def _numbers(feature: str, given: Sequence[int | None]) -> list[str] | None:
    """Suffix of the feature's name in each column. The file may count from 0 or from 1."""
    # Names without numbers, as many as the feature has columns, are numbered in order.
    if feature not in _FAMILIES:
        return [""] * len(given)
    size, first = _FAMILIES[feature]
    if len(given) == size and set(given) == {None}:
        given = range(size)
    if None in given or sorted(given) not in ([*range(size)], [*range(1, size + 1)]):
        return None
    return [f"_{number - min(given) + first}" for number in given]
