"""Profiles of the feature set `mir`, and long audio in pieces."""

import numpy as np
import pytest
import soundfile

from scorelens import media
from scorelens.features import mir, profiles, texture
from scorelens.features.columns import COLUMNS, NAMES
from scorelens.features.frames import RATE_HZ

SAME_IN_FAST = [
    feature.name
    for feature in COLUMNS
    if feature.group in ("dynamics", "mfcc", "dmfcc", "ddmfcc")
    or feature.name.startswith(("tone.key", "tone.tonic", "tone.brightness", "tone.entropy"))
    or feature.name in ("timbre.centroid", "timbre.spread", "timbre.skewness", "timbre.kurtosis")
    or feature.name == "timbre.zero_crossing_rate"
]


def music(seconds, seed=0):
    """Decaying tones of random pitch each 0.5 s, over noise that swells and fades."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    samples = 0.02 * (1 + np.sin(t / 3)) * rng.normal(size=len(t))
    for start in np.arange(0, seconds, 0.5):
        age = t[t >= start] - start
        hz = 220 * 2 ** (rng.integers(24) / 12)
        tone = np.sin(2 * np.pi * hz * age) + 0.5 * np.sin(4 * np.pi * hz * age)
        samples[t >= start] += 0.2 * np.exp(-4 * age) * tone
    return samples.astype(np.float32)


def test_fast_profile_equals_mirtoolbox_where_hops_are_equal():
    sound, moments_s = music(20), np.arange(0.5, 20)
    exact, fast = (mir.measure(sound, moments_s, name) for name in ("mirtoolbox", "fast"))
    same = [NAMES.index(f"{name}.{s}") for name in SAME_IN_FAST for s in ("mean", "std")]
    assert fast[:, same] == pytest.approx(exact[:, same], rel=1e-4, abs=1e-5)
    others = np.setdiff1d(np.arange(len(NAMES)), same)
    assert len(others) == 2 * (12 + 2 + 3 + 1)  # chroma, rhythm, three of timbre, inharmonicity
    assert not np.array_equal(fast[:, others], exact[:, others])


def test_fast_profile_is_close_to_mirtoolbox_where_hops_are_longer():
    sound, moments_s = music(40, 1), np.arange(0.5, 40)
    exact, fast = (mir.measure(sound, moments_s, name) for name in ("mirtoolbox", "fast"))
    tolerance = {"pitch": 0.05, "timbre.crest": 2, "timbre.flatness": 0.02, "rhythm.tempo": 3}
    for index, name in enumerate(NAMES):
        allowed = tolerance.get(name.rsplit(".", 1)[0], tolerance.get(name.split(".")[0]))
        if name.endswith(".mean") and allowed:
            assert np.abs(fast[:, index] - exact[:, index]).max() < allowed, name


@pytest.mark.parametrize("bpm", [60, 90, 120, 150])
def test_fast_profile_tempo_of_clicks(bpm):
    samples = np.zeros(10 * RATE_HZ, np.float32)
    samples[np.rint(np.arange(0, 9.9, 60 / bpm) * RATE_HZ).astype(int)] = 0.9
    result = mir.measure(samples, np.array([5.0]), "fast")[0]
    assert result[NAMES.index("rhythm.tempo.mean")] == pytest.approx(bpm, rel=0.01)


def test_fast_profile_hops():
    hops_s = {series.names[0]: np.diff(series.times_s).mean() for series in
              mir.frame_features(music(8), profiles.FAST)}  # fmt: skip
    assert hops_s["pitch.chroma_0"] == pytest.approx(0.15, rel=1e-3)
    assert hops_s["timbre.roughness"] == pytest.approx(0.1, rel=1e-3)
    assert hops_s["tone.inharmonicity"] == pytest.approx(0.1, rel=1e-3)
    assert hops_s["timbre.crest"] == pytest.approx(0.04, rel=1e-3)
    assert hops_s["mfcc.mfcc_1"] == pytest.approx(0.025, rel=1e-3)


@pytest.mark.parametrize("profile", ["mirtoolbox", "fast"])
def test_features_in_pieces_equal_a_single_pass(monkeypatch, profile):
    """The tolerance is needed because the mean of each piece is subtracted."""
    sound, moments_s = music(75.3, 2), np.arange(0, 75)
    sound -= sound.mean()
    whole = mir.measure(sound, moments_s, profile)
    monkeypatch.setattr(texture, "PIECE_S", 15)
    monkeypatch.setattr(mir, "frame_features", record_lengths(mir.frame_features, lengths := []))
    cuts = [0, 1, 22_050, 500_000, 1_400_123]
    for audio in (sound, iter(np.split(sound, cuts))):
        lengths.clear()
        result = mir.measure(audio, moments_s, profile)
        assert result == pytest.approx(whole, rel=5e-3, abs=2e-3, nan_ok=True)
        assert len(lengths) == 4 and max(lengths) == 35 * RATE_HZ


def record_lengths(measure, lengths):
    """`measure`, which also appends the length of its input to `lengths`."""

    def measure_and_record(samples, profile):
        lengths.append(len(samples))
        return measure(samples, profile)

    return measure_and_record


def test_piece_length_is_a_multiple_of_every_hop():
    for feature in COLUMNS:
        assert texture.PIECE_S / feature.hop_s == pytest.approx(
            round(texture.PIECE_S / feature.hop_s)
        )
    for profile in profiles.PROFILES.values():
        steps = texture.PIECE_S / np.array(profile)
        assert steps == pytest.approx(np.rint(steps))


def test_features_of_no_blocks_are_nan():
    assert np.isnan(mir.measure(iter([]), np.array([0.0, 1.0]))).all()


def test_times_after_the_end_of_blocks_are_nan():
    values = mir.measure(iter(np.split(music(3), 3)), np.array([2.9, 3.0, 3.1]))
    assert np.isfinite(values[:2]).all()
    assert np.isnan(values[2]).all()


@pytest.mark.parametrize(
    ("rate_hz", "channels"), [(8000, 1), (44_100, 2), (48_000, 6), (192_000, 1)]
)
def test_features_are_invariant_to_sample_rate_and_channels(tmp_path, rate_hz, channels):
    """All tones are below 3.4 kHz and in every channel, so 8 kHz files contain them."""
    t = np.arange(int(6 * rate_hz)) / rate_hz
    chord = sum(0.1 * np.sin(2 * np.pi * 261.6256 * 2 ** (s / 12) * t) for s in (0, 4, 7))
    path = tmp_path / "chord.wav"
    soundfile.write(path, np.repeat(chord[:, None], channels, axis=1), rate_hz, subtype="FLOAT")
    samples = media.read_audio(path, RATE_HZ)
    values = dict(zip(NAMES, mir.measure(samples, np.array([3.0]))[0], strict=True))
    assert values["dynamics.rms.mean"] == pytest.approx(0.1 * np.sqrt(3 / 2), rel=2e-3)
    strongest = np.argsort([values[f"pitch.chroma_{index}.mean"] for index in range(12)])[-3:]
    assert sorted(strongest) == [0, 4, 7]
    assert values["tone.tonic_cos.mean"] == pytest.approx(1)
    assert values["tone.key_mode.mean"] > 0
