"""The feature table of a film from its cues and audio files."""

import os
import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import soundfile

from scorelens import media, tables
from scorelens.errors import MediaError, TableError
from scorelens.features import extract, mir
from scorelens.features.frames import RATE_HZ
from scorelens.media import cuts
from tests.album_tables import write_tracks

AMPLITUDES = np.array([0.1, 0.2, 0.3, 0.4])  # for 10 s each


def stepped_noise():
    """40 s of noise whose amplitude rises every 10 s."""
    noise = np.random.default_rng(3).normal(0, 1, 40 * RATE_HZ)
    return (noise / noise.std() * np.repeat(AMPLITUDES, 10 * RATE_HZ) / 4).astype(np.float32)


@pytest.fixture
def film(tmp_path):
    """A folder with an album of two tracks and the audio of a film."""
    soundfile.write(tmp_path / "one.wav", stepped_noise(), RATE_HZ, subtype="FLOAT")
    soundfile.write(tmp_path / "two.wav", stepped_noise()[::-1], RATE_HZ, subtype="FLOAT")
    sound = np.concatenate([np.zeros(5 * RATE_HZ, np.float32), stepped_noise()])
    soundfile.write(tmp_path / "film.wav", sound, RATE_HZ, subtype="FLOAT")
    tracks = [["f", name, str(tmp_path / f"{name}.wav"), 40.0, RATE_HZ] for name in ("one", "two")]
    write_tracks(tracks, tmp_path / "tracks.tsv")
    return tmp_path


def extract_table(film, cues, source="album", video="film.wav", profile="mirtoolbox"):
    """The feature table of cues (track, film start, film end, track start, speed)."""
    names = ["track_id", "film_start_s", "film_end_s", "track_start_s", "speed"]
    rows = [{"cue_id": f"c{i}", **dict(zip(names, cue, strict=True))} for i, cue in enumerate(cues)]
    same = {"film_id": "f", "score": 10.0, "confidence": 0.9, "verdict": ""}
    same |= dict.fromkeys(("equal_starts_s", "shared_tracks"), [()] * len(cues))
    frame = pd.DataFrame(rows, columns=["cue_id", *names]).assign(**same)
    frame = frame.assign(tempo=frame.speed, pitch_semitones=0.0)
    tables.write_table(frame, film / "cues.parquet", tables.CUES)
    extract.extract_film(
        film_id="f",
        feature_set="mir",
        profile=profile,
        source=source,
        cues=film / "cues.parquet",
        tracks=film / "tracks.tsv",
        video=film / video,
        output=film / "out.parquet",
    )
    return tables.read_table(film / "out.parquet", tables.FEATURES)


def rms_at(frame, cue_id, time_s):
    row = frame[(frame["cue_id"] == cue_id) & (frame["time_s"] == time_s)]
    return row["dynamics.rms.mean"].item()


def test_album_source_measures_the_track_at_the_position_of_the_cue(film):
    frame = extract_table(film, [("one", 5.0, 25.0, 10.0, 1.0), ("two", 30.0, 35.0, 0.0, 1.0)])
    assert list(frame.columns) == [*tables.FEATURES.names, *mir.NAMES]
    assert frame["time_s"].tolist() == [*range(5, 25), *range(30, 35)]
    assert rms_at(frame, "c0", 7.0) == pytest.approx(0.2 / 4, rel=0.01)
    assert rms_at(frame, "c0", 22.0) == pytest.approx(0.3 / 4, rel=0.01)
    assert rms_at(frame, "c1", 32.0) == pytest.approx(0.4 / 4, rel=0.01)


def test_rows_equal_the_feature_set_on_the_cut_samples(film):
    frame = extract_table(film, [("one", 3.2, 15.9, 8.0, 1.0)])
    samples = stepped_noise()[8 * RATE_HZ : round(20.7 * RATE_HZ)]
    expected = mir.measure(samples, np.arange(3, 16) + 0.5 - 3.2)
    assert frame["time_s"].tolist() == list(range(3, 16))
    assert frame[list(mir.NAMES)].to_numpy() == pytest.approx(expected, rel=1e-5, nan_ok=True)


def test_speed_2_measures_the_track_at_twice_the_rate(film):
    frame = extract_table(film, [("one", 0.0, 20.0, 0.0, 2.0)])
    assert len(frame) == 20
    assert rms_at(frame, "c0", 2.0) == pytest.approx(0.1 / 4, rel=0.01)
    assert rms_at(frame, "c0", 17.0) == pytest.approx(0.4 / 4, rel=0.01)


def test_film_source_measures_the_audio_of_the_film(film):
    cues = [("one", 10.0, 20.0, 30.0, 1.0), ("two", 2.0, 40.0, 0.0, 1.0)]
    frame = extract_table(film, cues, source="film")
    assert rms_at(frame, "c0", 12.0) == pytest.approx(0.1 / 4, rel=0.01)
    assert rms_at(frame, "c1", 3.0) < rms_at(frame, "c1", 12.0) < rms_at(frame, "c1", 37.0)
    assert frame["cue_id"].drop_duplicates().tolist() == ["c0", "c1"]


def test_cuts_of_streamed_audio_equal_slices_of_the_whole_file(film, monkeypatch):
    blocks = media.audio_blocks
    monkeypatch.setattr(cuts.sound, "audio_blocks", partial(blocks, block_s=3.0))
    times = [(0.5, 4.0), (3.3, 30.1), (20.0, 21.0), (43.0, 60.0), (70.0, 80.0)]
    spans = [(*span, number) for number, span in enumerate(times)]
    whole = media.read_audio(film / "film.wav", RATE_HZ)
    sounds = list(cuts.cut_sound(spans, film / "film.wav", RATE_HZ))
    assert sorted(number for number, _ in sounds) == list(range(len(spans)))
    for number, samples in sounds:
        first, last = (round(s * RATE_HZ) for s in times[number])
        assert np.array_equal(samples, whole[first:last])


def test_cue_longer_than_its_track_is_missing_after_the_track_ends(film, caplog):
    frame = extract_table(film, [("one", 0.0, 20.0, 32.0, 1.0)])
    assert len(frame) == 20
    present = frame["dynamics.rms.mean"].notna()
    assert frame["time_s"][present].tolist() == list(range(8))
    assert "cue c0: the last 12.0 s lie past the end of the sound" in caplog.text


def test_cue_beyond_the_end_of_its_track_is_all_missing(film):
    frame = extract_table(film, [("one", 0.0, 4.0, 50.0, 1.0)])
    assert len(frame) == 4
    assert frame[list(mir.NAMES)].isna().all(axis=None)


@pytest.mark.parametrize(
    ("start_s", "end_s", "seconds"),
    [
        (0.0, 3.0, [0, 1, 2]),
        (0.5, 2.5, [0, 1]),
        (0.6, 2.6, [1, 2]),
        (7.6, 8.4, [8]),
        (7.0, 7.4, [7]),
        (3.2, 15.9, list(range(3, 16))),
    ],
)
def test_whole_seconds_of_a_cue(start_s, end_s, seconds):
    assert cuts.whole_seconds(start_s, end_s).tolist() == seconds


@pytest.mark.parametrize("source", ["album", "film"])
def test_a_film_without_cues_has_an_empty_table_with_every_column(film, source):
    frame = extract_table(film, [], source, video="absent.wav")
    assert len(frame) == 0
    assert list(frame.columns) == [*tables.FEATURES.names, *mir.NAMES]
    assert (frame.dtypes[list(mir.NAMES)] == np.float32).all()


def test_table_records_provenance(film):
    extract_table(film, [("one", 0.0, 4.0, 0.0, 1.0)])
    provenance = tables.read_provenance(film / "out.parquet")
    assert provenance["feature_set"] == "mir"
    assert provenance["source"] == "album"
    assert provenance["cues_sha256"] == media.sha256(film / "cues.parquet")
    assert provenance["media_sha256"] == {"one": media.sha256(film / "one.wav")}


def test_missing_values_are_nulls_in_the_file(film):
    extract_table(film, [("one", 0.0, 2.0, 0.0, 1.0)])
    column = pq.read_table(film / "out.parquet")["rhythm.tempo.mean"]
    assert column.null_count == len(column) == 2


def test_unknown_track_is_reported(film):
    with pytest.raises(TableError) as error:
        extract_table(film, [("three", 0.0, 4.0, 0.0, 1.0)])
    assert str(error.value) == (
        f"{film / 'tracks.tsv'}: has no track 'three', which a cue names\n"
        "  expected: every track that the cues name\n"
        "  hint: the album may have changed since the cues were matched; match them again"
    )


def test_unreadable_track_is_reported_and_leaves_no_table(film):
    (film / "one.wav").write_bytes(b"not sound")
    with pytest.raises(MediaError, match=r"one\.wav: cannot be read as media"):
        extract_table(film, [("one", 0.0, 4.0, 0.0, 1.0)])
    assert not list(film.glob("*out*"))


def test_importing_extract_imports_no_heavy_packages():
    code = "import sys, scorelens.features.extract; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert result.returncode == 0
    assert not {"librosa", "numba", "torch", "sklearn", "matplotlib"} & set(result.stdout.split())


def test_whole_track_set_equals_cues_that_cover_each_track(film):
    lengths = {"one": 40.0, "two": 40.0}
    cues = [(name, 100.0 * k, 100.0 * k + 40, 0.0, 1.0) for k, name in enumerate(lengths)]
    expected = extract_table(film, cues)
    extract.extract_film(
        film_id="f",
        feature_set="mir_tracks",
        profile="mirtoolbox",
        source="film",
        cues=None,
        tracks=film / "tracks.tsv",
        video=None,
        output=film / "whole.parquet",
    )
    table = tables.read_table(film / "whole.parquet", tables.FEATURES)
    assert table.cue_id.drop_duplicates().tolist() == list(lengths)
    assert table.time_s.tolist() == [*range(40), *range(40)]
    pd.testing.assert_frame_equal(table[list(mir.NAMES)], expected[list(mir.NAMES)])


def test_requested_profile_is_used(film):
    rows = [("one", 0.0, 20.0, 0.0, 1.0)]
    default, fast = extract_table(film, rows), extract_table(film, rows, profile="fast")
    same = (default[list(mir.NAMES)] == fast[list(mir.NAMES)]).all()
    assert same["dynamics.rms.mean"]
    assert not same["timbre.roughness.mean"]
