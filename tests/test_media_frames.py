"""Frames of films at given times."""

import subprocess

import av
import imageio_ffmpeg
import numpy as np
import pytest

from scorelens.errors import MediaError
from scorelens.media.frames import frames_at, spread


def coded(path, codec="mpeg4", seconds=20, rate=10, ratio=None, **options):
    """Write a film of uniform grey: level 20 in the first second, 10 more in each later one."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if ratio:
            stream.sample_aspect_ratio = ratio
        for number in range(seconds * rate):
            grey = np.full((48, 64, 3), 10 * (number // rate) + 20, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def ffmpeg(*arguments):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def seconds_of(frames):
    return [round((float(frame.mean()) - 20) / 10) for frame in frames]


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.avi"])
def test_frames_at_returns_the_frame_shown_at_each_time(tmp_path, name):
    """Key frames are 12 frames apart; with B-frames, display order is not coding order."""
    order = {} if name.endswith("avi") else {"bf": "2"}
    film = coded(tmp_path / name, g="12", **order)
    times_s = [0.05, 3.95, 4.0, 19.95, 12.5, 2.5, 11.05]
    assert seconds_of(frames_at(film, times_s)) == [0, 3, 4, 19, 12, 2, 11]


def test_times_outside_the_film_give_the_first_or_last_frame(tmp_path):
    film = coded(tmp_path / "film.mp4", seconds=3, g="12")
    assert seconds_of(frames_at(film, [99.0, 0.0, 2.95])) == [2, 0, 2]


def test_non_square_pixels_are_scaled_to_square(tmp_path):
    film = coded(tmp_path / "film.mp4", seconds=1, ratio=2)
    assert next(frames_at(film, [0.5])).shape == (48, 128, 3)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_frames_are_rotated_by_the_display_matrix(tmp_path, rotation):
    """The reference is the output of the ffmpeg binary, which rotates by default."""
    unrotated, film = tmp_path / "unrotated.mp4", tmp_path / "film.mp4"
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :16], picture[:16, 48:] = 255, 128  # both top corners
    with av.open(str(unrotated), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.sample_aspect_ratio = 2
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    ffmpeg("-display_rotation", rotation, "-i", unrotated, "-c", "copy", film)
    width, height = (128, 48) if rotation == 180 else (48, 128)
    raw = ffmpeg(
        "-i", film, "-vf", f"scale={width}:{height}", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"
    )
    expected = np.frombuffer(raw, np.uint8).reshape(height, width, 3)
    frame = next(frames_at(film, [0.0]))
    assert frame.shape == expected.shape
    assert abs(frame.astype(int) - expected).mean() < 4
    assert abs(frame[::-1, ::-1].astype(int) - expected).mean() > 40


def test_frames_before_and_after_damaged_bytes_are_decoded(tmp_path):
    path = coded(tmp_path / "film.mkv", "mjpeg")
    data = bytearray(path.read_bytes())
    third = len(data) // 3
    data[third : third + len(data) // 20] = bytes(len(data) // 20)
    path.write_bytes(data)
    shown_s = seconds_of(frames_at(path, [1.5, 18.5]))
    assert shown_s == [1, 18]


def zero_packets(path, packets):
    """Overwrite packets of a film with zeros, except for their first 20 bytes."""
    with av.open(str(path)) as container:
        packet_spans = [(packet.pos, packet.size) for packet in container.demux() if packet.size]
    data = bytearray(path.read_bytes())
    for position, size in packet_spans[packets]:
        data[position + 20 : position + size] = bytes(size - 20)
    path.write_bytes(data)


def test_times_before_the_first_decodable_frame_give_that_frame(tmp_path):
    path = coded(tmp_path / "film.mkv", "mjpeg", seconds=5)
    zero_packets(path, slice(0, 15))
    assert seconds_of(frames_at(path, [0.2, 4.5, 1.2])) == [1, 4, 1]


def test_frames_at_of_file_without_video_raises_media_error(film, tmp_path):
    path = film("sound.mkv", np.zeros(48000), picture=False)
    with pytest.raises(MediaError) as error:
        list(frames_at(path, [0.5]))
    assert str(error.value) == f"{path}: has no moving pictures\n  expected: a film"


def test_frames_at_of_undecodable_video_raises_media_error(tmp_path):
    path = coded(tmp_path / "film.mkv", "mjpeg", seconds=2)
    zero_packets(path, slice(None))
    with pytest.raises(MediaError) as error:
        list(frames_at(path, [0.5]))
    assert str(error.value) == (
        f"{path}: no frame can be decoded at 0.5 s\n"
        "  expected: moving pictures that FFmpeg decodes\n"
        "  hint: play it to check whether it is damaged or protected against copying; a bare "
        "stream has no time stamps, put it into Matroska or MP4"
    )


def test_spread_gives_midpoints_of_equal_intervals():
    np.testing.assert_allclose(spread(10, 18, 4), [11, 13, 15, 17])
