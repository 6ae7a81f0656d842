"""The report's section on retrieval."""

import pandas as pd
import pytest

from scorelens import tables
from scorelens.retrieval.report import section
from scorelens.sections import Run
from tests.report_run import SVG, Page

FILMS = pd.DataFrame(
    [
        ("a", "A", 2001, "a", "training", 3, 9, 2, ("love",), None),
        ("b", "B", 2002, "b", "training", 3, 9, 2, ("love",), None),
        ("c", "C", 2022, "c", "validation", 3, 9, 2, ("love",), None),
        ("d", "D", 2023, "d", "test", 2, 6, 2, ("love",), None),
        ("e", "E", 2024, "e", "test", 5, 9, 2, ("love",), None),
        ("f", "F", 2024, "f", "left_out", 0, 0, 0, (), "no picture, no plot"),
    ],
    columns=tables.RETRIEVAL_FILMS.names,
)
MEASURES = (*section.MEASURES, section.MEDIAN, "reciprocal_rank")


def make_scores():
    """Scores in which plot has higher recall and a smaller median rank than image."""
    rows = [
        {
            "configuration": configuration,
            "seen": query,
            "level": level,
            "measure": measure,
            "value": (30 - quality if measure == "median_rank" else 0.1 + quality / 50)
            + number / 1000,
            "low": 0.1,
            "high": 31.0,
            "chance": 25.0 if measure == "median_rank" else 0.125,
            "permuted": 0.11,
            "p": 0.25,
        }
        for configuration, query, quality in [
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
        (query, pool, measure, 0.25, 0.1, 0.5, 0.2, 0.21, 0.04, 17)
        for query in ("scene", "film")
        for pool in ("all", "album")
        for measure in (*measures, "mean_percentile")
    ]
    return pd.DataFrame(rows, columns=tables.RETRIEVAL_SCENE_SCORES.names)


@pytest.fixture
def files(tmp_path):
    """Result files of the retrieval stage."""
    folder = tmp_path / "retrieval"
    folder.mkdir()
    for name, frame, table in (
        ("films.tsv", FILMS, tables.RETRIEVAL_FILMS),
        ("scores.tsv", make_scores(), tables.RETRIEVAL_SCORES),
        ("scenes.tsv", make_scenes(), tables.RETRIEVAL_SCENE_SCORES),
    ):
        tables.write_table(frame, folder / name, table)
    for name in ("recall", "ablation", "curves", "scenes"):
        (folder / f"{name}.svg").write_text(SVG + "</svg>")
    (folder / "searches.html").write_text("<p>")
    return list(folder.iterdir())


def page_of(files, configuration=""):
    config = {"retrieval": {"search": {"configuration": configuration}}}
    results = files[0].parent.parent
    return Page(section.retrieval_section(Run(results, files, config)).body)


@pytest.fixture
def rows():
    return section.score_rows(section.full_queries(make_scores()))


def test_score_rows_match_the_scores(rows):
    assert [row["title"] for row in rows] == ["Image", "Plot", "Image and plot"]
    expected = {"value": 0.2 + 0.002, "low": 0.1, "high": 31.0, "p": 0.25, "best": True}
    assert rows[1]["cells"]["recall_10"] == pytest.approx(expected)


def test_low_ranks_and_high_recalls_of_full_queries_are_marked_best(rows):
    for measure in (*section.MEASURES, "median_rank"):
        best = [row["configuration"] for row in rows if row["cells"][measure]["best"]]
        assert best == ["plot"], measure


def test_score_table_lists_models_and_chance(files):
    table = page_of(files).table("Query", "R@1")
    assert [row["Query"] for row in table] == ["Image", "Plot", "Image and plot", "Chance"]
    assert table[1]["R@10"] == "0.200.10–31.00p 0.250"
    assert (table[3]["R@1"], table[3]["Median rank"]) == ("0.12", "25")


def lead_text(page):
    return " ".join("".join(page.text).split())[:250]


def test_lead_quotes_the_search_model_not_the_best_score(files):
    """Plot scores best; the search model is by default the one with most inputs."""
    assert "(Image and plot) ranks 16% of" in lead_text(page_of(files))
    assert "(Image) ranks 12% of" in lead_text(page_of(files, "image"))


def test_section_counts_films_of_each_split_part(files):
    page = page_of(files)
    text = " ".join("".join(page.text).split())
    assert "among the first ten of 7" in text
    assert "on 2 earlier films, with early stopping on 1, and tested on 2 later ones" in text
    assert "f: no picture, no plot" in text


def test_scenes_have_a_row_for_each_query_and_pool():
    rows = section.scene_rows(make_scenes())
    queries = [("scene", "all"), ("scene", "album"), ("film", "all"), ("film", "album")]
    assert [(row["asked"], row["pool"]) for row in rows] == queries
    assert rows[0]["scenes"] == 17
    assert rows[0]["cells"]["mean_percentile"]["chance"] == 0.2


def test_search_page_link_is_relative_to_the_report(files):
    page = page_of(files)
    assert page.values("href") == ["retrieval/searches.html"]
    assert len(page.table("Query with the")) == 4


def test_missing_results_are_not_shown(files, tmp_path):
    missing = ("scenes.tsv", "scenes.svg", "searches.html")
    page = page_of([path for path in files if path.name not in missing])
    assert page.values("href") == []
    assert len(page.tables) == 1
    assert section.retrieval_section(Run(tmp_path, [], {})) is None
