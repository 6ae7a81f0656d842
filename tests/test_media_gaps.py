"""Gaps between audio frames are filled with silence; resampling error is within limits."""

import av
import numpy as np
import pytest
import soundfile

from scorelens import media
from tests.media_files import ffmpeg, joined

RATE_HZ = 8000
FRAME = 800  # samples, 0.1 s
GAP_MS = 50  # a longer gap is filled with silence


def write_frames(path, starts_ms):
    """Write Matroska audio of the constant 0.5, with a frame of 0.1 s at each start time."""
    with av.open(str(path), "w") as container:
        audio = container.add_stream("pcm_s16le", rate=RATE_HZ)
        audio.layout = "mono"
        for start_ms in starts_ms:
            samples = np.full((1, FRAME), 1 << 14, np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE_HZ, start_ms * RATE_HZ // 1000
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return path


def silent_runs(path):
    """(start sample, length) of each run of zeros, and the total number of samples."""
    wave = media.read_audio(path, RATE_HZ)
    assert set(np.unique(wave)) <= {0, 0.5}
    edges = np.flatnonzero(np.diff(np.concatenate([[0], wave == 0, [0]])))
    return list(zip(edges[::2].tolist(), np.diff(edges)[::2].tolist(), strict=True)), len(wave)


def starts_with_gaps(*gaps):
    """Start times of 30 frames in ms, with gaps: (index of the frame after it, ms) each."""
    starts = 100 * np.arange(30)
    for index, gap_ms in gaps:
        starts[index:] += gap_ms
    return starts.tolist()


@pytest.mark.parametrize(("gap_ms", "is_filled"), [(GAP_MS - 5, False), (GAP_MS + 5, True)])
def test_gap_is_filled_only_above_50_ms(tmp_path, gap_ms, is_filled):
    path = write_frames(tmp_path / "a.mka", starts_with_gaps((10, gap_ms)))
    silence = gap_ms * RATE_HZ // 1000
    expected = [(10 * FRAME, silence)] if is_filled else []
    assert silent_runs(path) == (expected, 30 * FRAME + silence * is_filled)


def test_each_gap_is_filled_with_silence_of_its_length(tmp_path):
    path = write_frames(tmp_path / "a.mka", starts_with_gaps((5, 60), (10, 70), (20, 80)))
    runs, length = silent_runs(path)
    assert runs == [(5 * FRAME, 480), (10 * FRAME + 480, 560), (20 * FRAME + 1040, 640)]
    assert length == 30 * FRAME + 1680


def test_short_gaps_are_filled_when_their_sum_exceeds_50_ms(tmp_path):
    path = write_frames(tmp_path / "a.mka", starts_with_gaps((5, 30), (10, 30), (20, 30)))
    assert silent_runs(path) == ([(10 * FRAME, 480)], 30 * FRAME + 480)


def test_change_of_sample_rate_and_channels_leaves_no_gap(tmp_path):
    parts = [tmp_path / f"{index}.ac3" for index in range(3)]
    for part, rate_hz, channels in zip(parts, (44_100, 48_000, 44_100), (1, 1, 2), strict=True):
        ffmpeg("-f", "lavfi", "-i", "sine=440:d=4", "-ar", rate_hz, "-ac", channels, part)
    wave = media.read_audio(joined(tmp_path / "a.ac3", *parts), 22_050)
    assert len(wave) == pytest.approx(12 * 22_050, abs=0.1 * 22_050)
    rms = np.sqrt([np.mean(part**2) for part in np.array_split(wave, 24)])
    assert rms.min() > 0.03


def resampled_amplitude(tmp_path, hz):
    """Amplitude of a sine of amplitude 0.5 at 48 kHz, resampled to 22,050 Hz."""
    time_s = np.arange(4 * 48_000) / 48_000
    soundfile.write(tmp_path / "a.wav", 0.5 * np.sin(2 * np.pi * hz * time_s), 48_000, "DOUBLE")
    middle = media.read_audio(tmp_path / "a.wav", 22_050)[22_050:-22_050].astype(np.float64)
    return np.sqrt(2 * np.mean(middle**2))


@pytest.mark.parametrize("hz", [100, 5000, 10_000])
def test_resampling_preserves_amplitude_below_nyquist(tmp_path, hz):
    assert resampled_amplitude(tmp_path, hz) == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("hz", [11_100, 12_050, 15_000, 21_000])
def test_resampling_attenuates_frequencies_above_nyquist_by_115_db(tmp_path, hz):
    assert 20 * np.log10(resampled_amplitude(tmp_path, hz) / 0.5) < -115
