"""Mode `hybrid`: the part of a film that is decoded, and the error of a median that it states."""

import numpy as np
import pytest

from scorelens.visuals import measure, sampling, thinning
from tests.grey_films import BLACK_LEVEL, write_film

HOUR_S = 3600


def packet_times(keys_s, end_s, rate=4):
    frames_s = np.arange(0, end_s, 1 / rate)
    return thinning.PacketTimes(frames_s, keys_s, np.rint(keys_s * 1000).astype(int), end_s)


def shots_of_keys(rng, end_s, mean_s=5.0):
    """Key frames at the start of shots of 0.5 s and more."""
    lengths = 0.5 + rng.exponential(mean_s - 0.5, int(2 * end_s / mean_s))
    starts_s = np.concatenate([[0], np.cumsum(lengths)])
    return starts_s[starts_s < end_s - 1]


@pytest.mark.parametrize(
    ("distance_s", "length_s", "spacing_s"),
    [(1, 2 * HOUR_S, 4), (2.002, 2 * HOUR_S, 4.004), (10, 2 * HOUR_S, 10), (0.04, HOUR_S, 3.6)],
)
def test_regular_key_frames_are_a_sample_with_an_even_distance(distance_s, length_s, spacing_s):
    keys_s = np.arange(0, length_s, distance_s)
    thinned = thinning.thin(packet_times(keys_s, float(length_s)))
    np.testing.assert_allclose(np.diff(thinned.starts_s), spacing_s)
    assert not thinned.is_whole.any()


def test_irregular_parts_are_decoded_with_chances_in_proportion_to_length():
    rng = np.random.default_rng(0)
    whole, lengths_s = [], []
    for _ in range(20):
        end_s = 2 * HOUR_S + rng.uniform(0, 60)
        thinned = thinning.thin(packet_times(shots_of_keys(rng, end_s), end_s))
        lengths_s.append(np.diff(thinned.starts_s, append=end_s))
        whole.append(thinned.is_whole)
    whole, lengths_s = np.concatenate(whole), np.concatenate(lengths_s)
    assert lengths_s[whole].sum() / lengths_s.sum() == pytest.approx(thinning.SHARE, abs=0.005)
    long = lengths_s > np.median(lengths_s)
    expected = lengths_s[long].sum() / lengths_s[~long].sum()
    assert whole[long].sum() / whole[~long].sum() == pytest.approx(expected, rel=0.2)


@pytest.mark.parametrize("keys_s", [np.zeros(0), np.arange(0, 600, 30.0), np.arange(0, 20, 0.5)])
def test_film_with_few_key_frames_is_not_thinned(keys_s):
    assert thinning.thin(packet_times(keys_s, 600.0)) is None


def test_short_film_with_irregular_key_frames_is_not_thinned():
    keys_s = shots_of_keys(np.random.default_rng(0), 1200)
    assert thinning.thin(packet_times(keys_s, 1200.0)) is None


def test_held_time_is_that_between_measured_and_shown_frame():
    times = packet_times(np.array([0.0, 2.75]), 4.0)
    held_s = thinning.held_s(times, np.array([0.5, 0.5, 2.25, 2.75]))
    np.testing.assert_allclose(held_s, [0, 1, 0.25, 0.75])


def drifting_shots(rng, length_s, cut_rate=0.2, drift=0.0):
    """Values of each second: a level for each shot, noise, and a rise at the start of shots."""
    cuts = rng.random(length_s) < cut_rate
    cuts[0] = True
    shot = np.cumsum(cuts) - 1
    since = np.arange(length_s) - np.flatnonzero(cuts)[shot]
    levels = rng.normal(0.4, 0.15, shot[-1] + 1)[shot]
    return cuts, levels - drift * np.exp(-since) + rng.normal(0, 0.02, length_s)


def errors_of_regular_sample(rng):
    values = drifting_shots(rng, 2 * HOUR_S)[1]
    thinned = thinning.thin(packet_times(np.arange(0, 2 * HOUR_S, 4.0), 2.0 * HOUR_S))
    rows = np.repeat(values[::4], 4)
    error = thinning.median_error(rows, np.full(len(rows), np.nan), thinned)
    return error, np.median(rows) - np.median(values)


def errors_of_shots(rng, drift):
    cuts, values = drifting_shots(rng, 2 * HOUR_S, drift=drift)
    thinned = thinning.thin(packet_times(np.flatnonzero(cuts) * 1.0, 2.0 * HOUR_S))
    part = thinning.part_of_seconds(thinned, len(values))
    held = values[np.flatnonzero(cuts)][part]
    rows = np.where(thinned.is_whole[part], values, held)
    error = thinning.median_error(rows, np.where(thinned.is_whole[part], held, np.nan), thinned)
    return error, np.median(rows) - np.median(values)


def test_error_of_regular_sample_is_an_upper_estimate_within_two_and_a_half_times():
    rng = np.random.default_rng(1)
    errors, actual = np.array([errors_of_regular_sample(rng) for _ in range(60)]).T
    assert 1 < errors.mean() / np.sqrt(np.mean(actual**2)) < 2.5
    assert errors.mean() < thinning.MAX_ERROR


def test_error_of_shots_without_drift_is_rarely_exceeded():
    rng = np.random.default_rng(2)
    errors, actual = np.array([errors_of_shots(rng, 0.0) for _ in range(40)]).T
    assert np.mean(np.abs(actual) <= errors) > 0.9
    assert errors.mean() < thinning.MAX_ERROR


@pytest.mark.parametrize("drift", [0.05, 0.2])
def test_error_of_shots_includes_a_drift_after_key_frames(drift):
    rng = np.random.default_rng(2)
    errors, actual = np.array([errors_of_shots(rng, drift) for _ in range(40)]).T
    assert errors.mean() == pytest.approx(np.abs(actual).mean(), rel=0.15)
    assert (errors > thinning.MAX_ERROR).all()


def open_groups(path, codec):
    """210 greys at 5 Hz, all different, with open groups of 15 frames."""
    codes = np.linspace(20, 230, 210).astype(int)
    common = "open-gop=1:keyint=15:min-keyint=15:scenecut=0:qp=1:bframes=3:b-adapt=0"
    options = {
        "libx264": {"x264-params": common},
        "libx265": {"x265-params": common + ":pools=none:frame-threads=1:log-level=none"},
        "mpeg2video": {
            "g": "15",
            "bf": "2",
            "qmin": "1",
            "qmax": "2",
            "sc_threshold": "1000000000",
        },
    }
    pictures = [np.full((72, 64), 128, np.uint8) for _ in codes]
    for picture, code in zip(pictures, codes, strict=True):
        picture[:48] = code
    rate = 25 if codec == "mpeg2video" else 5
    return write_film(path, pictures, codec, "yuv420p", rate, **options[codec])


@pytest.fixture
def sampled(monkeypatch):
    """Short films are thinned, whatever the error, and a third of them is decoded."""
    monkeypatch.setattr(thinning, "MIN_PARTS", 2)
    monkeypatch.setattr(thinning, "MAX_ERROR", 1.0)
    monkeypatch.setattr(thinning, "SHARE", 1 / 3)
    monkeypatch.setattr(thinning, "_is_regular", lambda keys_s: False)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg2video"])
def test_hybrid_mode_is_exact_in_whole_parts_and_holds_key_frames_elsewhere(
    tmp_path, sampled, codec, threads
):
    film = open_groups(tmp_path / "a.mkv", codec)
    exact, by_keys, hybrid = (
        measure.measure_picture(film, BLACK_LEVEL, mode, threads)
        for mode in ("exact", "keyframes", "hybrid")
    )
    is_exact = hybrid.held_s == 0
    assert is_exact.mean() > 0.2
    assert list(hybrid.brightness[is_exact]) == list(exact.brightness[is_exact])
    assert list(hybrid.brightness[~is_exact]) == list(by_keys.brightness[~is_exact])
    assert hybrid[["cuts", "shot_length_s", "motion_energy"]].isna().all(axis=None)


def test_hybrid_mode_decodes_few_frames(tmp_path, sampled):
    film = open_groups(tmp_path / "a.mkv", "libx264")
    thinned = thinning.thin(thinning.read_packet_times(film))
    shown = list(sampling.shown_frames(film, selected_keys=thinned.selected_keys))
    starts_s = [one.start_s for one in shown]
    assert set(thinned.starts_s) <= set(starts_s)
    assert starts_s == sorted(starts_s)
    assert len(shown) < 0.5 * 210


def test_hybrid_mode_measures_all_of_a_film_with_too_large_an_error(tmp_path, sampled, monkeypatch):
    monkeypatch.setattr(thinning, "MAX_ERROR", 1e-9)
    film = open_groups(tmp_path / "a.mkv", "libx264")
    exact, hybrid = (
        measure.measure_picture(film, BLACK_LEVEL, mode) for mode in ("exact", "hybrid")
    )
    known = ["brightness", "contrast", "saturation", "held_s", "brightness_error", "contrast_error"]
    assert hybrid[known].equals(exact[known])
    assert (hybrid.brightness_error == 0).all()
