"""Decoding and probing: levels, lengths, alignment with the video, and errors of bad files."""

from types import SimpleNamespace

import av
import numpy as np
import pytest
import soundfile

from scorelens import media
from scorelens.errors import MediaError
from scorelens.media import sound


def test_mono_is_the_mean_of_two_channels(tmp_path):
    left = np.full(22050, 0.6, np.float32)
    soundfile.write(tmp_path / "a.wav", np.stack([left, -0.2 * left / 0.6], axis=1), 22050)
    mono = media.read_audio(tmp_path / "a.wav", 22050)
    assert mono.dtype == np.float32
    assert mono.shape == (22050,)
    np.testing.assert_allclose(mono, 0.2, atol=1e-4)


@pytest.mark.parametrize("source_hz", [8000, 44100, 48000, 192000])
def test_resampling_preserves_level_length_and_pitch(tone, source_hz):
    wave = media.read_audio(tone("a.wav", 3.0, source_hz, channels=2), 22050)
    assert abs(len(wave) - 3 * 22050) <= 2
    middle = wave[22050:44100]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=2e-3)
    assert np.abs(np.fft.rfft(middle)).argmax() == 440


def test_mono_is_the_mean_of_six_channels(tone):
    wave = media.read_audio(tone("a.flac", 1.0, 22050, channels=6), 22050)
    assert np.abs(wave).max() == pytest.approx(0.5, abs=0.01)


def test_concatenated_blocks_equal_the_whole_file(tone):
    path = tone("a.wav", 7.3, 44100)
    blocks = list(media.audio_blocks(path, 22050, block_s=2))
    assert [len(block) for block in blocks[:-1]] == [44100, 44100, 44100]
    np.testing.assert_array_equal(np.concatenate(blocks), media.read_audio(path, 22050))


@pytest.mark.parametrize("start_s", [0.0, 0.5])
def test_audio_time_zero_is_the_first_video_frame(film, start_s):
    click = np.zeros(48000)
    click[4800] = 0.9
    wave = media.read_audio(film("a.mkv", click, sound_start_s=start_s), 48000)
    assert np.abs(wave).argmax() == pytest.approx(4800 + start_s * 48000, abs=48)


def test_probe_returns_stream_properties(film, tone):
    info = media.probe(film("a.mkv", np.zeros(96000)))
    assert (info.width, info.height, info.frame_rate_hz) == (32, 16, 10)
    assert (info.sample_rate_hz, info.channels) == (48000, 1)
    assert info.duration_s == pytest.approx(2, abs=0.11)
    info = media.probe(tone("a.flac", 1.5, 44100, channels=2))
    assert not info.has_video
    assert info.duration_s == pytest.approx(1.5)


def test_paths_with_spaces_and_non_latin_characters_are_read(tone):
    assert len(media.read_audio(tone("мой фильм/第 1 {a}.wav", 1.0), 22050)) == 22050


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(MediaError, match=r"nothing\.mp4: does not exist\n  expected: a media file"):
        media.probe(tmp_path / "nothing.mp4")


def test_folder_is_an_error(tmp_path):
    with pytest.raises(MediaError, match="is a folder"):
        media.read_audio(tmp_path, 22050)


def test_empty_file_is_an_error(tmp_path):
    (tmp_path / "a.mp4").touch()
    with pytest.raises(MediaError, match=r"a\.mp4: is empty \(0 bytes\)"):
        media.probe(tmp_path / "a.mp4")


def test_text_file_is_an_error(tmp_path):
    (tmp_path / "a.mp3").write_text("these are words, not music\n" * 50)
    with pytest.raises(MediaError, match="cannot be read as media"):
        media.read_audio(tmp_path / "a.mp3", 22050)


def test_reading_film_without_audio_stream_is_an_error(film):
    path = film("silent.mkv")
    assert not media.probe(path).has_audio
    with pytest.raises(MediaError, match=r"silent\.mkv: has no sound"):
        media.read_audio(path, 22050)


def test_empty_packet_is_skipped(tone):
    """Some Ogg files end with an empty packet, which the decoder rejects."""
    with av.open(tone("tone.ogg")) as container:
        stream = container.streams.audio[0]
        packets = list(container.demux(stream))
        empty = av.Packet(0)
        empty.stream, empty.pts = stream, 5
        patched = container_with_packets(container, [*packets[:-1], empty, packets[-1]])
        samples = sum(frame.samples for frame in sound._frames(patched, stream))
    assert 0 <= samples - 2.0 * 22050 < 1024  # FFmpeg does not trim the last block


def test_packet_rejected_by_decoder_is_skipped(tone):
    """For damaged packets the decoder also raises PermissionError."""

    def refuse():
        raise av.error.PermissionError(1, "Operation not permitted")

    with av.open(tone("tone.wav")) as container:
        stream = container.streams.audio[0]
        packets = list(container.demux(stream))
        bad = SimpleNamespace(size=1, pts=None, dts=None, stream=stream, decode=refuse)
        damaged = container_with_packets(container, [bad, *packets])
        samples = sum(frame.samples for frame in sound._frames(damaged, stream))
    assert samples == 2 * 22050


def test_surplus_samples_of_first_ogg_page_are_discarded(tone):
    """In an excerpt of a longer file the first page position is below its number of samples."""
    whole, surplus = media.read_audio(tone("whole.ogg"), 22050), 500
    cut = tone("cut.ogg")
    cut.write_bytes(b"".join(shift_page_positions(cut.read_bytes(), surplus)))
    np.testing.assert_array_equal(media.read_audio(cut, 22050), whole[surplus:])


def container_with_packets(container, packets):
    """An open container that demuxes the given packets."""
    attributes = ("name", "format", "streams")
    return SimpleNamespace(
        demux=lambda *_: packets, **{name: getattr(container, name) for name in attributes}
    )


def shift_page_positions(pages: bytes, reduction: int):
    """The pages of an Ogg file (RFC 3533) with all sample positions reduced by a number."""
    while pages:
        length = 27 + pages[26] + sum(pages[27 : 27 + pages[26]])
        page, pages = bytearray(pages[:length]), pages[length:]
        position = int.from_bytes(page[6:14], "little")
        if position:
            page[6:14] = (position - reduction).to_bytes(8, "little")
        page[22:26] = bytes(4)
        page[22:26] = checksum(page).to_bytes(4, "little")
        yield bytes(page)


def checksum(page: bytes) -> int:
    """The CRC-32 of an Ogg page."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 * (value >> 31)) & 0xFFFFFFFF
    return value
