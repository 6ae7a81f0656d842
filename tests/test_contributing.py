"""The worked examples of CONTRIBUTING.md, applied to a copy of the project."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import workflow_runs as runs

PAGE = (
    (runs.HOME / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Worked examples")[2]
)
BLOCK = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```$", re.M | re.S)


@pytest.fixture(scope="module")
def extended(tmp_path_factory) -> Path:
    """A copy of the project with the code of all examples."""
    clone = runs.copy_project(tmp_path_factory.mktemp("contributing") / "clone")
    for name, text in BLOCK.findall(PAGE):
        path = clone / name
        path.write_text(with_entry(path.read_text(), text) if path.exists() else text)
    return clone


def with_entry(module: str, lines: str) -> str:
    """Insert the lines of an example into the text of a module.

    An import replaces the import from the same module; the lines of a registry entry are inserted
    after the line that opens the registry.
    """
    new_lines = lines.splitlines()
    opening = next(
        (number for number, line in enumerate(new_lines) if line[-1] in "[({"), len(new_lines)
    )
    for line in new_lines[:opening]:
        source = re.match(r"from \S+ import ", line)[0]
        assert source in module
        module = re.sub(
            rf"^{re.escape(source)}.*$", lambda match, line=line: line, module, flags=re.M
        )
    if opening < len(new_lines):
        head, *entry = new_lines[opening:]
        assert module.count(f"{head}\n") == 1
        module = module.replace(f"{head}\n", "\n".join([head, *entry, ""]))
    return module


def python(clone: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=clone, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_example_encoder_is_registered_and_encodes(extended, tmp_path):
    code = f"""
import numpy as np
from safetensors.numpy import save_file
from scorelens import config, encoders
schema = config.read_schema("workflow/schemas/trailers.yaml")
print("mean_colour" in schema["properties"]["frame_networks"]["items"]["enum"])
save_file({{"factor": np.float32([2])}}, {str(tmp_path / "variables.safetensors")!r})
encoder = encoders.load("mean_colour", {str(tmp_path / "variables.safetensors")!r})
print(encoder.encode(np.full((1, 224, 224, 3), 255, np.uint8)).tolist())
"""
    assert python(extended, code).splitlines() == ["True", "[[2.0, 2.0, 2.0]]"]


def test_example_genre_model_is_registered_and_predicts(extended):
    code = """
import numpy as np
from scorelens import config
from scorelens.genres.registry import MODEL_SPECS
models = config.read_schema("workflow/schemas/genres.yaml")["properties"]["models"]["items"]["enum"]
print({"simple_mi_nearest_centroid", "imv_nearest_centroid"} <= {*models})
module = MODEL_SPECS["imv_nearest_centroid"].load()
x = np.float32([[0], [1], [5], [6]])
fitted = module.fit(x, np.array([[False], [False], [True], [True]]), {}, 0)
print(module.predict_probability(fitted, np.float32([[2], [4]])).tolist())
"""
    assert python(extended, code).splitlines() == ["True", "[[0.0], [1.0]]"]


def test_example_export_format_is_registered_and_writes(extended, tmp_path):
    code = f"""
from pathlib import Path
from types import SimpleNamespace
from scorelens import config
from scorelens.exports.registry import FORMATS
formats = config.read_schema("workflow/schemas/exports.yaml")["properties"]["formats"]
print("chapters" in formats["items"]["enum"], "chapters" in formats["default"])
film = SimpleNamespace(cues=[SimpleNamespace(timecode_in="00:00:01:12", title="Main Title")])
path = Path({str(tmp_path / "chapters")!r})
FORMATS["chapters"].load().write_film(film, path)
print(path.read_text(), end="")
"""
    assert python(extended, code).splitlines() == ["True True", "00:00:01:12 Main Title"]


@pytest.mark.slow
def test_example_export_format_is_an_output_of_export_film(extended, tmp_path):
    done = runs.snakemake(extended, tmp_path, runs.SMALL, "--dry-run", "--", "exports")
    assert done.returncode == 0, done.stdout
    exported = re.findall(r"rule export_film:\n.*\n +output: (.*)", done.stdout)
    assert len(exported) == 4
    assert all(
        re.search(r"results/exports/films/\w+\.chapters\.txt", outputs) for outputs in exported
    )


def test_each_example_changes_two_files():
    files = [name for name, _ in BLOCK.findall(PAGE)]
    examples = PAGE.partition("## How the corpus flows")[0].count("\n### ")
    assert len(files) == 2 * examples
