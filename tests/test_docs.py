"""The columns page is current, links resolve, and docstring examples run."""

import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import scorelens

PACKAGE = Path(scorelens.__file__).parent
MODULES_WITH_EXAMPLES = [
    path.relative_to(PACKAGE.parent).with_suffix("").as_posix().replace("/", ".")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


def test_columns_page_equals_the_generated_one(home):
    generated = subprocess.run(
        [sys.executable, "docs/columns.py"], cwd=home, capture_output=True, text=True, check=True
    ).stdout
    assert (home / "docs" / "columns.md").read_text(encoding="utf-8") == generated, (
        "run `make docs`"
    )
    assert generated.count("\n| `") > 130


def test_links_in_readme_and_contributing_resolve(home):
    for page in ("README.md", "CONTRIBUTING.md"):
        links = re.findall(r"\]\(([^)#:]+)\)", (home / page).read_text(encoding="utf-8"))
        assert not [link for link in links if not (home / link).exists()]


@pytest.mark.parametrize("name", MODULES_WITH_EXAMPLES)
def test_examples_in_docstrings_run(name):
    module = importlib.import_module(name.removesuffix(".__init__"))
    results = doctest.testmod(module, raise_on_error=True)
    assert results.attempted > 0
