"""Tests of the media that the desk plays, of its keys, and of accessibility."""

import pytest

from tests.browser import wait_until
from tests.desk_browser import film_page
from tests.desk_pages import VP8, write_film, write_tables, write_video


@pytest.mark.parametrize("name", ['it\'s "so" #1 100% & a?.webm', "電影 测试.webm"])
def test_films_of_odd_names_play(name, open_desk, tmp_path):
    write_video(tmp_path / name, VP8, 3)
    write_film(tmp_path, tmp_path / name, write_tables(tmp_path))
    page = film_page(open_desk, tmp_path / "desk")
    page.keyboard.press(" ")
    wait_until(page, "document.querySelector('video').currentTime > 0.2")


def test_unplayable_film_is_reported_with_the_option(browser, tmp_path):
    (tmp_path / "film.mkv").write_bytes(b"no film" * 100)
    page = browser.new_page()
    page.goto(write_film(tmp_path, tmp_path / "film.mkv", write_tables(tmp_path)).as_uri())
    page.wait_for_selector("#film-fault:visible")
    assert "cannot play film.mkv" in page.inner_text("#film-fault")
    assert "desk: {preview: video}" in page.inner_text("#film-fault")
    page.keyboard.press("n")
    page.keyboard.press("w")
    assert page.inner_text("#progress") == "1 of 3 checked"
    page.close()


def test_keys_are_listed_and_escape_closes_the_list(open_desk, desk_folder):
    page = film_page(open_desk, desk_folder)
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    known = page.evaluate("Object.keys(KEYS)")
    shown = page.inner_text("#keys")
    named = {
        " ": "Space",
        "ArrowUp": "↑",
        "ArrowDown": "↓",
        "ArrowLeft": "←",
        "ArrowRight": "→",
        "Backspace": "⌫",
        "=": "+",
    }
    assert [key for key in known if named.get(key, key) not in shown] == []
    page.keyboard.press("Escape")
    assert page.locator("#keys").is_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index.html", "films/night.html"])
def test_pages_pass_axe(name, scheme, open_desk, desk_folder):
    from axe_playwright_python.sync_playwright import Axe

    page = open_desk(desk_folder / name, color_scheme=scheme)
    page.wait_for_selector("tbody tr")
    if name != "index.html":
        page.keyboard.press("n")
        page.keyboard.press("y")
        page.keyboard.press("n")
        page.keyboard.press("w")
    violations = Axe().run(page, options={"preload": False}).response["violations"]
    assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in violations] == []


@pytest.mark.parametrize("name", ["index.html", "films/night.html"])
def test_pages_fit_a_400_pixel_screen(name, open_desk, desk_folder):
    page = open_desk(desk_folder / name, viewport={"width": 400, "height": 800})
    page.wait_for_selector("tbody tr")
    assert page.evaluate("document.documentElement.scrollWidth") == 400


def test_time_line_is_drawn_anew_for_paper(open_desk, desk_folder):
    page = film_page(open_desk, desk_folder)
    widths = "new Set([...document.querySelectorAll('.uplot')].map(plot => plot.offsetWidth))"
    assert page.evaluate(f"Math.min(...{widths})") > 1000
    page.emulate_media(media="print")
    wait_until(page, f"Math.max(...{widths}) === PRINTED")
    page.emulate_media(media="screen")
    wait_until(page, f"Math.min(...{widths}) > 1000")
