"""Tests of table schemas: validation, and writing and reading of files."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens import __version__, tables
from scorelens.errors import TableError


def cues(**changes) -> pd.DataFrame:
    row = {
        "film_id": "a_film",
        "cue_id": "cue_001",
        "track_id": "theme",
        "film_start_s": 1.25,
        "film_end_s": 9.5,
        "track_start_s": 0.0,
        "equal_starts_s": (12.5, 40.0),
        "shared_tracks": (),
        "speed": 1.0,
        "tempo": 1.0,
        "pitch_semitones": 0.0,
        "score": 40.0,
        "confidence": 0.9,
        "verdict": "",
    }
    return pd.DataFrame([row | changes])


@pytest.mark.parametrize("extension", ["tsv", "parquet"])
def test_table_round_trip_preserves_values(tmp_path, extension):
    path = tmp_path / f"cues.{extension}"
    tables.write_table(cues(), path, tables.CUES)
    pd.testing.assert_frame_equal(tables.read_table(path, tables.CUES), cues(), check_dtype=False)


def test_lists_are_list_columns_in_parquet_and_joined_in_tsv(tmp_path):
    for name in ("cues.tsv", "cues.parquet"):
        tables.write_table(cues(shared_tracks=["a", "b"]), tmp_path / name, tables.CUES)
        (row,) = tables.read_table(tmp_path / name, tables.CUES).itertuples()
        assert row.shared_tracks == ("a", "b")
        assert row.equal_starts_s == (12.5, 40.0)
    schema = pq.read_schema(tmp_path / "cues.parquet")
    assert str(schema.field("shared_tracks").type).startswith("list<")
    header, line = (tmp_path / "cues.tsv").read_text().splitlines()
    cells = dict(zip(header.split("\t"), line.split("\t"), strict=True))
    assert cells["shared_tracks"] == "a;b"
    assert cells["equal_starts_s"] == "12.50;40.00"


def test_every_declared_schema_is_exported():
    assert tables.SCHEMAS["CUES"] is tables.CUES
    folder = Path(tables.schemas.__file__).parent
    declared = {
        node.targets[0].id
        for path in folder.glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "Table"
    }
    assert set(tables.SCHEMAS) == declared
    assert declared <= set(tables.__all__)
    names = [table.name for table in tables.SCHEMAS.values()]
    assert len(set(names)) == len(names) > 40


@given(st.floats(0, 1e5, allow_subnormal=False))
def test_tsv_preserves_every_digit_of_a_float(tmp_path_factory, time_s):
    path = tmp_path_factory.mktemp("t") / "cues.tsv"
    tables.write_table(cues(film_start_s=time_s), path, tables.CUES)
    assert tables.read_table(path, tables.CUES).film_start_s[0] == time_s


def test_parquet_is_compressed_dictionary_encoded_and_has_provenance(tmp_path):
    path = tmp_path / "cues.parquet"
    tables.write_table(cues(), path, tables.CUES, {"video_sha256": "ab"})
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"
    assert "RLE_DICTIONARY" in column.encodings
    assert tables.read_provenance(path) == {"version": __version__, "video_sha256": "ab"}


def test_missing_features_become_nulls_not_nan(tmp_path):
    frame = pd.DataFrame(
        {"film_id": "f", "cue_id": "c", "time_s": [0.0, 1.0], "rhythm.tempo.mean": [np.nan, 120.0]}
    )
    tables.write_table(frame, tmp_path / "f.parquet", tables.FEATURES)
    column = pq.read_table(tmp_path / "f.parquet")["rhythm.tempo.mean"]
    assert column.null_count == 1
    assert str(column.type) == "float"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"film_id": "A Film"}, "column film_id: is 'A Film' in row 0"),
        ({"film_start_s": -1.0}, "column film_start_s: is -1.0 in row 0"),
        ({"confidence": 1.5}, "expected: 0 to 1"),
        ({"score": np.inf}, "column score: is inf in row 0"),
        ({"speed": np.nan}, "column speed: is missing in row 0"),
        ({"more": 1}, "column more: is not declared"),
        ({"shared_tracks": "theme"}, "column shared_tracks: is 'theme' in row 0"),
        ({"shared_tracks": ("a;b",)}, "expected: a list of string without semicolons"),
        ({"shared_tracks": (1,)}, "column shared_tracks: is (1,) in row 0"),
        ({"equal_starts_s": ("1",)}, "expected: a list of float64"),
        ({"shared_tracks": None}, "column shared_tracks: is missing in row 0"),
    ],
)
def test_schema_violation_raises_table_error_and_writes_no_file(tmp_path, change, message):
    with pytest.raises(TableError) as caught:
        tables.write_table(cues(**change), tmp_path / "cues.tsv", tables.CUES)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_table_error_lists_every_problem():
    with pytest.raises(TableError, match="3 problems were found"):
        tables.to_arrow(cues(film_id="?", confidence=2.0, speed=9.0), tables.CUES)


def test_infinite_feature_is_rejected():
    frame = pd.DataFrame({"film_id": ["f"], "cue_id": ["c"], "time_s": [0.0], "x": [np.inf]})
    with pytest.raises(TableError, match="column x: holds an infinite value"):
        tables.to_arrow(frame, tables.FEATURES)


def test_reading_a_table_with_missing_columns_raises_table_error(tmp_path):
    (tmp_path / "cues.tsv").write_text("film_id\ttitle\nx\ty\n")
    with pytest.raises(TableError, match="lacks cue_id"):
        tables.read_table(tmp_path / "cues.tsv", tables.CUES)


def test_atomic_write_failure_leaves_the_old_file_unchanged(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), tables.atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_every_column_is_documented():
    for table in tables.SCHEMAS.values():
        assert table.meaning
        assert len(set(table.names)) == len(table.names)
        assert all(column.meaning for column in table.columns)
