"""The page of the live search in Chromium, its routes, and the command on real files."""

import csv
import functools
import json

import numpy as np
import pytest
import soundfile
from starlette.applications import Starlette
from starlette.testclient import TestClient

from scorelens.errors import ConfigError, Problem
from scorelens.live_search.routes import MAX_QUERY, search_routes
from tests.browser import body_overflows, serious_violations, wait_until
from tests.search_tables import index_of, passages, served, track_row

TAGS = ("sad", "happy", "jazz", "folk", "metal")


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """An index of five playable tracks of 30 s, each with one tag."""
    folder = tmp_path_factory.mktemp("music")
    rows = []
    for number, tag in enumerate(TAGS):
        path = folder / f"{tag}, =1.wav"
        tone = 0.1 * np.sin(2 * np.pi * (220 + 50 * number) * np.arange(30 * 8000) / 8000)
        soundfile.write(path, tone, 8000)
        facts = {"path": str(path), "length_s": 30.0, "tempo_bpm": 60.0 + 30 * number}
        rows.append(track_row(tag, **facts, genres="score", artist="=somebody"))
    values = [np.concatenate([np.zeros((1, 200)), passages(tag, count=2)]) for tag in TAGS]
    return index_of(rows, values, sound=lambda path, start, end: passages("sad"))


def client_of(index):
    return TestClient(Starlette(routes=search_routes(lambda: index)))


@pytest.fixture
def client(music):
    return client_of(music)


def test_options_name_tracks_tags_and_which_model_answers(client):
    data = client.get("/api/search").json()
    assert data["tracks"] == 5 and data["genres"] == ["score"] and len(data["tags"]) == 50
    assert data["models"]["image"] == "" and data["models"]["words"].startswith("bridge")
    assert data["has_speech"] is False


def test_query_gives_hits_with_all_values(client):
    answer = client.post("/api/search", json={"words": "jazz", "limit": 2}).json()
    first, second = answer["hits"]
    assert first["title"] == "jazz" and first["number"] == 2 and first["start_s"] == 10.0
    assert first["score"] > second["score"]
    assert first["why"] == "bridge: jazz 1.00"


def test_filters_of_a_query_reach_the_search(client):
    query = {"words": "jazz", "filters": {"tempo_bpm": [None, 90], "genres": ["Score"]}}
    hits = client.post("/api/search", json=query).json()["hits"]
    assert {hit["title"] for hit in hits} == {"sad", "happy"}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "has no part"),
        ([], "has no part"),
        ({"words": "sad", "colour": "red"}, "unknown parts: ['colour']"),
        ({"words": "sad", "filters": {"colour": "red"}}, "unknown filters: ['colour']"),
        ({"words": "sad", "filters": {"tempo_bpm": [1]}}, "not enough values"),
        ({"like": {"source": "/etc/passwd"}}, "/etc/passwd"),
        ({"like": {}}, "source"),
        ({"image": "/etc/passwd"}, "/etc/passwd"),
        ({"moment": {"film_id": "heat", "time_s": 3}}, "there is no film 'heat'"),
        (7, "not iterable"),
    ],
)
def test_query_that_the_page_cannot_send_is_refused(client, query, message):
    answer = client.post("/api/search", json=query)
    assert answer.status_code == 400 and message in answer.json()["message"]


def test_query_that_is_no_json_or_too_long_is_refused(client):
    assert client.post("/api/search", content=b"{").status_code == 400
    assert client.post("/api/search", content=b" " * (MAX_QUERY + 1)).status_code == 413


def test_sound_is_served_in_ranges_and_by_number_alone(client, music):
    path = music.catalogue.tracks["path"][1]
    answer = client.get("/api/search/sound/1", headers={"Range": "bytes=100-199"})
    with open(path, "rb") as file:
        assert answer.status_code == 206 and answer.content == file.read()[100:200]
    for wrong in ("5", "-1", "../1", "%2e%2e%2fetc%2fpasswd"):
        assert client.get(f"/api/search/sound/{wrong}").status_code == 404


def test_dropped_file_can_be_asked_for_by_its_name_alone(client):
    answer = client.post("/api/search/drop?name=../../theme.wav", content=b"x" * 1000)
    name = answer.json()["name"]
    hits = client.post("/api/search", json={"like": {"source": name}}).json()["hits"]
    assert hits[0]["title"] == "sad"
    assert client.post("/api/search", json={"image": name}).status_code == 400


def test_index_that_cannot_be_opened_is_explained_and_tried_again(music):
    tries = []

    def opening():
        tries.append(1)
        if len(tries) == 1:
            raise ConfigError(Problem("results/search", "nothing is indexed", "tracks"))
        return music

    client = TestClient(Starlette(routes=search_routes(opening)))
    assert "nothing is indexed" in client.get("/api/search").json()["message"]
    assert client.get("/api/search").json()["tracks"] == 5
    assert client.get("/api/search").json()["tracks"] == 5 and len(tries) == 2


@pytest.fixture
def page(browser, music):
    with served(music) as address:
        context = browser.new_context(accept_downloads=True)
        opened = context.new_page()
        opened.errors = []
        opened.on("pageerror", lambda error: opened.errors.append(str(error)))
        opened.goto(f"{address}/search")
        wait_until(opened, "document.getElementById('about').textContent.startsWith('5 tracks')")
        yield opened
        assert opened.errors == []
        context.close()


def titles(page):
    script = "[...document.querySelectorAll('#hits tbody tr td:nth-child(2) span:first-child')]"
    return page.evaluate(f"{script}.map(cell => cell.textContent)")


def saved(page, button):
    with page.expect_download() as download:
        page.click(button)
    return download.value.path().read_text("utf-8")


@pytest.mark.slow
def test_brief_from_words_to_a_shortlist_by_keyboard_alone(page, music):
    page.keyboard.type("jazz")
    page.keyboard.press("Enter")
    wait_until(page, "document.querySelectorAll('#hits tbody tr').length === 5")
    assert titles(page)[0] == "jazz"
    assert page.inner_text("#count").endswith("Answered by bridge: jazz 1.00")
    page.keyboard.press("Escape")
    assert page.input_value("#words") == "jazz"
    for key in ("j", "s", "Enter"):  # the first hit: shortlist, play
        page.keyboard.press(key)
    wait_until(page, "document.getElementById('audio').currentTime > 10")
    assert "#t=10.00,30.00" in page.evaluate("document.getElementById('audio').src")
    page.keyboard.press("[")
    marked = "/^passage 0:[12]\\d to the end$/.test(document.getElementById('passage').textContent)"
    wait_until(page, marked)
    page.keyboard.press("n")
    wait_until(page, "document.querySelectorAll('#hits tr')[2].className.includes('playing')")
    for key in ("s", "s", "j", "s"):  # the second hit on and off, the third on
        page.keyboard.press(key)
    third = titles(page)[2]
    assert page.inner_text("#chosen") == "2"
    rows = list(csv.DictReader(saved(page, "#csv").splitlines()))
    assert [row["title"] for row in rows] == ["jazz", third]
    assert rows[0]["path"] == music.catalogue.tracks["path"][2]
    assert rows[0]["artist"] == "'=somebody"  # no formula
    playlist = saved(page, "#m3u").splitlines()
    assert playlist[:3] == ["#EXTM3U", "#EXTINF:30,=somebody - jazz", rows[0]["path"]]
    page.reload()
    wait_until(page, "document.getElementById('chosen').textContent === '2'")


@pytest.mark.slow
def test_more_like_a_hit_leaves_it_out_and_removing_it_asks_for_words_again(page):
    page.fill("#words", "sad")
    page.keyboard.press("Enter")
    wait_until(page, "document.querySelectorAll('#hits tbody tr').length === 5")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("l")
    wait_until(page, "document.querySelectorAll('#hits tbody tr').length === 4")
    assert "sad" not in titles(page) and page.inner_text("#like") == "Like sad"
    page.click("#unlike")
    page.click("button[type=submit]")
    wait_until(page, "document.getElementById('message').textContent.includes('has no part')")


@pytest.mark.slow
def test_filters_and_faults_are_shown(page):
    page.fill("#words", "sad")
    page.click("#more summary")
    page.fill("#tempo_high", "90")
    page.keyboard.press("Enter")
    wait_until(page, "document.querySelectorAll('#hits tbody tr').length === 2")
    page.fill("#tempo_low", "100")
    page.keyboard.press("Enter")
    wait_until(page, "document.getElementById('message').textContent.includes('starts at 100')")


@pytest.mark.slow
def test_page_has_no_serious_fault_of_access_and_fits_a_phone(page):
    page.fill("#words", "sad")
    page.keyboard.press("Enter")
    wait_until(page, "document.querySelectorAll('#hits tbody tr').length === 5")
    page.set_viewport_size({"width": 390, "height": 800})
    assert not body_overflows(page)
    assert serious_violations_without_policy(page) == []


def serious_violations_without_policy(page):
    """The policy of the page forbids the checker's script: checked on a copy without it."""
    context = page.context.browser.new_context(bypass_csp=True)
    copy = context.new_page()
    copy.goto(page.url)
    wait_until(copy, "document.getElementById('about').textContent.startsWith('5 tracks')")
    found = serious_violations(copy)
    context.close()
    return found


def test_json_of_the_browser_holds_no_nan(client):
    text = client.post("/api/search", json={"words": "sad"}).text
    json.loads(text, parse_constant=functools.partial(pytest.fail))
