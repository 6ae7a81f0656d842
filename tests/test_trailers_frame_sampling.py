"""Sampling of trailers with numbered frames: which frames and which seconds are sampled."""

import subprocess
from fractions import Fraction

import av
import cv2
import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from scorelens import tables
from scorelens.errors import InputError, MediaError
from scorelens.trailers.data.frame_sampling import (
    RATE_HZ,
    Sampling,
    frame_numbers,
    is_black,
    middle_items,
    read_sample,
    sample_trailer,
    sample_trailers,
)
from tests.numbered_films import FROM_200, coded, numbered, numbers_of

ALL = Sampling(first_frame=0, frames=1000, used=1000, sound_s=1.0)


def ffmpeg(*arguments):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def black(width=96, height=64):
    return np.full((height, width, 3), 3, np.uint8)


# Frame numbers


def test_sample_is_the_middle_10_of_31_frames_from_frame_200(tmp_path):
    """Candidates are frames 200, 203, ..., 290; the sample is the 11th to the 20th of them."""
    film = coded(tmp_path / "a.mp4", map(numbered, range(291)), bf="3", g="50")
    sample, _ = sample_trailer(film, FROM_200)
    assert sample.frame_number.tolist() == [200 + 3 * k for k in range(10, 20)]
    assert numbers_of(sample.frames) == sample.frame_number.tolist()
    np.testing.assert_allclose(sample.frame_s, sample.frame_number / 25, atol=1e-6)
    assert sample.frames.dtype == np.uint8
    assert sample.frames.shape == (10, 224, 224, 3)
    assert sample.skipped == 0


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "libx264"), ("a.avi", "mpeg4")])
def test_frames_are_in_presentation_order(tmp_path, name, codec):
    film = coded(tmp_path / name, map(numbered, range(60)), codec=codec, bf="2", g="12")
    sample, _ = sample_trailer(film, ALL)
    assert sample.frame_number.tolist() == list(range(60))
    assert numbers_of(sample.frames) == list(range(60))
    np.testing.assert_allclose(sample.frame_s, np.arange(60) / 25, atol=0.002)


def test_variable_frame_rate_is_sampled_by_frame_number_not_time(tmp_path):
    """Frame 250 lasts 40 s and counts as one frame."""
    pts = [*range(251), *range(1251, 1291)]
    film = coded(tmp_path / "a.mkv", map(numbered, range(291)), pts, bf="2")
    sample, _ = sample_trailer(film, FROM_200)
    assert numbers_of(sample.frames) == [230, 233, 236, 239, 242, 245, 248, 251, 254, 257]
    expected = [pts[number] / 25 for number in sample.frame_number]
    np.testing.assert_allclose(sample.frame_s, expected, atol=0.002)


def test_frames_outside_the_edit_list_are_not_counted(tmp_path):
    source = coded(tmp_path / "whole.mp4", map(numbered, range(120)), bf="2", g="40")
    trimmed = tmp_path / "trimmed.mp4"
    ffmpeg("-ss", 50 / 25, "-i", source, "-c", "copy", trimmed)
    with av.open(str(trimmed)) as container:
        # the file has all frames from the key frame on
        assert container.streams.video[0].frames > 70
    sample, _ = sample_trailer(trimmed, ALL)
    assert numbers_of(sample.frames) == list(range(50, 120))
    assert sample.frame_number.tolist() == list(range(70))
    np.testing.assert_allclose(sample.frame_s, np.arange(70) / 25, atol=1e-6)


def test_damaged_frames_are_not_counted(tmp_path):
    film = coded(tmp_path / "a.mkv", map(numbered, range(60)), codec="mjpeg")
    with av.open(str(film)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux() if packet.size]
    data = bytearray(film.read_bytes())
    for position, size in packets[5:15]:
        data[position + 20 : position + size] = bytes(size - 20)
    film.write_bytes(data)
    sample, _ = sample_trailer(film, Sampling(0, 50, 50, 1.0))
    assert numbers_of(sample.frames) == [*range(5), *range(15, 60)]
    assert sample.frame_number.tolist() == list(range(50))


def test_packets_that_are_not_displayed_are_not_counted(tmp_path):
    """Two-pass VP8 adds alternate reference frames, which are decoded but never displayed."""
    pictures = (np.roll(numbered(n), n % 3, axis=1) for n in range(80))
    source = coded(tmp_path / "whole.mkv", pictures, qp="10")
    film, pass_log = tmp_path / "film.mkv", tmp_path / "pass_log"
    alt_ref = ("-auto-alt-ref", 1, "-lag-in-frames", 16, "-arnr-maxframes", 7)
    for number in (1, 2):
        two_pass = ("-pass", number, "-passlogfile", pass_log)
        ffmpeg("-i", source, "-c:v", "libvpx", "-b:v", "300k", *alt_ref, *two_pass, film)
    with av.open(str(film)) as container:
        assert sum(packet.size > 0 for packet in container.demux()) > 80
    sample, _ = sample_trailer(film, Sampling(49, 31, 31, 1.0))
    assert sample.frame_number.tolist() == list(range(49, 80))
    assert numbers_of(sample.frames) == list(range(49, 80))


@pytest.mark.parametrize(
    ("count", "first", "last", "n_candidates"),
    [(231, 200, 230, 31), (220, 189, 219, 31), (31, 0, 30, 31), (12, 0, 11, 12), (1, 0, 0, 1)],
)
def test_first_frame_number_is_lower_in_short_trailers(count, first, last, n_candidates):
    numbers = frame_numbers(count, FROM_200)
    assert (numbers[0], numbers[-1], len(numbers)) == (first, last, n_candidates)


def test_frame_numbers_of_zero_frames_are_empty():
    assert frame_numbers(0, FROM_200).tolist() == []


@given(st.integers(1, 10_000), st.integers(0, 400), st.integers(1, 60))
def test_steps_of_frame_numbers_differ_by_at_most_one(count, first, frames):
    numbers = frame_numbers(count, Sampling(first, frames, 10, 30.0))
    assert len(numbers) == min(count, frames)
    assert numbers[0] >= 0
    assert numbers[-1] < count
    steps = np.diff(numbers)
    assert not len(steps) or steps.max() - steps.min() <= 1


def test_trailer_of_40_frames_is_sampled_from_its_last_31_frames(tmp_path):
    film = coded(tmp_path / "a.mp4", map(numbered, range(40)), bf="2")
    sample, _ = sample_trailer(film, FROM_200)
    assert numbers_of(sample.frames) == list(range(19, 29))


# Black frames


def test_black_frames_are_skipped_at_the_start_and_inside(tmp_path):
    """Candidates are 200, 202, ..., 260; those below 220 and 240 are black, so 20 remain."""
    pictures = [black() if n < 220 or n == 240 else numbered(n) for n in range(261)]
    sample, note = sample_trailer(coded(tmp_path / "a.mp4", pictures, g="1"), FROM_200)
    remaining = [n for n in range(220, 261, 2) if n != 240]
    assert numbers_of(sample.frames) == remaining[5:15]
    assert sample.skipped == 11
    assert note == "no sound"


def test_all_black_trailer_has_a_note_and_no_frames(tmp_path):
    film = coded(tmp_path / "a.mp4", (black() for _ in range(40)))
    sample, note = sample_trailer(film, FROM_200)
    assert sample.frames.shape == (0, 224, 224, 3)
    assert sample.frame_number.shape == sample.frame_s.shape == (0,)
    assert (sample.skipped, note) == (31, "only black frames; no sound")


@pytest.mark.parametrize(
    ("level", "white_share", "expected"),
    [(0, 0, True), (16, 0, True), (20, 0, True), (24, 0, False), (0, 0.01, False)],
)
def test_is_black_by_grey_level_and_share_of_white_pixels(level, white_share, expected):
    picture = np.full((100, 100, 3), level, np.uint8)
    picture[: round(100 * white_share)] = 255
    assert is_black(picture) == expected


def test_is_black_accepts_noise_but_not_larger_variation():
    noise = np.random.default_rng(1).normal(12, 4, (100, 100, 1)).clip(0, 255)
    assert is_black(noise.astype(np.uint8).repeat(3, 2))
    assert not is_black((3 * noise - 24).clip(0, 40).astype(np.uint8).repeat(3, 2))


def test_middle_items_are_rounded_towards_the_start():
    assert middle_items(range(31), 10) == range(10, 20)
    assert middle_items(range(10), 10) == range(10)
    assert middle_items(range(4), 10) == range(4)


# Picture shape


def test_portrait_is_cropped_to_its_central_square(tmp_path):
    film = coded(tmp_path / "a.mp4", (numbered(n, 64, 96) for n in range(300, 340)))
    sample, _ = sample_trailer(film, ALL)
    assert numbers_of(sample.frames) == list(range(300, 340))


@pytest.mark.parametrize(("ratio", "width"), [(2, 48), (Fraction(1, 2), 192)])
def test_non_square_pixels_are_rescaled_to_square(tmp_path, ratio, width):
    pictures = [cv2.resize(numbered(n), (width, 64)) for n in range(300, 310)]
    sample, _ = sample_trailer(coded(tmp_path / "a.mkv", pictures, ratio=ratio), ALL)
    assert numbers_of(sample.frames) == list(range(300, 310))


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_display_rotation_is_applied_as_by_ffmpeg(tmp_path, rotation):
    """Reference: the ffmpeg program, which rotates frames by default."""
    upright = coded(tmp_path / "upright.mp4", (numbered(n, 64, 64) for n in range(300, 304)))
    film = tmp_path / "film.mp4"
    ffmpeg("-display_rotation", rotation, "-i", upright, "-c", "copy", film)
    raw = ffmpeg("-i", film, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    expected = np.frombuffer(raw, np.uint8).reshape(-1, 64, 64, 3)
    sample, _ = sample_trailer(film, ALL)
    assert numbers_of(sample.frames) == numbers_of(expected.repeat(4, 1).repeat(4, 2)[:, 16:, 16:])
    assert numbers_of(sample.frames) != list(range(300, 304))


# Sound


def test_sound_is_the_first_seconds_resampled_to_16_khz(tmp_path):
    time_s = np.arange(4 * 8000) / 8000
    tone = 0.5 * np.sin(2 * np.pi * 440 * time_s)
    film = coded(tmp_path / "a.mkv", map(numbered, range(100)), sound=tone)
    sample, note = sample_trailer(film, Sampling(0, 31, 10, 3.0))
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE_HZ) / RATE_HZ)
    assert sample.sound.dtype == np.float32
    assert len(sample.sound) == 3 * RATE_HZ
    np.testing.assert_allclose(sample.sound[800:-800], expected[800:-800], atol=0.01)
    assert note == ""


def test_sound_shorter_than_the_limit_is_sampled_to_its_end(tmp_path):
    film = coded(tmp_path / "a.mkv", map(numbered, range(40)), sound=0.1 * np.ones(12_000))
    assert len(sample_trailer(film, FROM_200)[0].sound) == 24_000


def test_silent_trailer_has_a_note(tmp_path):
    film = coded(tmp_path / "a.mkv", map(numbered, range(40)), sound=np.zeros(8000))
    sample, note = sample_trailer(film, FROM_200)
    assert note == "silent"
    assert len(sample.sound) == RATE_HZ
    assert len(sample.frames) == 10


def test_trailer_without_picture_has_a_note_and_no_frames(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, 0.3 * np.ones(16_000), 16_000)
    sample, note = sample_trailer(path, FROM_200)
    assert note == "no picture"
    assert sample.frames.shape == (0, 224, 224, 3)
    assert len(sample.sound) == 16_000


def test_file_without_sound_and_picture_raises_media_error(tmp_path):
    path = tmp_path / "words.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nWords\n")
    with pytest.raises(MediaError) as error:
        sample_trailer(path, FROM_200)
    assert str(error.value) == (
        f"{path}: holds neither sound nor moving pictures\n"
        "  expected: an audio or video file that FFmpeg reads"
    )


def test_video_without_decodable_frames_raises_media_error(tmp_path):
    film = coded(tmp_path / "a.mkv", map(numbered, range(5)), codec="mjpeg")
    with av.open(str(film)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux() if packet.size]
    data = bytearray(film.read_bytes())
    for position, size in packets:
        data[position + 20 : position + size] = bytes(size - 20)
    film.write_bytes(data)
    with pytest.raises(MediaError) as error:
        sample_trailer(film, FROM_200)
    assert str(error.value) == (
        f"{film}: not one frame can be decoded\n"
        "  expected: moving pictures that FFmpeg decodes\n"
        "  hint: the file may be damaged or protected against copying; play it to check"
    )


# Sample files and their table


@pytest.fixture
def trailers(tmp_path):
    """Videos, sample paths and table path of two trailers: with sound and without."""
    sound = 0.2 * np.sin(np.arange(16_000) / 3)
    with_sound = coded(tmp_path / "sound.mkv", map(numbered, range(40)), sound=sound)
    mute = coded(tmp_path / "mute.mp4", [black(), *map(numbered, range(1, 40))], g="1")
    videos = {"sound": with_sound, "mute": mute}
    return videos, [tmp_path / f"out/{name}.npz" for name in videos], tmp_path / "out/table.tsv"


def test_samples_round_trip_and_table_counts_frames_and_seconds(trailers):
    videos, outputs, table = trailers
    sample_trailers(videos, outputs, table, Sampling(0, 40, 5, 30.0))
    for video, output in zip(videos.values(), outputs, strict=True):
        expected, _ = sample_trailer(video, Sampling(0, 40, 5, 30.0))
        for name, value in read_sample(output)._asdict().items():
            np.testing.assert_array_equal(value, getattr(expected, name))
    rows = tables.read_table(table, tables.TRAILER_SAMPLES)
    assert rows.fillna("").to_numpy().tolist() == [
        ["sound", 5, 0, 2.0, ""],
        ["mute", 5, 1, 0.0, "no sound"],
    ]


def test_samples_are_bit_identical_across_runs_and_threads(trailers):
    videos, outputs, table = trailers
    sample_trailers(videos, outputs, table, FROM_200)
    before = [path.read_bytes() for path in (*outputs, table)]
    sample_trailers(videos, outputs, table, FROM_200, threads=2)
    assert [path.read_bytes() for path in (*outputs, table)] == before


def test_media_error_lists_every_unusable_file(trailers, tmp_path):
    videos, outputs, table = trailers
    (tmp_path / "empty.mp4").touch()
    faulty = {"a": tmp_path / "absent.mp4", **videos, "z": tmp_path / "empty.mp4"}
    paths = [tmp_path / "a.npz", *outputs, tmp_path / "z.npz"]
    with pytest.raises(MediaError) as error:
        sample_trailers(faulty, paths, table, FROM_200)
    assert [(p.where, p.what) for p in error.value.problems] == [
        (str(tmp_path / "absent.mp4"), "does not exist"),
        (str(tmp_path / "empty.mp4"), "is empty (0 bytes)"),
    ]
    assert "trailers: {on_bad_trailer: skip}" in str(error.value)
    assert not table.exists()


def test_unusable_file_is_skipped_and_listed_with_on_bad_skip(trailers, tmp_path):
    videos, outputs, table = trailers
    (tmp_path / "empty.mp4").touch()
    faulty = {**videos, "z": tmp_path / "empty.mp4"}
    sample_trailers(faulty, [*outputs, tmp_path / "z.npz"], table, FROM_200, on_bad="skip")
    rows = tables.read_table(table, tables.TRAILER_SAMPLES)
    assert rows.iloc[-1].tolist() == ["z", 0, 0, 0.0, "is empty (0 bytes)"]
    skipped = read_sample(tmp_path / "z.npz")
    assert skipped.frames.shape == (0, 224, 224, 3)
    assert skipped.sound.shape == (0,)


def test_damaged_sample_file_raises_input_error(trailers):
    videos, outputs, table = trailers
    sample_trailers(videos, outputs, table, FROM_200)
    outputs[0].write_bytes(outputs[0].read_bytes()[:1000])
    with pytest.raises(InputError) as error:
        read_sample(outputs[0])
    assert f"{outputs[0]}: cannot be read (" in str(error.value)
    assert "expected: frames and sound of a trailer" in str(error.value)
