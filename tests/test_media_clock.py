"""One clock for sound and picture: a film flashes where its sound clicks, whatever its stamps."""

import numpy as np
import pytest
import soundfile

from scorelens import media
from scorelens.visuals import sampling
from tests.flashing_films import AAC, AC3, MP2, PARTS, assert_in_step, assert_pictures_at, times_of
from tests.media_files import (
    H264,
    MPEG2,
    clicks_s,
    ffmpeg,
    flashes_s,
    joined,
    write_flashing,
)


def write_parts(folder, ending, *how, offsets_s=(0, 0, 0)):
    parts = zip(PARTS, offsets_s, strict=True)
    return [
        write_flashing(
            folder / f"{seed}.{ending}", seconds, seed, *how, "-output_ts_offset", offset
        )
        for (seconds, seed), offset in parts
    ]


@pytest.mark.parametrize(
    ("ending", "how"),
    [
        ("vob", (*MPEG2, *AC3)),
        ("mpg", (*MPEG2, *MP2)),
        ("ts", (*H264, *AAC)),
        ("m2ts", (*H264, *AC3, "-mpegts_m2ts_mode", "1")),
        ("mkv", (*H264, *AAC)),
        ("webm", ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")),
    ],
)
def test_three_films_joined_byte_by_byte(tmp_path, ending, how):
    """The clock starts again in each."""
    film = joined(tmp_path / f"film.{ending}", *write_parts(tmp_path, ending, *how))
    assert_in_step(film, times_of(*PARTS))
    assert_pictures_at(film)


def test_joined_films_of_other_codecs_and_sizes(tmp_path):
    first, second, _ = PARTS
    parts = [
        write_flashing(tmp_path / "1.mkv", *first, *H264, *AAC),
        write_flashing(
            tmp_path / "2.mkv", *second, "-c:v", "ffv1", "-vf", "scale=96:64", "-c:a", "flac"
        ),
    ]
    assert_in_step(joined(tmp_path / "film.mkv", *parts), times_of(first, second))


@pytest.mark.parametrize("kind", ["sound", "picture"])
def test_a_part_in_which_one_ends_before_the_other(tmp_path, kind):
    """What comes after it is not moved to where the shorter one ended."""
    first, second, _ = PARTS
    how = {f"{kind}_s": 4.0}
    parts = [
        write_flashing(tmp_path / "1.vob", *first, *MPEG2, *AC3, **how),
        write_flashing(tmp_path / "2.vob", *second, *MPEG2, *AC3),
    ]
    film, times_s = joined(tmp_path / "film.vob", *parts), times_of(first, second)
    there = times_s[(times_s < 4) | (times_s > 7)]
    flashes, clicked = flashes_s(film), clicks_s(film)
    np.testing.assert_allclose(flashes, times_s if kind == "sound" else there, atol=0.06)
    np.testing.assert_allclose(clicked, there if kind == "sound" else times_s, atol=0.06)


@pytest.mark.parametrize("offset_s", [95442.5, 95440.0])  # of 2**33 / 90000 = 95443.7
def test_the_clock_of_a_transport_stream_wraps(tmp_path, offset_s):
    film = tmp_path / "film.ts"
    write_flashing(film, *PARTS[0], *H264, *AAC, "-output_ts_offset", offset_s)
    assert_in_step(film, times_of(PARTS[0]))


@pytest.mark.parametrize("how", [(*H264, *AAC), (*MPEG2, *MP2)])
def test_the_clock_jumps_ahead_and_back(tmp_path, how):
    film = tmp_path / "film.ts"
    joined(film, *write_parts(tmp_path, "ts", *how, offsets_s=(0, 1000, 0)))
    assert_in_step(film, times_of(*PARTS))
    assert_pictures_at(film)


@pytest.mark.parametrize("jump_s", [30, 1000])
def test_frames_before_a_jump_are_not_shown_after_it(tmp_path, jump_s):
    """FFmpeg works out stamps of MPEG-2 pictures, and takes one across the jump."""
    film = tmp_path / "film.ts"
    joined(film, *write_parts(tmp_path, "ts", *MPEG2, *MP2, offsets_s=(0, jump_s, 2 * jump_s)))
    shown = list(sampling.shown_frames(film))
    assert all(one.end_s >= one.start_s for one in shown)
    assert_in_step(film, times_of(*PARTS))


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "flv", "vob"])
@pytest.mark.parametrize("delay_s", [1.5, -1.5])
def test_sound_that_starts_late_or_early(tmp_path, ending, delay_s):
    how = (*MPEG2, *AC3) if ending == "vob" else (*H264, *AAC)
    film = write_flashing(tmp_path / f"film.{ending}", *PARTS[0], *how, delay_s=delay_s)
    times_s = times_of(PARTS[0])
    np.testing.assert_allclose(flashes_s(film), times_s, atol=0.03)
    late = times_s + delay_s
    np.testing.assert_allclose(clicks_s(film), late[late > 0], atol=0.03)


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
def test_cut_without_encoding(tmp_path, ending):
    """The cut begins between key frames: an edit list, or stamps before 0."""
    whole = write_flashing(tmp_path / "whole.mp4", *PARTS[0], *H264, *AAC)
    film = tmp_path / f"film.{ending}"
    ffmpeg("-ss", 2.3, "-i", whole, "-c", "copy", film)
    flashes = flashes_s(film)
    np.testing.assert_allclose(
        np.diff(flashes), np.diff(times_of(PARTS[0])[-len(flashes) :]), atol=0.03
    )
    np.testing.assert_allclose(clicks_s(film)[-len(flashes) :], flashes, atol=0.06)


@pytest.mark.parametrize("ending", ["mkv", "mp4", "ts"])
@pytest.mark.parametrize("kind", ["sound", "picture"])
def test_a_pause_of_one_while_the_other_goes_on(tmp_path, ending, kind):
    """Sound that pauses for 30 s, or one picture on screen for 30 s, is no jump of the clock."""
    seconds, seed, pause = 40, 5, (5.0, 35.0)
    whole = write_flashing(tmp_path / "whole.mkv", seconds, seed, *H264, "-c:a", "flac")
    select = f"select='lt(t,{pause[0]})+gte(t,{pause[1]})'"
    film = tmp_path / f"film.{ending}"
    cut = ("-af", f"a{select}") if kind == "sound" else ("-vf", select)
    ffmpeg("-i", whole, *cut, "-fps_mode", "vfr", *H264, "-c:a", "aac", film)
    times_s = times_of((seconds, seed))
    there = times_s[(times_s < pause[0]) | (times_s > pause[1])]
    flashes, clicked = flashes_s(film), clicks_s(film)
    np.testing.assert_allclose(flashes, times_s if kind == "sound" else there, atol=0.05)
    np.testing.assert_allclose(clicked, there if kind == "sound" else times_s, atol=0.05)


@pytest.mark.parametrize("factor", [0.99, 0.9995, 1.0005, 1.01])
def test_a_sound_card_whose_clock_runs_fast_or_slow(tmp_path, factor):
    """Packets hold more or fewer samples than their stamps allow; the stamps are right."""
    whole = write_flashing(tmp_path / "whole.mkv", 20, 6, *H264, "-c:a", "pcm_s16le")
    film = tmp_path / "film.mkv"
    retimed = f"asetnsamples=1024,asetpts=PTS*{factor}"
    ffmpeg("-i", whole, "-c:v", "copy", "-af", retimed, "-c:a", "pcm_s16le", film)
    times_s = times_of((20, 6))
    np.testing.assert_allclose(flashes_s(film), times_s, atol=0.01)
    np.testing.assert_allclose(clicks_s(film), times_s * factor, atol=0.06)


def test_sound_that_starts_later_than_ffmpeg_looks(tmp_path):
    """FFmpeg looks at 5 MB of a transport stream; the sound of this one begins after them."""
    film = tmp_path / "film.ts"
    write_flashing(film, *PARTS[0], *H264, *AAC, "-muxrate", "12M", delay_s=5.0)
    assert film.stat().st_size > 8e6
    np.testing.assert_allclose(clicks_s(film), times_of(PARTS[0]) + 5, atol=0.03)


def test_empty_packets_keep_the_picture(tmp_path, caplog):
    """AVI and Ogg hold a packet without content for a picture that stays as it is."""
    film = write_flashing(tmp_path / "film.ogv", *PARTS[0], "-c:v", "libtheora", "-q:v", "9")
    assert_in_step(film, times_of(PARTS[0]))
    assert "damaged" not in caplog.text
    late = write_flashing(tmp_path / "late.avi", *PARTS[0], *MPEG2, *MP2, delay_s=-1.5)
    assert media.probe(late).picture_s == pytest.approx(flashes_last(late), abs=0.05)


def flashes_last(film):
    return list(sampling.shown_frames(film))[-1].end_s


def test_sound_alone_that_pauses(tmp_path):
    """Below the length that counts as a jump of the clock, a pause is silence."""
    wave = tmp_path / "a.wav"
    soundfile.write(wave, np.full(48000 * 20, 0.5), 48000)
    pausing = tmp_path / "a.mka"
    ffmpeg("-i", wave, "-af", "aselect='lt(t,5)+gte(t,12)'", "-c:a", "flac", pausing)
    sound = media.read_audio(pausing, 48000)
    assert len(sound) == pytest.approx(20 * 48000, abs=4096)
    assert np.abs(sound[6 * 48000 : 11 * 48000]).max() == 0
    assert media.probe(pausing).duration_s == pytest.approx(20, abs=0.05)
