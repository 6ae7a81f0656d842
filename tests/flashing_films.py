"""Checks of films whose picture flashes when the sound clicks, joined from parts."""

import numpy as np
import pytest

from scorelens import media
from scorelens.media.frames import frames_at
from scorelens.trailers.data.frame_sampling import Sampling, sample_trailer
from scorelens.visuals import sampling
from tests.media_files import (
    clicks_s,
    flash_times,
    flashes_s,
)

AAC, AC3, MP2 = ("-c:a", "aac"), ("-c:a", "ac3"), ("-c:a", "mp2")
PARTS = [(7, 1), (6, 2), (5, 3)]  # seconds and seed of the films that are joined
ALL = Sampling(first_frame=0, frames=10_000, used=10_000, sound_s=1.0)


def times_of(*parts):
    """Flash times in s of films joined in this order: (n,)."""
    starts = np.cumsum([0] + [seconds for seconds, _ in parts])
    return np.concatenate([s + flash_times(*part) for s, part in zip(starts, parts, strict=False)])


def assert_in_step(path, times_s, clicks=None):
    """Assert the times of flashes and clicks. clicks: times in s, by default those of the flashes.

    Sound and picture of a part end up to a frame apart, so later parts are delayed by the same
    amount in both; flashes and clicks must agree within 60 ms.
    """
    clicks = times_s if clicks is None else clicks
    flashes, clicked = flashes_s(path), clicks_s(path)
    assert (len(flashes), len(clicked)) == (len(times_s), len(clicks))
    np.testing.assert_allclose(flashes, times_s, atol=0.15)
    delay_s = np.interp(times_s, clicks, clicked - clicks)
    np.testing.assert_allclose(flashes - times_s, delay_s, atol=0.06)
    shown = list(sampling.shown_frames(path))
    assert media.probe(path).picture_s == pytest.approx(shown[-1].end_s, abs=0.05)
    length_s = len(media.read_audio(path, 8000)) / 8000
    assert media.probe(path).sound_s == pytest.approx(length_s, abs=0.05)


def assert_pictures_at(path):
    """Assert that `frames_at` and `sample_trailer` return the frames of `shown_frames`."""
    flashes = flashes_s(path)
    around = np.stack([flashes - 0.06, flashes + 0.06], axis=1).ravel()
    assert [frame.mean() > 130 for frame in frames_at(path, around)] == [False, True] * len(flashes)
    frames, _ = sample_trailer(path, ALL)
    bright = frames.frames.mean(axis=(1, 2, 3)) > 130
    after = frames.frame_s[:, None] - flashes
    expected = ((after > -0.02) & (after < 0.14)).any(axis=1)
    assert (bright == expected).mean() > 0.99
