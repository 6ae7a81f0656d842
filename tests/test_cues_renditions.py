"""Other renditions: chroma, its alignment with tracks, what is listed, and the config and plan."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelens import config as configuration
from scorelens import media, tables
from scorelens.cues.renditions import alignment, chroma, find
from scorelens.errors import ConfigError
from scorelens.plan import make_plan
from tests.cue_tables import cue_table

SCHEMAS = Path(__file__).resolve().parent.parent / "workflow" / "schemas"
NO_CUES = cue_table("film")
STEP_S, RATE_HZ = chroma.STEP_S, chroma.RATE_HZ


def chord_changes(seconds: float, rng, tempo: float = 1.0) -> np.ndarray:
    """Chroma of random chords that change after 1 to 4 s of the track, played at a tempo."""
    times_s = np.cumsum(rng.uniform(1, 4, int(seconds)))
    chords = rng.standard_normal((len(times_s) + 1, 12))
    at_s = np.arange(0, seconds / tempo, STEP_S) * tempo
    return unit(chords[np.searchsorted(times_s, at_s)])


def unit(vectors: np.ndarray) -> np.ndarray:
    centred = vectors - vectors.mean(1, keepdims=True)
    return (centred / np.linalg.norm(centred, axis=1, keepdims=True)).astype(np.float32)


def noisy(vectors: np.ndarray, noise: float, rng) -> np.ndarray:
    return unit(vectors + noise * rng.standard_normal(vectors.shape) / np.sqrt(12))


def album(count: int, seconds: float = 120) -> dict[str, np.ndarray]:
    return {
        f"track_{k}": chord_changes(seconds, np.random.default_rng([5, k])) for k in range(count)
    }


def film_with(track: np.ndarray, semitones: int, rng, before_s: float = 60) -> np.ndarray:
    """Other music, a transposed track under noise, and other music again."""
    others = [chord_changes(before_s, rng) for _ in range(2)]
    played = noisy(np.roll(track, semitones, axis=1), 0.7, rng)
    return np.concatenate([others[0], played, others[1]])


@pytest.mark.parametrize(("semitones", "tempo"), [(0, 1.0), (3, 1.12), (-4, 0.88), (6, 1.25)])
def test_transposed_stretched_track_has_its_position_key_and_tempo(semitones, tempo):
    rng = np.random.default_rng(7)
    played = chord_changes(120, np.random.default_rng([5, 2]), tempo)[round(20 / STEP_S) :]
    film = film_with(played, semitones, rng)
    rows = find.find_renditions(film, album(4), NO_CUES, 0.9)
    assert rows.track_id.tolist() == ["track_2"]
    row = rows.iloc[0]
    assert row.film_start_s == pytest.approx(60, abs=2.5)
    assert row.film_end_s == pytest.approx(60 + len(played) * STEP_S, abs=3)
    assert row.transposition_semitones == semitones
    assert row.tempo == pytest.approx(tempo, rel=0.02)
    expected = (20 + row.film_start_s - 60) * tempo
    assert row.track_start_s == pytest.approx(expected, abs=2)


def test_noise_and_other_music_have_no_rendition():
    rng = np.random.default_rng(3)
    noise = unit(rng.standard_normal((1200, 12)))
    film = np.concatenate([noise, chord_changes(300, rng), np.zeros((40, 12), np.float32)])
    assert find.find_renditions(film, album(4), NO_CUES, 0.5).empty


def test_music_that_two_tracks_share_is_a_rendition_of_neither():
    rng = np.random.default_rng(4)
    tracks = album(3)
    film = film_with(tracks["track_1"], 2, rng)
    assert len(find.find_renditions(film, tracks, NO_CUES, 0.9)) == 1
    doubled = tracks | {"again": noisy(tracks["track_1"], 0.05, rng)}
    assert find.find_renditions(film, doubled, NO_CUES, 0.9).empty


@pytest.mark.parametrize(("first", "second"), [("track_1", "track_2"), ("track_1", "track_1")])
def test_renditions_that_follow_each_other_are_both_listed(first, second):
    rng = np.random.default_rng(10)
    tracks = album(4)
    half = len(tracks[first]) // 2
    pieces = [noisy(piece, 0.7, rng) for piece in (tracks[first][half:], tracks[second][:half])]
    between = chord_changes(10, rng)
    film = np.concatenate([between, pieces[0], between[::-1], pieces[1], between])
    rows = find.find_renditions(film, tracks, NO_CUES, 0.9)
    assert rows.track_id.tolist() == [first, second]
    assert rows.film_start_s.to_numpy() == pytest.approx([10, 80], abs=3)


def test_time_with_a_cue_is_left_out():
    rng = np.random.default_rng(6)
    tracks = album(3)
    film = film_with(tracks["track_0"], 0, rng)
    cues = cue_table("film", ("track_0", 60.0, 120.0, 0.0))
    rows = find.find_renditions(film, tracks, cues, 0.9)
    assert rows.track_id.tolist() == ["track_0"]
    assert rows.film_start_s[0] == pytest.approx(120, abs=1)
    assert rows.track_start_s[0] == pytest.approx(60, abs=2)
    everywhere = cue_table("film", ("track_0", 0.0, 240.0, 0.0))
    assert find.find_renditions(film, tracks, everywhere, 0.5).empty


@pytest.mark.parametrize("seconds", [0, 1, 4])
def test_film_or_track_shorter_than_a_cell_has_no_rendition(seconds):
    short = chord_changes(60, np.random.default_rng(1))[: round(seconds / STEP_S)]
    assert find.find_renditions(short, album(2), NO_CUES, 0.5).empty
    film = chord_changes(60, np.random.default_rng(2))
    assert find.find_renditions(film, {"short": short}, NO_CUES, 0.5).empty


def all_paths(gains: np.ndarray) -> np.ndarray:
    """Score of the best path to each cell, one cell after the other."""
    best = np.zeros(gains.shape)
    for i, j in np.ndindex(*gains.shape):
        origins = [(1, 1, 0.0), (1, 2, alignment.SKEW), (2, 1, alignment.SKEW)]
        arrived = [best[i - a, j - b] - cost for a, b, cost in origins if i >= a and j >= b]
        best[i, j] = max(0, max([0, *arrived]) + gains[i, j])
    return best


def test_paths_are_those_of_plain_loops():
    rng = np.random.default_rng(8)
    film, track = (
        0.7 * rng.standard_normal((n, 12 * alignment.CONTEXT)).astype(np.float32) for n in (40, 25)
    )
    paths = alignment.align(film, track)
    for shift in (0, 5):
        gains = alignment.cell_gains(film, alignment.transpose(track, shift))
        best = all_paths(gains)
        assert best.max() > 5
        np.testing.assert_allclose(paths.score[:, shift], best.max(1), rtol=1e-4)
        end = int(paths.score[:, shift].argmax())
        start, track_end = paths.start[end, shift], int(paths.track_end[end, shift])
        part = film[start : end + 1]
        at, track_at = alignment.trace(part, alignment.transpose(track, shift), track_end)
        skewed = (np.diff(at) != np.diff(track_at)).sum()
        along = gains[start + at, track_at].sum() - alignment.SKEW * skewed
        assert along == pytest.approx(paths.score[end, shift], rel=1e-4)


def test_scaled_products_have_a_standard_deviation_of_one():
    rng = np.random.default_rng(9)
    film = alignment.join_context(chord_changes(400, rng))
    tracks = [alignment.join_context(chord_changes(200, rng)) for _ in range(3)]
    scaled, scaled_tracks = alignment.scale(film, tracks)
    products = [
        scaled @ alignment.transpose(track, shift).T
        for track in scaled_tracks
        for shift in range(12)
    ]
    assert np.std(products) == pytest.approx(1, abs=0.1)
    assert np.mean(products) == pytest.approx(0, abs=0.01)


@settings(max_examples=20, deadline=None)
@given(st.integers(48, 83), st.floats(-0.45, 0.45))
def test_tone_of_any_tuning_has_its_pitch_class(pitch, detuning):
    hz = 440 * 2 ** ((pitch + detuning - 69) / 12)
    tone = np.sin(2 * np.pi * hz * np.arange(4 * RATE_HZ) / RATE_HZ).astype(np.float32)
    vectors = chroma.chroma_sequence([tone])
    assert vectors.shape == (9, 12)
    assert (vectors.argmax(1) == pitch % 12).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_chroma_does_not_depend_on_blocks_or_level(tmp_path):
    sound = melody(np.random.default_rng(2).integers(55, 80, 70), 70)
    whole = chroma.chroma_sequence([sound])
    parts = [sound[at : at + 30 * RATE_HZ] for at in range(0, len(sound), 30 * RATE_HZ)]
    np.testing.assert_allclose(chroma.chroma_sequence(parts), whole, atol=1e-4)
    np.testing.assert_allclose(chroma.chroma_sequence([0.5 * sound]), whole, atol=0.05)
    soundfile.write(tmp_path / "sound.wav", sound, RATE_HZ, "FLOAT")
    np.testing.assert_allclose(find.read_chroma(tmp_path / "sound.wav"), whole, atol=0.02)
    assert not chroma.chroma_sequence([np.zeros(4 * RATE_HZ, np.float32)]).any()
    assert not chroma.chroma_sequence([]).any()


def melody(pitches: np.ndarray, seconds: int, tempo: float = 1.0) -> np.ndarray:
    """Tones of a second each, MIDI pitches, played at a tempo."""
    at = (np.arange(seconds * RATE_HZ) / RATE_HZ * tempo).astype(int)
    cycles = np.cumsum(440 * 2 ** ((pitches[at] - 69) / 12)) / RATE_HZ
    wave = 0.3 * np.sin(2 * np.pi * cycles) + 0.1 * np.sin(6 * np.pi * cycles)
    return wave.astype(np.float32)


def test_job_writes_the_table(tmp_path):
    rng = np.random.default_rng(11)
    tunes = rng.integers(55, 80, (2, 60))
    rows = []
    for number, tune in enumerate(tunes):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, melody(tune, 40), RATE_HZ)
        rows.append({"track_id": f"t{number}", "path": str(path), "start_s": 0.0})
    film = tmp_path / "film.wav"
    soundfile.write(film, melody(tunes[1] + 2, 40, 1.1), RATE_HZ)
    write_inputs(tmp_path, film, pd.DataFrame(rows).assign(duration_s=40.0))
    paths = {name: tmp_path / f"{name}.parquet" for name in ("status", "album", "cues", "table")}
    find.find_film("film", film, **paths, min_confidence=0.5)
    row = tables.read_table(paths["table"], tables.RENDITIONS).iloc[0]
    assert (row.track_id, row.transposition_semitones) == ("t1", 2)
    assert row.tempo == pytest.approx(1.1, rel=0.03)
    provenance = tables.read_provenance(paths["table"])
    assert provenance["video_sha256"] == media.sha256(film)


def write_inputs(folder: Path, film: Path, tracks: pd.DataFrame) -> None:
    """The status of a film, its album and its cues; columns that are not read hold anything."""
    hashes = {"video_bytes": film.stat().st_size, "video_sha256": media.sha256(film)}
    status = pd.DataFrame({"film_id": ["film"], **hashes})
    for name, frame, schema in (
        ("status", status, tables.STATUS),
        ("album", tracks, tables.ALBUM_TRACKS),
        ("cues", NO_CUES, tables.CUES),
    ):
        anything = {column.name: value_of(column) for column in schema.columns}
        missing = {name: value for name, value in anything.items() if name not in frame}
        typed = tables.as_typed(frame.assign(**missing)[schema.names], schema)
        tables.write_table(typed, folder / f"{name}.parquet", schema)


def value_of(column: tables.Column) -> object:
    return {"string": "x", "bool": False}.get(column.dtype, column.low or 0)


def complete(**settings):
    return configuration.complete({"cues": {"renditions": settings}}, SCHEMAS)


def test_renditions_are_off_by_default_and_in_the_plan_if_enabled():
    assert not make_plan(complete()).cues.has_renditions
    assert make_plan(complete(enabled=True)).cues.has_renditions


@pytest.mark.parametrize(
    "settings", [{"enabled": 2}, {"min_confidence": 1}, {"min_confidence": 0.2}, {"tempo": 1}]
)
def test_bad_config_gives_a_message(settings):
    with pytest.raises(ConfigError, match=r"cues\.renditions"):
        complete(**settings)
