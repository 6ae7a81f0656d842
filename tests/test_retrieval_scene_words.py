"""Tests of the subtitle words of scenes."""

import pandas as pd
import pytest

from scorelens import tables
from scorelens.errors import MediaError
from scorelens.retrieval.data.scene_words import write_scene_words
from tests.cue_tables import cue_table

SUBTITLES = """1
00:00:01,000 --> 00:00:03,500
Run!

2
00:00:09,000 --> 00:00:11,000
The train
leaves.

3
00:00:17,000 --> 00:00:19,000
At last.
"""


def write_cues(folder, *cues):
    tables.write_table(cue_table("noir", *cues), folder / "cues.parquet", tables.CUES)
    return folder / "cues.parquet"


def test_scene_words_are_those_of_overlapping_subtitles(tmp_path):
    (tmp_path / "noir.srt").write_text(SUBTITLES)
    cues = write_cues(
        tmp_path, ("theme", 2.0, 6.0, 0.0), ("chase", 10.0, 18.0, 0.0), ("theme", 20.0, 25.0, 0.0)
    )
    write_scene_words(cues, tmp_path / "noir.srt", tmp_path / "scenes.parquet")
    scenes = tables.read_table(tmp_path / "scenes.parquet", tables.RETRIEVAL_SCENES)
    assert scenes.words.tolist()[:2] == ["Run!", "The train leaves. At last."]
    assert pd.isna(scenes.words[2])
    assert scenes.track_id.tolist() == ["theme", "chase", "theme"]
    assert scenes[["start_s", "end_s"]].to_numpy().tolist() == [[2, 6], [10, 18], [20, 25]]
    assert set(scenes.film_id) == {"noir"}


def test_film_without_cues_has_no_scenes(tmp_path):
    (tmp_path / "noir.srt").write_text(SUBTITLES)
    write_scene_words(write_cues(tmp_path), tmp_path / "noir.srt", tmp_path / "scenes.parquet")
    scenes = tables.read_table(tmp_path / "scenes.parquet", tables.RETRIEVAL_SCENES)
    assert len(scenes) == 0


def test_unreadable_subtitles_raise_media_error_and_write_no_table(tmp_path):
    (tmp_path / "noir.srt").write_bytes(b"\x00\x01 no text")
    with pytest.raises(MediaError, match=r"noir\.srt"):
        write_scene_words(write_cues(tmp_path), tmp_path / "noir.srt", tmp_path / "scenes.parquet")
    assert not (tmp_path / "scenes.parquet").exists()
