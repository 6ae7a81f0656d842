"""The page of the report in Chromium, and its size and links for any number of films."""

import re

import numpy as np
import pytest

from scorelens.sections.section import MAX_ROWS
from tests.browser import body_overflows, serious_violations, wait_until
from tests.report_run import Page, make_run, path_of, render

DESK = "desk/index.html"


def with_desk(folder, inputs):
    path = folder / DESK
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("<title>The desk</title>")
    return inputs | {"files": [*inputs["files"], path]}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of 25 films, more than a table shows, with a desk: folder and text."""
    folder = tmp_path_factory.mktemp("report")
    inputs = with_desk(folder, make_run(folder, MAX_ROWS + 5))
    return folder, render(folder, inputs)[1]


@pytest.fixture
def open_page(browser, report):
    """A function that opens the report as a file; errors, also of its policy, fail the test."""
    errors, requests = [], []

    def open_in_browser(anchor="", **context):
        page = browser.new_page(**context)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        page.on("request", lambda request: requests.append(request.url))
        page.goto((report[0] / "report.html").as_uri() + anchor)
        return page

    yield open_in_browser
    assert not errors
    assert all(url.startswith(("file://", "data:image/svg+xml,")) for url in requests)


def links_of(text):
    page = Page(text)
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    return links, set(page.values("id"))


def test_links_lead_to_files_of_the_run_and_to_places_on_the_page(report):
    folder, text = report
    links, ids = links_of(text)
    files = {link for link in links if not link.startswith("#")}
    assert {DESK, "corpus/films.tsv", "corpus/status.tsv", "cues/levels.tsv"} <= files
    assert [link for link in files if not (folder / link).exists()] == []
    assert {link[1:] for link in links if link.startswith("#")} <= ids


def test_report_without_a_desk_has_no_link_to_it(tmp_path):
    text = render(tmp_path, make_run(tmp_path, 2))[1]
    assert "desk" not in "".join(links_of(text)[0])


def test_tables_of_films_are_capped_and_name_the_whole_table(report):
    page = Page(report[1])
    text = " ".join("".join(page.text).split())
    assert len(page.table("Film", "Title")) == MAX_ROWS
    assert f"The first 20 of {MAX_ROWS + 5} films. All of them: results/corpus/films.tsv" in text
    assert f"The most wrong: 20 of {MAX_ROWS + 5} films" in text


@pytest.mark.slow
def test_report_of_a_thousand_films_is_hardly_larger_and_under_five_megabytes(report, tmp_path):
    folder, text = report
    _, large, _ = render(tmp_path, make_run(tmp_path, 1000))
    size = (tmp_path / "report.html").stat().st_size
    assert size < 1.5 * (folder / "report.html").stat().st_size
    assert size < 5_000_000
    assert large.count("<tr>") == text.count("<tr>")


def test_policy_allows_only_the_script_and_style_of_the_page(report):
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', report[1])
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe" not in policy
    assert (
        re.findall(r"<\w[^>]* (?:on\w+|style)=", re.sub(r'src="data:[^"]*"', "", report[1])) == []
    )


def column(page, head):
    """Texts of a column of the table of films."""
    return page.evaluate(
        """head => {
            const table = document.querySelector("#corpus table");
            const names = [...table.tHead.rows[0].cells].map(cell => cell.textContent);
            const at = names.indexOf(head);
            return [...table.tBodies[0].rows].map(row => row.cells[at].textContent);
        }""",
        head,
    )


def test_click_and_enter_sort_a_table_by_numbers_text_and_length(open_page):
    page = open_page()

    def sort(head):
        page.locator("#corpus table").get_by_role("button", name=head, exact=True).click()
        return column(page, head)

    years = sort("Year")
    assert years[-1] == "–"
    assert years[:-1] == sorted(years[:-1], key=int)
    assert page.locator("#corpus th[aria-sort=ascending]").count() == 1
    page.keyboard.press("Enter")
    years = column(page, "Year")
    assert years[-1] == "–"  # what is missing stays below
    assert years[:-1] == sorted(years[:-1], key=int, reverse=True)
    lengths = sort("Length")  # by the value, not by the text "59:10" and "1:02:03"
    seconds = [
        np.dot([*map(int, reversed(text.split(":")))], [1, 60, 3600][: text.count(":") + 1])
        for text in lengths
    ]
    assert seconds == sorted(seconds)
    titles = sort("Title")
    assert titles[:3] == ["The <0th> Film & Co", "The <1th> Film & Co", "The <2th> Film & Co"]
    assert page.locator("#corpus [aria-sort]").count() == 1


def test_cells_with_intervals_sort_by_their_value(open_page):
    page = open_page()
    page.locator("#genres table").first.get_by_role("button", name="Chance of F1").click()
    cells = page.locator("#genres table").first.locator("tbody tr td:nth-child(7)")
    values = [float(text.split("p")[0]) for text in cells.all_text_contents()]
    assert values == sorted(values)


def test_sections_fold_and_a_link_unfolds_its_section(open_page):
    page = open_page()
    folds = "document.querySelectorAll('section > details[open]').length"
    count = page.evaluate(folds)
    assert count > 10
    page.get_by_role("button", name="Fold all", exact=True).click()
    assert page.evaluate(folds) == 0
    page.locator("nav a[href='#genres']").click()
    wait_until(page, "document.querySelector('#genres details').open")
    assert page.evaluate(folds) == 1
    wait_until(page, "Math.abs(document.querySelector('#genres').getBoundingClientRect().top) < 60")
    page.get_by_role("button", name="Unfold all").click()
    assert page.evaluate(folds) == count
    page.locator("#visuals summary").first.press("Enter")
    assert page.evaluate(folds) == count - 1


def test_address_with_an_anchor_opens_what_is_folded_around_it(open_page):
    page = open_page("#skipped")
    assert page.locator("#skipped").is_visible()


def test_menu_stays_in_view_and_marks_the_section(open_page):
    page = open_page(viewport={"width": 1280, "height": 800})
    page.locator("nav a[href='#provenance']").click()
    wait_until(page, "document.querySelector('nav a[href=\"#provenance\"]').ariaCurrent === 'true'")
    assert page.evaluate("document.querySelector('nav').getBoundingClientRect().top") == 0
    assert page.locator("nav [aria-current]").count() == 1


@pytest.mark.parametrize("width", [360, 400, 768, 1280])
def test_body_does_not_scroll_sideways(open_page, width):
    page = open_page(viewport={"width": width, "height": 700})
    assert not body_overflows(page)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert not body_overflows(page)
    page.evaluate("document.getElementById('menu').open = false")
    if width < 500:
        assert page.locator("nav").bounding_box()["height"] < 60


def test_menu_is_folded_on_a_narrow_screen_and_folds_after_a_choice(open_page):
    page = open_page(viewport={"width": 360, "height": 700})
    assert not page.evaluate("document.getElementById('menu').open")
    page.locator("#menu summary").click()
    page.locator("nav a[href='#visuals']").click()
    assert not page.evaluate("document.getElementById('menu').open")


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1280)])
def test_report_has_no_serious_violation_of_accessibility(open_page, scheme, width):
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert serious_violations(page) == []


def test_accessibility_check_finds_pale_text(open_page):
    page = open_page()
    page.evaluate("document.querySelector('h1').style.color = '#ddd'")
    assert [rule for rule, _ in serious_violations(page)] == ["color-contrast"]


def test_print_shows_folded_parts_and_no_menu(open_page):
    page = open_page()
    page.get_by_role("button", name="Fold all", exact=True).click()
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#genres table").first.is_visible()
    assert not page.locator("nav").is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert not page.locator("#genres table").first.is_visible()


def test_every_figure_has_a_title_and_is_drawn(open_page, report):
    page = open_page()
    titles = page.locator("figure figcaption b").all_text_contents()
    assert len(titles) == page.locator("figure").count() > 10
    assert all(len(title.strip()) > 15 for title in titles)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    wait_until(
        page, "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
    )


def test_figure_with_quotes_markup_and_signs_is_drawn_as_it_is(browser, tmp_path):
    inputs = make_run(tmp_path, 2)
    path = path_of(inputs, "corpus/films.tsv").parent.parent / "genres/scores.svg"
    odd = """<svg xmlns="http://www.w3.org/2000/svg" width="123" height="20">
 <text x="1.23456" style="font: 10px 'A B'">50% of #1 &amp; "two"  'three' &lt;b> 0.12345</text>
</svg>"""
    path.write_text(odd)
    render(tmp_path, inputs)
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    source = page.evaluate(
        """async () => {
            const image = document.querySelector("#genres figure img");
            await image.decode();
            const text = decodeURIComponent(image.src.slice(image.src.indexOf(",") + 1));
            const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
            return [image.naturalWidth, parsed.querySelector("text").textContent];
        }"""
    )
    assert source == [123, """50% of #1 & "two"  'three' <b> 0.12345"""]
