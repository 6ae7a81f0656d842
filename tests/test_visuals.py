"""Picture statistics against numpy, and the sampling of a film by presentation time."""

from fractions import Fraction

import av
import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.errors import MediaError
from scorelens.visuals import colour, letterbox, measure, sampling

BLACK_LEVEL = 0.06
FFMPEG_BT709, FFMPEG_BT601 = 1, 5


def write_film(
    path, pictures, codec="ffv1", form="yuv444p", rate=10, pts=None, matrix=1, **options
):
    """Write pictures, each the planes of `form` stacked as PyAV takes them; pts in 1/rate s."""
    span = options.pop("color_range", 1 if form.startswith("yuv") else 0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.height, stream.width = _size(pictures[0], form)
        stream.pix_fmt, stream.time_base = form, Fraction(1, rate)
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, span
        for k, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format=form)
            frame.pts, frame.time_base = pts[k] if pts else k, Fraction(1, rate)
            frame.colorspace, frame.color_range = matrix, span
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _size(picture, form):
    if form.startswith("yuv420p"):
        return picture.shape[0] * 2 // 3, picture.shape[1]
    return picture.shape[1:] if form.startswith("yuv444p") else picture.shape[:2]


def grey(code, height=48, width=64):
    """A yuv444p picture of one luma code without chroma."""
    planes = np.full((3, height, width), 128, np.uint8)
    planes[0] = code
    return planes


def film_of_greys(path, codes, **settings):
    return write_film(path, [grey(code) for code in codes], **settings)


def brightness(path, **settings):
    return measure.picture_statistics(path, 0, **settings)[:, 0]


def coded(rgb, weights, low=16, span=219, chroma=224, middle=128):
    """R, G, B in 0..1, shape (h, w, 3), as Y, Cb, Cr codes, after ITU-R BT.709, section 3."""
    y = rgb @ np.array(weights)
    cb = (rgb[..., 2] - y) / (2 - 2 * weights[2])
    cr = (rgb[..., 0] - y) / (2 - 2 * weights[0])
    codes = np.stack([low + span * y, middle + chroma * cb, middle + chroma * cr])
    return np.rint(codes)


def numpy_statistics(rgb):
    """The four statistics straight from their definitions, on R, G, B in 0..1 at full size."""
    luma = rgb @ np.array([0.2126, 0.7152, 0.0722])
    high, low = rgb.max(-1), rgb.min(-1)
    red, green, blue = np.moveaxis(rgb, -1, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    return (
        luma.mean(),
        luma.std(),
        np.where(high > 0, (high - low) / np.maximum(high, 1e-9), 0).mean(),
        np.sqrt(rg.var() + yb.var()) + 0.3 * np.sqrt(rg.mean() ** 2 + yb.mean() ** 2),
    )


@pytest.fixture
def mosaic():
    """Random colours in blocks of 8 pixels, none nearly black; R, G, B in 0..1, (96, 128, 3)."""
    blocks = np.random.default_rng(1).uniform(0.1, 1, (12, 16, 3))
    return blocks.repeat(8, axis=0).repeat(8, axis=1)


@pytest.mark.parametrize(
    ("code", "level"), [(16, 0), (71, 55 / 219), (126, 110 / 219), (235, 1), (5, 0), (250, 1)]
)
def test_grey_of_limited_range(tmp_path, code, level):
    rows = measure.picture_statistics(film_of_greys(tmp_path / "a.mkv", [code] * 10), 0)
    np.testing.assert_allclose(rows, [[level, 0, 0, 0]], atol=0.005)


@pytest.mark.parametrize(("code", "level"), [(0, 0), (51, 0.2), (255, 1)])
def test_grey_of_full_range(tmp_path, code, level):
    film = film_of_greys(tmp_path / "a.mkv", [code] * 10, color_range=2)
    assert brightness(film) == pytest.approx([level], abs=1e-5)


@pytest.mark.parametrize(("code", "level"), [(64, 0), (502, 0.5), (940, 1)])
def test_grey_of_ten_bits(tmp_path, code, level):
    picture = np.full((72, 64), 512, np.uint16)
    picture[:48] = code
    film = write_film(tmp_path / "a.mkv", [picture] * 10, form="yuv420p10le")
    assert brightness(film) == pytest.approx([level], abs=1e-5)


def test_grey_without_chroma_planes(tmp_path):
    film = write_film(tmp_path / "a.mkv", [np.full((48, 64), 102, np.uint8)] * 10, form="gray")
    rows = measure.picture_statistics(film, 0)
    np.testing.assert_allclose(rows, [[0.4, 0, 0, 0]], atol=1e-5)


def test_checkerboard_has_contrast_one_half(tmp_path):
    board = grey(16)
    board[0] += np.uint8(219) * (np.indices((48, 64)).sum(0) % 2 == 1)
    brightness_, contrast, *_ = measure.picture_statistics(
        write_film(tmp_path / "a.mkv", [board] * 10), 0
    )[0]
    assert (brightness_, contrast) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("rgb", "luma"),
    [((255, 0, 0), 0.2126), ((0, 255, 0), 0.7152), ((0, 0, 255), 0.0722), ((255, 255, 255), 1)],
)
@pytest.mark.parametrize("weights", [colour.BT709, colour.BT601])
@pytest.mark.parametrize("form", ["yuv444p", "rgb"])
def test_pure_colours(tmp_path, rgb, luma, weights, form):
    pixels = np.tile(np.array(rgb, np.uint8), (48, 64, 1))
    if form == "rgb":
        film = write_film(tmp_path / "a.mov", [pixels] * 10, codec="png", form="rgb24", matrix=0)
    else:
        picture = coded(pixels / 255, weights).astype(np.uint8)
        matrix = FFMPEG_BT709 if weights == colour.BT709 else FFMPEG_BT601
        film = write_film(tmp_path / "a.mkv", [picture] * 10, matrix=matrix)
    red, green, blue = np.array(rgb) / 255
    expected = 0.3 * np.hypot(red - green, (red + green) / 2 - blue)
    saturated = 0 if red == green == blue else 1
    rows = measure.picture_statistics(film, 0)
    np.testing.assert_allclose(rows, [[luma, 0, saturated, expected]], atol=0.01)


def test_a_film_without_a_named_matrix_is_bt601_up_to_576_lines(tmp_path):
    red = np.tile(np.array([1.0, 0, 0]), (48, 64, 1))
    film = [coded(red, colour.BT601).astype(np.uint8)] * 10
    rows = measure.picture_statistics(write_film(tmp_path / "a.mkv", film, matrix=2), 0)
    np.testing.assert_allclose(rows[0, 0], 0.2126, atol=0.01)


@pytest.mark.parametrize("codec", ["ffv1", "libx264"])
@pytest.mark.parametrize("weights", [colour.BT709, colour.BT601])
def test_known_picture_against_numpy(tmp_path, mosaic, codec, weights):
    lossless = {"qp": "0"} if codec == "libx264" else {}
    picture = coded(mosaic, weights).astype(np.uint8)
    matrix = FFMPEG_BT709 if weights == colour.BT709 else FFMPEG_BT601
    film = write_film(tmp_path / "a.mkv", [picture] * 10, codec, matrix=matrix, **lossless)
    rows = measure.picture_statistics(film, 0)
    np.testing.assert_allclose(rows, [numpy_statistics(mosaic)], atol=0.005)


def test_known_picture_of_ten_bits_against_numpy(tmp_path, mosaic):
    codes = coded(mosaic, colour.BT709, 64, 876, 896, 512).astype(np.uint16)
    halves = [plane[::2, ::2].reshape(24, 128) for plane in codes[1:]]
    picture = np.concatenate([codes[0], *halves])
    film = write_film(tmp_path / "a.mkv", [picture] * 10, form="yuv420p10le")
    rows = measure.picture_statistics(film, 0)
    np.testing.assert_allclose(rows[0, :2], numpy_statistics(mosaic)[:2], atol=0.001)
    np.testing.assert_allclose(rows[0, 2:], numpy_statistics(mosaic)[2:], atol=0.01)


def test_packed_pixels_equal_planar_ones(tmp_path, mosaic):
    whole = av.VideoFrame.from_ndarray(coded(mosaic, colour.BT709).astype(np.uint8), "yuv444p")
    for packing, form in [("nv12", "yuv420p"), ("yuyv422", "yuv422p")]:
        planar = whole.reformat(format=form)
        packed = planar.reformat(format=packing)
        np.testing.assert_allclose(
            colour.frame_statistics(packed), colour.frame_statistics(planar), atol=1e-6
        )


def test_large_picture_is_shrunk_by_area(mosaic):
    large = mosaic.repeat(8, axis=0).repeat(8, axis=1)
    frame = av.VideoFrame.from_ndarray(coded(large, colour.BT709).astype(np.uint8), "yuv444p")
    frame.colorspace = FFMPEG_BT709
    assert colour.small_picture(colour.read_planes(frame)).shape == (3, 240, 320)
    np.testing.assert_allclose(colour.frame_statistics(frame), numpy_statistics(large), atol=0.01)


def test_chroma_noise_of_black_is_no_saturation():
    picture = grey(17)
    picture[1:] += np.random.default_rng(2).integers(0, 2, picture[1:].shape, np.uint8)
    frame = av.VideoFrame.from_ndarray(picture, format="yuv444p")
    assert colour.frame_statistics(frame)[2] == 0


@pytest.mark.parametrize(("frames", "seconds"), [(24, 2), (25, 2), (26, 3), (30, 3), (4, 0)])
def test_a_last_second_counts_if_its_middle_is_there(tmp_path, frames, seconds):
    assert len(brightness(film_of_greys(tmp_path / "a.mkv", [60] * frames))) == seconds


def test_variable_frame_rate_is_sampled_by_time(tmp_path):
    """Frames come at 0, 0.4, 0.5, 0.6, 3.0, 3.5 and 3.6 s; middles are at 0.5, 1.5, 2.5, 3.5."""
    codes = [30, 60, 90, 120, 150, 180, 210]
    film = film_of_greys(tmp_path / "a.mkv", codes, pts=[0, 4, 5, 6, 30, 35, 36])
    expected = [(code - 16) / 219 for code in (90, 120, 120, 180)]
    assert brightness(film) == pytest.approx(expected, abs=1e-5)


def test_time_counts_from_the_first_frame(tmp_path):
    codes = list(range(20, 220, 5))
    late = film_of_greys(tmp_path / "late.mkv", codes, pts=[k + 37 for k in range(40)])
    expected = [(code - 16) / 219 for code in (45, 95, 145, 195)]
    assert brightness(late) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("ending", ["mkv", "mp4", "ts"])
@pytest.mark.parametrize("threads", [1, 2])
def test_frames_that_are_not_decoded_change_nothing(tmp_path, ending, threads):
    """From two of three B-frames no frame is predicted. Each frame has a grey of its own."""
    codes = np.linspace(20, 230, 200).astype(int)
    path = tmp_path / f"a.{ending}"
    film = film_of_greys(path, codes, codec="libx264", rate=24, qp="1", bf="3", b_strategy="0")
    expected = [(code - 16) / 219 for code in codes[12::24]]
    assert brightness(film, threads=threads) == pytest.approx(expected, abs=0.5 / 219)
    decoded = sum(len(frames) for _, frames in _decoded_frames(film))
    assert len(expected) <= decoded < 0.6 * len(codes)


def _decoded_frames(film):
    with av.open(str(film)) as container:
        yield from sampling._decoded(film, container, container.streams.video[0], False)


def test_avi_with_reordered_frames(tmp_path):
    """AVI keeps decoding times alone: frames may be late by the decoder's delay, but in order."""
    codes = list(range(20, 220, 5))
    film = film_of_greys(tmp_path / "a.avi", codes, codec="libx264", qp="1", bf="3", b_strategy="0")
    found = np.rint(brightness(film) * 219 + 16)
    np.testing.assert_allclose(found, [45, 95, 145, 195], atol=11)


def test_key_frames_alone(tmp_path):
    codes = list(range(20, 220, 5))
    film = film_of_greys(tmp_path / "a.mkv", codes, codec="libx264", qp="0", g="20", bf="0")
    expected = [(code - 16) / 219 for code in (20, 20, 120, 120)]
    assert brightness(film, key_frames_only=True) == pytest.approx(expected, abs=1e-5)


def test_same_film_same_bits(tmp_path, mosaic):
    picture = coded(mosaic, colour.BT709).astype(np.uint8)
    film = write_film(tmp_path / "a.mkv", [picture, picture[:, ::-1].copy()] * 10)
    first = measure.picture_statistics(film, BLACK_LEVEL)
    np.testing.assert_array_equal(first, measure.picture_statistics(film, BLACK_LEVEL, threads=2))


def barred(picture, top, bottom, left, right):
    """The picture with black bars of these widths in pixels."""
    height, width = picture.shape[1:]
    whole = grey(16, height + top + bottom, width + left + right)
    whole[:, top : top + height, left : left + width] = picture
    return whole


@pytest.mark.parametrize("bars", [(12, 12, 0, 0), (0, 0, 16, 16), (12, 20, 8, 6), (0, 14, 0, 0)])
def test_letterboxed_film_equals_its_inner_picture(tmp_path, mosaic, bars):
    picture = coded(mosaic, colour.BT709).astype(np.uint8)
    scenes = [np.roll(picture, 8 * k, axis=2) for k in range(20)]
    inner = write_film(tmp_path / "inner.mkv", scenes)
    film = write_film(tmp_path / "film.mkv", [barred(scene, *bars) for scene in scenes])
    expected = measure.picture_statistics(inner, BLACK_LEVEL)
    np.testing.assert_array_equal(measure.picture_statistics(film, BLACK_LEVEL), expected)
    assert measure.picture_statistics(film, 0)[0, 0] < expected[0, 0]


def test_bars_of_a_compressed_film(tmp_path, mosaic):
    picture = coded(mosaic, colour.BT709).astype(np.uint8)
    film = [barred(np.roll(picture, k, axis=2), 16, 16, 0, 0) for k in range(60)]
    path = write_film(tmp_path / "a.mp4", film, codec="libx264", form="yuv444p", crf="28")
    assert letterbox.find_crop(path, BLACK_LEVEL) == (16 / 128, 112 / 128, 0, 1)


def test_dark_scenes_are_not_cropped_away(tmp_path):
    """A lamp in the middle for most of the film, daylight for a tenth of it."""
    lamp = grey(16)
    lamp[0, 20:28, 28:36] = 200
    film = write_film(tmp_path / "a.mkv", [lamp] * 90 + [grey(120)] * 10)
    assert letterbox.find_crop(film, BLACK_LEVEL) == colour.WHOLE


def test_a_small_thing_on_black_is_no_letterbox(tmp_path):
    lamp = grey(16)
    lamp[0, 20:28, 28:36] = 200
    film = write_film(tmp_path / "a.mkv", [lamp] * 20)
    assert letterbox.find_crop(film, BLACK_LEVEL) == colour.WHOLE


def test_one_damaged_look_does_not_move_the_bars(mosaic):
    picture = barred(coded(mosaic, colour.BT709).astype(np.uint8), 12, 12, 0, 0)
    frames = [
        av.VideoFrame.from_ndarray(p, "yuv444p") for p in [picture] * 99 + [grey(200, 120, 128)]
    ]
    looks, rows, _ = letterbox.lit_shares(frames, BLACK_LEVEL)
    assert looks == 100
    np.testing.assert_allclose(rows, [0.01] * 12 + [1] * 96 + [0.01] * 12)
    assert letterbox._bounds(rows) == (12 / 120, 108 / 120)


def test_black_film(tmp_path):
    film = film_of_greys(tmp_path / "a.mkv", [16] * 30)
    assert letterbox.find_crop(film, BLACK_LEVEL) == colour.WHOLE
    np.testing.assert_array_equal(measure.picture_statistics(film, BLACK_LEVEL), np.zeros((3, 4)))


def test_spread_key_frames_differ_and_cover_the_film(tmp_path):
    codes = list(range(20, 220))
    film = film_of_greys(tmp_path / "a.mkv", codes, codec="libx264", qp="0", g="10", bf="0")
    found = [int(f.to_ndarray()[0, 0, 0]) for f in sampling.spread_key_frames(film, 10)]
    assert found == list(range(20, 220, 20))
    assert len(list(sampling.spread_key_frames(film, 1000))) == 20


def test_the_table(tmp_path):
    film = film_of_greys(tmp_path / "a.mkv", [71] * 30)
    path = tmp_path / "visuals.parquet"
    measure.measure_film("my_film", film, path, BLACK_LEVEL, key_frames_only=False, threads=1)
    table = tables.read_table(path, tables.VISUALS)
    assert list(table.film_id) == ["my_film"] * 3
    assert list(table.time_s) == [0, 1, 2]
    np.testing.assert_allclose(table.brightness, 55 / 219, atol=1e-6)
    assert len(tables.read_provenance(path)["video_sha256"]) == 64


def test_a_film_without_picture_has_no_rows(tmp_path, film, caplog):
    sound = film("a.mka", np.zeros(48000), picture=False)
    with caplog.at_level("INFO"):
        measure.measure_film("radio", sound, tmp_path / "a.parquet", BLACK_LEVEL, False)
    assert "a.mka: no moving pictures, the table is empty" in caplog.text
    table = tables.read_table(tmp_path / "a.parquet", tables.VISUALS)
    assert table.empty
    assert list(table.columns) == tables.VISUALS.names
    assert pd.api.types.is_string_dtype(table.film_id)


def damaged_film(tmp_path, first_packet, last_packet):
    """A film of greys in x264 with the payload of some packets overwritten."""
    codes = list(range(20, 220, 5))
    film = film_of_greys(tmp_path / "a.mkv", codes, codec="libx264", qp="0", g="1", bf="0")
    with av.open(str(film)) as container:
        packets = [bytes(p) for p in container.demux(video=0) if p.size]
    data = film.read_bytes()
    for packet in packets[first_packet:last_packet]:
        data = data.replace(packet, packet[:4] + bytes(len(packet) - 4))
    film.write_bytes(data)
    return film


def test_damaged_frames_are_passed_over(tmp_path, caplog):
    """Frames 14 to 17 are broken: at 1.5 s frame 13 is still on screen."""
    rows = brightness(damaged_film(tmp_path, 14, 18))
    expected = [(code - 16) / 219 for code in (45, 85, 145, 195)]
    assert rows == pytest.approx(expected, abs=1e-5)
    assert "decoding errors, damaged frames were passed over" in caplog.text


def test_the_first_good_frame_stands_for_a_damaged_start(tmp_path):
    rows = brightness(damaged_film(tmp_path, 0, 8))
    assert rows[0] == pytest.approx((60 - 16) / 219, abs=1e-5)
    assert len(rows) == 4


def test_a_picture_that_cannot_be_decoded(tmp_path):
    film = damaged_film(tmp_path, 0, 40)
    text = r"a\.mkv: has a picture of which not one frame can be decoded \(codec h264\)"
    with pytest.raises(MediaError, match=text):
        measure.measure_film("a", film, tmp_path / "a.parquet", BLACK_LEVEL, False)
    assert not (tmp_path / "a.parquet").exists()


def test_a_truncated_film_ends_where_it_ends(tmp_path):
    codes = list(range(20, 220, 5))
    film = film_of_greys(tmp_path / "a.mkv", codes)
    data = film.read_bytes()
    film.write_bytes(data[: len(data) * 6 // 10])
    expected = [(code - 16) / 219 for code in (45, 95)]
    assert brightness(film) == pytest.approx(expected, abs=1e-5)


def test_a_stream_without_time_stamps(tmp_path):
    film = film_of_greys(tmp_path / "a.h264", [60] * 20, codec="libx264")
    with pytest.raises(
        MediaError, match=r"a\.h264: has a picture without time stamps\n  expected: a con"
    ):
        brightness(film)
