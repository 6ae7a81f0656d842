"""What the report says of the tagger."""

import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.report import tagger
from scorelens.tagger import score
from tests.report_run import SVG
from tests.tagger_tables import make_labels, make_tables


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Scores and verdicts of a good and a poor model, as files."""
    folder = tmp_path_factory.mktemp("tagger")
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
    outputs = [folder / f"{name}.tsv" for name in ("scores", "confusions", "verdicts")]
    score.score(**paths, tops=[1, 2], samples=50, permutations=50, seed=0,
                scores=outputs[0], confusions=outputs[1], verdicts=outputs[2])  # fmt: skip
    (folder / "ranking.svg").write_text(SVG + "</svg>")
    return folder


def titles(folder):
    """Of all tracks, by film and id."""
    table = tables.read_table(folder / "verdicts.tsv", tables.TAGGER_VERDICTS)
    found = {}
    for film, track in zip(table.film_id, table.track_id, strict=True):
        found.setdefault(film, {})[track] = f"{track} of {film}"
    return found


def block(folder):
    return tagger.tagger_block(
        {name: folder / name for name in ("scores.tsv", "verdicts.tsv", "ranking.svg")},
        titles(folder),
        {"mine": folder / "results/tagger/libraries/mine.html"},
        "film",
        folder / "results/report.html",
    )


def test_the_rows_tell_what_the_tables_tell(made):
    found = block(made)
    assert found["best"]["model"] == "mel_cnn"
    assert found["tops"] == [1, 2]
    scores = tables.read_table(made / "scores.tsv", tables.TAGGER_SCORES)
    row = {one["model"]: one for one in found["rows"]}["cnn"]
    own = scores[(scores.model == "cnn") & (scores.level == "track")]
    coverage = own[own.measure == "coverage_error"].iloc[0]
    cell = row["cells"]["coverage_error"]
    assert cell.pop("gain") == (coverage.gain, coverage.gain_low, coverage.gain_high)
    assert cell == {
        "value": coverage.value, "low": coverage.low, "high": coverage.high, "p": coverage.p,
        "best": False,
    }  # fmt: skip
    weighted = own[(own.measure == "f1") & (own.genre == "weighted") & (own.top == 2)].iloc[0]
    assert row["cells"]["f1 2"]["value"] == weighted.value
    verdicts = tables.read_table(made / "verdicts.tsv", tables.TAGGER_VERDICTS)
    assert sum(row["verdicts"].values()) == (verdicts.model == "cnn").sum()
    assert found["random"]["verdicts"] is None
    assert found["random"]["cells"]["coverage_error"]["p"] is None


def test_little_coverage_error_and_much_of_all_else_is_best(made):
    for name in ("coverage_error", "label_ranking_average_precision", "f1 1"):
        best = [row["model"] for row in block(made)["rows"] if row["cells"][name]["best"]]
        assert best == ["mel_cnn"]


def test_libraries_are_linked_from_where_the_report_stands(made):
    assert block(made)["libraries"] == {"mine": "tagger/libraries/mine.html"}


def test_examples_are_spread_over_all_tracks():
    verdicts = pd.DataFrame({"track_id": np.arange(23), "verdict": ["right"] * 20 + ["wrong"] * 3})
    named = {"f": {track: f"Title {track}" for track in range(23)}}
    found = tagger.examples(verdicts.assign(film_id="f"), named)
    assert [row["title"] for row in found["wrong"]] == ["Title 20", "Title 21", "Title 22"]
    assert [row["track_id"] for row in found["right"]] == [0, 4, 8, 12, 16]
    assert [row["track_id"] for row in found["wrong"]] == [20, 21, 22]
    assert found["partly"] == []


def test_without_a_tagger_there_is_no_block(made):
    assert tagger.tagger_block({}, {}, {}, "film", made / "report.html") is None
