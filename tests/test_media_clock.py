"""Sound and picture stay in sync for any time stamps: films flash at the clicks of the sound."""

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


def write_parts(folder, extension, *options, offsets_s=(0, 0, 0)):
    parts = zip(PARTS, offsets_s, strict=True)
    return [
        write_flashing(
            folder / f"{seed}.{extension}", seconds, seed, *options, "-output_ts_offset", offset
        )
        for (seconds, seed), offset in parts
    ]


@pytest.mark.parametrize(
    ("extension", "options"),
    [
        ("vob", (*MPEG2, *AC3)),
        ("mpg", (*MPEG2, *MP2)),
        ("ts", (*H264, *AAC)),
        ("m2ts", (*H264, *AC3, "-mpegts_m2ts_mode", "1")),
        ("mkv", (*H264, *AAC)),
        ("webm", ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")),
    ],
)
def test_concatenated_files_play_in_sequence_in_sync(tmp_path, extension, options):
    """The time stamps restart in each file."""
    film = joined(tmp_path / f"film.{extension}", *write_parts(tmp_path, extension, *options))
    assert_in_step(film, times_of(*PARTS))
    assert_pictures_at(film)


def test_concatenated_files_of_different_codecs_and_sizes_stay_in_sync(tmp_path):
    first, second, _ = PARTS
    parts = [
        write_flashing(tmp_path / "1.mkv", *first, *H264, *AAC),
        write_flashing(
            tmp_path / "2.mkv", *second, "-c:v", "ffv1", "-vf", "scale=96:64", "-c:a", "flac"
        ),
    ]
    assert_in_step(joined(tmp_path / "film.mkv", *parts), times_of(first, second))


@pytest.mark.parametrize("kind", ["sound", "picture"])
def test_part_with_shorter_sound_or_picture_does_not_shift_the_next_part(tmp_path, kind):
    """The next part starts after the longer stream, not after the shorter one."""
    first, second, _ = PARTS
    lengths = {f"{kind}_s": 4.0}
    parts = [
        write_flashing(tmp_path / "1.vob", *first, *MPEG2, *AC3, **lengths),
        write_flashing(tmp_path / "2.vob", *second, *MPEG2, *AC3),
    ]
    film, times_s = joined(tmp_path / "film.vob", *parts), times_of(first, second)
    shorter_times_s = times_s[(times_s < 4) | (times_s > 7)]
    flashes, clicks = flashes_s(film), clicks_s(film)
    np.testing.assert_allclose(flashes, times_s if kind == "sound" else shorter_times_s, atol=0.06)
    np.testing.assert_allclose(clicks, shorter_times_s if kind == "sound" else times_s, atol=0.06)


@pytest.mark.parametrize("offset_s", [95442.5, 95440.0])  # of 2**33 / 90000 = 95443.7
def test_transport_stream_timestamp_wraparound_is_unwrapped(tmp_path, offset_s):
    film = tmp_path / "film.ts"
    write_flashing(film, *PARTS[0], *H264, *AAC, "-output_ts_offset", offset_s)
    assert_in_step(film, times_of(PARTS[0]))


@pytest.mark.parametrize("options", [(*H264, *AAC), (*MPEG2, *MP2)])
def test_timestamp_jumps_forward_and_back_keep_sync(tmp_path, options):
    film = tmp_path / "film.ts"
    joined(film, *write_parts(tmp_path, "ts", *options, offsets_s=(0, 1000, 0)))
    assert_in_step(film, times_of(*PARTS))
    assert_pictures_at(film)


@pytest.mark.parametrize("jump_s", [30, 1000])
def test_frames_before_a_timestamp_jump_are_not_shown_after_it(tmp_path, jump_s):
    """FFmpeg derives time stamps of MPEG-2 frames and carries one of them across the jump."""
    film = tmp_path / "film.ts"
    joined(film, *write_parts(tmp_path, "ts", *MPEG2, *MP2, offsets_s=(0, jump_s, 2 * jump_s)))
    frames = list(sampling.shown_frames(film))
    assert all(frame.end_s >= frame.start_s for frame in frames)
    assert_in_step(film, times_of(*PARTS))


@pytest.mark.parametrize("extension", ["mp4", "mkv", "ts", "flv", "vob"])
@pytest.mark.parametrize("delay_s", [1.5, -1.5])
def test_offset_between_sound_and_picture_is_preserved(tmp_path, extension, delay_s):
    options = (*MPEG2, *AC3) if extension == "vob" else (*H264, *AAC)
    film = write_flashing(tmp_path / f"film.{extension}", *PARTS[0], *options, delay_s=delay_s)
    times_s = times_of(PARTS[0])
    np.testing.assert_allclose(flashes_s(film), times_s, atol=0.03)
    delayed_s = times_s + delay_s
    np.testing.assert_allclose(clicks_s(film), delayed_s[delayed_s > 0], atol=0.03)


@pytest.mark.parametrize("extension", ["mp4", "mov", "mkv"])
def test_stream_copied_cut_keeps_sound_and_picture_in_sync(tmp_path, extension):
    """The cut begins between key frames, so it has an edit list or negative time stamps."""
    whole = write_flashing(tmp_path / "whole.mp4", *PARTS[0], *H264, *AAC)
    film = tmp_path / f"film.{extension}"
    ffmpeg("-ss", 2.3, "-i", whole, "-c", "copy", film)
    flashes = flashes_s(film)
    np.testing.assert_allclose(
        np.diff(flashes), np.diff(times_of(PARTS[0])[-len(flashes) :]), atol=0.03
    )
    np.testing.assert_allclose(clicks_s(film)[-len(flashes) :], flashes, atol=0.06)


@pytest.mark.parametrize("extension", ["mkv", "mp4", "ts"])
@pytest.mark.parametrize("kind", ["sound", "picture"])
def test_pause_in_one_stream_is_not_a_timestamp_jump(tmp_path, extension, kind):
    """Sound that pauses for 30 s, or one frame that is shown for 30 s."""
    seconds, seed, pause = 40, 5, (5.0, 35.0)
    whole = write_flashing(tmp_path / "whole.mkv", seconds, seed, *H264, "-c:a", "flac")
    select = f"select='lt(t,{pause[0]})+gte(t,{pause[1]})'"
    film = tmp_path / f"film.{extension}"
    cut = ("-af", f"a{select}") if kind == "sound" else ("-vf", select)
    ffmpeg("-i", whole, *cut, "-fps_mode", "vfr", *H264, "-c:a", "aac", film)
    times_s = times_of((seconds, seed))
    paused_times_s = times_s[(times_s < pause[0]) | (times_s > pause[1])]
    flashes, clicks = flashes_s(film), clicks_s(film)
    np.testing.assert_allclose(flashes, times_s if kind == "sound" else paused_times_s, atol=0.05)
    np.testing.assert_allclose(clicks, paused_times_s if kind == "sound" else times_s, atol=0.05)


@pytest.mark.parametrize("factor", [0.99, 0.9995, 1.0005, 1.01])
def test_sound_with_drifting_sample_clock_follows_its_timestamps(tmp_path, factor):
    """Packets hold more or fewer samples than their time stamps imply; the stamps are right."""
    whole = write_flashing(tmp_path / "whole.mkv", 20, 6, *H264, "-c:a", "pcm_s16le")
    film = tmp_path / "film.mkv"
    retimed = f"asetnsamples=1024,asetpts=PTS*{factor}"
    ffmpeg("-i", whole, "-c:v", "copy", "-af", retimed, "-c:a", "pcm_s16le", film)
    times_s = times_of((20, 6))
    np.testing.assert_allclose(flashes_s(film), times_s, atol=0.01)
    np.testing.assert_allclose(clicks_s(film), times_s * factor, atol=0.06)


def test_sound_that_starts_after_ffmpegs_probe_size_is_decoded(tmp_path):
    """FFmpeg probes 5 MB of a transport stream; the sound of this one starts after them."""
    film = tmp_path / "film.ts"
    write_flashing(film, *PARTS[0], *H264, *AAC, "-muxrate", "12M", delay_s=5.0)
    assert film.stat().st_size > 8e6
    np.testing.assert_allclose(clicks_s(film), times_of(PARTS[0]) + 5, atol=0.03)


def test_empty_packets_repeat_the_previous_frame(tmp_path, caplog):
    """AVI and Ogg hold an empty packet for a frame that equals the previous one."""
    film = write_flashing(tmp_path / "film.ogv", *PARTS[0], "-c:v", "libtheora", "-q:v", "9")
    assert_in_step(film, times_of(PARTS[0]))
    assert "damaged" not in caplog.text
    late_film = write_flashing(tmp_path / "late.avi", *PARTS[0], *MPEG2, *MP2, delay_s=-1.5)
    assert media.probe(late_film).picture_s == pytest.approx(
        end_of_last_frame_s(late_film), abs=0.05
    )


def end_of_last_frame_s(film):
    return list(sampling.shown_frames(film))[-1].end_s


def test_short_pause_in_audio_file_is_filled_with_silence(tmp_path):
    """A pause of 7 s is shorter than a time stamp jump, so it is decoded as zeros."""
    wave = tmp_path / "a.wav"
    soundfile.write(wave, np.full(48000 * 20, 0.5), 48000)
    pausing = tmp_path / "a.mka"
    ffmpeg("-i", wave, "-af", "aselect='lt(t,5)+gte(t,12)'", "-c:a", "flac", pausing)
    sound = media.read_audio(pausing, 48000)
    assert len(sound) == pytest.approx(20 * 48000, abs=4096)
    assert np.abs(sound[6 * 48000 : 11 * 48000]).max() == 0
    assert media.probe(pausing).duration_s == pytest.approx(20, abs=0.05)
