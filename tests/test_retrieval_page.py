"""Tests of the page of search results: its data, and the page in Chromium without a server."""

import base64
import csv
import io
import json
import os
import re

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image

from scorelens.retrieval.search.page import write
from scorelens.retrieval.search.search_config import Search
from tests.browser import body_overflows, serious_violations, wait_until

METADATA = {"configuration": "all", "films": ["a"] * 24}
EVIL = '</script><b>Élan & "O\'Brien"'
TEXT = f"A fog over the harbour.\nNobody {EVIL} comes."
SEARCHES = [
    Search("harbour", TEXT, ("slow", EVIL), image="/pictures/fog <i>.png", track="noir/theme"),
    Search("night_drive", film="/f/drive.mkv", film_title="Drive/In", time_s=3723.4),
    Search("like_this", track="music/1.ogg"),
]
# search, library, film_id, title, folder, track_id, file
TRACKS = [
    ("harbour", "corpus", "noir", EVIL, "noir", "dawn", "noir/02 #é 100%.wav"),
    ("harbour", "mine", None, None, "Vol. <1>", "chase", "mine/9 Chase.wav"),
    ("harbour", "corpus", "west", "West", "west", "ride", "west/10 Ride.wav"),
    ("night_drive", "corpus", "west", "West", "west", "ride", "west/10 Ride.wav"),
]
# cosine, moved_by, image, tags, plot, track
REASONS = [
    (0.81, "image", 0.4, 0, 0.1, -0.2),
    (0.7, "tags", 0.1, 0.3, 0.0, 0.05),
    (0.7, "plot", 0, 0, 0.2, 0),
    (0.5, "image", 0.5, np.nan, np.nan, np.nan),
]
RESULTS = [track + reason for track, reason in zip(TRACKS, REASONS, strict=True)]
NAMES = ["search", "library", "film_id", "title", "folder", "track_id", "path"]
COLUMNS = [*NAMES, "cosine", "moved_by"]


def gradient(height, width):
    """An RGB image whose red and blue rise from left to right."""
    picture = np.full((height, width, 3), 90, np.uint8)
    picture[..., ::2] = np.linspace(0, 255, width, dtype=np.uint8)[:, None]
    return picture


def query_track(title, path, track_title, **tags):
    """Title, path and tags of the track of a search."""
    no_tags = {"part": "", "artist": "", "composer": "", "album": ""}
    return {"title": title, "path": path, "track_title": track_title} | no_tags | tags


def write_test_page(folder, rows=RESULTS, searches=SEARCHES, tags=None):
    """Write the page of the given result rows; returns its path.

    tags: columns of file tags, which replace those of the rows.
    """
    table = pd.DataFrame(rows, columns=[*COLUMNS, "image", "tags", "plot", "track"])
    table["path"] = [f"{folder}/music/{path}" for path in table.path]
    titles = table["path"].map(lambda path: os.path.splitext(os.path.basename(path))[0])
    span = {"start_s": 0.0, "end_s": np.nan}
    track_names = {"track_title": titles, "artist": "", "composer": "", "album": ""}
    table = table.assign(**span | track_names | (tags or {}))
    table["rank"] = table.groupby("search").cumcount() + 1
    pictures = {"harbour": gradient(224, 224), "night_drive": gradient(360, 640)}
    query_tracks = {
        "harbour": query_track(EVIL, f"{folder}/music/noir/theme.wav", "theme"),
        "like_this": query_track(None, f"{folder}/music/1.ogg", "1"),
    }
    page = folder / "results" / "searches.html"
    write.write_page(searches, table, pictures, query_tracks, METADATA, 7000, page)
    return page


def data_of(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])


# Content of the page


def test_page_embeds_queries_and_results_without_external_resources(tmp_path):
    page = write_test_page(tmp_path)
    harbour, drive, like = data_of(page)
    assert (harbour["text"], harbour["tags"]) == (TEXT, ["slow", EVIL])
    assert harbour["track"] == query_track(EVIL, "../music/noir/theme.wav", "theme")
    assert harbour["part"] == ["", "", ""]
    assert harbour["path"] == [f"../music/{row[6]}" for row in RESULTS[:3]]
    assert harbour["title"] == [EVIL, "", "West"]
    assert harbour["folder"][1] == "Vol. <1>"
    assert harbour["contributions"]["track"] == [-0.2, 0.05, 0]
    assert list(drive["contributions"]) == drive["parts"] == ["image"]
    assert (drive["caption"], drive["time"], harbour["time"]) == ("Drive/In", 3723.4, None)
    assert like["path"] == like["contributions"]["track"] == []
    text = page.read_text(encoding="utf-8")
    assert "<b>É" not in text
    assert text.count("</script>") == 2
    assert not re.search(r"""(src|href)=["']|@import|url\(""", text)
    assert "3 searches among 7000 tracks" in text
    assert str(tmp_path) not in text


def test_images_are_embedded_as_jpegs_of_reduced_size():
    scheme, _, code = write.data_uri(gradient(360, 640)).partition(",")
    assert scheme == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(code))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (320, 180))
        assert np.asarray(picture)[90, 160].tolist() == pytest.approx([127, 90, 127], abs=6)


def test_page_output_is_deterministic(tmp_path):
    assert write_test_page(tmp_path).read_bytes() == write_test_page(tmp_path).read_bytes()


# The page in a browser


@pytest.fixture
def open_page(browser, tmp_path):
    """A function that opens the page as a file; JavaScript errors in it fail the test."""
    errors, requests = [], []

    def open_in_browser(url_hash="", tags=None, **context):
        page = browser.new_page(**context)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(write_test_page(tmp_path, tags=tags).as_uri() + url_hash)
        return page

    yield open_in_browser
    assert not errors
    assert all(url.startswith(("file://", "blob:", "data:")) for url in requests)


def listed_names(page):
    return page.locator("tr.track td.file a").all_text_contents()


def header(page, column):
    return page.locator(f"th[data-column={column}]")


DAWN, CHASE, RIDE = (row[6].rpartition("/")[2] for row in RESULTS[:3])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_accessible_and_fits_a_phone(open_page, scheme):
    page = open_page(color_scheme=scheme, viewport={"width": 360, "height": 700})
    assert not body_overflows(page)
    assert serious_violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    assert serious_violations(page) == []


def test_query_image_text_tags_and_track_are_displayed(open_page):
    page = open_page()
    query = page.locator("#query")
    assert query.locator("h2").all_inner_texts() == ["Image", "Text", "Tags", "Track"]
    assert query.locator("blockquote").inner_text() == TEXT
    assert query.locator("li").all_inner_texts() == ["slow", EVIL]
    picture = query.locator("img")
    assert picture.get_attribute("alt") == "fog <i>.png"
    wait_until(page, "document.querySelector('img').naturalWidth === 224")
    assert query.locator(".part.track").inner_text().split("\n")[-2:] == ["theme.wav", EVIL]
    page.get_by_role("tab", name="night drive").click()
    assert query.locator("h2").all_inner_texts() == ["Image"]
    assert query.locator(".part p").inner_text() == "Drive/In, at 1:02:03"


def test_arrow_and_end_keys_switch_between_search_tabs(open_page):
    page = open_page()
    tabs = page.get_by_role("tab")
    assert tabs.all_inner_texts() == ["harbour", "night drive", "like this"]
    assert listed_names(page) == [DAWN, CHASE, RIDE]
    tabs.nth(0).focus()
    page.keyboard.press("ArrowRight")
    assert listed_names(page) == [RIDE]
    assert tabs.nth(1).get_attribute("aria-selected") == "true"
    assert tabs.nth(1).evaluate("tab => tab === document.activeElement")
    page.keyboard.press("End")
    assert page.inner_text("#count") == "0 of 0 tracks"
    page.keyboard.press("ArrowRight")
    assert listed_names(page) == [DAWN, CHASE, RIDE]
    page.keyboard.press("ArrowLeft")
    assert page.url.endswith("#like_this")
    assert page.locator("[aria-selected=true]").count() == 1
    assert page.locator("[role=tab][tabindex='0']").count() == 1


def test_url_hash_selects_the_search(open_page):
    page = open_page("#night_drive")
    assert listed_names(page) == [RIDE]
    page.evaluate("location.hash = 'harbour'")
    wait_until(page, "document.querySelectorAll('tr.track').length === 3")


def test_every_column_sorts_in_both_directions(open_page):
    page = open_page()
    orders = {
        "title": [DAWN, CHASE, RIDE],
        "cosine": [DAWN, CHASE, RIDE],
        "image": [DAWN, CHASE, RIDE],
        "tags": [CHASE, DAWN, RIDE],
        "plot": [RIDE, DAWN, CHASE],
        "track": [CHASE, RIDE, DAWN],
        "moved": [DAWN, CHASE, RIDE],
        "rank": [DAWN, CHASE, RIDE],
    }
    for column, order in orders.items():
        header(page, column).get_by_role("button").click()
        assert listed_names(page) == order, column
        ascending = column in ("title", "moved", "rank")
        expected = "ascending" if ascending else "descending"
        assert header(page, column).get_attribute("aria-sort") == expected
    header(page, "track").get_by_role("button").click()
    header(page, "track").get_by_role("button").press("Enter")
    assert header(page, "track").get_attribute("aria-sort") == "ascending"
    assert listed_names(page) == [DAWN, RIDE, CHASE]
    assert page.locator("[aria-sort]").count() == 1


def test_text_and_library_filters_select_rows(open_page):
    page = open_page()

    def filtered(text="", library="any"):
        page.locator("#text").fill(text)
        page.locator("#library").select_option(label=library)
        assert page.inner_text("#count") == f"{len(listed_names(page))} of 3 tracks"
        return listed_names(page)

    assert filtered("ELAN o'brien") == [DAWN]
    assert filtered("</script>") == [DAWN]
    assert filtered("wav") == [DAWN, CHASE, RIDE]
    assert filtered("west ride") == [RIDE]
    assert filtered(library="mine") == [CHASE]
    assert filtered("west", "mine") == []
    page.get_by_role("button", name="Clear").click()
    wait_until(page, "document.querySelectorAll('tr.track').length === 3")


def test_file_without_extension_is_displayed_by_its_name(open_page):
    page = open_page(
        tags={
            "path": ["/m/.hidden", "/m/raw", "/m/a.b.ogg", "/m/x"],
            "track_title": [".hidden", "raw", "a.b", "x"],
        }
    )
    assert listed_names(page) == [".hidden", "raw", "a.b.ogg"]
    assert page.locator("td.file small").all_text_contents() == ["corpus", "Vol. <1>", "corpus"]


def test_row_shows_names_cosine_and_contribution_bars(open_page):
    page = open_page()
    rows = page.locator("tr.track")
    assert rows.nth(0).locator("strong").inner_text() == EVIL
    assert rows.nth(1).locator("strong").inner_text() == "mine"
    assert [row.locator("small").inner_text() for row in rows.all()] == [
        *("corpus", "Vol. <1>", "corpus"),
    ]
    cells = rows.nth(0).locator("td").all_inner_texts()
    assert cells[3:] == ["0.810", "+0.40", "0.00", "+0.10", "−0.20", "Image"]
    assert rows.nth(0).locator("td.largest").inner_text() == "+0.40"

    def bar(cell):
        """Start and end of a bar, and position of zero, as fractions of the meter's width."""
        meter = rows.nth(0).locator("td.contribution").nth(cell).locator(".meter")
        return meter.evaluate(
            """meter => {
                const edges = element => element.getBoundingClientRect();
                const box = edges(meter), [b, zero] = [...meter.children].map(edges);
                return [b.left, b.right, zero.left].map(x => (x - box.left) / box.width);
            }"""
        )

    # The scale is from -0.2 to 0.4, so zero is at 1/3.
    assert bar(0) == pytest.approx([1 / 3, 1, 1 / 3], abs=0.03)
    assert bar(3) == pytest.approx([0, 1 / 3, 1 / 3], abs=0.03)
    assert bar(2) == pytest.approx([1 / 3, 1 / 2, 1 / 3], abs=0.03)


def test_play_button_loads_the_audio_file(open_page, tmp_path):
    for path in ("noir/02 #é 100%.wav", "noir/theme.wav"):
        (tmp_path / "music" / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "music" / path, np.zeros(22050), 22050)
    page = open_page()
    for button in ("tr.track td.control button", "#query button"):
        page.locator(button).first.click()
        wait_until(page, "document.querySelector('audio').duration === 1")
        page.evaluate("document.querySelector('audio').removeAttribute('src')")
    assert page.inner_text("#playing") == f"{EVIL}: theme.wav"
    links = page.locator("tr.track td.file a").evaluate_all("links => links.map(a => a.href)")
    paths = [page.evaluate("url => decodeURIComponent(url)", link) for link in links]
    assert paths == [f"file://{tmp_path}/music/{row[6]}" for row in RESULTS[:3]]
    page.get_by_role("button", name=f"Play mine: {CHASE}").click()
    wait_until(page, "document.querySelector('#playing').textContent.includes('cannot play it')")


def test_downloads_and_copied_list_have_the_sorted_order(open_page, tmp_path):
    page = open_page()
    header(page, "tags").get_by_role("button").click()
    page.locator("#text").fill("wav")

    def downloaded(button):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        with open(download.value.path(), encoding="utf-8", newline="") as file:
            return download.value.suggested_filename, file.read()

    name, text = downloaded("Download M3U")
    assert name == "harbour.m3u8"
    assert text.split("\n")[:3] == [
        *("#EXTM3U", "#EXTINF:-1,mine: 9 Chase.wav", f"{tmp_path}/music/mine/9 Chase.wav"),
    ]
    name, text = downloaded("Download CSV")
    assert (name, text[0]) == ("harbour.csv", "\ufeff")
    rows = list(csv.DictReader(io.StringIO(text[1:])))
    assert [row["rank"] for row in rows] == ["2", "1", "3"]
    assert rows[1]["title"] == EVIL
    assert rows[1]["path"] == f"{tmp_path}/music/{RESULTS[0][6]}"
    assert (rows[1]["cosine"], rows[1]["moved_by"], rows[1]["track"]) == ("0.81", "image", "-0.2")
    page.evaluate("navigator.clipboard.writeText = text => { window.copied = text; }")
    page.get_by_role("button", name="Copy list").click()
    wait_until(page, "window.copied !== undefined")
    lines = page.evaluate("window.copied").split("\n")
    assert lines[0].split("\t")[:3] == ["rank", "library", "title"]
    assert [line.split("\t")[0] for line in lines[1:4]] == ["2", "1", "3"]


TAGS = {
    "track_title": ["Dawn & <i>Dusk</i> $1", "Chase", "Same (track 3)", "Same (track 3)"],
    "artist": ["Jo Field", "", "", ""],
    "composer": ["Ann Other", "רותם", "", ""],
    "album": ["Days", "", "West: The Album", "West: The Album"],
    "start_s": [0.0, 60.5, 12.0, 12.0],
    "end_s": [np.nan, 90.0, np.nan, np.nan],
}


def test_titles_and_credits_from_file_tags_are_displayed(open_page, tmp_path):
    page = open_page(tags=TAGS)
    assert listed_names(page) == TAGS["track_title"][:3]
    lines = [
        row.locator("small").all_text_contents() for row in page.locator("tr.track td.file").all()
    ]
    assert lines == [
        ["Jo Field · Ann Other · Days", f"corpus/{DAWN}"],
        ["רותם", f"Vol. <1>/{CHASE}"],
        ["West: The Album", f"corpus/{RIDE}"],
    ]
    for words, index in (("dusk field", 0), ("רותם", 1), ("album same", 2), ("<i>dusk", 0)):
        page.locator("#text").fill(words)
        assert listed_names(page) == [TAGS["track_title"][index]], words
    page.locator("#text").fill("")
    links = page.locator("tr.track td.file a").evaluate_all("links => links.map(a => a.href)")
    assert [link.partition("#")[2] for link in links] == ["", "t=60.5,90", "t=12"]
    page.get_by_role("button", name="Play mine: Chase").click()
    assert page.locator("audio").evaluate("audio => audio.src").endswith("#t=60.5,90")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download M3U").click()
    assert download.value.path().read_text(encoding="utf-8").split("\n") == [
        "#EXTM3U",
        "#EXTINF:-1,Jo Field - Dawn & <i>Dusk</i> $1",
        f"{tmp_path}/music/{RESULTS[0][6]}",
        "#EXTINF:-1,רותם - Chase",
        "#EXTVLCOPT:start-time=60.5",
        "#EXTVLCOPT:stop-time=90",
        f"{tmp_path}/music/{RESULTS[1][6]}",
        "#EXTINF:-1,West: Same (track 3)",
        "#EXTVLCOPT:start-time=12",
        f"{tmp_path}/music/{RESULTS[2][6]}",
        "",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_a_400_pixel_screen_in_both_colour_schemes(open_page, scheme):
    page = open_page(viewport={"width": 400, "height": 800}, color_scheme=scheme)
    assert listed_names(page) == [DAWN, CHASE, RIDE]
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 30)"
    assert dark == (scheme == "dark")
