"""Version ranges, pinned versions, imports and the conda environment agree."""

import ast
import importlib.metadata
import re
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CONDA_NAMES = {
    "lazy-loader": "lazy_loader",
    "opencv-python-headless": "py-opencv",
    "snakemake": "snakemake-minimal",
    "soundfile": "pysoundfile",
    "soxr": "python-soxr",
    "torch": "pytorch",
}
BUILD_PACKAGES = {"setuptools", "wheel"}  # omitted by `pip freeze`
PINNED = re.compile(r"([\w.-]+)==([\w.]+)(?:; .*)?")


@pytest.fixture(scope="module")
def project(home):
    return tomllib.loads((home / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def pins(home):
    """Pinned versions by package: of the environment of a run, and of the test additions."""
    versions = []
    for name in ("requirements", "test"):
        lines = (home / "envs" / f"{name}.txt").read_text().splitlines()
        rows = [PINNED.fullmatch(line).groups() for line in lines if line and line[0] != "#"]
        versions.append({canonicalize_name(package): version for package, version in rows})
    return versions


def requirements(lines):
    return [Requirement(line) for line in lines]


def test_every_version_range_contains_its_pin(project, pins):
    run, added = pins
    extras = project["optional-dependencies"]
    for lines, pinned in (
        (project["dependencies"], run),
        (extras["essentia"] + extras["music"], run),
        (extras["test"], run | added),
    ):
        for requirement in requirements(lines):
            version = pinned[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version, prereleases=True), requirement


def test_packages_only_for_tests_are_not_in_the_run_environment(project, pins):
    run, added = pins
    assert not set(run) & set(added)
    assert {"librosa", "numba", "playwright", "pytest", "ruff", "snakefmt"} <= set(added)


def test_dependencies_of_pinned_packages_are_pinned(pins):
    """Otherwise pip installs the newest version."""
    for pinned, packages in ((pins[0], pins[0]), (pins[0] | pins[1], pins[1])):
        for package in packages:
            try:
                needed = requirements(importlib.metadata.requires(package) or [])
            except importlib.metadata.PackageNotFoundError:
                continue  # required on another platform only
            for requirement in needed:
                if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                    name = canonicalize_name(requirement.name)
                    assert name in BUILD_PACKAGES or name in pinned, (package, name)


def test_conda_environment_has_the_same_version_ranges(home, project):
    environment = yaml.safe_load((home / "envs" / "scorelens.yaml").read_text())
    *lines, by_pip = environment["dependencies"]
    conda = {r.name: r.specifier for r in requirements([*lines, *by_pip["pip"]])}
    ranges = {r.name: r.specifier for r in requirements(project["dependencies"])}
    del ranges["tensorflow-cpu"]  # conda chooses the build by the machine
    expected = {CONDA_NAMES.get(name, name): specifier for name, specifier in ranges.items()}
    assert {name: conda[name] for name in expected} == expected
    assert set(conda) - set(expected) == {"python", "pip"}


def test_every_imported_package_is_a_declared_dependency(home, project):
    extras = project["optional-dependencies"]
    declared = requirements([*project["dependencies"], *extras["essentia"], *extras["music"]])
    names = {canonicalize_name(requirement.name) for requirement in declared}
    providers = importlib.metadata.packages_distributions()
    imported = {
        name
        for folder in ("scorelens", "scripts", "workflow")
        for path in (home / folder).rglob("*.py")
        for name in imports(path)
    } - {*sys.stdlib_module_names, "scorelens"}
    for name in imported:
        assert {canonicalize_name(provider) for provider in providers[name]} & names, name


def imports(path):
    """Top-level packages that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]
