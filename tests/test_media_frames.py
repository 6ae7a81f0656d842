"""Frames of films at given times."""

import subprocess

import av
import imageio_ffmpeg
import numpy as np
import pytest

from scorelens.errors import MediaError
from scorelens.media.frames import frames_at, spread


def coded(path, codec="mpeg4", seconds=20, rate=10, ratio=None, **options):
    """A film that is 10 grey levels brighter every second, from 20 on."""
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
def test_frames_are_those_on_screen_at_the_times(tmp_path, name):
    """Key frames come every 12 frames; B-frames are shown in another order than they are coded."""
    order = {} if name.endswith("avi") else {"bf": "2"}
    film = coded(tmp_path / name, g="12", **order)
    times_s = [0.05, 3.95, 4.0, 19.95, 12.5, 2.5, 11.05]
    assert seconds_of(frames_at(film, times_s)) == [0, 3, 4, 19, 12, 2, 11]


def test_after_the_end_the_last_frame_counts_and_before_the_first_the_first(tmp_path):
    film = coded(tmp_path / "film.mp4", seconds=3, g="12")
    assert seconds_of(frames_at(film, [99.0, 0.0, 2.95])) == [2, 0, 2]


def test_pixels_are_made_square(tmp_path):
    film = coded(tmp_path / "film.mp4", seconds=1, ratio=2)
    assert next(frames_at(film, [0.5])).shape == (48, 128, 3)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_frames_are_turned_as_the_camera_noted(tmp_path, turn):
    """FFmpeg's own program turns pictures by itself; the two must agree."""
    held, film = tmp_path / "held.mp4", tmp_path / "film.mp4"
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :16], picture[:16, 48:] = 255, 128  # the corners at the top; pixels 2 wide
    with av.open(str(held), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.sample_aspect_ratio = 2
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    ffmpeg("-display_rotation", turn, "-i", held, "-c", "copy", film)
    width, height = (128, 48) if turn == 180 else (48, 128)
    raw = ffmpeg(
        "-i", film, "-vf", f"scale={width}:{height}", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"
    )
    expected = np.frombuffer(raw, np.uint8).reshape(height, width, 3)
    frame = next(frames_at(film, [0.0]))
    assert frame.shape == expected.shape
    assert abs(frame.astype(int) - expected).mean() < 4
    assert abs(frame[::-1, ::-1].astype(int) - expected).mean() > 40


def test_a_damaged_stretch_is_passed_over(tmp_path):
    path = coded(tmp_path / "film.mkv", "mjpeg")
    data = bytearray(path.read_bytes())
    third = len(data) // 3
    data[third : third + len(data) // 20] = bytes(len(data) // 20)
    path.write_bytes(data)
    shown_s = seconds_of(frames_at(path, [1.5, 18.5]))
    assert shown_s == [1, 18]


def wipe(path, packets):
    """Zeros in place of what some pictures of a film hold, after their first 20 bytes."""
    with av.open(str(path)) as container:
        packet_spans = [(packet.pos, packet.size) for packet in container.demux() if packet.size]
    data = bytearray(path.read_bytes())
    for position, size in packet_spans[packets]:
        data[position + 20 : position + size] = bytes(size - 20)
    path.write_bytes(data)


def test_the_first_good_frame_stands_for_what_was_before_it(tmp_path):
    path = coded(tmp_path / "film.mkv", "mjpeg", seconds=5)
    wipe(path, slice(0, 15))
    assert seconds_of(frames_at(path, [0.2, 4.5, 1.2])) == [1, 4, 1]


def test_a_film_without_a_picture_is_an_error(film, tmp_path):
    path = film("sound.mkv", np.zeros(48000), picture=False)
    with pytest.raises(MediaError) as error:
        list(frames_at(path, [0.5]))
    assert str(error.value) == f"{path}: has no moving pictures\n  expected: a film"


def test_a_film_of_which_nothing_decodes_is_an_error(tmp_path):
    path = coded(tmp_path / "film.mkv", "mjpeg", seconds=2)
    wipe(path, slice(None))
    with pytest.raises(MediaError) as error:
        list(frames_at(path, [0.5]))
    assert str(error.value) == (
        f"{path}: no frame can be decoded at 0.5 s\n"
        "  expected: moving pictures that FFmpeg decodes\n"
        "  hint: play it to check whether it is damaged or protected against copying; a bare "
        "stream has no time stamps, put it into Matroska or MP4"
    )


def test_times_are_spread_evenly():
    np.testing.assert_allclose(spread(10, 18, 4), [11, 13, 15, 17])
