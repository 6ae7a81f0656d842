"""Sounds without a value, and the laws that hold for every sound."""

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


def measured(samples, moments_s=(0.0,), profile="mirtoolbox"):
    values = mir.measure(samples, np.array(moments_s, float), profile)
    return dict(zip(NAMES, values.T, strict=True))


def square(seconds=4.0):
    return np.sign(np.sin(2 * np.pi * 100 * np.arange(int(seconds * RATE_HZ)) / RATE_HZ))


def click(seconds=4.0):
    samples = np.zeros(int(seconds * RATE_HZ), np.float32)
    samples[len(samples) // 2] = 1
    return samples


def broken():
    samples = music(6)
    samples[RATE_HZ : RATE_HZ + 100] = np.nan
    samples[2 * RATE_HZ] = np.inf
    return samples


ODD_SOUNDS = {
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
    "not finite": broken(),
    "music": music(12),
}


@pytest.mark.parametrize("profile", ["mirtoolbox", "fast"])
@pytest.mark.parametrize("sound", ODD_SOUNDS)
def test_no_sound_crashes_warns_or_leaves_the_declared_ranges(sound, profile):
    samples = ODD_SOUNDS[sound].astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = measured(samples, np.arange(0.5, max(len(samples) / RATE_HZ, 1)), profile)
    slack = 1e-4
    for feature in COLUMNS:
        mean, deviation = (values[f"{feature.name}.{s}"] for s in ("mean", "std"))
        assert not np.isinf(mean).any() and not np.isinf(deviation).any()
        known = mean[~np.isnan(mean)]
        assert (known >= feature.low - slack).all(), feature
        assert (known <= feature.high + slack).all(), feature
        assert (np.isnan(mean) == np.isnan(deviation)).all()


@pytest.mark.parametrize("sound", ["silence", "dither", "constant"])
def test_silence_has_loudness_and_nothing_else(sound):
    values = measured(ODD_SOUNDS[sound].astype(np.float32), [1.5])
    expected = np.sqrt(np.mean(np.square(ODD_SOUNDS[sound])))
    assert values["dynamics.rms.mean"] == pytest.approx(expected, rel=0.01, abs=1e-7)
    assert all(np.isnan(v).all() for name, v in values.items() if "rms" not in name)


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.99])
def test_short_sounds_lack_rhythm_alone(seconds):
    values = measured(music(seconds), [0.1])
    absent = {name for name, value in values.items() if np.isnan(value).all()}
    assert absent == {name for name in NAMES if name.startswith("rhythm.")}


def test_rhythm_starts_at_three_seconds():
    assert not any(np.isnan(v).any() for v in measured(music(3.0), [0.1, 2.9]).values())


def test_sounds_under_a_frame_have_nothing():
    assert all(np.isnan(v).all() for v in measured(music(0.049), [0.02]).values())


def test_a_value_that_is_not_finite_spoils_its_own_frames_only():
    clean, spoilt = (mir.frame_features(s) for s in (music(6), broken()))
    for before, after in zip(clean[:2], spoilt[:2], strict=True):
        far = after.times_s > 3
        assert np.isfinite(after.values[far]).all()
        assert after.values[far] == pytest.approx(before.values[far], rel=0.01, abs=0.01)
    near = np.abs(spoilt[0].times_s - 1.0) < 0.01
    assert np.isnan(spoilt[0].values[near]).all()


def test_a_constant_offset_changes_the_loudness_alone():
    plain, shifted = measured(music(6), [3.0]), measured(music(6) + np.float32(0.1), [3.0])
    assert shifted["dynamics.rms.mean"] > plain["dynamics.rms.mean"]
    for name in NAMES:
        if "rms" not in name:
            assert shifted[name] == pytest.approx(plain[name], rel=0.02, abs=0.02), name


@settings(max_examples=8)
@given(exponent=st.integers(-4, 1), seed=st.integers(0, 3))
def test_amplitude_scales_rms_and_roughness_and_leaves_the_rest(exponent, seed):
    factor = 2.0**exponent  # exact in binary, so that rounding does not move
    samples = music(3.5, seed)
    plain, scaled = measured(samples, [1.7]), measured(samples * np.float32(factor), [1.7])
    for name in NAMES:
        power = {"dynamics.rms": 1, "timbre.roughness": 2}.get(name.rsplit(".", 1)[0], 0)
        assert scaled[name] == pytest.approx(plain[name] * factor**power, rel=1e-3, abs=1e-3), name


@settings(max_examples=4)
@given(first=st.integers(0, 3), second=st.integers(4, 7))
def test_frames_of_a_joined_sound_are_the_frames_of_its_parts(first, second):
    """Hops are whole in 4 s. The rate is left out: no sign changes into the first sample."""
    parts = [samples - samples.mean() for samples in (music(4, first), music(4, second))]
    joined = mir.frame_features(np.concatenate(parts))[1]
    for offset_s, part in zip((0, 4), parts, strict=True):
        alone = mir.frame_features(part)[1]
        position = np.searchsorted(joined.times_s, alone.times_s + offset_s - 1e-6)
        assert joined.times_s[position] == pytest.approx(alone.times_s + offset_s, abs=1e-9)
        close = np.isclose(joined.values[position, 1:], alone.values[:, 1:], rtol=1e-3, atol=1e-3)
        assert close.all()


def test_long_sounds_are_cut_in_blocks_that_do_not_show(monkeypatch):
    whole = mir.frame_features(music(5))
    monkeypatch.setattr(frames, "BLOCK_BYTES", 30_000)
    for one, other in zip(whole, mir.frame_features(music(5)), strict=True):
        assert one.values == pytest.approx(other.values, rel=1e-3, abs=1e-3, nan_ok=True)


def test_same_input_same_bits():
    assert np.array_equal(
        *(mir.measure(music(4), np.arange(4.0)) for _ in range(2)), equal_nan=True
    )


def test_frames_start_at_the_nearest_sample_and_never_pass_the_end():
    lengths = frames.measure_frames(
        np.ones(RATE_HZ, np.float32), 0.05, 0.025, ("n",), lambda f: f.sum(1, keepdims=True)
    )
    assert (lengths.values == 1102).all()
    assert lengths.times_s[:3] == pytest.approx(
        [551 / RATE_HZ, 1102 / RATE_HZ, 1653 / RATE_HZ], abs=1e-4
    )
    assert len(lengths.times_s) == 39


def test_there_are_seventy_features_in_the_study_groups():
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


def test_frame_rates_are_those_the_columns_declare():
    for series in mir.frame_features(music(8)):
        steps = np.diff(series.times_s)
        hop_s = next(f.hop_s for f in COLUMNS if f.name == series.names[0])
        assert steps.mean() == pytest.approx(hop_s, rel=2e-3), series.names


@pytest.mark.parametrize(
    ("duration_s", "starts"),
    [(0.0, [0]), (3.0, [0]), (5.0, [0]), (6.0, [0, 1]), (8.35, [0, 3.35]), (12, [0, 3.35, 6.7, 7])],
)
def test_texture_windows(duration_s, starts):
    first, last = texture.window_edges(duration_s)
    assert first == pytest.approx(starts)
    assert last == pytest.approx([min(s + 5, duration_s) for s in starts])


def test_window_statistics_pass_over_missing_values():
    times_s = np.arange(0.5, 10)
    values = np.stack([times_s, np.full(10, np.nan), times_s**2 + 1e4], 1).astype(np.float32)
    values[2, 0] = np.nan
    series = Series(("a", "b", "c"), times_s, values)
    statistics = texture.window_statistics(series, np.array([0.0, 5.0]), np.array([5.0, 10.0]))
    assert statistics[0, 0] == pytest.approx([np.mean([0.5, 1.5, 3.5, 4.5]), np.sqrt(2.5)])
    assert np.isnan(statistics[:, 1]).all()
    assert statistics[1, 2] == pytest.approx([values[5:, 2].mean(), values[5:, 2].std()], rel=1e-5)


def test_moments_after_the_end_are_missing():
    values = mir.measure(music(3), np.array([2.9, 3.0, 3.1]))
    assert np.isfinite(values[:2]).all()
    assert np.isnan(values[2]).all()


def test_without_essentia_one_line_says_how_to_get_it(monkeypatch):
    find = builtins.__import__

    def without(name, *rest):
        if name.split(".")[0] == "essentia":
            raise ModuleNotFoundError("No module named 'essentia'")
        return find(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError) as error:
        essentia.measure(np.zeros(10, np.float32), np.zeros(1))
    assert str(error.value) == (
        "features.sets: names `essentia`, which is not installed\n"
        "  expected: a set that this environment can compute\n"
        "  hint: pip install scorelens[essentia] (its licence is the AGPL-3.0)"
    )


def test_only_measuring_imports_essentia(home):
    code = "import sys; import scorelens.features.essentia; print('essentia' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, text=True)
    assert run.stdout.strip() == "False", run.stderr
