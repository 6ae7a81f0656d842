"""The documentation as a site: built strictly, whole, and without requests to other servers."""

import os
import posixpath
import re
import subprocess
import sys

import pytest

from docs import site_pages


@pytest.fixture(scope="module")
def site(home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=home,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder


@pytest.mark.slow
def test_site_has_a_page_for_every_document(site, home):
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    documents = {
        path.relative_to(home / "docs").with_suffix(".html").as_posix()
        for path in (home / "docs").rglob("*.md")
    }
    outside = {page.replace(".md", ".html") for page in site_pages.PAGES.values()}
    assert pages == documents | outside | {"404.html"}
    assert not list(site.rglob("*.py"))


@pytest.mark.slow
def test_links_and_images_of_the_site_resolve_and_nothing_is_loaded_from_elsewhere(site):
    count = 0
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|img)[^>]* src="?([^"\s>]+)', text)
        loaded += re.findall(r'<link[^>]* rel="?stylesheet"? [^>]*href="?([^"\s>]+)', text)
        assert not [address for address in loaded if re.match(r"(https?:)?//", address)]
        links = re.findall(r'<a[^>]* href="?([^"\s>#]+)', text)
        for target in {*loaded, *links}:
            if not re.match(r"\w+:", target):
                path = posixpath.join(page.parent.as_posix(), target.partition("?")[0])
                assert os.path.exists(path), (page.name, target)
                count += 1
    assert count > 500


def test_links_between_pages_become_links_of_the_site():
    convert = site_pages.site_links
    assert convert("[a](docs/cues.md#limits)", "README.md") == "[a](cues.md#limits)"
    assert convert("![a](docs/scores.svg)", "README.md") == "![a](scores.svg)"
    assert convert("[a](../config/README.md)", "docs/cues.md") == "[a](configuration.md)"
    assert convert("[a](../../CONTRIBUTING.md)", "docs/tutorials/x.md") == "[a](../contributing.md)"
    assert convert("see [LICENSE](LICENSE).", "README.md") == "see LICENSE."
    for same in ("[a](https://example.org/x.md)", "[a](#limits)", "```\n[a](docs/b.md)\n```"):
        assert convert(same, "README.md") == same
