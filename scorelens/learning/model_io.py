"""Model files: the arrays of every fold of a genre model, to predict the genres of other films.

A model file is a zip archive. `about.json` names model, feature set, genres, features, films and
the fold of each film. A fold has the name of the first film that it holds out, and its arrays stand
in `{name}.safetensors`: `frequency` (share of the training films that carry each genre), `mean` and
`inverse_std` (the scaler of the features), and the parameters of the model. A file holds arrays
alone, no code and no pickle. Of networks that are trained several times the file has the first run.
"""

import contextlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import safetensors.numpy

from scorelens.errors import naming_damage
from scorelens.tables import atomic

ABOUT = "about.json"
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class About:
    """What a model file holds.

    Parameters
    ----------
    model, feature_set : str
        Names of the model and of the feature set that it was trained on.
    genres, features : list of str
        Names, in the order of the arrays.
    films : list of str
        The films that the folds hold out.
    folds : list of str
        The name of the fold of each film; empty if every film has a fold of its own.
    """

    model: str
    feature_set: str
    genres: list[str]
    features: list[str]
    films: list[str]
    folds: list[str] = field(default_factory=list)

    def fold_of(self) -> dict[str, str]:
        """Return for each film the name of the fold that holds it out."""
        return dict(zip(self.films, self.folds or self.films, strict=True))

    def fold_names(self) -> list[str]:
        """Return the names of the folds, in order."""
        return list(dict.fromkeys(self.folds or self.films))


def save_folds(
    path: str | os.PathLike, about: About, folds: Iterable[Mapping[str, np.ndarray]]
) -> None:
    """Write a model file; the same models give the same bytes.

    Parameters
    ----------
    path : path
        Where the file goes.
    about : About
        What it holds.
    folds : iterable of mapping
        The arrays of each of `about.fold_names()`, in order.
    """
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _add_about(archive, about)
        for name, fold in zip(about.fold_names(), folds, strict=True):
            arrays = {key: np.ascontiguousarray(value) for key, value in fold.items()}
            _add(archive, f"{name}.safetensors", safetensors.numpy.save(arrays))


def join_archives(
    paths: Sequence[str | os.PathLike], films: Sequence[str], output: str | os.PathLike
) -> None:
    """Join model files of one model that hold different films.

    Parameters
    ----------
    paths : sequence of path
        The files to join.
    films : sequence of str
        All films, in the order of the joined file.
    output : path
        Where the joined file goes.
    """
    parts = [load_about(path) for path in paths]
    fold_of = {film: fold for part in parts for film, fold in part.fold_of().items()}
    folds = [fold_of[film] for film in films] if any(part.folds for part in parts) else []
    with atomic(output) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _add_about(archive, replace(parts[0], films=list(films), folds=folds))
        for path in paths:
            with _open(path) as part:
                for entry in part.infolist():
                    if entry.filename != ABOUT:
                        _add(archive, entry.filename, part.read(entry))


def load_about(path: str | os.PathLike) -> About:
    """Read what a model file holds.

    Parameters
    ----------
    path : path
        A model file.

    Returns
    -------
    About
        Names of model, feature set, genres, features, films and folds.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with _open(path) as archive:
        return _read_about(archive)


def load_fold(path: str | os.PathLike, film_id: str) -> Arrays:
    """Read the fold of a model file that holds out a film.

    Parameters
    ----------
    path : path
        A model file.
    film_id : str
        The film.

    Returns
    -------
    dict
        The arrays of the fold, by name.

    Raises
    ------
    KeyError
        If no fold holds the film out.
    InputError
        If the file is damaged.
    """
    with _open(path) as archive:
        name = _read_about(archive).fold_of()[film_id]
        return safetensors.numpy.load(archive.read(f"{name}.safetensors"))


def prefix_arrays(name: str, arrays: Mapping[str, np.ndarray]) -> Arrays:
    """Put a name and a slash before the names of the arrays of one network.

    Parameters
    ----------
    name : str
        Of the network.
    arrays : mapping
        Its arrays.

    Returns
    -------
    dict
        The same arrays under the longer names.

    Examples
    --------
    >>> prefix_arrays("all", {"bias": 1})
    {'all/bias': 1}
    """
    return {f"{name}/{key}": value for key, value in arrays.items()}


def group_arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, Arrays]:
    """Collect the arrays of each network by its name; the reverse of `prefix_arrays`.

    Parameters
    ----------
    arrays : mapping
        Names without a slash belong to no network.

    Returns
    -------
    dict
        Network -> its arrays.

    Examples
    --------
    >>> group_arrays({"frequency": 0, "all/bias": 1})
    {'all': {'bias': 1}}
    """
    groups: dict[str, Arrays] = {}
    for path, value in arrays.items():
        network, slash, name = path.partition("/")
        if slash:
            groups.setdefault(network, {})[name] = value
    return groups


@contextlib.contextmanager
def _open(path: str | os.PathLike) -> Iterator[zipfile.ZipFile]:
    with naming_damage(path, "a file of genre models"), zipfile.ZipFile(path) as archive:
        yield archive


def _read_about(archive: zipfile.ZipFile) -> About:
    return About(**json.loads(archive.read(ABOUT)))


def _add_about(archive: zipfile.ZipFile, about: About) -> None:
    _add(archive, ABOUT, json.dumps(asdict(about), indent=1).encode())


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a file without the time of day, so that the same models give the same archive."""
    archive.writestr(zipfile.ZipInfo(name), content)
