"""The report's section on music, speech and singing, and unknown music in the film overview."""

import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.cues import film_overview
from scorelens.cues.plot import UNKNOWN
from scorelens.music.report.section import MAX_SPANS, unknown_rows
from tests.report_run import make_run, make_visuals, path_of, render, section_of, without

SPANS = pd.DataFrame(
    [("film_00", 5.0, 25.0, 0.875), ("film_00", 61.0, 71.0, 0.75), ("film_02", 0.0, 6.0, 0.5)],
    columns=tables.UNKNOWN_MUSIC.names,
)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A run with the tables of the music."""
    folder = tmp_path_factory.mktemp("report")
    inputs = make_run(folder, count=3)
    films = tables.read_table(path_of(inputs, "corpus/films.tsv"), tables.FILMS).film_id
    rows = [(film, 100, 0.5, 0.25, 0.3, 2, 0.9, 0.4, 0.0, None) for film in films]
    shares = pd.DataFrame(rows, columns=tables.MUSIC_SHARES.names)
    for name, frame, schema in (
        ("films", shares, tables.MUSIC_SHARES),
        ("unknown", SPANS, tables.UNKNOWN_MUSIC),
    ):
        path = path_of(inputs, "corpus/films.tsv").parent.parent / "music" / f"{name}.tsv"
        tables.write_table(frame, path, schema)
        inputs["files"] = [*inputs["files"], path]
    inputs["config"]["music"] = {"music_threshold": 0.5, "min_unknown_s": 5}
    return folder, inputs


def test_section_lists_shares_and_stretches_of_unknown_music(inputs):
    _, text, page = render(*inputs)
    rows = page.table("Film", "Music", "Of the album")
    assert len(rows) == 3
    assert (rows[0]["Music"], rows[0]["Unknown"], rows[0]["Detected"]) == ("0.50", "0.30", "0.90")
    section = section_of(text, "music")
    assert "0:30 in 2 stretches" in section
    assert "0:06 in 1 stretch<" in section
    assert "<td>0:05</td><td>0:25</td><td>20</td><td>0.88</td>" in section
    assert "no cue covers" in section_of(text, "film_map")


def test_report_without_the_detector_has_no_section(inputs):
    folder, complete = inputs
    _, text, _ = render(folder, without(complete, "/music/"))
    assert '<section id="music">' not in text
    assert "no cue covers" not in section_of(text, "film_map")


def test_longest_stretches_are_listed_in_order_of_time():
    lengths = [*range(MAX_SPANS, 0, -1), 30, 40]
    rows = [("f", 100.0 * k, 100.0 * k + length, 0.9) for k, length in enumerate(lengths)]
    unknown = pd.DataFrame(rows, columns=tables.UNKNOWN_MUSIC.names)
    (film,) = unknown_rows(unknown, pd.Series({"f": "F"}))
    assert (film["count"], film["length_s"]) == (len(lengths), sum(lengths))
    starts = [span["start_s"] for span in film["spans"]]
    assert starts == [100.0 * k for k, length in enumerate(lengths) if length > 2]


def test_overview_draws_unknown_music_in_grey(inputs):
    cues = tables.read_table(path_of(inputs[1], "cues/films/film_00.parquet"), tables.CUES)
    titles = {track: track for track in cues.track_id}
    visuals = make_visuals("film_00", np.random.default_rng(0))
    grey = f"fill: {UNKNOWN['color']}".encode()
    plain, drawn = (
        film_overview.draw_overview(cues, None, visuals, 100.0, titles, unknown)
        for unknown in (None, SPANS[:2])
    )
    assert grey not in plain
    assert drawn.count(grey) >= 1
