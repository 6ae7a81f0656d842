"""Picture statistics against numpy for pixel formats, colour matrices and transfer functions."""

import av
import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.visuals import colour, hdr, measure
from tests.grey_films import (
    BLACK_LEVEL,
    blocks_of_colour,
    brightness,
    coded,
    film_of_greys,
    grey,
    statistics,
    write_film,
)

FFMPEG_BT709, FFMPEG_BT601 = 1, 5


def frame_statistics(frame):
    return colour.statistics(colour.read_planes(frame))


def encode_10_bits(rgb, weights):
    """R, G, B in 0..1 as a yuv420p10le picture of limited range."""
    y, *chroma = coded(rgb, weights, 64, 876, 896, 512).astype(np.uint16)
    width = y.shape[1]
    return np.concatenate([y, *(plane[::2, ::2].reshape(-1, width) for plane in chroma)])


def numpy_statistics(rgb):
    """The four statistics by their definitions, on R, G, B in 0..1 at full size."""
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
    return blocks_of_colour()


@pytest.mark.parametrize(
    ("code", "level"), [(16, 0), (71, 55 / 219), (126, 110 / 219), (235, 1), (5, 0), (250, 1)]
)
def test_brightness_of_grey_in_limited_range(tmp_path, code, level):
    rows = statistics(film_of_greys(tmp_path / "a.mkv", [code] * 10))
    np.testing.assert_allclose(rows, [[level, 0, 0, 0]], atol=0.005)


@pytest.mark.parametrize(("code", "level"), [(0, 0), (51, 0.2), (255, 1)])
def test_brightness_of_grey_in_full_range(tmp_path, code, level):
    film = film_of_greys(tmp_path / "a.mkv", [code] * 10, color_range=2)
    assert brightness(film) == pytest.approx([level], abs=1e-5)


def grey_10_bits(code):
    picture = np.full((72, 64), 512, np.uint16)
    picture[:48] = code
    return picture


@pytest.mark.parametrize(
    ("code", "color_range", "level"),
    [(64, 1, 0), (502, 1, 0.5), (940, 1, 1), (0, 2, 0), (341, 2, 1 / 3), (1023, 2, 1)],
)
def test_brightness_of_grey_in_10_bits(tmp_path, code, color_range, level):
    film = write_film(
        tmp_path / "a.mkv", [grey_10_bits(code)] * 10, form="yuv420p10le", color_range=color_range
    )
    assert brightness(film) == pytest.approx([level], abs=1e-5)


@pytest.mark.parametrize(
    ("signal", "transfer", "nits"),
    [
        (0, hdr.PQ, 0),
        (0.38, hdr.PQ, 26),
        (0.5081, hdr.PQ, 100),
        (0.5806, hdr.PQ, 203),
        (0.7518, hdr.PQ, 1000),
    ]
    + [(0, hdr.HLG, 0), (0.38, hdr.HLG, 26), (0.75, hdr.HLG, 203), (1, hdr.HLG, 1000)],
)
def test_brightness_of_hdr_grey_matches_bt2408(tmp_path, signal, transfer, nits):
    """Levels of ITU-R BT.2408, tables 1 and 2: 203 cd/m2 is white, brighter is clipped."""
    picture = grey_10_bits(round(64 + 876 * signal))
    film = write_film(
        tmp_path / "a.mkv", [picture] * 10, form="yuv420p10le", matrix=9, transfer=transfer
    )
    level = min(nits / 203, 1) ** (1 / 2.4)
    np.testing.assert_allclose(statistics(film), [[level, 0, 0, 0]], atol=0.005)


def test_hdr_picture_has_the_statistics_of_its_sdr_version(tmp_path, mosaic):
    """BT.709 colours as light in BT.2020 with PQ; luma is linearised as grey, hence 0.04."""
    light = mosaic**2.4 * 203 @ np.linalg.inv(hdr.BT2020_TO_BT709).T
    power = (light / 10000) ** 0.1593017578125
    signal = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    picture = encode_10_bits(signal, colour.BT2020)
    film = write_film(
        tmp_path / "a.mkv", [picture] * 10, form="yuv420p10le", matrix=9, transfer=hdr.PQ
    )
    result, expected = statistics(film)[0], numpy_statistics(mosaic)
    np.testing.assert_allclose(result[:2], expected[:2], atol=0.04)
    np.testing.assert_allclose(result[2:], expected[2:], atol=0.01)


def test_statistics_of_grey_without_chroma_planes(tmp_path):
    film = write_film(tmp_path / "a.mkv", [np.full((48, 64), 102, np.uint8)] * 10, form="gray")
    rows = statistics(film)
    np.testing.assert_allclose(rows, [[0.4, 0, 0, 0]], atol=1e-5)


def test_checkerboard_has_brightness_and_contrast_one_half(tmp_path):
    board = grey(16)
    board[0] += np.uint8(219) * (np.indices((48, 64)).sum(0) % 2 == 1)
    rows = statistics(write_film(tmp_path / "a.mkv", [board] * 10))
    np.testing.assert_allclose(rows[0, :2], [0.5, 0.5])


@pytest.mark.parametrize(
    ("rgb", "luma"),
    [((255, 0, 0), 0.2126), ((0, 255, 0), 0.7152), ((0, 0, 255), 0.0722), ((255, 255, 255), 1)],
)
@pytest.mark.parametrize("weights", [colour.BT709, colour.BT601])
@pytest.mark.parametrize("form", ["yuv444p", "rgb"])
def test_statistics_of_pure_colours(tmp_path, rgb, luma, weights, form):
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
    rows = statistics(film)
    np.testing.assert_allclose(rows, [[luma, 0, saturated, expected]], atol=0.01)


def test_unspecified_colour_matrix_of_a_small_picture_is_bt601(tmp_path):
    red = np.tile(np.array([1.0, 0, 0]), (48, 64, 1))
    film = [coded(red, colour.BT601).astype(np.uint8)] * 10
    rows = statistics(write_film(tmp_path / "a.mkv", film, matrix=2))
    np.testing.assert_allclose(rows[0, 0], 0.2126, atol=0.01)


@pytest.mark.parametrize("codec", ["ffv1", "libx264"])
@pytest.mark.parametrize("weights", [colour.BT709, colour.BT601])
def test_statistics_of_mosaic_match_numpy(tmp_path, mosaic, codec, weights):
    lossless = {"qp": "0"} if codec == "libx264" else {}
    picture = coded(mosaic, weights).astype(np.uint8)
    matrix = FFMPEG_BT709 if weights == colour.BT709 else FFMPEG_BT601
    film = write_film(tmp_path / "a.mkv", [picture] * 10, codec, matrix=matrix, **lossless)
    rows = statistics(film)
    np.testing.assert_allclose(rows, [numpy_statistics(mosaic)], atol=0.005)


def test_statistics_of_10_bit_mosaic_match_numpy(tmp_path, mosaic):
    picture = encode_10_bits(mosaic, colour.BT709)
    film = write_film(tmp_path / "a.mkv", [picture] * 10, form="yuv420p10le")
    rows = statistics(film)
    np.testing.assert_allclose(rows[0, :2], numpy_statistics(mosaic)[:2], atol=0.001)
    np.testing.assert_allclose(rows[0, 2:], numpy_statistics(mosaic)[2:], atol=0.01)


def test_packed_pixel_formats_have_the_statistics_of_planar_formats(tmp_path, mosaic):
    whole = av.VideoFrame.from_ndarray(coded(mosaic, colour.BT709).astype(np.uint8), "yuv444p")
    for packing, form in [("nv12", "yuv420p"), ("yuyv422", "yuv422p")]:
        planar = whole.reformat(format=form)
        packed = planar.reformat(format=packing)
        np.testing.assert_allclose(frame_statistics(packed), frame_statistics(planar), atol=1e-6)


def test_large_picture_is_downscaled_by_area(mosaic):
    large = mosaic.repeat(8, axis=0).repeat(8, axis=1)
    frame = av.VideoFrame.from_ndarray(coded(large, colour.BT709).astype(np.uint8), "yuv444p")
    frame.colorspace = FFMPEG_BT709
    assert colour.small_picture(colour.read_planes(frame)).shape == (3, 240, 320)
    np.testing.assert_allclose(frame_statistics(frame), numpy_statistics(large), atol=0.01)


def test_chroma_noise_in_black_has_saturation_0():
    picture = grey(17)
    picture[1:] += np.random.default_rng(2).integers(0, 2, picture[1:].shape, np.uint8)
    frame = av.VideoFrame.from_ndarray(picture, format="yuv444p")
    assert frame_statistics(frame)[2] == 0


def test_statistics_are_bit_identical_across_threads(tmp_path, mosaic):
    picture = coded(mosaic, colour.BT709).astype(np.uint8)
    film = write_film(tmp_path / "a.mkv", [picture, picture[:, ::-1].copy()] * 10)
    first = statistics(film, BLACK_LEVEL)
    np.testing.assert_array_equal(first, statistics(film, BLACK_LEVEL, threads=2))


def test_measure_film_writes_visuals_table(tmp_path):
    film = film_of_greys(tmp_path / "a.mkv", [71] * 30)
    path = tmp_path / "visuals.parquet"
    measure.measure_film("my_film", film, path, BLACK_LEVEL, mode="exact", threads=1)
    table = tables.read_table(path, tables.VISUALS)
    assert list(table.film_id) == ["my_film"] * 3
    assert list(table.time_s) == [0, 1, 2]
    np.testing.assert_allclose(table.brightness, 55 / 219, atol=1e-6)
    assert list(table.cuts) == [0] * 3
    np.testing.assert_allclose(table.shot_length_s, 3)
    assert list(table.motion_energy) == [0] * 3
    assert len(tables.read_provenance(path)["video_sha256"]) == 64


def test_film_without_picture_gives_an_empty_table(tmp_path, film, caplog):
    sound = film("a.mka", np.zeros(48000), picture=False)
    with caplog.at_level("INFO"):
        measure.measure_film("radio", sound, tmp_path / "a.parquet", BLACK_LEVEL, "exact")
    assert "a.mka: no moving pictures, the table is empty" in caplog.text
    table = tables.read_table(tmp_path / "a.parquet", tables.VISUALS)
    assert table.empty
    assert list(table.columns) == tables.VISUALS.names
    assert pd.api.types.is_string_dtype(table.film_id)
