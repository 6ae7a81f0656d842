"""Sampling of film frames by presentation time."""

import av
import numpy as np
import pytest

from scorelens.errors import MediaError
from scorelens.visuals import measure, sampling
from tests.grey_films import BLACK_LEVEL, brightness, film_of_greys, write_film


@pytest.mark.parametrize(("frames", "seconds"), [(24, 2), (25, 2), (26, 3), (30, 3), (4, 0)])
def test_last_second_is_counted_if_the_film_includes_its_middle(tmp_path, frames, seconds):
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


@pytest.mark.parametrize("extension", ["mkv", "mp4", "ts"])
@pytest.mark.parametrize("threads", [1, 2])
def test_skipped_b_frames_do_not_change_brightness(tmp_path, extension, threads):
    """Two of three B-frames are no reference frames and are skipped. All greys differ."""
    codes = np.linspace(20, 230, 200).astype(int)
    path = tmp_path / f"a.{extension}"
    film = film_of_greys(path, codes, codec="libx264", rate=24, qp="1", bf="3", b_strategy="0")
    expected = [(code - 16) / 219 for code in codes[12::24]]
    assert brightness(film, threads=threads) == pytest.approx(expected, abs=0.5 / 219)
    assert len(expected) <= len(list(sampling.shown_frames(film))) < 0.6 * len(codes)


def test_avi_frame_times_are_within_the_decoder_delay(tmp_path):
    """AVI stores decoding times only: frames may be late by the decoder's delay, but in order."""
    codes = list(range(20, 220, 5))
    film = film_of_greys(tmp_path / "a.avi", codes, codec="libx264", qp="1", bf="3", b_strategy="0")
    result = np.rint(brightness(film) * 219 + 16)
    np.testing.assert_allclose(result, [45, 95, 145, 195], atol=11)


def test_keyframes_mode_measures_key_frames_only(tmp_path):
    codes = list(range(20, 220, 5))
    film = film_of_greys(tmp_path / "a.mkv", codes, codec="libx264", qp="0", g="20", bf="0")
    expected = [(code - 16) / 219 for code in (20, 20, 120, 120)]
    assert brightness(film, mode="keyframes") == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("codec", "length"), [("libx264", 28), ("libx265", 200)])
def test_keyframes_mode_measures_every_key_frame_of_open_groups(tmp_path, codec, length):
    """HEVC counts the pictures on, modulo 256: to a decoder the next 200 are 56 back."""
    codes = np.linspace(20, 230, 3 * length).astype(int)
    options = f"open-gop=1:keyint={length}:min-keyint={length}:scenecut=0:qp=1"
    if codec == "libx265":
        options += ":bframes=3:b-adapt=0:pools=none:frame-threads=1:log-level=none"
    path = tmp_path / "a.mkv"
    film = film_of_greys(path, codes, codec=codec, **{f"{codec[3:]}-params": options})
    shown = list(sampling.shown_frames(film, key_frames_only=True))
    assert [one.frame.key_frame for one in shown] == [True] * 3
    seconds = range(3 * length // 10)
    expected = [(codes[(10 * t + 5) // length * length] - 16) / 219 for t in seconds]
    assert brightness(film, mode="keyframes") == pytest.approx(expected, abs=1 / 219)


def test_spread_key_frames_are_distinct_and_evenly_spaced(tmp_path):
    codes = list(range(20, 220))
    film = film_of_greys(tmp_path / "a.mkv", codes, codec="libx264", qp="0", g="10", bf="0")
    result = [int(f.to_ndarray()[0, 0, 0]) for f in sampling.spread_key_frames(film, 10)]
    assert result == list(range(30, 220, 20))
    assert len(list(sampling.spread_key_frames(film, 1000))) == 20


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


def test_damaged_frames_are_skipped_with_a_warning(tmp_path, caplog):
    """Frames 14 to 17 are damaged: frame 13 is still displayed at 1.5 s."""
    rows = brightness(damaged_film(tmp_path, 14, 18))
    expected = [(code - 16) / 219 for code in (45, 85, 145, 195)]
    assert rows == pytest.approx(expected, abs=1e-5)
    assert "decoding errors, damaged frames were skipped" in caplog.text


def test_damaged_start_has_values_of_the_first_decodable_frame(tmp_path):
    rows = brightness(damaged_film(tmp_path, 0, 8))
    assert rows[0] == pytest.approx((60 - 16) / 219, abs=1e-5)
    assert len(rows) == 4


def test_undecodable_picture_raises_media_error(tmp_path):
    film = damaged_film(tmp_path, 0, 40)
    text = r"a\.mkv: has a picture without a frame that can be decoded \(codec h264\)"
    with pytest.raises(MediaError, match=text):
        measure.measure_film("a", film, tmp_path / "a.parquet", BLACK_LEVEL, "exact")
    assert not (tmp_path / "a.parquet").exists()


def test_truncated_film_is_measured_up_to_its_end(tmp_path):
    codes = list(range(20, 220, 5))
    film = film_of_greys(tmp_path / "a.mkv", codes)
    data = film.read_bytes()
    film.write_bytes(data[: len(data) * 6 // 10])
    expected = [(code - 16) / 219 for code in (45, 95)]
    assert brightness(film) == pytest.approx(expected, abs=1e-5)


def test_stream_without_time_stamps_raises_media_error(tmp_path):
    film = film_of_greys(tmp_path / "a.h264", [60] * 20, codec="libx264")
    with pytest.raises(
        MediaError, match=r"a\.h264: has a picture without time stamps\n  expected: a con"
    ):
        brightness(film)


def moving_pictures(count, height=96, width=160):
    """Distinct yuv420p pictures: a drifting pattern of varying brightness with noise."""
    rng = np.random.default_rng(4)
    shapes = rng.integers(30, 220, (height // 8, 2 * width // 8 + count)).repeat(8, 0).repeat(8, 1)
    chroma = np.full((height // 2, width), 128, np.uint8)
    for k in range(count):
        drift = shapes[:, 3 * k : 3 * k + width] * (0.4 + 0.6 * abs(np.sin(k / 17)))
        luma = np.clip(drift + rng.normal(0, 3, drift.shape), 16, 235).astype(np.uint8)
        yield np.concatenate([luma, chroma])


def all_frames_statistics(film):
    """Reference: brightness and contrast at 1 Hz with every frame decoded."""
    with av.open(str(film)) as container:
        frames = [(f.time, f.to_ndarray()) for f in container.decode(video=0)]
    times_s = np.array([time_s for time_s, _ in frames]) - frames[0][0]
    rows = []
    for second in range(int(times_s[-1] + 0.5)):
        _, picture = frames[np.flatnonzero(times_s <= second + 0.5 + 1e-6)[-1]]
        luma = (picture[: picture.shape[0] * 2 // 3] - 16.0) / 219
        rows.append((luma.mean(), luma.std()))
    return np.array(rows)


@pytest.mark.parametrize(
    ("codec", "extension", "options"),
    [
        ("libx264", "mp4", {"bf": "3"}),
        ("libx264", "mkv", {"bf": "8", "b_strategy": "2", "x264-params": "b-pyramid=strict"}),
        ("libx264", "mp4", {"x264-params": "tff=1:bframes=3"}),
        ("libx265", "mp4", {"x265-params": "log-level=none:pools=1"}),
        ("libsvtav1", "mkv", {"preset": "12", "svtav1-params": "lp=1"}),
        ("libvpx-vp9", "webm", {"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "1"}),
        ("mpeg2video", "mpg", {"bf": "2", "b": "2000000"}),
        ("mpeg2video", "ts", {"bf": "2", "b": "2000000", "flags": "+ildct+ilme"}),
    ],
)
def test_brightness_and_contrast_equal_those_with_all_frames_decoded(
    tmp_path, codec, extension, options
):
    """Frames in the middle of seconds, 12, 37, ..., have even and odd numbers in turn."""
    pictures = list(moving_pictures(130))
    film = write_film(
        tmp_path / f"a.{extension}", pictures, codec, "yuv420p", 25, color_range=0, **options
    )
    result = measure.measure_picture(film, 0, threads=2)[["brightness", "contrast"]].to_numpy()
    expected = all_frames_statistics(film)
    assert len(expected) >= 5
    np.testing.assert_allclose(result[: len(expected)], expected, atol=0.002)
    assert np.ptp(expected[:, 0]) > 0.05


def test_variable_frame_rate_statistics_equal_those_with_all_frames_decoded(tmp_path):
    """12 to 60 frames per second, with one frame of 1.5 s."""
    steps = np.random.default_rng(5).integers(1, 6, 160)
    steps[70] = 90
    pts = np.concatenate([[0], np.cumsum(steps)]).tolist()
    pictures = list(moving_pictures(len(pts)))
    film = write_film(tmp_path / "a.mkv", pictures, "libx264", "yuv420p", 60, pts, bf="3")
    result = measure.measure_picture(film, 0)[["brightness", "contrast"]].to_numpy()
    expected = all_frames_statistics(film)
    np.testing.assert_allclose(result[: len(expected)], expected, atol=0.002)
    assert len(list(sampling.shown_frames(film))) < len(pts)


def test_key_frames_only_gives_key_frames_with_their_intervals(tmp_path):
    codes = list(range(20, 220))
    film = film_of_greys(tmp_path / "a.mkv", codes, codec="libx264", qp="0", g="25", bf="2")
    shown = list(sampling.shown_frames(film, key_frames_only=True))
    assert all(one.frame.key_frame for one in shown)
    assert [one.start_s for one in shown] == [2.5 * k for k in range(8)]
    assert [one.end_s for one in shown] == [2.5 * k for k in range(1, 9)]
