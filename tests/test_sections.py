"""Tests of report sections: files of a run, and rendering of a template."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import jinja2
import pytest

from scorelens.report.registry import SECTIONS
from scorelens.sections import Run, render_section
from tests.rule_files import HOME, RULES

TEMPLATE = """
{% block lead %}
{% if count %}
<b>{{ count }}</b> films.
{% endif %}
{% endblock %}
{% block body %}
<p>{{ title }}: {{ share | percent }} of {{ seconds | clock }}, {{ missing | number }}</p>
{% endblock %}
"""


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "section.html"
    path.write_text(TEMPLATE)
    return path


def values(count):
    return {"count": count, "title": "A & B", "share": 0.25, "seconds": 61, "missing": None}


def test_render_section_fills_lead_and_body_from_template_blocks(template):
    section = render_section("films", "Films", template, values(3), [("films", "3")])
    assert (section.id, section.title, section.tiles) == ("films", "Films", [("films", "3")])
    assert section.lead == "<b>3</b> films."
    assert section.body == "<p>A &amp; B: 25% of 1:01, –</p>"
    assert section.headline == section.story == ""


def test_block_without_content_is_an_empty_string(template):
    assert render_section("films", "Films", template, values(0)).lead == ""


def test_missing_template_variable_raises_undefined_error(template):
    with pytest.raises(jinja2.UndefinedError, match="title"):
        render_section("films", "Films", template, {"count": 0})


@pytest.fixture
def run(tmp_path):
    names = ("genres/scores.svg", "genres/scores.tsv", "genres/explanations/b.svg", "genres/a.svg")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("<svg/>")
    outside = tmp_path.parent / "features.npy"
    return Run(tmp_path, [outside, *(tmp_path / name for name in names)], {})


def test_run_files_are_identified_by_path_relative_to_results(run):
    assert "genres/scores.tsv" in run
    assert "genres/b.svg" not in run
    assert run.path("genres/a.svg") == run.results / "genres" / "a.svg"
    with pytest.raises(KeyError, match=r"genres/b\.svg"):
        run.path("genres/b.svg")


def test_matching_files_are_of_one_folder_in_input_order(run):
    assert list(run.matching("genres/*.svg")) == ["scores", "a"]
    assert list(run.matching("genres/*/*.svg")) == ["b"]
    assert run.matching("*.svg") == {}
    assert list(run.figures("genres/explanations/*.svg")) == ["b"]


def test_files_that_are_not_inputs_are_ignored(run):
    (run.results / "genres" / "later.svg").write_text("<svg/>")
    assert "later" not in run.matching("genres/*.svg")


def test_every_section_is_listed_once():
    assert len(SECTIONS) == len(set(SECTIONS)) == 19


def file_names(path: Path) -> Iterator[str]:
    """Paths of result files in the strings of a module; `*` for formatted values."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        values = (part.value if isinstance(part, ast.Constant) else "*" for part in parts)
        name = "".join(map(str, values))
        if re.fullmatch(r"[a-z_]+/[\w/*]+\.(tsv|parquet|svg|html)", name):
            yield name


def test_every_file_that_a_section_reads_is_an_output_of_a_rule():
    """A section is omitted without an error if its file is not an output of a rule."""
    outputs = {re.sub(r"\{+.*?\}+", "*", path) for rule in RULES.values() for path in rule.outputs}
    sections = [*HOME.glob("scorelens/*/report/*.py"), HOME / "scorelens" / "sections" / "run.py"]
    names = {f"results/{name}" for path in sections for name in file_names(path)}
    assert len(names) > 25
    unknown = {
        name
        for name in names
        if not any(fnmatch(name, out) or fnmatch(out, name) for out in outputs)
    }
    assert unknown == set()
