"""Channel counts and layouts: mono is the mean of the channels that FFmpeg decodes."""

import numpy as np
import pytest
import soundfile

from scorelens import media
from tests.media_files import ffmpeg, joined

RATE_HZ = 48000
CHANNELS = (1, 2, 3, 5, 6, 7, 8, 9, 12, 16, 24, 32, 64)
OPUS = ("-c:a", "libopus", "-mapping_family", "255")
FORMATS = {
    # name: codec and options, numbers of channels that the encoder accepts without remixing
    "s16.mkv": (("-c:a", "pcm_s16le"), CHANNELS),
    "s24.mov": (("-c:a", "pcm_s24le"), CHANNELS),
    "f32.mka": (("-c:a", "pcm_f32le"), CHANNELS),
    "s24.wav": (("-c:a", "pcm_s24le"), CHANNELS),
    "s16.w64": ((), CHANNELS),
    "s16.caf": (("-c:a", "pcm_s16le"), CHANNELS),
    "s32.aiff": (("-c:a", "pcm_s32be"), CHANNELS),
    "opus.mka": (OPUS, CHANNELS),
    "vorbis.ogg": (("-c:a", "libvorbis"), CHANNELS),
    "wavpack.wv": ((), CHANNELS),
    "a.tta": ((), CHANNELS[:10]),
    "a.flac": ((), CHANNELS[:7]),
    "flac.mkv": (("-c:a", "flac"), CHANNELS[:7]),
    "a.opus": (("-c:a", "libopus", "-mapping_family", "1"), (1, 2, 6, 7, 8)),
    "aac.m4a": (("-c:a", "aac"), CHANNELS[:7]),
    "aac.ts": (("-c:a", "aac"), CHANNELS[:5]),
    "alac.m4a": (("-c:a", "alac"), (1, 2, 6, 7)),
    "a.ac3": ((), CHANNELS[:5]),
    "a.eac3": ((), CHANNELS[:5]),
    "a.dts": (("-c:a", "dca", "-strict", "-2"), (1, 2, 5, 6)),
    "a.thd": (("-c:a", "truehd", "-strict", "-2"), (2, 5, 6)),
}
LAYOUTS = [
    "7.1.4",
    "7.1(wide)",
    "octagonal",
    "22.2",
    "9.1.6",
    "cube",
    "FR+FL",
    "SL",
    "BL+FR+FC+LFE",
]


def write_channels(path, channels, seconds=1.0, rate_hz=RATE_HZ):
    """Write a file with a tone of another frequency in every channel."""
    rng, time_s = np.random.default_rng(channels), np.arange(round(seconds * rate_hz)) / rate_hz
    tones_hz = 200 + 37 * np.arange(channels)
    wave = np.sin(2 * np.pi * tones_hz * time_s[:, None]) * rng.uniform(0.2, 0.6, channels)
    soundfile.write(path, wave, rate_hz, subtype="FLOAT")
    return path


def mean_by_ffmpeg(path, channels):
    raw = ffmpeg("-i", path, "-map", "0:a:0", "-f", "f32le", "-c:a", "pcm_f32le", "-")
    return np.frombuffer(raw, np.float32).reshape(-1, channels).mean(1)


def assert_mean(path, channels, rate_hz=RATE_HZ):
    header = media.read_header(path)
    assert header.channels == channels
    sound, expected = media.read_audio(path, rate_hz), mean_by_ffmpeg(path, channels)
    count = min(len(sound), len(expected))
    assert abs(len(sound) - len(expected)) <= 1024  # FFmpeg trims the padding of AAC's last frame
    np.testing.assert_allclose(sound[:count], expected[:count], atol=1e-4)
    assert np.abs(expected).max() > 0.02


@pytest.mark.parametrize("name", FORMATS)
def test_mono_is_the_mean_of_all_channels_in_every_format(tmp_path, name):
    options, counts = FORMATS[name]
    for channels in counts:
        path = tmp_path / f"{channels}_{name}"
        ffmpeg("-i", write_channels(tmp_path / "a.wav", channels, 0.5), *options, path)
        assert_mean(path, channels)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("extension", ["caf", "mov", "wav", "mka"])
def test_nonstandard_channel_layouts_are_decoded(tmp_path, layout, extension):
    """Reading such a layout with PyAV is a double free, which crashes the process."""
    counts = {"7.1.4": 12, "22.2": 24, "9.1.6": 16, "cube": 8, "octagonal": 8, "7.1(wide)": 8}
    channels = counts.get(layout, layout.count("+") + 1)
    wave, path = write_channels(tmp_path / "a.wav", channels, 0.5), tmp_path / f"b.{extension}"
    channel_map = f"channelmap=channel_layout={layout}:map={'|'.join(map(str, range(channels)))}"
    ffmpeg("-i", wave, "-af", channel_map, "-c:a", "pcm_s24le", path)
    for _ in range(3):  # a double free does not always crash at once
        sound = media.read_audio(path, RATE_HZ)
    expected = soundfile.read(wave, always_2d=True)[0].mean(1)
    np.testing.assert_allclose(sound[: len(expected)], expected, atol=1e-4)
    assert media.probe(path).channels == channels


def test_eight_mono_streams_are_read_separately(tmp_path):
    """Cameras and editing software write one mono stream per channel; one of them is read."""
    wave = write_channels(tmp_path / "a.wav", 8)
    split = ["-filter_complex", "channelsplit=channel_layout=7.1"]
    path = tmp_path / "a.mov"
    ffmpeg("-i", wave, *split, "-c:a", "pcm_s16le", path)
    assert len(media.probe(path).sounds) == 8
    channels = soundfile.read(wave)[0].T
    for number in (1, 8):
        sound = media.read_audio(media.Sound(path, stream=str(number)), RATE_HZ)
        np.testing.assert_allclose(sound, channels[number - 1], atol=1e-4)


@pytest.mark.parametrize("extension", ["ts", "ac3", "mka"])
def test_channel_layout_change_within_a_stream_is_decoded(tmp_path, extension):
    """5.1, stereo and mono in one AC-3 stream, as in broadcasts with advertisements."""
    parts, expected = [], []
    for number, channels in enumerate((6, 2, 1)):
        wave = write_channels(tmp_path / "a.wav", channels, 2.0)
        parts.append(tmp_path / f"{channels}.{'ac3' if extension == 'ac3' else extension}")
        ffmpeg("-i", wave, "-c:a", "ac3", "-output_ts_offset", 2 * number, parts[-1])
        expected.append(mean_by_ffmpeg(parts[-1], channels))
    film = joined(tmp_path / f"film.{extension}", *parts)
    sound = media.read_audio(film, RATE_HZ)
    assert len(sound) == pytest.approx(6 * RATE_HZ, abs=3000)
    for number, part in enumerate(expected):
        middle = sound[round((2 * number + 0.5) * RATE_HZ) :][:RATE_HZ]
        spectrum, known = (np.abs(np.fft.rfft(x[:RATE_HZ])) for x in (middle, part[RATE_HZ // 2 :]))
        np.testing.assert_allclose(spectrum, known, atol=0.02 * known.max())


@pytest.mark.parametrize(("codec", "extension"), [("mp2", "mp2"), ("mp2", "ts"), ("ac3", "ts")])
def test_sample_rate_change_within_a_stream_is_decoded(tmp_path, codec, extension):
    parts = []
    for number, rate_hz in enumerate((48000, 32000)):
        wave = write_channels(tmp_path / "a.wav", 1, 2.0, rate_hz)
        parts.append(tmp_path / f"{rate_hz}.{extension}")
        ffmpeg("-i", wave, "-c:a", codec, "-output_ts_offset", 2 * number, parts[-1])
    film = joined(tmp_path / f"film.{extension}", *parts)
    sound = media.read_audio(film, 16000)
    assert len(sound) == pytest.approx(4 * 16000, abs=0.12 * 16000)
    for start_s in (0.5, 2.5):
        part = sound[round(start_s * 16000) :][:16000]
        assert np.abs(np.fft.rfft(part)).argmax() == 200


def test_non_finite_samples_are_read_as_silence(tmp_path, caplog):
    wave = np.full(RATE_HZ, 0.25, np.float32)
    wave[100:200], wave[300], wave[400] = np.nan, np.inf, -np.inf
    soundfile.write(tmp_path / "a.wav", wave, RATE_HZ, subtype="FLOAT")
    sound = media.read_audio(tmp_path / "a.wav", RATE_HZ)
    expected = np.where(np.isfinite(wave), wave, 0)
    np.testing.assert_array_equal(sound, expected)
    assert "102 samples are not finite; they count as silence" in caplog.text
