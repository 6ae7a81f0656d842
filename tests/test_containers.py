"""The container recipes: what they copy exists and is what a run needs, in a supported Python."""

import re
import tomllib

import pytest
from packaging.specifiers import SpecifierSet

NEEDED = {"Snakefile", "config", "envs", "profiles", "scorelens", "scripts", "workflow"}


def copied(home, name):
    """The files and folders of the clone that a recipe copies."""
    recipe = (home / "containers" / name).read_text(encoding="utf-8")
    if name == "Dockerfile":
        lines = re.findall(r"^COPY (.+) \S+$", recipe, re.M)
    else:
        lines = re.findall(r"^ {4}(\S+) /opt/scorelens/\S*$", recipe, re.M)
    return {source for line in lines for source in line.split()}


@pytest.mark.parametrize("name", ["Dockerfile", "scorelens.def"])
def test_recipe_copies_what_a_run_needs(name, home):
    sources = copied(home, name)
    assert sources >= NEEDED | {"pyproject.toml", "README.md"}
    assert not [source for source in sources if not (home / source).exists()]


@pytest.mark.parametrize("name", ["Dockerfile", "scorelens.def"])
def test_recipe_has_a_supported_python_and_the_pinned_packages(name, home):
    recipe = (home / "containers" / name).read_text(encoding="utf-8")
    version = re.search(r"^(?:FROM|From:) python:(\S+)-slim$", recipe, re.M)[1]
    project = tomllib.loads((home / "pyproject.toml").read_text())["project"]
    assert SpecifierSet(project["requires-python"]).contains(version)
    assert "--requirement envs/requirements.txt" in recipe
    assert "--no-deps --editable ." in recipe
