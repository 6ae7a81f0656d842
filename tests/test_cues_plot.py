"""The timeline of a film."""

import re

import pandas as pd
import pytest

from scorelens import tables
from scorelens.cues import plot
from tests.test_cues_score import FILMS, cue_table

FOUND, TRUE = FILMS[0][1:]


def height_pt(svg: str) -> float:
    return float(re.search(r'height="([\d.]+)pt"', svg).group(1))


def draw(tmp_path, cues, truth, tracks=3) -> str:
    plot.draw_timeline(cues, truth, "The Film", 130.0, tracks, tmp_path / "line.svg")
    return (tmp_path / "line.svg").read_text()


def test_tracks_times_and_truth_are_on_the_picture(tmp_path):
    svg = draw(tmp_path, FOUND, TRUE)
    for text in ("The Film: 2 of 3 tracks found, 5 cues", "theme", "chase", "1:30", "truth"):
        assert f">{text}<" in svg
    assert ">runs at 1.0000 times the speed of its album<" in svg
    assert ">music of no album track<" in svg
    assert "other/x" not in svg  # a decoy's source is no row of its own


def test_without_truth_nothing_is_said_of_it(tmp_path):
    svg = draw(tmp_path, FOUND, None)
    assert ">truth<" not in svg
    assert ">music of no album track<" not in svg


def test_a_film_without_cues_says_so(tmp_path):
    svg = draw(tmp_path, FOUND[:0], None)
    assert ">no track of the album was found<" in svg
    assert "confidence" not in svg
    assert "runs at" not in svg


def test_the_same_cues_give_the_same_bytes(tmp_path):
    assert draw(tmp_path, FOUND, TRUE) == draw(tmp_path, FOUND, TRUE)


@pytest.mark.parametrize("tracks", [0, 1, 30])
def test_any_number_of_tracks_fits(tmp_path, tracks):
    rows = [(f"track_{k:02d}", 4.0 * k, 4.0 * k + 3, 0.0) for k in range(tracks)]
    svg = draw(tmp_path, cue_table("f", *rows), None, tracks)
    assert f">The Film: {tracks} of {tracks} tracks found, {tracks} cues<" in svg
    assert all(f">track_{k:02d}<" in svg for k in range(tracks))
    assert height_pt(svg) == pytest.approx(72 * (1.1 + 0.24 * max(2, tracks)))


def test_a_surer_cue_is_darker():
    light, dark = plot.SHADES([0.2, 0.9])[:, :3].sum(axis=1)
    assert dark < light


def test_the_tables_of_a_film_become_its_timeline(tmp_path):
    row = {"film_id": "a", "status": "ok", "problems": "", "notes": "", "duration_s": 130.0}
    row |= {"has_picture": True, "tracks": 7, "video_sha256": "ab", "video_bytes": 9}
    contracts = {"status": tables.STATUS, "cues": tables.CUES, "truth": tables.TRUTH}
    frames = {"status": pd.DataFrame([row]), "cues": FOUND, "truth": TRUE}
    paths = {name: tmp_path / f"{name}.tsv" for name in contracts}
    for name, contract in contracts.items():
        tables.write_table(frames[name], paths[name], contract)
    plot.plot_cues("A Film", path=tmp_path / "line.svg", **paths)
    assert ">A Film: 2 of 7 tracks found, 5 cues<" in (tmp_path / "line.svg").read_text()
