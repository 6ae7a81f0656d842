"""Files of several segments: chained Ogg, joined Matroska, transport streams of many programmes."""

import time

import numpy as np
import pytest

from scorelens import media
from scorelens.errors import MediaError
from scorelens.media import programs
from scorelens.media.segments import segment_spans
from tests.flashing_films import (
    AAC,
    AC3,
    MP2,
    PARTS,
    assert_in_step,
    assert_pictures_at,
    times_of,
)
from tests.media_files import (
    H264,
    MPEG2,
    RATE_HZ,
    decoded_s,
    ffmpeg,
    joined,
    music,
    write_flashing,
    write_music,
)

OTHER = ("-streamid", "0:500", "-streamid", "1:501")
OTHER_PROGRAMME = ("-mpegts_start_pid", 700, "-mpegts_pmt_start_pid", 600, "-mpegts_service_id", 7)


@pytest.fixture(scope="module")
def segments(tmp_path_factory):
    """Three pieces of music in Ogg, of other codecs, sample rates and headers."""
    folder = tmp_path_factory.mktemp("segments")
    for seed, (name, seconds, how) in enumerate(
        [
            ("vorbis", 6.0, ("-c:a", "libvorbis")),
            ("slower", 5.0, ("-c:a", "libvorbis", "-ar", "32000", "-ac", "1")),
            ("opus", 4.0, ("-c:a", "libopus", "-f", "ogg")),
            ("flac", 3.0, ("-c:a", "flac")),
        ]
    ):
        wave = write_music(folder / f"{name}.wav", seconds, seed=seed)
        ffmpeg("-i", wave, *how, folder / f"{name}.ogg")
    return folder


@pytest.mark.parametrize(
    ("names", "seconds"),
    [
        ("vorbis vorbis", 12),
        ("vorbis slower", 11),
        ("vorbis opus", 10),
        ("flac slower opus vorbis", 18),
    ],
)
def test_chained_ogg_plays_segment_after_segment(segments, tmp_path, names, seconds):
    film = joined(tmp_path / "a.ogg", *(segments / f"{name}.ogg" for name in names.split()))
    assert len(segment_spans(film, "ogg")) == len(names.split())
    assert media.probe(film).duration_s == pytest.approx(seconds, abs=0.05)
    assert decoded_s(film) == pytest.approx(seconds, abs=0.05)
    start = 0
    sound = media.read_audio(film, 16000)
    for name in names.split():
        segment = media.read_audio(segments / f"{name}.ogg", 16000)
        part = sound[start + 1600 : start + len(segment) - 1600]
        assert np.corrcoef(part, segment[1600:-1600])[0, 1] > 0.95
        start += len(segment)


def test_a_damaged_segment_is_named(segments, tmp_path):
    headers = (segments / "vorbis.ogg").read_bytes()[:58]  # the page that begins it, and no more
    film = joined(tmp_path / "a.ogg", segments / "vorbis.ogg", headers)
    with pytest.raises(MediaError, match=r"a\.ogg: cannot be read from byte \d+ on"):
        media.probe(film)


@pytest.mark.parametrize("live", [(), ("-live", "1")])
def test_joined_matroska_with_and_without_sizes(tmp_path, live):
    parts = [
        write_flashing(tmp_path / f"{seed}.mkv", seconds, seed, *H264, *AAC, *live)
        for seconds, seed in PARTS
    ]
    film = joined(tmp_path / "film.mkv", *parts)
    assert len(segment_spans(film, "matroska,webm")) == 3
    assert_in_step(film, times_of(*PARTS))


def test_other_formats_are_one_link(tmp_path):
    wave = write_music(tmp_path / "a.wav", 1.0)
    assert segment_spans(wave, "wav") == [(0, wave.stat().st_size)]


@pytest.mark.parametrize("known", [True, False], ids=["header_knows", "header_does_not"])
@pytest.mark.parametrize(
    ("how", "goes_on"),
    [
        ((*AAC, *OTHER), True),
        ((*AAC, *OTHER), False),
        ((*AC3, *OTHER), False),
        ((*AAC, "-streamid", "1:501"), False),
        ((*MP2, *OTHER_PROGRAMME), False),
        (AC3, False),
    ],
    ids=["streams", "streams_restart", "codec", "sound", "programme", "codec_alone"],
)
def test_streams_that_change_midway_and_back(tmp_path, known, how, goes_on):
    """Such as for an advertisement. Unless the file is short, FFmpeg's header knows only the first.

    goes_on: the clock does.
    """
    size = () if known else ("-muxrate", "9M")  # FFmpeg looks at the first 5 MB
    (first, one), (second, two), (third, three) = PARTS
    starts = (first, first + second) if goes_on else (0, 0)
    parts = [
        write_flashing(tmp_path / "1.ts", first, one, *H264, *AAC, *size),
        write_flashing(tmp_path / "2.ts", second, two, *H264, *how, "-output_ts_offset", starts[0]),
        write_flashing(
            tmp_path / "3.ts", third, three, *H264, *AAC, "-output_ts_offset", starts[1]
        ),
    ]
    film = joined(tmp_path / "film.ts", *parts)
    assert len(segment_spans(film, "mpegts")) == 3
    assert_in_step(film, times_of(*PARTS))
    assert_pictures_at(film)


def test_a_sound_that_comes_besides_is_no_new_link(tmp_path):
    (first, one), (second, two), _ = PARTS
    wave = write_music(tmp_path / "a.wav", second)
    write_flashing(tmp_path / "plain.ts", second, two, *H264, *AAC)
    two_sounds = ("-map", "0:v", "-map", "0:a", "-map", "1:a", "-c", "copy", "-c:a:1", "mp2")
    ffmpeg(
        *("-i", tmp_path / "plain.ts", "-i", wave, *two_sounds, "-output_ts_offset", first),
        tmp_path / "2.ts",
    )
    write_flashing(tmp_path / "1.ts", first, one, *H264, *AAC, "-muxrate", "9M")
    film = joined(tmp_path / "film.ts", tmp_path / "1.ts", tmp_path / "2.ts")
    assert len(segment_spans(film, "mpegts")) == 1
    assert_in_step(film, times_of(*PARTS[:2]))


def test_tables_of_a_transport_stream_are_read_past_damage(tmp_path):
    """Bytes missing or too many, and a table whose check sum is wrong."""
    (first, one), (second, two), _ = PARTS
    before = write_flashing(tmp_path / "1.ts", first, one, *H264, *AAC).read_bytes()
    after = write_flashing(tmp_path / "2.ts", second, two, *H264, *AAC, *OTHER).read_bytes()
    film = joined(tmp_path / "film.ts", before[:-100], b"lost", after)
    (_, end), (start, size) = programs.program_spans(film)
    assert end == start == pytest.approx(len(before), abs=188)
    assert size == film.stat().st_size
    table = bytearray(before)
    # In the table of the programme, after the list.
    position = table.index(b"\x47\x50\x00") + 188 + 20
    table[position] ^= 1
    assert len(programs.program_spans(joined(tmp_path / "b.ts", bytes(table), before))) == 1


def test_a_recording_full_of_damage_is_read_in_time(tmp_path):
    """A packet in ten has lost bytes: packets must be found anew each time."""
    whole = write_flashing(tmp_path / "1.ts", *PARTS[0], *H264, *AAC, "-muxrate", "9M").read_bytes()
    packets = [whole[k : k + 188] for k in range(0, len(whole), 188)]
    damaged = b"".join(p[: 150 if k % 10 == 9 else 188] for k, p in enumerate(packets))
    film = joined(tmp_path / "film.ts", damaged)
    start = time.process_time()
    assert len(programs.program_spans(film)) == 1
    assert time.process_time() - start < 5


def test_packets_of_192_bytes(tmp_path):
    """Blu-ray discs and cameras write a time before each packet."""
    how = ("-mpegts_m2ts_mode", "1")
    (first, one), (second, two), _ = PARTS
    parts = [
        write_flashing(tmp_path / "1.m2ts", first, one, *H264, *AAC, *how),
        write_flashing(tmp_path / "2.m2ts", second, two, *H264, *AC3, *how, *OTHER),
    ]
    film = joined(tmp_path / "film.m2ts", *parts)
    assert len(segment_spans(film, "mpegts")) == 2
    assert_in_step(film, times_of(*PARTS[:2]))


def test_program_streams_whose_ids_change(tmp_path):
    """The sound of a DVD's second part has another number."""
    (first, one), (second, two), _ = PARTS
    parts = [
        write_flashing(tmp_path / "1.vob", first, one, *MPEG2, *AC3),
        write_flashing(tmp_path / "2.vob", second, two, *MPEG2, *MP2),
    ]
    assert_in_step(joined(tmp_path / "film.vob", *parts), times_of(*PARTS[:2]))


def test_sound_of_links_is_the_one_in_the_same_place(tmp_path):
    """Each part has a commentary first; the second of its sounds is flagged default."""
    parts, waves = [], []
    for seed in (1, 2):
        waves.append(music(3.0, RATE_HZ, seed))
        second_music = write_music(tmp_path / f"{seed}.wav", 3.0, seed=seed)
        first_music = write_music(tmp_path / f"other{seed}.wav", 3.0, seed=seed + 10)
        flags = ("-disposition:a:0", "comment", "-disposition:a:1", "default")
        parts.append(tmp_path / f"{seed}.mka")
        ffmpeg(
            "-i",
            first_music,
            "-i",
            second_music,
            "-map",
            0,
            "-map",
            1,
            "-c:a",
            "flac",
            *flags,
            parts[-1],
        )
    sound = media.read_audio(joined(tmp_path / "a.mka", *parts), RATE_HZ)
    np.testing.assert_allclose(sound, np.concatenate(waves) * 0.75, atol=2e-3)


def test_what_is_not_followed(tmp_path):
    """As the docs say: joined MP4 plays its first part; a sound must be named at the start."""
    (first, one), (second, two), _ = PARTS
    parts = [
        write_flashing(tmp_path / f"{seed}.mp4", seconds, seed, *H264, *AAC)
        for seconds, seed in PARTS[:2]
    ]
    film = joined(tmp_path / "film.mp4", *parts)
    assert_in_step(film, times_of(PARTS[0]))
    write_flashing(tmp_path / "1.ts", first, one, *H264, "-an", "-muxrate", "12M")
    write_flashing(tmp_path / "2.ts", second, two, *H264, *AAC, "-output_ts_offset", first)
    late = joined(tmp_path / "film.ts", *(tmp_path / f"{k}.ts" for k in (1, 2, 1)))
    assert not media.probe(late).has_audio
    with pytest.raises(MediaError, match=r"film\.ts: has no sound"):
        media.read_audio(late, 8000)
