"""The written pages follow the code."""

import re
import subprocess
import sys


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
