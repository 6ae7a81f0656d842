"""The naming law: a rule, its script, module, test, config and results bear one name."""

import ast
import re
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
PACKAGE = HOME / "scorelens"
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
SHARED = (
    "albums",
    "charsets",
    "code_hash",
    "config",
    "encoders",
    "errors",
    "evaluation",
    "figures",
    "html_page",
    "ids",
    "job_resources",
    "learning",
    "logs",
    "media",
    "paths",
    "renamed_keys",
    "sections",
    "tables",
    "torch_device",
    "tsv",
)
SUFFIXES = {".py", ".smk", ".yaml", ".html", ".css", ".js", ".sh"}
RULE = re.compile(r"^( *)(?:rule|checkpoint) (\w+):\n(.*?)(?=^(?:\1)?\S|\Z)", re.M | re.S)


def rules() -> dict[str, tuple[str, str]]:
    """Rule name -> (stage, text of the rule)."""
    found = {}
    for path in sorted((HOME / "workflow" / "rules").glob("*.smk")):
        for _, name, body in RULE.findall(path.read_text()):
            stage = path.stem.partition("_")[0]  # a long stage has further files: genres_apply.smk
            found[name] = stage, found.get(name, ("", ""))[1] + body
    return found


RULES = rules()


def modules_of(name: str) -> list[Path]:
    """The files of a module; the sections that a stage makes for the report count to the report."""
    folder = PACKAGE / name
    if not folder.is_dir():
        return [folder.with_suffix(".py")]
    sections = [path for stage in STAGES for path in (PACKAGE / stage / "report").rglob("*.py")]
    if name == "report":
        return sorted([*folder.rglob("*.py"), *sections])
    return sorted(set(folder.rglob("*.py")) - set(sections))


def imported(path: Path) -> set[str]:
    """The top-level scorelens modules that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "scorelens":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("scorelens."):
            names.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            names |= {a.name.split(".")[1] for a in node.names if a.name.startswith("scorelens.")}
    return names - {"__version__"}


def closure(names: set[str]) -> set[str]:
    """The modules, and everything they import in turn."""
    known, new = set(), set(names)
    while new:
        known |= new
        new = {n for name in new for path in modules_of(name) for n in imported(path)} - known
    return known


def test_there_are_rules_for_every_stage():
    assert {stage for stage, _ in RULES.values()} == set(STAGES)


def test_every_module_is_a_stage_or_shared_ground():
    modules = {path.stem for path in PACKAGE.iterdir() if path.name[0] not in "_."}
    assert modules == {*STAGES, *SHARED}


@pytest.mark.parametrize("rule", list(RULES))
def test_a_rule_bears_one_name_everywhere(rule):
    stage, body = RULES[rule]
    assert re.fullmatch(rf"[a-z]+_{stage}", rule)
    assert f'"../../scripts/{rule}.py"' in body
    assert (HOME / "scripts" / f"{rule}.py").is_file()
    assert list((HOME / "tests").glob(f"test_{stage}*.py"))
    assert (HOME / "workflow" / "schemas" / f"{stage}.yaml").is_file()
    assert f'"logs/{rule}' in body
    assert f'"results/benchmarks/{rule}' in body
    outputs = re.search(r"^( *)output:\n(.*?)^\1\w+:", body, re.M | re.S).group(2)
    place = "results/report" if stage == "report" else f"results/{stage}/"
    paths = re.findall(r'"([^"]*/[^"]*)"', outputs)
    results = [path for path in paths if not path.startswith("../report/")]  # captions
    assert results
    assert all(path.startswith(place) for path in results), results


@pytest.mark.parametrize("rule", list(RULES))
def test_a_rule_says_what_it_needs(rule):
    _, body = RULES[rule]
    assert '"""' in body
    assert set(re.findall(r"source_hash\((.*?)\)", body)) == {f'"{rule}"'}
    for part in ("params:", "threads:", "mem_mb=", "runtime=", "conda:"):
        assert part in body, part
    assert "params: config[" not in body


@pytest.mark.parametrize("script", sorted((HOME / "scripts").glob("*.py")), ids=lambda p: p.stem)
def test_a_script_is_thin_and_has_a_rule(script):
    text = script.read_text()
    assert script.stem in RULES
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 45
    calls = [n for n in ast.parse(text).body if isinstance(getattr(n, "value", None), ast.Call)]
    assert ast.unparse(calls[0]) == "logs.start(snakemake.log[0])"


@pytest.mark.parametrize("module", (*SHARED, *STAGES))
def test_no_stage_imports_a_later_one(module):
    allowed = {*SHARED, *(STAGES[: STAGES.index(module) + 1] if module in STAGES else ())}
    for path in modules_of(module):
        assert imported(path) <= allowed, path


def test_no_circles():
    for name in (*SHARED, *STAGES):
        direct = {n for path in modules_of(name) for n in imported(path)} - {name}
        assert name not in closure(direct), name


def tracked() -> list[Path]:
    folders = ("scorelens", "workflow", "scripts", "tests", "benchmarks", "profiles", "envs")
    files = [p for folder in folders for p in (HOME / folder).rglob("*") if p.suffix in SUFFIXES]
    assert len(files) > 30
    return [path for path in files if "__pycache__" not in path.parts]


def test_no_file_is_too_long_and_none_has_an_empty_name():
    for path in tracked():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 410, path
        assert path.stem not in {"utils", "util", "helpers", "helper", "misc", "common_functions"}


def test_arguments_of_public_functions_have_type_hints():
    """Ruff cannot ask this of public functions alone."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                assert all(argument.annotation for argument in arguments), (path, node.name)
