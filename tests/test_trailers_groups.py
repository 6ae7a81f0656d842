"""Titles that are held out together: by a name in their table, and by the films of the corpus."""

import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.errors import TableError
from scorelens.learning.grouped_folds import nested_folds
from scorelens.learning.linear_model import fit_linear, predict_linear
from scorelens.trailers.data import dataset
from scorelens.trailers.data.groups import group_titles, read_groups, write_groups
from scorelens.trailers.scenes import scenes
from tests.trailer_tables import GENRES, write_trailers, write_vectors


def film_groups(folder, rows):
    """A table of FILM_GROUPS. rows: film_id -> (group, names)."""
    table = pd.DataFrame(
        [(film, group, 1, names, ()) for film, (group, names) in rows.items()],
        columns=tables.FILM_GROUPS.names,
    )
    tables.write_table(table, folder / "groups.tsv", tables.FILM_GROUPS)
    return folder / "groups.tsv"


FILMS = {
    "jaws": ("jaws", ()),
    "jaws_2": ("jaws", ()),
    "alien": ("alien", ("Space",)),
    "solaris": ("solaris", ()),
}
TITLES = {"jaws": "Jaws", "alien": "Alien (1979)", "solaris": "Solaris"}


def test_group_titles_joins_names_and_film_groups(tmp_path):
    names = {"JAWS": (), "Up": ("space",), "Alien": (), "Heat": (), "Big": ("Y",), "Cube": ("y ",)}
    table = group_titles(names, TITLES, film_groups(tmp_path, FILMS))
    assert dict(zip(table.title, table.group, strict=True)) == {
        "JAWS": "JAWS", "Up": "Up", "Alien": "Up", "Heat": "Heat", "Big": "Big", "Cube": "Big",
    }  # fmt: skip
    assert table.films.tolist() == [("jaws", "jaws_2"), ("alien",), ("alien",), (), (), ()]


def test_title_equal_to_a_film_id_is_not_that_film(tmp_path):
    table = group_titles({"jaws": (), "jaws_2": ()}, {}, film_groups(tmp_path, FILMS))
    assert table.group.tolist() == ["jaws", "jaws_2"]
    assert table.films.tolist() == [(), ()]


def test_group_titles_without_corpus_uses_names():
    table = group_titles({"A": ("X",), "B": (), "C": ("x",)}, {}, None)
    assert table.group.tolist() == ["A", "B", "A"]


def with_groups(path, groups):
    """The table of trailers with a column `group`."""
    table = pd.read_csv(path, sep="\t")
    table.assign(group=groups).to_csv(path, sep="\t", index=False)
    return path


def test_trailer_groups_round_trip(tmp_path):
    actual = np.ones((4, 4), bool)
    table = with_groups(write_trailers(tmp_path, actual), ["", "S", "s", ""])
    films = film_groups(tmp_path, {"f": ("f", ()), "g": ("f", ())})
    write_groups(table, GENRES, {"f": "Title 03"}, films, tmp_path / "titles.tsv")
    groups = read_groups(tmp_path / "titles.tsv")
    assert list(groups.of_title.values()) == ["Title 00", "Title 01", "Title 01", "Title 03"]
    assert groups.of_film == {"f": ["Title 03"], "g": ["Title 03"]}


def franchises(seed, number=8, films=3):
    """Labels and vectors of titles whose pictures and genres depend on their franchise alone."""
    random = np.random.default_rng(seed)
    franchise = np.repeat(np.arange(number), films)
    labels = (random.random((number, 4)) < 0.5)[franchise]
    look = random.normal(size=(number, 8))[franchise]
    return labels, look[:, None] + random.normal(0, 0.3, (len(labels), 4, 8)), franchise


def planted(folder, seed, grouped):
    """The dataset of such titles, with or without their franchises as groups."""
    labels, vectors, franchise = franchises(seed)
    table = write_trailers(folder, labels | (labels.sum(1) == 0)[:, None])
    if grouped:
        with_groups(table, [f"Saga {one}" for one in franchise])
    paths = [write_vectors(folder / "vectors.parquet", vectors)]
    return dataset.read_dataset("frame_linear", table, GENRES, {}, paths), franchise


def accuracy(corpus, seed):
    right = []
    for fold in nested_folds(corpus, 4, dataset.N_INNER, seed):
        rows = corpus.rows_of(fold.held_out)
        predicted = predict_linear(fit_linear(corpus, fold.training), corpus.instances[rows]) > 0.5
        right.append((predicted == corpus.labels[corpus.bag[rows]]).mean())
    return np.mean(right)


def test_planted_franchise_is_at_chance_only_if_grouped(tmp_path):
    by_title, by_group = (
        np.mean([accuracy(planted(tmp_path, seed, grouped)[0], seed) for seed in range(8)])
        for grouped in (False, True)
    )
    assert by_title > 0.75
    assert by_group < 0.6


def test_group_is_on_one_side_of_each_fold_and_inner_fold(tmp_path):
    corpus, franchise = planted(tmp_path, 0, grouped=True)
    for fold in nested_folds(corpus, 4, dataset.N_INNER, 3):
        assert not {*franchise[fold.held_out]} & {*franchise[fold.training]}
        for part in fold.inner:
            assert not {*franchise[part]} & {*franchise[np.setdiff1d(fold.training, part)]}


def test_too_few_groups_of_titles_is_an_error_with_hint(tmp_path):
    actual = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0]], bool)
    table = with_groups(write_trailers(tmp_path, actual), ["S", "s", "S", "", ""])
    with pytest.raises(TableError) as caught:
        dataset.read_dataset("frequency", table, GENRES, {}, [])
    assert str(caught.value) == (
        "config: trailers.trailers: titles of trailers: 5, in 3 groups\n"
        "  expected: at least 4\n"
        "  hint: a model is tested on titles held out of training: add trailers of other films"
    )


def test_genre_of_one_group_of_titles_is_left_out(tmp_path):
    actual = np.eye(4, dtype=bool)[[0, 0, 1, 1, 2, 2, 3, 3]]
    table = with_groups(write_trailers(tmp_path, actual), ["S", "S", *[""] * 6])
    corpus = dataset.read_dataset("frequency", table, GENRES, {}, [])
    assert corpus.genres == GENRES[1:]
    assert corpus.split_group.tolist() == [0, 0, *range(2, 8)]


def test_trailers_of_the_group_of_a_film_do_not_train_its_model(tmp_path):
    corpus, _ = planted(tmp_path, 0, grouped=False)
    shown = pd.DataFrame(np.zeros((1, 8), np.float32), columns=[f"v_{k:02d}" for k in range(8)])
    heads = {"film_id": "f", "cue_id": "c", "track_id": "t", "start_s": 0.0, "end_s": 9.0}
    shown = pd.DataFrame([heads]).join(shown)
    related = {"f": ["Title 00", "Title 01"]}
    classified = scenes.classify_scenes(shown, {"f": "Another"}, corpus, related)
    rows = np.isin(corpus.bag, [0, 1])
    changed = corpus._replace(instances=np.where(rows[:, None], 9, corpus.instances))
    again = scenes.classify_scenes(shown, {"f": "Another"}, changed, related)
    pd.testing.assert_frame_equal(classified, again)
    with_them = scenes.classify_scenes(shown, {"f": "Another"}, corpus)
    assert (with_them.probability != classified.probability).any()
