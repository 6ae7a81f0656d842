"""The pictures of assembled films: painted shots, stills, clips, letterbox."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelens.corpus.synthesis import demo_plan, pictures, recipes, timeline, video_writer
from scorelens.errors import InputError

RATE_HZ = timeline.RATE_HZ
SMALL = pictures.FrameFormat(64, 36, 8)


def frames_of(shots, count, seed=0):
    return list(shots(timeline.Scene(0, RATE_HZ), count, np.random.default_rng(seed)))


def luma(frame):
    return frame @ np.array([0.0722, 0.7152, 0.2126]) / 255


def test_painted_shots_have_the_brightness_of_their_genre():
    picture = pictures.FrameFormat(160, 90, 8)
    mean = {}
    for genre in demo_plan.GENRES:
        shots = pictures.painted_shots(lambda _, genre=genre: (genre,), picture)
        frames = [frame for seed in range(8) for frame in frames_of(shots, 20, seed)]
        assert all(frame.shape == (90, 160, 3) and frame.dtype == np.uint8 for frame in frames)
        mean[genre] = np.mean([luma(frame).mean() for frame in frames])
        assert mean[genre] == pytest.approx(recipes.PICTURE[genre].luma, abs=0.1)
    assert min(mean, key=mean.get) == "Horror" and max(mean, key=mean.get) == "Comedy"


@given(st.integers(1, 200), st.integers(0, 100))
@settings(max_examples=15)
def test_shots_have_the_requested_number_of_frames(count, seed):
    shots = pictures.painted_shots(pictures.all_genres, SMALL)
    assert len(frames_of(shots, count, seed)) == count


def test_letterboxed_picture_has_aspect_ratio_2_39():
    white = np.full((180, 320, 3), 255, np.uint8)
    (frame,) = pictures.letterboxed(iter([white.copy()]))
    rows = np.flatnonzero(frame.any(axis=(1, 2)))
    assert 320 / len(rows) == pytest.approx(2.39, rel=0.01)
    assert rows[0] == 180 - 1 - rows[-1]


def test_stills_and_clips_of_a_folder_fill_the_frame(tmp_path, caplog):
    red = np.zeros((90, 100, 3), np.uint8)
    red[..., 2] = 200
    cv2.imwrite(str(tmp_path / "red ü.png"), red)
    cv2.imwrite(str(tmp_path / "icon.png"), red[:20, :20])
    (tmp_path / "broken.mp4").write_bytes(b"nothing of a film")
    blue = np.zeros((36, 64, 3), np.uint8)
    blue[..., 0] = 200
    silence = np.zeros((RATE_HZ, 2), np.float32)
    video_writer.write_film(tmp_path / "blue.mp4", iter([blue] * 8), SMALL, silence, RATE_HZ)
    frames = frames_of(pictures.shots_from_folder(tmp_path, SMALL), 400)
    colours = {tuple(frame.mean(axis=(0, 1)).round(-2)) for frame in frames}
    assert colours == {(0, 0, 200), (200, 0, 0)}
    assert "icon.png: is no usable image" in caplog.text
    assert "broken.mp4: cannot be read as media" in caplog.text


def test_folder_without_pictures_is_an_error(tmp_path):
    with pytest.raises(
        InputError, match=r"nowhere: is not a folder\n  expected: a folder of images"
    ):
        pictures.shots_from_folder(tmp_path / "nowhere", SMALL)
    with pytest.raises(InputError, match=r"holds no picture that can be read\n  expected: .*\.png"):
        pictures.shots_from_folder(tmp_path, SMALL)
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(InputError, match="holds no picture that can be read"):
        frames_of(pictures.shots_from_folder(tmp_path, SMALL), 8)
