"""Do films of a genre resemble its trailers? Numbers by hand, leaks, planted resemblance."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scorelens import tables
from scorelens.errors import TableError
from scorelens.evaluation.group_difference import LABELLINGS
from scorelens.trailers.scenes import films_to_trailers, films_to_trailers_plot, scenes
from tests.test_trailers_scenes import made_up, scene_table, titles_of
from tests.trailer_tables import GENRES, make_labels, make_vectors, write_trailers, write_vectors


def frame(values, names, films=None):
    index = [f"film_{number:02d}" for number in range(len(values))] if films is None else films
    return pd.DataFrame(np.asarray(values), index=index, columns=names)


def test_differences_of_each_labelling_by_hand():
    horror = np.array([0.1, 0.2, 0.9, 0.4, 0.6, 0.8, 0.7])
    probability = frame(np.column_stack([horror, 1 - horror]), ["Horror", "Music"])
    actual = frame(np.array([[1, 1, 1, 0, 0, 0, 0, 1]] * 2, bool).T, ["Drama", "Horror"])
    predicted = frame(np.array([[0, 0, 1, 1, 1, 0, 0, 1]] * 2, bool).T, ["Drama", "Horror"])
    table = films_to_trailers.compare_films(probability, actual, predicted, 99, 50, 0)
    assert table["genre"].tolist() == ["Horror"] * 3  # a genre of both; film 7 has no scenes
    rows = table.set_index("labelling")
    assert rows.index.tolist() == list(LABELLINGS)
    medians = {"actual": (0.2, 0.65), "predicted": (0.6, 0.45), "false_positive": (0.5, 0.75)}
    for labelling, (inside, outside) in medians.items():
        row = rows.loc[labelling]
        assert (row.probability_with, row.probability_without) == pytest.approx((inside, outside))
        assert row.difference == pytest.approx((inside - outside) / horror.std())
    assert rows["films_with"].tolist() == [3, 3, 2]
    assert rows["films_without"].tolist() == [4, 4, 2]


def test_p_is_adjusted_over_the_genres_of_a_labelling():
    random = np.random.default_rng(0)
    probability = frame(random.random((30, 3)), GENRES[:3])
    actual, predicted = (frame(random.random((30, 3)) < 0.4, GENRES[:3]) for _ in range(2))
    table = films_to_trailers.compare_films(probability, actual, predicted, 199, 20, 0)
    for _, rows in table.groupby("labelling"):
        assert len(rows) == 3
        np.testing.assert_allclose(rows["p_adjusted"], stats.false_discovery_control(rows["p"]))


FILMS, TITLES = 48, 48
SHOWN = 0  # number of the genre that pictures show


def corpus(folder, with_trailer=range(20), seed=0, without_pictures=()):
    """A run's files: trailers in which genre 0 shows, films whose scenes show it where they carry
    it and where their music says it, and predictions that are right in four films of five.

    with_trailer: numbers of the films that have a trailer. without_pictures: of those that have
    none.
    """
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng([seed, 1])
    labels = make_labels(TITLES, seed=seed)
    table = write_trailers(folder, labels)
    vectors = write_vectors(
        folder / "vectors.parquet", make_vectors(labels, [SHOWN], seed=seed + 2)
    )
    actual = make_labels(FILMS, seed=seed + 1)
    actual[list(with_trailer)] = labels[list(with_trailer)]
    predicted = actual ^ (random.random(actual.shape) < 0.2)
    shown = make_vectors(actual | predicted, [SHOWN], moments=3, seed=seed + 3)
    scene_files = []
    for film_id, rows in scene_table(shown).groupby("film_id"):
        path = folder / f"{film_id}.parquet"
        selected = rows[:0] if int(film_id[-2:]) in without_pictures else rows
        tables.write_table(selected, path, tables.SCENES)
        scene_files.append(path)
    titles = titles_of(FILMS, with_trailer)
    films, decided = folder / "films.tsv", folder / "decided.parquet"
    tables.write_table(film_rows(titles), films, tables.FILMS)
    tables.write_table(predictions(titles, actual, predicted), decided, tables.PREDICTIONS)
    return {
        "vectors": [vectors],
        "table": table,
        "scenes": scene_files,
        "films": films,
        "predictions": decided,
    }


def film_rows(titles):
    columns = {"year": 1999, "duration_s": 60.0, "has_picture": True, "tracks": 1}
    columns["genres"] = [("Action",)] * len(titles)
    return pd.DataFrame({"film_id": list(titles), "title": list(titles.values()), **columns})


def predictions(titles, actual, predicted):
    """Two training runs; the second says the opposite."""
    runs = [
        pd.DataFrame(
            {
                "film_id": np.repeat(list(titles), len(GENRES)),
                "genre": np.tile(GENRES, len(titles)),
                "probability": 0.5,
                "predicted": decided.ravel(),
                "actual": actual.ravel(),
                "fold": 0,
                "repeat": repeat,
            }
        )
        for repeat, decided in enumerate([predicted, ~predicted])
    ]
    return pd.concat(runs)


def compared(folder, files, genres=GENRES):
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
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    return compared(folder, corpus(folder))


def test_only_the_planted_genre_differs(planted):
    table = tables.read_table(planted[1], tables.FILMS_TO_TRAILERS)
    assert set(zip(table.feature_set, table.model, table.network, strict=True)) == {
        ("mir", "single_attention", "efficientnet_lite0")
    }
    result = table[table["p_adjusted"] < 0.05]
    assert set(result["genre"]) == {GENRES[SHOWN]}
    assert result["labelling"].tolist() == list(LABELLINGS)
    assert (result["low"] > 0).all()
    assert (result["probability_with"] > 0.5).all()
    assert (result["probability_without"] < 0.5).all()


def test_every_scene_has_a_probability_of_every_genre(planted):
    classified = tables.read_table(planted[0], tables.TRAILER_SCENES)
    assert len(classified) == FILMS * 3 * len(GENRES)
    assert not classified.duplicated(["film_id", "cue_id", "genre"]).any()


def test_a_further_trailer_of_a_film_does_not_change_its_scenes(planted, tmp_path):
    files = corpus(tmp_path)
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
        for path in (planted[0], compared(tmp_path, files)[0])
    )
    same = (before["probability"] == after["probability"]).groupby(before["film_id"]).all()
    assert same[same].index.tolist() == ["film_07"]


def test_films_without_pictures_take_no_part(tmp_path):
    table = tables.read_table(
        compared(tmp_path, corpus(tmp_path, without_pictures=[3, 30]))[1], tables.FILMS_TO_TRAILERS
    )
    actual = table[table["labelling"] == "actual"]
    assert (actual["films_with"] + actual["films_without"] == FILMS - 2).all()


def test_a_corpus_without_pictures_has_empty_differences_and_a_figure(tmp_path):
    classified, scores = compared(tmp_path, corpus(tmp_path, without_pictures=range(FILMS)))
    assert not len(tables.read_table(classified, tables.TRAILER_SCENES))
    films_to_trailers_plot.plot(scores, tmp_path / "films_to_trailers.svg")
    svg = (tmp_path / "films_to_trailers.svg").read_text()
    assert svg.count(">no difference<") == 1


def test_genres_by_other_names_are_refused_with_both_lists(tmp_path):
    files = corpus(tmp_path)
    decided = tables.read_table(files["predictions"], tables.PREDICTIONS)
    decided["genre"] = decided["genre"].replace(dict(zip(GENRES, "WXYZ", strict=True)))
    tables.write_table(decided, files["predictions"], tables.PREDICTIONS)
    with pytest.raises(TableError) as error:
        compared(tmp_path, files)
    assert str(error.value) == (
        f"{files['table']}: films have W; X; Y; Z, trailers {'; '.join(GENRES)}\n"
        "  expected: a genre that both have\n"
        "  hint: name the genres alike in corpus.genres and trailers.genres"
    )


def difference_of_nothing(trial, has_trailer):
    """The difference of films whose pictures are unrelated to the genre, but those of trailers.

    has_trailer: whether a film's trailer has its title; if not, it trains the film's model.
    """
    random = np.random.default_rng([trial, 9])
    actual = random.random((24, 1)) < 0.4
    shown = random.normal(size=(24, 1, 6))
    material = made_up(shown + random.normal(0, 0.5, (24, 2, 6)), actual)
    titles = titles_of(16, range(16) if has_trailer else ())
    classified = scenes.classify_scenes(scene_table(shown[:16]), titles, material)
    labels = frame(actual[:16], GENRES[:1])
    probability = scenes.average_scenes(classified, GENRES[:1])
    table = films_to_trailers.compare_films(probability, labels, labels, 99, 2, 0)
    return table["difference"].iloc[0]


@pytest.mark.slow
def test_unrelated_pictures_do_not_differ_unless_a_films_trailers_train():
    fair, leaking = (
        np.array([difference_of_nothing(trial, has_trailer) for trial in range(40)])
        for has_trailer in (True, False)
    )
    assert stats.ttest_1samp(fair, 0, nan_policy="omit").pvalue > 0.01
    assert stats.ttest_1samp(leaking, 0.5, nan_policy="omit", alternative="greater").pvalue < 0.01


# Drawing


def test_the_figure_shows_the_table(planted):
    table = tables.read_table(planted[1], tables.FILMS_TO_TRAILERS)
    axis = films_to_trailers_plot.difference_figure(table).axes[0]
    markers = [line for line in axis.lines if line.get_marker() not in ("None", None)]
    drawn = table.dropna(subset="difference")
    assert [line.get_xdata()[0] for line in markers] == drawn["difference"].tolist()
    filled = [line.get_markerfacecolor() != "white" for line in markers]
    assert filled == (drawn["p_adjusted"] < 0.05).tolist()
    names = [label.get_text().split("\n")[0] for label in axis.get_yticklabels()]
    assert names == GENRES


def test_the_same_input_gives_the_same_bytes(planted, tmp_path):
    files = corpus(tmp_path)
    written = [*planted, *compared(tmp_path, files)]
    for number, scores in enumerate(written[1::2]):
        films_to_trailers_plot.plot(scores, tmp_path / f"{number}.svg")
    assert written[1].read_bytes() == written[3].read_bytes()
    assert written[0].read_bytes() == written[2].read_bytes()
    assert (tmp_path / "0.svg").read_bytes() == (tmp_path / "1.svg").read_bytes()
    heading = f">Predictions: Single attention (mir); {FILMS} films<"
    assert heading in (tmp_path / "0.svg").read_text()
