"""The order of the house: one name for a rule and all that is its, and who may import whom."""

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
GROUND = (
    "albums",
    "charsets",
    "code_hash",
    "config",
    "errors",
    "figures",
    "groups",
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
# Each library, and the others that it may import.
LIBRARIES = {"encoders": (), "evaluation": (), "learning": ("evaluation",)}
STAGES = (
    "corpus",
    "pretrained",
    "fingerprints",
    "cues",
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
    "report",
)
# What decides over all stages: imported by the rules alone.
ABOVE = ("plan", "rule_defaults")
SUFFIXES = {".py", ".smk", ".yaml", ".html", ".css", ".js", ".sh"}
# Keys of the config of which a run may have less, or other, than was asked for: in the plan.
PLANNED = {
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
    """The modules that the modules of a top-level name import, but for its own."""
    modules = {module for path in modules_of(name) for module in imports(path)}
    excluded = ("scorelens", f"scorelens.{name}")
    return {m for m in modules if m not in excluded and not m.startswith(f"scorelens.{name}.")}


def may_import(name: str, module: str) -> bool:
    """Whether a top-level name may import a module."""
    top, *inside = module.split(".")[1:]
    if top in GROUND or name in ABOVE:
        return True
    if name in LIBRARIES:
        return top in LIBRARIES[name]
    # Of another stage what its `__init__` offers; the report takes the section of every stage.
    offered = not inside or (name == "report" and inside[0] == "report")
    return name in STAGES and (top in LIBRARIES or (top in STAGES and offered))


def breaches() -> set[tuple[str, str]]:
    return {
        (name, module)
        for name in (*GROUND, *LIBRARIES, *STAGES)
        for module in imported_by(name)
        if not may_import(name, module)
    }


def test_every_module_is_ground_a_library_a_stage_or_above_them():
    modules = {path.stem for path in PACKAGE.iterdir() if path.name[0] not in "_."}
    assert modules == {*GROUND, *LIBRARIES, *STAGES, *ABOVE}


def test_a_stage_imports_of_another_only_what_its_init_offers():
    assert breaches() == set()


def test_no_circles():
    direct = {
        name: {module.split(".")[1] for module in imported_by(name)}
        for name in (*GROUND, *LIBRARIES, *STAGES, *ABOVE)
    }
    for name, known in direct.items():
        while more := {far for near in known for far in direct[near]} - known:
            known = known | more
        assert name not in known, name


def test_every_stage_has_rules_tests_and_a_block_of_the_config():
    assert {rule.stage for rule in RULES.values()} == set(STAGES)
    for stage in STAGES:
        assert list((HOME / "tests").glob(f"test_{stage}*.py"))
        assert (HOME / "workflow" / "schemas" / f"{stage}.yaml").is_file()


@pytest.mark.parametrize("name", list(RULES))
def test_a_rule_has_the_name_of_its_script_and_writes_into_the_folder_of_its_stage(name):
    rule = RULES[name]
    assert '"""' in rule.text
    assert f'"../../scripts/{name}.py"' in rule.text
    assert (HOME / "scripts" / f"{name}.py").is_file()
    folder = "results/report" if rule.stage == "report" else f"results/{rule.stage}/"
    assert all(path.startswith(folder) for path in rule.outputs), rule.outputs


@pytest.mark.parametrize("name", list(RULES))
def test_a_rule_does_not_state_what_every_rule_has_alike(name):
    text = RULES[name].text
    assert not re.search(r"^ +(log|benchmark|conda):", text, re.M)
    assert not re.search(r"^ +(source|mem_mb|runtime)=", text, re.M)
    assert "threads: 1\n" not in text
    assert "params: config[" not in text


@pytest.mark.parametrize("path", sorted((HOME / "workflow" / "rules").glob("*.smk")), ids=str)
def test_rule_files_read_the_plan_and_change_nothing(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\bconfig(\[[^]]*\])* *[|+]?= ", text)
    if path.name == "common.smk":
        return
    assert "config.update(" not in text
    assert not re.search(r"^ *def ", text, re.M)
    for block, keys in PLANNED.items():
        for key in keys:
            assert f'config["{block}"]["{key}"]' not in text


@pytest.mark.parametrize("script", sorted((HOME / "scripts").glob("*.py")), ids=lambda p: p.stem)
def test_a_script_is_thin_and_has_a_rule(script):
    text = script.read_text()
    assert script.stem in RULES
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 45
    calls = [n for n in ast.parse(text).body if isinstance(getattr(n, "value", None), ast.Call)]
    assert ast.unparse(calls[0]) == "logs.start(snakemake.log[0])"


def tracked() -> list[Path]:
    folders = ("scorelens", "workflow", "scripts", "tests", "benchmarks", "profiles", "envs")
    files = [p for folder in folders for p in (HOME / folder).rglob("*") if p.suffix in SUFFIXES]
    assert len(files) > 30
    return [path for path in files if "__pycache__" not in path.parts]


def test_no_file_is_too_long_and_none_has_an_empty_name():
    for path in tracked():
        longest = 410 if path.parent.name == "tests" or path.suffix == ".html" else 400
        assert len(path.read_text(encoding="utf-8").splitlines()) <= longest, path
        assert path.stem not in {"utils", "util", "helpers", "helper", "misc", "common_functions"}


def test_arguments_of_public_functions_have_type_hints():
    """Ruff cannot require this of public functions alone."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                assert all(argument.annotation for argument in arguments), (path, node.name)


def test_jobs_that_run_no_network_load_no_torch():
    modules = (
        "importance.plot",
        "trailers.data.frame_sampling",
        "trailers.evaluate.examples",
        "trailers.evaluate.plot",
        "trailers.model.fusion",
        "trailers.scenes.films_to_trailers",
    )
    names = ", ".join(f"scorelens.{name}" for name in modules)
    code = f"import sys, {names}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
