"""Landmarks, their hashes, and the fingerprint index of an album."""

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
from scorelens.fingerprints.landmarks import FINE_STEPS, STRONG_FRAMES, STRONG_OCTAVES
from tests.album_tables import write_tracks

RATE_HZ = 11025
SEED = 7


def noise(seconds: float) -> np.ndarray:
    samples = np.random.default_rng(SEED).standard_normal(round(seconds * RATE_HZ))
    return (0.1 * samples).astype(np.float32)


def landmarks_of(*blocks: np.ndarray) -> Landmarks:
    return fingerprints.find_landmarks(blocks, Settings())


def pairs(frames: list[int], bins: list[int]) -> tuple[list[int], list[int]]:
    landmarks = Landmarks.of_bins(np.array(frames, np.int32), np.array(bins, np.uint16))
    hashes, anchors = fingerprints.pair_landmarks(landmarks)
    return hashes.tolist(), anchors.tolist()


def track_table(path, *sources) -> str:
    rows = [("album", f"track_{n}", source, 3.0, RATE_HZ) for n, source in enumerate(sources)]
    return write_tracks(rows, path, tables.ALBUM_TRACKS)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 4 * RATE_HZ), max_size=8))
def test_landmarks_do_not_depend_on_block_boundaries(cuts):
    sound = noise(4)
    whole, cut = landmarks_of(sound), landmarks_of(*np.split(sound, sorted(cuts)))
    assert len(whole.frames) > 100
    np.testing.assert_array_equal(cut.frames, whole.frames)
    np.testing.assert_array_equal(cut.bins, whole.bins)


def test_a_tone_burst_is_one_landmark_at_its_time_and_frequency():
    hz, middle_s, width_s = 1000.0, 1.5, 0.05
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    burst = np.exp(-(((time_s - middle_s) / width_s) ** 2)) * np.sin(2 * np.pi * hz * time_s)
    defaults = Settings()
    result = landmarks_of(burst.astype(np.float32))
    strongest_bin = round(hz * defaults.window_s)
    frames = result.frames[result.bins == strongest_bin]
    assert frames.tolist() == [round((middle_s - defaults.window_s / 2) / defaults.hop_s)]


def test_silence_and_sound_below_the_floor_have_no_landmarks():
    assert len(landmarks_of(np.zeros(3 * RATE_HZ, np.float32)).frames) == 0
    assert len(landmarks_of(noise(3) * 1e-5).frames) == 0
    assert len(landmarks_of().frames) == 0
    assert len(landmarks_of(np.ones(10, np.float32)).frames) == 0


def test_landmarks_do_not_depend_on_the_level():
    loud, soft = landmarks_of(noise(3)), landmarks_of(noise(3) / 4)  # the same mantissas
    np.testing.assert_array_equal(loud.frames, soft.frames)
    np.testing.assert_array_equal(loud.bins, soft.bins)


def test_landmarks_respect_the_minimum_spacing():
    result, (frames, bins) = landmarks_of(noise(3)), Settings().spacing
    near_time = np.abs(np.subtract.outer(result.frames, result.frames)) <= frames
    near_bin = np.abs(np.subtract.outer(result.bins.astype(int), result.bins.astype(int))) <= bins
    assert (near_time & near_bin).sum() == len(result.frames)  # each is close only to itself


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(-5, 55), st.integers(-5, 55))
def test_landmarks_between_two_frames_are_those_from_the_first_up_to_the_second(frames, a, b):
    landmarks = Landmarks.of_bins(np.array(sorted(frames), np.int32), np.ones(len(frames), "u2"))
    expected = [frame for frame in sorted(frames) if a <= frame < b]
    assert landmarks.between(a, b).frames.tolist() == expected


def test_spacing_is_converted_to_frames_and_bins():
    assert Settings().spacing == (7, 9)
    assert Settings(hop_samples=512).spacing == (4, 9)


def test_hash_encodes_bin_bin_difference_and_frame_difference():
    assert pairs([10, 20], [100, 110]) == ([100 << 13 | (10 + 64) << 6 | 10], [10])
    assert pairs([10, 20], [110, 100]) == ([110 << 13 | (64 - 10) << 6 | 10], [10])


@pytest.mark.parametrize(
    ("frames", "interval", "paired"),
    [(1, 0, 0), (2, 0, 1), (63, 0, 1), (64, 0, 0), (5, 31, 1), (5, -31, 1), (5, 32, 0)],
)
def test_only_peaks_inside_the_target_zone_are_paired(frames, interval, paired):
    assert len(pairs([0, frames], [200, 200 + interval])[0]) == paired


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(3, 200)), max_size=60, unique=True))
def test_pair_landmarks_matches_nested_loops(peaks):
    peaks.sort()
    expected = [
        (b1 << 13 | (b2 - b1 + 64) << 6 | f2 - f1, f1)
        for f1, b1 in peaks
        for f2, b2 in peaks
        if 2 <= f2 - f1 <= 63 and abs(b2 - b1) <= 31
    ]
    hashes, anchors = pairs([f for f, _ in peaks], [b for _, b in peaks])
    assert list(zip(hashes, anchors, strict=True)) == expected


def test_pairs_do_not_depend_on_pairing_block_size(monkeypatch):
    landmarks = landmarks_of(noise(4))
    whole = fingerprints.pair_landmarks(landmarks)
    monkeypatch.setattr(fingerprints.landmarks, "PAIRING_BLOCK", 17)
    np.testing.assert_array_equal(fingerprints.pair_landmarks(landmarks), whole)


def test_concatenate_ranges():
    spans = fingerprints.concatenate_ranges(np.array([5, 9, 2]), np.array([2, 0, 3]))
    assert spans.tolist() == [5, 6, 2, 3, 4]


@pytest.mark.parametrize("thinning", [2, 8])
def test_thinning_selects_pairs_whose_first_bin_is_a_multiple(thinning):
    landmarks = landmarks_of(noise(4))
    hashes, anchors = fingerprints.pair_landmarks(landmarks)
    retained = (hashes >> 13) % thinning == 0
    thin = fingerprints.pair_landmarks(landmarks, thinning)
    np.testing.assert_array_equal(thin, (hashes[retained], anchors[retained]))


@settings(max_examples=25)
@given(st.tuples(st.integers(1, 30), st.integers(1, 30)), st.tuples(*[st.integers(0, 6)] * 2))
def test_maximum_filter_matches_scipy(shape, reach):
    values = np.random.default_rng(SEED).random(shape, np.float32)
    size = [2 * r + 1 for r in reach]
    expected = maximum_filter(values, size, mode="constant")
    np.testing.assert_array_equal(fingerprints.landmarks._maximum_filter(values, reach), expected)


def album_of(*tracks: Landmarks, **changes) -> Album:
    attributes = {
        "track_ids": tuple(f"track_{k}" for k in range(len(tracks))),
        "durations_s": np.full(len(tracks), 3.0),
        "settings": Settings(),
        "landmarks": tuple((track, landmarks_of()) for track in tracks),
    }
    return Album(**attributes | changes)


def test_album_index_round_trip(tmp_path):
    mix, sides = landmarks_of(noise(3)), landmarks_of(noise(4)[RATE_HZ:])
    written = album_of(
        mix,
        landmarks=((mix, sides),),
        settings=Settings(spacing_hz=60.0),
        digests=("ab",),
        cache_key="r",
    )
    fingerprints.write_album(tmp_path / "album.npz", written)
    read = fingerprints.read_album(tmp_path / "album.npz")
    for name in ("track_ids", "settings", "digests", "cache_key"):
        assert getattr(read, name) == getattr(written, name)
    for channel, expected in zip(read.landmarks[0], (mix, sides), strict=True):
        np.testing.assert_array_equal(channel.frames, expected.frames)
        np.testing.assert_array_equal(channel.frequencies, expected.frequencies)
        np.testing.assert_array_equal(channel.is_strong, expected.is_strong)


@pytest.mark.parametrize("hz", [300.0, 701.3, 1003.7])
def test_frequency_of_a_tone_is_interpolated_between_bins(hz):
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    burst = np.exp(-(((time_s - 1.5) / 0.2) ** 2)) * np.sin(2 * np.pi * hz * time_s)
    result = landmarks_of(burst.astype(np.float32))
    strongest = result.frequencies[result.is_strong] / FINE_STEPS
    assert np.abs(strongest - hz * Settings().window_s).min() < 0.1


def test_strong_landmarks_are_the_loudest_around():
    sound = noise(4)
    result = landmarks_of(sound)
    levels = np.abs(np.fft.rfft(windows_of(sound), axis=1))[result.frames, result.bins]
    for k in range(len(result.frames)):
        near = np.abs(result.frames - result.frames[k]) <= STRONG_FRAMES
        near &= np.abs(result.octaves - result.octaves[k]) < STRONG_OCTAVES
        if abs(levels[near].max() / levels[k] - 1) < 0.1 and near.sum() > 1:
            continue  # nearly as loud: the spectrum of the test is not of the same precision
        assert result.is_strong[k] == (levels[near].max() <= levels[k])


def windows_of(sound: np.ndarray) -> np.ndarray:
    size, hop = Settings().window_samples, Settings().hop_samples
    return np.lib.stride_tricks.sliding_window_view(sound, size)[::hop] * np.hanning(size)


def test_channels_have_the_landmarks_of_each_alone():
    sounds = noise(3), noise(4)[RATE_HZ:]
    blocks = np.split(np.stack(sounds, axis=1), [10_000, 20_000])
    together = fingerprints.find_channel_landmarks(blocks, 2, Settings())
    for channel, sound in zip(together, sounds, strict=True):
        alone = landmarks_of(sound)
        np.testing.assert_array_equal(channel.frames, alone.frames)
        np.testing.assert_array_equal(channel.frequencies, alone.frequencies)
        np.testing.assert_array_equal(channel.is_strong, alone.is_strong)


def test_music_beside_the_centre_has_landmarks_of_its_own(tmp_path):
    centre, beside = noise(3), noise(4)[RATE_HZ:]
    soundfile.write(
        tmp_path / "a.wav", np.stack([centre + beside, centre - beside], 1) / 4, RATE_HZ
    )
    mix, sides = fingerprints.channel_landmarks(tmp_path / "a.wav", Settings())
    np.testing.assert_array_equal(mix.frames, landmarks_of(centre).frames)
    np.testing.assert_array_equal(sides.frames, landmarks_of(beside).frames)


def index(folder, *sources, name="index.npz", code_version="", **settings):
    table = track_table(folder / "tracks.tsv", *sources)
    fingerprints.index_album("film", table, folder / name, settings, code_version)
    return folder / name


def test_album_index_is_deterministic_and_below_2_mb_per_hour(tmp_path):
    soundfile.write(tmp_path / "a track.flac", noise(60), RATE_HZ)
    once = index(tmp_path, tmp_path / "a track.flac", name="once.npz").read_bytes()
    assert once == index(tmp_path, tmp_path / "a track.flac", name="twice.npz").read_bytes()
    assert len(once) * 60 < 2e6  # bytes per hour


def test_only_new_or_changed_tracks_are_decoded(tmp_path, monkeypatch):
    decoded = []
    blocks = media.audio_blocks
    monkeypatch.setattr(
        media, "audio_blocks", lambda *a, **k: decoded.append(a[0]) or blocks(*a, **k)
    )
    for name in ("one", "two", "three"):
        soundfile.write(tmp_path / f"{name}.wav", noise(len(name)), RATE_HZ)
    one, two, three = (str(tmp_path / f"{name}.wav") for name in ("one", "two", "three"))
    index(tmp_path, one, two)
    index(tmp_path, one, three, two)
    assert decoded == [one, two, three]
    updated = (tmp_path / "index.npz").read_bytes()
    assert updated == index(tmp_path, one, three, two, name="fresh.npz").read_bytes()
    del decoded[:]
    soundfile.write(one, noise(2), RATE_HZ)
    index(tmp_path, one, three)
    assert decoded == [one]
    index(tmp_path, one, three, code_version="new code")
    assert decoded == [one, one, three]
    index(tmp_path, one, three, code_version="new code", spacing_hz=60.0)
    assert decoded == [one, one, three, one, three]


@pytest.mark.parametrize("old", [b"", b"no zip", None])
def test_invalid_index_file_is_replaced(tmp_path, old):
    soundfile.write(tmp_path / "noise.wav", noise(3), RATE_HZ)
    expected = index(tmp_path, tmp_path / "noise.wav", name="fresh.npz").read_bytes()
    if old is None:
        np.savez(tmp_path / "index.npz", other=1)
    else:
        (tmp_path / "index.npz").write_bytes(old)
    assert index(tmp_path, tmp_path / "noise.wav").read_bytes() == expected


def test_silent_track_is_logged_and_has_no_hashes(tmp_path, caplog):
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE_HZ), RATE_HZ)
    soundfile.write(tmp_path / "noise.wav", noise(3), RATE_HZ)
    with caplog.at_level(logging.WARNING):
        index(tmp_path, tmp_path / "noise.wav", tmp_path / "silence.wav")
    assert caplog.messages == ["film: track track_1 is silent; no film can match it"]
    album = fingerprints.read_album(tmp_path / "index.npz")
    assert set(fingerprints.index_triplets(album.landmarks, 1_000).tracks) == {0}


def test_silent_album_has_no_hashes(tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE_HZ), RATE_HZ)
    album = fingerprints.read_album(index(tmp_path, tmp_path / "silence.wav"))
    assert len(fingerprints.index_triplets(album.landmarks, 1_000).keys) == 0


def test_missing_track_file_raises_and_writes_no_index(tmp_path):
    with pytest.raises(MediaError, match=r"gone\.flac: does not exist"):
        index(tmp_path, tmp_path / "gone.flac")
    assert not (tmp_path / "index.npz").exists()


def test_hop_longer_than_window_is_an_error():
    with pytest.raises(InputError) as error:
        fingerprints.check_settings({"window_samples": 256, "hop_samples": 512})
    assert str(error.value) == (
        "config, fingerprints.hop_samples: is 512, more than window_samples (256)\n"
        "  expected: a hop no longer than the window\n"
        "  hint: an eighth of the window serves well"
    )
