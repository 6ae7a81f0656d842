"""What the report says of retrieval."""

import pandas as pd
import pytest

from scorelens import tables
from scorelens.report import retrieval
from tests.report_run import SVG

FILMS = pd.DataFrame(
    [
        ("a", "A", 2001, "training", 3, 9, 2, "love", None),
        ("b", "B", 2002, "training", 3, 9, 2, "love", None),
        ("c", "C", 2022, "validation", 3, 9, 2, "love", None),
        ("d", "D", 2023, "test", 2, 6, 2, "love", None),
        ("e", "E", 2024, "test", 5, 9, 2, "love", None),
        ("f", "F", 2024, "left_out", 0, 0, 0, None, "no picture, no plot"),
    ],
    columns=tables.RETRIEVAL_FILMS.names,
)
MEASURES = (*retrieval.MEASURES, retrieval.MEDIAN, "reciprocal_rank")


def make_scores():
    """Plot is better than image by recall, and has the smaller median rank."""
    rows = [
        {
            "configuration": configuration,
            "seen": seen,
            "level": level,
            "measure": measure,
            "value": (30 - gain if measure == "median_rank" else 0.1 + gain / 50) + number / 1000,
            "low": 0.1,
            "high": 31.0,
            "chance": 25.0 if measure == "median_rank" else 0.125,
            "permuted": 0.11,
            "p": 0.25,
        }
        for configuration, seen, gain in [
            ("image", "image", 1),
            ("plot", "plot", 5),
            ("image_plot", "image+plot", 3),
            ("image_plot", "plot", 20),
        ]
        for level in ("track", "film")
        for number, measure in enumerate(MEASURES)
    ]
    return pd.DataFrame(rows)[tables.RETRIEVAL_SCORES.names]


def make_scenes():
    measures = ("recall_1", "recall_5", "recall_10", "median_rank", "reciprocal_rank")
    rows = [
        (asked, pool, measure, 0.25, 0.1, 0.5, 0.2, 0.21, 0.04, 17)
        for asked in ("scene", "film")
        for pool in ("all", "album")
        for measure in (*measures, "mean_percentile")
    ]
    return pd.DataFrame(rows, columns=tables.RETRIEVAL_SCENE_SCORES.names)


@pytest.fixture
def found(tmp_path):
    """The files that the stage leaves."""
    for name, frame, table in (
        ("films.tsv", FILMS, tables.RETRIEVAL_FILMS),
        ("scores.tsv", make_scores(), tables.RETRIEVAL_SCORES),
        ("scenes.tsv", make_scenes(), tables.RETRIEVAL_SCENE_SCORES),
    ):
        tables.write_table(frame, tmp_path / name, table)
    for name in ("recall", "ablation", "curves", "scenes"):
        (tmp_path / f"{name}.svg").write_text(SVG + "</svg>")
    (tmp_path / "searches.html").write_text("<p>")
    return {path.name: path for path in tmp_path.iterdir()}


def block(found, tmp_path):
    return retrieval.retrieval_block(found, tmp_path.parent / "report.html")


def test_the_rows_tell_what_the_table_tells(found, tmp_path):
    made = block(found, tmp_path)
    assert [row["title"] for row in made["rows"]] == ["Image", "Plot", "Image and plot"]
    cell = made["rows"][1]["cells"]["recall_10"]
    expected = {"value": 0.2 + 0.002, "low": 0.1, "high": 31.0, "p": 0.25, "best": True}
    assert cell == pytest.approx(expected)
    assert made["chance"]["median_rank"] == 25
    assert made["chance"]["recall_1"] == 0.125


def test_the_model_that_is_quoted_is_not_chosen_by_its_figures(found, tmp_path):
    """Plot is the best on these films, but the model that sees most answers searches."""
    assert block(found, tmp_path)["searching"]["configuration"] == "image_plot"
    page = tmp_path.parent / "report.html"
    named = retrieval.retrieval_block(found, page, "image")["searching"]
    assert named["cells"]["recall_10"]["value"] == pytest.approx(0.122)


def test_few_ranks_and_much_recall_are_best_and_less_than_all_is_not_in_the_table(found, tmp_path):
    for measure in (*retrieval.MEASURES, "median_rank"):
        best = [
            row["configuration"]
            for row in block(found, tmp_path)["rows"]
            if row["cells"][measure]["best"]
        ]
        assert best == ["plot"], measure


def test_films_are_counted_by_their_part(found, tmp_path):
    made = block(found, tmp_path)
    assert made["films"] == {"training": 2, "validation": 1, "test": 2, "left_out": 1}
    assert made["tracks"] == 7
    assert made["left_out"] == [{"film_id": "f", "problem": "no picture, no plot"}]


def test_scenes_have_a_row_for_each_question_and_pool(found, tmp_path):
    rows = block(found, tmp_path)["scenes"]
    asked = [("scene", "all"), ("scene", "album"), ("film", "all"), ("film", "album")]
    assert [(row["asked"], row["pool"]) for row in rows] == asked
    assert rows[0]["scenes"] == 17
    assert rows[0]["cells"]["mean_percentile"]["chance"] == 0.2


def test_searches_are_linked_from_where_the_report_stands(found, tmp_path):
    assert block(found, tmp_path)["searches"] == f"{tmp_path.name}/searches.html"


def test_what_is_not_there_is_not_shown(found, tmp_path):
    for name in ("scenes.tsv", "scenes.svg", "searches.html"):
        del found[name]
    made = block(found, tmp_path)
    assert made["scenes"] == []
    assert made["searches"] is None
    assert retrieval.retrieval_block({}, tmp_path / "report.html") is None
