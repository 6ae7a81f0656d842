"""Music against picture: differences by hand, p-values by enumeration, planted effects and none."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scorelens import tables
from scorelens.audiovisual_comparison import choose_run, compare, plot
from scorelens.errors import ConfigError

RUNS = [
    ("none", "plurality"),
    ("mir", "simple_mi_knn"),
    ("mir", "single_attention"),
    ("vggish", "simple_mi_knn"),
    ("vggish", "single_attention"),
]


def frame(columns, names):
    """A frame (films, names) from an array."""
    films = [f"film_{k:03d}" for k in range(len(columns))]
    return pd.DataFrame(columns, index=films, columns=names)


def compared(values, actual, predicted=None, permutations=999, seed=0):
    """`compare_films` of one measure and one genre, as labelling -> row."""
    said = actual if predicted is None else predicted
    table = compare.compare_films(
        frame(np.asarray(values, float)[:, None], ["brightness"]),
        frame(np.asarray(actual, bool)[:, None], ["Horror"]),
        frame(np.asarray(said, bool)[:, None], ["Horror"]),
        permutations,
        200,
        seed,
    )
    return {row.labelling: row for row in table.itertuples()}


def test_a_films_values_are_medians_over_its_seconds_and_cuts_a_minute():
    values = compare.film_values(seconds("one", [0.1, 0.9, 0.2, 0.4], cuts=[0, 1, 0, 2]))
    assert values.loc["one"].to_dict() == pytest.approx(
        {
            "brightness": 0.3,
            "contrast": 0.15,
            "saturation": 0.3,
            "cut_rate": 45,
            "motion_energy": 0.03,
        }
    )


def seconds(film, brightness, cuts=None):
    """Rows of VISUALS; without cuts those of key frames."""
    light = np.asarray(brightness, np.float64)
    missing = np.full(len(light), np.nan)
    return pd.DataFrame(
        {
            "film_id": film,
            "time_s": np.arange(len(light), dtype=np.float64),
            "brightness": light,
            "contrast": light / 2,
            "saturation": light,
            "colourfulness": light,
            "aspect_ratio": 16 / 9,
            "cuts": pd.array([pd.NA] * len(light) if cuts is None else cuts, "Int64"),
            "shot_length_s": missing,
            "motion_energy": missing if cuts is None else light / 10,
        }
    )


def test_a_column_is_standardised_over_the_films_that_have_it():
    values = compare.standardise(frame([[1, 5], [3, 5], [np.nan, 5]], ["cut_rate", "contrast"]))
    assert values["cut_rate"].tolist()[:2] == [-1, 1]
    assert np.isnan(values["cut_rate"].iloc[2])
    assert values["contrast"].isna().all()  # no spread, no unit


def test_differences_of_each_labelling_by_hand():
    rows = compared(
        values=[1, 2, 9, 4, 6, 20, 8],
        actual=[1, 1, 1, 0, 0, 0, 0],
        predicted=[0, 0, 1, 1, 1, 0, 0],
    )
    assert rows["actual"].difference == 2 - 7
    assert rows["predicted"].difference == 6 - 5
    assert rows["false_positive"].difference == 5 - 14
    groups = {name: (row.films_with, row.films_without) for name, row in rows.items()}
    assert groups == {"actual": (3, 4), "predicted": (3, 4), "false_positive": (2, 2)}


def enumerated_p(values, films):
    """Two-sided p over all ways to choose the first `films` of the values."""
    sizes = []
    for chosen in itertools.combinations(range(len(values)), films):
        rest = np.delete(values, chosen)
        sizes.append(abs(np.median(values[list(chosen)]) - np.median(rest)))
    return np.mean(np.array(sizes) >= sizes[0] - 1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_a_small_corpus_has_the_p_of_full_enumeration(seed):
    values = np.random.default_rng(seed).normal(size=9)
    exact = enumerated_p(values, 3)
    p = compare.permutation_p(values[:3], values[3:], 84, np.random.default_rng(0))
    assert p == pytest.approx(exact)


def test_a_sampled_p_is_near_the_enumerated_one_and_counts_the_data_as_one_draw():
    values = np.random.default_rng(3).normal(size=14)
    p = compare.permutation_p(values[:5], values[5:], 1999, np.random.default_rng(0))
    exact = enumerated_p(values, 5)
    assert 0.05 < exact < 0.95
    assert p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 1999))
    assert p * 2000 == pytest.approx(round(p * 2000))
    far = compare.permutation_p(
        np.arange(20.0), 100 + np.arange(20.0), 99, np.random.default_rng(0)
    )
    assert far == pytest.approx(1 / 100)


def test_p_does_not_depend_on_the_sign():
    values = np.random.default_rng(5).normal(size=16)
    up, down = (compared(k * values, np.arange(16) < 6)["actual"] for k in (1, -1))
    assert up.difference == -down.difference
    assert up.p == down.p


def test_p_is_as_rare_as_it_says_where_labels_say_nothing():
    random = np.random.default_rng(1)
    actual = np.arange(24) < 9
    trials = 300
    found = np.array(
        [
            compared(random.normal(size=24), actual, permutations=199, seed=k)["actual"].p
            for k in range(trials)
        ]
    )
    for level in (0.05, 0.1, 0.25, 0.5):
        low, high = stats.binom.ppf([0.002, 0.998], trials, level)
        assert low <= (found <= level).sum() <= high, level


def test_a_planted_effect_is_found_in_its_cell_and_its_shuffled_copy_is_not():
    random = np.random.default_rng(2)
    films = 110
    actual = random.random((films, 3)) < 0.35
    predicted = actual ^ (random.random((films, 3)) < 0.2)
    values = random.normal(size=(films, 2))
    # Music and picture go together: the false positives look like the genre, too.
    values[:, 0] -= 1.5 * (actual[:, 1] | predicted[:, 1])
    genres, measures = ["Action", "Horror", "Drama"], ["brightness", "contrast"]
    said = frame(actual, genres), frame(predicted, genres)
    planted = compare.compare_films(frame(values, measures), *said, 999, 200, 0)
    mixed = random.permutation(values)
    shuffled = compare.compare_films(frame(mixed, measures), *said, 999, 200, 0)
    found = planted[planted.p_adjusted < 0.05]
    assert set(zip(found.genre, found.measure, strict=True)) == {("Horror", "brightness")}
    assert found.labelling.tolist() == list(compare.LABELLINGS)
    assert (found.high < 0).all()
    assert not (shuffled.p_adjusted < 0.05).any()


def test_the_look_of_a_genre_does_not_rub_off_on_false_positives():
    """Films of the genre are dark; those taken for it look like any other."""
    random = np.random.default_rng(7)
    found = []
    for trial in range(60):
        actual = np.arange(60) < 24
        predicted = random.random(60) < 0.4
        values = random.normal(size=60) - 3 * actual
        rows = compared(values, actual, predicted, permutations=199, seed=trial)
        assert rows["actual"].p == 1 / 200
        found.append(rows["false_positive"].p)
    assert (np.array(found) <= 0.05).sum() <= stats.binom.ppf(0.998, 60, 0.05)


def test_p_is_adjusted_within_a_labelling():
    random = np.random.default_rng(4)
    genres, measures = ["Action", "Horror", "Drama"], ["brightness", "contrast"]
    actual, predicted = (frame(random.random((30, 3)) < 0.4, genres) for _ in range(2))
    values = frame(random.normal(size=(30, 2)), measures)
    table = compare.compare_films(values, actual, predicted, 199, 50, 0)
    for _, own in table.groupby("labelling"):
        ordered = own.sort_values("p")
        steps = ordered.p.to_numpy() * len(own) / np.arange(1, len(own) + 1)
        by_hand = np.minimum.accumulate(steps[::-1])[::-1].clip(max=1)
        np.testing.assert_allclose(ordered.p_adjusted, by_hand)


def test_the_interval_of_a_difference_agrees_with_a_loop():
    random = np.random.default_rng(6)
    inside, outside = random.normal(1, 1, 40), random.normal(0, 1, 60)
    low, high = compare.bootstrap_interval(inside, outside, 4000, np.random.default_rng(0))
    drawn = [
        np.median(random.choice(inside, 40)) - np.median(random.choice(outside, 60))
        for _ in range(4000)
    ]
    assert [low, high] == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.06)


@pytest.mark.parametrize("labelled", [0, 1, 5, 6])
def test_a_group_of_one_film_or_none_has_no_difference(labelled):
    row = compared(np.arange(6), np.arange(6) < labelled)["actual"]
    assert (row.films_with, row.films_without) == (labelled, 6 - labelled)
    assert np.isnan([row.difference, row.low, row.high, row.p, row.p_adjusted]).all()


def written(folder, films, genres=("Horror", "Comedy")):
    """Compare films given as film -> (brightness by the second, cuts or None, labels)."""
    folder.mkdir(exist_ok=True)
    paths, said = [], []
    for number, (film, (light, cuts, labels)) in enumerate(films.items()):
        paths.append(folder / f"{film}.parquet")
        tables.write_table(seconds(film, light, cuts), paths[-1], tables.VISUALS)
        facts = {"film_id": film, "probability": 0.5, "fold": number, "repeat": 0}
        said += [
            {**facts, "genre": g, "predicted": g in labels, "actual": g in labels} for g in genres
        ]
    tables.write_table(pd.DataFrame(said), folder / "said.parquet", tables.PREDICTIONS)
    output = folder / "scores.tsv"
    compare.compare(folder / "said.parquet", paths, "mir", "imv_svm", 99, 50, 1, output)
    return output


def film_set(films=8, cuts=True, picture=True):
    return {
        f"film_{k}": (
            [0.1 * k, 0.1 * k, 0.1] if picture else [],
            ([k, 0, 0] if cuts else None) if picture else [],
            ["Horror"] if k < 3 else ["Comedy"],
        )
        for k in range(films)
    }


def test_the_table_of_a_run(tmp_path):
    table = tables.read_table(written(tmp_path, film_set()), tables.MODES)
    assert len(table) == 2 * len(compare.MEASURES) * len(compare.LABELLINGS)
    assert set(table.genre) == {"Horror", "Comedy"}
    assert set(table.feature_set + table.model) == {"mirimv_svm"}
    rows = table.set_index(["genre", "measure", "labelling"])
    # Film k cuts 20 k times a minute; in standard deviations of 0, 1, ..., 7 films differ by:
    expected = (1 - 5) / np.std(np.arange(8))
    assert rows.loc[("Horror", "cut_rate", "actual"), "difference"] == pytest.approx(expected)
    assert rows.loc[("Comedy", "cut_rate", "actual"), "difference"] == pytest.approx(-expected)
    assert (table.low <= table.high).sum() == 2 * 2 * len(compare.MEASURES)
    assert table[table.labelling == "false_positive"].difference.isna().all()


def test_key_frames_leave_cuts_and_motion_empty(tmp_path):
    table = tables.read_table(written(tmp_path, film_set(cuts=False)), tables.MODES)
    empty = table.measure.isin(["cut_rate", "motion_energy"])
    assert table[empty].difference.isna().all()
    assert (table[empty].films_with + table[empty].films_without == 0).all()
    assert table[~empty & (table.labelling == "actual")].difference.notna().all()


def test_a_film_without_pictures_takes_no_part(tmp_path, caplog):
    caplog.set_level("INFO")
    films = film_set()
    blind = film_set(picture=False)
    plain = written(tmp_path / "plain", films).read_text()
    more = written(tmp_path / "more", {**films, "sound_only": blind["film_0"]}).read_text()
    assert more == plain
    assert "imv_svm on mir: 8 of 9 films have pictures" in caplog.text


def test_a_corpus_without_pictures_gets_empty_differences_and_a_figure(tmp_path):
    scores = written(tmp_path, film_set(picture=False))
    table = tables.read_table(scores, tables.MODES)
    assert table[["difference", "low", "high", "p", "p_adjusted"]].isna().all(axis=None)
    plot.plot(scores, tmp_path / "scores.svg")
    svg = (tmp_path / "scores.svg").read_text()
    assert svg.count(">no difference<") == len(compare.MEASURES)
    assert ">0 / 0 / 0 films<" in svg


def test_the_same_input_gives_the_same_bytes(tmp_path):
    pictures = []
    for name in ("a", "b"):
        scores = written(tmp_path / name, film_set())
        plot.plot(scores, tmp_path / name / "scores.svg")
        pictures.append((scores.read_bytes(), (tmp_path / name / "scores.svg").read_bytes()))
    assert pictures[0] == pictures[1]


def test_the_figure_names_genres_measures_and_films(tmp_path):
    scores = written(tmp_path, film_set())
    plot.plot(scores, tmp_path / "scores.svg")
    svg = (tmp_path / "scores.svg").read_text()
    for text in ("Horror", "Comedy", "Cuts a minute", "Motion", "false positives"):
        assert f">{text}<" in svg
    assert ">3 / 3 / 0 films<" in svg
    assert ">Predictions: IMV SVM (mir); 8 films<" in svg


def test_a_marker_is_filled_where_the_difference_is_significant():
    row = {"feature_set": "mir", "model": "imv_svm", "genre": "Horror", "measure": "contrast"}
    facts = {"difference": 0.5, "low": 0.1, "high": 0.9, "films_with": 4, "films_without": 5}
    chances = {"actual": 0.01, "predicted": 0.05, "false_positive": np.nan}
    table = pd.DataFrame(
        [{**row, **facts, "labelling": name, "p_adjusted": p} for name, p in chances.items()]
    )
    table.loc[2, "difference"] = np.nan
    axis = plot.modes_figure(table).axes[list(plot.TITLES).index("contrast")]
    markers = [line for line in axis.lines if line.get_marker() not in ("None", None)]
    assert [line.get_markerfacecolor() for line in markers] == [
        plot.LOOKS["actual"][2],
        "white",
    ]
    assert [line.get_xdata()[0] for line in markers] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("runs", "wanted", "chosen"),
    [
        (RUNS, (None, None), ("vggish", "single_attention")),
        (RUNS[:4], (None, None), ("mir", "single_attention")),
        (RUNS[:2], (None, None), ("mir", "simple_mi_knn")),
        (RUNS[:1], (None, None), ("none", "plurality")),
        (RUNS, (None, "simple_mi_knn"), ("vggish", "simple_mi_knn")),
        (RUNS, ("mir", None), ("mir", "single_attention")),
        (RUNS, ("mir", "simple_mi_knn"), ("mir", "simple_mi_knn")),
    ],
)
def test_the_papers_model_is_taken_where_the_run_has_it(runs, wanted, chosen):
    assert choose_run(runs, *wanted) == chosen


def test_a_model_that_is_not_trained_is_refused_with_those_that_are():
    message = (
        "config: audiovisual_comparison: imv_svm on any feature set is not trained\n"
        "  expected: one of: plurality on none; simple_mi_knn on mir\n"
        "  hint: name one of them, or add to genres.models and features.sets"
    )
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        choose_run(RUNS[:2], None, "imv_svm")
    with pytest.raises(ConfigError, match="any model on yamnet is not trained"):
        choose_run(RUNS, "yamnet", None)
