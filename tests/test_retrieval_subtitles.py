"""Tests of reading subtitles: formats, encodings and invalid entries."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.errors import MediaError
from scorelens.retrieval.data.subtitles import Subtitle, read_subtitles, words_between

SRT = (
    "\ufeff1\r\n00:00:01,000 --> 00:00:02,500 X1:40\r\n<i>Who goes</i>\r\nthere?\r\n\r\n"
    "2\r\n00:01:00,5 --> 00:01:02.250\r\n{\\an8}7\r\n\r\n"
    "3\r\n01:00:00,000 --> 01:00:01,000\r\nLines with\r\n\r\na gap.\r\n"
)
FRENCH = "Où étais-tu hier soir ? Ça va être très bien, mon chéri. Où que tu sois, reviens."
RUSSIAN = "Где ты был вчера ночью? Пойдём отсюда сейчас же. У нас мало времени."
JAPANESE = "昨日の夜、どこにいたの？家族と家にいたよ。早くここから出よう。"
CHINESE = "你昨天晚上在哪里？我和家人在家。我们现在离开这里吧。"
ASS = r"""[Script Info]
[V4+ Styles]
Style: Loud,Arial,&HZZ
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:05.00,0:00:06.50,Loud,,0,0,0,,{\i1}Hi{\i0}\Nthere,\hyou
Dialogue: 0,soon,0:00:06.50,Loud,,0,0,0,,never
Dialogue: 0,0:00:09.00,0:00:08.00,Loud,,0,0,0,,backwards
Comment: 0,0:00:05.00,0:00:06.50,Loud,,0,0,0,,a note
Dialogue: 0,0:00:01.00,0:00:02.50,Loud,,wide,0,0,,first
Dialogue: 0,0:00:01.00,0:00:02.50,Loud,,0,0,0,,{\p1}m 0 0 l 100 0 100 100{\p0}
"""
VTT = """WEBVTT - a film

NOTE not to be read

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.500 align:start
<v Bob>Tom &amp; <c.loud>Je</c><00:01.500>rry &lt;3

01:00:01.000 --> 01:00:02.500
It is
7

NOTE nor this
"""


@pytest.fixture
def read(tmp_path):
    """A function that writes text or bytes to a file and reads its subtitles."""

    def write_and_read(content):
        path = tmp_path / "film.srt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_subtitles(path)

    return write_and_read


def entry(times, words="Run!"):
    """A SubRip file of three subtitles, of which the second has the given times and words."""
    return (
        "1\n00:00:01,000 --> 00:00:02,000\nfirst\n\n"
        f"2\n{times}\n{words}\n\n"
        "3\n00:09:01,000 --> 00:09:02,000\nlast\n"
    )


def test_subrip_is_parsed_without_markup_and_numbers(read):
    assert read(SRT) == [
        (1.0, 2.5, "Who goes there?"),
        (60.5, 62.25, "7"),
        (3600.0, 3601.0, "Lines with a gap."),
    ]


def test_subrip_without_numbers_or_blank_lines_is_parsed(read):
    subtitle = "00:00:0{0},000 --> 00:00:0{0},500\n{1}\n"
    lines = read("".join(map(subtitle.format, range(4), ["Wait!", "Why\n\n12", "No", "It is\n7"])))
    assert [line.text for line in lines] == ["Wait!", "Why", "No", "It is 7"]
    lines = read("\n".join(map(subtitle.format, range(2), ["Wait\nhere!", "7"])))
    assert [line.text for line in lines] == ["Wait here!", "7"]


def test_unordered_subtitles_are_sorted_by_time(read):
    subtitle = "1\n00:00:0{0},000 --> 00:00:0{0},500\n{0}\n\n"
    assert [line.text for line in read("".join(map(subtitle.format, (3, 1, 2))))] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("times", "start_s", "end_s"),
    [
        ("00:01:02 --> 00:01:04", 62, 64),
        ("00:01:02:500 --> 00:01:04:000", 62.5, 64),
        ("00:01:02, 500 --> 00:01:04, 000", 62.5, 64),
        ("00:01:02 .500 --> 00:01:04 .000", 62.5, 64),
        ("0:1:2,5 --> 0:1:4,00", 62.5, 64),
        ("01:02.500 --> 01:04.000", 62.5, 64),
        ("00:01:02,500 -> 00:01:04,000", 62.5, 64),
        ("00:01:02,500-->00:01:04,000", 62.5, 64),
        ("  00:01:02,500 --> 00:01:04,000  X1:100 Y1:20", 62.5, 64),
        ("00:01:02,500 --> 00:01:02,500", 62.5, 62.5),
    ],
)
def test_time_format_variants_are_parsed(read, times, start_s, end_s):
    assert read(entry(times))[1] == (start_s, end_s, "Run!")


@given(st.integers(0, 99 * 3_600_000), st.integers(0, 60_000))
def test_times_are_parsed_to_the_millisecond(tmp_path_factory, start_ms, length_ms):
    def stamp(ms):
        minutes, seconds = divmod(ms // 1000, 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d},{ms % 1000:03d}"

    path = tmp_path_factory.getbasetemp() / "any.srt"
    end_ms = start_ms + length_ms
    path.write_text(f"1\n{stamp(start_ms)} --> {stamp(end_ms)}\nRun!\n")
    assert read_subtitles(path) == [(start_ms / 1000, end_ms / 1000, "Run!")]


@pytest.mark.parametrize(
    "times",
    [
        "00:00:09,000 --> 00:00:08,000",
        "-00:00:01,500 --> 00:00:02,000",
        "00:00:xx,000 --> 00:00:08,000",
        "soon --> later",
    ],
)
def test_subtitle_with_invalid_times_is_left_out_and_logged(read, tmp_path, caplog, times):
    assert [line.text for line in read(entry(times))] == ["first", "last"]
    problem = "1 of 3 subtitles without usable times left out: its times are"
    assert caplog.messages == [f"{tmp_path / 'film.srt'}: {problem} {times!r}"]


def test_arrow_in_subtitle_text_is_not_parsed_as_times(read, caplog):
    words = "EXIT --> second floor\n2 -> 3"
    lines = read(entry("00:01:02,500 --> 00:01:04,000", words))
    assert [line.text for line in lines] == ["first", "EXIT --> second floor 2 -> 3", "last"]
    assert not caplog.messages


def test_substation_alpha_is_parsed(read, caplog):
    assert read(ASS) == [(1.0, 2.5, "first"), (5.0, 6.5, "Hi there, you")]
    assert "2 of 4 subtitles without usable times left out" in caplog.text


def test_webvtt_is_parsed(read):
    assert read(VTT) == [(1.0, 2.5, "Tom & Jerry <3"), (3601.0, 3602.5, "It is 7")]


def test_microdvd_is_parsed_only_with_a_frame_rate(read):
    assert read("{1}{1}25\n{25}{50}{y:i}Hi|there\n") == [(1.0, 2.0, "Hi there")]
    with pytest.raises(MediaError, match="gives no frame rate"):
        read("{25}{50}Hi|there\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("words", [FRENCH, RUSSIAN, JAPANESE])
def test_unicode_encodings_are_detected_without_warning(read, caplog, encoding, words):
    lines = read(entry("00:01:02,500 --> 00:01:04,000", words).encode(encoding))
    assert lines[1] == (62.5, 64.0, words)
    assert not caplog.messages


@pytest.mark.parametrize(
    ("encoding", "words", "codec"),
    [
        ("cp1252", FRENCH, "cp1252"),
        ("iso8859-1", FRENCH, "cp1252"),
        ("cp1251", RUSSIAN, "cp1251"),
        ("koi8-r", RUSSIAN, "koi8_r"),
        ("iso8859-5", RUSSIAN, "iso8859_5"),
        ("shift-jis", JAPANESE, "cp932"),
        ("gbk", CHINESE, "gb18030"),
    ],
)
def test_legacy_encoding_is_detected_and_logged(read, tmp_path, caplog, encoding, words, codec):
    lines = read(entry("00:01:02,500 --> 00:01:04,000", words).encode(encoding))
    assert lines[1].text == words
    assert caplog.messages == [
        f"{tmp_path / 'film.srt'}: no Unicode: taken for {codec}; if its words come out wrong, "
        "save it as UTF-8"
    ]


def test_utf8_with_few_invalid_bytes_is_decoded_as_utf8(read, caplog):
    lines = read(entry("00:01:02,500 --> 00:01:04,000", RUSSIAN).encode() + b"\xd0")
    assert lines[1].text == RUSSIAN
    assert "utf-8 with 1 damaged letter;" in caplog.text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "holds no usable subtitle"),
        (b"1\n2\n", "holds no usable subtitle"),
        (b"\x00\xff\x12" * 50, "holds no usable subtitle"),
        (b'{"words": 1}', "holds no usable subtitle"),
        (b"-0:00:01 --> 0:00:02\nA", "holds no usable subtitle: its times are '-0:00:01 --> 0:"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_file_without_subtitles_raises_media_error(tmp_path, caplog, content, problem):
    caplog.set_level(logging.CRITICAL)
    path = tmp_path / "film.srt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError) as error:
        read_subtitles(path)
    expected = "subtitles as text: SubRip (SRT), WebVTT, SubStation Alpha (ASS, SSA) or MicroDVD"
    assert str(error.value).startswith(f"{path}: {problem}")
    assert f"\n  expected: {expected}" in str(error.value)


def test_words_between_joins_overlapping_subtitles():
    lines = [(0.0, 2.0, "a"), (2.0, 4.0, "b"), (3.0, 3.5, ""), (5.0, 6.0, "c"), (9.0, 10.0, "d")]
    lines = [Subtitle(*line) for line in lines]
    assert words_between(lines, 2.0, 5.5) == "b c"
    assert words_between(lines, 6.0, 9.0) == ""
