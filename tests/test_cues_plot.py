"""SVG timeline of the cues of a film."""

import re

import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.cues import plot
from tests.album_tables import titled_tracks
from tests.cue_tables import FILMS, cue_table

PREDICTED, TRUE = FILMS[0][1:]
NAMES = {name: name for name in ("chase", "love", "theme")}


def height_pt(svg: str) -> float:
    return float(re.search(r'height="([\d.]+)pt"', svg).group(1))


def draw(tmp_path, cues, truth, names=NAMES) -> str:
    plot.draw_timeline(cues, truth, "The Film", 130.0, names, tmp_path / "line.svg")
    return (tmp_path / "line.svg").read_text()


def test_timeline_shows_tracks_times_and_true_cues(tmp_path):
    svg = draw(tmp_path, PREDICTED, TRUE)
    for text in ("The Film: 2 of 3 tracks found, 5 cues", "theme", "chase", "1:30", "truth"):
        assert f">{text}<" in svg
    assert ">runs at 1.0000 times the speed of its album<" in svg
    assert ">music of no album track<" in svg
    assert "other/x" not in svg  # the source of a decoy has no row


def test_timeline_without_truth_has_no_truth_row(tmp_path):
    svg = draw(tmp_path, PREDICTED, None)
    assert ">truth<" not in svg
    assert ">music of no album track<" not in svg


def test_timeline_without_cues_shows_a_message(tmp_path):
    svg = draw(tmp_path, PREDICTED[:0], None)
    assert ">no track of the album was found<" in svg
    assert "confidence" not in svg
    assert "runs at" not in svg


def test_timeline_shows_unknown_music_in_the_row_of_music_on_no_album(tmp_path):
    rows = [("a", 70.0, 90.0, 0.9), ("a", 122.0, 130.0, 0.8)]
    unknown = pd.DataFrame(rows, columns=tables.UNKNOWN_MUSIC.names)
    path = tmp_path / "line.svg"
    plot.draw_timeline(PREDICTED, None, "The Film", 130.0, NAMES, path, unknown)
    svg = path.read_text()
    assert ">(not on the album)<" in svg
    assert ">other music, detected<" in svg
    assert svg.count(f"fill: {plot.UNKNOWN['color']}") == 3  # two bars and the legend
    plot.draw_timeline(PREDICTED, None, "The Film", 130.0, NAMES, path, unknown[:0])
    assert path.read_text() == draw(tmp_path, PREDICTED, None)


def test_timeline_is_byte_identical_when_redrawn(tmp_path):
    assert draw(tmp_path, PREDICTED, TRUE) == draw(tmp_path, PREDICTED, TRUE)


@pytest.mark.parametrize("tracks", [0, 1, 30])
def test_timeline_height_grows_with_the_number_of_tracks(tmp_path, tracks):
    rows = [(f"track_{k:02d}", 4.0 * k, 4.0 * k + 3, 0.0) for k in range(tracks)]
    names = {item: item for item, *_ in rows}
    svg = draw(tmp_path, cue_table("f", *rows), None, names)
    assert f">The Film: {tracks} of {tracks} tracks found, {tracks} cues<" in svg
    assert all(f">track_{k:02d}<" in svg for k in range(tracks))
    assert height_pt(svg) == pytest.approx(72 * (1.1 + 0.24 * max(2, tracks)))


def test_higher_confidence_has_a_darker_colour():
    light, dark = plot.SHADES([0.2, 0.9])[:, :3].sum(axis=1)
    assert dark < light


def test_plot_cues_reads_the_tables_and_writes_an_svg(tmp_path):
    row = {"film_id": "a", "status": "ok", "problems": "", "notes": "", "duration_s": 130.0}
    row |= {"has_picture": True, "frame_rate_hz": 25.0, "tracks": 7}
    row |= {"video_sha256": "ab", "video_bytes": 9}
    contracts = {"status": tables.STATUS, "cues": tables.CUES, "truth": tables.TRUTH}
    contracts["tracks"] = tables.TRACKS
    long_title = "A Theme of a Title that is Longer than a Row has Room"
    rows = [
        (long_title, "Jo Field", "", 1, 1),
        ("Unheard", "", "", 1, 2),
        ("Chase & Co. <$1>", "", "Ann Other", 1, 3),
    ]
    tracks = titled_tracks("a", *rows).assign(track_id=["theme", "love", "chase"])
    frames = {"status": pd.DataFrame([row]), "cues": PREDICTED, "truth": TRUE, "tracks": tracks}
    paths = {name: tmp_path / f"{name}.tsv" for name in contracts}
    for name, contract in contracts.items():
        tables.write_table(frames[name], paths[name], contract)
    plot.plot_cues("A Film", path=tmp_path / "line.svg", **paths)
    music = {"film_id": "a", "time_s": np.arange(130.0), "speech": 0.0, "singing": 0.0}
    music["music"] = np.where(np.arange(130) < 10, 0.9, 0.1)
    tables.write_table(pd.DataFrame(music), tmp_path / "a.parquet", tables.MUSIC)
    unknown = {"music_threshold": 0.5, "min_unknown_s": 5, "cue_margin_s": 0}
    more = {"music": tmp_path / "a.parquet", "unknown": unknown}
    plot.plot_cues("A Film", path=tmp_path / "more.svg", **paths, **more)
    assert ">other music, detected<" in (tmp_path / "more.svg").read_text()
    svg = (tmp_path / "line.svg").read_text()
    assert ">A Film: 2 of 3 tracks found, 5 cues<" in svg
    names = [">A Theme of a Title that is Longer than a Ro…<"]
    names.append(">Chase &amp; Co. &lt;$1&gt; - Ann Other<")
    assert all(name in svg for name in names)
    # Rows are in album order, and tracks without a cue are omitted.
    assert svg.index(names[0]) < svg.index(names[1])
    assert "Unheard" not in svg
