"""Comparison of films with trailer models: exact values, a planted genre and leakage."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scorelens import tables
from scorelens.errors import TableError
from scorelens.evaluation.group_difference import LABELLINGS
from scorelens.trailers.scenes import films_to_trailers, films_to_trailers_plot, scenes
from tests.group_tables import write_film_groups
from tests.test_trailers_scenes import make_dataset, scene_table, titles_of
from tests.trailer_tables import GENRES, make_labels, make_vectors, write_trailers, write_vectors


def make_dataframe(values, names, films=None):
    index = [f"film_{number:02d}" for number in range(len(values))] if films is None else films
    return pd.DataFrame(np.asarray(values), index=index, columns=names)


def test_compare_films_differences_match_hand_calculation():
    horror = np.array([0.1, 0.2, 0.9, 0.4, 0.6, 0.8, 0.7])
    probability = make_dataframe(np.column_stack([horror, 1 - horror]), ["Horror", "Music"])
    actual = make_dataframe(np.array([[1, 1, 1, 0, 0, 0, 0, 1]] * 2, bool).T, ["Drama", "Horror"])
    predicted = make_dataframe(
        np.array([[0, 0, 1, 1, 1, 0, 0, 1]] * 2, bool).T, ["Drama", "Horror"]
    )
    table = films_to_trailers.compare_films(probability, actual, predicted, 99, 50, 0, {})
    assert table["genre"].tolist() == ["Horror"] * 3  # the only genre of both; film 7 has no scenes
    rows = table.set_index("labelling")
    assert rows.index.tolist() == list(LABELLINGS)
    medians = {"actual": (0.2, 0.65), "predicted": (0.6, 0.45), "false_positive": (0.5, 0.75)}
    for labelling, (inside, outside) in medians.items():
        row = rows.loc[labelling]
        assert (row.probability_with, row.probability_without) == pytest.approx((inside, outside))
        assert row.difference == pytest.approx((inside - outside) / horror.std())
    assert rows["films_with"].tolist() == [3, 3, 2]
    assert rows["films_without"].tolist() == [4, 4, 2]


def test_p_values_are_fdr_adjusted_over_genres_of_each_labelling():
    random = np.random.default_rng(0)
    probability = make_dataframe(random.random((30, 3)), GENRES[:3])
    actual, predicted = (make_dataframe(random.random((30, 3)) < 0.4, GENRES[:3]) for _ in range(2))
    table = films_to_trailers.compare_films(probability, actual, predicted, 199, 20, 0, {})
    for _, rows in table.groupby("labelling"):
        assert len(rows) == 3
        np.testing.assert_allclose(rows["p_adjusted"], stats.false_discovery_control(rows["p"]))


FILMS, TITLES = 48, 48
PLANTED = 0  # index of the genre that is planted in the vectors


def write_run_inputs(folder, with_trailer=range(20), seed=0, without_pictures=()):
    """Write the inputs of a comparison: trailers, films, their scenes and genre predictions.

    Genre 0 is planted in trailers that carry it, and in scenes of films that carry it or are
    predicted to. One prediction in five is wrong. with_trailer: indices of films that have a
    trailer. without_pictures: indices of films without scenes.
    """
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng([seed, 1])
    labels = make_labels(TITLES, seed=seed)
    table = write_trailers(folder, labels)
    vectors = write_vectors(
        folder / "vectors.parquet", make_vectors(labels, [PLANTED], seed=seed + 2)
    )
    actual = make_labels(FILMS, seed=seed + 1)
    actual[list(with_trailer)] = labels[list(with_trailer)]
    predicted = actual ^ (random.random(actual.shape) < 0.2)
    vectors_of_scenes = make_vectors(actual | predicted, [PLANTED], moments=3, seed=seed + 3)
    scene_files = []
    for film_id, rows in scene_table(vectors_of_scenes).groupby("film_id"):
        path = folder / f"{film_id}.parquet"
        selected = rows[:0] if int(film_id[-2:]) in without_pictures else rows
        tables.write_table(selected, path, tables.SCENES)
        scene_files.append(path)
    titles = titles_of(FILMS, with_trailer)
    films, prediction_file = folder / "films.tsv", folder / "predictions.parquet"
    tables.write_table(film_rows(titles), films, tables.FILMS)
    tables.write_table(predictions(titles, actual, predicted), prediction_file, tables.PREDICTIONS)
    return {
        "vectors": [vectors],
        "table": table,
        "scenes": scene_files,
        "films": films,
        "predictions": prediction_file,
    }


def film_rows(titles):
    columns = {"year": 1999, "duration_s": 60.0, "has_picture": True, "tracks": 1}
    columns["genres"] = [("Action",)] * len(titles)
    return pd.DataFrame({"film_id": list(titles), "title": list(titles.values()), **columns})


def predictions(titles, actual, predicted):
    """PREDICTIONS of two repeats; the second inverts the predicted labels of the first."""
    repeats = [
        pd.DataFrame(
            {
                "film_id": np.repeat(list(titles), len(GENRES)),
                "genre": np.tile(GENRES, len(titles)),
                "probability": 0.5,
                "predicted": labels.ravel(),
                "actual": actual.ravel(),
                "fold": 0,
                "repeat": repeat,
            }
        )
        for repeat, labels in enumerate([predicted, ~predicted])
    ]
    return pd.concat(repeats)


def compare_inputs(folder, files, genres=GENRES):
    folder.mkdir(exist_ok=True)
    outputs = folder / "scenes.parquet", folder / "films_to_trailers.tsv"
    names = "mir", "single_attention", "efficientnet_lite0"
    films_to_trailers.compare(
        **files,
        genres=genres,
        names=names,
        permutations=999,
        samples=100,
        seed=0,
        classified=outputs[0],
        scores=outputs[1],
    )
    return outputs


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    return compare_inputs(folder, write_run_inputs(folder))


def test_only_planted_genre_differs_significantly(comparison):
    table = tables.read_table(comparison[1], tables.FILMS_TO_TRAILERS)
    assert set(zip(table.feature_set, table.model, table.network, strict=True)) == {
        ("mir", "single_attention", "efficientnet_lite0")
    }
    significant = table[table["p_adjusted"] < 0.05]
    assert set(significant["genre"]) == {GENRES[PLANTED]}
    assert significant["labelling"].tolist() == list(LABELLINGS)
    assert (significant["low"] > 0).all()
    assert (significant["probability_with"] > 0.5).all()
    assert (significant["probability_without"] < 0.5).all()


def test_every_scene_has_a_probability_of_every_genre(comparison):
    classified = tables.read_table(comparison[0], tables.TRAILER_SCENES)
    assert len(classified) == FILMS * 3 * len(GENRES)
    assert not classified.duplicated(["film_id", "cue_id", "genre"]).any()


def test_changed_trailer_changes_scenes_of_all_films_except_its_own(comparison, tmp_path):
    files = write_run_inputs(tmp_path)
    vectors = tables.read_table(files["vectors"][0], tables.TRAILER_VECTORS)
    rows = vectors["trailer_id"] == "trailer_07"
    names = tables.feature_columns(vectors, tables.TRAILER_VECTORS)
    vectors.loc[rows, names] = 5 - 2 * vectors.loc[rows, names]
    tables.write_table(vectors, files["vectors"][0], tables.TRAILER_VECTORS)
    text = files["table"].read_text().splitlines()
    cells = text[8].split("\t")
    assert cells[0] == "trailer_07"
    text[8] = "\t".join([*cells[:3], ";".join(set(GENRES) - set(cells[3].split(";")))])
    files["table"].write_text("\n".join(text))
    before, after = (
        tables.read_table(path, tables.TRAILER_SCENES)
        for path in (comparison[0], compare_inputs(tmp_path, files)[0])
    )
    unchanged = (before["probability"] == after["probability"]).groupby(before["film_id"]).all()
    assert unchanged[unchanged].index.tolist() == ["film_07"]


def test_films_without_scenes_are_not_counted(tmp_path):
    table = tables.read_table(
        compare_inputs(tmp_path, write_run_inputs(tmp_path, without_pictures=[3, 30]))[1],
        tables.FILMS_TO_TRAILERS,
    )
    actual = table[table["labelling"] == "actual"]
    assert (actual["films_with"] + actual["films_without"] == FILMS - 2).all()


def test_corpus_without_scenes_has_no_differences_but_a_figure(tmp_path):
    classified, scores = compare_inputs(
        tmp_path, write_run_inputs(tmp_path, without_pictures=range(FILMS))
    )
    assert not len(tables.read_table(classified, tables.TRAILER_SCENES))
    films_to_trailers_plot.plot(scores, tmp_path / "films_to_trailers.svg")
    svg = (tmp_path / "films_to_trailers.svg").read_text()
    assert svg.count(">no difference<") == 1


def test_disjoint_genre_names_raise_table_error_with_both_lists(tmp_path):
    files = write_run_inputs(tmp_path)
    prediction_rows = tables.read_table(files["predictions"], tables.PREDICTIONS)
    prediction_rows["genre"] = prediction_rows["genre"].replace(
        dict(zip(GENRES, "WXYZ", strict=True))
    )
    tables.write_table(prediction_rows, files["predictions"], tables.PREDICTIONS)
    with pytest.raises(TableError) as error:
        compare_inputs(tmp_path, files)
    assert str(error.value) == (
        f"{files['table']}: films have W; X; Y; Z, trailers {'; '.join(GENRES)}\n"
        "  expected: a genre that both have\n"
        "  hint: name the genres alike in corpus.genres and trailers.genres"
    )


def difference_of_unrelated_genre(trial, has_trailer):
    """Difference for films and trailers whose vectors are independent of the genre.

    has_trailer: whether a film has the title of its trailer, which is then left out of training;
    if not, the trailer is trained on and its label leaks.
    """
    random = np.random.default_rng([trial, 9])
    actual = random.random((24, 1)) < 0.4
    mean_vectors = random.normal(size=(24, 1, 6))
    training_set = make_dataset(mean_vectors + random.normal(0, 0.5, (24, 2, 6)), actual)
    titles = titles_of(16, range(16) if has_trailer else ())
    classified = scenes.classify_scenes(scene_table(mean_vectors[:16]), titles, training_set)
    labels = make_dataframe(actual[:16], GENRES[:1])
    probability = scenes.average_scenes(classified, GENRES[:1])
    table = films_to_trailers.compare_films(probability, labels, labels, 99, 2, 0, {})
    return table["difference"].iloc[0]


@pytest.mark.slow
def test_unrelated_genre_differs_only_if_own_trailers_are_in_training():
    without_leak, with_leak = (
        np.array([difference_of_unrelated_genre(trial, has_trailer) for trial in range(40)])
        for has_trailer in (True, False)
    )
    assert stats.ttest_1samp(without_leak, 0, nan_policy="omit").pvalue > 0.01
    assert stats.ttest_1samp(with_leak, 0.5, nan_policy="omit", alternative="greater").pvalue < 0.01


# Figures


def test_figure_markers_match_differences_and_significance(comparison):
    table = tables.read_table(comparison[1], tables.FILMS_TO_TRAILERS)
    axis = films_to_trailers_plot.difference_figure(table).axes[0]
    markers = [line for line in axis.lines if line.get_marker() not in ("None", None)]
    drawn = table.dropna(subset="difference")
    assert [line.get_xdata()[0] for line in markers] == drawn["difference"].tolist()
    filled = [line.get_markerfacecolor() != "white" for line in markers]
    assert filled == (drawn["p_adjusted"] < 0.05).tolist()
    names = [label.get_text().split("\n")[0] for label in axis.get_yticklabels()]
    assert names == GENRES


def test_groups_of_films_widen_intervals_and_groups_of_one_change_nothing(comparison, tmp_path):
    files, written = write_run_inputs(tmp_path), [comparison[1]]
    films = tables.read_table(files["films"], tables.FILMS)["film_id"].tolist()
    for size in (1, 3):
        groups = write_film_groups(tmp_path / f"{size}.tsv", films, size)
        written.append(compare_inputs(tmp_path / str(size), files | {"film_groups": groups})[1])
    assert written[1].read_bytes() == written[0].read_bytes()
    single, grouped = (tables.read_table(path, tables.FILMS_TO_TRAILERS) for path in written[1:])
    np.testing.assert_allclose(grouped["difference"], single["difference"])
    both = single["p"].notna() & grouped["p"].notna()
    assert (grouped.loc[both, "p"] != single.loc[both, "p"]).any()
    assert (grouped.loc[both, "low"] != single.loc[both, "low"]).all()


def test_same_input_gives_identical_tables_and_figure(comparison, tmp_path):
    files = write_run_inputs(tmp_path)
    written = [*comparison, *compare_inputs(tmp_path, files)]
    for number, scores in enumerate(written[1::2]):
        films_to_trailers_plot.plot(scores, tmp_path / f"{number}.svg")
    assert written[1].read_bytes() == written[3].read_bytes()
    assert written[0].read_bytes() == written[2].read_bytes()
    assert (tmp_path / "0.svg").read_bytes() == (tmp_path / "1.svg").read_bytes()
    heading = f">Predictions: Single attention (mir); {FILMS} films<"
    assert heading in (tmp_path / "0.svg").read_text()
