"""Cue matching by diagonals: best path, and films with known cues."""

import itertools
import logging

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st

from scorelens import fingerprints, tables
from scorelens.cues import match, viterbi
from scorelens.cues.confidence import confidence
from scorelens.cues.lines import Line
from scorelens.cues.runs import join_runs
from scorelens.cues.tracking import Film, Run
from scorelens.errors import MediaError
from scorelens.fingerprints import Album, Landmarks, Settings
from tests.media_files import ffmpeg

RATE_HZ = 11025
CONFIG = {"search": "wide", "onset_penalty": 30.0, "max_evidence_per_s": 25.0}


def music(seed: int, seconds: float = 40.0) -> np.ndarray:
    """A melody of decaying chords, a new one every quarter second."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(RATE_HZ // 4) / RATE_HZ
    chords = [
        np.sin(2 * np.pi * 110 * 2 ** (rng.integers(0, 48, (4, 1)) / 12) * time_s).sum(axis=0)
        for _ in range(round(4 * seconds))
    ]
    return (0.1 * np.concatenate(chords) * np.tile(np.exp(-4 * time_s), len(chords))).astype("f4")


def noise(seconds: float, level: float = 0.02) -> np.ndarray:
    rng = np.random.default_rng(99)
    return (level * rng.standard_normal(round(seconds * RATE_HZ))).astype(np.float32)


def film_of(seconds: float, *scenes: tuple[float, np.ndarray, float, float]) -> np.ndarray:
    """Noise with excerpts. scenes: start in the film, track, start in the track, length, in s."""
    film = noise(seconds)
    for film_start_s, track, track_start_s, length_s in scenes:
        film_start, start, length = (
            round(s * RATE_HZ) for s in (film_start_s, track_start_s, length_s)
        )
        film[film_start : film_start + length] += track[start : start + length]
    return film


def channels_of(mix: np.ndarray) -> tuple[Landmarks, ...]:
    """Landmarks of a sound that has nothing beside the centre."""
    blocks = [np.stack([mix, np.zeros_like(mix)], axis=1)]
    return fingerprints.find_channel_landmarks(blocks, 2, Settings())


def sound_of(film: np.ndarray) -> Film:
    return Film(channels_of(film), Settings().hop_s)


def album_of(**tracks: np.ndarray) -> Album:
    lengths_s = np.array([len(track) / RATE_HZ for track in tracks.values()])
    landmarks = tuple(channels_of(track) for track in tracks.values())
    return Album(tuple(tracks), lengths_s, Settings(), landmarks)


def played(track: np.ndarray, speed: float) -> np.ndarray:
    """A track at another speed, pitch and all."""
    return track if speed == 1 else soxr.resample(track, RATE_HZ * speed, RATE_HZ)


def stretched(track: np.ndarray, tempo: float, semitones: float) -> np.ndarray:
    """A track at another tempo and pitch, by Rubber Band."""
    raw = ["-f", "f32le", "-ar", RATE_HZ, "-ac", 1]
    change = f"rubberband=tempo={tempo}:pitch={2 ** (semitones / 12)}"
    changed = ffmpeg(*raw, "-i", "-", "-af", change, *raw, "-", source=track.tobytes())
    return np.frombuffer(changed, np.float32)


@pytest.fixture(scope="module")
def album():
    tracks = {"theme": music(1), "chase": music(2), "love": music(3)}
    return tracks, album_of(**tracks)


def test_two_cues_have_correct_tracks_and_times(album):
    tracks, index = album
    film = film_of(60, (5.3, tracks["chase"], 12.0, 14.0), (30.0, tracks["theme"], 3.5, 20.0))
    cues = match.find_cues("a_film", sound_of(film), index, **CONFIG)
    tables.to_arrow(cues, tables.CUES)
    assert cues.track_id.tolist() == ["chase", "theme"]
    assert cues.cue_id.tolist() == ["cue_0001", "cue_0002"]
    np.testing.assert_allclose(cues.film_start_s, [5.3, 30.0], atol=0.6)
    np.testing.assert_allclose(cues.film_end_s, [19.3, 50.0], atol=0.6)
    offset_s = cues.track_start_s - cues.film_start_s
    np.testing.assert_allclose(offset_s, [12.0 - 5.3, 3.5 - 30.0], atol=0.012)  # half a hop
    assert (cues.score > 100).all()
    assert (cues.confidence > 0.99).all()


def test_music_of_no_album_track_gives_no_cue(album):
    _, index = album
    film = film_of(50, (5.0, music(4), 0.0, 38.0))
    assert match.find_cues("a_film", sound_of(film), index, **CONFIG).empty


def test_adjacent_cues_do_not_overlap(album):
    tracks, index = album
    film = film_of(40, (5.0, tracks["theme"], 0.0, 12.4), (17.4, tracks["love"], 9.0, 12.0))
    cues = match.find_cues("a_film", sound_of(film), index, **CONFIG)
    assert cues.track_id.tolist() == ["theme", "love"]
    assert cues.film_end_s[0] <= cues.film_start_s[1] + 0.1
    assert abs(cues.film_start_s[1] - 17.4) < 1.0


def test_pieces_of_a_track_are_cues_of_their_own(album):
    tracks, index = album
    shifted = film_of(40, (5.0, tracks["theme"], 0.0, 10.0), (15.0, tracks["theme"], 25.0, 10.0))
    cues = match.find_cues("a_film", sound_of(shifted), index, **CONFIG)
    np.testing.assert_allclose(cues.film_start_s, [5, 15], atol=0.6)
    np.testing.assert_allclose(cues.film_end_s, [15, 25], atol=0.6)
    np.testing.assert_allclose(cues.track_start_s - cues.film_start_s, [-5, 10], atol=0.02)


def test_tracks_with_shared_material_give_one_cue():
    shared, middle, end = music(1, 20), music(2, 10), music(3, 10)
    reprise = np.concatenate([middle, shared, end])
    index = album_of(theme=shared, reprise=reprise, other=music(5))
    film = film_of(60, (8.0, reprise, 4.0, 32.0))
    cues = match.find_cues("a_film", sound_of(film), index, **CONFIG)
    assert cues.track_id.tolist() == ["reprise"]
    np.testing.assert_allclose(cues[["film_start_s", "film_end_s"]], [[8, 40]], atol=0.9)
    assert cues.shared_tracks.tolist() == [()]  # half of the cue is in the reprise alone


def test_music_of_two_tracks_lists_the_other_in_shared_tracks():
    theme = music(1, 20)
    index = album_of(theme=theme, medley=np.concatenate([music(2, 15), theme]), other=music(5))
    film = film_of(40, (8.0, theme, 2.0, 16.0))
    (cue,) = match.find_cues("a_film", sound_of(film), index, **CONFIG).itertuples()
    assert {cue.track_id, *cue.shared_tracks} == {"theme", "medley"}
    assert cue.equal_starts_s == ()


def test_repeated_verse_has_equal_starts_and_gives_no_long_cue():
    """The track has a verse at 0, 20 and 50 s; the film has it twice, 25 s apart."""
    verse = music(1, 12)
    parts = [verse, music(2, 8), verse, music(3, 18), verse]
    index = album_of(loop=np.concatenate(parts), other=music(5))
    film = film_of(60, (5.0, verse, 1.0, 10.0), (30.0, verse, 1.0, 10.0))
    cues = match.find_cues("a_film", sound_of(film), index, **CONFIG)
    np.testing.assert_allclose(cues.film_start_s, [5, 30], atol=0.9)
    np.testing.assert_allclose(cues.film_end_s, [15, 40], atol=0.9)
    for cue in cues.itertuples():
        positions = [cue.track_start_s, *cue.equal_starts_s]
        expected = np.array([1.0, 21.0, 51.0]) + cue.film_start_s - (5 if cue.Index == 0 else 30)
        np.testing.assert_allclose(sorted(positions), expected, atol=0.03)


@pytest.mark.parametrize("film", [np.zeros(0, np.float32), np.zeros(30 * RATE_HZ, np.float32)])
def test_silence_gives_an_empty_cue_table(album, film):
    cues = match.find_cues("a_film", sound_of(film), album[1], **CONFIG)
    assert cues.empty
    assert tables.to_arrow(cues, tables.CUES).column_names == tables.CUES.names


def test_silent_album_matches_nothing():
    index = album_of(silence=np.zeros(RATE_HZ, np.float32))
    assert match.find_cues("a_film", sound_of(noise(30)), index, **CONFIG).empty


def write_status(path, video) -> str:
    row = {"film_id": "a_film", "status": "ok", "problems": "", "notes": "", "duration_s": 30.0}
    row |= {"has_picture": True, "frame_rate_hz": 25.0, "tracks": 3, "video_sha256": "ab12"}
    row |= {"video_bytes": video.stat().st_size}
    tables.write_table(pd.DataFrame([row]), path, tables.STATUS)
    return path


def match_file(tmp_path, video, album: Album) -> dict[str, str]:
    outputs = {"table": f"{tmp_path}/cues.parquet", "text": f"{tmp_path}/cues.tsv"}
    status = write_status(tmp_path / "status.tsv", video)
    fingerprints.write_album(tmp_path / "index.npz", album)
    match.match_film("diagonal", "a_film", video, tmp_path / "index.npz", status, outputs, CONFIG)
    return outputs


def test_cue_at_the_start_of_the_film_starts_where_its_track_does(album):
    tracks, index = album
    film = film_of(30, (0.0, tracks["theme"], 10.0, 15.0))
    (cue,) = match.find_cues("a_film", sound_of(film), index, **CONFIG).itertuples()
    assert cue.film_start_s == 0.0
    assert cue.track_start_s == pytest.approx(10.0, abs=0.03)


def test_match_film_writes_both_tables(tmp_path, film):
    theme = music(1)
    index = album_of(theme=theme, chase=music(2))
    video = film("film.mkv", film_of(30, (6.0, theme, 10.0, 15.0)), RATE_HZ, seconds=30)
    outputs = match_file(tmp_path, video, index)
    cues = tables.read_table(outputs["table"], tables.CUES)
    assert cues.track_id.tolist() == ["theme"]
    assert abs(cues.film_start_s[0] - 6.0) < 0.9
    text = tables.read_table(outputs["text"], tables.CUES)
    pd.testing.assert_frame_equal(text, cues, check_dtype=False)
    assert tables.read_provenance(outputs["table"])["video_sha256"] == "ab12"


def test_film_changed_after_its_check_is_an_error(tmp_path, film, monkeypatch):
    index = album_of(theme=music(1))
    video = film("film.mkv", film_of(5), RATE_HZ, seconds=5)
    monkeypatch.setattr(tables, "read_table", lambda *_: pd.DataFrame([{"video_bytes": 9}]))
    with pytest.raises(MediaError, match=r"film\.mkv: changed since the run began \(9 bytes"):
        match_file(tmp_path, video, index)


@pytest.mark.parametrize("speed", [25 / 24, 24 / 25])
def test_film_at_another_speed_has_cues_in_film_time(tmp_path, film, caplog, speed):
    theme = music(1)
    index = album_of(theme=theme, chase=music(2))
    scenes = film_of(30, (6.0, theme, 10.0, 15.0))
    video = film("film.mkv", scenes, round(RATE_HZ * speed), seconds=30 / speed)
    with caplog.at_level(logging.INFO):
        cues = tables.read_table(match_file(tmp_path, video, index)["table"], tables.CUES)
    assert cues.speed[0] == pytest.approx(speed, abs=2e-4)
    assert cues.tempo[0] == cues.speed[0]
    assert cues.pitch_semitones[0] == pytest.approx(12 * np.log2(speed), abs=0.02)
    assert abs(cues.film_start_s[0] - 6.0 / speed) < 0.9
    assert abs(cues.film_end_s[0] - 21.0 / speed) < 0.9
    assert abs(cues.track_start_s[0] - 10.0 - (cues.film_start_s[0] * speed - 6.0)) < 0.05
    assert f"at {speed:.4f} times the speed of the album" in caplog.text


@pytest.mark.parametrize("speed", [0.94, 1.001, 1.02, 1.07])
def test_any_speed_is_detected_without_being_listed(speed):
    theme = music(1, 60)
    index = album_of(theme=theme, chase=music(2))
    film = played(film_of(70, (10.0, theme, 5.0, 50.0)), speed)
    (cue,) = match.find_cues("a_film", sound_of(film), index, **CONFIG).itertuples()
    assert cue.speed == pytest.approx(speed, abs=2e-4)
    assert cue.tempo == cue.speed
    np.testing.assert_allclose(
        [cue.film_start_s, cue.film_end_s], np.array([10, 60]) / speed, atol=0.6
    )
    assert cue.track_start_s - 5 == pytest.approx(cue.film_start_s * speed - 10, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(("tempo", "semitones"), [(1.08, 0), (0.96, 0), (1, 1), (1, -2), (1.04, 1)])
def test_tempo_and_pitch_are_detected_apart(tempo, semitones):
    theme = music(1, 60)
    index = album_of(theme=theme, chase=music(2))
    changed = stretched(theme[5 * RATE_HZ : 45 * RATE_HZ], tempo, semitones)
    film = noise(60)
    film[8 * RATE_HZ : 8 * RATE_HZ + len(changed)] += changed
    (cue,) = match.find_cues("a_film", sound_of(film), index, **CONFIG).itertuples()
    assert cue.track_id == "theme"
    assert cue.pitch_semitones == pytest.approx(semitones, abs=0.05)
    assert cue.speed == pytest.approx(tempo, abs=2e-3)
    assert cue.tempo == cue.speed
    assert cue.film_start_s == pytest.approx(8, abs=0.9)
    assert cue.track_start_s == pytest.approx(5, abs=0.9)


def test_two_tracks_at_once_are_two_cues(album):
    tracks, index = album
    film = film_of(50, (5.0, tracks["theme"], 0.0, 30.0), (15.0, tracks["chase"], 2.0, 25.0))
    cues = match.find_cues("a_film", sound_of(film), index, **CONFIG)
    assert cues.track_id.tolist() == ["theme", "chase"]
    np.testing.assert_allclose(cues.film_start_s, [5, 15], atol=1.8)
    np.testing.assert_allclose(cues.film_end_s, [35, 40], atol=0.5)


@pytest.mark.parametrize(("speed", "semitones", "count"), [(1.05, 0.0, 1), (1.0, 2.0, 0)])
def test_narrow_search_finds_speed_but_not_pitch_alone(album, speed, semitones, count):
    tracks, index = album
    part = tracks["theme"][5 * RATE_HZ : 30 * RATE_HZ]
    changed = played(part, speed) if speed != 1 else stretched(part, 1.0, semitones)
    film = np.concatenate([noise(8), changed, noise(8)])
    film = film + noise(len(film) / RATE_HZ)
    narrow = match.find_cues("a_film", sound_of(film), index, **CONFIG | {"search": "narrow"})
    wide = match.find_cues("a_film", sound_of(film), index, **CONFIG)
    assert len(narrow) == count
    assert len(wide) == 1


def test_speed_that_changes_between_reels_gives_one_cue_with_the_mean_speed():
    theme = music(1, 60)
    index = album_of(theme=theme, chase=music(2))
    first, second = theme[: 25 * RATE_HZ], theme[25 * RATE_HZ : 50 * RATE_HZ]
    film = np.concatenate([noise(6), played(first, 1.01), played(second, 0.99), noise(6)])
    cues = match.find_cues("a_film", sound_of(film + noise(len(film) / RATE_HZ)), index, **CONFIG)
    (cue,) = cues.itertuples()
    length_s = 25 / 1.01 + 25 / 0.99
    assert (cue.film_start_s, cue.film_end_s) == pytest.approx((6, 6 + length_s), abs=0.6)
    assert cue.speed == pytest.approx(50 / length_s, abs=5e-3)


def test_music_beside_the_centre_is_matched_under_loud_speech_in_it(album):
    tracks, index = album
    beside = film_of(40, (8.0, tracks["theme"], 2.0, 20.0))
    loud = noise(40, level=2.0)
    blocks = [np.stack([loud + beside, beside], axis=1)]
    channels = fingerprints.find_channel_landmarks(blocks, 2, Settings())
    film = Film(channels, Settings().hop_s)
    (cue,) = match.find_cues("a_film", film, index, **CONFIG).itertuples()
    assert cue.track_id == "theme"
    assert (cue.film_start_s, cue.film_end_s) == pytest.approx((8, 28), abs=0.6)
    mix_alone = Film(channels[:1], film.hop_s)
    assert match.find_cues("a_film", mix_alone, index, **CONFIG).empty


@pytest.mark.slow
def test_drifting_track_is_one_cue_with_its_own_speed():
    """Two tracks at the film's speed, and one whose mastering runs 0.15% faster."""
    drifting, theme, chase = music(1, 100), music(2, 100), music(3, 100)
    index = album_of(drifting=played(drifting, 1 / 1.0015), theme=theme, chase=chase)
    scenes = [(5.0, theme, 0.0, 60.0), (70.0, drifting, 10.0, 80.0), (155.0, chase, 0.0, 60.0)]
    cues = match.find_cues("a_film", sound_of(film_of(220, *scenes)), index, **CONFIG)
    assert cues.track_id.tolist() == ["theme", "drifting", "chase"]
    np.testing.assert_allclose(cues.speed, [1, 1.0015, 1], atol=1e-4)
    np.testing.assert_allclose(cues.film_start_s, [5, 70, 155], atol=0.6)
    np.testing.assert_allclose(cues.film_end_s, [65, 150, 215], atol=0.6)


def test_film_without_album_music_is_logged(tmp_path, caplog):
    soundfile.write(tmp_path / "film.wav", noise(20), RATE_HZ)
    with caplog.at_level(logging.WARNING):
        outputs = match_file(tmp_path, tmp_path / "film.wav", album_of(theme=music(1)))
    assert tables.read_table(outputs["table"], tables.CUES).empty
    assert caplog.messages == ["a_film: no track of the album was found"]


def test_film_without_sound_is_an_error(tmp_path, film):
    with pytest.raises(MediaError, match=r"mute\.mkv: has no sound"):
        match_file(tmp_path, film("mute.mkv"), album_of(theme=music(1)))
    assert not (tmp_path / "cues.parquet").exists()


numbers = st.floats(-50, 50, width=32)


@given(st.lists(numbers, min_size=1, max_size=12))
def test_max_run_sum_equals_the_best_of_all_slices(values):
    sums = [sum(values[a:b]) for a in range(len(values)) for b in range(a, len(values) + 1)]
    best = viterbi.max_run_sum(np.array([values], np.float32))
    np.testing.assert_allclose(best, [max(sums)], atol=1e-3)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5), st.floats(0, 60))
def test_best_path_equals_the_best_of_all_paths(steps, entry):
    nats = np.array(steps, np.float32).T

    def path_score(states):
        starts = sum(b >= 0 and a != b for a, b in itertools.pairwise([-1, *states]))
        return sum(nats[s, t] for t, s in enumerate(states) if s >= 0) - entry * starts

    best = max(path_score(states) for states in itertools.product([-1, 0, 1], repeat=nats.shape[1]))
    np.testing.assert_allclose(path_score(viterbi.best_path(nats, entry).tolist()), best, atol=1e-3)


def test_of_two_runs_of_a_track_at_once_the_stronger_is_a_cue():
    here, elsewhere = Line(0, 0.0, 0.0, 1.0, 0.0, 9), Line(0, 0.0, 500.0, 1.0, 0.0, 9)
    strong, weak = Run(here, 80, 100, 500.0, []), Run(elsewhere, 79, 99, 30.0, [])
    other = Run(Line(1, 0.0, 0.0, 1.0, 0.0, 9), 85, 95, 40.0, [])
    assert join_runs([weak, strong, other], Settings().hop_s) == [[strong], [other]]


def test_run_of_a_repeated_passage_goes_on_with_the_cue_before_it():
    hop_s = Settings().hop_s
    here, later = Line(0, 0.0, 0.0, 1.0, 0.0, 9), Line(0, 0.0, -800.0, 1.0, 0.0, 9)
    first = Run(here, 10, 45, 800.0, [])
    second = Run(later, 44, 48, 100.0, [(here, 90.0)])
    weaker = second._replace(rivals=[(here, 50.0)])
    assert join_runs([second, first], hop_s) == [[first, Run(here, 44, 48, 90.0, second.rivals)]]
    assert join_runs([weaker, first], hop_s) == [[first], [weaker]]


def test_runs_of_equal_states():
    assert viterbi.runs(np.array([-1, 2, 2, -1, 0, 1, 1])) == [(2, 1, 3), (0, 4, 5), (1, 5, 7)]
    assert viterbi.runs(np.array([-1, -1])) == []
    assert viterbi.runs(np.array([], np.int64)) == []


def test_confidence_is_a_half_at_doubt_and_monotonic():
    curve = confidence(np.array([-3.0, 0.0, 1.0, 50.0, 75.0, 100.0, 1e4]), doubt=75.0, slope=5.0)
    assert curve[4] == 0.5
    assert (np.diff(curve) >= 0).all()
    assert (curve[0], curve[1]) == (0, 0)
    assert 0.999 < curve[-1] <= 1.0
