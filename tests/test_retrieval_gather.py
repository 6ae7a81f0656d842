"""Tests of gathering films: tables, fragment array, duplicate removal and dataset of a model."""

import logging

import numpy as np
import pandas as pd
import pytest
from retrieval_tables import SPLIT, gather, write_inputs

from scorelens.errors import InputError
from scorelens.retrieval.data.dataset import read_dataset, select_views, subsets
from scorelens.retrieval.data.gather import append_rows
from scorelens.retrieval.embed.fragment_io import read_fragments
from scorelens.tables import (
    FILM_GROUPS,
    RETRIEVAL_FILMS,
    RETRIEVAL_FRAGMENTS,
    RETRIEVAL_IMAGES,
    RETRIEVAL_TEXTS,
    RETRIEVAL_TRACKS,
    read_table,
    write_table,
)


def drop(path, table, film_id, **values):
    """Remove the rows of a film with the given column values from a table."""
    frame = read_table(path, table)
    left_out = frame["film_id"] == film_id
    for name, value in values.items():
        left_out &= frame[name] == value
    write_table(frame[~left_out], path, table)


@pytest.fixture
def inputs(tmp_path):
    """Six training films, four validation films, five test films."""
    return write_inputs(tmp_path / "inputs", films=(6, 4, 5))


def test_gather_writes_films_tracks_and_fragments(inputs, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        gathered = gather(inputs, tmp_path)
    films = read_table(gathered["films"], RETRIEVAL_FILMS)
    assert films["part"].tolist() == ["training"] * 6 + ["validation"] * 4 + ["test"] * 5
    assert set(films["tracks"]) == {2}
    assert set(films["fragments"]) == {4}
    assert set(films["paragraphs"]) == {2}
    assert set(films["tags"]) == {("sad", "slow")}
    assert films["problem"].isna().all()
    assert "films: 6 for training, 4 for validation, 5 for test; tracks: 30, of 60 fragments" in (
        caplog.text
    )
    tracks = read_table(gathered["tracks"], RETRIEVAL_TRACKS)
    assert tracks["film_id"].tolist() == np.repeat(films["film_id"], 2).tolist()
    fragments = np.load(gathered["fragments"], mmap_mode="r")
    assert isinstance(fragments, np.memmap)
    assert fragments.dtype == np.float32
    sounds = [read_fragments(path) for path in inputs.sounds]
    np.testing.assert_array_equal(fragments, np.concatenate([one.values for one in sounds]))
    assert tracks["track_id"].tolist() == [track for one in sounds for track in one.track_ids]


def test_film_with_missing_part_is_left_out_and_the_reason_is_logged(inputs, tmp_path, caplog):
    silent = read_table(inputs.sounds[3], RETRIEVAL_FRAGMENTS)
    write_table(silent[:0], inputs.sounds[3], RETRIEVAL_FRAGMENTS)
    drop(inputs.images, RETRIEVAL_IMAGES, "film_001")
    for film_id, segments in {
        "film_001": ("plot", "tags_plot"),
        "film_007": ("tags", "tags_plot"),
    }.items():
        for segment in segments:
            drop(inputs.texts, RETRIEVAL_TEXTS, film_id, segment=segment)
    with caplog.at_level(logging.INFO):
        gathered = gather(inputs, tmp_path)
    expected = {
        "film_001": "no picture, no plot",
        "film_003": "no track that sounds",
        "film_007": "no tags",
    }
    films = read_table(gathered["films"], RETRIEVAL_FILMS).set_index("film_id")
    left_out = films[films["part"] == "left_out"]
    assert left_out["problem"].to_dict() == expected
    for film_id, words in expected.items():
        assert f"{film_id} is left out: {words}" in caplog.messages
    assert left_out[["tracks", "fragments", "paragraphs"]].to_numpy().tolist() == [
        [2, 4, 0],
        [0, 0, 2],
        [2, 4, 2],
    ]
    complete = [number for number in range(15) if number not in (1, 3, 7)]
    tracks = read_table(gathered["tracks"], RETRIEVAL_TRACKS)
    assert tracks["film_id"].unique().tolist() == [f"film_{number:03d}" for number in complete]
    source_rows = [read_fragments(inputs.sounds[number]).values for number in complete]
    np.testing.assert_array_equal(np.load(gathered["fragments"]), np.concatenate(source_rows))
    dataset = read_dataset("all", **gathered)
    assert dataset.films == tracks["film_id"].unique().tolist()
    assert [len(part) for part in dataset.split] == [4, 3, 5]
    assert dataset.pairs.film.tolist() == np.repeat(np.arange(12), 2).tolist()


def test_only_parts_that_a_model_uses_are_required(inputs, tmp_path):
    drop(inputs.images, RETRIEVAL_IMAGES, "film_001")
    drop(inputs.texts, RETRIEVAL_TEXTS, "film_002", segment="plot")
    for configurations, left_out in {
        ("tags",): [],
        ("plot", "tags"): ["film_002"],
        ("image_tags",): ["film_001"],
        ("baseline",): ["film_001", "film_002"],
    }.items():
        gathered = gather(inputs, tmp_path, configurations)
        films = read_table(gathered["films"], RETRIEVAL_FILMS)
        assert films.loc[films["part"] == "left_out", "film_id"].tolist() == left_out


def test_tables_that_no_model_uses_are_optional(inputs, tmp_path):
    for configuration, absent in {"plot": "images", "image": "texts"}.items():
        gathered = gather(inputs._replace(**{absent: None}), tmp_path, [configuration])
        dataset = read_dataset(configuration, **gathered)
        assert len(dataset.films) == 15
        assert len(dataset.vectors) == 1


def test_film_missing_from_the_corpus_is_left_out_of_retrieval(inputs, tmp_path):
    gathered = gather(inputs._replace(sounds=inputs.sounds[1:]), tmp_path)
    films = read_table(gathered["films"], RETRIEVAL_FILMS).set_index("film_id")
    assert films.loc["film_000", ["part", "problem"]].tolist() == [
        "left_out",
        "the corpus leaves it out",
    ]
    assert len(read_dataset("all", **gathered).films) == 14


def test_film_group_is_in_one_part_by_corpus_and_table(inputs, tmp_path, caplog):
    named = {"film_002": ("Saga",), "film_007": ("X", " saga"), "film_014": ("x",)}
    described = [film | {"groups": named.get(film["film_id"], ())} for film in inputs.described]
    rows = [("film_000", "film_000"), ("film_006", "film_000"), ("film_012", "film_012")]
    corpus = pd.DataFrame(rows, columns=["film_id", "group"]).assign(
        films=1, names=[(), (), ("SAGA",)], reasons=[()] * 3
    )
    write_table(corpus, tmp_path / "groups.tsv", FILM_GROUPS)
    inputs = inputs._replace(described=described)
    gathered = gather(inputs, tmp_path, groups=tmp_path / "groups.tsv")
    films = read_table(gathered["films"], RETRIEVAL_FILMS).set_index("film_id")
    alone = gather(
        inputs._replace(described=[dict(film, groups=()) for film in described]), tmp_path
    )
    before = read_table(alone["films"], RETRIEVAL_FILMS).set_index("film_id")
    assert before["group"].tolist() == before.index.tolist()
    assert before["part"][["film_000", "film_006", "film_007", "film_012"]].tolist() == [
        "training", "validation", "validation", "test",
    ]  # fmt: skip
    # Of the group of four, film_012 and film_014 are test films, the others one in each part.
    saga = films["group"][["film_002", "film_007", "film_012", "film_014"]]
    assert saga.tolist() == ["film_002"] * 4
    left_out = films.loc[films["part"] == "left_out", "problem"].to_dict()
    assert left_out == {
        "film_002": "most films of its group (film_002) are in test",
        "film_006": "most films of its group (film_000) are in training",
        "film_007": "most films of its group (film_002) are in test",
    }
    assert "film_006 is left out: most films of its group" in caplog.text
    retained = films.index[films["part"] != "left_out"]
    assert (films["part"] == before["part"])[retained].all()


def test_split_by_shares_assigns_parts_by_year(inputs, tmp_path):
    shares = {"last_training": 0, "training": 0.4, "validation": 0.3}
    gathered = gather(inputs, tmp_path, split=shares)
    films = read_table(gathered["films"], RETRIEVAL_FILMS)
    assert films.groupby("year")["part"].unique().map(list).to_dict() == {
        2021: ["training"],
        2022: ["validation"],
        2023: ["test"],
    }


def test_too_few_test_films_raise_error_and_write_no_output(inputs, tmp_path):
    for number in range(10, 14):
        drop(inputs.images, RETRIEVAL_IMAGES, f"film_{number:03d}")
    with pytest.raises(InputError) as raised:
        gather(inputs, tmp_path)
    assert "up to 2021, between, and from 2023 on: 1 for test" in str(raised.value)
    assert "set retrieval.split.last_training and first_test" in str(raised.value)
    assert "4 of 15 films are left out: 4 no picture" in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["inputs"]


def test_error_lists_reasons_if_all_films_are_left_out(inputs, tmp_path, caplog):
    texts = read_table(inputs.texts, RETRIEVAL_TEXTS)
    write_table(texts[texts["segment"] == "plot"], inputs.texts, RETRIEVAL_TEXTS)
    drop(inputs.images, RETRIEVAL_IMAGES, "film_002")
    caplog.set_level("INFO", "scorelens.retrieval.data.gather")
    for split in (SPLIT, {"last_training": 0, "training": 0.8, "validation": 0.1}):
        with pytest.raises(InputError) as raised:
            gather(inputs._replace(sounds=inputs.sounds[1:]), tmp_path, split=split)
        assert str(raised.value) == (
            "the films of retrieval: 15 of 15 films are left out: 14 no tags, "
            "1 the corpus leaves it out, 1 no picture\n"
            "  expected: films with every part that the configurations see\n"
            "  hint: narrow retrieval.configurations, or fill in the columns of the table "
            "retrieval.films"
        )
    assert "film_002 is left out: no picture, no tags" in caplog.messages
    assert any(message.startswith("15 of 15 films are left out") for message in caplog.messages)
    with pytest.raises(InputError, match="15 of 15 films"):
        gather(inputs._replace(sounds=[]), tmp_path)


def copy_tracks(inputs, source, target, tracks, noise=0.0):
    """Replace tracks of a film by the first tracks of another film."""
    source_rows, target_rows = (
        read_table(inputs.sounds[film], RETRIEVAL_FRAGMENTS) for film in (source, target)
    )
    values = target_rows.columns[target_rows.columns.str.startswith("v")]
    for track, other in zip(tracks, source_rows["track_id"].unique(), strict=False):
        rows = source_rows.loc[source_rows["track_id"] == other, values].to_numpy()
        target_rows.loc[target_rows["track_id"] == track, values] = (rows + noise).astype(
            np.float32
        )
    write_table(target_rows, inputs.sounds[target], RETRIEVAL_FRAGMENTS)


def track_ids_of(inputs, film):
    return read_table(inputs.sounds[film], RETRIEVAL_FRAGMENTS)["track_id"].unique().tolist()


def test_film_duplicating_training_music_is_removed_from_the_test_films(inputs, tmp_path, caplog):
    """Films 7 and 12 have the tracks of film 1; one of two tracks of film 13 is of film 8."""
    copy_tracks(inputs, 1, 12, track_ids_of(inputs, 12))
    copy_tracks(inputs, 1, 7, track_ids_of(inputs, 7), noise=0.01)  # values differ by 0.01
    copy_tracks(inputs, 8, 13, track_ids_of(inputs, 13)[1:])
    gathered = gather(inputs, tmp_path)
    films = read_table(gathered["films"], RETRIEVAL_FILMS).set_index("film_id")
    left_out = films[films["part"] == "left_out"]
    assert left_out["problem"].to_dict() == {
        "film_007": "all its tracks are those of film_001 (training)",
        "film_012": "all its tracks are those of film_001 (training), film_007 (validation)",
    }
    assert left_out["tracks"].tolist() == [2, 2]
    assert films.loc["film_013", ["part", "tracks", "fragments"]].tolist() == ["test", 1, 2]
    tracks = read_table(gathered["tracks"], RETRIEVAL_TRACKS).set_index("film_id")["track_id"]
    assert tracks["film_013"] == track_ids_of(inputs, 13)[0]
    assert not tracks.index.isin(left_out.index).any()
    assert tracks["film_001"].tolist() == track_ids_of(inputs, 1)
    dataset = read_dataset("all", **gathered)
    assert len(dataset.pairs.fragments.values) == dataset.pairs.fragments.owner[-1] * 2 + 2
    assert [len(part) for part in dataset.split] == [6, 3, 4]
    last = read_fragments(inputs.sounds[13])
    rows = dataset.pairs.fragments.owner == dataset.tracks.index(("film_013", tracks["film_013"]))
    np.testing.assert_array_equal(dataset.pairs.fragments.values[rows], last.values[:2])
    for message in (
        "film_012 (test) has music of film_001 (training); tracks removed: 2",
        "film_013 (test) has music of film_008 (validation); tracks removed: 1",
        "film_007 is left out: all its tracks are those of film_001 (training)",
    ):
        assert message in caplog.messages


def test_test_films_with_common_tracks_are_retained_with_a_warning(inputs, tmp_path, caplog):
    copy_tracks(inputs, 11, 14, track_ids_of(inputs, 14)[:1])
    copy_tracks(inputs, 2, 3, track_ids_of(inputs, 3))  # both are training films
    gathered = gather(inputs, tmp_path)
    assert (read_table(gathered["films"], RETRIEVAL_FILMS)["tracks"] == 2).all()
    assert [one.getMessage() for one in caplog.records if one.levelname == "WARNING"] == [
        "film_011 and film_014 lower each other's ranks; tracks in common: 1"
    ]


def test_too_few_films_after_duplicate_removal_raise_error(inputs, tmp_path):
    for number in range(10, 14):
        copy_tracks(inputs, number - 10, number, track_ids_of(inputs, number))
    with pytest.raises(InputError) as raised:
        gather(inputs, tmp_path)
    assert "without music that an earlier part has: 1 for test" in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["inputs"]


def test_duplicate_tracks_are_detected_in_log_mel(inputs, tmp_path):
    values = np.random.default_rng(0).normal(size=(15, 3, 4, 5)).astype(np.float16)
    values[14, :1] = values[3, :1]  # the first fragment of the first track
    sounds = []
    for path, mel in zip(inputs.sounds, values, strict=True):
        sounds.append(path.with_suffix(".npz"))
        ids, track = np.array(["a", "b"]), np.array([0, 1, 1])
        np.savez(sounds[-1], track_ids=ids, track=track, start_s=np.zeros(3), values=mel)
    gathered = gather(inputs._replace(sounds=sounds), tmp_path)
    tracks = read_table(gathered["tracks"], RETRIEVAL_TRACKS)
    assert tracks["track_id"].tolist() == ["a", "b"] * 14 + ["b"]
    np.testing.assert_array_equal(np.load(gathered["fragments"])[-2:], values[14, 1:])


def test_append_rows_writes_a_valid_npy_file(tmp_path):
    """Chunks of different lengths give one array with a header that NumPy reads."""
    values = np.random.default_rng(0).normal(size=(2345, 3, 2)).astype(np.float16)
    path, rows = tmp_path / "grown.npy", 0
    with path.open("wb") as file:
        for part in np.split(values, [1, 9, 10, 100, 1200]):
            rows = append_rows(file, part[:, ::-1], rows)
    assert rows == 2345
    array = np.load(path, mmap_mode="r")
    assert array.dtype == np.float16
    np.testing.assert_array_equal(array, values[:, ::-1])


def test_log_mel_fragments_are_memory_mapped_float16(inputs, tmp_path):
    sounds, values = [], np.random.default_rng(0).normal(size=(15, 3, 4, 5)).astype(np.float16)
    for path, mel in zip(inputs.sounds, values, strict=True):
        sounds.append(path.with_suffix(".npz"))
        ids, track = np.array(["a", "b"]), np.array([0, 1, 1])
        np.savez(sounds[-1], track_ids=ids, track=track, start_s=np.zeros(3), values=mel)
    gathered = gather(inputs._replace(sounds=sounds), tmp_path)
    assert read_table(gathered["tracks"], RETRIEVAL_TRACKS)["fragments"].tolist() == [1, 2] * 15
    fragments = read_dataset("image", **gathered).pairs.fragments
    assert isinstance(fragments.values, np.memmap)
    assert fragments.values.dtype == np.float16
    np.testing.assert_array_equal(fragments.values, values.reshape(45, 4, 5))
    assert fragments.owner[:6].tolist() == [0, 1, 1, 2, 3, 3]


def test_read_dataset_orders_vectors_by_film_and_paragraph(inputs, tmp_path):
    """Rows are in the order of films, then paragraphs."""
    gathered = gather(inputs, tmp_path)
    dataset = read_dataset("all", **gathered)
    assert list(dataset.pairs.views) == ["image", "text"]
    images = read_table(inputs.images, RETRIEVAL_IMAGES)
    np.testing.assert_array_equal(
        dataset.pairs.views["image"].values, images.filter(regex="^v").to_numpy()
    )
    texts = read_table(inputs.texts, RETRIEVAL_TEXTS)
    tags_plot_texts = texts[texts["segment"] == "tags_plot"].sort_values(["film_id", "paragraph"])
    text = dataset.pairs.views["text"]
    np.testing.assert_array_equal(text.values, tags_plot_texts.filter(regex="^v").to_numpy())
    np.testing.assert_array_equal(text.owner, np.repeat(np.arange(15), 2))
    tags = select_views(dataset.vectors, ("image", "tags"))["text"]
    tags_texts = texts[texts["segment"] == "tags"]
    np.testing.assert_array_equal(tags.values, tags_texts.filter(regex="^v").to_numpy())
    assert list(select_views(dataset.vectors, ("plot",))) == ["text"]
    assert list(select_views(dataset.vectors, ("image",))) == ["image"]


def test_paragraph_without_vector_is_skipped(inputs, tmp_path):
    """The first paragraph of film 4 has no vector, so its second paragraph is used."""
    texts = read_table(inputs.texts, RETRIEVAL_TEXTS)
    values = texts.columns[texts.columns.str.startswith("v")]
    second = texts.loc[(texts["film_id"] == "film_004") & (texts["paragraph"] == 1)]
    texts.loc[
        (texts["film_id"] == "film_004") & (texts["paragraph"] == 0) & (texts["segment"] != "tags"),
        values,
    ] = np.nan
    write_table(texts, inputs.texts, RETRIEVAL_TEXTS)
    gathered = gather(inputs, tmp_path)
    films = read_table(gathered["films"], RETRIEVAL_FILMS)
    assert films["paragraphs"][4] == 1
    plot = read_dataset("plot", **gathered).pairs.views["text"]
    np.testing.assert_array_equal(
        plot.values[plot.owner == 4], second.loc[second["segment"] == "plot", values]
    )


def test_every_subset_of_parts_occurs_once():
    assert subsets("image") == [("image",)]
    assert subsets("tags_plot") == [("tags", "plot"), ("tags",), ("plot",)]
    assert pd.Series(subsets("all")).map("+".join).tolist() == [
        *("image+tags+plot", "image+tags", "image+plot", "tags+plot", "image", "tags", "plot")
    ]


def test_truncated_fragment_array_error_names_the_file(inputs, tmp_path):
    gathered = gather(inputs, tmp_path)
    gathered["fragments"].write_bytes(gathered["fragments"].read_bytes()[:-1])
    with pytest.raises(InputError) as raised:
        read_dataset("image", **gathered)
    assert "fragments.npy: cannot be read" in str(raised.value)
    assert "expected: an array of fragments\n  hint: the file is damaged" in str(raised.value)
