"""The generated pages follow the code, and examples in docstrings run."""

import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import scorelens

PACKAGE = Path(scorelens.__file__).parent
WITH_EXAMPLES = [
    path.relative_to(PACKAGE.parent).with_suffix("").as_posix().replace("/", ".")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


def test_the_page_of_columns_is_current(home):
    made = subprocess.run(
        [sys.executable, "docs/columns.py"], cwd=home, capture_output=True, text=True, check=True
    ).stdout
    assert (home / "docs" / "columns.md").read_text(encoding="utf-8") == made, "run `make docs`"
    assert made.count("\n| `") > 130


def test_the_readme_links_to_files_that_are_there(home):
    for page in ("README.md", "CONTRIBUTING.md"):
        links = re.findall(r"\]\(([^)#:]+)\)", (home / page).read_text(encoding="utf-8"))
        assert not [link for link in links if not (home / link).exists()]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings_run(name):
    module = importlib.import_module(name.removesuffix(".__init__"))
    results = doctest.testmod(module, raise_on_error=True)
    assert results.attempted > 0
