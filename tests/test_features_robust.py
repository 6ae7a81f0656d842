"""The feature set `mir` on edge cases, and properties that hold for all audio."""

import builtins
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelens.errors import InputError
from scorelens.features import essentia, frames, mir, texture
from scorelens.features.columns import COLUMNS, NAMES
from scorelens.features.frames import RATE_HZ, Series


def music(seconds, seed=0):
    """Decaying tones of random pitch over a little noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    samples = rng.normal(0, 0.002, len(t))
    for start in np.arange(0, seconds, 0.4):
        age = np.maximum(t - start, 0)
        hz = 220 * 2 ** (rng.integers(24) / 12)
        samples += 0.2 * (t >= start) * np.exp(-4 * age) * np.sin(2 * np.pi * hz * age)
    return samples.astype(np.float32)


def measure_by_name(samples, moments_s=(0.0,), profile="mirtoolbox"):
    values = mir.measure(samples, np.array(moments_s, float), profile)
    return dict(zip(NAMES, values.T, strict=True))


def square(seconds=4.0):
    return np.sign(np.sin(2 * np.pi * 100 * np.arange(int(seconds * RATE_HZ)) / RATE_HZ))


def click(seconds=4.0):
    samples = np.zeros(int(seconds * RATE_HZ), np.float32)
    samples[len(samples) // 2] = 1
    return samples


def with_nonfinite_samples():
    samples = music(6)
    samples[RATE_HZ : RATE_HZ + 100] = np.nan
    samples[2 * RATE_HZ] = np.inf
    return samples


EDGE_CASES = {
    "silence": np.zeros(4 * RATE_HZ, np.float32),
    "dither": np.random.default_rng(0).normal(0, 2e-5, 4 * RATE_HZ),
    "noise": np.random.default_rng(1).normal(0, 0.2, 4 * RATE_HZ),
    "click": click(),
    "0.3 s": music(0.3),
    "one sample": np.ones(1),
    "empty": np.zeros(0),
    "constant": np.full(4 * RATE_HZ, 0.5),
    "square": square(),
    "highest frequency": np.resize([1.0, -1.0], 4 * RATE_HZ),
    "not finite": with_nonfinite_samples(),
    "music": music(12),
}


@pytest.mark.parametrize("profile", ["mirtoolbox", "fast"])
@pytest.mark.parametrize("sound", EDGE_CASES)
def test_edge_cases_give_no_warnings_and_values_in_declared_ranges(sound, profile):
    samples = EDGE_CASES[sound].astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = measure_by_name(samples, np.arange(0.5, max(len(samples) / RATE_HZ, 1)), profile)
    slack = 1e-4
    for feature in COLUMNS:
        mean, deviation = (values[f"{feature.name}.{s}"] for s in ("mean", "std"))
        assert not np.isinf(mean).any() and not np.isinf(deviation).any()
        finite = mean[~np.isnan(mean)]
        assert (finite >= feature.low - slack).all(), feature
        assert (finite <= feature.high + slack).all(), feature
        assert (np.isnan(mean) == np.isnan(deviation)).all()


@pytest.mark.parametrize("sound", ["silence", "dither", "constant"])
def test_silence_has_only_rms(sound):
    values = measure_by_name(EDGE_CASES[sound].astype(np.float32), [1.5])
    expected = np.sqrt(np.mean(np.square(EDGE_CASES[sound])))
    assert values["dynamics.rms.mean"] == pytest.approx(expected, rel=0.01, abs=1e-7)
    assert all(np.isnan(v).all() for name, v in values.items() if "rms" not in name)


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.99])
def test_audio_shorter_than_3_s_lacks_only_rhythm_features(seconds):
    values = measure_by_name(music(seconds), [0.1])
    absent = {name for name, value in values.items() if np.isnan(value).all()}
    assert absent == {name for name in NAMES if name.startswith("rhythm.")}


def test_audio_of_3_s_has_every_feature():
    assert not any(np.isnan(v).any() for v in measure_by_name(music(3.0), [0.1, 2.9]).values())


def test_features_of_audio_shorter_than_a_frame_are_nan():
    assert all(np.isnan(v).all() for v in measure_by_name(music(0.049), [0.02]).values())


def test_nonfinite_sample_affects_only_its_own_frames():
    clean, damaged = (mir.frame_features(s) for s in (music(6), with_nonfinite_samples()))
    for before, after in zip(clean[:2], damaged[:2], strict=True):
        far = after.times_s > 3
        assert np.isfinite(after.values[far]).all()
        assert after.values[far] == pytest.approx(before.values[far], rel=0.01, abs=0.01)
    near = np.abs(damaged[0].times_s - 1.0) < 0.01
    assert np.isnan(damaged[0].values[near]).all()


def test_constant_offset_changes_only_rms():
    plain, shifted = (
        measure_by_name(music(6), [3.0]),
        measure_by_name(music(6) + np.float32(0.1), [3.0]),
    )
    assert shifted["dynamics.rms.mean"] > plain["dynamics.rms.mean"]
    for name in NAMES:
        if "rms" not in name:
            assert shifted[name] == pytest.approx(plain[name], rel=0.02, abs=0.02), name


@settings(max_examples=8)
@given(exponent=st.integers(-4, 1), seed=st.integers(0, 3))
def test_amplitude_scales_only_rms_and_roughness(exponent, seed):
    factor = 2.0**exponent  # a power of 2 scales without rounding
    samples = music(3.5, seed)
    plain, scaled = (
        measure_by_name(samples, [1.7]),
        measure_by_name(samples * np.float32(factor), [1.7]),
    )
    for name in NAMES:
        power = {"dynamics.rms": 1, "timbre.roughness": 2}.get(name.rsplit(".", 1)[0], 0)
        assert scaled[name] == pytest.approx(plain[name] * factor**power, rel=1e-3, abs=1e-3), name


@settings(max_examples=4)
@given(first=st.integers(0, 3), second=st.integers(4, 7))
def test_frames_of_concatenated_audio_equal_those_of_its_parts(first, second):
    """4 s is a multiple of the hop; the zero-crossing rate depends on the previous sample."""
    parts = [samples - samples.mean() for samples in (music(4, first), music(4, second))]
    joined = mir.frame_features(np.concatenate(parts))[1]
    for offset_s, part in zip((0, 4), parts, strict=True):
        alone = mir.frame_features(part)[1]
        position = np.searchsorted(joined.times_s, alone.times_s + offset_s - 1e-6)
        assert joined.times_s[position] == pytest.approx(alone.times_s + offset_s, abs=1e-9)
        close = np.isclose(joined.values[position, 1:], alone.values[:, 1:], rtol=1e-3, atol=1e-3)
        assert close.all()


def test_frame_features_in_blocks_equal_a_single_pass(monkeypatch):
    whole = mir.frame_features(music(5))
    monkeypatch.setattr(frames, "BLOCK_BYTES", 30_000)
    for one, other in zip(whole, mir.frame_features(music(5)), strict=True):
        assert one.values == pytest.approx(other.values, rel=1e-3, abs=1e-3, nan_ok=True)


def test_features_are_bit_identical_when_recomputed():
    assert np.array_equal(
        *(mir.measure(music(4), np.arange(4.0)) for _ in range(2)), equal_nan=True
    )


def test_frames_start_at_the_nearest_sample_and_end_within_the_audio():
    lengths = frames.measure_frames(
        np.ones(RATE_HZ, np.float32), 0.05, 0.025, ("n",), lambda f: f.sum(1, keepdims=True)
    )
    assert (lengths.values == 1102).all()
    assert lengths.times_s[:3] == pytest.approx(
        [551 / RATE_HZ, 1102 / RATE_HZ, 1653 / RATE_HZ], abs=1e-4
    )
    assert len(lengths.times_s) == 39


def test_mir_has_70_features_in_the_groups_of_the_study():
    assert len(COLUMNS) == 70 and len(NAMES) == 140 and len(set(NAMES)) == 140
    groups = [feature.group for feature in COLUMNS]
    counts = {group: groups.count(group) for group in groups}
    assert counts == {
        "dynamics": 1, "pitch": 12, "rhythm": 2, "mfcc": 13, "dmfcc": 13, "ddmfcc": 13,
        "timbre": 8, "tone": 8,
    }  # fmt: skip
    assert NAMES[:3] == ("dynamics.rms.mean", "dynamics.rms.std", "pitch.chroma_0.mean")
    produced = [name for series in mir.frame_features(music(3)) for name in series.names]
    assert sorted(produced) == sorted(feature.name for feature in COLUMNS)


def test_hops_equal_those_the_columns_declare():
    for series in mir.frame_features(music(8)):
        steps = np.diff(series.times_s)
        hop_s = next(f.hop_s for f in COLUMNS if f.name == series.names[0])
        assert steps.mean() == pytest.approx(hop_s, rel=2e-3), series.names


@pytest.mark.parametrize(
    ("duration_s", "starts"),
    [(0.0, [0]), (3.0, [0]), (5.0, [0]), (6.0, [0, 1]), (8.35, [0, 3.35]), (12, [0, 3.35, 6.7, 7])],
)
def test_texture_window_edges(duration_s, starts):
    first, last = texture.window_edges(duration_s)
    assert first == pytest.approx(starts)
    assert last == pytest.approx([min(s + 5, duration_s) for s in starts])


def test_window_statistics_ignore_missing_values():
    times_s = np.arange(0.5, 10)
    values = np.stack([times_s, np.full(10, np.nan), times_s**2 + 1e4], 1).astype(np.float32)
    values[2, 0] = np.nan
    series = Series(("a", "b", "c"), times_s, values)
    statistics = texture.window_statistics(series, np.array([0.0, 5.0]), np.array([5.0, 10.0]))
    assert statistics[0, 0] == pytest.approx([np.mean([0.5, 1.5, 3.5, 4.5]), np.sqrt(2.5)])
    assert np.isnan(statistics[:, 1]).all()
    assert statistics[1, 2] == pytest.approx([values[5:, 2].mean(), values[5:, 2].std()], rel=1e-5)


def test_times_after_the_end_are_nan():
    values = mir.measure(music(3), np.array([2.9, 3.0, 3.1]))
    assert np.isfinite(values[:2]).all()
    assert np.isnan(values[2]).all()


def test_missing_essentia_error_names_the_install_command(monkeypatch):
    original_import = builtins.__import__

    def import_without_essentia(name, *rest):
        if name.split(".")[0] == "essentia":
            raise ModuleNotFoundError("No module named 'essentia'")
        return original_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", import_without_essentia)
    with pytest.raises(InputError) as error:
        essentia.measure(np.zeros(10, np.float32), np.zeros(1))
    assert str(error.value) == (
        "features.sets: names `essentia`, which is not installed\n"
        "  expected: a set that this environment can compute\n"
        "  hint: pip install scorelens[essentia] (its licence is the AGPL-3.0)"
    )


def test_importing_the_essentia_set_does_not_import_essentia(home):
    code = "import sys; import scorelens.features.essentia; print('essentia' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, text=True)
    assert run.stdout.strip() == "False", run.stderr
