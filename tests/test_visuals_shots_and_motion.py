"""Cuts, shots and motion energy of synthetic clips with known cuts and motion."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelens import tables
from scorelens.visuals import colour, measure, thumbnails
from scorelens.visuals.shots_and_motion import FLASH_S, CutDetector, MotionMeter, ShotsAndMotion
from tests.grey_films import film_of_greys, write_film

HEIGHT, WIDTH, RATE = 108, 192, 24


def scene(seed, width=2 * WIDTH):
    """Luma of smooth shapes, uint8, wider than the frame."""
    coarse = np.random.default_rng(seed).uniform(30, 220, (HEIGHT // 12, width // 12))
    return cv2.resize(coarse.astype(np.float32), (width, HEIGHT)).astype(np.uint8)


def shot(seed, frames, pixels_a_frame=0.0, light=1.0):
    """Luma of the frames of a pan over a scene."""
    whole = scene(seed)
    offsets = (pixels_a_frame * np.arange(frames)).astype(int)
    return [(light * whole[:, x : x + WIDTH]).astype(np.uint8) for x in offsets]


def as_planes(luma):
    none = np.full((1, 1), 128, np.uint8)
    return colour.Planes(luma, none, none, 0, 255, 128, 255, colour.BT709)


def measure_pictures(pictures, rate=RATE):
    shots = ShotsAndMotion()
    for k, picture in enumerate(pictures):
        shots.add(thumbnails.thumbnail(k / rate, as_planes(picture)))
    return shots


def cut_frames(pictures, rate=RATE):
    """Numbers of the frames at which a shot begins."""
    return list(np.rint(rate * measure_pictures(pictures, rate).cuts.times_s()).astype(int))


@pytest.mark.parametrize("rate", [10, 12, 24, 50])
@pytest.mark.parametrize("light", [1.0, 0.15])
@pytest.mark.parametrize("pixels_a_frame", [0, 1])
def test_cuts_between_shots_are_detected(rate, light, pixels_a_frame):
    lengths = [rate, 2 * rate, rate // 2, 3 * rate]
    shots = [shot(k, n, pixels_a_frame, light) for k, n in enumerate(lengths)]
    assert cut_frames([p for pictures in shots for p in pictures], rate) == list(
        np.cumsum(lengths)[:-1]
    )


@pytest.mark.parametrize("frames", [1, 2, 4])
@pytest.mark.parametrize("light", [0, 255])
def test_a_flash_is_no_cut(frames, light):
    flash = [np.full((HEIGHT, WIDTH), light, np.uint8)] * frames
    pan = shot(0, 60, 1)
    assert cut_frames(pan[:30] + flash + pan[30:]) == []
    assert cut_frames(shot(0, 30) + flash + shot(1, 40)) in ([30], [30 + frames])


def test_a_fast_pan_is_no_cut():
    still, pan = [scene(0, 20 * WIDTH)[:, :WIDTH]] * 24, scene(0, 20 * WIDTH)
    pan = [pan[:, x : x + WIDTH] for x in range(0, 19 * WIDTH, WIDTH // 6)]
    step = thumbnails.distance(*(thumbnails.thumbnail(0, as_planes(p)) for p in pan[:2]))
    assert step > 0.35  # each step of the pan is as far as a cut may be
    assert cut_frames(still + pan + pan[-1:] * 24) == []


def test_cut_between_two_pans_is_detected():
    assert cut_frames(shot(0, 40, 4) + shot(1, 40, 4)) == [40]


def test_a_dissolve_is_no_cut():
    first, second = scene(0)[:, :WIDTH], scene(1)[:, :WIDTH]
    shares = np.linspace(0, 1, RATE)
    dissolve = [((1 - a) * first + a * second).astype(np.uint8) for a in shares]
    assert cut_frames([first] * 24 + dissolve + [second] * 24) == []


def test_noise_in_black_frames_is_no_cut():
    rng = np.random.default_rng(3)
    assert cut_frames([rng.integers(0, 9, (HEIGHT, WIDTH), np.uint8) for _ in range(60)]) == []


def test_fast_pan_with_repeated_frames_has_no_cuts():
    """A fast pan at 12 frames per second in a film of 24 frames per second."""
    whole = scene(0, 20 * WIDTH)
    pan = [whole[:, x : x + WIDTH] for x in range(0, 19 * WIDTH, WIDTH // 6)]
    assert cut_frames([picture for picture in pan for _ in range(2)]) == []


def test_thumbnail_ignores_bars_outside_the_crop():
    inside = scene(0)[:, :WIDTH]
    barred = np.pad(inside, ((20, 20), (0, 0)))
    crop = colour.Crop(20 / 148, 128 / 148, 0, 1)
    reduced = [
        thumbnails.thumbnail(0, as_planes(inside)),
        thumbnails.thumbnail(0, as_planes(barred), crop),
    ]
    np.testing.assert_array_equal(reduced[0].pixels, reduced[1].pixels)


def test_distance_and_motion_of_one_frame_in_two_crops_are_0():
    planes = as_planes(np.pad(scene(0)[:, :WIDTH], ((20, 20), (0, 0))))
    inside = thumbnails.thumbnail(0, planes, colour.Crop(20 / 148, 128 / 148, 0, 1), True)
    whole, narrow = (
        thumbnails.thumbnail(1, planes, crop, True)
        for crop in (colour.WHOLE_FRAME, colour.Crop(0, 1, 0.2, 0.8))
    )
    for one, other in [(inside, whole), (whole, inside), (inside, narrow)]:
        assert thumbnails.distance(one, other) == pytest.approx(0, abs=1e-6)
    motion = MotionMeter()
    for shown in (inside, whole):
        motion.add(shown)
    np.testing.assert_allclose(motion.by_second(1, 1.5, np.zeros(0)), 0, atol=1e-6)


def barred(pictures, lines=12):
    """The pictures with their first and last lines black."""
    return [np.pad(p[lines:-lines], ((lines, lines), (0, 0))) for p in pictures]


@pytest.mark.parametrize("bars_first", [True, False])
@pytest.mark.parametrize("frames", [60, 66, 70])
def test_cut_with_change_of_bars_is_one_cut(tmp_path, bars_first, frames):
    """At any part of a second; the bars are confirmed some frames after the cut."""
    first, second = shot(0, frames, 0.5), shot(1, 150 - frames, 0.5)
    whole = [*barred(first), *second] if bars_first else [*first, *barred(second)]
    film = film_of_luma(tmp_path / "a.mkv", whole)
    expected = np.bincount([frames // RATE], minlength=6)
    assert list(measure.measure_picture(film, 0.06).cuts) == list(expected)


def test_removed_bars_within_a_shot_are_no_cut_and_no_motion(tmp_path):
    """No cut where the bars disappear, and at most one where they return."""
    pan = shot(0, 168, 0.5)
    whole = barred(pan[:60]) + pan[60:120] + barred(pan[120:])
    table = measure.measure_picture(film_of_luma(tmp_path / "a.mkv", whole), 0.06)
    assert list(table.cuts[:5]) == [0] * 5
    assert table.cuts.sum() <= 1
    without_bars = measure.measure_picture(film_of_luma(tmp_path / "b.mkv", pan), 0.06)
    compared = table.motion_energy.notna() & (table.index != 5)
    np.testing.assert_allclose(
        table.motion_energy[compared], without_bars.motion_energy[compared], atol=0.01
    )


def film_of_luma(path, pictures):
    grey = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)
    frames = [np.concatenate([p, grey]).astype(np.uint8) for p in pictures]
    return write_film(path, frames, "ffv1", "yuv420p", RATE, color_range=2)


@given(st.integers(0, 5), st.integers(0, 5), st.floats(0.05, 1))
@settings(deadline=None, max_examples=30)
def test_distance_is_symmetric_within_0_and_2_and_0_for_one_frame(first, second, light):
    one, other = (
        thumbnails.thumbnail(0, as_planes(shot(seed, 1, light=light)[0]))
        for seed in (first, second)
    )
    assert thumbnails.distance(one, other) == thumbnails.distance(other, one)
    assert 0 <= thumbnails.distance(one, other) <= 2
    assert thumbnails.distance(one, one) == pytest.approx(0, abs=1e-5)


def test_distance_matches_its_definition():
    pixels = [scene(k, 64)[:36, :64].astype(np.float64) / 255 for k in (0, 1)]
    one, other = (thumbnails.thumbnail(0, as_planes(scene(k, 64)[:36])) for k in (0, 1))
    covariance = np.cov(pixels[0].ravel(), pixels[1].ravel(), ddof=0)
    squared_differences = np.trace(covariance) + (pixels[0].mean() - pixels[1].mean()) ** 2
    expected = 1 - (2 * covariance[0, 1] + 0.02**2) / (squared_differences + 0.02**2)
    assert thumbnails.distance(one, other) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("size", [(1080, 1920), (800, 1920), (576, 720), (50, 40), (36, 64)])
def test_thumbnail_of_a_ramp_is_a_ramp_at_any_size(size):
    """Odd lines of large frames are inverted: only one field is read, as of interlaced frames."""
    ramp = np.tile(np.linspace(0, 255, size[1]).astype(np.uint8), (size[0], 1))
    if size[0] > 144:
        ramp[1::2] = 255 - ramp[1::2]
    reduced = thumbnails.thumbnail(0, as_planes(ramp))
    line = (reduced.pixels + reduced.mean).reshape(36, 64)[0]
    np.testing.assert_allclose(np.diff(line), 1 / 64, atol=0.012)


def test_cut_detector_retains_few_thumbnails():
    cuts = CutDetector()
    for k, picture in enumerate(shot(0, 24, 4) * 20):
        cuts.add(thumbnails.thumbnail(k / RATE, as_planes(picture)))
        assert len(cuts.recent) <= 2 + 3 * FLASH_S * RATE


def test_repeated_and_decreasing_time_stamps_are_ignored():
    shots = ShotsAndMotion()
    for time_s, picture in zip([0, 0, 0.5, 0.2, 1, 1.5], shot(0, 1) + shot(1, 1) * 5, strict=True):
        shots.add(thumbnails.thumbnail(time_s, as_planes(picture)))
    assert shots.cuts.frames_s == [0, 0.5, 1, 1.5]
    assert list(shots.by_second(2, 2.0).cuts) == [1, 0]


def test_cuts_and_shot_length_by_second():
    """Cuts at 2.5, 4, 4.375 and 6 s of a film of 8 s."""
    lengths = [60, 36, 9, 39, 48]
    pictures = [p for k, n in enumerate(lengths) for p in shot(k, n)]
    table = measure_pictures(pictures).by_second(8, 8.0)
    assert list(table.cuts) == [0, 0, 1, 0, 2, 0, 1, 0]
    np.testing.assert_allclose(
        table.shot_length_s, [2.5, 2.5, 1.5, 1.5, 1.625, 1.625, 2, 2], atol=1e-6
    )


def test_still_and_change_of_brightness_have_motion_energy_0():
    still = scene(0)[:, :WIDTH]
    assert list(measure_pictures([still] * 48).by_second(2, 2.0).motion_energy) == [0, 0]
    lit = [(still // 2 + 2 * k).astype(np.uint8) for k in range(48)]
    np.testing.assert_allclose(measure_pictures(lit).by_second(2, 2.0).motion_energy, 0, atol=1e-6)


@pytest.mark.parametrize("period_s", [1.0, 2.0])
def test_motion_energy_matches_luma_change_of_left_and_right_side(period_s):
    """The luma of the sides are opposite triangle waves with turning points on the frame grid."""
    times_s = np.arange(0, 4, 1 / 48)
    level = 0.5 + 0.25 * _triangle(times_s / period_s)
    pictures = [
        np.repeat([[a, 1 - a]], WIDTH // 2, axis=1).repeat(HEIGHT, axis=0) * 200 for a in level
    ]
    table = _motion_by_second([p.astype(np.float32) for p in pictures], times_s)
    luma_a_second = 0.25 * 200 / 255 * 4 / period_s
    np.testing.assert_allclose(table[1:], luma_a_second / 4, rtol=0.01)


def _triangle(turns):
    return 4 * np.abs((turns + 0.25) % 1 - 0.5) - 1


def _motion_by_second(pictures, times_s):
    motion = MotionMeter()
    for time_s, picture in zip(times_s, pictures, strict=True):
        motion.add(thumbnails.thumbnail(time_s, as_planes(picture)))
    return motion.by_second(4, 4.0, np.zeros(0))


def test_motion_energy_grows_with_speed():
    energies = [
        measure_pictures(shot(0, 48, speed)).by_second(2, 2.0).motion_energy[1]
        for speed in (0, 0.5, 1, 2)
    ]
    assert energies == sorted(energies)
    assert energies[0] == 0 < energies[1]


def test_cut_adds_no_motion_energy():
    table = measure_pictures(shot(0, 36) + shot(1, 36)).by_second(3, 3.0)
    assert list(table.cuts) == [0, 1, 0]
    assert list(table.motion_energy) == [0, 0, 0]


def test_motion_energy_is_nan_without_frame_pairs_between_cuts():
    motion = MotionMeter()
    for k, picture in enumerate(shot(0, 48)):
        motion.add(thumbnails.thumbnail(k / RATE, as_planes(picture)))
    by_second = motion.by_second(2, 2.0, np.array([0.1, 0.3, 0.6, 0.8]))
    np.testing.assert_array_equal(np.isnan(by_second), [True, False])


@pytest.mark.parametrize("b_frames", ["0", "3"])
def test_encoded_film_matches_its_raw_frames(tmp_path, b_frames):
    """Frames that are not decoded shift cuts by four frames at most and leave motion unchanged."""
    shots = enumerate([(60, 0), (84, 1), (96, 2)])
    whole = [p for k, (frames, speed) in shots for p in shot(k, frames, speed)]
    pictures = [np.concatenate([p, np.full_like(p[: HEIGHT // 2], 128)]) for p in whole]
    options = {"bf": b_frames, "crf": "18", "color_range": 2}
    film = write_film(tmp_path / "a.mp4", pictures, "libx264", "yuv420p", RATE, **options)
    table = measure.measure_picture(film, 0)
    direct = measure_pictures(whole).by_second(10, 10.0)
    assert list(table.cuts) == [0, 0, 1, 0, 0, 0, 1, 0, 0, 0]
    np.testing.assert_allclose(table.shot_length_s, direct.shot_length_s, atol=4 / RATE)
    np.testing.assert_allclose(table.motion_energy, direct.motion_energy, atol=0.01)


def test_keyframes_mode_leaves_cuts_and_motion_empty(tmp_path):
    film = film_of_greys(tmp_path / "a.mkv", [60] * 30)
    path = tmp_path / "visuals.parquet"
    measure.measure_film("a", film, path, 0.06, "keyframes")
    table = tables.read_table(path, tables.VISUALS)
    assert len(table) == 3
    assert table[["cuts", "shot_length_s", "motion_energy"]].isna().all(axis=None)
    assert table.brightness.notna().all()
