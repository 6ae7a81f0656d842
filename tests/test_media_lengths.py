"""Lengths from packets equal decoded and true lengths, whatever the header contains."""

import numpy as np
import pytest
import soundfile

from scorelens import media
from tests.media_files import (
    RATE_HZ,
    SECONDS,
    decoded_s,
    ffmpeg,
    id3,
    joined,
    music,
    write_music,
)

APE = b"APETAGEX" + b"".join(n.to_bytes(4, "little") for n in (2000, 32, 0, 0, 0, 0))
ID3V1 = b"TAG" + bytes(125)
LAME = ("-c:a", "libmp3lame")
WITHOUT_HEADERS = ("-write_xing", "0", "-id3v2_version", "0")

FORMATS = {
    "constant.mp3": (*LAME, "-b:a", "128k"),
    "lame.mp3": (*LAME, "-q:a", "4"),
    "headerless.mp3": (*LAME, "-q:a", "4", *WITHOUT_HEADERS),
    "average.mp3": (*LAME, "-b:a", "96k", "-abr", "1", *WITHOUT_HEADERS),
    "adts.aac": ("-c:a", "aac"),
    "aac.m4a": ("-c:a", "aac"),
    "book.m4b": ("-c:a", "aac", "-f", "ipod"),
    "alac.m4a": ("-c:a", "alac"),
    "fragments.mp4": ("-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"),
    "dash.mp4": ("-c:a", "aac", "-movflags", "dash+global_sidx", "-frag_duration", "2000000"),
    "s24.mov": ("-c:a", "pcm_s24le"),
    "opus.opus": ("-c:a", "libopus"),
    "opus.webm": ("-c:a", "libopus"),
    "opus.mka": ("-c:a", "libopus"),
    "vorbis.ogg": ("-c:a", "libvorbis"),
    "vorbis.mka": ("-c:a", "libvorbis"),
    "live.mka": ("-c:a", "libvorbis", "-live", "1"),
    "flac.flac": (),
    "flac.oga": ("-c:a", "flac"),
    "flac.mka": ("-c:a", "flac"),
    "wavpack.wv": (),
    "true_audio.tta": (),
    "windows.wma": ("-c:a", "wmav2"),
    "a.ac3": (),
    "a.eac3": (),
    "a.dts": ("-c:a", "dca", "-strict", "-2"),
    "a.thd": ("-c:a", "truehd", "-strict", "-2"),
    "layer2.mp2": (),
    "rf64.wav": ("-rf64", "always"),
    "mp3_in_riff.wav": (*LAME, "-f", "wav"),
    "ulaw.wav": ("-c:a", "pcm_mulaw"),
    "adpcm.wav": ("-c:a", "adpcm_ms"),
    "a.w64": (),
    "a.aiff": (),
    "sowt.aiff": ("-c:a", "pcm_s16le", "-f", "aiff"),
    "a.caf": (),
    "a.au": (),
    "aac.ts": ("-c:a", "aac"),
    "mp2.ts": ("-c:a", "mp2"),
    "ac3.vob": ("-c:a", "ac3"),
    "mp3.avi": LAME,
    "aac.flv": ("-c:a", "aac"),
    "a.amr": ("-ar", "8000", "-ac", "1"),
}
PIPED = {
    "flac": (),
    "wav": (),
    "aiff": (),
    "w64": (),
    "wv": (),
    "mp3": (*LAME, "-q:a", "4"),
    "matroska": ("-c:a", "libvorbis"),
    "webm": ("-c:a", "libopus"),
    "avi": LAME,
    "flv": ("-c:a", "aac"),
}


@pytest.fixture(scope="module")
def wave(tmp_path_factory):
    return write_music(tmp_path_factory.mktemp("lengths") / "music.wav")


def assert_length(path, seconds=SECONDS, tolerance_s=0.05):
    info = media.probe(path)
    assert info.missing == 0
    assert info.duration_s == info.sound_s == pytest.approx(seconds, abs=tolerance_s)
    assert decoded_s(path) == pytest.approx(seconds, abs=tolerance_s)
    assert decoded_s(path) == pytest.approx(info.duration_s, abs=0.05)


@pytest.mark.parametrize("name", FORMATS)
def test_packet_and_decoded_length_agree_for_every_format(wave, tmp_path, name):
    ffmpeg("-i", wave, *FORMATS[name], tmp_path / name)
    assert_length(tmp_path / name)


@pytest.mark.parametrize("muxer", PIPED)
def test_piped_file_without_header_length_has_its_decoded_length(wave, tmp_path, muxer):
    path = tmp_path / f"piped.{muxer}"
    path.write_bytes(ffmpeg("-i", wave, *PIPED[muxer], "-f", muxer, "-"))
    assert_length(path)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 24000, 32000, 48000, 96000])
@pytest.mark.parametrize(
    ("extension", "options"),
    [
        ("mp3", (*LAME, "-q:a", "5", *WITHOUT_HEADERS)),
        ("aac", ("-c:a", "aac")),
        ("ogg", ("-c:a", "libvorbis")),
        ("flac", ()),
    ],
)
def test_packet_and_decoded_length_agree_at_every_sample_rate(
    wave, tmp_path, rate_hz, extension, options
):
    """A frame of 1,152 samples at 8 kHz is 0.14 s: one frame more or fewer is detected."""
    if rate_hz > 48000 and extension == "mp3":
        pytest.skip("MP3 has no such sample rate")
    path = tmp_path / f"a.{extension}"
    ffmpeg("-i", wave, "-ar", rate_hz, *options, path)
    assert media.probe(path).duration_s == pytest.approx(decoded_s(path), abs=0.05)


def test_tags_before_and_after_the_audio_do_not_change_the_length(wave, tmp_path):
    """An ID3 tag of 12 MB, as with a cover image, is larger than the audio."""
    for name, options in (
        ("gapless", ("-q:a", "4")),
        ("headerless", ("-q:a", "4", *WITHOUT_HEADERS)),
    ):
        untagged = tmp_path / f"{name}.mp3"
        ffmpeg("-i", wave, *LAME, *options, untagged)
        assert_length(joined(tmp_path / f"{name}_tags.mp3", id3(12_000_000), untagged, APE, ID3V1))
    flac = tmp_path / "a.flac"
    ffmpeg("-i", wave, flac)
    assert_length(joined(tmp_path / "tags.flac", id3(400), flac))
    piped = ffmpeg("-i", wave, "-f", "flac", "-")
    assert_length(joined(tmp_path / "piped.flac", id3(5000), piped, ID3V1))


@pytest.mark.parametrize("factor", [0.1, 0.5, 2, 10])
def test_wrong_xing_frame_count_does_not_change_the_length(wave, tmp_path, factor):
    path = tmp_path / "a.mp3"
    ffmpeg("-i", wave, *LAME, "-q:a", "4", path)
    data = bytearray(path.read_bytes())
    position = data.index(b"Xing") + 8
    count = int.from_bytes(data[position : position + 4], "big")
    data[position : position + 4] = round(count * factor).to_bytes(4, "big")
    path.write_bytes(data)
    assert_length(path)
    assert abs(media.probe(path).header_s - SECONDS) > 3


def test_concatenated_streams_have_the_sum_of_their_lengths(wave, tmp_path):
    parts = {}
    for name, options in (
        ("a.mp3", (*LAME, "-q:a", "4")),
        ("a.aac", ()),
        ("a.ac3", ()),
        ("a.mp2", ()),
    ):
        parts[name] = tmp_path / name
        ffmpeg("-i", wave, *options, parts[name])
        assert_length(joined(tmp_path / f"joined_{name}", *2 * [parts[name]]), 2 * SECONDS, 0.1)


@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.ogg", "a.opus", "a.wav", "a.m4a"])
def test_stream_copied_cut_has_its_own_length(wave, tmp_path, name):
    """The header may hold the length of the original; the cut is at packet boundaries."""
    ffmpeg("-i", wave, tmp_path / name)
    cut = tmp_path / f"cut_{name}"
    ffmpeg("-ss", 2, "-i", tmp_path / name, "-t", 4, "-c", "copy", cut)
    assert_length(cut, 4, tolerance_s=0.12)


def test_format_that_only_libsndfile_reads_has_its_decoded_length(tmp_path):
    """libsndfile reads Ogg files that FFmpeg refuses; FFmpeg has no PAF demuxer."""
    path = tmp_path / "a.paf"
    soundfile.write(path, music(3.0), RATE_HZ, format="PAF", subtype="PCM_16")
    assert_length(path, 3.0)
    np.testing.assert_allclose(media.read_audio(path, RATE_HZ), music(3.0), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_tracks_of_random_lengths_in_formats_without_header_length(tmp_path, seed):
    """Random lengths and sample rates, in formats whose header has no length."""
    rng = np.random.default_rng(seed)
    seconds = float(rng.uniform(20, 70))
    wave = write_music(tmp_path / "music.wav", seconds, int(rng.choice([44100, 48000])), seed)
    formats = {
        "vbr.mp3": FORMATS["headerless.mp3"],
        "a.aac": (),
        "a.opus": (),
        "a.wv": (),
        "a.tta": (),
        "a.m4b": FORMATS["book.m4b"],
    }
    for name, options in formats.items():
        ffmpeg("-i", wave, *options, tmp_path / name)
        # LAME pads 1,105 samples before and up to 1,151 after; here no header lists them.
        assert_length(tmp_path / name, seconds, 0.053 if name == "vbr.mp3" else 0.05)
    (tmp_path / "a.flac").write_bytes(ffmpeg("-i", wave, "-f", "flac", "-"))
    assert_length(tmp_path / "a.flac", seconds)
