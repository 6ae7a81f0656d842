"""Files of the package that the result of a script depends on, and a hash of their text.

Snakemake sees that a script changed, but not a module that the script imports. Every rule
therefore carries this hash among its parameters: an edit re-runs the rules whose scripts reach the
edited file through their imports, and no other; a touch re-runs nothing.
"""

import ast
import functools
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
MODULE_NAME = re.compile(rf"{PACKAGE.name}(\.\w+)+")
# An import of the package that is alone on its line, or whose names stand in parentheses.
IMPORT_STATEMENT = re.compile(
    rf"^[ \t]*((?:from|import)[ \t]+{PACKAGE.name}\b[^\n(]*(?:\([^)]*\))?)", re.M
)
# Whether a text also has imports that are no statements.
NAMED_IN_EXPRESSION = re.compile(rf"['\"]{PACKAGE.name}\.|\bimport_module\(")
TEMPLATES = {".html", ".css", ".js"}
# These carry and check results, they do not make them.
PLUMBING_MODULES = ("__init__", "config", "errors", "film_table", "logs", "paths", "tsv")
PLUMBING = {
    *(PACKAGE / f"{name}.py" for name in PLUMBING_MODULES),
    *(PACKAGE / "tables").rglob("*.py"),
}


def source_hash(script: Path) -> str:
    """Hash of the text of every file that a script's result depends on.

    Parameters
    ----------
    script : Path
        A Python file.

    Returns
    -------
    str
        12 hex digits of a SHA-256.
    """
    texts = hashlib.sha256()
    for file in source_files(script):
        texts.update(file.read_bytes())
    return texts.hexdigest()[:12]


def source_files(script: Path) -> list[Path]:
    """The files of the package that a script imports, in turn and at any depth.

    Parameters
    ----------
    script : Path
        A Python file.

    Returns
    -------
    list of Path
        Sorted. Templates in the folder of such a file are among them. The script itself, which
        Snakemake watches, is not, and neither is PLUMBING.

    Notes
    -----
    Three things count as imports besides the statement itself. A name that a package offers by
    `lazy_loader.attach` stands for the module that holds it, not for all that are offered. A text
    that is the dotted name of a module, as in a registry, stands for that module. A call of
    `import_module` with a formatted text stands for every module that the text may name.
    """
    known, new = set(), _imports(script)
    while new:
        known |= new
        new = {file for path in new for file in _imports(path)} - known
    folders = {file.parent for file in known}
    templates = {
        page for folder in folders for page in folder.iterdir() if page.suffix in TEMPLATES
    }
    return sorted((known | templates) - PLUMBING)


@functools.cache
def _imports(path: Path) -> frozenset[Path]:
    """The package's files that one file imports.

    Parsing whole files would take most of the time in which a workflow is planned.
    """
    text = path.read_text(encoding="utf-8")
    if not NAMED_IN_EXPRESSION.search(text):
        text = "\n".join(IMPORT_STATEMENT.findall(text))
    nodes = ast.walk(ast.parse(text))
    return frozenset(file for node in nodes for name in _names(node) for file in _files(name))


def _names(node: ast.AST) -> Iterator[str]:
    """Dotted names that an import statement may stand for; the last part may be no module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Constant) and MODULE_NAME.fullmatch(str(node.value)):
        yield node.value
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
        yield from _matching_modules(node.args[0])


def _matching_modules(pattern: ast.AST) -> Iterator[str]:
    """Names of the package's modules that a formatted text may be."""
    parts = pattern.values if isinstance(pattern, ast.JoinedStr) else [pattern]
    texts = [part.value if isinstance(part, ast.Constant) else "*" for part in parts]
    _, *path = "".join(texts).split(".")
    for file in sorted(PACKAGE.glob(f"{'/'.join(path)}.py")) if path else ():
        yield ".".join([PACKAGE.name, *file.relative_to(PACKAGE).with_suffix("").parts])


def _files(name: str) -> Iterator[Path]:
    """The files that importing a dotted name of the package loads."""
    first, *parts = name.split(".")
    if first != PACKAGE.name:
        return
    place, package = PACKAGE, first
    for part in parts:
        holder = _offered(place / "__init__.py").get(part)
        if holder and holder != part:  # a module may offer a name that is its own
            yield from _files(f"{package}.{holder}")
        place, package = place / part, f"{package}.{part}"
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                yield file


@functools.cache
def _offered(init: Path) -> dict[str, str]:
    """Name -> the submodule that holds it, as `lazy_loader.attach` of a package names them."""
    if not init.is_file():
        return {}
    for node in ast.walk(ast.parse(init.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "lazy_loader.attach",
            "attach",
        ):
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            if attributes := keywords.get("submod_attrs"):
                modules = ast.literal_eval(attributes)
                return {name: module for module, names in modules.items() for name in names}
    return {}
