"""Fixtures and functions for tests of the pages of the desk in Chromium."""

import pandas as pd
import pytest

from scorelens import tables
from tests.browser import wait_until
from tests.cue_tables import cue_table
from tests.desk_pages import (
    CUES,
    EVIL,
    VIDEO,
    write_film,
    write_index,
    write_tables,
    write_tracks,
    write_video,
)


@pytest.fixture(scope="module")
def desk_folder(tmp_path_factory):
    """A folder with the index and one film with all its media, in other scripts; read only."""
    folder = tmp_path_factory.mktemp("a desk #1 100% — 桌")
    write_video(folder / VIDEO)
    files = write_tables(folder, files=write_tracks(folder / "album's"))
    write_film(folder, folder / VIDEO, files)
    sure = cue_table("day", ("theme", 1.0, 9.0, 0.0)).assign(confidence=0.99)
    rows = [
        {"film_id": "day", "title": "Day", "genres": ("Comedy",), "cues": sure, "notes": ""},
        {
            "film_id": "night",
            "title": "Night " + EVIL,
            "genres": ("Drama",),
            "cues": CUES,
            "notes": EVIL,
        },
    ]
    others = pd.DataFrame({"film_id": ["day"], "start_s": [10.0], "end_s": [15.0], "music": [0.9]})
    tables.write_table(others, folder / "unknown.tsv", tables.UNKNOWN_MUSIC)
    write_index(folder, rows, unknown=folder / "unknown.tsv")
    return folder / "desk"


@pytest.fixture
def open_desk(browser):
    """A function that opens a page as a file; errors and requests elsewhere fail the test."""
    faults, contexts = [], []

    def open_in_browser(path, **settings):
        contexts.append(
            browser.new_context(viewport={"width": 1300, "height": 900})
            if not settings
            else browser.new_context(**settings)
        )
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda message: (
                faults.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(("file://", "blob:")) else faults.append(request.url)
            ),
        )
        page.goto(path.as_uri())
        return page

    yield open_in_browser
    for context in contexts:
        context.close()
    assert faults == []


def film_page(open_page, desk, **settings):
    page = open_page(desk / "films" / "night.html", **settings)
    wait_until(page, "document.querySelector('video').readyState >= 2")
    return page
