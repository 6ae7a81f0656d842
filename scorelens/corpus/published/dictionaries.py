"""Read the published feature dictionaries, NumPy files of pickled objects, without running code.

A pickle may call any function that it names. This reader accepts the few names that arrays, lists
and dictionaries need, refuses every other, and builds the arrays itself from their bytes, because
NumPy's reconstruction trusts what the file says about the bytes.
"""

import os
import pickle
import re

import numpy as np
from numpy.lib import format as npy

from scorelens.errors import InputError, Problem
from scorelens.ids import slug

WHAT = "a NumPy file of a dictionary: film -> list of cues, each frames x features"
AGAIN = "fetch the file again from the paper's supplement S4"
_NUMBERS = re.compile(r"[fiu][1248]|b1")
_OBJECTS = ("O", "O8", "O4")
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_dictionary(path: str | os.PathLike) -> dict[str, list[np.ndarray] | None]:
    """Read the cues of every film of a dictionary.

    Parameters
    ----------
    path : path
        The file, written by Python 2 or 3. Nothing that it names is called.

    Returns
    -------
    dict of str to list of ndarray, or None
        Slug of the film -> its cues, each of shape (frames, features), or another shape if the file
        has it so. None for a film that is no list of arrays.

    Raises
    ------
    InputError
        If the file is unreadable or damaged, names a film twice, or holds anything but arrays of
        numbers, lists and dictionaries.
    """
    films = _read_objects(path)
    if isinstance(films, _Array) and len(films.content) == 1:
        films = films.content[0]
    if not isinstance(films, dict):
        raise InputError(Problem(str(path), "holds no dictionary", WHAT, AGAIN))
    named = {slug(str(name)): _cues(value) for name, value in films.items()}
    if len(named) < len(films):
        what = f"{len(films)} names give {len(named)} film ids"
        raise InputError(Problem(str(path), what, "each film once", "names differ in punctuation"))
    return named


class _Refused(pickle.UnpicklingError):
    pass


class _Dtype:
    """The pickled type of an array: numbers of up to 8 bytes, or objects."""

    def __init__(self, code: str, *_):
        if code not in _OBJECTS and not _NUMBERS.fullmatch(code):
            raise _Refused(f"values of type {code!r}")
        self.code, self.order = code, "="

    def __setstate__(self, state: tuple) -> None:
        self.order = state[1]

    def numpy(self) -> np.dtype:
        return np.dtype(self.code).newbyteorder(self.order)


class _Array:
    """A pickled array: its shape, its type, and its bytes or its list of objects."""

    def __init__(self, *_):
        self.content = []

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, by_columns, raw = state
        if dtype.code in _OBJECTS:
            self.content = list(raw)
            return
        data = raw.encode("latin1") if isinstance(raw, str) else raw  # text in files of Python 2
        order = "F" if by_columns else "C"
        self.content = np.frombuffer(data, dtype.numpy()).reshape(shape, order=order)


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise _Refused(f"the encoding {encoding!r}")
    return text.encode("latin1")


_ARRAY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
_KNOWN = {
    **{(module, "_reconstruct"): _Array for module in _ARRAY_MODULES},
    ("numpy", "ndarray"): "ndarray",  # the only argument of _reconstruct; never called
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,  # bytes in protocols 0 to 2
    ("__builtin__", "bytes"): lambda: b"",  # the same, if there are none
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _KNOWN:
            raise _Refused(f"{module}.{name}")
        return _KNOWN[module, name]


def _read_objects(path: str | os.PathLike) -> object:
    try:
        with open(path, "rb") as file:
            _, _, dtype = _HEADERS[npy.read_magic(file)](file)
            if not dtype.hasobject:
                raise InputError(Problem(str(path), f"is an array of {dtype}", WHAT, AGAIN))
            return _Reader(file, encoding="latin1").load()
    except InputError:
        raise
    except _Refused as error:
        expected = "arrays of numbers, lists and dictionaries alone"
        hint = f"such a file can run programs: do not open it with another reader; {AGAIN}"
        raise InputError(Problem(str(path), f"asks for {error}", expected, hint)) from None
    except OSError as error:
        raise InputError(
            Problem(str(path), f"cannot be read ({error.strerror or error})", WHAT, AGAIN)
        ) from None
    except Exception as error:  # what a broken pickle raises has no bounds
        what = f"is no such file or is damaged ({type(error).__name__}: {error})"
        raise InputError(Problem(str(path), what, WHAT, AGAIN)) from None


def _cues(value: object) -> list[np.ndarray] | None:
    """The cues of a film; None if the value is no list of arrays."""
    if isinstance(value, _Array):
        value = list(value.content)
    if not isinstance(value, list | tuple):
        return None
    cues = [_cue(part) for part in value]
    return None if any(cue is None for cue in cues) else cues


def _cue(value: object) -> np.ndarray | None:
    """A cue as an array, from an array or from a list of its frames; None if it is neither."""
    frames = value.content if isinstance(value, _Array) else value
    if isinstance(frames, list):
        frames = [frame.content if isinstance(frame, _Array) else frame for frame in frames]
    try:
        cue = np.asarray(frames)
    except ValueError:  # frames of different lengths
        return None
    return cue if cue.dtype.kind in "fiub" else None
