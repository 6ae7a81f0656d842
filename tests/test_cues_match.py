"""Finding cues: the evidence, the best path, and whole films with known music."""

import itertools
import logging

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelens import fingerprints, tables
from scorelens.cues import lines, match, path
from scorelens.cues.lines import Sound
from scorelens.errors import MediaError
from scorelens.fingerprints import Index, Settings

RATE_HZ = 11025
CONFIG = {"share": 0.008, "entry": 100.0, "ceiling": 40.0}


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
    """Noise with excerpts: (film second, track, second in the track, length in s)."""
    film = noise(seconds)
    for at_s, track, from_s, length_s in scenes:
        at, start, length = (round(s * RATE_HZ) for s in (at_s, from_s, length_s))
        film[at : at + length] += track[start : start + length]
    return film


def sound_of(film: np.ndarray) -> Sound:
    landmarks = fingerprints.find_landmarks([film], Settings())
    return Sound(*fingerprints.pair_landmarks(landmarks))


def index_of(folder, **tracks: np.ndarray) -> Index:
    found = [fingerprints.find_landmarks([track], Settings()) for track in tracks.values()]
    lengths_s = np.array([len(track) / RATE_HZ for track in tracks.values()])
    fingerprints.write_index(folder / "index.npz", tuple(tracks), lengths_s, found, Settings())
    return fingerprints.read_index(folder / "index.npz")


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    tracks = {"theme": music(1), "chase": music(2), "love": music(3)}
    return tracks, index_of(tmp_path_factory.mktemp("album"), **tracks)


def test_two_cues_are_found_where_they_play(album):
    tracks, index = album
    film = film_of(60, (5.3, tracks["chase"], 12.0, 14.0), (30.0, tracks["theme"], 3.5, 20.0))
    cues = match.find_cues("a_film", sound_of(film), index, **CONFIG)
    tables.to_arrow(cues, tables.CUES)
    assert cues.track_id.tolist() == ["chase", "theme"]
    assert cues.cue_id.tolist() == ["cue_0001", "cue_0002"]
    np.testing.assert_allclose(cues.film_start_s, [5.3, 30.0], atol=0.3)
    np.testing.assert_allclose(cues.film_end_s, [19.3, 50.0], atol=0.3)
    offset_s = cues.track_start_s - cues.film_start_s
    np.testing.assert_allclose(offset_s, [12.0 - 5.3, 3.5 - 30.0], atol=0.012)  # half a hop
    assert (cues.score > 100).all()
    assert (cues.confidence > 0.99).all()


def test_music_that_is_not_on_the_album_is_no_cue(album):
    _, index = album
    film = film_of(50, (5.0, music(4), 0.0, 38.0))
    assert match.find_cues("a_film", sound_of(film), index, **CONFIG).empty


def test_a_cue_that_follows_at_once_does_not_overlap(album):
    tracks, index = album
    film = film_of(40, (5.0, tracks["theme"], 0.0, 12.4), (17.4, tracks["love"], 9.0, 12.0))
    cues = match.find_cues("a_film", sound_of(film), index, **CONFIG)
    assert cues.track_id.tolist() == ["theme", "love"]
    assert cues.film_end_s[0] <= cues.film_start_s[1]
    assert abs(cues.film_start_s[1] - 17.4) < 1.0


def test_a_gap_on_one_diagonal_is_bridged_and_one_between_two_is_not(album):
    tracks, index = album
    masked = film_of(40, (5.0, tracks["theme"], 0.0, 10.0), (18.0, tracks["theme"], 13.0, 10.0))
    cues = match.find_cues("a_film", sound_of(masked), index, **CONFIG)
    np.testing.assert_allclose(cues[["film_start_s", "film_end_s"]], [[5, 28]], atol=0.3)
    moved = film_of(40, (5.0, tracks["theme"], 0.0, 10.0), (18.0, tracks["theme"], 25.0, 10.0))
    cues = match.find_cues("a_film", sound_of(moved), index, **CONFIG)
    np.testing.assert_allclose(cues.film_end_s, [15, 28], atol=0.3)


def test_tracks_that_share_material_give_one_cue(tmp_path):
    shared, middle, end = music(1, 20), music(2, 10), music(3, 10)
    reprise = np.concatenate([middle, shared, end])
    index = index_of(tmp_path, theme=shared, reprise=reprise, other=music(5))
    film = film_of(60, (8.0, reprise, 4.0, 32.0))
    cues = match.find_cues("a_film", sound_of(film), index, **CONFIG)
    assert cues.track_id.tolist() == ["reprise"]
    np.testing.assert_allclose(cues[["film_start_s", "film_end_s"]], [[8, 40]], atol=0.3)


@pytest.mark.parametrize("film", [np.zeros(0, np.float32), np.zeros(30 * RATE_HZ, np.float32)])
def test_silence_gives_an_empty_table_with_its_columns(album, film):
    cues = match.find_cues("a_film", sound_of(film), album[1], **CONFIG)
    assert cues.empty
    assert tables.to_arrow(cues, tables.CUES).column_names == tables.CUES.names


def test_an_album_of_silence_matches_nothing(tmp_path):
    index = index_of(tmp_path, silence=np.zeros(RATE_HZ, np.float32))
    assert match.find_cues("a_film", sound_of(noise(30)), index, **CONFIG).empty


def write_status(path) -> str:
    row = {"film_id": "a_film", "status": "ok", "problems": "", "notes": "", "duration_s": 30.0}
    row |= {"has_picture": True, "tracks": 3, "video_sha256": "ab12"}
    tables.write_table(pd.DataFrame([row]), path, tables.STATUS)
    return path


def match_file(tmp_path, video) -> dict[str, str]:
    outputs = {"table": f"{tmp_path}/cues.parquet", "text": f"{tmp_path}/cues.tsv"}
    status = write_status(tmp_path / "status.tsv")
    settings = CONFIG | {"speeds": [1.0, 25 / 24, 24 / 25]}
    match.match_film("a_film", video, tmp_path / "index.npz", status, outputs, settings)
    return outputs


def test_a_film_file_is_matched_into_both_tables(tmp_path, film):
    theme = music(1)
    index_of(tmp_path, theme=theme, chase=music(2))
    video = film("film.mkv", film_of(30, (6.0, theme, 10.0, 15.0)), RATE_HZ, seconds=30)
    outputs = match_file(tmp_path, video)
    cues = tables.read_table(outputs["table"], tables.CUES)
    assert cues.track_id.tolist() == ["theme"]
    assert abs(cues.film_start_s[0] - 6.0) < 0.3
    text = tables.read_table(outputs["text"], tables.CUES)
    pd.testing.assert_frame_equal(text, cues, check_dtype=False)
    assert tables.read_provenance(outputs["table"])["video_sha256"] == "ab12"


@pytest.mark.parametrize("speed", [25 / 24, 24 / 25])
def test_a_film_at_another_speed_is_matched_in_its_own_time(tmp_path, film, caplog, speed):
    theme = music(1)
    index_of(tmp_path, theme=theme, chase=music(2))
    scenes = film_of(30, (6.0, theme, 10.0, 15.0))
    video = film("film.mkv", scenes, round(RATE_HZ * speed), seconds=30 / speed)
    with caplog.at_level(logging.INFO):
        cues = tables.read_table(match_file(tmp_path, video)["table"], tables.CUES)
    assert cues.speed.tolist() == [speed]
    assert abs(cues.film_start_s[0] - 6.0 / speed) < 0.3
    assert abs(cues.film_end_s[0] - 21.0 / speed) < 0.3
    assert abs(cues.track_start_s[0] - 10.0 - (cues.film_start_s[0] * speed - 6.0)) < 0.05
    assert f"runs at {speed:.4f} times the speed of its album" in caplog.text


def test_a_little_music_at_another_speed_is_no_reason_to_believe_in_it(tmp_path, film):
    theme = music(1)
    index = index_of(tmp_path, theme=theme)
    fast = film("film.mkv", film_of(140, (6.0, theme, 10.0, 10.0)), 11484, seconds=134)
    chosen = CONFIG | {"speeds": [1.0, 25 / 24]}
    sound = match.fingerprint_film(fast, index, 25 / 24)
    assert len(match.find_cues("a_film", sound, index, **CONFIG, speed=25 / 24)) == 1
    assert match.find_cues_at_any_speed("a_film", fast, index, 134.0, **chosen).empty


def test_a_film_without_album_music_is_said_in_the_log(tmp_path, caplog):
    index_of(tmp_path, theme=music(1))
    soundfile.write(tmp_path / "film.wav", noise(20), RATE_HZ)
    with caplog.at_level(logging.WARNING):
        outputs = match_file(tmp_path, tmp_path / "film.wav")
    assert tables.read_table(outputs["table"], tables.CUES).empty
    assert caplog.messages == ["a_film: no track of the album was found"]


def test_a_film_without_sound_is_named(tmp_path, film):
    index_of(tmp_path, theme=music(1))
    with pytest.raises(MediaError, match=r"mute\.mkv: has no sound"):
        match_file(tmp_path, film("mute.mkv"))
    assert not (tmp_path / "cues.parquet").exists()


SMALL_INDEX = Index(
    track_ids=("one", "two"),
    durations_s=np.array([10.0, 10.0]),
    settings=Settings(),
    hashes=np.array([5 << 6 | 3, 7 << 6 | 4, 7 << 6 | 4, 9 << 6 | 8], np.uint32),
    tracks=np.array([0, 0, 1, 1], np.uint16),
    frames=np.array([10, 20, 30, 40], np.int32),
)
SMALL_FILM = Sound(np.array([7 << 6 | 4, 5 << 6 | 3], np.uint32), np.array([100, 200], np.int32))


def test_the_weight_of_a_match_is_its_rarity():
    matches, counts = lines.match_hashes(SMALL_FILM, SMALL_INDEX, share=1.0)
    assert counts.tolist() == [2, 1]
    np.testing.assert_allclose(matches.nats, np.log([4 / 2, 4 / 2, 4 / 1]), rtol=1e-6)
    assert matches.diagonal.tolist() == [80, 70, 190]
    assert lines.track_of(matches.line).tolist() == [0, 1, 0]
    assert matches.end.tolist() == [104, 104, 203]
    rare, counts = lines.match_hashes(SMALL_FILM, SMALL_INDEX, share=0.5)
    assert counts.tolist() == [0, 1]  # the hash that is half of the album weighs nothing
    np.testing.assert_allclose(rare.nats, np.log(2), rtol=1e-6)


def test_chance_matches_spread_over_all_lines_of_the_album():
    evidence = lines.gather_evidence(SMALL_FILM, SMALL_INDEX, share=1.0, ceiling=40, least=0)
    three_of_all_lines = 3 * Settings().hop_s / 20.0
    expected = [0, 0, 2 * three_of_all_lines, 0, three_of_all_lines]  # frames of 2.3 s and 4.6 s
    np.testing.assert_allclose(evidence.chance, expected, rtol=1e-12)


numbers = st.floats(-50, 50, width=32)


@given(st.lists(numbers, min_size=1, max_size=12))
def test_best_stretch_equals_the_best_of_all_slices(values):
    sums = [sum(values[a:b]) for a in range(len(values)) for b in range(a, len(values) + 1)]
    best = lines.best_stretch(np.array([values], np.float32))
    np.testing.assert_allclose(best, [max(sums)], atol=1e-3)


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5), st.floats(0, 60))
def test_best_path_equals_the_best_of_all_paths(steps, entry):
    nats = np.array(steps, np.float32).T

    def worth(states):
        starts = sum(b >= 0 and a != b for a, b in itertools.pairwise([-1, *states]))
        return sum(nats[s, t] for t, s in enumerate(states) if s >= 0) - entry * starts

    best = max(worth(states) for states in itertools.product([-1, 0, 1], repeat=nats.shape[1]))
    np.testing.assert_allclose(worth(path.best_path(nats, entry).tolist()), best, atol=1e-3)


def test_stretches():
    assert path.stretches(np.array([-1, 2, 2, -1, 0, 1, 1])) == [(2, 1, 3), (0, 4, 5), (1, 5, 7)]
    assert path.stretches(np.array([-1, -1])) == []
    assert path.stretches(np.array([], np.int64)) == []


def test_confidence_is_one_half_at_its_middle_and_rises():
    assert match.confidence(match.DOUBT_NATS) == 0.5
    curve = [match.confidence(nats) for nats in (-3.0, 0.0, 1.0, 50.0, 100.0, 1e4)]
    assert curve == sorted(curve)
    assert curve[0] == 0.0
    assert 0.999 < curve[-1] <= 1.0
