"""Frame features on signals of known values, and against librosa."""

import librosa
import numpy as np
import pytest
from scipy import fft

from scorelens.features import frames, mir, pitch, rhythm, roughness, timbre, tonality
from scorelens.features.frames import RATE_HZ, Series

C_MAJOR, C_MINOR = (0, 4, 7), (0, 3, 7)


def times(seconds):
    return np.arange(int(seconds * RATE_HZ)) / RATE_HZ


def sine(hz, seconds=6.0, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * hz * times(seconds))).astype(np.float32)


def tone(hz, seconds=6.0, harmonics=6):
    """A tone whose h-th harmonic has the amplitude 0.1 / h."""
    return sum(sine(h * hz, seconds, 0.1 / h) for h in range(1, harmonics + 1))


def chord(semitones, seconds=3.0):
    return sum(tone(261.6256 * 2 ** (s / 12), seconds) for s in semitones)


def noise(seconds=20.0):
    return np.random.default_rng(5).normal(0, 0.1, int(seconds * RATE_HZ)).astype(np.float32)


def clicks(bpm, seconds=20.0):
    samples = np.zeros(int(seconds * RATE_HZ), np.float32)
    click = sine(1000, 0.03) * np.exp(-times(0.03) / 0.005)
    for start in np.arange(0, seconds - 0.1, 60 / bpm):
        first = round(start * RATE_HZ)
        samples[first : first + len(click)] += click
    return samples


def means(samples):
    """The mean of each frame feature over the frames where it is finite."""
    result = {}
    for series in mir.frame_features(samples):
        for name, column in zip(series.names, series.values.T, strict=True):
            valid = column[np.isfinite(column)]
            result[name] = valid.mean(dtype=np.float64) if len(valid) else np.nan
    return result


@pytest.fixture(scope="module")
def noise_means():
    return means(noise())


@pytest.fixture(scope="module")
def sine_means():
    return means(sine(440))


@pytest.fixture(scope="module")
def major_means():
    return means(chord(C_MAJOR))


@pytest.mark.parametrize(
    ("name", "expected", "tolerance"),
    [
        ("timbre.zero_crossing_rate", RATE_HZ / 4, 30),
        ("timbre.centroid", RATE_HZ / 4, 30),
        ("timbre.spread", 3183, 20),  # a flat spectrum: fs / 2 / sqrt 12
        ("timbre.skewness", 0, 0.02),
        ("timbre.kurtosis", 1.8, 0.02),
        ("tone.brightness", 0.864, 0.005),
        ("tone.entropy", 0.980, 0.002),
        ("timbre.flatness", np.exp(-np.euler_gamma), 0.005),
        ("timbre.crest", 6.4, 0.1),
        ("tone.key_strength", 0.5, 0.1),
        ("rhythm.pulse_clarity", 0.12, 0.08),
        ("tone.inharmonicity", 0.5, 0.03),
        ("dynamics.rms", 0.1, 0.001),
    ],
)
def test_features_of_white_noise(noise_means, name, expected, tolerance):
    assert noise_means[name] == pytest.approx(expected, abs=tolerance)


def test_features_of_a_440_hz_sine(sine_means):
    assert sine_means["dynamics.rms"] == pytest.approx(0.5 / np.sqrt(2), abs=2e-4)
    assert sine_means["timbre.zero_crossing_rate"] == pytest.approx(440, abs=1)
    assert sine_means["timbre.roughness"] == 0
    assert sine_means["rhythm.pulse_clarity"] == 0
    assert sine_means["tone.inharmonicity"] < 0.1
    assert np.isnan(sine_means["rhythm.tempo"])


def test_centroid_of_a_sine_is_raised_by_the_side_lobes_of_the_window():
    """At 440.3 Hz the frames start at all phases, on which the side lobes depend."""
    short, *_ = timbre.short_features(sine(440.3, 10))
    centroid = short.values[:, short.names.index("timbre.centroid")]
    assert centroid.mean() == pytest.approx(640, abs=10)


def test_delta_of_a_ramp_is_its_slope_and_delta_delta_is_0():
    ramp = Series(("a",), np.arange(20.0), 0.3 * np.arange(20, dtype=np.float32)[:, None])
    first = timbre.slopes(ramp, "dmfcc")
    second = timbre.slopes(first, "ddmfcc")
    assert first.values[2:-2, 0] == pytest.approx(0.3, abs=1e-6)
    assert second.values[4:-4, 0] == pytest.approx(0, abs=1e-6)
    assert np.isnan(first.values[[0, 1, -2, -1], 0]).all()
    assert np.isnan(second.values[[3, -4], 0]).all()


def test_roughness_needs_beating_partials_and_is_quadratic_in_amplitude():
    def roughness_of(*partials_hz):
        return means(sum(sine(hz, 2, 0.2) for hz in partials_hz))["timbre.roughness"]

    beating = roughness_of(440, 480)
    assert beating > 1000 * roughness_of(440, 880)
    assert beating > 1000 * roughness_of(440)
    quiet = means(sum(sine(hz, 2, 0.002) for hz in (440, 480)))["timbre.roughness"]
    assert quiet == pytest.approx(1e-4 * beating, rel=1e-3)


def test_roughness_of_two_peaks_is_the_product_of_amplitudes_and_curve():
    spectrum = np.zeros((1, 1025), np.float32)
    spectrum[0, [40, 45]] = 3, 2
    bin_hz = RATE_HZ / 2048
    scaled = 0.24 / (0.0207 * 40 * bin_hz + 18.96) * 5 * bin_hz
    expected = 3 * 2 * (np.exp(-3.51 * scaled) - np.exp(-5.75 * scaled))
    assert roughness.roughness(spectrum, bin_hz) == pytest.approx(expected, rel=1e-5)


def test_roughness_equals_the_sum_over_all_pairs_of_peaks():
    spectrum = np.abs(np.random.default_rng(2).normal(size=(3, 1025))).astype(np.float32)
    bin_hz = RATE_HZ / 2048
    expected = []
    for row in spectrum:
        inner = np.arange(1, 1024)
        is_peak = (row[1:-1] > row[:-2]) & (row[1:-1] >= row[2:]) & (row[1:-1] > 0.01 * row.max())
        positions = inner[is_peak]
        low, high = positions[:, None] * bin_hz, positions[None, :] * bin_hz
        curve = np.where(low < high, roughness.dissonance(np.minimum(low, high), high), 0)
        expected.append(row[positions] @ curve @ row[positions])
    assert roughness.roughness(spectrum, bin_hz) == pytest.approx(expected, rel=1e-3)


def test_chroma_of_a_c_major_triad(major_means):
    chroma = np.array([major_means[f"pitch.chroma_{index}"] for index in range(12)])
    assert chroma[0] == pytest.approx(1, abs=0.01)
    assert chroma[[4, 7]] == pytest.approx([0.8, 0.8], abs=0.1)
    assert np.delete(chroma, [0, 4, 7]).max() < 0.2


def test_key_of_c_major(major_means):
    assert major_means["tone.key_strength"] == pytest.approx(0.86, abs=0.01)
    assert major_means["tone.key_mode"] == pytest.approx(0.1, abs=0.05)
    assert major_means["tone.key_clarity"] == pytest.approx(0.1, abs=0.05)
    assert (major_means["tone.tonic_cos"], major_means["tone.tonic_sin"]) == pytest.approx((1, 0))


def test_key_of_c_minor():
    result = means(chord(C_MINOR))
    assert result["tone.key_mode"] == pytest.approx(-0.3, abs=0.05)
    assert (result["tone.tonic_cos"], result["tone.tonic_sin"]) == pytest.approx((1, 0))


@pytest.mark.parametrize(("tonic", "fifths"), [(7, 1), (2, 2), (9, 3), (5, -1), (6, 6)])
def test_tonic_angle_follows_the_circle_of_fifths(tonic, fifths):
    series = tonality.key_features(chord([s + tonic for s in C_MAJOR], 1.0))
    result = dict(zip(series.names, series.values[0], strict=True))
    angle = 2 * np.pi * fifths / 12
    assert result["tone.tonic_cos"] == pytest.approx(np.cos(angle), abs=1e-5)
    assert result["tone.tonic_sin"] == pytest.approx(np.sin(angle), abs=1e-5)
    assert result["tone.key_mode"] > 0


@pytest.mark.parametrize("bpm", [60, 90, 120, 150])
def test_tempo_of_clicks(bpm):
    samples = clicks(bpm, 10)
    tempo, clarity = rhythm.rhythm_features(pitch.harmonic_features(samples)[1])
    assert np.median(tempo.values) == pytest.approx(bpm, rel=0.005)
    assert clarity.values.mean() == pytest.approx(0.87, abs=0.1)


def test_tempo_of_180_bpm_clicks_is_180_or_90_bpm():
    tempo, _ = rhythm.rhythm_features(pitch.harmonic_features(clicks(180, 10))[1])
    assert min(abs(np.median(tempo.values) - bpm) for bpm in (180, 90)) < 1


def test_weaker_fast_clicks_do_not_change_the_tempo():
    samples = clicks(120, 10) + 0.3 * clicks(480, 10)
    tempo, _ = rhythm.rhythm_features(pitch.harmonic_features(samples)[1])
    assert np.median(tempo.values) == pytest.approx(120, rel=0.005)


@pytest.mark.parametrize("hz", [80, 220, 440, 1000, 2300])
def test_pitch_of_a_tone(hz):
    block = tone(hz, 0.1, harmonics=4)[None]
    spectrum = frames.hamming_spectrum(block, pitch.FFT_SIZE)
    assert pitch.pitch_hz(spectrum**2, block.shape[1]) == pytest.approx(hz, rel=0.01)


def test_inharmonicity_is_higher_for_stretched_partials():
    harmonic = sum(sine(220 * h) for h in (1, 2, 3, 4))
    stretched = sum(sine(220 * h**1.1) for h in (1, 2, 3, 4))
    low, high = (means(s)["tone.inharmonicity"] for s in (harmonic, stretched))
    assert low < 0.15
    assert high > low + 0.1


def test_inharmonicity_is_0_at_multiples_and_1_half_way_between():
    spectrum = np.zeros((2, pitch.FFT_SIZE // 2 + 1), np.float32)
    spectrum[0, [12, 24, 36]] = 1
    spectrum[1, [18, 30, 42]] = 1
    hz = np.full(2, 12 * RATE_HZ / pitch.FFT_SIZE, np.float32)
    assert pitch.inharmonicity(spectrum, hz) == pytest.approx([0, 1], abs=1e-5)


def test_mfcc_agree_with_an_orthonormal_dct_of_slaney_bands():
    spectrum = np.abs(np.random.default_rng(4).normal(size=(5, 1025))).astype(np.float32)
    bands = spectrum @ timbre.slaney_bands(2048)
    expected = fft.dct(np.log10(bands.astype(np.float64)), norm="ortho", axis=1)[:, 1:14]
    assert timbre.cepstra(spectrum) == pytest.approx(expected, abs=2e-5)


def test_mfcc_correlate_with_librosa():
    """librosa's Slaney bands differ slightly, so only the correlation is compared."""
    samples = noise(2) + clicks(150, 2) + tone(300, 2)
    _, mfcc, _ = timbre.short_features(samples)
    mel = librosa.feature.melspectrogram(
        y=samples, sr=RATE_HZ, n_fft=2048, win_length=1102, hop_length=551, window="hamming",
        power=1, n_mels=40, fmin=133.33, fmax=6854, center=False,
    )  # fmt: skip
    expected = librosa.feature.mfcc(S=np.log10(mel), n_mfcc=14)[1:].T
    actual = mfcc.values.mean(0)
    assert np.corrcoef(actual, expected.mean(0))[0, 1] > 0.99


def test_slaney_bands_have_unit_area_and_the_published_edges():
    bands = timbre.slaney_bands(1 << 16)
    hz = frames.frequencies_hz(1 << 16)
    area = bands.sum(0, dtype=np.float64) * RATE_HZ / (1 << 16)
    assert area == pytest.approx(1, abs=2e-3)
    assert hz[bands[:, 0].argmax()] == pytest.approx(200, abs=0.5)
    assert hz[bands[:, 11].argmax()] == pytest.approx(400 / 3 + 12 * 200 / 3, abs=0.5)
    assert hz[bands.any(1)].max() == pytest.approx(6854, abs=1)


def test_spectral_moments_zero_crossings_and_flatness_agree_with_librosa():
    block = (noise(0.2) + tone(440, 0.2))[None, :1102]
    spectrum = frames.hamming_spectrum(block, 2048)
    hz = frames.frequencies_hz(2048)
    centroid, spread = timbre.spectral_moments(spectrum, hz)[0, :2]
    assert centroid == pytest.approx(librosa.feature.spectral_centroid(S=spectrum.T, freq=hz)[0, 0])
    bandwidth = librosa.feature.spectral_bandwidth(S=spectrum.T, freq=hz)[0, 0]
    assert spread == pytest.approx(bandwidth, rel=1e-4)
    power = timbre.power_features(block[0])
    actual = power.values[0, power.names.index("timbre.flatness")]
    magnitude = np.abs(np.fft.rfft(block[0, :660]))[:, None]
    expected = librosa.feature.spectral_flatness(S=magnitude, amin=1e-20)[0, 0]
    assert actual == pytest.approx(expected, rel=1e-4)
    short, *_ = timbre.short_features(block[0])
    actual = short.values[0, short.names.index("timbre.zero_crossing_rate")]
    crossings = np.count_nonzero(librosa.zero_crossings(block[0], pad=False, zero_pos=True))
    assert actual == pytest.approx(crossings / 2 * RATE_HZ / 1101, abs=RATE_HZ / 1101)


def test_strongest_chroma_of_a_scale_agrees_with_librosa():
    scale = np.concatenate([tone(261.6256 * 2 ** (s / 12), 0.5) for s in (0, 2, 4, 5, 7, 9, 11)])
    series = next(s for s in mir.frame_features(scale) if s.names[0] == "pitch.chroma_0")
    expected = librosa.feature.chroma_stft(y=scale, sr=RATE_HZ, n_fft=4096, tuning=0)
    moments = np.arange(0.25, 3.5, 0.5)
    actual = [series.values[np.abs(series.times_s - m).argmin()].argmax() for m in moments]
    expected_frames = librosa.time_to_frames(moments, sr=RATE_HZ)
    assert actual == list(expected[:, expected_frames].argmax(0)) == [0, 2, 4, 5, 7, 9, 11]
