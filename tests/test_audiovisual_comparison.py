"""Comparison of predicted genres with the picture: film values, scores, figure, choice of run."""

import re

import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.audiovisual_comparison import choose_run, compare, picture, plot
from scorelens.errors import ConfigError
from scorelens.evaluation.group_difference_plot import LABELLINGS
from tests.genre_tables import make_cue_table
from tests.group_tables import write_film_groups

RUNS = [
    ("none", "plurality"),
    ("mir", "simple_mi_knn"),
    ("mir", "single_attention"),
    ("vggish", "simple_mi_knn"),
    ("vggish", "single_attention"),
]


def test_film_values_are_medians_over_seconds_and_cuts_per_minute():
    visuals = make_visuals("one", [0.1, 0.9, 0.2, 0.4], cuts=[0, 1, 0, 2])
    values = picture.summarise_picture(visuals, "film_id")
    assert values.loc["one"].to_dict() == pytest.approx(
        {
            "brightness": 0.3,
            "contrast": 0.15,
            "saturation": 0.3,
            "cut_rate": 45,
            "motion_energy": 0.03,
        }
    )


def make_visuals(film, brightness, cuts=None):
    """VISUALS of one film; without cuts as measured from key frames."""
    values = np.asarray(brightness, np.float64)
    missing = np.full(len(values), np.nan)
    return pd.DataFrame(
        {
            "film_id": film,
            "time_s": np.arange(len(values), dtype=np.float64),
            "brightness": values,
            "contrast": values / 2,
            "saturation": values,
            "colourfulness": values,
            "aspect_ratio": 16 / 9,
            "cuts": pd.array([pd.NA] * len(values) if cuts is None else cuts, "Int64"),
            "shot_length_s": missing,
            "motion_energy": missing if cuts is None else values / 10,
            "held_s": missing,
            "brightness_error": missing,
            "contrast_error": missing,
        }
    )


def write_scores(folder, films, genres=("Horror", "Comedy"), groups=None):
    """Write the scores of films: film -> (brightness per second, cuts or None, labels)."""
    folder.mkdir(exist_ok=True)
    paths, cues, rows = [], [], []
    for number, (film, (brightness, cuts, labels)) in enumerate(films.items()):
        paths.append(folder / f"{film}.parquet")
        tables.write_table(make_visuals(film, brightness, cuts), paths[-1], tables.VISUALS)
        cues.append(folder / f"{film}.cues.parquet")
        tables.write_table(make_cue_table(film, 4, duration_s=100), cues[-1], tables.CUES)
        columns = {"film_id": film, "probability": 0.5, "fold": number, "repeat": 0}
        rows += [
            {**columns, "genre": g, "predicted": g in labels, "actual": g in labels} for g in genres
        ]
    tables.write_table(pd.DataFrame(rows), folder / "rows.parquet", tables.PREDICTIONS)
    output = folder / "scores.tsv"
    predictions = folder / "rows.parquet"
    compare.compare(predictions, None, paths, cues, "mir", "imv_svm", 99, 50, 1, output, groups)
    return output


def read_film_scores(path):
    """Read the rows in which each film counts once."""
    table = tables.read_table(path, tables.AUDIOVISUAL_COMPARISON)
    return table[table.unit == "film"]


def film_set(films=8, cuts=True, picture=True):
    return {
        f"film_{k}": (
            [0.1 * k, 0.1 * k, 0.1] if picture else [],
            ([k, 0, 0] if cuts else None) if picture else [],
            ["Horror"] if k < 3 else ["Comedy"],
        )
        for k in range(films)
    }


def test_score_table_has_expected_rows_and_differences(tmp_path):
    table = read_film_scores(write_scores(tmp_path, film_set()))
    assert len(table) == 2 * len(compare.MEASURES) * len(LABELLINGS)
    assert set(table.genre) == {"Horror", "Comedy"}
    assert set(table.feature_set + table.model) == {"mirimv_svm"}
    rows = table.set_index(["genre", "measure", "labelling"])
    # Film k cuts 20 k times a minute; in standard deviations of 0, 1, ..., 7 films differ by:
    expected = (1 - 5) / np.std(np.arange(8))
    assert rows.loc[("Horror", "cut_rate", "actual"), "difference"] == pytest.approx(expected)
    assert rows.loc[("Comedy", "cut_rate", "actual"), "difference"] == pytest.approx(-expected)
    assert (table.low <= table.high).sum() == 2 * 2 * len(compare.MEASURES)
    assert table[table.labelling == "false_positive"].difference.isna().all()


def test_key_frame_visuals_give_no_cut_and_motion_differences(tmp_path):
    table = read_film_scores(write_scores(tmp_path, film_set(cuts=False)))
    empty = table.measure.isin(["cut_rate", "motion_energy"])
    assert table[empty].difference.isna().all()
    assert (table[empty].films_with + table[empty].films_without == 0).all()
    assert table[~empty & (table.labelling == "actual")].difference.notna().all()


def test_film_without_picture_is_ignored_and_logged(tmp_path, caplog):
    caplog.set_level("INFO")
    films = film_set()
    without_picture = film_set(picture=False)
    plain = write_scores(tmp_path / "plain", films).read_text()
    with_sound_only = write_scores(
        tmp_path / "more", {**films, "sound_only": without_picture["film_0"]}
    ).read_text()
    assert with_sound_only == plain
    assert "imv_svm on mir: 8 of 9 films have pictures" in caplog.text


def test_corpus_without_pictures_gives_empty_differences_and_a_figure(tmp_path):
    scores = write_scores(tmp_path, film_set(picture=False))
    table = tables.read_table(scores, tables.AUDIOVISUAL_COMPARISON)
    assert table[["difference", "low", "high", "p", "p_adjusted"]].isna().all(axis=None)
    plot.plot(scores, tmp_path / "scores.svg")
    svg = (tmp_path / "scores.svg").read_text()
    assert svg.count(">no difference<") == 2 * len(compare.MEASURES)  # of films and of clips
    assert ">0 / 0 / 0 films<" in svg


def test_table_and_figure_are_deterministic(tmp_path):
    pictures = []
    for name in ("a", "b"):
        scores = write_scores(tmp_path / name, film_set())
        plot.plot(scores, tmp_path / name / "scores.svg")
        pictures.append((scores.read_bytes(), (tmp_path / name / "scores.svg").read_bytes()))
    assert pictures[0] == pictures[1]


def test_groups_of_films_change_intervals_and_p_and_groups_of_one_change_nothing(tmp_path):
    films = film_set(10)
    files = [write_scores(tmp_path / "films", films)]
    for size in (1, 2):
        groups = write_film_groups(tmp_path / f"{size}.tsv", [*films], size)
        files.append(write_scores(tmp_path / str(size), films, groups=groups))
    assert files[1].read_bytes() == files[0].read_bytes()
    single, grouped = (tables.read_table(path, tables.AUDIOVISUAL_COMPARISON) for path in files[1:])
    both = single["p"].notna() & grouped["p"].notna() & (single["difference"] != 0)
    assert set(single.loc[both, "unit"]) == {"film", "clip"}
    np.testing.assert_allclose(grouped["difference"][both], single["difference"][both])
    assert grouped.loc[both, "p"].mean() > single.loc[both, "p"].mean()


def test_figure_labels_genres_measures_and_film_counts(tmp_path):
    scores = write_scores(tmp_path, film_set())
    plot.plot(scores, tmp_path / "scores.svg")
    svg = (tmp_path / "scores.svg").read_text()
    for text in ("Horror", "Comedy", "Cuts a minute", "Motion", "false positives"):
        assert f">{text}<" in svg
    assert ">3 / 3 / 0 films<" in svg
    assert ">Predictions: IMV SVM (mir); 8 films<" in svg


def test_marker_is_filled_if_the_difference_is_significant():
    row = {"feature_set": "mir", "model": "imv_svm", "genre": "Horror", "measure": "contrast"}
    columns = {"difference": 0.5, "low": 0.1, "high": 0.9, "films_with": 4, "films_without": 5}
    columns |= {"unit": "film", "clips_with": 0, "p_published": np.nan}
    p_values = {"actual": 0.01, "predicted": 0.05, "false_positive": np.nan}
    table = pd.DataFrame(
        [{**row, **columns, "labelling": name, "p_adjusted": p} for name, p in p_values.items()]
    )
    table.loc[2, "difference"] = np.nan
    table = pd.concat([table, table.assign(unit="clip", difference=np.nan)])
    axis = plot.difference_figure(table).axes[list(plot.TITLES).index("contrast")]
    markers = [line for line in axis.lines if line.get_marker() not in ("None", None)]
    assert [line.get_markerfacecolor() for line in markers] == [
        LABELLINGS["actual"][2],
        "white",
    ]
    assert [line.get_xdata()[0] for line in markers] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("runs", "requested", "chosen"),
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
def test_choose_run_prefers_the_model_of_the_paper(runs, requested, chosen):
    assert choose_run(runs, *requested) == chosen


def test_untrained_model_error_lists_the_trained_models():
    message = (
        "config: audiovisual_comparison: imv_svm on any feature set is not trained\n"
        "  expected: one of: plurality on none; simple_mi_knn on mir\n"
        "  hint: name one of them, or add to genres.models and features.sets"
    )
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        choose_run(RUNS[:2], None, "imv_svm")
    with pytest.raises(ConfigError, match="any model on yamnet is not trained"):
        choose_run(RUNS, "yamnet", None)
