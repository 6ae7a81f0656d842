"""Landmarks, their hashes, and the index of an album."""

import logging

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelens import fingerprints, tables
from scorelens.errors import InputError, MediaError
from scorelens.fingerprints import Landmarks, Settings

RATE_HZ = 11025
SEED = 7


def noise(seconds: float) -> np.ndarray:
    samples = np.random.default_rng(SEED).standard_normal(round(seconds * RATE_HZ))
    return (0.1 * samples).astype(np.float32)


def find(*blocks: np.ndarray) -> Landmarks:
    return fingerprints.find_landmarks(blocks, Settings())


def pairs(frames: list[int], bins: list[int]) -> tuple[list[int], list[int]]:
    landmarks = Landmarks(np.array(frames, np.int32), np.array(bins, np.uint16))
    hashes, anchors = fingerprints.pair_landmarks(landmarks)
    return hashes.tolist(), anchors.tolist()


def track_table(path, *sources) -> str:
    frame = pd.DataFrame(
        {
            "film_id": "film",
            "track_id": [f"track_{number}" for number in range(len(sources))],
            "path": [str(source) for source in sources],
            "duration_s": 3.0,
            "sample_rate_hz": RATE_HZ,
        }
    )
    tables.write_table(frame, path, tables.TRACKS)
    return path


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 4 * RATE_HZ), max_size=8))
def test_landmarks_do_not_depend_on_where_the_blocks_meet(cuts):
    sound = noise(4)
    whole, cut = find(sound), find(*np.split(sound, sorted(cuts)))
    assert len(whole.frames) > 100
    np.testing.assert_array_equal(cut.frames, whole.frames)
    np.testing.assert_array_equal(cut.bins, whole.bins)


def test_a_tone_burst_is_one_landmark_at_its_time_and_frequency():
    hz, middle_s, width_s = 1000.0, 1.5, 0.05
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    burst = np.exp(-(((time_s - middle_s) / width_s) ** 2)) * np.sin(2 * np.pi * hz * time_s)
    chosen = Settings()
    found = find(burst.astype(np.float32))
    strongest_bin = round(hz * chosen.window_s)
    at = found.frames[found.bins == strongest_bin]
    assert at.tolist() == [round((middle_s - chosen.window_s / 2) / chosen.hop_s)]


def test_silence_and_sound_below_the_floor_have_no_landmarks():
    assert len(find(np.zeros(3 * RATE_HZ, np.float32)).frames) == 0
    assert len(find(noise(3) * 1e-5).frames) == 0
    assert len(find().frames) == 0
    assert len(find(np.ones(10, np.float32)).frames) == 0


def test_landmarks_do_not_depend_on_the_level():
    loud, soft = find(noise(3)), find(noise(3) / 4)  # a power of two: the same mantissas
    np.testing.assert_array_equal(loud.frames, soft.frames)
    np.testing.assert_array_equal(loud.bins, soft.bins)


def test_landmarks_keep_their_spacing():
    found, (frames, bins) = find(noise(3)), Settings().reach
    near_time = np.abs(np.subtract.outer(found.frames, found.frames)) <= frames
    near_bin = np.abs(np.subtract.outer(found.bins.astype(int), found.bins.astype(int))) <= bins
    assert (near_time & near_bin).sum() == len(found.frames)  # each is near itself alone


def test_settings_in_frames_and_bins():
    assert Settings().reach == (7, 9)
    assert Settings(hop_samples=512).reach == (4, 9)


def test_a_hash_holds_frequency_interval_and_time():
    assert pairs([10, 20], [100, 110]) == ([100 << 13 | (10 + 64) << 6 | 10], [10])
    assert pairs([10, 20], [110, 100]) == ([110 << 13 | (64 - 10) << 6 | 10], [10])
    assert fingerprints.hash_span(np.array([100 << 13 | 74 << 6 | 10], np.uint32)) == 10


@pytest.mark.parametrize(
    ("frames", "interval", "paired"),
    [(1, 0, 0), (2, 0, 1), (63, 0, 1), (64, 0, 0), (5, 31, 1), (5, -31, 1), (5, 32, 0)],
)
def test_the_target_zone_ends_where_it_says(frames, interval, paired):
    assert len(pairs([0, frames], [200, 200 + interval])[0]) == paired


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(3, 200)), max_size=60, unique=True))
def test_pairs_equal_those_of_two_plain_loops(peaks):
    peaks.sort()
    expected = [
        (b1 << 13 | (b2 - b1 + 64) << 6 | f2 - f1, f1)
        for f1, b1 in peaks
        for f2, b2 in peaks
        if 2 <= f2 - f1 <= 63 and abs(b2 - b1) <= 31
    ]
    hashes, anchors = pairs([f for f, _ in peaks], [b for _, b in peaks])
    assert list(zip(hashes, anchors, strict=True)) == expected


def test_pairing_in_blocks_changes_nothing(monkeypatch):
    landmarks = find(noise(4))
    whole = fingerprints.pair_landmarks(landmarks)
    monkeypatch.setattr(fingerprints, "PAIRING_BLOCK", 17)
    np.testing.assert_array_equal(fingerprints.pair_landmarks(landmarks), whole)


def test_spans():
    spans = fingerprints.spans(np.array([5, 9, 2]), np.array([2, 0, 3]))
    assert spans.tolist() == [5, 6, 2, 3, 4]


def test_the_index_holds_every_hash_of_every_track_sorted(tmp_path):
    first, second = find(noise(3)), find(noise(4)[RATE_HZ:])
    path = tmp_path / "index.npz"
    chosen = Settings(spacing_hz=60.0)
    fingerprints.write_index(path, ("one", "two"), np.array([3.0, 3.0]), [first, second], chosen)
    index = fingerprints.read_index(path)
    assert index.track_ids == ("one", "two")
    assert index.settings == chosen
    assert index.durations_s.tolist() == [3.0, 3.0]
    assert (np.diff(index.hashes.astype(np.int64)) >= 0).all()
    found = sorted(
        zip(index.tracks.tolist(), index.frames.tolist(), index.hashes.tolist(), strict=True)
    )
    expected = [
        (track, frame, value)
        for track, landmarks in enumerate([first, second])
        for value, frame in zip(
            *map(np.ndarray.tolist, fingerprints.pair_landmarks(landmarks)), strict=True
        )
    ]
    assert found == sorted(expected)


def test_an_album_is_indexed_alike_every_time_and_small(tmp_path):
    soundfile.write(tmp_path / "a track.flac", noise(60), RATE_HZ)
    table = track_table(tmp_path / "tracks.tsv", tmp_path / "a track.flac")
    for name in ("once.npz", "twice.npz"):
        fingerprints.index_album("film", table, tmp_path / name, {"spacing_hz": 48.5})
    once = (tmp_path / "once.npz").read_bytes()
    assert once == (tmp_path / "twice.npz").read_bytes()
    assert len(once) * 60 < 2e6  # bytes an hour


def test_a_silent_track_is_named_in_the_log(tmp_path, caplog):
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE_HZ), RATE_HZ)
    soundfile.write(tmp_path / "noise.wav", noise(3), RATE_HZ)
    table = track_table(tmp_path / "t.tsv", tmp_path / "noise.wav", tmp_path / "silence.wav")
    with caplog.at_level(logging.WARNING):
        fingerprints.index_album("film", table, tmp_path / "index.npz", {})
    assert caplog.messages == ["film: track track_1 is silent; it cannot be found in the film"]
    assert set(fingerprints.read_index(tmp_path / "index.npz").tracks) == {0}


def test_an_album_of_silence_gives_an_empty_index(tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE_HZ), RATE_HZ)
    table = track_table(tmp_path / "t.tsv", tmp_path / "silence.wav")
    fingerprints.index_album("film", table, tmp_path / "index.npz", {})
    assert len(fingerprints.read_index(tmp_path / "index.npz").hashes) == 0


def test_a_missing_track_is_named_and_leaves_no_index(tmp_path):
    table = track_table(tmp_path / "t.tsv", tmp_path / "gone.flac")
    with pytest.raises(MediaError, match=r"gone\.flac: does not exist"):
        fingerprints.index_album("film", table, tmp_path / "index.npz", {})
    assert not (tmp_path / "index.npz").exists()


def test_a_hop_longer_than_the_window_is_refused():
    with pytest.raises(InputError) as caught:
        fingerprints.check_settings({"window_samples": 256, "hop_samples": 512})
    assert str(caught.value) == (
        "config, fingerprints.hop_samples: is 512, more than window_samples (256)\n"
        "  expected: a hop no longer than the window\n"
        "  hint: an eighth of the window serves well"
    )
