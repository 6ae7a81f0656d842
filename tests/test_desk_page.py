"""Tests of the pages of the desk in Chromium, from the file system."""

import re

import pytest

from scorelens.cues.corrections import COLUMNS
from tests.browser import wait_until
from tests.desk_browser import film_page
from tests.desk_pages import (
    CUES,
    EVIL,
    SECONDS,
    write_film,
    write_index,
    write_tables,
    write_tracks,
    write_video,
)

DECIDED = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
GIVEN = [
    ["night", "2.000", "8.000", "theme", "right", *[""] * 5, "sure", "Zoë", "2026-01-01T00:00:00Z"],
    ["night", "1.000", "9.000", "lost", "wrong", *[""] * 7, "2026-01-02T00:00:00Z"],
    ["other", "5.000", "9.000", "x", "right", *[""] * 7, "2026-01-02T00:00:00Z"],
]


def downloaded(page, press):
    """Rows of the download without the header, which is checked."""
    with page.expect_download() as download:
        press()
    assert download.value.suggested_filename == "corrections.tsv"
    text = download.value.path().read_bytes().decode("utf-8")
    assert text.endswith("\n")
    header, *rows = [line.split("\t") for line in text[:-1].split("\n")]
    assert header == list(COLUMNS)
    return rows


def without_date(rows):
    assert all(re.fullmatch(DECIDED, row[-1]) for row in rows)
    return [row[:-1] for row in rows]


def time_of(page, element="video"):
    return page.evaluate(f"document.querySelector('{element}').currentTime")


def listed(page):
    return page.locator("#films tbody a").all_text_contents()


# The index


def test_index_sorts_by_doubt_and_filters(open_desk, desk_folder):
    page = open_desk(desk_folder / "index.html")
    assert listed(page) == ["Night " + EVIL, "Day"]  # the least confident film first
    page.locator("th[data-key=title] button").click()
    assert listed(page) == ["Day", "Night " + EVIL]
    page.locator("#words").fill("NIGHT onerror")
    assert listed(page) == ["Night " + EVIL]
    assert page.inner_text("#count") == "1 of 2 films"
    page.get_by_role("button", name="Clear").click()
    wait_until(page, "document.querySelector('#count').textContent === '2 of 2 films'")
    page.locator("#genre").select_option("Comedy")
    assert listed(page) == ["Day"]
    page.locator("#genre").select_option("")
    page.locator("#below").fill("62")
    assert listed(page) == ["Night " + EVIL]
    page.locator("#below").fill("61")
    assert listed(page) == []
    page.locator("#below").fill("")
    page.locator("#other").check()
    assert listed(page) == ["Day"]


def test_index_opens_a_film_and_counts_its_verdicts(open_desk, desk_folder):
    page = open_desk(desk_folder / "index.html")
    assert page.locator("tr:has-text('Night') td.checked").inner_text() == "0 of 3"
    page.get_by_role("link", name="Night").click()
    page.wait_for_selector("#cues tbody tr")
    page.keyboard.press("n")
    page.keyboard.press("w")
    page.get_by_role("link", name="All films").click()
    page.wait_for_selector("#films tbody tr")
    assert page.locator("tr:has-text('Night') td.checked").inner_text() == "1 of 3"
    rows = downloaded(page, page.get_by_role("button", name="Download").click)
    assert without_date(rows) == [["night", "14.000", "20.000", "theme", "wrong", *[""] * 7]]


# The film


def test_film_plays_and_markup_in_titles_is_text(open_desk, desk_folder):
    page = film_page(open_desk, desk_folder)
    assert page.inner_text("h1") == "Night " + EVIL
    assert page.title() == f"Night {EVIL} – film desk"
    assert page.locator("img").count() == 0
    assert page.locator("#cues tbody tr", has_text="Main " + EVIL).count() == 2
    page.keyboard.press(" ")
    wait_until(page, "document.querySelector('video').currentTime > 0.3")
    page.keyboard.press(" ")
    assert page.evaluate("document.querySelector('video').paused")
    assert page.locator("#film-fault").is_hidden()


def test_key_n_goes_to_the_least_confident_unchecked_cue(open_desk, desk_folder):
    page = film_page(open_desk, desk_folder)
    starts = []
    for _ in range(4):
        page.keyboard.press("n")
        starts.append(time_of(page))
    assert starts == [14, 7, 2, 14]
    page.keyboard.press("y")
    assert page.inner_text("#progress") == "1 of 3 checked"
    page.keyboard.press("n")
    assert time_of(page) == 7
    page.keyboard.press("ArrowDown")
    assert time_of(page) == 14
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert time_of(page) == 2


def test_both_sides_play_at_the_aligned_position_and_one_is_heard(open_desk, desk_folder):
    page = film_page(open_desk, desk_folder)
    page.keyboard.press("n")
    page.keyboard.press("n")  # the cue of the track that runs at 1.25
    page.keyboard.press("Enter")
    wait_until(page, "document.querySelector('video').currentTime > 7.6")
    heard = "['video', 'audio'].map(name => !document.querySelector(name).muted)"
    assert page.evaluate(heard) == [True, False]
    states = []
    for key in "bxa":
        page.keyboard.press(key)
        states.append(page.evaluate(heard))
        assert (
            page.evaluate("['video', 'audio'].some(n => document.querySelector(n).paused)") is False
        )
    assert states == [[False, True], [True, False], [True, False]]
    assert page.evaluate("player.album.playbackRate") == 1.25
    # A busy machine may need a moment to move the track to where it belongs.
    aligned = "Math.abs(player.album.currentTime - 1.25 * (player.film.currentTime - 7)) < 0.1"
    wait_until(page, aligned)
    assert page.inner_text("#album-fault") == ""
    wait_until(page, "document.querySelector('video').currentTime > 12.2")  # after the cue
    assert page.evaluate(heard) == [True, False]
    assert page.evaluate("document.querySelector('audio').paused")


def test_verdicts_download_as_the_exact_table(open_desk, desk_folder):
    page = film_page(open_desk, desk_folder)
    page.locator("#annotator").fill("Zoë\tX")
    page.locator("#annotator").press("Escape")
    page.keyboard.press("n")
    page.keyboard.press("w")  # reject
    page.keyboard.press("n")
    page.keyboard.press("ArrowRight")  # 7 + 5 s
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("]")  # ends at 11 s
    page.keyboard.press("d")
    page.keyboard.press("n")
    page.locator("#start").fill("0:00:03.5")
    page.locator("#start").press("Enter")
    page.locator("#note").fill("enters\twith the door")
    page.locator("#note").press("Escape")
    page.locator("#mark-missed").click()
    page.locator("#missed-start").fill("21")
    page.locator("#missed-end").fill("0:00:23")
    page.get_by_role("button", name="Add", exact=True).click()
    assert "track" in page.inner_text("#missed-fault")
    page.locator("#missed-track").select_option("love")
    page.get_by_role("button", name="Add", exact=True).click()
    assert page.inner_text("#progress") == "3 of 3 checked, 1 added"
    name = "Zoë X"
    expected = [
        [
            "night",
            "2.000",
            "8.000",
            "theme",
            "changed",
            "3.500",
            "",
            "",
            "3.000",
            "",
            "enters with the door",
            name,
        ],
        ["night", "7.000", "12.000", "chase", "changed", "", "11.000", "", "", "yes", "", name],
        ["night", "14.000", "20.000", "theme", "wrong", "", "", "", "", "", "", name],
        ["night", "", "", "", "missed", "21.000", "23.000", "love", "0.000", "", "", name],
    ]
    page.evaluate("document.activeElement.blur()")
    rows = downloaded(page, lambda: page.keyboard.press("s"))
    assert without_date(rows) == expected
    page.reload()
    page.wait_for_selector("#cues tbody tr")
    assert page.inner_text("#progress") == "3 of 3 checked, 1 added"
    assert downloaded(page, page.get_by_role("button", name="Download").click) == rows


def test_undo_and_clear_take_verdicts_back(open_desk, desk_folder):
    page = film_page(open_desk, desk_folder)
    assert page.locator("#undo").is_disabled()
    page.keyboard.press("n")
    page.keyboard.press("y")
    page.locator("#track").select_option("love")
    assert page.inner_text("#state") == "changed"
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    assert page.inner_text("#state") == "right"
    page.keyboard.press("Backspace")
    assert page.inner_text("#progress") == "0 of 3 checked"
    page.keyboard.press("Control+z")
    assert page.inner_text("#state") == "right"
    page.keyboard.press("u")
    assert page.inner_text("#progress") == "0 of 3 checked"
    assert downloaded(page, lambda: page.keyboard.press("s")) == []


def test_dragging_an_edge_of_the_selected_cue_moves_it(open_desk, desk_folder):
    page = film_page(open_desk, desk_folder)
    page.keyboard.press("n")
    page.keyboard.press("0")
    box = page.locator(".u-over").first.bounding_box()
    second = box["width"] / SECONDS
    page.mouse.move(box["x"] + 20 * second - 2, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 18 * second, box["y"] + 12, steps=4)
    page.mouse.up()
    (row,) = downloaded(page, lambda: page.keyboard.press("s"))
    assert row[4:6] == ["changed", ""]
    assert float(row[6]) == pytest.approx(18, abs=0.1)


def test_click_seeks_and_drag_zooms_all_panes(open_desk, desk_folder):
    page = film_page(open_desk, desk_folder)
    box = page.locator(".u-over").last.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert time_of(page) == pytest.approx(SECONDS / 2, abs=0.1)
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20, steps=5)
    page.mouse.up()
    ranges = "timeline.plots.map(plot => [plot.scales.x.min, plot.scales.x.max])"
    wait_until(page, f"{ranges}.every(([low, high]) => low > 0)")
    assert len(page.evaluate(ranges)) == 3
    for low, high in page.evaluate(ranges):
        assert low == pytest.approx(SECONDS / 4, abs=0.1)
        assert high == pytest.approx(SECONDS / 2, abs=0.1)
    page.keyboard.press("0")
    assert page.evaluate("timeline.range") == [0, SECONDS]


def test_given_corrections_are_decided_and_stay_in_the_download(open_desk, tmp_path):
    write_video(tmp_path / "film.mp4")
    files = write_tables(tmp_path, files=write_tracks(tmp_path))
    write_film(tmp_path, tmp_path / "film.mp4", files, given=[GIVEN[0], GIVEN[1]])
    row = {"film_id": "night", "title": "Night", "genres": ("Drama",), "cues": CUES, "notes": ""}
    write_index(tmp_path, [row], given=GIVEN)
    page = film_page(open_desk, tmp_path / "desk")
    assert page.inner_text("#progress") == "1 of 3 checked"
    assert "fit no cue" in page.inner_text("#warning")
    assert page.locator("#cues tbody td.right").count() == 1
    rows = downloaded(page, page.get_by_role("button", name="Download").click)
    assert sorted(rows) == sorted(GIVEN)
    page.get_by_role("button", name="By time").click()
    page.locator("#cues tbody button").first.click()
    page.get_by_role("button", name="Take back").click()
    page.reload()
    page.wait_for_selector("#cues tbody tr")
    assert page.inner_text("#progress") == "0 of 3 checked"  # what was taken back stays so
    assert sorted(downloaded(page, page.get_by_role("button", name="Download").click)) == sorted(
        GIVEN[1:]
    )
