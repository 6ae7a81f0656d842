"""Black bars, found in films that have and have not."""

import av
import numpy as np
import pytest

from scorelens.visuals import colour, letterbox, measure
from tests.test_visuals import (
    BLACK_LEVEL,
    blocks_of_colour,
    coded,
    film_of_greys,
    grey,
    statistics,
    write_film,
)

PICTURE = coded(blocks_of_colour(), colour.BT709).astype(np.uint8)


def seen_crop(film):
    """The crop that all seconds ask for; the guess from key frames is the same."""
    _, crop = measure._measure_once(film, colour.WHOLE, BLACK_LEVEL, "exact", 1)
    assert letterbox.near(letterbox.guess_crop(film, BLACK_LEVEL), crop)
    return crop


def barred(picture, top, bottom, left, right):
    """The picture with black bars of these widths in pixels."""
    height, width = picture.shape[1:]
    whole = grey(16, height + top + bottom, width + left + right)
    whole[:, top : top + height, left : left + width] = picture
    return whole


@pytest.mark.parametrize("bars", [(12, 12, 0, 0), (0, 0, 16, 16), (12, 20, 8, 6), (0, 14, 0, 0)])
def test_letterboxed_film_equals_its_inner_picture(tmp_path, bars):
    scenes = [np.roll(PICTURE, 8 * k, axis=2) for k in range(20)]
    inner = write_film(tmp_path / "inner.mkv", scenes)
    film = write_film(tmp_path / "film.mkv", [barred(scene, *bars) for scene in scenes])
    expected = statistics(inner, BLACK_LEVEL)
    np.testing.assert_array_equal(statistics(film, BLACK_LEVEL), expected)
    assert statistics(film)[0, 0] < expected[0, 0]


def test_bars_of_a_compressed_film(tmp_path):
    film = [barred(np.roll(PICTURE, k, axis=2), 16, 16, 0, 0) for k in range(60)]
    path = write_film(tmp_path / "a.mp4", film, codec="libx264", form="yuv444p", crf="28")
    assert seen_crop(path) == (16 / 128, 112 / 128, 0, 1)


def lamp(height=8):
    """A lamp in the dark."""
    picture = grey(16)
    picture[0, 24 - height // 2 : 24 + height // 2, 28:36] = 200
    return picture


def test_dark_scenes_are_not_cropped_away(tmp_path):
    """A lamp in the middle for most of the film, daylight for a tenth of it."""
    film = write_film(tmp_path / "a.mkv", [lamp()] * 90 + [grey(120)] * 10)
    assert seen_crop(film) == colour.WHOLE


@pytest.mark.parametrize("height", [8, 36])
def test_what_stays_dark_round_a_lamp_is_no_bar(tmp_path, height):
    """The large lamp leaves three quarters of the height, which could be a bar's work."""
    film = write_film(tmp_path / "a.mkv", [lamp(height)] * 20)
    assert seen_crop(film) == colour.WHOLE


def test_bars_round_scenes_that_are_mostly_dark(tmp_path):
    night = [barred(lamp(36), 12, 12, 0, 0)] * 90
    day = [barred(grey(120), 12, 12, 0, 0)] * 10
    film = write_film(tmp_path / "a.mkv", night + day)
    assert measure._measure_once(film, colour.WHOLE, BLACK_LEVEL, "exact", 1)[1] == (
        12 / 72,
        60 / 72,
        0,
        1,
    )


def test_a_wrong_guess_is_put_right(tmp_path, caplog):
    """The only key frame is black; the bars show later."""
    scenes = [grey(16, 96, 128)] * 20 + [PICTURE] * 40
    options = {"codec": "libx264", "qp": "0", "g": "1000", "sc_threshold": "0"}
    inner = write_film(tmp_path / "inner.mkv", scenes, **options)
    pictures = [barred(scene, 12, 12, 0, 0) for scene in scenes]
    film = write_film(tmp_path / "film.mkv", pictures, **options)
    assert letterbox.guess_crop(film, BLACK_LEVEL) == colour.WHOLE
    with caplog.at_level("INFO"):
        rows = statistics(film, BLACK_LEVEL)
    np.testing.assert_allclose(rows, statistics(inner, BLACK_LEVEL), atol=1e-6)
    assert "the bars are others than those of a few key frames; once more" in caplog.text


def test_a_few_damaged_looks_do_not_move_the_bars():
    light = letterbox.Light(BLACK_LEVEL)
    for picture in [barred(PICTURE, 12, 12, 0, 0)] * 99 + [grey(200, 120, 128)]:
        light.add(colour.read_planes(av.VideoFrame.from_ndarray(picture, "yuv444p")))
    assert light.looks == 100
    np.testing.assert_allclose(light.rows[0], [1] * 12 + [100] * 96 + [1] * 12)
    assert light.crop() == (12 / 120, 108 / 120, 0, 1)


def test_light_that_a_codec_spills_over_the_edge_is_no_picture():
    light = letterbox.Light(BLACK_LEVEL)
    picture = barred(PICTURE, 12, 12, 0, 0)
    picture[0, [11, 108], 40:50] = 60
    light.add(colour.read_planes(av.VideoFrame.from_ndarray(picture, "yuv444p")))
    assert light.crop() == (12 / 120, 108 / 120, 0, 1)


def test_frames_of_another_size_do_not_count():
    light = letterbox.Light(BLACK_LEVEL)
    for picture in (grey(200), grey(200, 96, 128)):
        light.add(colour.read_planes(av.VideoFrame.from_ndarray(picture, "yuv444p")))
    assert (light.looks, light.rows.shape) == (1, (2, 48))


def test_black_film(tmp_path):
    film = film_of_greys(tmp_path / "a.mkv", [16] * 30)
    assert seen_crop(film) == colour.WHOLE
    np.testing.assert_array_equal(statistics(film, BLACK_LEVEL), np.zeros((3, 4)))
