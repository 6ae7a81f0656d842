"""The set `essentia`, and where its definitions and those of `mir` agree."""

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
    """Three tones of four harmonics each, from middle C on."""
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


def measured(samples, moment_s=3.0):
    return dict(zip(NAMES, essentia.measure(samples, np.array([moment_s]))[0], strict=True))


def test_loudness_of_the_reference_tone():
    """BS.1770: 997 Hz at 0 dB of full scale in one channel is -3.01 LUFS, so 0 in both."""
    result = measured(sine(997, amplitude=0.1))
    assert result["loudness.momentary.mean"] == pytest.approx(-20, abs=0.05)
    assert result["loudness.short_term.mean"] == pytest.approx(-20, abs=0.05)
    assert result["loudness.short_term.std"] == pytest.approx(0, abs=0.01)


def test_loudness_lies_in_the_middle_of_its_window():
    steps = np.concatenate([sine(997, 5, 0.01), sine(997, 5, 0.1)])
    momentary, short_term = essentia.frame_features(steps)[2:4]
    for series in (momentary, short_term):
        half = np.interp(-30, series.values[:, 0], series.times_s)
        assert half == pytest.approx(5.0, abs=1.6 if series is short_term else 0.3)
    assert momentary.times_s[[0, -1]] == pytest.approx([0.2, 9.8])
    assert short_term.times_s[[0, -1]] == pytest.approx([1.5, 8.5])


def test_spectrum_of_white_noise():
    result = measured(noise())
    assert result["spectral.centroid.mean"] == pytest.approx(RATE_HZ / 4, rel=0.02)
    assert result["spectral.spread.mean"] == pytest.approx((RATE_HZ / 2) ** 2 / 12, rel=0.03)
    assert result["spectral.skewness.mean"] == pytest.approx(0, abs=0.03)
    assert result["spectral.kurtosis.mean"] == pytest.approx(1.8 - 3, abs=0.03)
    assert result["spectral.zero_crossing_rate.mean"] == pytest.approx(0.5, abs=0.01)
    assert result["spectral.rolloff.mean"] == pytest.approx(0.85 * RATE_HZ / 2, rel=0.02)


def test_band_energies_of_a_sine_are_where_it_is():
    result = measured(sine(440))
    energies = [result[f"bark.band_{index:02}.mean"] for index in range(27)]
    assert np.argmax(energies) == 6  # 400 to 510 Hz; the lowest two Bark bands are halved
    low = ("low", "middle_low", "middle_high", "high")
    assert max(low, key=lambda name: result[f"spectral.energy_{name}.mean"]) == "middle_low"
    assert result["spectral.zero_crossing_rate.mean"] == pytest.approx(880 / RATE_HZ, rel=0.03)


@pytest.mark.parametrize(("tonic", "fifths"), [(0, 0), (7, 1), (9, 3), (5, -1)])
def test_profile_and_key_of_triads_start_at_c(tonic, fifths):
    notes = [tonic, tonic + 4, tonic + 7]
    result = measured(triad(notes))
    profile = [result[f"tonal.hpcp_{index:02}.mean"] for index in range(12)]
    assert sorted(np.argsort(profile)[-3:]) == sorted(note % 12 for note in notes)
    angle = 2 * np.pi * fifths / 12
    assert result["tonal.tonic_cos.mean"] == pytest.approx(np.cos(angle), abs=1e-5)
    assert result["tonal.tonic_sin.mean"] == pytest.approx(np.sin(angle), abs=1e-5)
    assert result["tonal.key_mode.mean"] == 1


def test_a_minor_triad_is_minor():
    assert measured(triad((0, 3, 7)))["tonal.key_mode.mean"] == -1


def test_tempo_and_onsets_of_clicks():
    result = measured(clicks(120, 20), 10.0)
    assert result["rhythm.bpm.mean"] == pytest.approx(120, rel=0.02)
    assert result["rhythm.onset_rate.mean"] == pytest.approx(2, abs=0.1)


def test_dissonance_of_a_semitone_is_above_that_of_an_octave():
    rough, smooth = (measured(sine(440) + sine(hz)) for hz in (466, 880))
    assert rough["spectral.dissonance.mean"] > smooth["spectral.dissonance.mean"] + 0.1


def test_moments_crest_flatness_and_level_of_mir_are_those_of_essentia():
    """One spectrum, both formulas. Kurtosis is in excess in essentia; mir divides entropy by that
    of a flat spectrum, essentia counts bits; essentia counts sign changes both ways and a sample.
    """
    block = noise(0.2)[None, :1102] + sine(440)[None, :1102]
    spectrum = frames.hamming_spectrum(block, 2048)
    ours = timbre.spectral_moments(spectrum, frames.frequencies_hz(2048))[0]
    nyquist_hz = frames.RATE_HZ / 2
    assert ours[0] == pytest.approx(standard.Centroid(range=nyquist_hz)(spectrum[0]), rel=1e-4)
    moments = standard.CentralMoments(range=nyquist_hz)(spectrum[0])
    variance, skewness, excess = standard.DistributionShape()(moments)
    assert ours[1] == pytest.approx(np.sqrt(variance), rel=1e-4)
    assert ours[2:] == pytest.approx([skewness, excess + 3], rel=1e-3)
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


def test_key_of_mir_is_that_of_essentia():
    """The profiles differ (here Krumhansl's, there those of electronic music), and so does the
    correlation: essentia takes spectral peaks, mir every bin. The keys are the same.
    """
    for notes in ((0, 4, 7), (2, 6, 9), (0, 3, 7)):
        sound = triad(notes, 2, frames.RATE_HZ)
        ours = dict(zip(tonality.KEY_NAMES, tonality.key_features(sound).values[0], strict=True))
        theirs = measured(triad(notes, 2), 1.0)
        for name in ("tonic_cos", "tonic_sin"):
            assert ours[f"tone.{name}"] == pytest.approx(theirs[f"tonal.{name}.mean"], abs=1e-4)
        assert np.sign(ours["tone.key_mode"]) == theirs["tonal.key_mode.mean"]


@pytest.mark.parametrize("bpm", [90, 120, 150])
def test_tempo_of_mir_is_that_of_essentia(bpm):
    """Here the best lag of 3 s, there the distance of tracked beats; MFCC, roughness and chroma are
    not compared: essentia's bands are HTK's, its dissonance is relative to loudness, and its pitch
    class profile adds harmonics and takes peaks only.
    """
    samples = clicks(bpm, 12, frames.RATE_HZ)
    tempo, _ = rhythm.rhythm_features(pitch.harmonic_features(samples)[1])
    _, ticks, *_ = standard.RhythmExtractor2013(method="degara")(clicks(bpm, 12))
    assert np.median(tempo.values) == pytest.approx(np.median(60 / np.diff(ticks)), rel=0.02)


def broken():
    samples = noise(6) + sine(440)
    samples[RATE_HZ : RATE_HZ + 100] = np.nan
    samples[2 * RATE_HZ] = np.inf
    return samples


ODD_SOUNDS = {
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
    "not finite": broken(),
    "chord": triad((0, 4, 7), 12),
}


@pytest.mark.parametrize("sound", ODD_SOUNDS)
def test_no_sound_crashes_warns_or_leaves_the_declared_ranges(sound):
    samples = ODD_SOUNDS[sound]
    moments_s = np.arange(0.5, max(len(samples) / RATE_HZ, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = dict(zip(NAMES, essentia.measure(samples, moments_s).T, strict=True))
    for feature in COLUMNS:
        mean, deviation = (values[f"{feature.name}.{s}"] for s in ("mean", "std"))
        assert not np.isinf(mean).any() and not np.isinf(deviation).any()
        known = mean[~np.isnan(mean)]
        slack = 1e-3 * max(1, abs(known).max(initial=0))
        assert (known >= feature.low - slack).all(), (feature, known.min())
        assert (known <= feature.high + slack).all(), (feature, known.max())
        assert (np.isnan(mean) == np.isnan(deviation)).all()


@pytest.mark.parametrize("sound", ["silence", "dither", "empty", "one sample"])
def test_silence_has_nothing(sound):
    assert all(np.isnan(value) for value in measured(ODD_SOUNDS[sound], 0.0).values())


def test_short_sounds_lack_what_takes_longer():
    result = measured(noise(2.9) + sine(440, 2.9), 1.0)
    absent = {name.rsplit(".", 1)[0] for name, value in result.items() if np.isnan(value)}
    rhythm_names = {"rhythm.bpm", "rhythm.beat_loudness", "rhythm.onset_rate"}
    assert absent == {*rhythm_names, "loudness.short_term"}
    result = measured(noise(0.3), 0.1)
    absent = {name.rsplit(".", 1)[0] for name, value in result.items() if np.isnan(value)}
    assert absent == {*rhythm_names, "loudness.short_term", "loudness.momentary"}


def test_a_value_that_is_not_finite_spoils_its_own_frames_only():
    spectral = essentia.frame_features(broken())[0]
    gone = spectral.times_s[np.isnan(spectral.values[:, 0])]
    assert len(gone) == 4
    assert np.abs(gone[:, None] - [1.0, 2.0]).min(1).max() < 0.05


def test_every_column_is_produced_and_declared_once():
    produced = [name for series in essentia.frame_features(noise(4)) for name in series.names]
    assert sorted(produced) == sorted(feature.name for feature in COLUMNS)
    assert len(set(NAMES)) == len(NAMES) == 250
    assert all(feature.definition and feature.source for feature in COLUMNS)


def test_frames_are_as_the_columns_declare():
    series = essentia.frame_features(noise(4))
    assert np.diff(series[0].times_s) == pytest.approx(HOP_S)
    for one in (*series[1:4], series[-1]):
        hop_s = next(f.hop_s for f in COLUMNS if f.name == one.names[0])
        assert np.diff(one.times_s).mean() == pytest.approx(hop_s), one.names


def test_pieces_do_not_show_but_in_the_beats(monkeypatch):
    """Beats are tracked piece by piece, so they may differ; the flux forgets its last frame."""
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


def test_same_input_same_bits():
    twice = (essentia.measure(noise(4), np.arange(4.0)) for _ in range(2))
    assert np.array_equal(*twice, equal_nan=True)


def test_mir_and_essentia_have_no_column_in_common():
    assert not set(NAMES) & set(mir.NAMES)
