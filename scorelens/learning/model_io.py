"""Model files: what every fold of a genre model has learnt, to be used on films to come.

A model file is a zip archive. `about.json` says what it is: model, feature set, genres, features,
films and the fold of each. A fold has the name of the first film that it holds out, and in
`{name}.safetensors` its arrays: `frequency` (share of the training films that carry each genre),
`mean` and `gain` (the scale of the features), and a network's parameters. The classifiers add
`{name}.joblib`, which is a pickle: load only files that you trust. Of networks that are trained
several times the first run is kept.
"""

import contextlib
import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace

import joblib
import numpy as np
import safetensors.numpy

from scorelens.errors import naming_damage
from scorelens.tables import atomic

ABOUT = "about.json"


@dataclass(frozen=True)
class About:
    """What a model file holds: genres and features by name, and the films that folds held out.

    folds: for each film the name of its fold; nothing if every film has a fold of its own.
    """

    model: str
    feature_set: str
    genres: list[str]
    features: list[str]
    films: list[str]
    folds: list[str] = field(default_factory=list)

    def fold_of(self) -> dict[str, str]:
        """Film -> name of the fold that never saw it."""
        return dict(zip(self.films, self.folds or self.films, strict=True))

    def fold_names(self) -> list[str]:
        """The names of the folds, in order."""
        return list(dict.fromkeys(self.folds or self.films))


@dataclass(frozen=True)
class Fold:
    """What one fold learnt: arrays by name, and the classifier if it is one."""

    arrays: dict[str, np.ndarray]
    classifier: object = None


def save_folds(path: str | os.PathLike, about: About, folds: Iterable[Fold]) -> None:
    """Write a model file. folds: one for each of `about.fold_names()`, in order."""
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _add_about(archive, about)
        for name, fold in zip(about.fold_names(), folds, strict=True):
            _add_fold(archive, name, fold)


def join_archives(
    paths: Sequence[str | os.PathLike], films: Sequence[str], output: str | os.PathLike
) -> None:
    """Join model files of one model that hold different films. films: all of them, in order."""
    parts = [load_about(path) for path in paths]
    fold_of = {film: fold for part in parts for film, fold in part.fold_of().items()}
    folds = [fold_of[film] for film in films] if any(part.folds for part in parts) else []
    with atomic(output) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _add_about(archive, replace(parts[0], films=list(films), folds=folds))
        for path in paths:
            with _open(path) as part:
                for entry in part.infolist():
                    if entry.filename != ABOUT:
                        _add(archive, entry.filename, part.read(entry), entry.compress_type)


def load_about(path: str | os.PathLike) -> About:
    """What a model file holds. Raises InputError if it is damaged, as all that read one."""
    with _open(path) as archive:
        return _read_about(archive)


def load_fold(path: str | os.PathLike, film_id: str) -> Fold:
    """The fold of a model file that never saw this film. Raises KeyError if there is none."""
    with _open(path) as archive:
        name = _read_about(archive).fold_of()[film_id]
        arrays = safetensors.numpy.load(archive.read(f"{name}.safetensors"))
        pickled = f"{name}.joblib"
        if pickled not in archive.namelist():
            return Fold(arrays)
        return Fold(arrays, joblib.load(io.BytesIO(archive.read(pickled))))


@contextlib.contextmanager
def _open(path: str | os.PathLike) -> Iterator[zipfile.ZipFile]:
    with naming_damage(path, "a file of genre models"), zipfile.ZipFile(path) as archive:
        yield archive


def _read_about(archive: zipfile.ZipFile) -> About:
    return About(**json.loads(archive.read(ABOUT)))


def _add_about(archive: zipfile.ZipFile, about: About) -> None:
    _add(archive, ABOUT, json.dumps(asdict(about), indent=1).encode())


def _add_fold(archive: zipfile.ZipFile, name: str, fold: Fold) -> None:
    arrays = {name: np.ascontiguousarray(value) for name, value in fold.arrays.items()}
    _add(archive, f"{name}.safetensors", safetensors.numpy.save(arrays))
    if fold.classifier is not None:
        pickled = io.BytesIO()
        joblib.dump(fold.classifier, pickled)
        _add(archive, f"{name}.joblib", pickled.getvalue(), zipfile.ZIP_DEFLATED)


def _add(
    archive: zipfile.ZipFile, name: str, content: bytes, how: int = zipfile.ZIP_STORED
) -> None:
    """Add a file without the time of day, so that the same models give the same archive."""
    archive.writestr(zipfile.ZipInfo(name), content, how, compresslevel=1)
