"""The feature set `essentia`, and its agreement with `mir` where both have a feature."""

import warnings

import numpy as np
import pytest

from scorelens.features import essentia, frames, mir, pitch, rhythm, texture, timbre, tonality
from scorelens.features.essentia_columns import COLUMNS, HOP_S, NAMES

RATE_HZ = essentia.RATE_HZ
standard = pytest.importorskip("essentia.standard", reason="essentia is an optional extra")


def sine(hz, seconds=6.0, amplitude=0.5, rate_hz=RATE_HZ):
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def triad(semitones, seconds=6.0, rate_hz=RATE_HZ):
    """Tones of four harmonics each, at semitones above middle C."""
    return sum(
        sine(h * 261.6256 * 2 ** (s / 12), seconds, 0.1 / h, rate_hz)
        for s in semitones
        for h in (1, 2, 3, 4)
    )


def clicks(bpm, seconds, rate_hz=RATE_HZ):
    samples = np.zeros(int(seconds * rate_hz), np.float32)
    click = sine(1000, 0.03, 0.5, rate_hz) * np.exp(
        -np.arange(int(0.03 * rate_hz)) / rate_hz / 0.005
    )
    for start in np.arange(0.2, seconds - 0.1, 60 / bpm):
        first = round(start * rate_hz)
        samples[first : first + len(click)] += click
    return samples


def noise(seconds=6.0, level=0.1):
    return np.random.default_rng(5).normal(0, level, int(seconds * RATE_HZ)).astype(np.float32)


def features_at(samples, moment_s=3.0):
    return dict(zip(NAMES, essentia.measure(samples, np.array([moment_s]))[0], strict=True))


def test_loudness_of_a_997_hz_tone_at_minus_20_dbfs_is_minus_20_lufs():
    """BS.1770: 997 Hz at 0 dBFS is -3.01 LUFS in one channel, so 0 LUFS in two."""
    result = features_at(sine(997, amplitude=0.1))
    assert result["loudness.momentary.mean"] == pytest.approx(-20, abs=0.05)
    assert result["loudness.short_term.mean"] == pytest.approx(-20, abs=0.05)
    assert result["loudness.short_term.std"] == pytest.approx(0, abs=0.01)


def test_loudness_times_are_window_centres():
    steps = np.concatenate([sine(997, 5, 0.01), sine(997, 5, 0.1)])
    momentary, short_term = essentia.frame_features(steps)[2:4]
    for series in (momentary, short_term):
        crossing_s = np.interp(-30, series.values[:, 0], series.times_s)
        assert crossing_s == pytest.approx(5.0, abs=1.6 if series is short_term else 0.3)
    assert momentary.times_s[[0, -1]] == pytest.approx([0.2, 9.8])
    assert short_term.times_s[[0, -1]] == pytest.approx([1.5, 8.5])


def test_spectral_features_of_white_noise():
    result = features_at(noise())
    assert result["spectral.centroid.mean"] == pytest.approx(RATE_HZ / 4, rel=0.02)
    assert result["spectral.spread.mean"] == pytest.approx((RATE_HZ / 2) ** 2 / 12, rel=0.03)
    assert result["spectral.skewness.mean"] == pytest.approx(0, abs=0.03)
    assert result["spectral.kurtosis.mean"] == pytest.approx(1.8 - 3, abs=0.03)
    assert result["spectral.zero_crossing_rate.mean"] == pytest.approx(0.5, abs=0.01)
    assert result["spectral.rolloff.mean"] == pytest.approx(0.85 * RATE_HZ / 2, rel=0.02)


def test_band_energy_of_a_sine_peaks_in_the_band_of_its_frequency():
    result = features_at(sine(440))
    energies = [result[f"bark.band_{index:02}.mean"] for index in range(27)]
    assert np.argmax(energies) == 6  # 400 to 510 Hz; the lowest two Bark bands are halved
    low = ("low", "middle_low", "middle_high", "high")
    assert max(low, key=lambda name: result[f"spectral.energy_{name}.mean"]) == "middle_low"
    assert result["spectral.zero_crossing_rate.mean"] == pytest.approx(880 / RATE_HZ, rel=0.03)


@pytest.mark.parametrize(("tonic", "fifths"), [(0, 0), (7, 1), (9, 3), (5, -1)])
def test_hpcp_and_key_of_major_triads_start_at_c(tonic, fifths):
    notes = [tonic, tonic + 4, tonic + 7]
    result = features_at(triad(notes))
    profile = [result[f"tonal.hpcp_{index:02}.mean"] for index in range(12)]
    assert sorted(np.argsort(profile)[-3:]) == sorted(note % 12 for note in notes)
    angle = 2 * np.pi * fifths / 12
    assert result["tonal.tonic_cos.mean"] == pytest.approx(np.cos(angle), abs=1e-5)
    assert result["tonal.tonic_sin.mean"] == pytest.approx(np.sin(angle), abs=1e-5)
    assert result["tonal.key_mode.mean"] == 1


def test_key_mode_of_a_minor_triad_is_minor():
    assert features_at(triad((0, 3, 7)))["tonal.key_mode.mean"] == -1


def test_tempo_and_onset_rate_of_clicks():
    result = features_at(clicks(120, 20), 10.0)
    assert result["rhythm.bpm.mean"] == pytest.approx(120, rel=0.02)
    assert result["rhythm.onset_rate.mean"] == pytest.approx(2, abs=0.1)


def test_dissonance_of_a_semitone_is_above_that_of_an_octave():
    rough, smooth = (features_at(sine(440) + sine(hz)) for hz in (466, 880))
    assert rough["spectral.dissonance.mean"] > smooth["spectral.dissonance.mean"] + 0.1


def test_mir_spectral_features_and_rms_equal_essentia():
    """Units differ: essentia has excess kurtosis, entropy in bits, and sign changes in both
    directions per sample; mir divides the entropy by that of a flat spectrum.
    """
    block = noise(0.2)[None, :1102] + sine(440)[None, :1102]
    spectrum = frames.hamming_spectrum(block, 2048)
    actual = timbre.spectral_moments(spectrum, frames.frequencies_hz(2048))[0]
    nyquist_hz = frames.RATE_HZ / 2
    assert actual[0] == pytest.approx(standard.Centroid(range=nyquist_hz)(spectrum[0]), rel=1e-4)
    moments = standard.CentralMoments(range=nyquist_hz)(spectrum[0])
    variance, skewness, excess = standard.DistributionShape()(moments)
    assert actual[1] == pytest.approx(np.sqrt(variance), rel=1e-4)
    assert actual[2:] == pytest.approx([skewness, excess + 3], rel=1e-3)
    bits = standard.Entropy()(spectrum[0])
    assert timbre.entropy(spectrum) == pytest.approx(bits / np.log2(1025), rel=1e-4)
    power = timbre.power_features(block[0]).values[0]
    squares = (np.abs(np.fft.rfft(block[0, :660])) ** 2).astype(np.float32)
    assert power[0] == pytest.approx(standard.Crest()(squares), rel=1e-4)
    assert power[1] == pytest.approx(standard.Flatness()(squares), rel=1e-4)
    assert frames.rms(block)[0] == pytest.approx(standard.RMS()(block[0]), rel=1e-5)
    short, *_ = timbre.short_features(block[0])
    both_ways = standard.ZeroCrossingRate()(block[0])
    rate = both_ways / 2 * frames.RATE_HZ
    assert short.values[0, 0] == pytest.approx(rate, abs=frames.RATE_HZ / 1102)


def test_mir_key_equals_essentia():
    """The keys are equal although profiles and spectra differ: mir correlates every bin with
    Krumhansl's profiles, essentia spectral peaks with profiles of electronic music.
    """
    for notes in ((0, 4, 7), (2, 6, 9), (0, 3, 7)):
        sound = triad(notes, 2, frames.RATE_HZ)
        actual = dict(zip(tonality.KEY_NAMES, tonality.key_features(sound).values[0], strict=True))
        expected = features_at(triad(notes, 2), 1.0)
        for name in ("tonic_cos", "tonic_sin"):
            assert actual[f"tone.{name}"] == pytest.approx(expected[f"tonal.{name}.mean"], abs=1e-4)
        assert np.sign(actual["tone.key_mode"]) == expected["tonal.key_mode.mean"]


@pytest.mark.parametrize("bpm", [90, 120, 150])
def test_mir_tempo_agrees_with_essentia(bpm):
    """The best lag in 3 s of mir against the median interval of beats tracked by essentia.

    MFCC, roughness and chroma are not compared: essentia has HTK bands, a dissonance relative to
    loudness, and a pitch class profile of peaks with added harmonics.
    """
    samples = clicks(bpm, 12, frames.RATE_HZ)
    tempo, _ = rhythm.rhythm_features(pitch.harmonic_features(samples)[1])
    _, ticks, *_ = standard.RhythmExtractor2013(method="degara")(clicks(bpm, 12))
    assert np.median(tempo.values) == pytest.approx(np.median(60 / np.diff(ticks)), rel=0.02)


def with_nonfinite_samples():
    samples = noise(6) + sine(440)
    samples[RATE_HZ : RATE_HZ + 100] = np.nan
    samples[2 * RATE_HZ] = np.inf
    return samples


EDGE_CASES = {
    "silence": np.zeros(4 * RATE_HZ, np.float32),
    "dither": noise(4, 2e-5),
    "noise": noise(4),
    "click": np.eye(1, 4 * RATE_HZ, 2 * RATE_HZ, dtype=np.float32)[0],
    "0.3 s": noise(0.3),
    "one sample": np.ones(1, np.float32),
    "empty": np.zeros(0, np.float32),
    "constant": np.full(4 * RATE_HZ, 0.5, np.float32),
    "square": np.sign(sine(100, 4)),
    "highest frequency": np.resize(np.float32([1, -1]), 4 * RATE_HZ),
    "not finite": with_nonfinite_samples(),
    "chord": triad((0, 4, 7), 12),
}


@pytest.mark.parametrize("sound", EDGE_CASES)
def test_edge_cases_give_no_warnings_and_values_in_declared_ranges(sound):
    samples = EDGE_CASES[sound]
    moments_s = np.arange(0.5, max(len(samples) / RATE_HZ, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = dict(zip(NAMES, essentia.measure(samples, moments_s).T, strict=True))
    for feature in COLUMNS:
        mean, deviation = (values[f"{feature.name}.{s}"] for s in ("mean", "std"))
        assert not np.isinf(mean).any() and not np.isinf(deviation).any()
        finite = mean[~np.isnan(mean)]
        slack = 1e-3 * max(1, abs(finite).max(initial=0))
        assert (finite >= feature.low - slack).all(), (feature, finite.min())
        assert (finite <= feature.high + slack).all(), (feature, finite.max())
        assert (np.isnan(mean) == np.isnan(deviation)).all()


@pytest.mark.parametrize("sound", ["silence", "dither", "empty", "one sample"])
def test_features_of_silent_or_empty_audio_are_nan(sound):
    assert all(np.isnan(value) for value in features_at(EDGE_CASES[sound], 0.0).values())


def test_short_audio_lacks_only_features_of_longer_windows():
    result = features_at(noise(2.9) + sine(440, 2.9), 1.0)
    absent = {name.rsplit(".", 1)[0] for name, value in result.items() if np.isnan(value)}
    rhythm_names = {"rhythm.bpm", "rhythm.beat_loudness", "rhythm.onset_rate"}
    assert absent == {*rhythm_names, "loudness.short_term"}
    result = features_at(noise(0.3), 0.1)
    absent = {name.rsplit(".", 1)[0] for name, value in result.items() if np.isnan(value)}
    assert absent == {*rhythm_names, "loudness.short_term", "loudness.momentary"}


def test_nonfinite_sample_affects_only_its_own_frames():
    spectral = essentia.frame_features(with_nonfinite_samples())[0]
    missing_s = spectral.times_s[np.isnan(spectral.values[:, 0])]
    assert len(missing_s) == 4
    assert np.abs(missing_s[:, None] - [1.0, 2.0]).min(1).max() < 0.05


def test_every_column_is_produced_and_declared_once():
    produced = [name for series in essentia.frame_features(noise(4)) for name in series.names]
    assert sorted(produced) == sorted(feature.name for feature in COLUMNS)
    assert len(set(NAMES)) == len(NAMES) == 250
    assert all(feature.definition and feature.source for feature in COLUMNS)


def test_hops_equal_those_the_columns_declare():
    series = essentia.frame_features(noise(4))
    assert np.diff(series[0].times_s) == pytest.approx(HOP_S)
    for one in (*series[1:4], series[-1]):
        hop_s = next(f.hop_s for f in COLUMNS if f.name == one.names[0])
        assert np.diff(one.times_s).mean() == pytest.approx(hop_s), one.names


def test_features_in_pieces_equal_a_single_pass_except_rhythm(monkeypatch):
    """Beats are tracked per piece and may differ; the flux restarts in each piece."""
    sound = clicks(100, 50) + triad((0, 4, 7), 50) + noise(50, 0.01)
    moments_s = np.arange(0.5, 50)
    whole = essentia.measure(sound, moments_s)
    monkeypatch.setattr(texture, "PIECE_S", 15)
    pieces = essentia.measure(iter(np.split(sound, 7)), moments_s)
    same = [
        index for index, name in enumerate(NAMES) if not name.startswith(("rhythm", "loudness"))
    ]
    assert pieces[:, same] == pytest.approx(whole[:, same], rel=1e-3, abs=1e-4)
    loud = [index for index, name in enumerate(NAMES) if name.startswith("loudness")]
    assert pieces[:, loud] == pytest.approx(whole[:, loud], abs=0.05)


def test_features_are_bit_identical_when_recomputed():
    twice = (essentia.measure(noise(4), np.arange(4.0)) for _ in range(2))
    assert np.array_equal(*twice, equal_nan=True)


def test_mir_and_essentia_have_no_column_in_common():
    assert not set(NAMES) & set(mir.NAMES)
