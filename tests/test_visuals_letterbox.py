"""Black bars of single frames, and of films with constant bars."""

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scorelens.visuals import colour, letterbox, measure
from scorelens.visuals.letterbox import Detected, Edges
from tests.grey_films import (
    BLACK_LEVEL,
    blocks_of_colour,
    coded,
    film_of_greys,
    grey,
    statistics,
    write_film,
)

PICTURE = coded(blocks_of_colour(), colour.BT709).astype(np.uint8)


def barred(picture, top, bottom, left, right, code=16):
    """The picture with bars of these widths in pixels."""
    height, width = picture.shape[1:]
    whole = grey(code, height + top + bottom, width + left + right)
    whole[:, top : top + height, left : left + width] = picture
    return whole


def detect_both_axes(picture):
    """Detected edges of the rows and of the columns of a yuv444p picture."""
    planes = colour.read_planes(av.VideoFrame.from_ndarray(picture, "yuv444p"))
    return tuple(map(letterbox.detect_edges, letterbox.lit_shares(planes, BLACK_LEVEL)))


def aspect_ratios(film, **settings):
    """The aspect ratio of every second of a film."""
    return measure.measure_picture(film, BLACK_LEVEL, **settings).aspect_ratio.to_numpy()


@pytest.mark.parametrize("bars", [(12, 12, 0, 0), (0, 0, 16, 16), (12, 20, 8, 6), (0, 14, 0, 0)])
def test_letterboxed_film_has_the_statistics_of_its_inner_picture(tmp_path, bars):
    scenes = [np.roll(PICTURE, 8 * k, axis=2) for k in range(20)]
    inner = write_film(tmp_path / "inner.mkv", scenes)
    film = write_film(tmp_path / "film.mkv", [barred(scene, *bars) for scene in scenes])
    expected = statistics(inner, BLACK_LEVEL)
    np.testing.assert_array_equal(statistics(film, BLACK_LEVEL), expected)
    assert statistics(film)[0, 0] < expected[0, 0]
    np.testing.assert_allclose(aspect_ratios(film), 128 / 96)


def test_bars_of_a_lossy_film_are_cropped(tmp_path):
    film = [barred(np.roll(PICTURE, k, axis=2), 16, 16, 0, 0) for k in range(60)]
    path = write_film(tmp_path / "a.mp4", film, codec="libx264", form="yuv444p", crf="28")
    np.testing.assert_allclose(aspect_ratios(path), 128 / 96)


def lamp(height=8):
    """A bright rectangle on black."""
    picture = grey(16)
    picture[0, 24 - height // 2 : 24 + height // 2, 28:36] = 200
    return picture


def test_mostly_dark_film_is_not_cropped(tmp_path):
    """90% of the frames have a small bright rectangle on black, 10% are grey."""
    film = write_film(tmp_path / "a.mkv", [lamp()] * 90 + [grey(120)] * 10)
    np.testing.assert_allclose(aspect_ratios(film), 64 / 48)


@pytest.mark.parametrize("height", [8, 36])
def test_black_around_a_bright_rectangle_is_not_cropped(tmp_path, height):
    """The larger rectangle covers 3/4 of the height, as a letterboxed picture could."""
    film = write_film(tmp_path / "a.mkv", [lamp(height)] * 20)
    np.testing.assert_allclose(aspect_ratios(film), 64 / 48)


def test_bars_of_dark_scenes_are_cropped_by_edges_of_a_bright_second(tmp_path):
    """Edges of the only bright second apply to the dark frames before it."""
    dark_frames = [barred(lamp(36), 12, 12, 0, 0)] * 90
    bright_frames = [barred(grey(120), 12, 12, 0, 0)] * 10
    film = write_film(tmp_path / "a.mkv", dark_frames + bright_frames)
    inner = write_film(tmp_path / "inner.mkv", [lamp(36)] * 90 + [grey(120)] * 10)
    np.testing.assert_allclose(aspect_ratios(film), 64 / 48)
    np.testing.assert_allclose(statistics(film, BLACK_LEVEL), statistics(inner), atol=1e-6)


def test_bars_are_cropped_if_the_only_key_frame_is_black(tmp_path):
    scenes = [grey(16, 96, 128)] * 20 + [PICTURE] * 40
    options = {"codec": "libx264", "qp": "0", "g": "1000", "sc_threshold": "0"}
    inner = write_film(tmp_path / "inner.mkv", scenes, **options)
    pictures = [barred(scene, 12, 12, 0, 0) for scene in scenes]
    film = write_film(tmp_path / "film.mkv", pictures, **options)
    np.testing.assert_allclose(
        statistics(film, BLACK_LEVEL), statistics(inner, BLACK_LEVEL), atol=1e-6
    )


def test_black_film_has_zero_statistics_and_no_crop(tmp_path):
    film = film_of_greys(tmp_path / "a.mkv", [16] * 30)
    np.testing.assert_array_equal(statistics(film, BLACK_LEVEL), np.zeros((3, 4)))
    np.testing.assert_allclose(aspect_ratios(film), 64 / 48)


@given(st.tuples(*[st.integers(0, 10)] * 4), st.integers(60, 235))
def test_detected_edges_of_bars_are_on_even_lines(bars, code):
    """Edges are rounded to even lines inside the picture."""
    top, bottom, left, right = (b if b != 1 else 0 for b in bars)
    rows, columns = detect_both_axes(barred(grey(code, 48, 64), top, bottom, left, right))
    for axis, before, size, after in [(rows, top, 48, bottom), (columns, left, 64, right)]:
        end = before + size
        assert axis == Detected((before + 1) // 2 * 2, end // 2 * 2 if after else end)


@given(hnp.arrays(np.float64, st.tuples(st.just(2), st.integers(2, 60)), elements=st.floats(0, 1)))
def test_detected_edges_are_within_the_frame(shares):
    size = shares.shape[1]
    first, end = letterbox.detect_edges(shares)
    assert first is None or 0 <= first < size
    assert end is None or 0 < end <= size
    assert None in (first, end) or end - first >= letterbox.MIN_PICTURE * size


def lit_lines(*parts):
    """Shares of lit pixels by line, at both levels. parts: (lines, share)."""
    return np.tile(np.concatenate([np.full(n, share) for n, share in parts]), (2, 1))


@pytest.mark.parametrize(
    ("parts", "edges"),
    [
        ([(100, 1)], (0, 100)),
        ([(12, 0), (76, 1), (12, 0)], (12, 88)),
        ([(12, 0), (76, 0.45), (12, 0)], (12, 88)),  # bars at the sides as well
        ([(12, 0), (76, 1), (4, 0), (4, 0.45), (4, 0)], (12, 88)),  # a subtitle
        ([(12, 0), (76, 1), (4, 0.45), (8, 0)], (12, 88)),  # one that touches the picture
        ([(4, 0), (4, 0.1), (4, 0), (76, 1), (12, 0)], (12, 88)),  # a logo
        ([(12, 0), (76, 1), (4, 0), (6, 1), (2, 0)], (12, 88)),  # a ticker
        ([(12, 0), (76, 1), (4, 0), (8, 1)], (12, 88)),  # one at the frame's border
        ([(1, 0.9), (11, 0), (76, 1), (12, 0)], (12, 88)),  # data in the first line of a tape
        ([(11, 0), (1, 0.3), (76, 1), (1, 0.3), (11, 0)], (12, 88)),  # light spread by a codec
        ([(12, 0.08), (76, 1), (12, 0.08)], (12, 88)),  # noise
        ([(33, 0), (67, 1)], (34, 100)),  # dark above
        ([(10, 0), *[(8, k / 8) for k in range(1, 8)], (34, 1)], (None, 100)),  # a dark sky
        ([(40, 0.2), (20, 0.9), (40, 0.2)], (None, None)),
        ([(45, 0), (10, 1), (45, 0)], (None, None)),  # a title
        ([(5, 0.2), (5, 0)] * 10, (None, None)),  # credits
    ],
)
def test_detect_edges_of_shares_of_lit_pixels(parts, edges):
    assert letterbox.detect_edges(lit_lines(*parts)) == edges
    other = tuple(None if line is None else 100 - line for line in edges[::-1])
    mirrored = letterbox.detect_edges(lit_lines(*parts)[:, ::-1])
    for result, line in zip(mirrored, other, strict=True):
        assert result == line or abs(result - line) <= 1  # on even lines


def test_vertical_gradient_has_no_bars():
    """From black at the top and the bottom to bright in the middle, alike in all columns."""
    ramp = 16 + 219 * np.minimum(np.arange(180), np.arange(180)[::-1]) / 180
    picture = grey(16, 180, 320)
    picture[0] = ramp[:, None].round()
    assert detect_both_axes(picture)[0] == (None, None)


@pytest.mark.parametrize("code", [16, 24, 30, 44])
@pytest.mark.parametrize("noise", [0, 2, 6])
def test_noisy_dark_grey_bars_are_detected(code, noise):
    picture = barred(np.tile(PICTURE, (1, 1, 3)), 24, 24, 0, 0, code)
    grain = np.random.default_rng(2).normal(0, noise, picture.shape)
    picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    assert detect_both_axes(picture)[0] == (24, 120)


def test_dim_textured_border_is_not_detected_as_bar():
    """Its border is as dark as bars may be; only it is not flat."""
    dim = 20 + PICTURE.repeat(4, axis=1).repeat(4, axis=2) // 7
    assert np.quantile(dim[0, :8], 0.95) < 16 + letterbox.MAX_BAR_LEVEL * BLACK_LEVEL * 219
    assert detect_both_axes(dim) == ((0, 384), (0, 512))


def test_edges_of_other_frames_are_confirmed_by_few_lit_pixels():
    faint_lines = lit_lines((12, 0), (76, 0.15), (12, 0))
    assert letterbox.detect_edges(faint_lines) == (None, None)
    assert letterbox.is_confirmed(faint_lines, Edges(12, 88))
    assert not letterbox.is_confirmed(faint_lines, Edges(20, 80))
    assert not letterbox.is_confirmed(faint_lines, Edges(0, 100))
    assert letterbox.is_confirmed(lit_lines((100, 0.15)), Edges(0, 100))
    assert not letterbox.is_confirmed(lit_lines((100, 0)), Edges(12, 88))


def test_most_common_edges_of_symmetric_and_asymmetric_bars():
    bars, asymmetric, whole = Edges(12, 88), Edges(0, 80), Edges(0, 100)
    assert letterbox.most_common([], 100) == whole
    assert letterbox.most_common([bars, whole, bars], 100) == bars
    assert letterbox.most_common([bars, Edges(11, 89), whole], 100) == (11, 89)
    assert letterbox.most_common([asymmetric] * 3, 100) == asymmetric
    assert letterbox.most_common([asymmetric] * 2, 100) == whole
    assert letterbox.most_common([asymmetric] * 5 + [bars], 100) == bars
    assert letterbox.most_common([asymmetric] * 4 + [Edges(0, 70)], 100) == whole
