"""The entry of a model in the registry of a stage: its name, its settings, and its module.

Light: registries are read when the workflow is parsed. The module is imported when it is used.
"""

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True)
class ModelSpec:
    """A model of a stage.

    Parameters
    ----------
    name : str
        In the configuration and in the names of files.
    title : str
        As a reader writes it.
    module : str
        Dotted name of the module that fits it and predicts with it.
    settings : tuple of str
        Keys of the stage's configuration that it depends on, beside those of all models.
    inputs : str
        What it takes as input; empty if it takes none, such as a baseline.
    uses_gpu : bool
        Whether training is faster on a GPU.
    calibrated : bool
        Whether its probabilities are calibrated.
    """

    name: str
    title: str
    module: str
    settings: tuple[str, ...] = ()
    inputs: str = ""
    uses_gpu: bool = False
    calibrated: bool = False

    def load(self) -> ModuleType:
        """Import the module of the model."""
        return importlib.import_module(self.module)


def by_name(specs: Iterable[ModelSpec]) -> dict[str, ModelSpec]:
    """Index specs by their names, in their order."""
    return {spec.name: spec for spec in specs}
