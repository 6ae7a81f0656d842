"""Files of several segments: chained Ogg, joined Matroska, transport streams of programs."""

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

OTHER_STREAM_IDS = ("-streamid", "0:500", "-streamid", "1:501")
OTHER_PROGRAM = ("-mpegts_start_pid", 700, "-mpegts_pmt_start_pid", 600, "-mpegts_service_id", 7)


@pytest.fixture(scope="module")
def segments(tmp_path_factory):
    """Four Ogg files of different codecs, sample rates and headers."""
    folder = tmp_path_factory.mktemp("segments")
    for seed, (name, seconds, options) in enumerate(
        [
            ("vorbis", 6.0, ("-c:a", "libvorbis")),
            ("slower", 5.0, ("-c:a", "libvorbis", "-ar", "32000", "-ac", "1")),
            ("opus", 4.0, ("-c:a", "libopus", "-f", "ogg")),
            ("flac", 3.0, ("-c:a", "flac")),
        ]
    ):
        wave = write_music(folder / f"{name}.wav", seconds, seed=seed)
        ffmpeg("-i", wave, *options, folder / f"{name}.ogg")
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
def test_chained_ogg_is_read_segment_by_segment(segments, tmp_path, names, seconds):
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


def test_damaged_ogg_segment_error_has_its_byte_offset(segments, tmp_path):
    headers = (segments / "vorbis.ogg").read_bytes()[:58]  # its first page only
    film = joined(tmp_path / "a.ogg", segments / "vorbis.ogg", headers)
    with pytest.raises(MediaError, match=r"a\.ogg: cannot be read from byte \d+ on"):
        media.probe(film)


@pytest.mark.parametrize("live", [(), ("-live", "1")])
def test_concatenated_matroska_with_and_without_sizes_stays_in_sync(tmp_path, live):
    parts = [
        write_flashing(tmp_path / f"{seed}.mkv", seconds, seed, *H264, *AAC, *live)
        for seconds, seed in PARTS
    ]
    film = joined(tmp_path / "film.mkv", *parts)
    assert len(segment_spans(film, "matroska,webm")) == 3
    assert_in_step(film, times_of(*PARTS))


def test_other_formats_are_one_segment(tmp_path):
    wave = write_music(tmp_path / "a.wav", 1.0)
    assert segment_spans(wave, "wav") == [(0, wave.stat().st_size)]


@pytest.mark.parametrize("is_in_header", [True, False], ids=["in_header", "not_in_header"])
@pytest.mark.parametrize(
    ("options", "is_continuous"),
    [
        ((*AAC, *OTHER_STREAM_IDS), True),
        ((*AAC, *OTHER_STREAM_IDS), False),
        ((*AC3, *OTHER_STREAM_IDS), False),
        ((*AAC, "-streamid", "1:501"), False),
        ((*MP2, *OTHER_PROGRAM), False),
        (AC3, False),
    ],
    ids=["streams", "streams_restart", "codec", "sound", "programme", "codec_alone"],
)
def test_transport_stream_with_changing_streams_stays_in_sync(
    tmp_path, is_in_header, options, is_continuous
):
    """The second of three parts has other streams, as an advertisement has.

    is_in_header: all streams are in the bytes that FFmpeg probes. is_continuous: time stamps are.
    """
    padding = () if is_in_header else ("-muxrate", "9M")  # FFmpeg probes the first 5 MB
    (first_s, first_seed), (second_s, second_seed), (third_s, third_seed) = PARTS
    starts = (first_s, first_s + second_s) if is_continuous else (0, 0)
    parts = [
        write_flashing(tmp_path / "1.ts", first_s, first_seed, *H264, *AAC, *padding),
        write_flashing(
            tmp_path / "2.ts",
            second_s,
            second_seed,
            *H264,
            *options,
            "-output_ts_offset",
            starts[0],
        ),
        write_flashing(
            tmp_path / "3.ts", third_s, third_seed, *H264, *AAC, "-output_ts_offset", starts[1]
        ),
    ]
    film = joined(tmp_path / "film.ts", *parts)
    assert len(segment_spans(film, "mpegts")) == 3
    assert_in_step(film, times_of(*PARTS))
    assert_pictures_at(film)


def test_additional_audio_stream_is_no_new_segment(tmp_path):
    (first_s, first_seed), (second_s, second_seed), _ = PARTS
    wave = write_music(tmp_path / "a.wav", second_s)
    write_flashing(tmp_path / "plain.ts", second_s, second_seed, *H264, *AAC)
    two_sounds = ("-map", "0:v", "-map", "0:a", "-map", "1:a", "-c", "copy", "-c:a:1", "mp2")
    ffmpeg(
        *("-i", tmp_path / "plain.ts", "-i", wave, *two_sounds, "-output_ts_offset", first_s),
        tmp_path / "2.ts",
    )
    write_flashing(tmp_path / "1.ts", first_s, first_seed, *H264, *AAC, "-muxrate", "9M")
    film = joined(tmp_path / "film.ts", tmp_path / "1.ts", tmp_path / "2.ts")
    assert len(segment_spans(film, "mpegts")) == 1
    assert_in_step(film, times_of(*PARTS[:2]))


def test_program_tables_after_damaged_bytes_are_read(tmp_path):
    """Missing bytes, additional bytes, and a table with a wrong CRC."""
    (first_s, first_seed), (second_s, second_seed), _ = PARTS
    before = write_flashing(tmp_path / "1.ts", first_s, first_seed, *H264, *AAC).read_bytes()
    after = write_flashing(
        tmp_path / "2.ts", second_s, second_seed, *H264, *AAC, *OTHER_STREAM_IDS
    ).read_bytes()
    film = joined(tmp_path / "film.ts", before[:-100], b"lost", after)
    (_, end), (start, size) = programs.program_spans(film)
    assert end == start == pytest.approx(len(before), abs=188)
    assert size == film.stat().st_size
    bad_table = bytearray(before)
    # A byte of the program map table, which follows the program association table.
    position = bad_table.index(b"\x47\x50\x00") + 188 + 20
    bad_table[position] ^= 1
    assert len(programs.program_spans(joined(tmp_path / "b.ts", bytes(bad_table), before))) == 1


def test_program_spans_of_damaged_recording_take_less_than_5_s(tmp_path):
    """One packet in ten is truncated, so the packet boundary is searched again each time."""
    whole = write_flashing(tmp_path / "1.ts", *PARTS[0], *H264, *AAC, "-muxrate", "9M").read_bytes()
    packets = [whole[k : k + 188] for k in range(0, len(whole), 188)]
    damaged = b"".join(p[: 150 if k % 10 == 9 else 188] for k, p in enumerate(packets))
    film = joined(tmp_path / "film.ts", damaged)
    start = time.process_time()
    assert len(programs.program_spans(film)) == 1
    assert time.process_time() - start < 5


def test_transport_stream_with_192_byte_packets_stays_in_sync(tmp_path):
    """In M2TS files of Blu-ray discs and cameras, a time stamp precedes each packet."""
    options = ("-mpegts_m2ts_mode", "1")
    (first_s, first_seed), (second_s, second_seed), _ = PARTS
    parts = [
        write_flashing(tmp_path / "1.m2ts", first_s, first_seed, *H264, *AAC, *options),
        write_flashing(
            tmp_path / "2.m2ts", second_s, second_seed, *H264, *AC3, *options, *OTHER_STREAM_IDS
        ),
    ]
    film = joined(tmp_path / "film.m2ts", *parts)
    assert len(segment_spans(film, "mpegts")) == 2
    assert_in_step(film, times_of(*PARTS[:2]))


def test_program_stream_with_changed_stream_ids_stays_in_sync(tmp_path):
    """The sound of the second part has another stream id, as on DVDs."""
    (first_s, first_seed), (second_s, second_seed), _ = PARTS
    parts = [
        write_flashing(tmp_path / "1.vob", first_s, first_seed, *MPEG2, *AC3),
        write_flashing(tmp_path / "2.vob", second_s, second_seed, *MPEG2, *MP2),
    ]
    assert_in_step(joined(tmp_path / "film.vob", *parts), times_of(*PARTS[:2]))


def test_default_sound_of_every_segment_is_read(tmp_path):
    """In each segment the first sound is a commentary and the second is flagged default."""
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


def test_later_mp4_files_and_later_audio_streams_are_not_read(tmp_path):
    """Documented limits: only the first MP4 file is read; sound must be in the first header."""
    (first_s, first_seed), (second_s, second_seed), _ = PARTS
    parts = [
        write_flashing(tmp_path / f"{seed}.mp4", seconds, seed, *H264, *AAC)
        for seconds, seed in PARTS[:2]
    ]
    film = joined(tmp_path / "film.mp4", *parts)
    assert_in_step(film, times_of(PARTS[0]))
    write_flashing(tmp_path / "1.ts", first_s, first_seed, *H264, "-an", "-muxrate", "12M")
    write_flashing(
        tmp_path / "2.ts", second_s, second_seed, *H264, *AAC, "-output_ts_offset", first_s
    )
    late = joined(tmp_path / "film.ts", *(tmp_path / f"{k}.ts" for k in (1, 2, 1)))
    assert not media.probe(late).has_audio
    with pytest.raises(MediaError, match=r"film\.ts: has no sound"):
        media.read_audio(late, 8000)
