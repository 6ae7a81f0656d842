"""Landmarks, their hashes, and the index of an album."""

import logging

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import maximum_filter

from scorelens import fingerprints, media, tables
from scorelens.errors import InputError, MediaError
from scorelens.fingerprints import Album, Landmarks, Settings
from tests.album_tables import write_tracks

RATE_HZ = 11025
SEED = 7
SPEEDS = {"speeds": [1.0]}


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
    rows = [("album", f"track_{n}", source, 3.0, RATE_HZ) for n, source in enumerate(sources)]
    return write_tracks(rows, path, tables.ALBUM_TRACKS)


@settings(max_examples=25)
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
    result = find(burst.astype(np.float32))
    strongest_bin = round(hz * chosen.window_s)
    at = result.frames[result.bins == strongest_bin]
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
    result, (frames, bins) = find(noise(3)), Settings().spacing
    near_time = np.abs(np.subtract.outer(result.frames, result.frames)) <= frames
    near_bin = np.abs(np.subtract.outer(result.bins.astype(int), result.bins.astype(int))) <= bins
    assert (near_time & near_bin).sum() == len(result.frames)  # each is near itself alone


def test_settings_in_frames_and_bins():
    assert Settings().spacing == (7, 9)
    assert Settings(hop_samples=512).spacing == (4, 9)


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


@settings(max_examples=50)
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
    monkeypatch.setattr(fingerprints.landmarks, "PAIRING_BLOCK", 17)
    np.testing.assert_array_equal(fingerprints.pair_landmarks(landmarks), whole)


def test_concatenated_ranges():
    spans = fingerprints.concatenate_ranges(np.array([5, 9, 2]), np.array([2, 0, 3]))
    assert spans.tolist() == [5, 6, 2, 3, 4]


@pytest.mark.parametrize("thinning", [2, 8])
def test_thinned_pairs_are_those_whose_earlier_bin_divides(thinning):
    landmarks = find(noise(4))
    hashes, anchors = fingerprints.pair_landmarks(landmarks)
    retained = (hashes >> 13) % thinning == 0
    thin = fingerprints.pair_landmarks(landmarks, thinning)
    np.testing.assert_array_equal(thin, (hashes[retained], anchors[retained]))


@settings(max_examples=25)
@given(st.tuples(st.integers(1, 30), st.integers(1, 30)), st.tuples(*[st.integers(0, 6)] * 2))
def test_the_maximum_filter_is_that_of_a_general_filter(shape, reach):
    values = np.random.default_rng(SEED).random(shape, np.float32)
    size = [2 * r + 1 for r in reach]
    expected = maximum_filter(values, size, mode="constant")
    np.testing.assert_array_equal(fingerprints.landmarks._maximum_filter(values, reach), expected)


def album_of(*tracks: Landmarks, **changes) -> Album:
    known = {
        "track_ids": tuple(f"track_{k}" for k in range(len(tracks))),
        "durations_s": np.full(len(tracks), 3.0),
        "settings": Settings(),
        "speeds": (1.0,),
        "landmarks": {1.0: tracks},
    }
    return Album(**known | changes)


def test_an_album_reads_back_as_it_was_written(tmp_path):
    slow, fast = find(noise(3)), find(noise(4)[RATE_HZ:])
    written = album_of(
        slow,
        speeds=(1.0, 1.001, 0.96),
        landmarks={1.0: (slow,), 0.96: (fast,)},
        settings=Settings(spacing_hz=60.0),
        digests=("ab",),
        cache_key="r",
    )
    fingerprints.write_album(tmp_path / "album.npz", written)
    read = fingerprints.read_album(tmp_path / "album.npz")
    for name in ("track_ids", "settings", "speeds", "digests", "cache_key"):
        assert getattr(read, name) == getattr(written, name)
    assert list(read.landmarks) == [1.0, 0.96]
    for base, (landmarks,) in written.landmarks.items():
        np.testing.assert_array_equal(read.landmarks[base][0].frames, landmarks.frames)
        np.testing.assert_array_equal(read.landmarks[base][0].bins, landmarks.bins)


def test_the_hashes_of_every_track_are_sorted_by_value():
    first, second = find(noise(3)), find(noise(4)[RATE_HZ:])
    index = fingerprints.hash_album(album_of(first, second), 1.0)
    assert (np.diff(index.hashes.astype(np.int64)) >= 0).all()
    result = sorted(
        zip(index.tracks.tolist(), index.frames.tolist(), index.hashes.tolist(), strict=True)
    )
    expected = [
        (track, frame, value)
        for track, landmarks in enumerate([first, second])
        for value, frame in zip(
            *map(np.ndarray.tolist, fingerprints.pair_landmarks(landmarks)), strict=True
        )
    ]
    assert result == sorted(expected)


def test_a_track_lasts_shorter_the_faster_it_plays():
    album = album_of(find(noise(3)), speeds=(1.25,), landmarks={1.25: (find(noise(3)),)})
    assert fingerprints.hash_album(album, 1.25).durations_s.tolist() == [2.4]


def test_speeds_that_are_near_share_their_landmarks():
    speeds = [1.0, 25 / 24, 0.96, 1.001, 1 / 1.001, 25 / 24 * 1.001, 1.0026]
    assert fingerprints.base_speeds(speeds) == (1.0, 25 / 24, 0.96, 1.0026)


def test_landmarks_of_a_track_at_another_speed_are_those_of_a_film_at_that_speed(tmp_path):
    """A tone of 1000 Hz from 1.2 s on sounds at 1250 Hz from 0.96 s on at 1.25 times the speed."""
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    burst = np.exp(-(((time_s - 1.2) / 0.05) ** 2)) * np.sin(2 * np.pi * 1000 * time_s)
    soundfile.write(tmp_path / "burst.wav", burst, RATE_HZ, subtype="FLOAT")
    index(tmp_path, tmp_path / "burst.wav", speeds=[1.0, 1.25])
    album = fingerprints.read_album(tmp_path / "index.npz")
    for speed in (1.0, 1.25):
        (result,) = album.landmarks[speed]
        at = result.frames[result.bins == round(1000 * speed * Settings().window_s)]
        middle = (1.2 / speed - Settings().window_s / 2) / Settings().hop_s
        assert abs(at - middle).min() <= 1


def index(folder, *sources, name="index.npz", code_version="", **settings):
    table = track_table(folder / "tracks.tsv", *sources)
    fingerprints.index_album("film", table, folder / name, SPEEDS | settings, code_version)
    return folder / name


def test_an_album_is_indexed_alike_every_time_and_small(tmp_path):
    soundfile.write(tmp_path / "a track.flac", noise(60), RATE_HZ)
    once = index(tmp_path, tmp_path / "a track.flac", name="once.npz").read_bytes()
    assert once == index(tmp_path, tmp_path / "a track.flac", name="twice.npz").read_bytes()
    assert len(once) * 60 < 2e6  # bytes an hour


def test_tracks_that_are_known_are_not_decoded_again(tmp_path, monkeypatch):
    decoded = []
    blocks = media.audio_blocks
    monkeypatch.setattr(media, "audio_blocks", lambda *a: decoded.append(a[0]) or blocks(*a))
    for name in ("one", "two", "three"):
        soundfile.write(tmp_path / f"{name}.wav", noise(len(name)), RATE_HZ)
    one, two, three = (str(tmp_path / f"{name}.wav") for name in ("one", "two", "three"))
    index(tmp_path, one, two)
    index(tmp_path, one, three, two)
    assert decoded == [one, two, three]
    grown = (tmp_path / "index.npz").read_bytes()
    assert grown == index(tmp_path, one, three, two, name="fresh.npz").read_bytes()
    del decoded[:]
    soundfile.write(one, noise(2), RATE_HZ)
    index(tmp_path, one, three)
    assert decoded == [one]
    index(tmp_path, one, three, code_version="new code")
    assert decoded == [one, one, three]
    index(tmp_path, one, three, code_version="new code", spacing_hz=60.0)
    assert decoded == [one, one, three, one, three]


@pytest.mark.parametrize("old", [b"", b"no zip", None])
def test_what_is_no_index_is_replaced(tmp_path, old):
    soundfile.write(tmp_path / "noise.wav", noise(3), RATE_HZ)
    expected = index(tmp_path, tmp_path / "noise.wav", name="fresh.npz").read_bytes()
    if old is None:
        np.savez(tmp_path / "index.npz", other=1)
    else:
        (tmp_path / "index.npz").write_bytes(old)
    assert index(tmp_path, tmp_path / "noise.wav").read_bytes() == expected


def test_a_silent_track_is_named_in_the_log(tmp_path, caplog):
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE_HZ), RATE_HZ)
    soundfile.write(tmp_path / "noise.wav", noise(3), RATE_HZ)
    with caplog.at_level(logging.WARNING):
        index(tmp_path, tmp_path / "noise.wav", tmp_path / "silence.wav")
    assert caplog.messages == ["film: track track_1 is silent; no film can match it"]
    album = fingerprints.read_album(tmp_path / "index.npz")
    assert set(fingerprints.hash_album(album, 1.0).tracks) == {0}


def test_an_album_of_silence_has_no_hashes(tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE_HZ), RATE_HZ)
    album = fingerprints.read_album(index(tmp_path, tmp_path / "silence.wav"))
    assert len(fingerprints.hash_album(album, 1.0).hashes) == 0


def test_a_missing_track_is_named_and_leaves_no_index(tmp_path):
    with pytest.raises(MediaError, match=r"gone\.flac: does not exist"):
        index(tmp_path, tmp_path / "gone.flac")
    assert not (tmp_path / "index.npz").exists()


def test_a_hop_longer_than_the_window_is_refused():
    with pytest.raises(InputError) as caught:
        fingerprints.check_settings({"window_samples": 256, "hop_samples": 512})
    assert str(caught.value) == (
        "config, fingerprints.hop_samples: is 512, more than window_samples (256)\n"
        "  expected: a hop no longer than the window\n"
        "  hint: an eighth of the window serves well"
    )
