"""Registries of models: every entry has a module; a toy model needs no other change."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from scorelens import config
from scorelens.code_hash import source_files
from scorelens.genres import registry as genre_registry
from scorelens.genres.model import folds
from scorelens.learning.datasets import Dataset
from scorelens.learning.grouped_folds import NestedFold, Split
from scorelens.learning.instance_predictions import equal_weights
from scorelens.learning.model_specs import ModelSpec
from scorelens.learning.packed_bags import Bags
from scorelens.tagger import registry as tagger_registry
from scorelens.tagger import train
from scorelens.tagger.model import Model, predict_tiles
from scorelens.trailers import registry as trailer_registry
from scorelens.trailers.model import ensemble

HOME = Path(__file__).resolve().parent.parent
REGISTRIES = {"genres": genre_registry, "tagger": tagger_registry, "trailers": trailer_registry}
GROUP = np.repeat(np.arange(4), 2)
LABELS = np.array([[True, False], [False, True], [True, True], [False, False]])


def make_dataset():
    """Four groups of two bags with one instance each."""
    ids = [(f"group_{number}", f"bag_{bag}") for bag, number in enumerate(GROUP)]
    instances = np.arange(8, dtype=np.float32)[:, None]
    bags, times = np.arange(8), np.zeros(8)
    return Dataset(instances, bags, times, ids, GROUP, GROUP, ["Drama", "War"], LABELS[GROUP])


def register(monkeypatch, registry, spec, **functions):
    """Add a model whose module has these functions to a registry."""
    monkeypatch.setitem(sys.modules, spec.module, SimpleNamespace(**functions))
    monkeypatch.setitem(registry.MODEL_SPECS, spec.name, spec)


def predict_mean(name, arrays, instances, bag):
    """Predict the frequency of each genre for every instance."""
    probability = np.tile(arrays["frequency"], (len(bag), 1))
    return probability, equal_weights(bag, probability.shape[1])


@pytest.mark.parametrize("stage", list(REGISTRIES))
def test_registry_entries_have_modules_and_match_schema(stage):
    registry = REGISTRIES[stage]
    schema = config.read_schema(HOME / "workflow" / "schemas" / f"{stage}.yaml")
    models = schema["properties"]["models"]
    assert models["items"]["enum"] == models["default"] == list(registry.MODEL_SPECS)
    for name, spec in registry.MODEL_SPECS.items():
        assert spec.name == name
        assert set(spec.settings) <= set(schema["properties"])
        assert spec.load().__name__ == spec.module


@pytest.mark.parametrize(
    ("script", "module"),
    [
        ("train_genres", "genres/model/svm.py"),
        ("train_tagger", "tagger/models/networks.py"),
        ("train_trailers", "trailers/model/attention.py"),
    ],
)
def test_source_files_of_training_script_include_model_module(script, module):
    package = HOME / "scorelens"
    files = {str(file.relative_to(package)) for file in source_files(HOME / f"scripts/{script}.py")}
    assert module in files
    patch_files = source_files(HOME / "scripts" / "extract_patches.py")
    assert package / module not in patch_files


def test_genre_classifier_needs_only_module_and_registry_entry(monkeypatch):
    spec = ModelSpec("simple_mi_toy", "Toy", "toy_module", ("knn",), genre_registry.FILM_MEANS)
    register(
        monkeypatch,
        genre_registry,
        spec,
        fit=lambda x, y, settings, seed: {"share": y.mean(axis=0)},
        predict_probability=lambda arrays, x: np.tile(arrays["share"], (len(x), 1)),
    )
    bags = Bags(np.arange(8, dtype=np.float32)[:, None], np.arange(0, 9, 2))
    (fold,) = folds.train_folds("simple_mi_toy", bags, LABELS, [0], {}, 0, 1)
    probability, predicted = folds.predict_bags("simple_mi_toy", fold.arrays, bags.one(0))
    np.testing.assert_allclose(probability, [[1 / 3, 2 / 3]])
    assert predicted.tolist() == [[False, True]]


def test_tagger_model_needs_only_module_and_registry_entry(monkeypatch):
    def fit(name, dataset, splits, settings, seed):
        return [{"frequency": dataset.labels[split.training].mean(axis=0)} for split in splits]

    spec = ModelSpec("toy", "Toy", "toy_module", inputs="mel")
    register(monkeypatch, tagger_registry, spec, fit=fit, predict=predict_mean)
    dataset = make_dataset()
    split = Split(np.array([0, 1]), np.array([2, 3]), np.array([4, 5, 6, 7]))
    (arrays,) = train.fit("toy", dataset, [split], {}, 0)
    model = Model("toy", dataset.genres, arrays)
    probability, _ = predict_tiles(model, dataset.instances[:2], dataset.bag[:2])
    np.testing.assert_allclose(probability, [[0.5, 0.5]] * 2)


def test_trailer_model_needs_only_module_and_registry_entry(monkeypatch):
    def fit(name, dataset, subsets, settings, seed):
        return [{"frequency": dataset.labels[training].mean(axis=0)} for training, _ in subsets]

    spec = ModelSpec("toy", "Toy", "toy_module", inputs=trailer_registry.PICTURE)
    register(monkeypatch, trailer_registry, spec, fit=fit, predict=predict_mean)
    dataset = make_dataset()
    fold = NestedFold(np.array([0, 1]), np.arange(2, 8), [np.array([2, 3]), np.array([4, 5])])
    [members] = ensemble.fit_ensembles("toy", dataset, [fold], {}, 0)
    held_out = ensemble.predict_mean("toy", members, dataset, fold.held_out)
    # Member frequencies: 1/2, 1/2 without group 1 and 0, 1/2 without group 2.
    np.testing.assert_allclose(held_out.bag_probability, [[0.25, 0.5]] * 2)
