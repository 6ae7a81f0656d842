"""Tests of what the pages of the desk are given, and of what they are made of."""

import base64
import hashlib
import json
import re

import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.cues.corrections import COLUMNS
from scorelens.desk import addresses, film_data, film_page, index_data, preview, series
from scorelens.desk.assets import copying
from scorelens.desk.pages import html
from scorelens.errors import InputError
from scorelens.media import probe
from tests.cue_tables import cue_table, truth_table
from tests.desk_pages import (
    CUES,
    EVIL,
    SECONDS,
    UNKNOWN,
    VIDEO,
    write_film,
    write_index,
    write_tables,
    write_video,
)

MUSIC_SPAN = [float(SECONDS - 3), float(SECONDS)]


def collected(folder, given=()):
    values = {"film_id": "night", "title": EVIL, "year": None, "genres": ("Drama",)}
    values |= {"video": str(folder / VIDEO), "is_preview": False}
    return film_page.collect_film(values, write_tables(folder), given, UNKNOWN, folder / "desk")


def texts_of(value):
    """All texts in plain values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_of(item)


def test_vendored_files_have_the_listed_hashes_and_a_licence():
    listed = (copying.ASSETS / "SHA256SUMS").read_text().splitlines()
    hashes = {name: digest for digest, name in map(str.split, listed)}
    vendored = {path.name for path in copying.ASSETS.glob("uPlot*")}
    assert set(hashes) == vendored == {"uPlot.iife.min.js", "uPlot.min.css", "uPlot.LICENSE"}
    for name, digest in hashes.items():
        assert hashlib.sha256((copying.ASSETS / name).read_bytes()).hexdigest() == digest, name
    assert "MIT License" in (copying.ASSETS / "uPlot.LICENSE").read_text()


def test_scripts_never_write_markup_or_run_text():
    for path in [*copying.ASSETS.glob("*.js")]:
        if not path.name.startswith("uPlot"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function", text
            ), path.name


def test_policy_allows_only_files_and_no_inline_script():
    rules = dict(rule.split(" ", 1) for rule in html.POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert set(rules) == {
        "default-src",
        "script-src",
        "style-src",
        "img-src",
        "media-src",
        "base-uri",
        "form-action",
    }
    assert "unsafe" not in html.POLICY
    assert "http" not in html.POLICY
    assert rules["script-src"] == "'self' file:"


@pytest.mark.parametrize("name", ['It\'s "100%" #1?.mp4', "映画; a b.mkv", "a&b=<c>.mp4"])
def test_addresses_have_no_letter_with_a_meaning_in_a_url(name, tmp_path, monkeypatch):
    from urllib.parse import unquote, urlsplit

    monkeypatch.chdir(tmp_path)
    for path, expected in ((f"films/{name}", f"../../films/{name}"), (f"/x/{name}", f"/x/{name}")):
        parts = urlsplit(addresses.media_address(path, "results/desk"))
        assert (unquote(parts.path), parts.query, parts.fragment) == (expected, "", "")
        assert re.fullmatch(r"[\w.~%/:-]+", parts.geturl(), re.ASCII)


def test_series_decode_to_the_values_within_half_a_step():
    values = np.random.default_rng(1).uniform(-70, 5, 300)
    values[7] = np.nan
    coded = series.encode_series(np.arange(300), values, 301, -60.0, 0.0)
    codes = np.frombuffer(base64.b64decode(coded["bytes"]), np.uint8).astype(float)
    decoded = np.where(codes == 0, np.nan, -60 + (codes - 1) * 60 / 254)
    expected = np.append(np.clip(values, -60, 0), np.nan)
    np.testing.assert_allclose(decoded, expected, atol=60 / 254 / 2 + 1e-9)


def test_film_data_holds_cues_tracks_shots_and_unknown_music(tmp_path):
    data = collected(tmp_path)
    assert [cue["confidence"] for cue in data["cues"]] == [0.97, 0.83, 0.61]
    assert data["cues"][1] == {
        **{"id": "cue_0001", "track": "chase", "start": 7.0, "end": 12.0, "at": 0.0},
        **{"speed": 1.25, "pitch": 0.0, "confidence": 0.83},
    }
    assert data["tracks"]["theme"]["title"] == "Main " + EVIL
    assert data["shots"] == [0, 5, 10, 15, 20]
    assert data["unknown"][-1] == MUSIC_SPAN
    assert set(data["series"]) == {"brightness", "music", "speech"}
    assert (data["film"]["length"], data["film"]["name"]) == (SECONDS, VIDEO)
    assert (data["references"], data["keys"], data["genres"], data["given"]) == ([], [], None, [])


def test_truth_and_annotations_are_references_with_empty_track_for_foreign_music():
    truth = truth_table(
        "night", ("theme", 2.0, 8.0, 1.5, 0, False), ("other/x", 9.0, 10.0, 0.0, 0, True)
    )
    marked = pd.DataFrame(
        {
            "film_id": "night",
            "annotator": ["zoe", "al"],
            "film_start_s": [1.0, 2.0],
            "film_end_s": [3.0, 4.0],
            "track_id": [None, "theme"],
            "off_album": [True, False],
        }
    )
    assert film_data.reference_rows(truth, marked) == [
        {"name": "truth", "spans": [[2.0, 8.0, "theme"], [9.0, 10.0, ""]]},
        {"name": "al", "spans": [[2.0, 4.0, "theme"]]},
        {"name": "zoe", "spans": [[1.0, 3.0, ""]]},
    ]


def test_keys_of_triads_are_named_and_joined_within_a_cue():
    chroma = np.zeros((35, 12))
    chroma[:20, [0, 4, 7]] = 1  # C major
    chroma[20:, [9, 0, 4]] = 1  # A minor
    features = pd.DataFrame(chroma, columns=list(film_data.CHROMA))
    features = features.assign(cue_id="cue_0000", time_s=np.arange(35.0))
    assert film_data.key_spans(features) == [[0.0, 20.0, "C major"], [20.0, 35.0, "A minor"]]


def test_genre_probabilities_follow_their_cues():
    cues = cue_table("night", ("theme", 2.0, 8.0, 0.0), ("love", 9.0, 11.0, 0.0))
    rows = [
        ("cue_0001", "Drama", 0.2),
        ("cue_0001", "Action", 0.7),
        ("cue_0000", "Drama", 0.9),
        ("cue_0000", "Action", 0.1),
    ]
    predictions = pd.DataFrame(rows, columns=["cue_id", "genre", "probability"])
    assert film_data.genre_spans(cues, predictions) == {
        "names": ["Action", "Drama"],
        "spans": [[2.0, 8.0, [0.1, 0.9]], [9.0, 11.0, [0.7, 0.2]]],
    }


def test_index_row_sums_up_a_film():
    film = {
        "film_id": "night",
        "title": EVIL,
        "year": None,
        "genres": ("Drama",),
        "duration_s": 80.0,
    }
    cues = cue_table("night", ("theme", 0.0, 20.0, 0.0), ("love", 10.0, 40.0, 0.0))
    unknown = pd.DataFrame({"start_s": [60.0], "end_s": [80.0]})
    row = index_data.film_row(film | {"tracks": 4}, 2, "", cues, unknown)
    assert (row["music"], row["played"], row["tracks"], row["unknown"], row["least"]) == (
        0.5,
        2,
        4,
        20.0,
        0.9,
    )
    line, other = (list(base64.b64decode(row[name])) for name in ("line", "otherLine"))
    assert line == [63] * 40 + [0] * 40
    assert other == [0] * 60 + [63] * 20


def test_index_row_without_cues_has_no_confidence_and_no_line():
    film = {"film_id": "night", "title": "", "year": 2000, "genres": (), "duration_s": 0.0}
    row = index_data.film_row(film | {"tracks": 0}, 0, "", CUES[:0], None)
    assert (row["least"], row["line"], row["unknown"], row["cues"]) == (None, "", None, 0)


def test_columns_of_the_download_are_those_of_the_corrections():
    text = (copying.ASSETS / "shared.js").read_text(encoding="utf-8")
    listed = re.search(r"const COLUMNS = \[(.*?)\];", text, re.S)[1]
    assert tuple(json.loads(f"[{listed.strip().rstrip(',')}]")) == COLUMNS


def test_index_counts_checked_cues_of_the_matcher():
    film = {
        "film_id": "night",
        "title": "",
        "year": 2000,
        "genres": (),
        "duration_s": 60.0,
        "tracks": 3,
    }
    cues = CUES.assign(verdict=["right", "", "missed"], confidence=[0.5, 0.8, 1.0])
    row = index_data.film_row(film, 4, "", cues, None)  # two wrong ones are not in the table
    assert (row["cues"], row["checked"], row["least"]) == (4, 3, 0.8)


def test_pages_embed_titles_as_data_that_cannot_end_the_element(tmp_path):
    page = write_film(tmp_path, tmp_path / VIDEO, write_tables(tmp_path), title=EVIL).read_text(
        encoding="utf-8"
    )
    row = {"film_id": "night", "title": EVIL, "genres": ("Drama",), "cues": CUES, "notes": EVIL}
    index = write_index(tmp_path, [row]).read_text(encoding="utf-8")
    for text in (page, index):
        assert "<img" not in text
        data = re.search(r'id="data">(.*?)</script>', text, re.S)[1]
        assert EVIL in list(texts_of(json.loads(data)))
        assert text.count('http-equiv="Content-Security-Policy"') == 1
        assert not re.search(r"<script>|<style|style=| on\w+=\"", text)


def test_preview_is_h264_and_aac_of_the_same_length(tmp_path):
    film = write_video(tmp_path / 'a "b" #1.mkv', ("-c:v", "mpeg4", "-c:a", "ac3"), 4)
    preview.write_preview(str(film), "", tmp_path / "night.mp4")
    info = probe(tmp_path / "night.mp4")
    assert info.has_video
    assert info.has_audio
    assert info.duration_s == pytest.approx(4, abs=0.15)
    content = (tmp_path / "night.mp4").read_bytes()
    assert b"avc1" in content
    assert b"mp4a" in content
    assert content.index(b"moov") < content.index(b"mdat")  # a player can seek at once


def test_preview_of_a_damaged_film_names_the_file_and_the_option(tmp_path):
    film = write_video(tmp_path / "film.mkv", ("-c:v", "mpeg4", "-c:a", "ac3"), 2)
    content = film.read_bytes()
    film.write_bytes(content[:600] + bytes(len(content) - 600))
    with pytest.raises(InputError, match=r"film\.mkv"):
        preview.write_preview(str(film), "", tmp_path / "night.mp4")
    assert not (tmp_path / "night.mp4").exists()


def test_three_hours_with_200_cues_take_less_than_120_kb(tmp_path):
    seconds = 3 * 3600
    cues = cue_table("night", *[("theme", 54.0 * k, 54.0 * k + 40, 0.0) for k in range(200)])
    page = write_film(
        tmp_path, tmp_path / VIDEO, write_tables(tmp_path, cues=cues, seconds=seconds)
    )
    assert page.stat().st_size < 120_000
    assert tables.read_table(tmp_path / "cues" / "night.parquet", tables.CUES).shape[0] == 200
