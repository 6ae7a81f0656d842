"""Model files: what every fold of a genre model has learnt, to be used on films to come.

A model file is a zip archive. `about.json` says what it is: model, feature set, genres, features
and films. Each film has `{film_id}.safetensors`, the arrays of the fold that never saw it:
`frequency` (share of the training films that carry each genre), `mean` and `gain` (the scale of the
features), and a network's parameters or a baseline's answer. The classifiers add
`{film_id}.joblib`, which is a pickle: load only files that you trust. Of networks that are trained
several times the first run is kept.
"""

import io
import json
import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

import joblib
import numpy as np
import safetensors.numpy

from scorelens.tables import atomic

ABOUT = "about.json"


@dataclass(frozen=True)
class About:
    """What a model file holds: a fold for each film, in order; genres and features by name."""

    model: str
    feature_set: str
    genres: list[str]
    features: list[str]
    films: list[str]


@dataclass(frozen=True)
class Fold:
    """What one fold learnt: arrays by name, and the classifier if it is one."""

    arrays: dict[str, np.ndarray]
    classifier: object = None


def save_folds(path: str | os.PathLike, about: About, folds: Iterable[Fold]) -> None:
    """Write a model file. folds: one for each of `about.films`, in order."""
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _add_about(archive, about)
        for film, fold in zip(about.films, folds, strict=True):
            _add_fold(archive, film, fold)


def join_archives(
    paths: Sequence[str | os.PathLike], films: Sequence[str], output: str | os.PathLike
) -> None:
    """Join model files of one model that hold different films. films: all of them, in order."""
    with atomic(output) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _add_about(archive, replace(load_about(paths[0]), films=list(films)))
        for path in paths:
            with zipfile.ZipFile(path) as part:
                for entry in part.infolist():
                    if entry.filename != ABOUT:
                        _add(archive, entry.filename, part.read(entry), entry.compress_type)


def load_about(path: str | os.PathLike) -> About:
    """What a model file holds."""
    with zipfile.ZipFile(path) as archive:
        return About(**json.loads(archive.read(ABOUT)))


def load_fold(path: str | os.PathLike, film_id: str) -> Fold:
    """The fold of a model file that never saw this film. Raises KeyError if there is none."""
    with zipfile.ZipFile(path) as archive:
        arrays = safetensors.numpy.load(archive.read(f"{film_id}.safetensors"))
        pickled = f"{film_id}.joblib"
        if pickled not in archive.namelist():
            return Fold(arrays)
        return Fold(arrays, joblib.load(io.BytesIO(archive.read(pickled))))


def _add_about(archive: zipfile.ZipFile, about: About) -> None:
    _add(archive, ABOUT, json.dumps(asdict(about), indent=1).encode())


def _add_fold(archive: zipfile.ZipFile, film_id: str, fold: Fold) -> None:
    arrays = {name: np.ascontiguousarray(value) for name, value in fold.arrays.items()}
    _add(archive, f"{film_id}.safetensors", safetensors.numpy.save(arrays))
    if fold.classifier is not None:
        pickled = io.BytesIO()
        joblib.dump(fold.classifier, pickled)
        _add(archive, f"{film_id}.joblib", pickled.getvalue(), zipfile.ZIP_DEFLATED)


def _add(
    archive: zipfile.ZipFile, name: str, content: bytes, how: int = zipfile.ZIP_STORED
) -> None:
    """Add a file without the time of day, so that the same models give the same archive."""
    archive.writestr(zipfile.ZipInfo(name), content, how, compresslevel=1)
