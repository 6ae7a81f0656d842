"""The source files that a rule depends on by the imports of its script."""

import ast

from scorelens import code_hash


def imported_files(home, script):
    package = home / "scorelens"
    return {str(p.relative_to(package)) for p in code_hash.source_files(home / "scripts" / script)}


def test_imports_are_followed_recursively(home):
    assert {
        "cues/__init__.py",
        "cues/match.py",
        "cues/viterbi.py",
        "fingerprints/index.py",
        "media/sound.py",
    } <= (imported_files(home, "match_cues.py"))


def test_modules_that_are_not_imported_are_excluded(home):
    assert not {"cues/plot.py", "figures.py", "cues/score.py"} & imported_files(
        home, "match_cues.py"
    )
    assert "figures.py" in imported_files(home, "plot_cues.py")
    assert not [file for file in imported_files(home, "train_genres.py") if "visuals" in file]


def test_only_measure_visuals_depends_on_visuals(home):
    users = {
        script.stem
        for script in (home / "scripts").glob("*.py")
        if "visuals/measure.py" in imported_files(home, script.name)
    }
    assert users == {"measure_visuals"}


def test_only_write_report_depends_on_report_sections(home):
    """An edit of a section or its template re-runs `write_report` only."""
    for script in (home / "scripts").glob("*.py"):
        files = {file for file in imported_files(home, script.name) if "report/" in file}
        if script.stem == "write_report":
            assert {"genres/report/models.py", "genres/report/models.html"} <= files
        else:
            assert not files, script.stem


def test_templates_are_included_and_infrastructure_modules_excluded(home):
    files = imported_files(home, "write_report.py")
    assert {"report/page.html", "report/page.css", "report/page.js"} <= files
    infrastructure = {"__init__.py", "config.py", "errors.py", "logs.py"}
    assert not infrastructure & files
    assert not any(file.startswith("tables/") for file in files)


def test_hash_depends_on_the_text_of_imported_files_only(tmp_path, monkeypatch):
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


def test_lazy_name_of_a_package_resolves_to_its_module(tmp_path, monkeypatch):
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


def test_lazy_names_of_the_package_are_in_their_modules(home):
    for init in (home / "scorelens").glob("*/__init__.py"):
        for name, module in code_hash._offered(init).items():
            path = init.parent.joinpath(*module.split("."))
            source = next(p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file())
            assert name in source.read_text(encoding="utf-8"), (init, name)


def test_lazy_names_are_imported_directly(home):
    """The hash does not cover names that are attributes of an imported package."""
    package = home / "scorelens"
    for path in [*package.rglob("*.py"), *(home / "scripts").glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        packages = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "scorelens"
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                lazy_names = code_hash._offered(
                    package / packages.get(node.value.id, "") / "__init__.py"
                )
                assert node.attr not in lazy_names, (path, node.attr)


def test_imports_are_those_of_the_whole_syntax_tree(home):
    """A pattern takes the import statements out of most files, which are not parsed whole."""
    for path in [*(home / "scorelens").rglob("*.py"), *(home / "scripts").glob("*.py")]:
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        names = {name for node in nodes for name in code_hash._names(node)}
        files = {file for name in names for file in code_hash._files(name)}
        assert code_hash._imports(path) == files, path


def test_modules_named_in_a_registry_are_included(tmp_path, monkeypatch):
    package = tmp_path / "scorelens"
    (package / "models").mkdir(parents=True)
    for name in ("__init__", "linear", "networks"):
        (package / "models" / f"{name}.py").write_text("")
    registry = package / "registry.py"
    registry.write_text("MODELS = {'linear': 'scorelens.models.linear'}\n")
    script = tmp_path / "script.py"
    script.write_text("from scorelens.registry import MODELS\n")
    monkeypatch.setattr(code_hash, "PACKAGE", package)
    expected = ["models/__init__.py", "models/linear.py", "registry.py"]
    assert [str(p.relative_to(package)) for p in code_hash.source_files(script)] == expected
    other = tmp_path / "other.py"
    other.write_text("import_module(f'scorelens.models.{name}')\n")
    files = [path.name for path in code_hash.source_files(other)]
    assert files == ["__init__.py", "linear.py", "networks.py"]


def test_module_that_offers_a_name_like_its_own_is_included(tmp_path, monkeypatch):
    package = tmp_path / "scorelens"
    (package / "search").mkdir(parents=True)
    (package / "search" / "routes.py").write_text("routes = []\n")
    offered = "__getattr__ = lazy_loader.attach(__name__, submod_attrs={'routes': ['routes']})\n"
    (package / "search" / "__init__.py").write_text(offered)
    script = tmp_path / "script.py"
    script.write_text("from scorelens.search import routes\n")
    monkeypatch.setattr(code_hash, "PACKAGE", package)
    assert package / "search" / "routes.py" in code_hash.source_files(script)
