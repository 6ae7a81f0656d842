"""Published features unpacked to feature tables of films, with every value unchanged."""

import numpy as np
import pytest

from scorelens import bags, tables
from scorelens.corpus.published import published
from scorelens.corpus.published.mir_names import translate_names
from scorelens.encoders.registry import ENCODERS
from scorelens.errors import InputError
from scorelens.features import unpack
from tests.published_files import NAMES, UNEVEN, small


def unpack_tables(files, folder, feature_set):
    """Paths of the unpacked feature tables of a set, by film."""
    files.write(folder)
    outputs = {film: folder / feature_set / f"{film}.parquet" for film in files.genres}
    paths = [folder / name for name in published.FILES[feature_set]]
    unpack.unpack_films(feature_set, paths, outputs)
    return outputs


@pytest.mark.parametrize("feature_set", ["mir", "vggish"])
def test_unpacked_tables_have_every_published_value(tmp_path, feature_set):
    files = small()
    files.cues[feature_set]["film_4"][1][:, 7] = np.nan if feature_set == "mir" else 9.0
    names = (
        translate_names(NAMES, "")
        if feature_set == "mir"
        else list(ENCODERS["vggish"].feature_names)
    )
    for film, path in unpack_tables(files, tmp_path, feature_set).items():
        cues = files.cues[feature_set][film]
        frame = tables.read_table(path, tables.FEATURES)
        assert tables.feature_columns(frame) == names
        np.testing.assert_array_equal(frame[names], np.concatenate(cues).astype(np.float32))
        assert (frame.film_id == film).all()
        ids = [f"cue_{number:04d}" for number in range(1, len(cues) + 1)]
        assert frame.cue_id.drop_duplicates().tolist() == ids
        for cue_id, cue in zip(ids, cues, strict=True):
            seconds = frame[frame.cue_id == cue_id].time_s
            assert seconds.tolist() == list(range(len(cue)))


def test_each_feature_set_has_its_own_cues_and_bags_are_their_means(tmp_path):
    files = small()
    counts = {}
    for name in ("mir", "vggish"):
        paths = unpack_tables(files, tmp_path, name)
        bags.pool_bags(list(paths.values()), name, tmp_path / f"{name}.parquet")
        bag = tables.read_table(tmp_path / f"{name}.parquet", tables.BAGS)
        rows = bag[bag.film_id == UNEVEN]
        counts[name] = len(rows)
        assert rows.n_frames.tolist() == [len(cue) for cue in files.cues[name][UNEVEN]]
        means = [cue.mean(axis=0) for cue in files.cues[name][UNEVEN]]
        values = rows[tables.feature_columns(bag, tables.BAGS)]
        np.testing.assert_allclose(values, means, rtol=1e-5, atol=1e-6)
    assert counts == {"mir": 5, "vggish": 4}


def test_tables_record_the_published_files(tmp_path):
    paths = unpack_tables(small(), tmp_path, "mir")
    provenance = tables.read_provenance(paths["film_2"])
    assert provenance["source"] == "published"
    assert sorted(provenance["published_sha256"]) == sorted(published.FILES["mir"])


def test_film_with_invalid_features_has_an_empty_table(tmp_path, caplog):
    files = small()
    files.cues["vggish"]["film_2"][0][:] = np.nan
    del files.cues["vggish"]["film_3"]
    paths = unpack_tables(files, tmp_path, "vggish")
    rows = {film: len(tables.read_table(path, tables.FEATURES)) for film, path in paths.items()}
    assert [film for film, count in rows.items() if count == 0] == ["film_2", "film_3"]
    assert "film film_2, cue_0001: missing values (NaN)" in caplog.text
    assert "film film_3: is missing" in caplog.text


def test_unknown_feature_name_is_refused_before_any_table_is_written(tmp_path):
    files = small()
    files.names[3] = "wobble_mean"
    with pytest.raises(InputError, match="'wobble_mean' is not understood"):
        unpack_tables(files, tmp_path, "mir")
    assert not (tmp_path / "mir").exists()
