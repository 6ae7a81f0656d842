"""Translation of the published names of the MIR columns in any spelling, and its errors."""

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


def spell(feature, statistic, style):
    return {
        "after": f"{feature}_{statistic}",
        "before": f"{statistic}_{feature}",
        "camel": f"{feature}{statistic.title()}",
        "words": f"{feature} ({statistic})",
    }[style]


@pytest.mark.parametrize("style", ["after", "before", "camel", "words"])
@pytest.mark.parametrize(
    "suffixes",
    [("mean", "std"), ("avg", "sd"), ("Average", "stdev"), ("Mean", "standard deviation")],
)
@pytest.mark.parametrize("first", [0, 1])
def test_all_columns_of_table_2_are_translated_in_any_style(style, suffixes, first):
    """All of Table 2's columns, numbered from 0 or from 1, in any order."""
    features = {f"mfcc.mfcc_{n}": f"mfcc{n - 1 + first}" for n in range(1, 14)}
    features |= {f"dmfcc.dmfcc_{n}": f"deltamfcc{n - 1 + first}" for n in range(1, 14)}
    features |= {f"ddmfcc.ddmfcc_{n}": f"deltadeltamfcc{n - 1 + first}" for n in range(1, 14)}
    features |= {f"pitch.chroma_{n}": f"chroma{n + first}" for n in range(12)}
    features |= {scorelens_name: spellings[0] for scorelens_name, spellings in SINGLE.items()}
    names = {
        f"{scorelens_name}.{statistic}": spell(feature, suffix, style)
        for scorelens_name, feature in features.items()
        for statistic, suffix in zip(("mean", "std"), suffixes, strict=True)
    }
    order = random.Random(style).sample(list(names), len(names))
    assert translate_names([names[column] for column in order], "names") == order
    assert set(NAMED) <= set(order)


@pytest.mark.parametrize(
    ("scorelens_name", "spelling"), [(o, s) for o, all_ in SINGLE.items() for s in all_]
)
def test_every_spelling_of_a_feature_is_translated(scorelens_name, spelling):
    names = [spell(spelling, suffix, "after") for suffix in ("mean", "std")]
    assert translate_names(names, "names") == [f"{scorelens_name}.mean", f"{scorelens_name}.std"]


def test_generated_names_give_8_groups_and_140_columns():
    columns = translate_names(mir_names(), "names")
    assert len(set(columns)) == 140
    assert {column.split(".")[0] for column in columns} == GROUPS
    assert set(NAMED) <= set(columns)
    assert sum(column.split(".")[0].endswith("mfcc") for column in columns) == 78


def test_chroma_named_by_pitch_class_is_numbered():
    pitch_classes = ("C", "Db", "D", "D#", "E", "F", "F#", "G", "Ab", "A", "A#", "B")
    columns = translate_names(
        [f"chroma_{pitch_class}_mean" for pitch_class in pitch_classes], "names"
    )
    assert columns == [f"pitch.chroma_{number}.mean" for number in range(12)]


def test_repeated_names_are_numbered_in_order():
    columns = translate_names(["mfcc_std"] * 13, "names")
    assert columns == [f"mfcc.mfcc_{number}.std" for number in range(1, 14)]


def test_name_without_statistic_is_the_mean_if_its_std_is_present():
    assert translate_names(["tempo", "tempo_std"], "names") == [
        "rhythm.tempo.mean",
        "rhythm.tempo.std",
    ]


def translation_error(names, path="names.csv"):
    with pytest.raises(InputError) as caught:
        translate_names(names, path)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["loudness_mean", "rms_slope_mean", "rms_2_mean", "mfcc_x_mean", "mean_std_rms", "v17", "mean"],
)
def test_unknown_name_error_has_a_hint(name):
    text = translation_error(["tempo_mean", name])
    assert f"names.csv: {name!r} is not understood" in text
    assert "expected: names of the study's 140 MIR columns, separated by tabs" in text
    assert "hint: give it, in that file, a name of one of these words and `mean` or `std`" in text
    assert "tempo_mean" not in text


def test_all_invalid_names_are_reported_together():
    text = translation_error(["loudness_mean", "tempo", "wobble_std", "rms_mean"])
    assert "3 problems were found" in text
    assert "'tempo' is neither a mean nor a standard deviation" in text
    text = translation_error(["rms_mean", "energy_mean", "mfcc1_mean", "mfcc3_mean"])
    assert "2 names mean dynamics.rms.mean" in text
    assert "mfcc, mean: the numbers are 1, 3" in text


def test_columns_are_read_from_the_file_of_names(tmp_path):
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
