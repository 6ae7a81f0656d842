"""Truncated files are detected from their index; wrong lengths in headers are ignored."""

import av
import pytest

from scorelens import media
from scorelens.errors import MediaError
from tests.media_files import H264, ffmpeg, id3, joined, write_flashing, write_music

FASTSTART = ("-movflags", "faststart")
TRUNCATED = {
    # file name: FFmpeg options, whether there is a picture
    "film.mp4": ((*H264, "-c:a", "aac", *FASTSTART), True),
    "film.mov": ((*H264, "-c:a", "pcm_s16le", *FASTSTART), True),
    "film.mkv": ((*H264, "-c:a", "libvorbis"), True),
    "film.webm": (("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"), True),
    "aac.m4a": (("-c:a", "aac", *FASTSTART), False),
    "alac.m4a": (("-c:a", "alac", *FASTSTART), False),
    "a.wav": ((), False),
    "s24.wav": (("-c:a", "pcm_s24le"), False),
    "a.aiff": ((), False),
    "a.flac": ((), False),
}
SECONDS = 12.0


@pytest.fixture(scope="module")
def wave(tmp_path_factory):
    return write_music(tmp_path_factory.mktemp("index_lengths") / "music.wav", SECONDS)


@pytest.fixture
def write_media(wave, tmp_path):
    """Write music, or a flashing film, with FFmpeg: write_media(name, options, picture)."""

    def write(name, options, picture=False):
        if picture:
            return write_flashing(tmp_path / name, SECONDS, 1, *options)
        ffmpeg("-i", wave, *options, tmp_path / name)
        return tmp_path / name

    return write


@pytest.mark.parametrize("share", [0.6, 0.95])
@pytest.mark.parametrize("name", TRUNCATED)
def test_truncated_file_reports_the_missing_share(write_media, name, share):
    path = write_media(name, *TRUNCATED[name])
    assert media.probe(path).missing == 0
    assert not list(media.sound_problems(path, media.probe(path)))
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * share)])
    info = media.probe(path)
    assert info.missing == pytest.approx(1 - share, abs=0.04)
    assert info.duration_s < share * SECONDS + 2
    text = str(next(media.sound_problems(path, info)))
    assert f"{name}: lacks {info.missing:.0%} of what its index lists, from" in text
    assert "hint: the copy was probably cut off; copy it again" in text


@pytest.mark.parametrize("name", ["film.mp4", "a.flac"])
def test_file_with_header_only_raises_media_error(write_media, name):
    path = write_media(name, *TRUNCATED[name])
    content = path.read_bytes()
    start = content.index(b"mdat") + 4 if name == "film.mp4" else content.index(b"\xff\xf8")
    path.write_bytes(content[:start])
    with pytest.raises(MediaError, match=f"{name}: (holds no sound|cannot be read as media)"):
        media.probe(path)


def assert_complete(path, seconds=SECONDS, tolerance_s=0.1):
    info = media.probe(path)
    assert info.missing == 0
    assert info.duration_s == pytest.approx(seconds, abs=tolerance_s)
    assert not list(media.sound_problems(path, info))
    return info


@pytest.mark.parametrize("name", ["a.flac", "a.wav", "a.aiff", "aac.m4a", "film.mp4", "film.mkv"])
@pytest.mark.parametrize("trailing", [b"TAG" + bytes(125), bytes(3000), id3(500)])
def test_trailing_bytes_do_not_change_the_length(write_media, tmp_path, name, trailing):
    assert_complete(
        joined(tmp_path / f"trailing_{name}", write_media(name, *TRUNCATED[name]), trailing)
    )


def test_flac_with_too_large_header_total_has_its_decoded_length(write_media, tmp_path):
    """The cut of 5 s has the header total of the 12 s file; all of its frames are complete."""
    cut = tmp_path / "cut.flac"
    ffmpeg("-i", write_media("a.flac", ()), "-t", 5, "-c", "copy", cut)
    info = assert_complete(cut, 5)
    assert list(media.length_notes(info)) == ["the header says 12.0 s, there are 5.0 s"]


@pytest.mark.parametrize("extension", ["mkv", "mp4"])
def test_subtitles_longer_than_the_film_do_not_change_its_length(write_media, tmp_path, extension):
    subtitles = tmp_path / "words.srt"
    subtitles.write_text(
        "1\n00:00:02,000 --> 00:00:03,000\nHello\n\n2\n00:01:00,000 --> 00:01:09,000\nBye"
    )
    plain, film = write_media("film.mkv", *TRUNCATED["film.mkv"]), tmp_path / f"words.{extension}"
    codecs = ("-c:v", "copy", "-c:a", "aac", "-c:s", "srt" if extension == "mkv" else "mov_text")
    ffmpeg("-i", plain, "-i", subtitles, "-map", 0, "-map", 1, *codecs, film)
    info = assert_complete(film)
    if extension == "mkv":
        assert list(media.length_notes(info)) == ["the header says 69.0 s, there are 12.0 s"]


@pytest.mark.parametrize("muxer", ["wav", "aiff", "flac", "matroska", "webm", "w64"])
def test_piped_file_without_sizes_has_its_decoded_length(wave, tmp_path, muxer):
    """Sizes and totals in the header are 0 or the maximum."""
    options = ("-c:a", "libopus") if muxer == "webm" else ()
    path = tmp_path / f"a.{muxer}"
    path.write_bytes(ffmpeg("-i", wave, *options, "-f", muxer, "-"))
    assert_complete(path)


def test_mp4_with_moov_after_mdat_or_with_free_box_is_complete(write_media, tmp_path):
    """The index may be at any position; a free box holds no data."""
    moov_last = write_media("film.mp4", (*H264, "-c:a", "aac"), True)
    content = moov_last.read_bytes()
    assert content.index(b"mdat") < content.index(b"moov")
    assert_complete(moov_last)
    free_box = (5008).to_bytes(4, "big") + b"free" + bytes(5000)
    assert_complete(joined(tmp_path / "free.mp4", moov_last, free_box))


def test_mp4_with_mdat_of_size_zero_is_complete(write_media, tmp_path):
    """Size 0: the box reaches to the end of the file."""
    options = (*H264, "-c:a", "aac", *FASTSTART)
    content = bytearray(write_media("film.mp4", options, True).read_bytes())
    position = content.index(b"mdat") - 4
    content[position : position + 4] = bytes(4)
    path = tmp_path / "to_the_end.mp4"
    path.write_bytes(content)
    assert_complete(path)


def test_wav_with_wrong_data_size_has_its_decoded_length(wave, tmp_path):
    """Recorders that lose power leave a size of 0, of an earlier recording or the maximum."""
    content = bytearray(wave.read_bytes())
    data = content.index(b"data") + 4
    for size in (0, 0xFFFFFFFF, 2**31 - 1):
        content[data : data + 4] = size.to_bytes(4, "little")
        path = tmp_path / f"{size}.wav"
        path.write_bytes(content)
        info = media.probe(path)
        assert info.missing == 0
        assert info.duration_s == pytest.approx(SECONDS, abs=0.01)


def test_wrong_xing_frame_count_is_a_note(wave, tmp_path):
    path = tmp_path / "a.mp3"
    ffmpeg("-i", wave, "-c:a", "libmp3lame", "-q:a", "4", path)
    content = bytearray(path.read_bytes())
    position = content.index(b"Xing") + 8
    content[position : position + 4] = (5000).to_bytes(4, "big")
    path.write_bytes(content)
    info = assert_complete(path)
    assert list(media.length_notes(info)) == ["the header says 130.6 s, there are 12.0 s"]


@pytest.mark.parametrize("kind", ["sound", "picture"])
def test_different_ends_of_sound_and_picture_are_a_note(tmp_path, kind):
    film = write_flashing(
        tmp_path / "a.mkv", SECONDS, 1, *H264, "-c:a", "flac", **{f"{kind}_s": 4.0}
    )
    info = assert_complete(film)
    other = "picture" if kind == "sound" else "sound"
    assert list(media.length_notes(info)) == [f"the {kind} ends at 4.0 s, the {other} at 12.0 s"]


def test_unreadable_end_of_wavpack_file_is_a_note(wave, tmp_path):
    """WavPack has no index of the whole file; FFmpeg stops reading at damaged bytes."""
    ffmpeg("-i", wave, tmp_path / "a.wv")
    film = joined(tmp_path / "joined.wv", tmp_path / "a.wv", bytes(100_000), tmp_path / "a.wv")
    info = assert_complete(film)
    assert list(media.length_notes(info)) == [
        "nothing can be read after 12.0 s (Invalid data found when processing input)"
    ]


def test_undecodable_sound_is_a_problem(wave, tmp_path):
    path = tmp_path / "a.mka"
    ffmpeg("-i", wave, "-c:a", "flac", path)
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    content = path.read_bytes()
    for packet in packets:
        content = content.replace(packet, bytes(len(packet)))
    path.write_bytes(content)
    problems = list(media.sound_problems(path, media.probe(path)))
    assert [problem.what for problem in problems] == ["has sound that cannot be decoded"]
    assert "protected against copying" in problems[0].hint
