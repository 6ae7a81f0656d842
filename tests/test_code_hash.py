"""What a rule depends on, by the imports of its script."""

import ast

from scorelens import code_hash


def reached(home, script):
    package = home / "scorelens"
    return {str(p.relative_to(package)) for p in code_hash.source_files(home / "scripts" / script)}


def test_imports_are_followed_to_their_end(home):
    assert {
        "cues/__init__.py",
        "cues/match.py",
        "cues/viterbi.py",
        "fingerprints/index.py",
        "media/sound.py",
    } <= (reached(home, "match_cues.py"))


def test_what_a_script_does_not_reach_does_not_count(home):
    assert not {"cues/plot.py", "figures.py", "cues/score.py"} & reached(home, "match_cues.py")
    assert "figures.py" in reached(home, "plot_cues.py")
    assert not [file for file in reached(home, "train_genres.py") if "visuals" in file]


def test_only_measure_visuals_depends_on_visuals(home):
    users = {
        script.stem
        for script in (home / "scripts").glob("*.py")
        if "visuals/measure.py" in reached(home, script.name)
    }
    assert users == {"measure_visuals"}


def test_only_write_report_depends_on_the_sections_of_the_stages(home):
    """An edit of a section or its template writes the report again, and runs nothing else."""
    for script in (home / "scripts").glob("*.py"):
        files = {file for file in reached(home, script.name) if "report/" in file}
        if script.stem == "write_report":
            assert {"genres/report/models.py", "genres/report/models.html"} <= files
        else:
            assert not files, script.stem


def test_templates_count_and_plumbing_does_not(home):
    files = reached(home, "write_report.py")
    assert {"report/page.html", "report/page.css", "report/page.js"} <= files
    plumbing = {"__init__.py", "config.py", "errors.py", "logs.py"}
    assert not plumbing & files
    assert not any(file.startswith("tables/") for file in files)


def test_the_hash_follows_the_text(tmp_path, monkeypatch):
    package = tmp_path / "scorelens"
    package.mkdir()
    (package / "media.py").write_text("RATE = 1\n")
    (package / "other.py").write_text("")
    script = tmp_path / "script.py"
    script.write_text("from scorelens.media import RATE\n")
    monkeypatch.setattr(code_hash, "PACKAGE", package)
    before = code_hash.source_hash(script)
    (package / "other.py").write_text("edited = True\n")
    assert code_hash.source_hash(script) == before
    (package / "media.py").write_text("RATE = 2\n")
    assert code_hash.source_hash(script) != before
    (package / "media.py").write_text("RATE = 1\n")
    assert code_hash.source_hash(script) == before


def test_a_name_that_a_package_offers_stands_for_the_module_that_holds_it(tmp_path, monkeypatch):
    package = tmp_path / "scorelens"
    stage = package / "genres"
    stage.mkdir(parents=True)
    (stage / "__init__.py").write_text(
        "import lazy_loader\n"
        "__getattr__, __dir__, __all__ = lazy_loader.attach(\n"
        "    __name__, submod_attrs={'model.folds': ['predict_bags'], 'plot': ['plot_genres']}\n"
        ")\n"
    )
    (stage / "model").mkdir()
    (stage / "model" / "__init__.py").write_text("")
    (stage / "model" / "folds.py").write_text("from scorelens.genres.model import labels\n")
    (stage / "model" / "labels.py").write_text("")
    (stage / "plot.py").write_text("")
    script = tmp_path / "script.py"
    script.write_text("from scorelens.genres import predict_bags\n")
    monkeypatch.setattr(code_hash, "PACKAGE", package)
    files = {str(path.relative_to(stage)) for path in code_hash.source_files(script)}
    assert files == {"__init__.py", "model/__init__.py", "model/folds.py", "model/labels.py"}


def test_the_offers_of_the_package_name_modules_that_hold_them(home):
    for init in (home / "scorelens").glob("*/__init__.py"):
        for name, module in code_hash._offered(init).items():
            path = init.parent.joinpath(*module.split("."))
            holder = next(p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file())
            assert name in holder.read_text(encoding="utf-8"), (init, name)


def test_what_a_package_offers_is_imported_by_name(home):
    """An import of the whole package, and a name taken from it later, would escape the hash."""
    package = home / "scorelens"
    for path in [*package.rglob("*.py"), *(home / "scripts").glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        whole = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "scorelens"
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                offered = code_hash._offered(package / whole.get(node.value.id, "") / "__init__.py")
                assert node.attr not in offered, (path, node.attr)


def test_modules_that_a_registry_names_count(tmp_path, monkeypatch):
    package = tmp_path / "scorelens"
    (package / "models").mkdir(parents=True)
    for name in ("__init__", "linear", "networks"):
        (package / "models" / f"{name}.py").write_text("")
    registry = package / "registry.py"
    registry.write_text("MODELS = {'linear': 'scorelens.models.linear'}\n")
    script = tmp_path / "script.py"
    script.write_text("from scorelens.registry import MODELS\n")
    monkeypatch.setattr(code_hash, "PACKAGE", package)
    named = ["models/__init__.py", "models/linear.py", "registry.py"]
    assert [str(p.relative_to(package)) for p in code_hash.source_files(script)] == named
    other = tmp_path / "other.py"
    other.write_text("import_module(f'scorelens.models.{name}')\n")
    files = [path.name for path in code_hash.source_files(other)]
    assert files == ["__init__.py", "linear.py", "networks.py"]
