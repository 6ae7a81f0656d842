"""Tests of the page of a library: its data, and the page in Chromium without a server."""

import csv
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
import soundfile

from scorelens import tables
from scorelens.tagger.page import write
from tests.browser import body_overflows, serious_violations, wait_until

GENRES = ["Action", "Comedy", "Drama", "Fantasy", "Horror", "Romance", "Thriller"]
PROVENANCE = {
    "model": "embedding_attention",
    "films": 24,
    "genres": GENRES,
    "calibrated": True,
}
# path, duration_s, tempo_bpm, key, loudness_lufs, problem, shares
TRACKS = [
    ("01 Dawn.wav", 2.0, 120.4, "C major", -14.2, "", (1, 2, 3, 4, 5, 60, 7)),
    ('noir/02 "O\'Brien", <b>é.wav', 61.0, None, "A minor", -23.0, "", (9, 8, 7, 6, 90, 4, 3)),
    ("noir/03 映画 #100%.wav", 3725.0, 88.6, "A minor", -9.5, "", (50, 60, 70, 80, 40, 30, 20)),
    ("noir/10 Chase.wav", 95.5, 160.0, "F# minor", -11.0, "", (99, 1, 1, 1, 55, 1, 80)),
    ("noir/9 Bad.wav", 0.0, None, "", None, "is empty (0 bytes)", None),
]


NO_TAGS = {"title": "", "artist": "", "composer": "", "album": "", "isrc": "", "publisher": ""}
NO_TAGS |= {"disc": None, "number": None}


def write_test_page(folder, rows=TRACKS, seconds=150, tags=()):
    """Write the page of a library of given rows; returns its path.

    tags: file tags of the first tracks.
    """
    names = ("path", "duration_s", "tempo_bpm", "key", "loudness_lufs", "problem", "shares")
    table = pd.DataFrame(rows, columns=names).assign(library="odd")
    table = table.astype({"tempo_bpm": float, "loudness_lufs": float})
    tags_of_rows = [NO_TAGS | file_tags for file_tags in tags] + [NO_TAGS] * (len(rows) - len(tags))
    table = table.join(pd.DataFrame(tags_of_rows, index=table.index))
    ranking, profiles = [], []
    for path, shares in zip(table["path"], table.pop("shares"), strict=True):
        if shares is None:
            continue
        probability = np.array(shares) / 100
        order = np.argsort(-probability, kind="stable")
        ranking += [(path, GENRES[g], probability[g], rank) for rank, g in enumerate(order, 1)]
        # Rises from 0 to the probability of the track.
        rise = np.linspace(0, 1, seconds)[:, None] * probability
        profiles += [
            (path, float(second), genre, share)
            for second, values in enumerate(rise)
            for genre, share in zip(GENRES, values, strict=True)
        ]
    ranking = pd.DataFrame(ranking, columns=["path", "genre", "probability", "rank"])
    profiles = pd.DataFrame(profiles, columns=["path", "time_s", "genre", "probability"])
    over_time, page = folder / "profiles.parquet", folder / "results" / "odd.html"
    tables.write_table(profiles.assign(library="odd"), over_time, tables.TAGGER_PROFILES)
    write.write_page("odd", str(folder), table, ranking, over_time, PROVENANCE, page)
    return page


def data_of(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])


# Content of the page


def test_page_embeds_the_tables_without_external_resources(tmp_path):
    page = write_test_page(tmp_path)
    data = data_of(page)
    assert data["home"] == str(tmp_path)
    assert data["path"] == [row[0] for row in TRACKS]
    assert data["duration"] == [2.0, 61.0, 3725.0, 95.5, 0.0]
    assert data["tempo"] == [120.4, None, 88.6, 160.0, None]
    assert data["shares"] == [row[6] and [10 * share for share in row[6]] for row in TRACKS]
    assert data["loudness"][4] is None
    text = page.read_text(encoding="utf-8")
    assert "<b>é" not in text
    assert not re.search(r"""(src|href)=["']|@import|url\(""", text)
    assert "a model trained on 24 films" in text


def test_profile_text_has_means_of_equal_spans_in_64_levels():
    values = np.stack([np.linspace(0, 1, 120), np.full(120, 1 / 63)], axis=1)
    text = write.profile_text(values)
    assert len(text) == 2 * write.POINTS
    assert set(text[60:]) == {"B"}
    levels = np.array([write.LEVELS.index(letter) for letter in text[:60]]) / 63
    np.testing.assert_allclose(levels, values[:, 0].reshape(60, 2).mean(axis=1), atol=0.5 / 63)
    assert write.profile_text(np.array([[0, 1], [1, 0], [0.5, 0.5]])) == "A_g_Ag"


def test_profiles_are_omitted_from_the_page_of_a_large_library(tmp_path, monkeypatch):
    assert len(data_of(write_test_page(tmp_path))["profile"][0]) == 60 * len(GENRES)
    monkeypatch.setattr(write, "MAX_PROFILE_LETTERS", 4 * 60 * len(GENRES) - 1)
    assert set(data_of(write_test_page(tmp_path))["profile"]) == {""}


def test_page_output_is_deterministic(tmp_path):
    assert write_test_page(tmp_path).read_bytes() == write_test_page(tmp_path).read_bytes()


# The page in a browser


@pytest.fixture
def open_page(browser, tmp_path):
    """A function that opens the page as a file; JavaScript errors in it fail the test."""
    errors = []

    def open_in_browser(rows=TRACKS, tags=(), **context):
        page = browser.new_page(**context)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(write_test_page(tmp_path, rows, tags=tags).as_uri())
        return page

    requests: list[str] = []
    yield open_in_browser
    assert not errors
    assert all(url.startswith(("file://", "blob:")) for url in requests)


def listed_names(page):
    return page.locator("tr.track td.file a").all_text_contents()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_accessible_and_fits_a_phone(open_page, scheme):
    page = open_page(color_scheme=scheme, viewport={"width": 360, "height": 700})
    assert not body_overflows(page)
    assert serious_violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    assert serious_violations(page) == []


def header(page, column):
    return page.locator(f"th[data-column={column}]")


DAWN, BRIEN, FILM, CHASE, BAD = (row[0].rpartition("/")[2] for row in TRACKS)


def test_every_column_sorts_in_both_directions_with_missing_values_last(open_page):
    page = open_page()
    assert listed_names(page) == [DAWN, BRIEN, FILM, BAD, CHASE]  # natural sort order
    orders = {
        "path": [DAWN, BRIEN, FILM, BAD, CHASE],
        "duration": [BAD, DAWN, BRIEN, CHASE, FILM],
        "tempo": [FILM, DAWN, CHASE, BRIEN, BAD],
        "key": [BRIEN, FILM, DAWN, CHASE, BAD],
        "loudness": [BRIEN, DAWN, CHASE, FILM, BAD],
        "tags": [CHASE, FILM, BRIEN, DAWN, BAD],
    }
    for column in ["duration", "tempo", "key", "loudness", "tags", "path"]:
        header(page, column).get_by_role("button").click()
        assert header(page, column).get_attribute("aria-sort") == "ascending"
        assert listed_names(page) == orders[column], column
    header(page, "tempo").get_by_role("button").click()
    header(page, "tempo").get_by_role("button").click()
    assert header(page, "tempo").get_attribute("aria-sort") == "descending"
    assert listed_names(page) == [CHASE, DAWN, FILM, BRIEN, BAD]
    assert page.locator("[aria-sort]").count() == 1


def test_filters_select_rows_and_clear_resets_them(open_page):
    page = open_page()

    def filtered(**filters):
        page.get_by_role("button", name="Clear").click()
        wait_until(page, "document.querySelector('#count').textContent === '5 of 5 tracks'")
        for name, value in filters.items():
            field = page.locator(f"#{name.replace('_', '-')}")
            if name in ("genre", "key"):
                field.select_option(label=value)
            else:
                field.fill(value)
        assert page.inner_text("#count") == f"{len(listed_names(page))} of 5 tracks"
        return listed_names(page)

    assert filtered(text="NOIR o'brien") == [BRIEN]
    assert filtered(text="<B>E.WAV") == filtered(text="<b>é.wav") == [BRIEN]
    assert filtered(text="映画") == [FILM]
    assert filtered(text="nothing like it") == []
    assert filtered(genre="Horror") == [BRIEN, CHASE]  # by decreasing probability
    assert filtered(genre="Horror", minimum="40") == [BRIEN, CHASE, FILM]
    assert filtered(genre="Horror", minimum="40", text="noir/1") == [CHASE]
    assert filtered(tempo_low="100") == [DAWN, CHASE]
    assert filtered(tempo_low="100", tempo_high="121") == [DAWN]
    assert filtered(key="A minor") == [BRIEN, FILM]
    assert filtered(key="any minor key") == [BRIEN, FILM, CHASE]
    assert filtered(loudness_low="-12") == [FILM, CHASE]
    assert filtered(loudness_high="-12.5", loudness_low="-23") == [DAWN, BRIEN]
    assert filtered() == [DAWN, BRIEN, FILM, BAD, CHASE]


def test_a_row_shows_five_tags_with_bars_including_the_selected_one(open_page):
    page = open_page()
    tags = page.locator(f"tr.track:has-text('{CHASE}') ol.tags li")
    assert [" ".join(text.split()) for text in tags.all_inner_texts()] == [
        *("Action 99%", "Thriller 80%", "Horror 55%", "Comedy 1%", "Drama 1%"),
    ]
    bar = tags.nth(2).locator("b")
    wide = bar.evaluate("bar => bar.clientWidth / bar.parentElement.clientWidth")
    assert wide == pytest.approx(0.55, abs=0.02)
    assert page.locator("#minimum").is_disabled()
    page.locator("#genre").select_option(label="Romance")
    page.locator("#minimum").fill("1")
    texts = tags.all_inner_texts()
    assert len(texts) == 5
    assert "Romance" in texts[4]
    assert page.locator("tr.track td.number").all_inner_texts()[:3] == ["0:02", "120", "-14.2"]


def test_details_show_all_genres_with_curves(open_page):
    page = open_page()
    page.locator("tr.track td.key").nth(1).click()  # anywhere in the row
    details = page.locator("tr.details")
    assert details.count() == 1
    listed = details.locator("li > span:first-child").all_inner_texts()
    assert [" ".join(text.split()) for text in listed][:2] == ["Horror 90%", "Action 9%"]
    assert len(listed) == len(GENRES)
    # The curve rises from 0% to 90%; SVG heights are counted from the top.
    shape = details.locator("svg path").first.get_attribute("d")
    heights = [float(height) for height in re.findall(r"L[\d.]+ ([\d.]+)", shape)]
    assert heights[0] == pytest.approx(100, abs=2)
    assert heights[-2] == pytest.approx(10, abs=2)
    assert details.locator("svg").first.get_attribute("aria-label") == "Horror over time"
    header(page, "path").get_by_role("button").click()
    assert details.count() == 1  # it is still open after sorting
    page.get_by_role("button", name=f"Details of {BAD}").click()
    assert "Not tagged: the file is empty (0 bytes)." in details.first.inner_text()


def test_search_details_and_sorting_work_with_the_keyboard(open_page):
    page = open_page()
    page.locator("#text").focus()
    page.keyboard.type("chase")
    assert listed_names(page) == [CHASE]
    more = page.get_by_role("button", name=f"Details of {CHASE}")
    more.focus()
    page.keyboard.press("Enter")
    assert more.get_attribute("aria-expanded") == "true"
    assert more.evaluate("button => button === document.activeElement")
    page.keyboard.press("Enter")
    assert page.locator("tr.details").count() == 0
    header(page, "tempo").get_by_role("button").focus()
    page.keyboard.press("Space")
    assert header(page, "tempo").get_attribute("aria-sort") == "ascending"


def test_links_and_play_buttons_open_the_audio_files(open_page, tmp_path):
    for path, *_ in TRACKS[:4]:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        soundfile.write(tmp_path / path, np.zeros(22050), 22050)
    page = open_page()
    links = page.locator("tr.track td.file a").evaluate_all("links => links.map(a => a.href)")
    hrefs = dict(zip(listed_names(page), links, strict=True))
    for path, *_ in TRACKS:
        assert page.evaluate("url => decodeURIComponent(url)", hrefs[path.rpartition("/")[2]]) == (
            f"file://{tmp_path}/{path}"
        )
    for name in (BRIEN, FILM):
        page.locator(f'tr.track:has(a[href="{hrefs[name]}"]) td.control button').first.click()
        wait_until(page, "document.querySelector('audio').duration === 1")
        assert page.inner_text("#playing") == name
        assert page.locator("audio").evaluate("audio => audio.src") == hrefs[name]
    page.get_by_role("button", name=f"Play {BAD}").click()
    wait_until(page, "document.querySelector('#playing').textContent.includes('cannot play it')")


def test_downloads_have_the_filtered_rows_in_displayed_order(open_page, tmp_path):
    page = open_page()
    page.locator("#genre").select_option(label="Horror")

    def downloaded(button):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        with open(download.value.path(), encoding="utf-8", newline="") as file:
            return download.value.suggested_filename, file.read()

    name, text = downloaded("Download M3U")
    assert name == "odd.m3u8"
    assert text.split("\n") == [
        *("#EXTM3U", f"#EXTINF:61,{BRIEN[:-4]}", f"{tmp_path}/{TRACKS[1][0]}"),
        *("#EXTINF:96,10 Chase", f"{tmp_path}/{TRACKS[3][0]}", ""),
    ]
    name, text = downloaded("Download CSV")
    assert (name, text[0]) == ("odd.csv", "\ufeff")
    first, *rows = csv.DictReader(io.StringIO(text[1:]))
    assert [first["path"], *(row["path"] for row in rows)] == [TRACKS[1][0], TRACKS[3][0]]
    assert (first["tempo_bpm"], first["key"], first["Horror"]) == ("", "A minor", "0.9")


TAGS = (
    {
        "title": "Dawn & <i>Dusk</i> $1",
        "artist": "Jo Field",
        "composer": "Ann Other",
        "album": "Days",
    },
    {"title": "Same", "composer": "Ann Other", "album": "רכבת הלילה"},
    {"title": "Same", "composer": "Ann Other", "artist": "Ann Other"},
)


def test_titles_and_credits_from_file_tags_are_displayed(open_page, tmp_path):
    page = open_page(tags=TAGS)
    assert listed_names(page) == [TAGS[0]["title"], "Same", "Same", BAD, CHASE]
    lines = [
        row.locator("small").all_text_contents() for row in page.locator("tr.track td.file").all()
    ]
    assert lines == [
        ["Jo Field · Ann Other · Days", "01 Dawn.wav"],
        ["Ann Other · רכבת הלילה", TRACKS[1][0]],
        ["Ann Other", TRACKS[2][0]],
        ["noir"],
        ["noir"],
    ]
    for words, count in (("dusk days", 1), ("ANN same", 2), ("ann dawn.wav", 1), ("<i>", 1)):
        page.locator("#text").fill(words)
        assert page.inner_text("#count") == f"{count} of 5 tracks", words
    page.get_by_role("button", name=f"Play {TAGS[0]['title']}").click()
    assert page.inner_text("#playing").startswith(
        "Dawn & <i>Dusk</i> $1 · Jo Field · Ann Other · Days"
    )


def test_downloads_have_titles_and_credits_from_file_tags(open_page, tmp_path):
    page = open_page(tags=TAGS)

    def downloaded(button):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        return download.value.path().read_text(encoding="utf-8")

    lines = downloaded("Download M3U").split("\n")
    assert lines[1::2][:4] == [
        "#EXTINF:2,Jo Field - Dawn & <i>Dusk</i> $1",
        "#EXTINF:61,Ann Other - Same",
        "#EXTINF:3725,Ann Other - Same",
        "#EXTINF:0,9 Bad",
    ]
    first = next(csv.DictReader(io.StringIO(downloaded("Download CSV")[1:])))
    assert (first["title"], first["artist"], first["album"]) == (
        TAGS[0]["title"],
        "Jo Field",
        "Days",
    )


def test_large_library_is_paginated_and_fits_a_400_pixel_screen(open_page):
    rows = [
        (f"{k:05d}.mp3", 60.0, 60.0 + k / 10, "C major", -20.0, "", (1, 2, 3, 4, 5, 6, 7))
        for k in range(250)
    ]
    page = open_page(rows, viewport={"width": 400, "height": 800}, color_scheme="dark")
    assert (page.locator("tr.track").count(), page.inner_text("#range")) == (100, "1–100")
    assert page.get_by_role("button", name="Previous").is_disabled()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    assert listed_names(page) == [f"{k:05d}.mp3" for k in range(200, 250)]
    assert page.get_by_role("button", name="Next").is_disabled()
    header(page, "tempo").get_by_role("button").click()
    header(page, "tempo").get_by_role("button").click()
    assert listed_names(page)[0] == "00249.mp3"
    assert page.evaluate("document.documentElement.scrollWidth") == 400
