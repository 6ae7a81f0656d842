"""Pooling frames into cue-level instances."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens import bags, media, tables
from scorelens.errors import TableError


def frames_of(film_id, cues):
    """cues: cue_id -> rows of two features."""
    rows = [
        [film_id, cue_id, float(second), *values]
        for cue_id, cue in cues.items()
        for second, values in enumerate(cue)
    ]
    names = [*tables.FEATURES.names, "a.x.mean", "a.y.mean"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype({"time_s": "float64", "a.x.mean": "float32", "a.y.mean": "float32"})


def write_features(tmp_path, *frames):
    paths = [tmp_path / f"{index}.parquet" for index in range(len(frames))]
    for frame, path in zip(frames, paths, strict=True):
        tables.write_table(frame, path, tables.FEATURES)
    return paths


def test_pooled_means_ignore_nulls_and_preserve_the_order(tmp_path):
    first = frames_of("zeta", {"c2": [(1, 2), (3, np.nan)], "c1": [(5, np.nan)]})
    second = frames_of("alpha", {"c1": [(10, 1), (20, 2), (60, 6)]})
    paths = write_features(tmp_path, first, second)
    bags.pool_bags(paths, "mir", tmp_path / "bags.parquet")
    pooled = tables.read_table(tmp_path / "bags.parquet", tables.BAGS)
    assert list(pooled.columns) == ["film_id", "cue_id", "n_frames", "a.x.mean", "a.y.mean"]
    assert pooled["film_id"].tolist() == ["zeta", "zeta", "alpha"]
    assert pooled["cue_id"].tolist() == ["c2", "c1", "c1"]
    assert pooled["n_frames"].tolist() == [2, 1, 3]
    assert pooled["a.x.mean"].tolist() == [2, 5, 30]
    assert pooled["a.y.mean"].tolist() == pytest.approx([2, np.nan, 3], nan_ok=True)
    assert pq.read_table(tmp_path / "bags.parquet")["a.y.mean"].null_count == 1
    provenance = tables.read_provenance(tmp_path / "bags.parquet")
    assert provenance["features_sha256"] == [media.sha256(path) for path in paths]


def test_films_without_cues_add_no_rows(tmp_path):
    empty, full = frames_of("a", {}), frames_of("b", {"c1": [(1, 2)]})
    for films in ([empty, full], [full, empty], [empty]):
        bags.pool_bags(write_features(tmp_path, *films), "mir", tmp_path / "bags.parquet")
        pooled = tables.read_table(tmp_path / "bags.parquet", tables.BAGS)
        assert pooled["film_id"].tolist() == ["b"] * (len(films) - 1)
        assert tables.feature_columns(pooled, tables.BAGS) == ["a.x.mean", "a.y.mean"]


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=30))
def test_pooled_mean_equals_numpy_mean(values):
    pooled = bags.pool_film(frames_of("f", {"c1": [(value, 0) for value in values]}))
    mean = pooled["a.x.mean"].item()
    assert mean == pytest.approx(np.mean(values), rel=1e-6, abs=1e-6)
    assert np.float32(min(values)) <= mean <= np.float32(max(values))


def test_films_with_different_features_are_an_error(tmp_path):
    one = frames_of("a", {"c1": [(1, 2)]})
    other = frames_of("b", {"c1": [(1, 2)]}).rename(columns={"a.y.mean": "a.z.mean"})
    paths = write_features(tmp_path, one, other)
    with pytest.raises(TableError) as error:
        bags.pool_bags(paths, "mir", tmp_path / "bags.parquet")
    assert str(error.value) == (
        f"{paths[1]}: has other features than {paths[0]}: a.y.mean, a.z.mean\n"
        "  expected: the same features for every film\n"
        "  hint: delete it, so that it is extracted again"
    )
    assert not (tmp_path / "bags.parquet").exists()


def test_frames_are_not_pooled_for_a_frame_level_set(tmp_path):
    first = frames_of("zeta", {"c2": [(1, 2), (3, np.nan)], "c1": [(5, np.nan)]})
    second = frames_of("alpha", {"c1": [(10, 1)]})
    bags.pool_bags(write_features(tmp_path, first, second), "mir_frames", tmp_path / "bags.parquet")
    table = tables.read_table(tmp_path / "bags.parquet", tables.BAGS)
    assert table["cue_id"].tolist() == ["c2", "c2", "c1", "c1"]
    assert table["n_frames"].tolist() == [1, 1, 1, 1]
    assert table["a.x.mean"].tolist() == [1, 3, 5, 10]
    assert table["a.y.mean"].isna().tolist() == [False, True, True, False]
