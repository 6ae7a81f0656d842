"""The served desk in Chromium: it plays, saves in place, and joins what others changed."""

import http.server
import threading

import pytest

from scorelens.server.corrections_file import CorrectionsFile, version_of
from tests.browser import wait_until
from tests.served_runs import NIGHT, row, serving, table, write_run


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a run #1 100% — 桌")
    return write_run(folder, tmp_path_factory.mktemp("media"))


@pytest.fixture
def served(run_folder):
    (run_folder / "corrections.tsv").unlink(missing_ok=True)
    with serving(run_folder) as served:
        yield served


@pytest.fixture
def enter(browser, served):
    """A function that opens a page in a browser that came by the shown address.

    Errors, and requests to anybody but the server, fail the test; so do refused ones.
    """
    faults = []
    context = browser.new_context(viewport={"width": 1300, "height": 900})

    def enter_page():
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if "Content Security" in m.text else 0)
        page.on("request", lambda r: r.url.startswith(served.origin) or faults.append(r.url))
        page.on("response", lambda r: r.status in (403, 404) and faults.append(r.url))
        page.goto(served.entrance)
        page.wait_for_url(served.origin + "/")
        page.get_by_role("link", name="The film desk").click()
        page.get_by_role("link", name="Night").click()
        page.wait_for_url("**/desk/films/night.html")
        wait_until(page, "document.querySelector('video')?.readyState >= 2")
        wait_until(page, "document.querySelector('#saved')?.textContent.startsWith('Saved')")
        return page

    yield enter_page
    context.close()
    assert [fault for fault in faults if not fault.endswith("/favicon.ico")] == []


def saved(page):
    wait_until(
        page, "!saving.isPending && find('saved').textContent === 'Saved in corrections.tsv'"
    )


def verdicts(served):
    rows = table(served.folder / "corrections.tsv")
    return list(zip(rows.track_id, rows.film_start_s, rows.verdict, strict=True))


def test_a_rejected_cue_is_in_the_file_and_there_after_a_reload(enter, served):
    page = enter()
    page.keyboard.press(" ")
    wait_until(page, "document.querySelector('video').currentTime > 0.3")
    page.keyboard.press(" ")
    page.locator("#annotator").fill("Zoë")
    page.locator("#annotator").press("Escape")
    page.keyboard.press("n")
    page.keyboard.press("w")
    saved(page)
    assert verdicts(served) == [("theme", "14.000", "wrong")]
    page.keyboard.press("b")  # the album's track plays too
    wait_until(page, "player.album.readyState >= 2 && !player.album.error")
    page.reload()
    wait_until(page, "document.querySelector('#progress')?.textContent === '1 of 3 checked'")
    assert page.locator("#cues tbody td.wrong").count() == 1
    assert page.input_value("#annotator") == "Zoë"
    page.keyboard.press("n")
    page.keyboard.press("y")
    page.keyboard.press("y")
    page.keyboard.press("u")
    saved(page)
    assert verdicts(served) == [("theme", "14.000", "wrong"), ("chase", "7.000", "right")]
    assert page.evaluate("localStorage.length") == 0
    page.get_by_role("link", name="All films").click()
    page.wait_for_url("**/desk/index.html")
    wait_until(page, "document.querySelector('#where')?.textContent.includes('saved in')")
    assert page.locator("tr:has-text('Night') td.checked").inner_text() == "2 of 3"
    page.go_back()
    wait_until(page, "document.querySelector('#progress')?.textContent === '2 of 3 checked'")


def test_two_windows_on_one_film_lose_nothing(enter, served):
    first, second = enter(), enter()
    first.keyboard.press("n")
    first.keyboard.press("w")
    saved(first)
    second.keyboard.press("n")
    second.keyboard.press("n")
    second.keyboard.press("y")  # another cue: joined
    saved(second)
    expected = {("theme", "14.000", "wrong"), ("chase", "7.000", "right")}
    assert set(verdicts(served)) == expected
    assert second.inner_text("#progress") == "2 of 3 checked"
    assert second.locator("#warning").is_hidden()
    first.locator("#cues tbody button", has_text="Main").first.click()
    first.evaluate("actions.select(verdicts.items.find(item => item.cue.start === 7))")
    first.wait_for_timeout(1100)  # decided later, by a second
    first.keyboard.press("w")  # the same cue: both stay, the later counts, and it is shown
    saved(first)
    assert "Decided elsewhere too: 0:00:07 wrong, before that right" in first.inner_text("#warning")
    assert first.locator("#cues tbody tr", has_text="wrong").count() == 2
    assert set(verdicts(served)) == expected | {("chase", "7.000", "wrong")}


def test_rows_of_an_editor_appear_and_a_stopped_server_is_shown(enter, served):
    page = enter()
    file = CorrectionsFile(served.folder / "corrections.tsv")
    file.save("night", version_of([]), [row(start="14.000", note="by hand")])
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_until(page, "document.querySelector('#progress')?.textContent === '1 of 3 checked'")
    page.keyboard.press("n")
    page.route("**/api/**", lambda route: route.abort())
    page.keyboard.press("y")
    wait_until(page, "find('saved').textContent === 'Not saved'")
    assert "does not answer" in page.inner_text("#warning")
    assert page.evaluate("saving.isPending")
    page.unroute("**/api/**")
    page.keyboard.press("n")
    page.keyboard.press("y")  # the next change takes the one before along
    saved(page)
    assert page.locator("#warning").is_hidden()
    assert [verdict for *_, verdict in verdicts(served)] == ["wrong", "right", "right"]
    (note,) = set(table(file.path).note) - {""}
    assert note == "by hand"


EMBEDS = """
(address => { for (const tag of ["video", "img", "script", "iframe"]) {
  const element = document.createElement(tag); element.src = address; document.body.append(element);
}})"""


class Plain(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><body>")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def other_port():
    """The port of another server of this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plain) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])  # has our cookie, is another site
def test_a_page_of_another_origin_reads_and_sends_nothing(browser, served, other_port, host):
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.entrance)
    page.wait_for_url(served.origin + "/")
    page.goto(f"http://{host}:{other_port}/")
    served.statuses.clear()
    address = f"{served.origin}/api/corrections/night"
    for options in ("{}", "{credentials: 'include'}", "{method: 'PUT', body: '{}'}"):
        sent = f"fetch('{address}', {options}).then(answer => answer.status, () => 'refused')"
        assert page.evaluate(sent) == "refused"
    page.evaluate(f"fetch('{address}', {{method: 'POST', mode: 'no-cors'}}).catch(() => 0)")
    page.evaluate(f"{EMBEDS}('{served.origin}{served.file(served.folder / NIGHT)}')")
    page.wait_for_timeout(300)
    context.close()
    assert set(served.statuses) <= {403}
    assert len(served.statuses) >= 4
    assert not (served.folder / "corrections.tsv").exists()
