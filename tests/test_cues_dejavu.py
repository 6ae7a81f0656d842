"""Cue matching with Dejavu: peaks, hashes, alignment, segments and merged hits."""

import itertools
import logging

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import mlab

from scorelens import tables
from scorelens.cues import dejavu, match
from scorelens.errors import InputError, MediaError
from scorelens.fingerprints import dejavu as landmarks
from scorelens.fingerprints import methods
from scorelens.fingerprints.dejavu import (
    DEJAVU_HOP_S,
    DEJAVU_RATE_HZ,
    HOP_SAMPLES,
    WINDOW_SAMPLES,
    DejavuIndex,
)
from tests.album_tables import write_tracks


def noise(seconds: float, level: float = 0.01, seed: int = 99) -> np.ndarray:
    samples = np.random.default_rng(seed).standard_normal(round(seconds * DEJAVU_RATE_HZ))
    return (level * samples).astype(np.float32)


def music(seed: int, seconds: float = 30.0) -> np.ndarray:
    """A melody of decaying chords, a new one every quarter second."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(DEJAVU_RATE_HZ // 4) / DEJAVU_RATE_HZ
    chords = [
        np.sin(2 * np.pi * 110 * 2 ** (rng.integers(0, 60, (6, 1)) / 12) * time_s).sum(axis=0)
        for _ in range(round(4 * seconds))
    ]
    return (0.05 * np.concatenate(chords) * np.tile(np.exp(-4 * time_s), len(chords))).astype("f4")


def film_of(seconds: float, *scenes: tuple[float, np.ndarray, float, float]) -> np.ndarray:
    """Noise with excerpts. scenes: start in the film, track, start in the track, length, in s."""
    film = noise(seconds, 0.003)
    for film_start_s, track, track_start_s, length_s in scenes:
        film_start, start, length = (
            round(s * DEJAVU_RATE_HZ) for s in (film_start_s, track_start_s, length_s)
        )
        film[film_start : film_start + length] += track[start : start + length]
    return film


def index_of(folder, **tracks: np.ndarray) -> DejavuIndex:
    """Write an album as files and index it."""
    for name, track in tracks.items():
        soundfile.write(folder / f"{name}.flac", track, DEJAVU_RATE_HZ)
    rows = [("album", name, f"{folder}/{name}.flac", 30.0, DEJAVU_RATE_HZ) for name in tracks]
    write_tracks(rows, folder / "tracks.tsv", tables.ALBUM_TRACKS)
    landmarks.index_album("album", folder / "tracks.tsv", folder / "index.npz")
    return landmarks.read_dejavu_index(folder / "index.npz")


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    tracks = {"theme": music(1), "chase": music(2)}
    return tracks, index_of(tmp_path_factory.mktemp("album"), **tracks)


@pytest.fixture
def cues_of(tmp_path, album):
    """Write a sound to a file and return its cues: cues_of(sound, rate_hz)."""

    def match_sound(sound, rate_hz=DEJAVU_RATE_HZ, index=album[1], **chosen):
        soundfile.write(tmp_path / "film.wav", sound, rate_hz)
        return dejavu.find_cues("a_film", tmp_path / "film.wav", index, **chosen)

    return match_sound


def test_spectrogram_equals_matplotlib():
    sound = noise(0.5)
    expected, _, _ = mlab.specgram(
        sound * 32768.0,
        NFFT=WINDOW_SAMPLES,
        Fs=DEJAVU_RATE_HZ,
        window=mlab.window_hanning,
        noverlap=WINDOW_SAMPLES - HOP_SAMPLES,
    )
    actual = landmarks.spectrogram(sound)
    np.testing.assert_allclose(actual, expected.T, rtol=1e-3, atol=1e-5 * expected.max())
    assert actual.dtype == np.float32


def test_peaks_are_maxima_of_21_by_21_points_above_10_db():
    sound = noise(2.2, level=1.0)
    sound *= np.geomspace(1e-5, 1e-2, len(sound), dtype=np.float32)
    decibels = 10 * np.log10(landmarks.spectrogram(sound))
    loudest = [
        (t, f)
        for t, f in np.ndindex(decibels.shape)
        if decibels[t, f] == decibels[max(0, t - 10) : t + 11, max(0, f - 10) : f + 11].max()
    ]
    expected = [position for position in loudest if decibels[position] > 10]
    assert list(zip(*landmarks.find_peaks([sound]), strict=True)) == expected
    assert min(decibels[position] for position in expected) < 12
    assert max(decibels[position] for position in set(loudest) - set(expected)) > 8


def test_two_bursts_give_two_peaks_and_one_hash():
    time_s = np.arange(3 * DEJAVU_RATE_HZ) / DEJAVU_RATE_HZ

    def burst(frame, frequency_bin):
        middle_s = (frame * HOP_SAMPLES + WINDOW_SAMPLES / 2) / DEJAVU_RATE_HZ
        hz = frequency_bin * DEJAVU_RATE_HZ / WINDOW_SAMPLES
        return np.exp(-(((time_s - middle_s) / 0.02) ** 2)) * np.sin(2 * np.pi * hz * time_s)

    sound = (0.3 * (burst(20, 100) + burst(45, 300))).astype(np.float32)
    peaks = landmarks.find_peaks([sound])
    assert list(zip(*peaks, strict=True)) == [(20, 100), (45, 300)]
    hashes, anchors = landmarks.pair_peaks(*peaks)
    assert hashes.tolist() == [100 << 20 | 300 << 8 | 25]
    assert anchors.tolist() == [20]


@settings(max_examples=10)
@given(st.lists(st.integers(0, 3 * DEJAVU_RATE_HZ), max_size=5))
def test_peaks_do_not_depend_on_block_boundaries(boundaries):
    sound = noise(3)
    whole = landmarks.find_peaks([sound])
    from_blocks = landmarks.find_peaks(np.split(sound, sorted(boundaries)))
    assert len(whole[0]) > 100
    np.testing.assert_array_equal(from_blocks, whole)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 2048)), max_size=30, unique=True))
def test_peak_pairs_equal_a_reference_loop(peaks):
    peaks.sort()
    expected = [
        (b1 * 2**20 + b2 * 2**8 + f2 - f1, f1)
        for position, (f1, b1) in enumerate(peaks)
        for f2, b2 in peaks[position + 1 : position + 5]
        if f2 - f1 <= 200
    ]
    frames, bins = np.array(peaks, np.int32).reshape(-1, 2).T
    hashes, anchors = landmarks.pair_peaks(frames, bins.astype(np.uint16))
    assert sorted(zip(hashes.tolist(), anchors.tolist(), strict=True)) == sorted(expected)
    assert hashes.dtype == np.uint32


def test_align_returns_the_track_and_offset_with_most_matches():
    index = DejavuIndex(
        track_ids=("one", "two"),
        hashes=np.array([3, 3, 5, 5, 8, 9], np.uint32),
        tracks=np.array([0, 1, 0, 1, 1, 0], np.uint16),
        frames=np.array([10, 50, 30, 52, 53, 99], np.int32),
    )

    def align(*hashes_and_frames):
        hashes, frames = np.array(hashes_and_frames, np.int64).reshape(-1, 2).T
        return dejavu.align(hashes.astype(np.uint32), frames.astype(np.int32), index)

    assert align((3, 1), (5, 3), (8, 4), (9, 90)) == (1, 49, 3)  # track one has offset 9 only twice
    assert align((9, 90), (3, 1)) == (0, 9, 2)
    assert align((3, 60)) == (0, -50, 1)  # a tie goes to the first track
    assert align((5, 60), (8, 60)) == (0, -30, 1)
    assert align((4, 0)) == (0, 0, 0)
    assert align() == (0, 0, 0)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 2)), max_size=20), st.integers(0, 3))
def test_only_nearby_hits_of_one_track_are_merged(steps, bridged):
    segments = list(itertools.accumulate(step for step, _ in steps))
    hits = pd.DataFrame({"segment": segments, "track": [track for _, track in steps]})
    cue = dejavu.number_cues(hits, bridged).tolist()
    assert cue[:1] == [1] * bool(steps)
    rows = list(zip(segments, hits.track, cue, strict=True))
    for (before, track, number), (after, other, next_number) in itertools.pairwise(rows):
        joined = track == other and after - before - 1 <= bridged
        assert next_number == number + (not joined)


@pytest.mark.parametrize(("gap_s", "cues"), [(0.0, 2), (4.9, 2), (5.0, 1)])
def test_hits_around_a_missed_segment_are_merged_by_merge_gap_s(album, cues_of, gap_s, cues):
    theme = album[0]["theme"]
    film = film_of(30, (5.0, theme, 2.0, 5.0), (15.0, theme, 12.0, 5.0))
    result = cues_of(film, merge_gap_s=gap_s)
    assert len(result) == cues
    assert (result.film_start_s.min(), result.film_end_s.max()) == (5.0, 20.0)


def test_merge_gap_of_0_3_s_spans_three_segments_of_0_1_s(monkeypatch):
    hits = [(n, n * 0.1, n * 0.1 + 0.1, 0, 0, 9) for n in (0, 4)]
    names = ["segment", "start_s", "end_s", "track", "offset", "aligned"]
    index = DejavuIndex(("one",), *(np.zeros(0, kind) for kind in (np.uint32, np.uint16, np.int32)))
    monkeypatch.setattr(dejavu, "match_segments", lambda *_: pd.DataFrame(hits, columns=names))
    result = dejavu.find_cues("a_film", "", index, segment_s=0.1, merge_gap_s=0.3)
    assert result.score.tolist() == [18]


def test_cues_are_on_the_segment_grid_with_track_positions(album, cues_of):
    tracks, _ = album
    film = film_of(48, (6.0, tracks["chase"], 12.0, 12.5), (27.0, tracks["theme"], 0.0, 21.0))
    cues = cues_of(film)
    tables.to_arrow(cues, tables.CUES)
    assert cues.track_id.tolist() == ["chase", "theme"]
    assert cues.cue_id.tolist() == ["cue_0001", "cue_0002"]
    assert cues.film_start_s.tolist() == [5, 25]
    assert cues.film_end_s.tolist() == [20, 48]  # the film's end
    expected_s = [12.0 - (6.0 - 5.0), 0.0]  # the second track begins inside a segment
    np.testing.assert_allclose(cues.track_start_s, expected_s, atol=DEJAVU_HOP_S / 2 + 1e-9)
    assert cues.speed.tolist() == [1, 1]
    assert (cues.score > 100).all()
    assert cues.confidence.between(0.1, 1).all()


def test_film_of_another_sample_rate_is_resampled(album, cues_of):
    film = film_of(20, (5.0, album[0]["theme"], 3.0, 10.0))
    time_s = np.arange(20 * 48000) / 48000
    resampled = np.interp(time_s, np.arange(len(film)) / DEJAVU_RATE_HZ, film)
    cues = cues_of(resampled, 48000)
    assert cues.track_id.tolist() == ["theme"]
    assert abs(cues.track_start_s[0] - 3.0) <= DEJAVU_HOP_S / 2


def test_confidence_decreases_with_noise(album, cues_of):
    film = film_of(15, (0.0, album[0]["theme"], 3.0, 15.0))
    cues = pd.concat([cues_of(film + noise(15, level)) for level in (0.0, 0.003, 0.01)])
    assert cues.confidence.is_monotonic_decreasing
    assert cues.score.iloc[2] < 0.8 * cues.score.iloc[0]


def test_film_at_25_24_speed_is_not_matched(album, cues_of):
    film = film_of(30, (0.0, album[0]["theme"], 0.0, 30.0))
    assert len(cues_of(film)) == 1
    time_s = np.arange(0, 30, 25 / 24 / DEJAVU_RATE_HZ)
    assert cues_of(np.interp(time_s, np.arange(len(film)) / DEJAVU_RATE_HZ, film)).empty


def test_music_of_no_album_track_gives_no_cue(cues_of):
    assert cues_of(film_of(30, (0.0, music(4), 0.0, 30.0))).empty


@pytest.mark.parametrize("seconds", [0.0, 0.05, 12.0])
def test_silence_gives_an_empty_cue_table(cues_of, seconds):
    cues = cues_of(np.zeros(round(seconds * DEJAVU_RATE_HZ)))
    assert cues.empty
    assert tables.to_arrow(cues, tables.CUES).column_names == tables.CUES.names


def test_silent_album_matches_nothing_and_is_logged(tmp_path, cues_of, caplog):
    with caplog.at_level(logging.WARNING):
        index = index_of(tmp_path, hush=np.zeros(DEJAVU_RATE_HZ))
    assert caplog.messages == ["album: track hush is silent; no film can match it"]
    assert len(index.hashes) == 0
    assert cues_of(noise(12), index=index).empty


def test_index_contains_all_hashes_of_all_tracks_sorted(album):
    tracks, index = album
    assert index.track_ids == ("theme", "chase")
    assert (np.diff(index.hashes.astype(np.int64)) >= 0).all()
    for position, track in enumerate(tracks.values()):
        quantized = np.round(track * 32768) / np.float32(32768)
        hashes, frames = landmarks.pair_peaks(*landmarks.find_peaks([quantized]))
        in_track = index.tracks == position
        stored = sorted(zip(index.hashes[in_track], index.frames[in_track], strict=True))
        assert stored == sorted(zip(hashes, frames, strict=True))
        assert len(stored) > 1000


def test_index_is_deterministic_and_small(tmp_path):
    for name in ("once", "twice"):
        (tmp_path / name).mkdir()
        index_of(tmp_path / name, track=noise(60, 0.1))
    first = (tmp_path / "once" / "index.npz").read_bytes()
    assert first == (tmp_path / "twice" / "index.npz").read_bytes()
    assert len(first) * 60 < 1.5e6  # bytes per hour


def test_missing_track_is_an_error_and_leaves_no_index(tmp_path):
    index_of(tmp_path, track=noise(1))
    (tmp_path / "track.flac").unlink()
    (tmp_path / "index.npz").unlink()
    with pytest.raises(MediaError, match=r"track\.flac: does not exist"):
        landmarks.index_album("a_film", tmp_path / "tracks.tsv", tmp_path / "index.npz")
    assert not (tmp_path / "index.npz").exists()


def test_film_without_sound_is_an_error(album, film):
    with pytest.raises(MediaError, match=r"mute\.mkv: has no sound"):
        dejavu.find_cues("a_film", film("mute.mkv"), album[1])


def test_index_with_pickled_objects_is_refused(tmp_path):
    np.savez(tmp_path / "index.npz", counts=np.array([{}], object))
    with pytest.raises(InputError, match="allow_pickle=False"):
        landmarks.read_dejavu_index(tmp_path / "index.npz")


def test_method_dejavu_is_selected_by_its_name(tmp_path, album):
    """The functions of the rules give the cues of a direct call."""
    tracks, _ = album
    for name, sound in tracks.items():
        soundfile.write(tmp_path / f"{name}.wav", sound, DEJAVU_RATE_HZ, subtype="FLOAT")
    rows = [("f", name, tmp_path / f"{name}.wav", 30.0, DEJAVU_RATE_HZ) for name in tracks]
    write_tracks(rows, tmp_path / "tracks.tsv", tables.ALBUM_TRACKS)
    methods.index_album("dejavu", "f", tmp_path / "tracks.tsv", tmp_path / "i.npz", {}, "")
    film = tmp_path / "film.wav"
    soundfile.write(
        film, film_of(20, (5.0, tracks["theme"], 3.0, 10.0)), DEJAVU_RATE_HZ, subtype="FLOAT"
    )
    row = {"film_id": "f", "status": "ok", "problems": "", "notes": "", "duration_s": 20.0}
    row |= {"has_picture": False, "frame_rate_hz": None, "tracks": 2, "video_sha256": "ab12"}
    row |= {"video_bytes": film.stat().st_size}
    tables.write_table(pd.DataFrame([row]), tmp_path / "status.tsv", tables.STATUS)
    outputs = {"table": f"{tmp_path}/cues.parquet", "text": f"{tmp_path}/cues.tsv"}
    settings = {"segment_s": 5.0, "min_aligned": 8, "merge_gap_s": 5.0}
    status = tmp_path / "status.tsv"
    match.match_film("dejavu", "f", film, tmp_path / "i.npz", status, outputs, settings)
    result = tables.read_table(outputs["table"], tables.CUES)
    index = landmarks.read_dejavu_index(tmp_path / "i.npz")
    pd.testing.assert_frame_equal(result, dejavu.find_cues("f", film, index), check_dtype=False)
    assert result.track_id.tolist() == ["theme"]
    assert tables.read_provenance(outputs["table"])["method"] == "dejavu"
