"""Chroma and key from levels within 20 dB, and the resonance curve of pulse clarity."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scorelens.features import level_chroma, mir, pitch, profiles, rhythm, tonality
from scorelens.features.frames import RATE_HZ

HALF_HZ = level_chroma.HALF_RATE_HZ
C_HZ = 261.6256


def sine(hz, seconds, amplitude=0.5, rate_hz=RATE_HZ):
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * hz * t + 0.3)).astype(np.float32)


def decibels(level):
    return 10 ** (level / 20)


def loop_chroma(frame, rate_hz, lowest_hz, highest_hz):
    """Chroma of one frame, semitone by semitone, in float64."""
    size = 2 ** int(np.ceil(np.log2(len(frame))))
    amplitude = np.abs(np.fft.rfft(frame.astype(float) * np.hamming(len(frame)), size))
    hz = np.arange(len(amplitude)) * rate_hz / size
    inside = (hz >= lowest_hz) & (hz <= highest_hz)
    hz, amplitude = hz[inside], amplitude[inside]
    level = 20 + np.maximum(20 * np.log10(amplitude / amplitude.max()), -20)
    nearest = np.round(12 * np.log2(hz / C_HZ)).astype(int)
    chroma = np.zeros(12)
    for semitone in range(nearest.min(), nearest.max() + 1):
        centre = C_HZ * 2 ** (semitone / 12)
        low = centre - (centre - C_HZ * 2 ** ((semitone - 1) / 12)) / 2
        high = centre + (C_HZ * 2 ** ((semitone + 1) / 12) - centre) / 2
        band = (hz > low) & (hz < high)
        share = 0.5 if semitone in (nearest.min(), nearest.max()) else 1
        chroma[semitone % 12] += share * level[band].mean() if band.any() else 0
    return chroma / chroma.max()


@pytest.mark.parametrize(
    ("seconds", "rate_hz", "lowest_hz", "highest_hz"),
    [(0.2, HALF_HZ, 100, 3273.3), (0.1, RATE_HZ, 197.9, 6374), (1.0, RATE_HZ, 100, 3208.5)],
)
def test_level_chroma_equals_loop_over_semitones(seconds, rate_hz, lowest_hz, highest_hz):
    random = np.random.default_rng(3)
    block = random.normal(0, 0.1, (4, round(seconds * rate_hz))).astype(np.float32)
    block[:2] += sine(311.1, seconds, rate_hz=rate_hz)
    expected = [loop_chroma(frame, rate_hz, lowest_hz, highest_hz) for frame in block]
    assert level_chroma.level_chroma(block, rate_hz) == pytest.approx(np.array(expected), abs=1e-3)


@pytest.mark.parametrize(
    ("seconds", "rate_hz", "lowest_hz", "octaves"),
    [(0.2, HALF_HZ, 100, 5), (0.1, RATE_HZ, 197.9, 5), (1.0, RATE_HZ, 100, 5)],
)
def test_semitone_weights_span_whole_octaves(seconds, rate_hz, lowest_hz, octaves):
    length = round(seconds * rate_hz)
    bins, weights = level_chroma.semitone_weights(length, rate_hz)
    step_hz = rate_hz / level_chroma.fft_size(length)
    assert lowest_hz <= bins.start * step_hz < lowest_hz + step_hz
    span = (bins.stop - 1) / bins.start
    assert 2**octaves - step_hz / lowest_hz < span <= 2**octaves
    assert weights.sum(0) == pytest.approx(octaves, abs=1e-3)


@given(
    arrays(np.float32, (2, 6), elements=st.floats(0.0078125, 1, width=32)),
    st.integers(-20, 20),
)
def test_levels_range_from_0_to_20_db_and_do_not_depend_on_scale(spectrum, exponent):
    eye = np.eye(6, dtype=np.float32)
    plain = level_chroma.summed_levels(spectrum.copy(), eye) * 20 / np.log(10)
    scaled = level_chroma.summed_levels(spectrum * np.float32(2.0**exponent), eye)
    assert plain.max(1) == pytest.approx(20, abs=1e-4)
    assert plain.min() >= -1e-4
    assert scaled * 20 / np.log(10) == pytest.approx(plain, abs=1e-4)


def test_chroma_of_a_sine_equals_the_main_lobe_of_the_hamming_window():
    """The spectrum of the window in closed form: three Dirichlet kernels, half a turn apart."""
    n, hz = 2205, 440.0

    def dirichlet(cycles):
        return np.sinc(cycles) / np.sinc(cycles / n)

    step_hz = HALF_HZ / 4096
    frequency_hz = np.arange(38, 1217) * step_hz
    cycles = (frequency_hz - hz) * n / HALF_HZ
    turn = n / (n - 1)  # the window is symmetric: one period is a sample shorter
    lobe = np.abs(
        0.54 * dirichlet(cycles) + 0.23 * (dirichlet(cycles - turn) + dirichlet(cycles + turn))
    )
    level = np.maximum(20 + 20 * np.log10(lobe / lobe.max()), 0)
    bins, weights = level_chroma.semitone_weights(n, HALF_HZ)
    assert bins == slice(38, 1217)
    expected = level @ weights
    chroma = level_chroma.level_chroma(sine(hz, n / HALF_HZ, rate_hz=HALF_HZ)[None], HALF_HZ)[0]
    assert chroma == pytest.approx(expected / expected.max(), abs=0.02)
    assert chroma[9] == 1
    assert np.delete(chroma, [8, 9, 10]) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(("difference_db", "counts"), [(5, True), (15, True), (21, False)])
def test_chroma_of_a_second_tone_is_zero_when_20_db_weaker(difference_db, counts):
    a, e = sine(440, 0.2, rate_hz=HALF_HZ), sine(659.26, 0.2, rate_hz=HALF_HZ)
    chroma = level_chroma.level_chroma((a + e / decibels(difference_db))[None], HALF_HZ)[0]
    assert chroma[9] == 1
    assert (chroma[4] > 1e-4) == counts


@pytest.mark.parametrize("difference_db", [0, 4, 8, 12, 16])
def test_peak_level_of_a_second_tone_falls_by_its_difference(difference_db):
    """Both tones lie on a bin of the spectrum, with the same lobe."""
    n, size = 2048, 4096
    spectrum_hz = HALF_HZ / size
    one, other = (np.sin(2 * np.pi * k * spectrum_hz * np.arange(n) / HALF_HZ) for k in (100, 300))
    frame = (one + other / decibels(difference_db)) * np.hamming(n)
    spectrum = np.abs(np.fft.rfft(frame, size))[None].astype(np.float32)
    level = level_chroma.summed_levels(spectrum, np.eye(size // 2 + 1, dtype=np.float32))[0]
    assert level[[100, 300]] * 20 / np.log(10) == pytest.approx([20, 20 - difference_db], abs=0.05)


def test_half_rate_gives_the_chroma_of_the_full_rate():
    random = np.random.default_rng(1)
    samples = random.normal(0, 0.02, 2 * RATE_HZ).astype(np.float32)
    for hz in (196.0, 311.1, 1174.7, 2637.0):
        samples += sine(hz, 2.0, 0.1)
    chroma = level_chroma.tonal_features(samples, 0.01)[0]
    starts = np.rint((chroma.times_s - 0.1) * RATE_HZ).astype(int)
    full = np.stack([samples[start : start + 4410] for start in starts])
    assert chroma.values == pytest.approx(level_chroma.level_chroma(full, RATE_HZ), abs=0.03)


def test_tonal_features_have_the_frames_of_mirtoolbox():
    samples = sine(440, 6.0) + sine(554.37, 6.0) + sine(659.26, 6.0)
    chroma, strength, key = level_chroma.tonal_features(samples, 0.01)
    frames = {s.names: (np.diff(s.times_s).mean(), s.times_s[0]) for s in (chroma, strength, key)}
    assert frames[tonality.CHROMA_NAMES] == pytest.approx((0.01, 0.1), abs=1e-4)
    assert frames[("tone.key_strength",)] == pytest.approx((0.0125, 0.05), abs=1e-4)
    assert frames[tonality.KEY_NAMES[1:]] == pytest.approx((0.5, 0.5), abs=1e-4)
    _, mode, cosine, sine_of_tonic = key.values.T
    assert (mode > 0).all()
    assert cosine == pytest.approx(0, abs=1e-5)  # A is three fifths above C
    assert sine_of_tonic == pytest.approx(1, abs=1e-5)


def test_key_strength_is_the_best_correlation_of_each_short_frame():
    samples = sine(440, 1.0) + sine(659.26, 1.0)
    strength = level_chroma.tonal_features(samples, 0.01)[1]
    frame = samples[None, : round(0.1 * RATE_HZ)]
    profile = loop_chroma(frame[0], RATE_HZ, 197.9, 6374)
    rotations = [np.roll(p, k) for p in (tonality.MAJOR, tonality.MINOR) for k in range(12)]
    expected = max(np.corrcoef(profile, rotation)[0, 1] for rotation in rotations)
    assert strength.values[0, 0] == pytest.approx(expected, abs=2e-3)


@settings(max_examples=5)
@given(st.integers(0, 9))
def test_later_defaults_leave_all_but_tonal_features_and_pulse_clarity(seed):
    samples = np.random.default_rng(seed).normal(0, 0.1, 6 * RATE_HZ).astype(np.float32)
    later = profiles.MIRTOOLBOX._replace(has_2021_defaults=False)
    values = [
        {name: column for s in mir.frame_features(samples, p) for name, column in _columns(s)}
        for p in (profiles.MIRTOOLBOX, later)
    ]
    changed = {name for name in values[0] if not np.array_equal(*(v[name] for v in values), True)}
    assert changed == {*tonality.CHROMA_NAMES, *tonality.KEY_NAMES, "rhythm.pulse_clarity"}


def _columns(series):
    return zip(series.names, series.values.T, strict=True)


@pytest.mark.parametrize(
    ("period_s", "weight"),
    [(0.5, 1), (0.25, 0.75), (1.0, 0.75), (0.3, 0.8643), (1.5, 0.3720), (0.125, 0), (2.0, 0)],
)
def test_resonance_curve_at_given_periods(period_s, weight):
    assert rhythm.resonance(np.array([period_s])) == pytest.approx(weight, abs=1e-4)


@pytest.mark.parametrize("period_s", [0.3, 0.5, 0.75, 1.0, 1.5])
def test_pulse_clarity_of_one_period_is_its_height_times_the_resonance(period_s):
    correlation = np.zeros((1, 122))
    correlation[0, 0], correlation[0, round(period_s / 0.0125)] = 1, 0.8
    expected = 0.8 * max(1 - 0.25 * np.log2(period_s / 0.5) ** 2, 0)
    assert rhythm.pulse_clarity(correlation, has_resonance=True) == pytest.approx(expected)
    assert rhythm.pulse_clarity(correlation) == pytest.approx(0.8)


def test_pulse_clarity_of_clicks_at_60_bpm_is_three_quarters_of_the_correlation():
    samples = np.zeros(20 * RATE_HZ, np.float32)
    for start in range(0, 19 * RATE_HZ, RATE_HZ):
        samples[start : start + 661] += sine(1000, 661 / RATE_HZ) * np.exp(-np.arange(661) / 110)
    bands = pitch.harmonic_features(samples)[1]
    plain, weighted = (
        rhythm.rhythm_features(bands, has_resonance)[1].values.mean()
        for has_resonance in (False, True)
    )
    assert plain == pytest.approx(0.77, abs=0.02)
    assert weighted == pytest.approx(0.75 * plain, rel=0.01)


@pytest.mark.parametrize(("hz", "low_db", "high_db"), [(3250, -0.01, 0.01), (7800, -90, -62)])
def test_half_rate_passes_what_counts_and_stops_what_would_alias(hz, low_db, high_db):
    middle = level_chroma.half_rate(sine(hz, 2.0, 1.0))[1000:-1000]
    assert low_db <= 10 * np.log10(2 * np.mean(middle**2)) <= high_db
