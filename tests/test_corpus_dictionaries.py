"""The restricted reader of pickled dictionaries: accepted content, and no calls from a file."""

import collections
import os
import pickle
import struct

import numpy as np
import pytest

from scorelens.corpus.published.dictionaries import read_dictionary
from scorelens.errors import InputError

HINT = "hint: fetch the file again from the paper's supplement S4"


def save(path, films):
    np.save(path, films, allow_pickle=True)
    return path


def write_pickle(path, content: bytes, dtype="|O"):
    """A NumPy file whose array is this pickle."""
    with path.open("wb") as file:
        header = {"descr": dtype, "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(content)
    return path


def read_error(path):
    with pytest.raises(InputError) as caught:
        read_dictionary(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.fixture
def films():
    random = np.random.default_rng(0)
    return {
        "a_film": [random.normal(size=(n, 5)) for n in (3, 1, 4)],
        "b_film": [random.normal(size=(2, 5))],
    }


def assert_same(read, films):
    assert list(read) == list(films)
    for name, cues in films.items():
        assert len(read[name]) == len(cues)
        for actual, expected in zip(read[name], cues, strict=True):
            assert actual.dtype.kind == np.asarray(expected).dtype.kind
            np.testing.assert_array_equal(actual, expected)


def test_dictionary_saved_by_numpy_is_read(tmp_path, films):
    assert_same(read_dictionary(save(tmp_path / "a.npy", films)), films)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_every_pickle_protocol_is_read(tmp_path, films, protocol):
    content = pickle.dumps(np.array(films, object), protocol)
    assert_same(read_dictionary(write_pickle(tmp_path / "a.npy", content)), films)


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<f2", "<i4", ">i2", "|u1", "|b1"])
def test_every_numeric_dtype_and_memory_layout_is_read(tmp_path, dtype):
    values = (np.arange(12).reshape(4, 3) % 5).astype(dtype)
    films = {"rows": [values], "columns": [np.asfortranarray(values)], "every_other": [values[::2]]}
    assert_same(read_dictionary(save(tmp_path / "a.npy", films)), films)


def test_films_and_cues_may_be_arrays_lists_or_tuples(tmp_path):
    cues = [np.full((2, 3), 1.0), np.full((4, 3), 2.0)]
    objects = np.empty(2, object)
    objects[:] = cues
    films = {
        "objects": objects,
        "block": np.stack([cues[0], cues[0] + 1]),
        "tuple": tuple(cues),
        "lists": [cue.tolist() for cue in cues],
        "frames": [list(cue) for cue in cues],
    }
    read = read_dictionary(save(tmp_path / "a.npy", films))
    np.testing.assert_array_equal(read["block"][1], cues[0] + 1)
    for name in ("objects", "tuple", "lists", "frames"):
        for actual, expected in zip(read[name], cues, strict=True):
            np.testing.assert_array_equal(actual, expected)


def test_an_empty_cue_keeps_its_shape(tmp_path):
    for protocol in (0, 2, 4):
        content = pickle.dumps(np.array({"a": [np.empty((0, 5))]}, object), protocol)
        assert read_dictionary(write_pickle(tmp_path / "a.npy", content))["a"][0].shape == (0, 5)


def python_2_array(shape, code, order, flags, content):
    """An array as Python 2 pickled it: text is bytes, with opcodes that Python 3 never writes."""
    numbers = b"".join(b"I%d\n" % size for size in shape)
    kind = b"(U\x02%sI0\nI1\ntR(I3\nU\x01%sNNNI-1\nI-1\nI%d\ntb" % (code, order, flags)
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntU\x01btR"
    return array + b"(I1\n(" + numbers + b"tcnumpy\ndtype\n" + kind + b"I00\n" + content + b"tb"


def test_python_2_pickle_is_read(tmp_path):
    values = np.linspace(-1, 200, 6).reshape(2, 3)
    raw = values.tobytes()
    cue = python_2_array((2, 3), b"f8", b"<", 0, b"T" + struct.pack("<i", len(raw)) + raw)
    films = b"}U\x08mad_max\xe9(l" + cue + b"as"
    outer = python_2_array((), b"O8", b"|", 63, b"(l" + films + b"a")
    read = read_dictionary(write_pickle(tmp_path / "a.npy", b"\x80\x02" + outer + b"."))
    np.testing.assert_array_equal(read["mad_maxe"][0], values)


class Call:
    """An object that is pickled as a function call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_pickle_that_calls_a_command_is_refused_without_running_it(tmp_path):
    marker = tmp_path / "ran"
    path = save(tmp_path / "a.npy", {"a": [Call(os.system, f"touch {marker}")]})
    text = read_error(path)
    assert f"asks for {os.system.__module__}.system" in text
    assert "expected: arrays of numbers, lists and dictionaries alone" in text
    assert "hint: such a file can run programs: do not open it with another reader" in text
    assert not marker.exists()
    np.load(path, allow_pickle=True)  # NumPy itself runs the command
    assert marker.exists()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Call(eval, "1"), "builtins.eval"),
        (Call(getattr, {}, "keys"), "builtins.getattr"),
        (Call(np.load, "b.npy"), "numpy.load"),
        (collections.OrderedDict(), "collections.OrderedDict"),
        (np.float64(1), "numpy._core.multiarray.scalar"),
        (np.zeros(1, "U3"), "values of type 'U3'"),
        (np.zeros(1, "f8,i4"), "values of type 'V12'"),
        (np.zeros(1, "c16"), "values of type 'c16'"),
        ({1, 2}, "builtins.set"),
    ],
)
def test_other_types_than_arrays_lists_and_dictionaries_are_refused(tmp_path, value, name):
    content = pickle.dumps(np.array({"a": [value]}, object), 3)
    assert f"asks for {name}\n" in read_error(write_pickle(tmp_path / "a.npy", content))


def test_array_bytes_are_never_interpreted_as_object_pointers(tmp_path):
    """Eight bytes declared as an object array are read as numbers; no address is dereferenced."""
    raw = b"T" + struct.pack("<i", 8) + b"\x10" * 8
    outer = python_2_array((), b"O8", b"|", 0, raw)
    assert "holds no dictionary" in read_error(write_pickle(tmp_path / "a.npy", outer + b"."))
    inner = b"}U\x01a(l" + python_2_array((1,), b"O8", b"|", 0, raw) + b"as."
    read = read_dictionary(write_pickle(tmp_path / "b.npy", inner))
    assert read["a"] is None or read["a"][0].ndim < 2


@pytest.mark.parametrize(
    ("name", "call"),
    [("codecs", b"c_codecs\nencode\n(Vx\nVzlib\ntR."), ("dtype", b"cnumpy\ndtype\n(VO,O\ntR.")],
)
def test_allowed_functions_accept_only_arguments_of_numeric_arrays(tmp_path, name, call):
    text = read_error(write_pickle(tmp_path / "a.npy", call))
    assert {"codecs": "the encoding 'zlib'", "dtype": "values of type 'O,O'"}[name] in text


@pytest.mark.parametrize("content", [b"", b"film,genre\n", b"\x93NUMPY\x01\x00", b"\x80\x04N."])
def test_file_of_another_type_is_refused(tmp_path, content):
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    text = read_error(path)
    assert "is no such file or is damaged" in text
    assert "expected: a NumPy file of a dictionary: film -> list of cues" in text
    assert HINT in text


def test_truncated_file_is_refused(tmp_path, films):
    path = save(tmp_path / "a.npy", films)
    data = path.read_bytes()
    for share in (0.2, 0.5, 0.9, 0.999):
        path.write_bytes(data[: int(share * len(data))])
        assert "is no such file or is damaged" in read_error(path)


def test_array_whose_bytes_do_not_match_its_shape_is_refused(tmp_path):
    raw = b"T" + struct.pack("<i", 8) + b"\0" * 8
    cue = python_2_array((2, 3), b"f8", b"<", 0, raw)
    text = read_error(write_pickle(tmp_path / "a.npy", b"}U\x01a(l" + cue + b"as."))
    assert "is no such file or is damaged (ValueError: cannot reshape array" in text


def test_error_for_other_content_describes_it(tmp_path):
    np.save(tmp_path / "numbers.npy", np.zeros(3))
    assert "is an array of float64" in read_error(tmp_path / "numbers.npy")
    assert "holds no dictionary" in read_error(save(tmp_path / "list.npy", [{}, {}]))
    assert "cannot be read (No such file" in read_error(tmp_path / "absent.npy")
    twice = read_error(save(tmp_path / "twice.npy", {"A film": [], "a_film": []}))
    assert "2 names give 1 film ids\n  expected: each film once" in twice


@pytest.mark.parametrize("value", ["words", 3, {"a": 1}, [{"a": 1}], [["x"]], [[[1, 2], [3]]]])
def test_film_that_is_not_a_list_of_arrays_is_read_as_none(tmp_path, value):
    assert read_dictionary(save(tmp_path / "a.npy", {"a": value})) == {"a": None}
