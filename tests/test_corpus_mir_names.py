"""The published names of the MIR columns, in whatever spelling, and names not understood."""

import random

import pytest

from scorelens.corpus.published.mir_names import read_columns, translate_names
from scorelens.errors import InputError
from scorelens.features.columns import NAMES
from tests.published_files import mir_names

GROUPS = {"mfcc", "dmfcc", "ddmfcc", "dynamics", "pitch", "rhythm", "timbre", "tone"}
# The features that Table 2 of the paper names: 67, two columns each.
NAMED = [n for n in NAMES if not n.startswith(("tone.key_clarity", "tone.tonic"))]
SINGLE = {
    "dynamics.rms": ["rms", "RMSenergy", "dynamics_rms", "energy"],
    "rhythm.pulse_clarity": ["pulseClarity", "Pulse clarity", "rhythm.pulseclarity"],
    "rhythm.tempo": ["tempo", "rhythm_tempo"],
    "timbre.roughness": ["roughness", "timbre_roughness"],
    "timbre.centroid": ["centroid", "spectralCentroid", "Spectral centroid"],
    "timbre.crest": ["crest", "spectralcrest", "spectral crest factor"],
    "timbre.flatness": ["flatness", "spectralFlatness"],
    "timbre.kurtosis": ["kurtosis", "spectral_kurtosis"],
    "timbre.skewness": ["skewness", "spectralSkewness", "skew"],
    "timbre.spread": ["spread", "spectralspread"],
    "timbre.zero_crossing_rate": ["zerocross", "zero-crossing rate", "zeroCrossings", "ZCR"],
    "tone.key_mode": ["mode", "keymode", "Key mode", "tonal_mode"],
    "tone.key_strength": ["keystrength", "key strength"],
    "tone.key_clarity": ["keyclarity", "key_clarity"],
    "tone.brightness": ["brightness", "tone_brightness"],
    "tone.entropy": ["entropy", "spectralEntropy", "Entropy (spectrum)"],
    "tone.inharmonicity": ["inharmonicity", "Inharmonicity"],
}


def spelt(feature, statistic, style):
    return {
        "after": f"{feature}_{statistic}",
        "before": f"{statistic}_{feature}",
        "camel": f"{feature}{statistic.title()}",
        "words": f"{feature} ({statistic})",
    }[style]


@pytest.mark.parametrize("style", ["after", "before", "camel", "words"])
@pytest.mark.parametrize(
    "words", [("mean", "std"), ("avg", "sd"), ("Average", "stdev"), ("Mean", "standard deviation")]
)
@pytest.mark.parametrize("first", [0, 1])
def test_every_spelling_of_the_named_features(style, words, first):
    """All of Table 2's columns, numbered from nought or from one, in any order."""
    features = {f"mfcc.mfcc_{n}": f"mfcc{n - 1 + first}" for n in range(1, 14)}
    features |= {f"dmfcc.dmfcc_{n}": f"deltamfcc{n - 1 + first}" for n in range(1, 14)}
    features |= {f"ddmfcc.ddmfcc_{n}": f"deltadeltamfcc{n - 1 + first}" for n in range(1, 14)}
    features |= {f"pitch.chroma_{n}": f"chroma{n + first}" for n in range(12)}
    features |= {ours: spellings[0] for ours, spellings in SINGLE.items()}
    names = {
        f"{ours}.{statistic}": spelt(feature, word, style)
        for ours, feature in features.items()
        for statistic, word in zip(("mean", "std"), words, strict=True)
    }
    order = random.Random(style).sample(list(names), len(names))
    assert translate_names([names[column] for column in order], "names") == order
    assert set(NAMED) <= set(order)


@pytest.mark.parametrize(("ours", "spelling"), [(o, s) for o, all_ in SINGLE.items() for s in all_])
def test_every_spelling_of_a_feature(ours, spelling):
    names = [spelt(spelling, word, "after") for word in ("mean", "std")]
    assert translate_names(names, "names") == [f"{ours}.mean", f"{ours}.std"]


def test_the_generated_names_have_the_studys_eight_groups_and_140_columns():
    columns = translate_names(mir_names(), "names")
    assert len(set(columns)) == 140
    assert {column.split(".")[0] for column in columns} == GROUPS
    assert set(NAMED) <= set(columns)
    assert sum(column.split(".")[0].endswith("mfcc") for column in columns) == 78


def test_chroma_by_the_names_of_the_pitch_classes():
    tones = ("C", "Db", "D", "D#", "E", "F", "F#", "G", "Ab", "A", "A#", "B")
    columns = translate_names([f"chroma_{tone}_mean" for tone in tones], "names")
    assert columns == [f"pitch.chroma_{number}.mean" for number in range(12)]


def test_names_without_numbers_are_numbered_as_they_come():
    columns = translate_names(["mfcc_std"] * 13, "names")
    assert columns == [f"mfcc.mfcc_{number}.std" for number in range(1, 14)]


def test_a_name_beside_its_deviation_is_the_mean():
    assert translate_names(["tempo", "tempo_std"], "names") == [
        "rhythm.tempo.mean",
        "rhythm.tempo.std",
    ]


def fault(names, path="names.csv"):
    with pytest.raises(InputError) as caught:
        translate_names(names, path)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["loudness_mean", "rms_slope_mean", "rms_2_mean", "mfcc_x_mean", "mean_std_rms", "v17", "mean"],
)
def test_a_name_that_is_not_understood_is_named_with_a_hint(name):
    text = fault(["tempo_mean", name])
    assert f"names.csv: {name!r} is not understood" in text
    assert "expected: names of the study's 140 MIR columns, separated by tabs" in text
    assert "hint: give it, in that file, a name of one of these words and `mean` or `std`" in text
    assert "tempo_mean" not in text


def test_all_faults_of_the_names_are_listed():
    text = fault(["loudness_mean", "tempo", "wobble_std", "rms_mean"])
    assert "3 problems were found" in text
    assert "'tempo' is neither a mean nor a standard deviation" in text
    text = fault(["rms_mean", "energy_mean", "mfcc1_mean", "mfcc3_mean"])
    assert "2 names mean dynamics.rms.mean" in text
    assert "mfcc, mean: the numbers are 1, 3" in text


def test_the_file_of_names(tmp_path):
    path = tmp_path / "mir_feature_names.csv"
    path.write_text("\t".join(mir_names()) + "\n", encoding="utf-8")
    assert read_columns(path) == translate_names(mir_names(), "names")
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds no names"):
        read_columns(path)
    path.write_bytes(b"\xff")
    with pytest.raises(InputError, match="cannot be read"):
        read_columns(path)
    with pytest.raises(InputError, match=r"cannot be read \(No such file"):
        read_columns(tmp_path / "absent.csv")
