"""Decoding and probing: levels, lengths, alignment with the picture, and words for bad files."""

from types import SimpleNamespace

import av
import numpy as np
import pytest
import soundfile

from scorelens import media
from scorelens.errors import MediaError
from scorelens.media import sound


def test_mono_is_the_mean_of_the_channels(tmp_path):
    left = np.full(22050, 0.6, np.float32)
    soundfile.write(tmp_path / "a.wav", np.stack([left, -0.2 * left / 0.6], axis=1), 22050)
    mono = media.read_audio(tmp_path / "a.wav", 22050)
    assert mono.dtype == np.float32
    assert mono.shape == (22050,)
    np.testing.assert_allclose(mono, 0.2, atol=1e-4)


@pytest.mark.parametrize("source_hz", [8000, 44100, 48000, 192000])
def test_resampling_keeps_level_length_and_pitch(tone, source_hz):
    wave = media.read_audio(tone("a.wav", 3.0, source_hz, channels=2), 22050)
    assert abs(len(wave) - 3 * 22050) <= 2
    middle = wave[22050:44100]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=2e-3)
    assert np.abs(np.fft.rfft(middle)).argmax() == 440


def test_five_channels_average(tone):
    wave = media.read_audio(tone("a.flac", 1.0, 22050, channels=6), 22050)
    assert np.abs(wave).max() == pytest.approx(0.5, abs=0.01)


def test_blocks_join_to_the_whole(tone):
    path = tone("a.wav", 7.3, 44100)
    blocks = list(media.audio_blocks(path, 22050, block_s=2))
    assert [len(block) for block in blocks[:-1]] == [44100, 44100, 44100]
    np.testing.assert_array_equal(np.concatenate(blocks), media.read_audio(path, 22050))


@pytest.mark.parametrize("start_s", [0.0, 0.5])
def test_time_counts_from_the_first_picture(film, start_s):
    click = np.zeros(48000)
    click[4800] = 0.9
    wave = media.read_audio(film("a.mkv", click, sound_start_s=start_s), 48000)
    assert np.abs(wave).argmax() == pytest.approx(4800 + start_s * 48000, abs=48)


def test_probe_tells_what_is_there(film, tone):
    info = media.probe(film("a.mkv", np.zeros(96000)))
    assert (info.width, info.height, info.frame_rate_hz) == (32, 16, 10)
    assert (info.sample_rate_hz, info.channels) == (48000, 1)
    assert info.duration_s == pytest.approx(2, abs=0.11)
    sound = media.probe(tone("a.flac", 1.5, 44100, channels=2))
    assert not sound.has_video
    assert sound.duration_s == pytest.approx(1.5)


def test_paths_with_spaces_and_other_scripts(tone):
    assert len(media.read_audio(tone("мой фильм/第 1 {a}.wav", 1.0), 22050)) == 22050


def test_missing_file(tmp_path):
    with pytest.raises(MediaError, match=r"nothing\.mp4: does not exist\n  expected: a media file"):
        media.probe(tmp_path / "nothing.mp4")


def test_folder(tmp_path):
    with pytest.raises(MediaError, match="is a folder"):
        media.read_audio(tmp_path, 22050)


def test_empty_file(tmp_path):
    (tmp_path / "a.mp4").touch()
    with pytest.raises(MediaError, match=r"a\.mp4: is empty \(0 bytes\)"):
        media.probe(tmp_path / "a.mp4")


def test_not_media(tmp_path):
    (tmp_path / "a.mp3").write_text("these are words, not music\n" * 50)
    with pytest.raises(MediaError, match="cannot be read as media"):
        media.read_audio(tmp_path / "a.mp3", 22050)


def test_film_without_sound(film):
    path = film("silent.mkv")
    assert not media.probe(path).has_audio
    with pytest.raises(MediaError, match=r"silent\.mkv: has no sound"):
        media.read_audio(path, 22050)


def test_an_empty_packet_is_passed_over(tone):
    """Some Ogg files end with one; the decoder refuses it."""
    with av.open(tone("tone.ogg")) as container:
        stream = container.streams.audio[0]
        packets = list(container.demux(stream))
        empty = av.Packet(0)
        empty.stream, empty.pts = stream, 5
        ending = standing_in(container, [*packets[:-1], empty, packets[-1]])
        samples = sum(frame.samples for frame in sound._frames(ending, stream))
    assert 0 <= samples - 2.0 * 22050 < 1024  # FFmpeg leaves the last block whole


def test_a_packet_that_the_decoder_refuses_is_passed_over_whatever_it_says(tone):
    """Of damaged packets it says among others that the operation is not permitted."""

    def refuse():
        raise av.error.PermissionError(1, "Operation not permitted")

    with av.open(tone("tone.wav")) as container:
        stream = container.streams.audio[0]
        packets = list(container.demux(stream))
        bad = SimpleNamespace(size=1, pts=None, dts=None, stream=stream, decode=refuse)
        damaged = standing_in(container, [bad, *packets])
        samples = sum(frame.samples for frame in sound._frames(damaged, stream))
    assert samples == 2 * 22050


def test_what_an_ogg_file_holds_before_its_first_sample_is_left_out(tone):
    """A file cut out of a longer one counts fewer samples than its first page has."""
    whole, surplus = media.read_audio(tone("whole.ogg"), 22050), 500
    cut = tone("cut.ogg")
    cut.write_bytes(b"".join(renumbered(cut.read_bytes(), surplus)))
    np.testing.assert_array_equal(media.read_audio(cut, 22050), whole[surplus:])


def standing_in(container, packets):
    """An open file that gives out other packets."""
    retained = ("name", "format", "streams")
    return SimpleNamespace(
        demux=lambda *_: packets, **{name: getattr(container, name) for name in retained}
    )


def renumbered(pages: bytes, less: int):
    """The pages of an Ogg file (RFC 3533), each with its sound counted as so many samples less."""
    while pages:
        length = 27 + pages[26] + sum(pages[27 : 27 + pages[26]])
        page, pages = bytearray(pages[:length]), pages[length:]
        position = int.from_bytes(page[6:14], "little")
        if position:
            page[6:14] = (position - less).to_bytes(8, "little")
        page[22:26] = bytes(4)
        page[22:26] = checksum(page).to_bytes(4, "little")
        yield bytes(page)


def checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 * (value >> 31)) & 0xFFFFFFFF
    return value
