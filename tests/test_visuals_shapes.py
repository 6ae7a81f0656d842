"""Films whose frame size, pixel format or pixel aspect ratio changes midway."""

import subprocess

import imageio_ffmpeg
import numpy as np
import pytest

from scorelens.visuals import measure
from tests.grey_films import BLACK_LEVEL

GREY = "color=c=0x999999:rate=10:size="  # 0.6


def transport_stream(path, *parts):
    """Write a transport stream of concatenated parts: size, filters, options of the encoder."""
    data = b""
    for number, (size, filters, *options) in enumerate(parts):
        piece = path.with_suffix(f".{number}.ts")
        source = ["-f", "lavfi", "-t", "5", "-i", f"{GREY}{size}", "-vf", filters or "null"]
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", *source, "-g", "10"]
        start = ["-output_ts_offset", str(5 * number)]
        subprocess.run([*command, *options, *start, str(piece)], check=True)
        data += piece.read_bytes()
    path.write_bytes(data)
    return path


def bars(size, height=0, width=0):
    """Filters that draw black bars of these sizes above and below, left and right."""
    across, down = map(int, size.split("x"))
    boxes = [(0, 0, across, height), (0, down - height, across, height)]
    boxes += [(0, 0, width, down), (across - width, 0, width, down)]
    filters = [f"drawbox=x={x}:y={y}:w={w}:h={h}:c=black:t=fill" for x, y, w, h in boxes if w and h]
    return ",".join([*filters, "setsar=1"])


MPEG2 = ("-c:v", "mpeg2video", "-b:v", "2M", "-bf", "2")
H264 = ("-c:v", "libx264", "-preset", "veryfast", "-threads", "1")


@pytest.mark.parametrize("mode", ["exact", "keyframes"])
@pytest.mark.parametrize("codec", [MPEG2, H264])
def test_bars_are_cropped_when_frame_size_changes(tmp_path, codec, mode):
    """A 4:3 programme, a letterboxed film, a pillarboxed advertisement and the film again."""
    wide, small = "256x144", "180x144"
    film = transport_stream(
        tmp_path / "a.ts",
        (small, "setsar=1", *codec),
        (wide, bars(wide, height=18), *codec),
        (small, bars(small, width=30), *codec),
        (wide, bars(wide, height=18), *codec),
    )
    table = measure.measure_picture(film, BLACK_LEVEL, mode)
    middle = table.iloc[[1, 2, 3, 6, 7, 8, 11, 12, 13, 16, 17, 18]]
    assert len(table) in (19, 20)
    np.testing.assert_allclose(table.brightness, 0.6, atol=0.02)
    assert table.contrast.max() < 0.05
    shapes = np.repeat([180 / 144, 256 / 108, 120 / 144, 256 / 108], 3)
    np.testing.assert_allclose(middle.aspect_ratio, shapes, rtol=1e-5)
    if mode == "exact":
        assert table.cuts.sum() <= 3


def test_bars_are_cropped_when_bars_and_frame_size_change(tmp_path):
    one, other = "256x144", "192x108"
    film = transport_stream(
        tmp_path / "a.ts",
        (one, bars(one, height=18), *MPEG2),
        (one, bars(one), *MPEG2),
        (other, bars(other), *MPEG2),
        (other, bars(other, height=14, width=24), *MPEG2),
    )
    table = measure.measure_picture(film, BLACK_LEVEL)
    np.testing.assert_allclose(table.brightness, 0.6, atol=0.02)
    assert table.contrast.max() < 0.05
    expected = [256 / 108, 16 / 9, 16 / 9, 144 / 80]
    np.testing.assert_allclose(table.aspect_ratio[[2, 7, 12, 17]], expected, rtol=1e-5)


def test_aspect_ratio_follows_changes_of_pixel_aspect_ratio(tmp_path):
    """4:3 and 16:9 in the same 180 x 144 pixels, as in broadcasts; bars are cropped."""
    size = "180x144"
    film = transport_stream(
        tmp_path / "a.ts",
        (size, "setsar=16/15", *MPEG2),
        (size, "setsar=64/45", *MPEG2),
        (size, bars(size, height=18).replace("setsar=1", "setsar=64/45"), *MPEG2),
    )
    table = measure.measure_picture(film, BLACK_LEVEL)
    np.testing.assert_allclose(table.brightness, 0.6, atol=0.02)
    expected = [4 / 3, 16 / 9, 16 / 9 * 144 / 108]
    np.testing.assert_allclose(table.aspect_ratio[[2, 7, 12]], expected, rtol=1e-5)


def test_pixel_aspect_ratio_of_container_overrides_that_of_codec(tmp_path):
    """The coded picture has another ratio; players use that of the container."""
    film, squeezed = tmp_path / "a.mp4", tmp_path / "b.mp4"
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin"]
    source = ["-f", "lavfi", "-t", "2", "-i", f"{GREY}180x144", "-vf", "setsar=16/15"]
    subprocess.run([*ffmpeg, *source, *H264, str(film)], check=True)
    again = ["-i", str(film), "-c", "copy", "-aspect", "2"]
    subprocess.run([*ffmpeg, *again, str(squeezed)], check=True)
    for path, shape in [(film, 4 / 3), (squeezed, 2)]:
        table = measure.measure_picture(path, BLACK_LEVEL)
        np.testing.assert_allclose(table.aspect_ratio, shape, rtol=1e-3)


def test_bars_are_cropped_when_pixel_format_changes(tmp_path):
    """4:2:0 in 8 and 10 bits, then 4:4:4; bars are constant."""
    size = "192x108"
    filters = bars(size, height=14)
    film = transport_stream(
        tmp_path / "a.ts",
        *((size, filters, *H264, "-pix_fmt", f) for f in ("yuv420p", "yuv420p10le", "yuv444p")),
    )
    table = measure.measure_picture(film, BLACK_LEVEL)
    assert len(table) in (14, 15)
    np.testing.assert_allclose(table.brightness, 0.6, atol=0.02)
    np.testing.assert_allclose(table.aspect_ratio, 192 / 80, rtol=1e-5)
