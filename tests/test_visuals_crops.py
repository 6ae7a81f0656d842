"""Crops of films whose black bars change or contain subtitles, logos and tickers."""

import av
import numpy as np
import pytest

from scorelens.visuals import colour, hdr, measure
from scorelens.visuals.crops import MIN_ASYMMETRIC_S, AxisTracker
from scorelens.visuals.letterbox import Edges
from tests.grey_films import BLACK_LEVEL, grey, write_film

HEIGHT, WIDTH, RATE = 90, 160, 4
CODE, GREY = 147, (147 - 16) / 219
SCOPE, OTHER, PILLARS = (12, 12, 0, 0), (20, 20, 0, 0), (0, 0, 20, 20)
BOTH, BLACK, WHOLE = (12, 12, 20, 20), (45, 45, 0, 0), (0, 0, 0, 0)
SUBTITLE = (82, 85, 45, 115, 235)  # top, bottom, left, right, code


def picture(bars=WHOLE, *boxes, code=CODE, black=16):
    """Grey inside bars of these widths (top, bottom, left, right), with boxes drawn over both."""
    top, bottom, left, right = bars
    planes = grey(black, HEIGHT, WIDTH)
    planes[0, top : HEIGHT - bottom, left : WIDTH - right] = code
    for first, end, start, stop, light in boxes:
        planes[0, first:end, start:stop] = light
    return planes


def write_stretches(path, *stretches, **settings):
    """Write a film of stretches (seconds, picture)."""
    pictures = [frame for seconds, frame in stretches for _ in range(seconds * RATE)]
    return write_film(path, pictures, rate=RATE, g=str(RATE), **settings)


def measure_stretches(path, *stretches, mode="exact"):
    return measure.measure_picture(write_stretches(path, *stretches), BLACK_LEVEL, mode)


def repeat_by_seconds(stretches, values):
    return np.repeat(values, [seconds for seconds, _ in stretches])


CHANGES = {
    "prologue in 4:3": [(4, PILLARS), (5, SCOPE)],
    "the frame opens up": [(9, SCOPE), (4, WHOLE), (6, SCOPE)],
    "two changes within ten seconds": [(8, SCOPE), (3, WHOLE), (4, OTHER), (5, SCOPE)],
    "stretches of two seconds": [(6, SCOPE), (2, WHOLE), (2, PILLARS), (6, SCOPE)],
    "window-box": [(5, BOTH)],
    "4:3 inside the bars of scope": [(5, SCOPE), (4, BOTH), (5, SCOPE)],
    "three changes of bars": [(9, SCOPE), (4, PILLARS), (5, WHOLE), (4, OTHER)],
}


@pytest.mark.parametrize("mode", ["exact", "keyframes"])
@pytest.mark.parametrize("stretches", CHANGES.values(), ids=CHANGES)
def test_changing_bars_are_cropped_in_every_second(tmp_path, stretches, mode):
    """Includes the first second of a stretch, which is measured before the change is confirmed."""
    film = measure_stretches(
        tmp_path / "a.mkv", *((s, picture(bars)) for s, bars in stretches), mode=mode
    )
    np.testing.assert_allclose(film.brightness, GREY, atol=1e-5)
    np.testing.assert_allclose(film.contrast, 0, atol=1e-5)
    shapes = [
        (WIDTH - left - right) / (HEIGHT - up - down) for _, (up, down, left, right) in stretches
    ]
    np.testing.assert_allclose(film.aspect_ratio, repeat_by_seconds(stretches, shapes), rtol=1e-6)


def ticker(first, end):
    return picture(SCOPE, (first, end, 0, WIDTH, 200))


OVERLAYS = {
    "subtitles for 60% of the time": [(3, picture(SCOPE, SUBTITLE)), (2, picture(SCOPE))] * 4,
    "a subtitle all the time": [(12, picture(SCOPE, SUBTITLE))],
    "subtitles that touch the picture": [
        (3, picture(SCOPE, (78, 82, 45, 115, 235))),
        (4, picture(SCOPE)),
    ]
    * 3,
    "a boxed subtitle that touches it": [
        (7, picture(SCOPE)),
        (3, picture(SCOPE, (78, 84, 20, 140, 180))),
    ]
    * 3,
    "a logo": [(8, picture(SCOPE, (3, 9, 135, 150, 235)))],
    "a ticker": [(8, ticker(82, 87))],
    "a ticker at the border": [(8, ticker(83, 90))],
    "a ticker that comes later": [(8, picture(SCOPE)), (8, ticker(82, 87))],
    "subtitles and a logo": [(8, picture(SCOPE, SUBTITLE, (3, 9, 135, 150, 235)))],
}


@pytest.mark.parametrize("stretches", OVERLAYS.values(), ids=OVERLAYS)
def test_subtitles_logos_and_tickers_in_bars_are_cropped(tmp_path, stretches):
    film = measure_stretches(tmp_path / "a.mkv", *stretches)
    np.testing.assert_allclose(film.brightness, GREY, atol=1e-5)
    np.testing.assert_allclose(film.contrast, 0, atol=1e-5)
    assert film.cuts.sum() == 0
    np.testing.assert_allclose(film.motion_energy, 0, atol=1e-6)


def dark(bars, first, end, left=0, right=WIDTH):
    """A picture inside bars with a black rectangle from line `first` to `end`."""
    return picture(bars, (first, end, left, right, 16))


LAMPS = [(30, 45, 60, 75, 235), (50, 52, 20, 24, 200)]
DARK_SCENES = {
    "the upper third": ([(6, picture()), (20, dark(WHOLE, 0, 30)), (6, picture())], WHOLE),
    "the upper third, inside bars": ([(9, picture(SCOPE)), (20, dark(SCOPE, 12, 40))], SCOPE),
    "the right half": ([(6, picture()), (12, dark(WHOLE, 0, 90, 80, 160))], WHOLE),
    "the left, inside pillars": (
        [(9, picture(PILLARS)), (12, dark(PILLARS, 0, 90, 20, 70))],
        PILLARS,
    ),
    "black between two bars": (
        [(6, picture(SCOPE)), (30, grey(16, HEIGHT, WIDTH)), (6, picture(SCOPE))],
        SCOPE,
    ),
    "a night with lamps": ([(20, picture(BLACK, *LAMPS)), (3, picture())], WHOLE),
    "a night with lamps, inside bars": ([(20, picture(BLACK, *LAMPS)), (3, picture(SCOPE))], SCOPE),
    "a dim film": ([(12, picture(code=30))], WHOLE),
    "a dim film, inside bars": ([(12, picture(SCOPE, code=40))], SCOPE),
    "a split screen": ([(6, picture()), (12, dark(WHOLE, 0, 90, 76, 84)), (6, picture())], WHOLE),
    "half a split screen": ([(6, picture(SCOPE)), (12, dark(SCOPE, 12, 78, 80, 160))], SCOPE),
    "fading in": ([(1, picture(SCOPE, code=c)) for c in (16, 18, 22, 30, 60, 90, 120)], SCOPE),
    "fading out": ([(5, picture()), *((1, picture(code=c)) for c in (90, 50, 30, 22, 18))], WHOLE),
}


@pytest.mark.parametrize(("stretches", "bars"), DARK_SCENES.values(), ids=DARK_SCENES)
def test_dark_areas_of_a_scene_are_not_cropped(tmp_path, stretches, bars):
    top, bottom, left, right = bars
    inside = slice(top, HEIGHT - bottom), slice(left, WIDTH - right)
    light = [(frame[0][inside] - 16.0) / 219 for _, frame in stretches]
    film = measure_stretches(tmp_path / "a.mkv", *stretches)
    np.testing.assert_allclose(
        film.brightness, repeat_by_seconds(stretches, [part.mean() for part in light]), atol=1e-5
    )
    np.testing.assert_allclose(
        film.contrast, repeat_by_seconds(stretches, [part.std() for part in light]), atol=1e-5
    )


def credits_on_black(first, end):
    """Lines of text, white on black."""
    rng = np.random.default_rng(6)
    text_boxes = [(y, y + 4, *sorted(rng.integers(20, 140, 2)), 235) for y in range(first, end, 8)]
    return picture(BLACK, *text_boxes)


def test_credits_have_the_crop_of_the_film_unless_they_extend_into_its_bars(tmp_path):
    sections = [(6, picture(SCOPE)), (6, credits_on_black(30, 70)), (6, credits_on_black(0, 88))]
    film = measure_stretches(tmp_path / "a.mkv", *sections)
    shape = WIDTH / (HEIGHT - 24)
    np.testing.assert_allclose(film.aspect_ratio[:12], shape, rtol=1e-6)
    light = [(frame[0] - 16.0).mean() / 219 for _, frame in sections[1:]]
    assert film.brightness[6] == pytest.approx(light[0] * HEIGHT / (HEIGHT - 24), abs=1e-5)
    np.testing.assert_allclose(film.brightness[12:], light[1], atol=0.02)


@pytest.mark.parametrize("chroma", [0, 4])
@pytest.mark.parametrize("black", [16, 24, 30])
def test_changing_noisy_bars_are_cropped(tmp_path, black, chroma):
    rng = np.random.default_rng(7)
    sections = [(5, SCOPE), (4, WHOLE), (4, BOTH)]
    pictures = []
    for seconds, bars in sections:
        for _ in range(seconds * RATE):
            noise = rng.normal(0, [[[5]], [[chroma]], [[chroma]]], (3, HEIGHT, WIDTH))
            pictures.append(np.clip(picture(bars, black=black) + noise, 0, 255).astype(np.uint8))
    path = write_film(tmp_path / "a.mkv", pictures, "libx264", "yuv444p", RATE, g="8", crf="26")
    film = measure.measure_picture(path, BLACK_LEVEL)
    np.testing.assert_allclose(film.brightness, GREY, atol=0.02)
    assert film.contrast.max() < 0.05


@pytest.mark.parametrize(
    ("form", "codec", "settings"),
    [
        ("yuv420p10le", "ffv1", {}),
        ("yuv420p10le", "ffv1", {"matrix": 9, "transfer": hdr.PQ}),
        ("rgb24", "png", {"matrix": 0}),
        ("gray", "ffv1", {}),
        (
            "yuv420p",
            "mpeg2video",
            {"flags": "+ildct+ilme", "qmin": "1", "qmax": "2", "b": "9000000"},
        ),
    ],
)
def test_bars_are_cropped_in_every_pixel_format(tmp_path, form, codec, settings):
    """Statistics equal those of a film without bars."""
    rate = 25 if codec == "mpeg2video" else RATE
    ending = {"png": "mov", "mpeg2video": "mpg"}.get(codec, "mkv")

    def film(name, stretches):
        frames = [
            av.VideoFrame.from_ndarray(picture(bars), "yuv444p").reformat(format=form).to_ndarray()
            for seconds, bars in stretches
            for _ in range(seconds * rate)
        ]
        path = write_film(tmp_path / f"{name}.{ending}", frames, codec, form, rate, **settings)
        return measure.measure_picture(path, BLACK_LEVEL)

    barred, whole = (
        film("barred", [(4, SCOPE), (3, WHOLE), (3, BOTH)]),
        film("whole", [(10, WHOLE)]),
    )
    names = list(colour.MEASURES)
    np.testing.assert_allclose(barred[names], whole[names], atol=0.004)
    assert len(set(barred.aspect_ratio)) == 3


def test_bars_are_cropped_in_a_frame_of_odd_size(tmp_path):
    frames = [np.pad(picture(SCOPE), ((0, 0), (0, 1), (0, 1)), "edge")] * 8
    film = measure.measure_picture(write_film(tmp_path / "a.mkv", frames, rate=RATE), BLACK_LEVEL)
    np.testing.assert_allclose(film.brightness, GREY, atol=1e-5)


def test_black_level_0_disables_cropping(tmp_path):
    path = write_stretches(tmp_path / "a.mkv", (3, picture(SCOPE)), (3, picture()))
    film = measure.measure_picture(path, 0)
    share = (HEIGHT - 24) / HEIGHT
    np.testing.assert_allclose(film.brightness, [GREY * share] * 3 + [GREY] * 3, atol=1e-5)
    np.testing.assert_allclose(film.aspect_ratio, WIDTH / HEIGHT, rtol=1e-6)


def test_log_lists_the_crop_of_each_stretch(tmp_path, caplog):
    with caplog.at_level("INFO"):
        measure_stretches(tmp_path / "a.mkv", (4, picture(SCOPE)), (3, picture()))
    width = "of the height, 0.000 to 1.000 of the width"
    assert [text.split("a.mkv: ")[1] for text in caplog.messages if "picture from" in text] == [
        f"from 0 s on picture from 0.133 to 0.867 {width}, 2.42:1",
        f"from 4 s on picture from 0.000 to 1.000 {width}, 1.78:1",
    ]


@pytest.mark.parametrize(
    ("seconds", "is_cropped"), [(MIN_ASYMMETRIC_S - 1, False), (MIN_ASYMMETRIC_S, True)]
)
def test_asymmetric_bars_are_cropped_from_a_minimum_duration(seconds, is_cropped):
    axis, whole, asymmetric = AxisTracker(100, Edges(0, 100)), np.ones((2, 100)), np.ones((2, 100))
    asymmetric[:, 70:] = 0
    for _ in range(5):
        axis.add(whole, 1)
    for _ in range(seconds):
        axis.add(asymmetric, 1)
    axis.finish()
    assert axis.edges == [Edges(0, 100)] * 5 + [Edges(0, 70 if is_cropped else 100)] * seconds


@pytest.mark.parametrize("edges", [Edges(0, 70), Edges(20, 80)])
def test_edges_of_the_only_lit_second_apply_to_the_whole_film(edges):
    axis, lines = AxisTracker(100, Edges(0, 100)), np.zeros((2, 100))
    for _ in range(5):
        axis.add(lines, 1)
    lines[:, edges.first : edges.end] = 1
    axis.add(lines, 1)
    axis.finish()
    assert axis.edges == [edges] * 6


def test_growing_bars_are_tracked_in_every_frame():
    """Each frame of a wipe has its own edges."""
    axis = AxisTracker(200, Edges(0, 200))
    for bar in [0, 0, 0, 10, 20, 30, 40, 40]:
        lines = np.zeros((2, 200))
        lines[:, bar : 200 - bar] = 1
        axis.add(lines, 1)
    assert [edges.first for edges in axis.edges] == [0, 0, 0, 10, 20, 30, 40, 40]
