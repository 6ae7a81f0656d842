"""Trailers that are cut short, or damaged: their notes and errors."""

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


def test_a_whole_trailer_has_no_note(trailer):
    assert frame_sampling.sample_trailer(trailer, FROM_200)[1] == ""


def test_a_trailer_that_is_cut_short_is_noted(trailer, tmp_path):
    data = trailer.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: len(data) // 2])
    sample, note = frame_sampling.sample_trailer(cut, FROM_200)
    end_s = float(note.removeprefix("picture ends at ").split(" s of ")[0])
    assert note.endswith(" s of 4.0 s; no sound")
    assert 0 < end_s < 3
    assert sample.frame_s.max() <= end_s


@pytest.mark.parametrize("seed", range(8))
def test_damaged_bytes_are_passed_over_or_reported(trailer, tmp_path, seed):
    data = bytearray(trailer.read_bytes())
    chance = random.Random(seed)
    for _ in range(60):
        data[chance.randrange(len(data) // 4, len(data))] = chance.randrange(256)
    bad = tmp_path / "bad.mkv"
    bad.write_bytes(data)
    try:
        sample, _ = frame_sampling.sample_trailer(bad, FROM_200)
    except MediaError as error:
        assert str(bad) in str(error)
    else:
        assert len(sample.frames)


@pytest.mark.parametrize("error", [av.FFmpegError(1, "not permitted"), IndexError("no stream")])
def test_what_stops_the_decoder_is_reported_with_the_file(trailer, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(media, "audio_blocks", fail)
    with pytest.raises(MediaError) as raised:
        frame_sampling.sample_trailer(trailer, FROM_200)
    assert f"{trailer}: cannot be decoded to its end (" in str(raised.value)
    assert "hint: copy the file again" in str(raised.value)
