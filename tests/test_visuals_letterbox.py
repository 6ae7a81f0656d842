"""Black bars in one frame, and in films whose bars stay."""

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


def detected(picture):
    """What the frame of a yuv444p picture shows of its rows and of its columns."""
    planes = colour.read_planes(av.VideoFrame.from_ndarray(picture, "yuv444p"))
    return tuple(map(letterbox.detect_edges, letterbox.lit_shares(planes, BLACK_LEVEL)))


def shapes_of(film, **settings):
    """The aspect ratio of every second of a film."""
    return measure.measure_picture(film, BLACK_LEVEL, **settings).aspect_ratio.to_numpy()


@pytest.mark.parametrize("bars", [(12, 12, 0, 0), (0, 0, 16, 16), (12, 20, 8, 6), (0, 14, 0, 0)])
def test_letterboxed_film_equals_its_inner_picture(tmp_path, bars):
    scenes = [np.roll(PICTURE, 8 * k, axis=2) for k in range(20)]
    inner = write_film(tmp_path / "inner.mkv", scenes)
    film = write_film(tmp_path / "film.mkv", [barred(scene, *bars) for scene in scenes])
    expected = statistics(inner, BLACK_LEVEL)
    np.testing.assert_array_equal(statistics(film, BLACK_LEVEL), expected)
    assert statistics(film)[0, 0] < expected[0, 0]
    np.testing.assert_allclose(shapes_of(film), 128 / 96)


def test_bars_of_a_compressed_film(tmp_path):
    film = [barred(np.roll(PICTURE, k, axis=2), 16, 16, 0, 0) for k in range(60)]
    path = write_film(tmp_path / "a.mp4", film, codec="libx264", form="yuv444p", crf="28")
    np.testing.assert_allclose(shapes_of(path), 128 / 96)


def lamp(height=8):
    """A lamp in the dark."""
    picture = grey(16)
    picture[0, 24 - height // 2 : 24 + height // 2, 28:36] = 200
    return picture


def test_dark_scenes_are_not_cropped_away(tmp_path):
    """A lamp in the middle for most of the film, daylight for a tenth of it."""
    film = write_film(tmp_path / "a.mkv", [lamp()] * 90 + [grey(120)] * 10)
    np.testing.assert_allclose(shapes_of(film), 64 / 48)


@pytest.mark.parametrize("height", [8, 36])
def test_what_stays_dark_round_a_lamp_is_no_bar(tmp_path, height):
    """The large lamp leaves three quarters of the height, which could be a bar's work."""
    film = write_film(tmp_path / "a.mkv", [lamp(height)] * 20)
    np.testing.assert_allclose(shapes_of(film), 64 / 48)


def test_bars_round_scenes_that_are_mostly_dark(tmp_path):
    """What the only second of daylight shows holds for the night before it."""
    night = [barred(lamp(36), 12, 12, 0, 0)] * 90
    day = [barred(grey(120), 12, 12, 0, 0)] * 10
    film = write_film(tmp_path / "a.mkv", night + day)
    inner = write_film(tmp_path / "inner.mkv", [lamp(36)] * 90 + [grey(120)] * 10)
    np.testing.assert_allclose(shapes_of(film), 64 / 48)
    np.testing.assert_allclose(statistics(film, BLACK_LEVEL), statistics(inner), atol=1e-6)


def test_bars_that_the_only_key_frame_does_not_show(tmp_path):
    scenes = [grey(16, 96, 128)] * 20 + [PICTURE] * 40
    options = {"codec": "libx264", "qp": "0", "g": "1000", "sc_threshold": "0"}
    inner = write_film(tmp_path / "inner.mkv", scenes, **options)
    pictures = [barred(scene, 12, 12, 0, 0) for scene in scenes]
    film = write_film(tmp_path / "film.mkv", pictures, **options)
    np.testing.assert_allclose(
        statistics(film, BLACK_LEVEL), statistics(inner, BLACK_LEVEL), atol=1e-6
    )


def test_black_film(tmp_path):
    film = film_of_greys(tmp_path / "a.mkv", [16] * 30)
    np.testing.assert_array_equal(statistics(film, BLACK_LEVEL), np.zeros((3, 4)))
    np.testing.assert_allclose(shapes_of(film), 64 / 48)


@given(st.tuples(*[st.integers(0, 10)] * 4), st.integers(60, 235))
def test_bars_of_any_size(bars, code):
    """Edges lie on even lines inside the picture."""
    top, bottom, left, right = (b if b != 1 else 0 for b in bars)
    rows, columns = detected(barred(grey(code, 48, 64), top, bottom, left, right))
    for axis, before, size, after in [(rows, top, 48, bottom), (columns, left, 64, right)]:
        end = before + size
        assert axis == Detected((before + 1) // 2 * 2, end // 2 * 2 if after else end)


@given(hnp.arrays(np.float64, st.tuples(st.just(2), st.integers(2, 60)), elements=st.floats(0, 1)))
def test_edges_of_any_shares_lie_in_the_frame(shares):
    size = shares.shape[1]
    first, end = letterbox.detect_edges(shares)
    assert first is None or 0 <= first < size
    assert end is None or 0 < end <= size
    assert None in (first, end) or end - first >= letterbox.MIN_PICTURE * size


def lit(*parts):
    """Shares of lines: (lines, share) one after the other, at both levels."""
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
        ([(11, 0), (1, 0.3), (76, 1), (1, 0.3), (11, 0)], (12, 88)),  # light that a codec spills
        ([(12, 0.08), (76, 1), (12, 0.08)], (12, 88)),  # noise
        ([(33, 0), (67, 1)], (34, 100)),  # dark above
        ([(10, 0), *[(8, k / 8) for k in range(1, 8)], (34, 1)], (None, 100)),  # a dark sky
        ([(40, 0.2), (20, 0.9), (40, 0.2)], (None, None)),
        ([(45, 0), (10, 1), (45, 0)], (None, None)),  # a title
        ([(5, 0.2), (5, 0)] * 10, (None, None)),  # credits
    ],
)
def test_what_lit_lines_show(parts, edges):
    assert letterbox.detect_edges(lit(*parts)) == edges
    other = tuple(None if line is None else 100 - line for line in edges[::-1])
    mirrored = letterbox.detect_edges(lit(*parts)[:, ::-1])
    for result, line in zip(mirrored, other, strict=True):
        assert result == line or abs(result - line) <= 1  # on even lines


def test_the_edge_of_a_gradient_is_no_bar():
    """From black at the top and the bottom to bright in the middle, alike in all columns."""
    ramp = 16 + 219 * np.minimum(np.arange(180), np.arange(180)[::-1]) / 180
    picture = grey(16, 180, 320)
    picture[0] = ramp[:, None].round()
    assert detected(picture)[0] == (None, None)


@pytest.mark.parametrize("code", [16, 24, 30, 44])
@pytest.mark.parametrize("noise", [0, 2, 6])
def test_bars_that_are_not_quite_black(code, noise):
    picture = barred(np.tile(PICTURE, (1, 1, 3)), 24, 24, 0, 0, code)
    grain = np.random.default_rng(2).normal(0, noise, picture.shape)
    picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    assert detected(picture)[0] == (24, 120)


def test_a_dim_picture_is_no_bar():
    """Its border is as dark as bars may be; only it is not flat."""
    dim = 20 + PICTURE.repeat(4, axis=1).repeat(4, axis=2) // 7
    assert np.quantile(dim[0, :8], 0.95) < 16 + letterbox.MAX_BAR_LEVEL * BLACK_LEVEL * 219
    assert detected(dim) == ((0, 384), (0, 512))


def test_edges_that_other_frames_show_are_confirmed_by_little_light():
    faint = lit((12, 0), (76, 0.15), (12, 0))
    assert letterbox.detect_edges(faint) == (None, None)
    assert letterbox.is_confirmed(faint, Edges(12, 88))
    assert not letterbox.is_confirmed(faint, Edges(20, 80))
    assert not letterbox.is_confirmed(faint, Edges(0, 100))
    assert letterbox.is_confirmed(lit((100, 0.15)), Edges(0, 100))
    assert not letterbox.is_confirmed(lit((100, 0)), Edges(12, 88))


def test_the_most_common_edges():
    bars, uneven, whole = Edges(12, 88), Edges(0, 80), Edges(0, 100)
    assert letterbox.most_common([], 100) == whole
    assert letterbox.most_common([bars, whole, bars], 100) == bars
    assert letterbox.most_common([bars, Edges(11, 89), whole], 100) == (11, 89)
    assert letterbox.most_common([uneven] * 3, 100) == uneven
    assert letterbox.most_common([uneven] * 2, 100) == whole
    assert letterbox.most_common([uneven] * 5 + [bars], 100) == bars
    assert letterbox.most_common([uneven] * 4 + [Edges(0, 70)], 100) == whole
