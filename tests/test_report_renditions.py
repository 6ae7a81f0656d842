"""The report's section on other renditions."""

import pandas as pd
import pytest

from scorelens import tables
from scorelens.cues.report import renditions_section
from scorelens.sections import Run
from tests.report_run import Page, make_run, path_of

ROW = (150.0, 210.0, 12.0, -3, 1.12, 60.0, 0.96)


@pytest.fixture
def inputs(tmp_path):
    """Arguments of a run with a rendition in its first film, and none in the others."""
    inputs = make_run(tmp_path, count=3)
    tracks = tables.read_table(path_of(inputs, "corpus/tracks.tsv"), tables.TRACKS)
    results = path_of(inputs, "corpus/films.tsv").parent.parent
    for number, (film, rows) in enumerate(tracks.groupby("film_id")):
        found = [(film, "rendition_0001", rows.track_id.iloc[0], *ROW)][: number == 0]
        frame = tables.as_typed(
            pd.DataFrame(found, columns=tables.RENDITIONS.names), tables.RENDITIONS
        )
        path = results / "cues" / "renditions" / f"{film}.parquet"
        tables.write_table(frame, path, tables.RENDITIONS)
        inputs["files"] = [*inputs["files"], path]
    inputs["config"]["cues"] = {"renditions": {"enabled": True, "min_confidence": 0.9}}
    return {"results": results, "files": inputs["files"], "config": inputs["config"]}


def test_section_lists_renditions_of_all_films(inputs):
    section = renditions_section(Run(**inputs))
    rows = Page(str(section.body)).table("Film", "From", "To")
    assert len(rows) == 1
    shown = {name: rows[0][name] for name in ("From", "To", "At", "Key", "Tempo", "Confidence")}
    assert shown == {
        "From": "2:30",
        "To": "3:30",
        "At": "0:12",
        "Key": "-3",
        "Tempo": "1.12",
        "Confidence": "0.96",
    }
    assert "Confidence 0.9 or more" in section.body


def test_run_without_renditions_has_no_section(inputs):
    files = [path for path in inputs["files"] if path.parent.name != "renditions"]
    assert renditions_section(Run(**inputs | {"files": files})) is None
