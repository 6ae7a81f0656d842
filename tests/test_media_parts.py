"""Parts of a file have the samples of that time range of the whole file."""

import numpy as np
import pytest

from scorelens import media
from scorelens.media.sound import SEEKABLE
from tests.media_files import H264, RATE_HZ, ffmpeg, music, write_flashing, write_music

SECONDS = 9.0
AAC = ("-c:a", "aac", "-aac_pns", "0")  # decoded PNS noise depends on earlier frames
FORMATS = {
    "a.flac": (),
    "a.wav": (),
    "ulaw.wav": ("-c:a", "pcm_mulaw"),
    "adpcm.wav": ("-c:a", "adpcm_ms"),
    "mp3.wav": ("-c:a", "libmp3lame", "-f", "wav"),
    "rf64.wav": ("-rf64", "always"),
    "a.aiff": (),
    "a.wv": (),
    "a.tta": (),
    "a.caf": (),
    "a.w64": (),
    "alac.m4a": ("-c:a", "alac"),
    "aac.m4a": AAC,
    "he.m4a": (*AAC, "-ar", "22050"),
    "fragments.mp4": (*AAC, "-movflags", "frag_keyframe+empty_moov"),
    "s24.mov": ("-c:a", "pcm_s24le"),
    "ac3.mp4": ("-c:a", "ac3"),
    "opus.mp4": ("-c:a", "libopus"),
    "mp3.mp4": ("-c:a", "libmp3lame"),
    "a.mp3": ("-c:a", "libmp3lame", "-q:a", "4"),
    "bare.mp3": ("-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0"),
    "a.aac": AAC,
    "a.opus": ("-c:a", "libopus"),
    "a.ogg": ("-c:a", "libvorbis"),
    "a.mka": ("-c:a", "libvorbis"),
    "a.wma": ("-c:a", "wmav2"),
    "a.ac3": (),
    "aac.ts": AAC,
}


def read_part(path, start_s, end_s, rate_hz):
    return media.read_audio(media.Sound(path, start_s, end_s), rate_hz)


@pytest.fixture(scope="module")
def wave(tmp_path_factory):
    return write_music(tmp_path_factory.mktemp("parts") / "music.wav", SECONDS)


@pytest.mark.parametrize("name", FORMATS)
def test_part_equals_slice_of_the_whole_file(wave, tmp_path, name):
    path = tmp_path / name
    ffmpeg("-i", wave, *FORMATS[name], path)
    rate_hz = media.read_header(path).sample_rate_hz
    whole = media.read_audio(path, rate_hz)
    ranges_s = [(0, 2), (0.5, 1.5), (1.7, 3), (3.3, 3.4), (4.0, 7.77), (6.5, None), (2.2, 50)]
    for start_s, end_s in ranges_s:
        stop = len(whole) if end_s is None else round(end_s * rate_hz)
        expected = whole[round(start_s * rate_hz) : stop]
        result = read_part(path, start_s, end_s, rate_hz)
        assert len(result) == pytest.approx(len(expected), abs=1)
        count = min(len(result), len(expected))
        np.testing.assert_allclose(result[:count], expected[:count], atol=1e-4)
    assert len(read_part(path, SECONDS + 5, None, rate_hz)) == 0
    assert len(read_part(path, SECONDS + 5, SECONDS + 6, rate_hz)) == 0


def test_every_seekable_format_has_a_test_file(tmp_path):
    """FORMATS above has a file of each."""
    tested = {"flac", "wav", "aiff", "wv", "tta", "caf", "w64", "mov,mp4,m4a,3gp,3g2,mj2"}
    assert set(SEEKABLE) == tested


@pytest.mark.parametrize("extension", ["flac", "m4a", "mp3"])
def test_consecutive_parts_concatenate_to_the_whole_file(wave, tmp_path, extension):
    """The edges are multiples of 1/75 s, as in a CUE sheet."""
    path = tmp_path / f"a.{extension}"
    ffmpeg("-i", wave, *(AAC if extension == "m4a" else ()), path)
    edges_s = [0.0, 150 / 75, 307 / 75, 555 / 75]
    parts = [
        read_part(path, *range_s, RATE_HZ)
        for range_s in zip(edges_s, [*edges_s[1:], None], strict=True)
    ]
    whole = media.read_audio(path, RATE_HZ)
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-4)


@pytest.mark.parametrize("extension", ["flac", "m4a", "mp3", "ogg"])
def test_part_at_100_s_is_accurate_to_the_sample(tmp_path, extension):
    path = tmp_path / f"a.{extension}"
    wave = write_music(tmp_path / "a.wav", 120.0)
    ffmpeg("-i", wave, path)
    result = read_part(path, 100.0, 102.0, RATE_HZ)
    expected = 0.75 * music(120.0)[100 * RATE_HZ : 102 * RATE_HZ]
    lags = np.correlate(result, expected[1000:-1000], "valid")
    assert lags.argmax() == 1000
    assert np.corrcoef(result, expected)[0, 1] > 0.95


def test_part_times_of_film_with_delayed_sound_are_film_times(tmp_path):
    """The sound starts 1 s after the picture."""
    film = write_flashing(tmp_path / "a.mp4", 8, 1, *H264, "-c:a", "aac", delay_s=1.0)
    whole = media.read_audio(film, 8000)
    for start_s, end_s in ((0.2, 3.0), (2.5, 6.0)):
        expected = whole[round(start_s * 8000) : round(end_s * 8000)]
        result = read_part(film, start_s, end_s, 8000)
        np.testing.assert_allclose(result[100:-100], expected[100 : len(result) - 100], atol=5e-3)


def test_audio_blocks_of_part_concatenate_to_its_slice(wave):
    blocks = list(media.audio_blocks(media.Sound(wave, 1.0, 6.5), RATE_HZ, block_s=2.0))
    assert [len(block) for block in blocks] == [2 * RATE_HZ, 2 * RATE_HZ, round(1.5 * RATE_HZ)]
    whole = media.read_audio(wave, RATE_HZ)
    np.testing.assert_array_equal(np.concatenate(blocks), whole[RATE_HZ : round(6.5 * RATE_HZ)])
