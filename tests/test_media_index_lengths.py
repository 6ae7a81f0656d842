"""What an index lists and is not there is reported; headers that err are not believed."""

import av
import pytest

from scorelens import media
from scorelens.errors import MediaError
from tests.media_files import H264, ffmpeg, id3, joined, write_flashing, write_music

FAST = ("-movflags", "faststart")
TRUNCATED = {
    # name: encoder, whether there is a picture
    "film.mp4": ((*H264, "-c:a", "aac", *FAST), True),
    "film.mov": ((*H264, "-c:a", "pcm_s16le", *FAST), True),
    "film.mkv": ((*H264, "-c:a", "libvorbis"), True),
    "film.webm": (("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"), True),
    "aac.m4a": (("-c:a", "aac", *FAST), False),
    "alac.m4a": (("-c:a", "alac", *FAST), False),
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
def written(wave, tmp_path):
    """Write music, or a flashing film, with ffmpeg: written(name, how, picture)."""

    def write(name, how, picture=False):
        if picture:
            return write_flashing(tmp_path / name, SECONDS, 1, *how)
        ffmpeg("-i", wave, *how, tmp_path / name)
        return tmp_path / name

    return write


@pytest.mark.parametrize("share", [0.6, 0.95])
@pytest.mark.parametrize("name", TRUNCATED)
def test_a_file_that_is_cut_off(written, name, share):
    path = written(name, *TRUNCATED[name])
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
def test_a_file_of_which_the_header_alone_is_there(written, name):
    path = written(name, *TRUNCATED[name])
    content = path.read_bytes()
    start = content.index(b"mdat") + 4 if name == "film.mp4" else content.index(b"\xff\xf8")
    path.write_bytes(content[:start])
    with pytest.raises(MediaError, match=f"{name}: (holds no sound|cannot be read as media)"):
        media.probe(path)


def assert_whole(path, seconds=SECONDS, tolerance_s=0.1):
    info = media.probe(path)
    assert info.missing == 0
    assert info.duration_s == pytest.approx(seconds, abs=tolerance_s)
    assert not list(media.sound_problems(path, info))
    return info


@pytest.mark.parametrize("name", ["a.flac", "a.wav", "a.aiff", "aac.m4a", "film.mp4", "film.mkv"])
@pytest.mark.parametrize("rest", [b"TAG" + bytes(125), bytes(3000), id3(500)])
def test_what_follows_the_end_is_no_matter(written, tmp_path, name, rest):
    assert_whole(joined(tmp_path / f"rest_{name}", written(name, *TRUNCATED[name]), rest))


def test_the_total_of_a_longer_flac_file(written, tmp_path):
    """Copied into a cut of it; each frame is whole."""
    cut = tmp_path / "cut.flac"
    ffmpeg("-i", written("a.flac", ()), "-t", 5, "-c", "copy", cut)
    info = assert_whole(cut, 5)
    assert list(media.length_notes(info)) == ["the header says 12.0 s, there are 5.0 s"]


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_subtitles_that_outlast_the_film(written, tmp_path, ending):
    words = tmp_path / "words.srt"
    words.write_text(
        "1\n00:00:02,000 --> 00:00:03,000\nHello\n\n2\n00:01:00,000 --> 00:01:09,000\nBye"
    )
    plain, film = written("film.mkv", *TRUNCATED["film.mkv"]), tmp_path / f"words.{ending}"
    codecs = ("-c:v", "copy", "-c:a", "aac", "-c:s", "srt" if ending == "mkv" else "mov_text")
    ffmpeg("-i", plain, "-i", words, "-map", 0, "-map", 1, *codecs, film)
    info = assert_whole(film)
    if ending == "mkv":
        assert list(media.length_notes(info)) == ["the header says 69.0 s, there are 12.0 s"]


@pytest.mark.parametrize("form", ["wav", "aiff", "flac", "matroska", "webm", "w64"])
def test_written_to_a_pipe(wave, tmp_path, form):
    """Sizes and totals are 0, or as great as they can be."""
    how = ("-c:a", "libopus") if form == "webm" else ()
    path = tmp_path / f"a.{form}"
    path.write_bytes(ffmpeg("-i", wave, *how, "-f", form, "-"))
    assert_whole(path)


def test_the_index_of_mp4_last_and_free_space(written, tmp_path):
    """The index is read wherever it lies; space that is free holds nothing."""
    last = written("film.mp4", (*H264, "-c:a", "aac"), True)
    content = last.read_bytes()
    assert content.index(b"mdat") < content.index(b"moov")
    assert_whole(last)
    free = (5008).to_bytes(4, "big") + b"free" + bytes(5000)
    assert_whole(joined(tmp_path / "free.mp4", last, free))
    # A size of 0: the sound data go on to the end of the file.
    position = content.index(b"mdat") - 4
    assert_whole(joined(tmp_path / "moov.mp4", content[:position] + content[position:]))


def test_wav_of_which_the_two_sizes_do_not_agree(wave, tmp_path):
    """Recorders that lose power leave sizes of another take, or none."""
    content = bytearray(wave.read_bytes())
    data = content.index(b"data") + 4
    for size in (0, 0xFFFFFFFF, 2**31 - 1):
        content[data : data + 4] = size.to_bytes(4, "little")
        path = tmp_path / f"{size}.wav"
        path.write_bytes(content)
        info = media.probe(path)
        assert info.missing == 0
        assert info.duration_s == pytest.approx(SECONDS, abs=0.01)


def test_a_wrong_count_in_mp3_is_a_note_at_most(wave, tmp_path):
    path = tmp_path / "a.mp3"
    ffmpeg("-i", wave, "-c:a", "libmp3lame", "-q:a", "4", path)
    content = bytearray(path.read_bytes())
    position = content.index(b"Xing") + 8
    content[position : position + 4] = (5000).to_bytes(4, "big")
    path.write_bytes(content)
    info = assert_whole(path)
    assert list(media.length_notes(info)) == ["the header says 130.6 s, there are 12.0 s"]


@pytest.mark.parametrize("kind", ["sound", "picture"])
def test_ends_that_differ_are_a_note(tmp_path, kind):
    film = write_flashing(
        tmp_path / "a.mkv", SECONDS, 1, *H264, "-c:a", "flac", **{f"{kind}_s": 4.0}
    )
    info = assert_whole(film)
    other = "picture" if kind == "sound" else "sound"
    assert list(media.length_notes(info)) == [f"the {kind} ends at 4.0 s, the {other} at 12.0 s"]


def test_what_cannot_be_read_on_is_a_note(wave, tmp_path):
    """WavPack blocks carry no index of the whole; damage ends what FFmpeg reads."""
    ffmpeg("-i", wave, tmp_path / "a.wv")
    film = joined(tmp_path / "joined.wv", tmp_path / "a.wv", bytes(100_000), tmp_path / "a.wv")
    info = assert_whole(film)
    assert list(media.length_notes(info)) == [
        "nothing can be read after 12.0 s (Invalid data found when processing input)"
    ]


def test_sound_of_which_nothing_decodes(wave, tmp_path):
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
