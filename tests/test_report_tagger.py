"""The report's section on the tagger."""

import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.sections import Run
from scorelens.tagger import score
from scorelens.tagger.report import section
from tests.album_tables import write_tracks
from tests.report_run import SVG, Page
from tests.tagger_tables import make_labels, make_tables

FIGURES = ("ranking", "genres", "confusions", "profiles")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Result files of a model with accurate and one with poor predictions."""
    results = tmp_path_factory.mktemp("results")
    folder = results / "tagger"
    folder.mkdir()
    actual = make_labels(8, genres=5)
    paths = {"tiles": {}, "tracks": {}}
    for model, skill in {"cnn": 0.1, "mel_cnn": 2.0}.items():
        of_tiles, of_tracks = make_tables(actual, tracks=5, tiles=4, skill=skill)
        for kind, table, contract in (
            ("tiles", of_tiles, tables.TAGGER_TILES),
            ("tracks", of_tracks, tables.TAGGER_TRACKS),
        ):
            paths[kind][model] = folder / kind / f"{model}.parquet"
            tables.write_table(table[contract.names], paths[kind][model], contract)
    outputs = [folder / f"{name}.tsv" for name in ("scores", "confusions", "outcomes")]
    score.score(**paths, tops=[1, 2], samples=50, permutations=50, seed=0,
                scores=outputs[0], confusions=outputs[1], outcomes=outputs[2])  # fmt: skip
    for name in FIGURES:
        (folder / f"{name}.svg").write_text(SVG + "</svg>")
    outcomes = tables.read_table(folder / "outcomes.tsv", tables.TAGGER_OUTCOMES)
    pairs = outcomes[["film_id", "track_id"]].drop_duplicates().itertuples(index=False)
    write_tracks(
        [(*pair, f"album/{pair.track_id}.flac", 60.0, 44100) for pair in pairs],
        results / "corpus" / "tracks.tsv",
    )
    return results


@pytest.fixture
def rows(results):
    scores = tables.read_table(results / "tagger/scores.tsv", tables.TAGGER_SCORES)
    outcomes = tables.read_table(results / "tagger/outcomes.tsv", tables.TAGGER_OUTCOMES)
    return section.score_rows(scores, outcomes)


def test_score_rows_match_the_scores(results, rows):
    assert section.best_row(rows)["model"] == "mel_cnn"
    scores = tables.read_table(results / "tagger/scores.tsv", tables.TAGGER_SCORES)
    row = next(row for row in rows if row["model"] == "cnn")
    cnn = scores[(scores.model == "cnn") & (scores.level == "track")]
    coverage = cnn[cnn.measure == "coverage_error"].iloc[0]
    cell = row["cells"]["coverage_error"]
    assert cell.pop("gain") == (coverage.gain, coverage.gain_low, coverage.gain_high)
    assert cell == {
        "value": coverage.value, "low": coverage.low, "high": coverage.high, "p": coverage.p,
        "best": False,
    }  # fmt: skip
    weighted = cnn[(cnn.measure == "f1") & (cnn.genre == "weighted") & (cnn.top == 2)].iloc[0]
    assert row["cells"]["f1 2"]["value"] == weighted.value
    outcomes = tables.read_table(results / "tagger/outcomes.tsv", tables.TAGGER_OUTCOMES)
    assert sum(row["outcomes"].values()) == (outcomes.model == "cnn").sum()
    (random,) = [row for row in rows if not row["outcomes"]]
    assert random["cells"]["coverage_error"]["p"] is None


def test_low_coverage_error_and_high_other_scores_are_marked_best(rows):
    for name in ("coverage_error", "label_ranking_average_precision", "f1 1"):
        best = [row["model"] for row in rows if row["cells"][name]["best"]]
        assert best == ["mel_cnn"]


def test_section_lists_models_and_links_libraries(results):
    library = results / "tagger/libraries/mine.html"
    files = [*results.rglob("*.tsv"), *results.rglob("*.svg"), library]
    run = Run(results, files, {"tagger": {"split": "film"}})
    page = Page(section.tagger_section(run).body)
    table = page.table("Tagger", "Coverage error")
    assert {"F1 of 1", "F1 of 2", "Right", "Partly", "Wrong"} <= set(table[0])
    assert len(table) == 3
    assert page.values("href") == ["tagger/libraries/mine.html"]
    examples = page.table("Tags are", "Film", "Track")
    assert 0 < len(examples) <= 3 * section.EXAMPLES


def test_examples_are_spread_over_all_tracks():
    outcomes = pd.DataFrame({"track_id": np.arange(23), "outcome": ["right"] * 20 + ["wrong"] * 3})
    titles = {"f": {track: f"Title {track}" for track in range(23)}}
    selected = section.examples(outcomes.assign(film_id="f"), titles)
    assert [row["title"] for row in selected["wrong"]] == ["Title 20", "Title 21", "Title 22"]
    assert [row["track_id"] for row in selected["right"]] == [0, 4, 8, 12, 16]
    assert [row["track_id"] for row in selected["wrong"]] == [20, 21, 22]
    assert selected["partly"] == []


def test_section_is_none_without_results(tmp_path):
    assert section.tagger_section(Run(tmp_path, [], {})) is None
