"""Tests of music libraries: audio files, parts, and the choice of the model."""

import os

import pytest

from scorelens import tables
from scorelens.errors import ConfigError
from scorelens.tagger import library
from tests.odd_names import ODD_NAMES


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def problems(libraries):
    with pytest.raises(ConfigError) as caught:
        library.find_parts(libraries)
    return str(caught.value)


def test_find_parts_lists_audio_files_at_any_depth_and_of_any_name(tmp_path):
    touch(tmp_path, *ODD_NAMES, "B.FLAC", "cover.jpg", ".hidden.mp3", ".trash/x.mp3", "e.mp3/n.txt")
    (part,) = library.find_parts({"all": str(tmp_path)}).values()
    assert part == ("all", str(tmp_path), tuple(sorted([*ODD_NAMES, "B.FLAC"])))
    assert part.paths == [str(tmp_path / name) for name in part.files]


def test_cue_sheets_are_ignored_and_logged(tmp_path, caplog):
    touch(tmp_path, "image.flac", "image.cue", "b/other.CUE", "music without an ending")
    (part,) = library.find_parts({"all": str(tmp_path)}).values()
    assert part.files == ("image.flac", "music without an ending")
    assert caplog.messages == [
        "config: tagger.libraries.all: CUE sheets (2) are ignored: in a library each file is one "
        "track"
    ]


def test_symbolic_links_are_followed_and_each_folder_is_read_once(tmp_path):
    touch(tmp_path, "music/a/one.mp3", "elsewhere/two.mp3")
    for link, target in (("a/loop", "music"), ("0", "music/a"), ("z", "elsewhere")):
        (tmp_path / "music" / link).symlink_to(tmp_path / target)
    (part,) = library.find_parts({"all": str(tmp_path / "music")}).values()
    assert part.files == ("a/one.mp3", "z/two.mp3")


def test_parts_have_each_file_once_and_few_change_with_a_new_file(tmp_path):
    names = [f"disc {k // 40}/{k:04d}.mp3" for k in range(1000)]
    touch(tmp_path, *names)
    before = library.find_parts({"all": str(tmp_path)})
    assert sorted(file for part in before.values() for file in part.files) == sorted(names)
    assert max(len(part.files) for part in before.values()) <= 50
    assert 20 <= len(before) <= 50
    assert all(tables.files.SLUG.fullmatch(name) for name in before)
    for name in ("0.mp3", "disc 3/0130b.mp3", "disc 9/zz.mp3"):
        touch(tmp_path, name)
        after = library.find_parts({"all": str(tmp_path)})
        assert 1 <= len(set(after.items()) - set(before.items())) <= 4
        before = after


def test_libraries_of_the_same_folder_have_separate_parts(tmp_path):
    touch(tmp_path, "one.mp3")
    parts = library.find_parts({"first": str(tmp_path), "second": str(tmp_path)})
    assert sorted(part.library for part in parts.values()) == ["first", "second"]


def test_error_lists_all_problems_of_all_libraries(tmp_path):
    touch(tmp_path, "empty/cover.jpg", "file", "odd/good.mp3", "odd/ta\tb.mp3", "odd/\udcff.mp3")
    (tmp_path / "odd/lost.mp3").symlink_to(tmp_path / "nowhere")
    odd, empty, missing, file = (
        str(tmp_path / name) for name in ("odd", "empty", "missing", "file")
    )
    message = problems({"My Music": missing, "file": file, "empty": empty, "odd": odd})
    assert message.startswith("7 problems were found\n")
    for line in (
        "config: tagger.libraries.My Music: 'My Music' is no id",
        "  hint: for example my_music",
        f"config: tagger.libraries.My Music: {missing} does not exist",
        f"config: tagger.libraries.file: {file} is a file",
        "  expected: a folder of audio files",
        f"config: tagger.libraries.empty: {empty} holds no audio file",
        f"config: tagger.libraries.odd: '{odd}/lost.mp3' is a broken link",
        "config: tagger.libraries.odd: 'ta\\tb.mp3' has control characters",
        f"config: tagger.libraries.odd: '{odd}/\\udcff.mp3' has a name that is not UTF-8",
    ):
        assert line in message.split("\n"), message


def test_unreadable_folder_error_names_the_folder(tmp_path, monkeypatch):
    touch(tmp_path, "open/a.mp3", "shut/b.mp3")
    scandir = os.scandir

    def scandir_denied(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scandir_denied)
    assert f"'{tmp_path}/shut' cannot be read (Permission denied)" in problems({"a": str(tmp_path)})


def test_choose_model_returns_the_requested_model_or_the_last_with_audio():
    trained = ["embedding_linear", "frequency_ranking", "cnn"]
    assert library.choose_model(trained, "") == "embedding_linear"
    assert library.choose_model(trained, "cnn") == "cnn"
    for models, requested, message, expected in (
        (
            trained,
            "dnn",
            "dnn is not among the trained models with an audio input",
            "one of: cnn, embedding_linear",
        ),
        (trained, "frequency_ranking", "frequency_ranking is not among", "cnn"),
        ([], "", "none is among the trained models", "models in tagger.models"),
    ):
        with pytest.raises(ConfigError, match=message) as caught:
            library.choose_model(models, requested)
        assert expected in str(caught.value)
