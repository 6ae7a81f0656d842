"""Tests of tagging a music library: descriptors and tags of tracks, and exported files."""

import json
import logging
from types import SimpleNamespace

import mutagen
import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen import id3
from scipy.special import expit

from scorelens import tables
from scorelens.features.columns import PITCH_CLASSES
from scorelens.learning.cnn_architectures import parameter_shapes
from scorelens.tagger import (
    COEFFICIENTS,
    FRAMES,
    RATE_HZ,
    TILE_S,
    apply,
    descriptors,
    export,
    library,
)
from scorelens.tagger.model import Model, save_model
from tests.odd_names import ODD_NAMES

torch.set_num_threads(1)

GENRES = ["Horror", "Science Fiction", "Comedy"]
SHARES = (0.2, 0.7, 0.1)


def write_wav(path, samples):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")


def sine(hz, seconds, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)


def chord(notes, seconds=6.0):
    """Notes as MIDI numbers, each with five harmonics."""
    pitches = 440 * 2 ** ((np.array(notes) - 69) / 12)
    parts = [sine(hz * k, seconds, 0.1 / k) for hz in pitches for k in range(1, 6)]
    return np.sum(parts, axis=0).astype(np.float32)


# Tempo, key, loudness


@pytest.mark.parametrize("bpm", [90, 120, 150])
def test_tempo_of_a_click_track_matches_its_bpm(bpm):
    clicks = np.zeros(12 * RATE_HZ, np.float32)
    for beat_s in np.arange(0.1, 11.9, 60 / bpm):
        start = round(beat_s * RATE_HZ)
        clicks[start : start + 300] = np.random.default_rng(0).normal(0, 0.3, 300)
    assert descriptors.tempo_bpm(clicks) == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("sound", ["steady", "noise", "short"])
def test_tempo_of_sound_without_a_pulse_is_none(sound):
    noise = np.random.default_rng(1).normal(0, 0.1, 20 * RATE_HZ)
    samples = {"steady": sine(440, 10), "noise": noise, "short": noise[: 2 * RATE_HZ]}[sound]
    assert descriptors.tempo_bpm(samples.astype(np.float32)) is None


@given(st.integers(0, 11), st.booleans())
@settings(max_examples=8)
def test_key_of_a_triad_in_root_position_is_detected(root, major):
    triad = chord([36 + root, 48 + root, 52 + root - (not major), 55 + root, 60 + root], 2.0)
    name = PITCH_CLASSES[root]
    assert descriptors.key_name(triad) == f"{name} {'major' if major else 'minor'}"


def test_silence_has_no_tempo_key_or_loudness():
    assert descriptors.describe_track(np.zeros(5 * RATE_HZ, np.float32)) == (None, "", None)
    assert descriptors.describe_track(np.full(5 * RATE_HZ, np.nan, np.float32)) == (None, "", None)


@pytest.mark.parametrize("level_db", [0, -20, -40])
def test_loudness_of_a_997_hz_sine_matches_itu_bs_1770(level_db):
    samples = sine(997, 5, 10 ** (level_db / 20)).astype(np.float32)
    # ITU-R BS.1770-4, annex 1: 0 dB full scale in one channel is -3.01 LKFS; EBU Tech 3341
    # allows a tolerance of 0.1 LU.
    assert descriptors.loudness_lufs(samples) == pytest.approx(-3.01 + level_db, abs=0.1)


def test_pauses_do_not_lower_the_loudness():
    tone = sine(997, 5, 0.1)
    with_pause = np.concatenate([tone, np.zeros_like(tone), tone]).astype(np.float32)
    assert descriptors.loudness_lufs(with_pause) == pytest.approx(-23.01, abs=0.2)


# Tags


def level_of_seconds(blocks, moments_s):
    """A feature set for tests: the root mean square of 1 s of audio around each time."""
    samples = np.concatenate(list(blocks))
    starts = np.round((moments_s - 0.5) * RATE_HZ).astype(int)
    return np.array([[samples[s : s + RATE_HZ].std()] for s in starts], np.float32)


LEVEL = SimpleNamespace(sample_rate_hz=RATE_HZ, encode_at=level_of_seconds)
SLOPE, SHIFT = 8.0, -2.0
LEVEL_MODEL = Model(
    "embedding_linear",
    ["Loud", "Quiet"],
    {
        "all/mean": np.float32([0]),
        "all/inverse_std": np.float32([1]),
        "all/weight": np.float32([[SLOPE, -SLOPE]]),
        "all/bias": np.float32([SHIFT, -SHIFT]),
    },
    films=7,
    embedding="musicnn",
)


def test_tags_are_means_of_tiles_and_the_profile_interpolates_tiles():
    levels = (0.7, 0.1, 0.4)
    samples = np.concatenate([sine(440, TILE_S, a * 2**0.5) for a in levels]).astype(np.float32)
    tags = apply.tag_track(samples, LEVEL_MODEL, LEVEL)
    probability = expit(SLOPE * np.array(levels) + SHIFT)
    np.testing.assert_allclose(tags.whole, [probability.mean(), 1 - probability.mean()], atol=0.03)
    assert tags.profile.shape == (28, 2)
    np.testing.assert_allclose(tags.profile.sum(axis=1), 1, atol=1e-6)
    by_tile = tags.profile[[0, 13, 27], 0]  # second 13 ends in the middle of the second tile
    np.testing.assert_allclose(by_tile[[0, 2]], probability[[0, 2]], atol=0.06)
    assert (tags.profile[:4, 0] == by_tile[0]).all()
    steps = np.diff(tags.profile[5:13, 0])
    np.testing.assert_allclose(steps, (by_tile[1] - by_tile[0]) / 9.29, rtol=0.1)


def test_profile_is_interpolated_over_silence():
    parts = [sine(440, TILE_S), np.zeros(round(TILE_S * RATE_HZ)), sine(440, TILE_S)]
    tags = apply.tag_track(np.concatenate(parts).astype(np.float32), LEVEL_MODEL, LEVEL)
    assert np.ptp(tags.profile[:, 0]) < 0.05
    assert apply.tag_track(np.zeros(20 * RATE_HZ, np.float32), LEVEL_MODEL, LEVEL) is None


@pytest.fixture
def constant_model(tmp_path):
    """A model file whose network predicts SHARES for every track."""
    arrays = {
        name: np.zeros(shape, np.float32)
        for name, shape in parameter_shapes("dnn", COEFFICIENTS, FRAMES, len(GENRES)).items()
    }
    last = max(name for name in arrays if name.endswith(".bias"))
    arrays[last] = np.log(np.float32(SHARES))
    arrays |= {"mean": np.zeros(COEFFICIENTS, "f4"), "inverse_std": np.ones(COEFFICIENTS, "f4")}
    arrays = {"frequency": np.float32(SHARES), **{f"all/{k}": v for k, v in arrays.items()}}
    save_model(tmp_path / "model", Model("dnn", GENRES, arrays, films=12))
    return tmp_path / "model"


@pytest.fixture
def music(tmp_path):
    """A folder of audio files with unusual names, and of files that cannot be tagged."""
    folder = tmp_path / "music"
    for name, seconds in zip(ODD_NAMES, (12, 4, 2), strict=True):
        write_wav(folder / name, sine(440, seconds))
    write_wav(folder / "short.wav", sine(440, 0.6))
    write_wav(folder / "silence.wav", np.zeros(3 * RATE_HZ))
    (folder / "text.mp3").write_text("no music")
    (folder / "archive.zip").write_text("not audio")
    return folder


BAD = {
    "short.wav": "is shorter than 1 s",
    "silence.wav": "is silent",
    "text.mp3": "cannot be read as media (Invalid data found when processing input)",
}


def tag_part(model, folder, files, number=0):
    outputs = [model.with_name(f"{number}.{k}.parquet") for k in ("t", "a", "p")]
    apply.tag_part("odd", folder, files, model, None, 1, *outputs)
    return outputs


def test_tag_part_writes_tables_and_reports_unusable_files(constant_model, music, caplog):
    caplog.set_level(logging.INFO)
    (part,) = library.find_parts({"odd": str(music)}).values()
    tracks, ranking, profiles = tag_part(constant_model, part.folder, part.files)
    rows = tables.read_table(tracks, tables.TAGGER_LIBRARY).set_index("path")
    assert dict(rows["problem"]) == dict.fromkeys(ODD_NAMES, "") | BAD
    assert rows.loc[ODD_NAMES[0], "duration_s"] == 12
    assert rows.loc[ODD_NAMES[0], "loudness_lufs"] == pytest.approx(-9.7, abs=0.3)
    assert rows.loc[list(BAD), ["tempo_bpm", "loudness_lufs"]].isna().all(axis=None)
    ranked = tables.read_table(ranking, tables.TAGGER_RANKING)
    assert set(ranked["path"]) == set(ODD_NAMES)
    track_tags = ranked[ranked["path"] == ODD_NAMES[1]]
    assert track_tags["genre"].tolist() == ["Science Fiction", "Horror", "Comedy"]
    assert track_tags["rank"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(track_tags["probability"], [0.7, 0.2, 0.1], atol=1e-6)
    over_time = tables.read_table(profiles, tables.TAGGER_PROFILES)
    assert over_time.groupby("path")["time_s"].max().to_dict() == dict(
        zip(ODD_NAMES, (11, 3, 1), strict=True)
    )
    assert set(over_time["genre"]) == set(GENRES)
    for file, problem in BAD.items():
        assert f"{file} is not tagged: it {problem}" in caplog.text
    assert "6 files, 0.4 min of music:" in caplog.text
    provenance = tables.read_provenance(tracks)
    assert (provenance["model"], provenance["films"], provenance["genres"]) == ("dnn", 12, GENRES)


def test_tag_part_without_audio_writes_empty_tables(constant_model, tmp_path):
    for name in ("a.zip", "b.mid"):
        (tmp_path / name).write_text("no music")
    for output, table in zip(
        tag_part(constant_model, tmp_path, ["a.zip", "b.mid"]),
        (tables.TAGGER_LIBRARY, tables.TAGGER_RANKING, tables.TAGGER_PROFILES),
        strict=True,
    ):
        assert tables.read_table(output, table).empty


def test_file_tags_are_copied_to_the_tracks_table(constant_model, tmp_path):
    write_wav(tmp_path / "music/a.flac.wav", chord([60, 64, 67]))
    write_wav(tmp_path / "music/b.wav", chord([60, 64, 67]))
    file = mutagen.File(tmp_path / "music/b.wav")
    file.add_tags()
    tags = (id3.TIT2(text="Ein <Titel>"), id3.TCOM(text="Jo Field"), id3.TRCK(text="3/9"))
    for tag in tags:
        file.tags.add(tag)
    file.save()
    tracks, *_ = tag_part(constant_model, tmp_path / "music", ["a.flac.wav", "b.wav"])
    rows = tables.read_table(tracks, tables.TAGGER_LIBRARY).set_index("path")
    assert rows["title"].tolist() == ["", "Ein <Titel>"]
    assert rows["composer"].tolist() == ["", "Jo Field"]
    assert rows["number"].isna().tolist() == [True, False]
    assert rows.loc["b.wav", "number"] == 3
    assert rows["disc"].isna().all()


# Export of a library


def export_parts(model, folder, *parts):
    """Tag parts of a library and export them; returns the folder of the results."""
    outputs = [tag_part(model, folder, files, number) for number, files in enumerate(parts)]
    results = model.parent / "results"
    export.export_library(
        *("odd", folder, export.Parts(*zip(*outputs, strict=True))),
        *(results / "tracks.tsv", results / "ranking.tsv", results / "profiles.parquet"),
        *(results / "tags", results / "playlists", results / "odd.html"),
    )
    return results


def test_export_joins_parts_and_writes_a_sidecar_for_each_track(constant_model, music):
    before = sorted(music.rglob("*"))
    results = export_parts(constant_model, music, ODD_NAMES[:2], ["text.mp3"], [ODD_NAMES[2]])
    assert sorted(music.rglob("*")) == before
    tracks = tables.read_table(results / "tracks.tsv", tables.TAGGER_LIBRARY)
    assert tracks["path"].tolist() == sorted([*ODD_NAMES, "text.mp3"])
    assert len(tables.read_table(results / "ranking.tsv", tables.TAGGER_RANKING)) == 9
    profiles = tables.read_table(results / "profiles.parquet", tables.TAGGER_PROFILES)
    assert len(profiles) == 3 * (12 + 4 + 2)
    sidecars = {path.relative_to(results / "tags") for path in (results / "tags").rglob("*.json")}
    assert {str(path) for path in sidecars} == {f"{path}.json" for path in tracks["path"]}
    sidecar = json.loads((results / "tags" / f"{ODD_NAMES[2]}.json").read_text())
    assert sidecar["file"] == str(music / ODD_NAMES[2])
    assert sidecar["tags"][0] == {"genre": "Science Fiction", "probability": 0.7}
    about = [sidecar[name] for name in ("model", "films", "duration_s", "title", "number")]
    assert about == ["dnn", 12, 2, "", None]
    bad = json.loads((results / "tags/text.mp3.json").read_text())
    assert (bad["problem"], bad["tags"], bad["tempo_bpm"]) == (BAD["text.mp3"], [], None)


def test_export_without_tags_writes_a_page_and_empty_playlists(constant_model, music):
    results = export_parts(constant_model, music, list(BAD))
    assert tables.read_table(results / "ranking.tsv", tables.TAGGER_RANKING).empty
    assert (results / "playlists/comedy.m3u8").read_text() == "#EXTM3U\n"
    assert "<title>odd: 3 tracks</title>" in (results / "odd.html").read_text()


def test_playlist_has_the_tracks_of_its_genre_by_probability(tmp_path):
    shares = {"a, b.mp3": (0.6, 0.8), "ü/c.flac": (0.9, 0.1), "d.ogg": (0.3, 0.2)}
    tracks = pd.DataFrame({"path": list(shares), "duration_s": [10.4, 61.5, 3.0]})
    tracks = tracks.assign(title=["", "C & D", ""], artist="", composer=["", "É", "F"])
    rows = [
        (path, genre, share, 1 + (share < max(track_shares)))
        for path, track_shares in shares.items()
        for genre, share in zip(("Horror", "Science Fiction"), track_shares, strict=True)
    ]
    ranking = pd.DataFrame(rows, columns=["path", "genre", "probability", "rank"])
    provenance = {"genres": ["Horror", "Science Fiction"], "calibrated": True}
    export._write_playlists(tracks, ranking, "/music", provenance, tmp_path)
    assert (tmp_path / "horror.m3u8").read_text(encoding="utf-8").split("\n") == [
        *("#EXTM3U", "#EXTINF:62,É - C & D", "/music/ü/c.flac"),
        *("#EXTINF:10,a, b", "/music/a, b.mp3", "#EXTINF:3,F - d", "/music/d.ogg", ""),
    ]
    text = (tmp_path / "science_fiction.m3u8").read_text(encoding="utf-8")
    assert text == "#EXTM3U\n#EXTINF:10,a, b\n/music/a, b.mp3\n"


def test_export_removes_earlier_sidecars(constant_model, music):
    export_parts(constant_model, music, ODD_NAMES[:2])
    results = export_parts(constant_model, music, ODD_NAMES[:1])
    assert len(list((results / "tags").rglob("*.json"))) == 1


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_sidecar_name_of_a_long_track_name_is_shortened_and_unique(name):
    assert export.sidecar_name(f"a/{name}") == f"a/{name}.json" or len(name.encode()) > 200
    long = [export.sidecar_name(name * 300 + end) for end in "ab"]
    assert long[0] != long[1]
    assert all(len(sidecar.encode()) <= 215 for sidecar in long)
