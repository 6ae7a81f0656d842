"""One set of dependencies in three files: ranges, pins, and the same for conda."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CONDA_NAMES = {
    "opencv-python-headless": "py-opencv",
    "snakemake": "snakemake-minimal",
    "soundfile": "pysoundfile",
    "soxr": "python-soxr",
    "torch": "pytorch",
}


@pytest.fixture
def ranges(home):
    project = tomllib.loads((home / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in project["dependencies"]], [
        Requirement(line) for line in project["optional-dependencies"]["test"]
    ]


def test_every_range_has_a_pin_inside_it(home, ranges):
    lines = (home / "envs" / "requirements.txt").read_text().splitlines()
    pins = dict(re.fullmatch(r"(\S+)==(\S+)", x).groups() for x in lines if x and x[0] != "#")
    pins = {canonicalize_name(name): version for name, version in pins.items()}
    for requirement in [*ranges[0], *ranges[1]]:
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), (
            requirement
        )


def test_conda_has_the_same_ranges(home, ranges):
    environment = yaml.safe_load((home / "envs" / "scorelens.yaml").read_text())
    conda = {
        Requirement(line).name: Requirement(line).specifier for line in environment["dependencies"]
    }
    expected = {CONDA_NAMES.get(r.name, r.name): r.specifier for r in ranges[0]}
    assert {name: conda[name] for name in expected} == expected
    assert set(conda) - set(expected) == {"python", "pip"}
