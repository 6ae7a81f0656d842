"""Splits by group: what films of a group share does not help a model, and without groups it does.

The planted corpora are tables of features; nothing is decoded.
"""

import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelens import tables
from scorelens.errors import InputError, TableError
from scorelens.evaluation.permutation import f1_in_order, permutation_f1
from scorelens.genres.model import classifiers
from scorelens.learning.datasets import Dataset
from scorelens.learning.film_groups import (
    genres_of_one_group,
    group_numbers,
    read_film_groups,
    warn_of_single_groups,
)
from scorelens.learning.grouped_folds import make_folds, nested_folds, split_dataset
from scorelens.learning.linear_model import fit_linear, predict_linear
from scorelens.learning.packed_bags import Bags
from scorelens.retrieval.data.batches import Split
from scorelens.retrieval.data.group_split import unite_groups

SEEDS = range(10)
GENRES = ["Action", "Comedy", "Drama"]
KNN = {"n_neighbors": 1}
FOREST = {"n_estimators": 5, "max_leaf_nodes": 64}


def two_cuts(seed, pairs=12, cues=3):
    """Films in pairs with one album and random labels: bags, labels, group of each film."""
    random = np.random.default_rng(seed)
    albums = random.normal(size=(pairs, cues, 8))
    noise = random.normal(0, 0.05, (2, *albums.shape))
    instances = (albums + noise).reshape(-1, 8).astype(np.float32)
    labels = random.random((pairs, len(GENRES))) < 0.5
    bags = Bags(instances, np.arange(2 * pairs + 1) * cues)
    return bags, np.tile(labels, (2, 1)), np.tile(np.arange(pairs), 2)


def composers(seed, number=10, films=3, cues=3):
    """Films whose music and genres depend on their composer alone."""
    random = np.random.default_rng(seed)
    style = random.normal(size=(number, 8))
    genres = random.random((number, len(GENRES))) < 0.5
    group = np.repeat(np.arange(number), films)
    instances = np.repeat(style[group], cues, axis=0) + random.normal(
        0, 0.5, (number * films * cues, 8)
    )
    bags = Bags(instances.astype(np.float32), np.arange(number * films + 1) * cues)
    return bags, genres[group], group


def held_out_predictions(model, settings_of_model, corpus, folds, seed):
    bags, labels, _ = corpus
    predicted = np.zeros_like(labels)
    fitted = classifiers.fit_folds(model, bags, labels, folds, settings_of_model, seed, 1)
    for held_out, fold in zip(folds, fitted, strict=True):
        for film in held_out:
            probability = classifiers.predict(model, fold.arrays, bags.one(film))
            predicted[film] = probability[0] > 0.5
    return predicted


def macro_f1(model, settings_of_model, make, seed, grouped):
    """Macro F1 of held-out films, and its mean when groups exchange their labels."""
    corpus = make(seed)
    labels, group = corpus[1:]
    films = [f"film_{k:03d}" for k in range(len(group))]
    first = np.unique(group, return_index=True)[1]
    groups = {film: films[first[one]] for film, one in zip(films, group, strict=True)}
    folds = make_folds(films, films, 0, seed, groups if grouped else None)
    assert len(folds) == (len(first) if grouped else len(films))
    predicted = held_out_predictions(model, settings_of_model, corpus, folds, seed)
    exchanged = np.random.default_rng(seed).permuted(np.tile(first, (99, 1)), axis=1)[:, group]
    score, *chance = f1_in_order(predicted[None], labels, np.vstack([range(len(group)), exchanged]))
    return score[-1], np.mean(chance, axis=0)[-1]


def mean_f1(model, settings_of_model, make, grouped):
    scores = [macro_f1(model, settings_of_model, make, seed, grouped) for seed in SEEDS]
    return np.mean(scores, axis=0)


@pytest.mark.parametrize(
    ("model", "settings_of_model"), [("simple_mi_knn", KNN), ("simple_mi_random_forest", FOREST)]
)
def test_two_cuts_with_random_labels_score_at_chance_only_if_grouped(model, settings_of_model):
    score, chance = mean_f1(model, settings_of_model, two_cuts, grouped=True)
    assert score < chance + 0.03
    score, chance = mean_f1(model, settings_of_model, two_cuts, grouped=False)
    assert score > (0.999 if model == "simple_mi_knn" else 0.9)
    assert chance < 0.6


def test_planted_composer_scores_at_chance_only_if_grouped():
    score, chance = mean_f1("simple_mi_knn", KNN, composers, grouped=True)
    assert score < chance + 0.03
    score, chance = mean_f1("simple_mi_knn", KNN, composers, grouped=False)
    assert score > chance + 0.3


def test_grouped_cuts_with_random_labels_are_rarely_significant():
    """Albums exchange their labels, with both cuts, and films keep their predictions."""
    p, pairs = [], 12
    for seed in range(150):
        _, labels, group = corpus = two_cuts(seed, pairs, cues=1)
        folds = [np.flatnonzero(group == one) for one in range(pairs)]
        predicted = held_out_predictions("simple_mi_knn", KNN, corpus, folds, seed)
        by_cut = predicted.reshape(2, pairs, -1)
        p.append(permutation_f1(by_cut, labels[:pairs], 199, seed)["p_permuted"][-1])
    assert np.mean(np.array(p) <= 0.05) < 0.08


def as_dataset(corpus):
    """One track a film, one tile a cue."""
    bags, labels, group = corpus
    films = np.arange(len(labels))
    first = np.array([list(group).index(one) for one in group])
    ids = [(f"film_{k}", "t") for k in films]
    times = np.arange(len(bags.instances), dtype=float)
    return Dataset(bags.instances, bags.bag_of_instance, times, ids, films, first, GENRES, labels)


def held_out_accuracy(corpus, by_group, seed):
    dataset, right = as_dataset(corpus), []
    for split in split_dataset(dataset, by_group, 5, seed)[:-1]:
        arrays = fit_linear(dataset, np.union1d(split.training, split.validation))
        rows = dataset.rows_of(split.held_out)
        predicted = predict_linear(arrays, dataset.instances[rows]) > 0.5
        right.append((predicted == dataset.labels[dataset.bag[rows]]).mean())
    return np.mean(right)


def test_tagger_split_by_group_has_planted_composer_at_chance():
    by_film, by_group = (
        np.mean([held_out_accuracy(composers(seed), by, seed) for seed in SEEDS])
        for by in (False, True)
    )
    assert by_film > 0.7
    assert by_group < 0.55


GROUPS = st.lists(st.integers(0, 6), min_size=12, max_size=24).filter(lambda g: len(set(g)) > 4)


@given(GROUPS, st.integers(0, 5), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_group_is_on_one_side_of_every_split(numbers, n_folds, seed):
    group = np.array([numbers.index(one) for one in numbers])
    films = [f"f{k:02d}" for k in range(len(group))]
    named = {film: films[first] for film, first in zip(films, group, strict=True)}
    assert group_numbers(films, named).tolist() == group.tolist()
    if n_folds != 1:
        folds = make_folds(films, films, n_folds, seed, named)
        assert sorted(np.concatenate(folds)) == list(range(len(films)))
        for held_out in folds:
            assert not {*group[held_out]} & {*np.delete(group, held_out)}
    labels = np.random.default_rng(seed).random((len(films), 2)) < 0.5
    zero = np.zeros((len(films), 1), np.float32)
    ids, bags = [(film, "t") for film in films], np.arange(len(films))
    dataset = Dataset(zero, bags, zero[:, 0], ids, bags, group, ["a", "b"], labels)
    for split in split_dataset(dataset, True, max(2, n_folds), seed):
        sides = [{*group[part]} for part in split]
        assert sum(map(len, sides)) == len(set.union(*sides))
    for fold in nested_folds(dataset, 4, 3, seed):
        assert not {*group[fold.held_out]} & {*group[fold.training]}
        for part in fold.inner:
            assert not {*group[part]} & {*group[np.setdiff1d(fold.training, part)]}


@given(st.integers(2, 30), st.integers(0, 8), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_single_groups_give_same_folds_as_no_groups(count, n_folds, seed):
    films = [f"f{k:02d}" for k in range(count)]
    if n_folds == 1:
        return
    alone = dict(zip(films, films, strict=True))
    assert str(make_folds(films, films, n_folds, seed, alone)) == str(
        make_folds(films, films, n_folds, seed)
    )
    fold = np.arange(count)
    if n_folds:
        fold = np.random.default_rng([seed, n_folds]).permutation(count) % n_folds
    expected = [np.flatnonzero(fold == number) for number in np.unique(fold)]
    assert str(make_folds(films, films, n_folds, seed, alone)) == str(expected)


def test_one_group_of_all_films_is_an_error_with_hint():
    with pytest.raises(TableError) as caught:
        make_folds(["a", "b"], ["a", "b"], 0, 1, {"a": "a", "b": "a"})
    assert str(caught.value) == (
        "the groups of the films: all 2 films with cues are in one group\n"
        "  expected: at least 2: a model is tested on films held out of training\n"
        "  hint: results/corpus/groups.tsv says why: the column `group`, or audio that they share"
    )


def test_genre_of_one_group_is_logged_in_one_line(caplog):
    labels = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 0]], bool)
    group = np.array([0, 0, 2, 3])
    assert genres_of_one_group(labels, group).tolist() == [0]  # one film of a genre is no group
    caplog.set_level(logging.WARNING)
    warn_of_single_groups(GENRES, labels, group)
    (record,) = caplog.records
    assert record.message == (
        "no model can learn Action: its films are all of one group, and held out together"
    )


def test_group_numbers_of_written_table(tmp_path):
    rows = [("b", "a", 2, (), ("album",)), ("a", "a", 2, (), ("album",)), ("c", "c", 1, (), ())]
    table = pd.DataFrame(rows, columns=tables.FILM_GROUPS.names)
    tables.write_table(table, tmp_path / "groups.tsv", tables.FILM_GROUPS)
    groups = read_film_groups(tmp_path / "groups.tsv")
    assert group_numbers(["c", "b", "a"], groups).tolist() == [0, 1, 1]
    assert group_numbers(["c", "b", "a"], None).tolist() == [0, 1, 2]


def retrieval_films(group, parts):
    ids = [f"f{k:02d}" for k in range(len(group))]
    columns = {"film_id": ids, "group": [f"g{one}" for one in group], "part": parts}
    return pd.DataFrame(columns).assign(problem=None)


@given(st.lists(st.integers(0, 14), min_size=30, max_size=60), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_unite_groups_leaves_each_group_in_one_part(group, seed):
    parts = np.random.default_rng(seed).choice([*Split._fields, "left_out"], len(group))
    films = retrieval_films(group, parts)
    try:
        united = unite_groups(films)
    except InputError as error:
        assert "with each group of films in one part" in str(error)
        return
    used = united[united["part"] != "left_out"]
    assert used.groupby("group")["part"].nunique().max() == 1
    assert (used["part"] == films["part"][used.index]).all()
    out = united[(united["part"] == "left_out") & (films["part"] != "left_out")]
    assert out["problem"].str.startswith("most films of its group (g").all()
    before = films[films["part"] != "left_out"].groupby(["group", "part"]).size()
    retained = used.groupby("group").size()
    assert (retained == before.groupby("group").max()).all()


def test_unite_groups_selects_part_with_most_films_then_earliest():
    parts = ["training", "training", "test", "validation", "test", "training", "test"]
    parts += ["validation", "validation", "test", "test"]
    united = unite_groups(retrieval_films([0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7], parts))
    assert united["part"].tolist()[:5] == [
        "training", "training", "left_out", "validation", "left_out",
    ]  # fmt: skip
    assert united["problem"][2] == "most films of its group (g0) are in training"
    alone = retrieval_films(range(11), parts)
    pd.testing.assert_frame_equal(unite_groups(alone), alone)


def percentile_of_own_music(seed, grouped):
    """Rank of a test film's music for the music of the training film with the nearest picture."""
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(30), 3)
    parts = random.choice(Split._fields, len(group), p=(0.4, 0.3, 0.3))
    picture, music = (
        random.normal(size=(30, 8))[group] + random.normal(0, 0.3, (len(group), 8))
        for _ in range(2)
    )
    films = retrieval_films(group, parts)
    part = (unite_groups(films) if grouped else films)["part"].to_numpy()
    training, test = np.flatnonzero(part == "training"), np.flatnonzero(part == "test")
    distance = np.linalg.norm(picture[test][:, None] - picture[training], axis=-1)
    guess = music[training[distance.argmin(axis=1)]]
    to_music = np.linalg.norm(guess[:, None] - music[test], axis=-1)
    to_its_music = to_music.diagonal()[:, None]
    return (to_music > to_its_music).mean() / (1 - 1 / len(test))


def test_retrieval_split_by_group_has_planted_composer_at_chance():
    alone, grouped = (
        np.mean([percentile_of_own_music(seed, grouped) for seed in range(40)])
        for grouped in (False, True)
    )
    assert alone > 0.75
    assert 0.45 < grouped < 0.55
