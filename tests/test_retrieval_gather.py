"""The films that take part, their fragments in one array, and what a model is given of them."""

import logging

import numpy as np
import pandas as pd
import pytest
from retrieval_tables import SPLIT, gather, leave

from scorelens.errors import InputError
from scorelens.retrieval.data.dataset import read_material, subsets, views_of
from scorelens.retrieval.data.gather import append_rows
from scorelens.retrieval.embed.fragment_io import read_fragments
from scorelens.tables import (
    RETRIEVAL_FILMS,
    RETRIEVAL_FRAGMENTS,
    RETRIEVAL_IMAGES,
    RETRIEVAL_TEXTS,
    RETRIEVAL_TRACKS,
    read_table,
    write_table,
)


def drop(path, table, film_id, **same):
    """Take a film's rows out of a table, or those with some values alone."""
    frame = read_table(path, table)
    gone = frame["film_id"] == film_id
    for name, value in same.items():
        gone &= frame[name] == value
    write_table(frame[~gone], path, table)


@pytest.fixture
def left(tmp_path):
    """Six films that teach, four that stop, five that test."""
    return leave(tmp_path / "left", films=(6, 4, 5))


def test_films_tracks_and_fragments(left, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        found = gather(left, tmp_path)
    films = read_table(found["films"], RETRIEVAL_FILMS)
    assert films["part"].tolist() == ["training"] * 6 + ["validation"] * 4 + ["test"] * 5
    assert set(films["tracks"]) == {2}
    assert set(films["fragments"]) == {4}
    assert set(films["paragraphs"]) == {2}
    assert set(films["tags"]) == {("sad", "slow")}
    assert films["problem"].isna().all()
    assert "films: 6 for training, 4 for validation, 5 for test; tracks: 30, of 60 fragments" in (
        caplog.text
    )
    tracks = read_table(found["tracks"], RETRIEVAL_TRACKS)
    assert tracks["film_id"].tolist() == np.repeat(films["film_id"], 2).tolist()
    fragments = np.load(found["fragments"], mmap_mode="r")
    assert isinstance(fragments, np.memmap)
    assert fragments.dtype == np.float32
    sounds = [read_fragments(path) for path in left.sounds]
    np.testing.assert_array_equal(fragments, np.concatenate([one.values for one in sounds]))
    assert tracks["track_id"].tolist() == [track for one in sounds for track in one.track_ids]


def test_a_film_that_lacks_something_is_left_out_and_the_log_says_why(left, tmp_path, caplog):
    silent = read_table(left.sounds[3], RETRIEVAL_FRAGMENTS)
    write_table(silent[:0], left.sounds[3], RETRIEVAL_FRAGMENTS)
    drop(left.images, RETRIEVAL_IMAGES, "film_001")
    for film_id, segments in {
        "film_001": ("plot", "tags_plot"),
        "film_007": ("tags", "tags_plot"),
    }.items():
        for segment in segments:
            drop(left.texts, RETRIEVAL_TEXTS, film_id, segment=segment)
    with caplog.at_level(logging.INFO):
        found = gather(left, tmp_path)
    expected = {
        "film_001": "no picture, no plot",
        "film_003": "no track that sounds",
        "film_007": "no tags",
    }
    films = read_table(found["films"], RETRIEVAL_FILMS).set_index("film_id")
    gone = films[films["part"] == "left_out"]
    assert gone["problem"].to_dict() == expected
    for film_id, words in expected.items():
        assert f"{film_id} is left out: {words}" in caplog.messages
    assert gone[["tracks", "fragments", "paragraphs"]].to_numpy().tolist() == [
        [2, 4, 0],
        [0, 0, 2],
        [2, 4, 2],
    ]
    kept = [number for number in range(15) if number not in (1, 3, 7)]
    tracks = read_table(found["tracks"], RETRIEVAL_TRACKS)
    assert tracks["film_id"].unique().tolist() == [f"film_{number:03d}" for number in kept]
    heard = [read_fragments(left.sounds[number]).values for number in kept]
    np.testing.assert_array_equal(np.load(found["fragments"]), np.concatenate(heard))
    material = read_material("all", **found)
    assert material.films == tracks["film_id"].unique().tolist()
    assert [len(part) for part in material.split] == [4, 3, 5]
    assert material.corpus.film.tolist() == np.repeat(np.arange(12), 2).tolist()


def test_only_what_a_model_in_use_sees_is_needed(left, tmp_path):
    drop(left.images, RETRIEVAL_IMAGES, "film_001")
    drop(left.texts, RETRIEVAL_TEXTS, "film_002", segment="plot")
    for configurations, gone in {
        ("tags",): [],
        ("plot", "tags"): ["film_002"],
        ("image_tags",): ["film_001"],
        ("baseline",): ["film_001", "film_002"],
    }.items():
        found = gather(left, tmp_path, configurations)
        films = read_table(found["films"], RETRIEVAL_FILMS)
        assert films.loc[films["part"] == "left_out", "film_id"].tolist() == gone


def test_what_no_model_looks_at_need_not_be_there(left, tmp_path):
    for configuration, absent in {"plot": "images", "image": "texts"}.items():
        found = gather(left._replace(**{absent: None}), tmp_path, [configuration])
        material = read_material(configuration, **found)
        assert len(material.films) == 15
        assert len(material.vectors) == 1


def test_a_film_that_the_corpus_leaves_out_is_left_out_here(left, tmp_path):
    found = gather(left._replace(sounds=left.sounds[1:]), tmp_path)
    films = read_table(found["films"], RETRIEVAL_FILMS).set_index("film_id")
    assert films.loc["film_000", ["part", "problem"]].tolist() == [
        "left_out",
        "the corpus leaves it out",
    ]
    assert len(read_material("all", **found).films) == 14


def test_a_split_by_shares(left, tmp_path):
    shares = {"last_training": 0, "training": 0.4, "validation": 0.3}
    found = gather(left, tmp_path, split=shares)
    films = read_table(found["films"], RETRIEVAL_FILMS)
    assert films.groupby("year")["part"].unique().map(list).to_dict() == {
        2021: ["training"],
        2022: ["validation"],
        2023: ["test"],
    }


def test_too_few_films_leave_nothing_behind(left, tmp_path):
    for number in range(10, 14):
        drop(left.images, RETRIEVAL_IMAGES, f"film_{number:03d}")
    with pytest.raises(InputError) as raised:
        gather(left, tmp_path)
    assert "up to 2021, between, and from 2023 on: 1 for test" in str(raised.value)
    assert "set retrieval.split.last_training and first_test" in str(raised.value)
    assert "4 of 15 films are left out: 4 no picture" in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["left"]


def test_films_that_all_lack_something_are_no_fault_of_the_years(left, tmp_path, caplog):
    drop_all = read_table(left.texts, RETRIEVAL_TEXTS)
    write_table(drop_all[drop_all["segment"] == "plot"], left.texts, RETRIEVAL_TEXTS)
    drop(left.images, RETRIEVAL_IMAGES, "film_002")
    caplog.set_level("INFO", "scorelens.retrieval.data.gather")
    for split in (SPLIT, {"last_training": 0, "training": 0.8, "validation": 0.1}):
        with pytest.raises(InputError) as raised:
            gather(left._replace(sounds=left.sounds[1:]), tmp_path, split=split)
        assert str(raised.value) == (
            "the films of retrieval: 15 of 15 films are left out: 14 no tags, "
            "1 the corpus leaves it out, 1 no picture\n"
            "  expected: films that have all that the configurations see\n"
            "  hint: narrow retrieval.configurations, or fill in the columns of the table "
            "retrieval.films"
        )
    assert "film_002 is left out: no picture, no tags" in caplog.messages
    assert any(said.startswith("15 of 15 films are left out") for said in caplog.messages)
    with pytest.raises(InputError, match="15 of 15 films"):
        gather(left._replace(sounds=[]), tmp_path)


def copy_tracks(left, source, target, tracks, noise=0.0):
    """Let some tracks of a film sound like the first ones of another."""
    heard, own = (read_table(left.sounds[film], RETRIEVAL_FRAGMENTS) for film in (source, target))
    values = own.columns[own.columns.str.startswith("v")]
    for track, other in zip(tracks, heard["track_id"].unique(), strict=False):
        rows = heard.loc[heard["track_id"] == other, values].to_numpy()
        own.loc[own["track_id"] == track, values] = (rows + noise).astype(np.float32)
    write_table(own, left.sounds[target], RETRIEVAL_FRAGMENTS)


def names(left, film):
    return read_table(left.sounds[film], RETRIEVAL_FRAGMENTS)["track_id"].unique().tolist()


def test_a_film_whose_music_teaches_is_not_tested(left, tmp_path, caplog):
    """Film 12 is film 1 by another name, film 7 too, and half of film 13 is of film 8."""
    copy_tracks(left, 1, 12, names(left, 12))
    copy_tracks(left, 1, 7, names(left, 7), noise=0.01)  # heard in another way
    copy_tracks(left, 8, 13, names(left, 13)[1:])
    found = gather(left, tmp_path)
    films = read_table(found["films"], RETRIEVAL_FILMS).set_index("film_id")
    gone = films[films["part"] == "left_out"]
    assert gone["problem"].to_dict() == {
        "film_007": "all its tracks are those of film_001 (training)",
        "film_012": "all its tracks are those of film_001 (training), film_007 (validation)",
    }
    assert gone["tracks"].tolist() == [2, 2]
    assert films.loc["film_013", ["part", "tracks", "fragments"]].tolist() == ["test", 1, 2]
    tracks = read_table(found["tracks"], RETRIEVAL_TRACKS).set_index("film_id")["track_id"]
    assert tracks["film_013"] == names(left, 13)[0]
    assert not tracks.index.isin(gone.index).any()
    assert tracks["film_001"].tolist() == names(left, 1)
    material = read_material("all", **found)
    assert len(material.corpus.fragments.values) == material.corpus.fragments.owner[-1] * 2 + 2
    assert [len(part) for part in material.split] == [6, 3, 4]
    last = read_fragments(left.sounds[13])
    rows = material.corpus.fragments.owner == material.tracks.index(
        ("film_013", tracks["film_013"])
    )
    np.testing.assert_array_equal(material.corpus.fragments.values[rows], last.values[:2])
    for said in (
        "film_012 (test) has music of film_001 (training); tracks that are left out: 2",
        "film_013 (test) has music of film_008 (validation); tracks that are left out: 1",
        "film_007 is left out: all its tracks are those of film_001 (training)",
    ):
        assert said in caplog.messages


def test_test_films_that_share_music_stay_and_the_log_says_so(left, tmp_path, caplog):
    copy_tracks(left, 11, 14, names(left, 14)[:1])
    copy_tracks(left, 2, 3, names(left, 3))  # both teach: no harm to the figures
    found = gather(left, tmp_path)
    assert (read_table(found["films"], RETRIEVAL_FILMS)["tracks"] == 2).all()
    assert [one.getMessage() for one in caplog.records if one.levelname == "WARNING"] == [
        "film_011 and film_014 spoil each other's ranks; tracks in common: 1"
    ]


def test_copies_may_leave_too_few_films(left, tmp_path):
    for number in range(10, 14):
        copy_tracks(left, number - 10, number, names(left, number))
    with pytest.raises(InputError) as raised:
        gather(left, tmp_path)
    assert "without music that an earlier part has: 1 for test" in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["left"]


def test_copies_are_found_in_log_mel(left, tmp_path):
    values = np.random.default_rng(0).normal(size=(15, 3, 4, 5)).astype(np.float16)
    values[14, :1] = values[3, :1]  # the first fragment of the first track
    sounds = []
    for path, own in zip(left.sounds, values, strict=True):
        sounds.append(path.with_suffix(".npz"))
        ids, track = np.array(["a", "b"]), np.array([0, 1, 1])
        np.savez(sounds[-1], track_ids=ids, track=track, start_s=np.zeros(3), values=own)
    found = gather(left._replace(sounds=sounds), tmp_path)
    tracks = read_table(found["tracks"], RETRIEVAL_TRACKS)
    assert tracks["track_id"].tolist() == ["a", "b"] * 14 + ["b"]
    np.testing.assert_array_equal(np.load(found["fragments"])[-2:], values[14, 1:])


def test_an_array_grows_by_rows(tmp_path):
    """Of any number of rows, with a header that numpy reads."""
    values = np.random.default_rng(0).normal(size=(2345, 3, 2)).astype(np.float16)
    path, rows = tmp_path / "grown.npy", 0
    with path.open("wb") as file:
        for part in np.split(values, [1, 9, 10, 100, 1200]):
            rows = append_rows(file, part[:, ::-1], rows)
    assert rows == 2345
    found = np.load(path, mmap_mode="r")
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, values[:, ::-1])


def test_log_mel_stays_on_the_disk_in_half_precision(left, tmp_path):
    sounds, values = [], np.random.default_rng(0).normal(size=(15, 3, 4, 5)).astype(np.float16)
    for path, own in zip(left.sounds, values, strict=True):
        sounds.append(path.with_suffix(".npz"))
        ids, track = np.array(["a", "b"]), np.array([0, 1, 1])
        np.savez(sounds[-1], track_ids=ids, track=track, start_s=np.zeros(3), values=own)
    found = gather(left._replace(sounds=sounds), tmp_path)
    assert read_table(found["tracks"], RETRIEVAL_TRACKS)["fragments"].tolist() == [1, 2] * 15
    fragments = read_material("image", **found).corpus.fragments
    assert isinstance(fragments.values, np.memmap)
    assert fragments.values.dtype == np.float16
    np.testing.assert_array_equal(fragments.values, values.reshape(45, 4, 5))
    assert fragments.owner[:6].tolist() == [0, 1, 1, 2, 3, 3]


def test_what_a_model_is_given(left, tmp_path):
    """Vectors film by film; of a plot the first paragraph comes first."""
    found = gather(left, tmp_path)
    material = read_material("all", **found)
    assert list(material.corpus.views) == ["image", "text"]
    images = read_table(left.images, RETRIEVAL_IMAGES)
    np.testing.assert_array_equal(
        material.corpus.views["image"].values, images.filter(regex="^v").to_numpy()
    )
    texts = read_table(left.texts, RETRIEVAL_TEXTS)
    both = texts[texts["segment"] == "tags_plot"].sort_values(["film_id", "paragraph"])
    text = material.corpus.views["text"]
    np.testing.assert_array_equal(text.values, both.filter(regex="^v").to_numpy())
    np.testing.assert_array_equal(text.owner, np.repeat(np.arange(15), 2))
    tags = views_of(material.vectors, ("image", "tags"))["text"]
    alone = texts[texts["segment"] == "tags"]
    np.testing.assert_array_equal(tags.values, alone.filter(regex="^v").to_numpy())
    assert list(views_of(material.vectors, ("plot",))) == ["text"]
    assert list(views_of(material.vectors, ("image",))) == ["image"]


def test_words_that_no_network_knows_say_nothing(left, tmp_path):
    """A paragraph whose vector is missing is passed over; the next is the first."""
    texts = read_table(left.texts, RETRIEVAL_TEXTS)
    values = texts.columns[texts.columns.str.startswith("v")]
    second = texts.loc[(texts["film_id"] == "film_004") & (texts["paragraph"] == 1)]
    texts.loc[
        (texts["film_id"] == "film_004") & (texts["paragraph"] == 0) & (texts["segment"] != "tags"),
        values,
    ] = np.nan
    write_table(texts, left.texts, RETRIEVAL_TEXTS)
    found = gather(left, tmp_path)
    films = read_table(found["films"], RETRIEVAL_FILMS)
    assert films["paragraphs"][4] == 1
    plot = read_material("plot", **found).corpus.views["text"]
    np.testing.assert_array_equal(
        plot.values[plot.owner == 4], second.loc[second["segment"] == "plot", values]
    )


def test_every_choice_of_parts_is_asked_once():
    assert subsets("image") == [("image",)]
    assert subsets("tags_plot") == [("tags", "plot"), ("tags",), ("plot",)]
    assert pd.Series(subsets("all")).map("+".join).tolist() == [
        *("image+tags+plot", "image+tags", "image+plot", "tags+plot", "image", "tags", "plot")
    ]


def test_a_damaged_array_is_named(left, tmp_path):
    found = gather(left, tmp_path)
    found["fragments"].write_bytes(found["fragments"].read_bytes()[:-1])
    with pytest.raises(InputError) as raised:
        read_material("image", **found)
    assert "fragments.npy: cannot be read" in str(raised.value)
    assert "expected: an array of fragments\n  hint: the file is damaged" in str(raised.value)
