"""Project layout: common names of rules, scripts and stages, and the allowed imports."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rule_files import RULES

HOME = Path(__file__).resolve().parent.parent
PACKAGE = HOME / "scorelens"
BASE_MODULES = (
    "albums",
    "charsets",
    "code_hash",
    "config",
    "errors",
    "figures",
    "groups",
    "mask_runs",
    "html_page",
    "film_table",
    "ids",
    "job_resources",
    "logs",
    "media",
    "paths",
    "renamed_keys",
    "result_paths",
    "sections",
    "tables",
    "torch_device",
    "tsv",
)
# Each library and the other libraries that it may import.
LIBRARIES = {"encoders": (), "evaluation": (), "learning": ("evaluation",)}
STAGES = (
    "corpus",
    "pretrained",
    "fingerprints",
    "cues",
    "music",
    "exports",
    "features",
    "visuals",
    "scenes",
    "bags",
    "genres",
    "importance",
    "audiovisual_comparison",
    "tagger",
    "retrieval",
    "trailers",
    "desk",
    "report",
)
# Modules that may import all stages; imported only by rules and by the command.
TOP_MODULES = ("plan", "rule_defaults", "media_library", "live_search", "server", "command")
SUFFIXES = {".py", ".smk", ".yaml", ".html", ".css", ".js", ".sh"}
# Config keys whose values in a run may differ from the config: rules read them from the plan.
PLAN_KEYS = {
    "features": ("sets",),
    "tagger": ("models", "libraries"),
    "retrieval": ("configurations", "films", "searches", "libraries"),
    "trailers": ("models", "trailers", "frame_networks", "sound_networks"),
}


def modules_of(name: str) -> list[Path]:
    folder = PACKAGE / name
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def is_module(name: str) -> bool:
    path = HOME.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def imports(path: Path) -> Iterator[str]:
    """The modules of the package that a file imports, by their dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("scorelens"):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if is_module(name) else node.module
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("scorelens"))


def imported_by(name: str) -> set[str]:
    """The modules that a top-level package or module imports, without its own."""
    modules = {module for path in modules_of(name) for module in imports(path)}
    excluded = ("scorelens", f"scorelens.{name}")
    return {m for m in modules if m not in excluded and not m.startswith(f"scorelens.{name}.")}


def may_import(name: str, module: str) -> bool:
    """Whether a top-level package or module may import a module."""
    top, *inside = module.split(".")[1:]
    if top in BASE_MODULES or name in TOP_MODULES:
        return True
    if name in LIBRARIES:
        return top in LIBRARIES[name]
    # Other stages only through `__init__`; the report also imports the `report` of each stage.
    is_public = not inside or (name == "report" and inside[0] == "report")
    return name in STAGES and (top in LIBRARIES or (top in STAGES and is_public))


def forbidden_imports() -> set[tuple[str, str]]:
    return {
        (name, module)
        for name in (*BASE_MODULES, *LIBRARIES, *STAGES)
        for module in imported_by(name)
        if not may_import(name, module)
    }


def test_every_module_has_a_layer():
    modules = {path.stem for path in PACKAGE.iterdir() if path.is_dir() or path.suffix == ".py"}
    modules -= {"__init__", "__pycache__"}
    assert modules == {*BASE_MODULES, *LIBRARIES, *STAGES, *TOP_MODULES}


def test_modules_import_only_from_allowed_layers():
    assert forbidden_imports() == set()


def test_no_circular_imports():
    direct = {
        name: {module.split(".")[1] for module in imported_by(name)}
        for name in (*BASE_MODULES, *LIBRARIES, *STAGES, *TOP_MODULES)
    }
    for name, reachable in direct.items():
        while more := {target for source in reachable for target in direct[source]} - reachable:
            reachable = reachable | more
        assert name not in reachable, name


def test_every_stage_has_rules_tests_and_config_schema():
    assert {rule.stage for rule in RULES.values()} == set(STAGES)
    for stage in STAGES:
        assert list((HOME / "tests").glob(f"test_{stage}*.py"))
        assert (HOME / "workflow" / "schemas" / f"{stage}.yaml").is_file()


@pytest.mark.parametrize("name", list(RULES))
def test_rule_name_matches_script_and_outputs_are_in_stage_folder(name):
    rule = RULES[name]
    assert '"""' in rule.text
    assert f'"../../scripts/{name}.py"' in rule.text
    assert (HOME / "scripts" / f"{name}.py").is_file()
    folder = "results/report" if rule.stage == "report" else f"results/{rule.stage}/"
    assert all(path.startswith(folder) for path in rule.outputs), rule.outputs


@pytest.mark.parametrize("name", list(RULES))
def test_rule_does_not_repeat_directives_set_for_all_rules(name):
    text = RULES[name].text
    assert not re.search(r"^ +(log|benchmark|conda):", text, re.M)
    assert not re.search(r"^ +(source|mem_mb|runtime)=", text, re.M)
    assert "threads: 1\n" not in text
    assert "params: config[" not in text


@pytest.mark.parametrize("path", sorted((HOME / "workflow" / "rules").glob("*.smk")), ids=str)
def test_rule_files_read_the_plan_and_do_not_modify_config(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\bconfig(\[[^]]*\])* *[|+]?= ", text)
    if path.name == "common.smk":
        return
    assert "config.update(" not in text
    assert not re.search(r"^ *def ", text, re.M)
    for block, keys in PLAN_KEYS.items():
        for key in keys:
            assert f'config["{block}"]["{key}"]' not in text


@pytest.mark.parametrize("script", sorted((HOME / "scripts").glob("*.py")), ids=lambda p: p.stem)
def test_script_is_short_and_has_a_rule(script):
    text = script.read_text()
    assert script.stem in RULES
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 45
    calls = [n for n in ast.parse(text).body if isinstance(getattr(n, "value", None), ast.Call)]
    assert ast.unparse(calls[0]) == "logs.start(snakemake.log[0])"


def project_files() -> list[Path]:
    folders = ("scorelens", "workflow", "scripts", "tests", "benchmarks", "profiles", "envs")
    files = [p for folder in folders for p in (HOME / folder).rglob("*") if p.suffix in SUFFIXES]
    assert len(files) > 30
    return [path for path in files if "__pycache__" not in path.parts]


def test_file_lengths_are_limited_and_names_are_not_generic():
    for path in project_files():
        max_lines = 410 if path.parent.name == "tests" or path.suffix == ".html" else 400
        assert len(path.read_text(encoding="utf-8").splitlines()) <= max_lines, path
        assert path.stem not in {"utils", "util", "helpers", "helper", "misc", "common_functions"}


def test_arguments_of_public_functions_have_type_hints():
    """Ruff cannot limit this rule to public functions."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                assert all(argument.annotation for argument in arguments), (path, node.name)


def test_modules_without_networks_do_not_import_torch():
    modules = (
        "corpus.groups",
        "fingerprints.compare",
        "genres.model.fold_jobs",
        "importance.plot",
        "retrieval.evaluate.score",
        "trailers.data.groups",
        "trailers.data.frame_sampling",
        "trailers.evaluate.examples",
        "trailers.evaluate.plot",
        "trailers.model.fusion",
        "trailers.model.train",
        "trailers.scenes.films_to_trailers",
    )
    names = ", ".join(f"scorelens.{name}" for name in modules)
    code = f"import sys, {names}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
