"""Truncated and damaged trailers: notes and errors."""

import random

import av
import numpy as np
import pytest

from scorelens import media
from scorelens.errors import MediaError
from scorelens.trailers.data import frame_sampling
from tests.numbered_films import FROM_200, coded, numbered


@pytest.fixture
def trailer(tmp_path):
    sound = 0.2 * np.sin(np.arange(4 * 8_000) / 3)
    return coded(tmp_path / "whole.mkv", map(numbered, range(100)), sound=sound)


def test_undamaged_trailer_has_no_note(trailer):
    assert frame_sampling.sample_trailer(trailer, FROM_200)[1] == ""


def test_truncated_trailer_note_gives_end_of_picture_and_missing_sound(trailer, tmp_path):
    data = trailer.read_bytes()
    truncated = tmp_path / "truncated.mkv"
    truncated.write_bytes(data[: len(data) // 2])
    sample, note = frame_sampling.sample_trailer(truncated, FROM_200)
    end_s = float(note.removeprefix("picture ends at ").split(" s of ")[0])
    assert note.endswith(" s of 4.0 s; no sound")
    assert 0 < end_s < 3
    assert sample.frame_s.max() <= end_s


@pytest.mark.parametrize("seed", range(8))
def test_damaged_bytes_are_skipped_or_raise_media_error(trailer, tmp_path, seed):
    data = bytearray(trailer.read_bytes())
    rng = random.Random(seed)
    for _ in range(60):
        data[rng.randrange(len(data) // 4, len(data))] = rng.randrange(256)
    damaged = tmp_path / "damaged.mkv"
    damaged.write_bytes(data)
    try:
        sample, _ = frame_sampling.sample_trailer(damaged, FROM_200)
    except MediaError as error:
        assert str(damaged) in str(error)
    else:
        assert len(sample.frames)


@pytest.mark.parametrize("error", [av.FFmpegError(1, "not permitted"), IndexError("no stream")])
def test_decoder_exception_becomes_media_error_with_file_path(trailer, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(media, "audio_blocks", fail)
    with pytest.raises(MediaError) as raised:
        frame_sampling.sample_trailer(trailer, FROM_200)
    assert f"{trailer}: cannot be decoded to its end (" in str(raised.value)
    assert "hint: copy the file again" in str(raised.value)
