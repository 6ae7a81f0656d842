"""Files that change while they are read or after their size was recorded."""

import hashlib
import os

import numpy as np
import pytest
import soundfile

from scorelens import media
from scorelens.errors import MediaError
from scorelens.visuals import sampling
from tests.media_files import H264, write_flashing, write_music

HINT = "hint: a recording or a copy may still be running: wait for its end and run again"


@pytest.fixture
def wave(tmp_path):
    return write_music(tmp_path / "a.wav", 40.0)


def test_unchanged_file_is_read_without_error(wave):
    before = hashlib.sha256(wave.read_bytes()).hexdigest()
    with media.unchanged(wave):
        media.read_audio(wave, 8000)
    assert media.sha256(wave) == before


def test_file_that_grows_during_audio_decoding_is_an_error(wave):
    size = wave.stat().st_size
    blocks = media.audio_blocks(wave, 8000, block_s=1.0)
    next(blocks)
    with open(wave, "ab") as file:
        file.write(bytes(1000))
    text = rf"a\.wav: changed while it was read \({size:,} bytes before, {size + 1000:,} after\)"
    with pytest.raises(MediaError, match=text) as error:
        list(blocks)
    assert HINT in str(error.value)


def test_film_that_grows_during_video_decoding_is_an_error(tmp_path):
    film = write_flashing(tmp_path / "a.mkv", 6.0, 1, *H264, "-c:a", "flac")
    frames = sampling.shown_frames(film)
    next(frames)
    with open(film, "ab") as file:
        file.write(bytes(1000))
    with pytest.raises(MediaError, match=r"a\.mkv: changed while it was read"):
        list(frames)


def test_file_with_new_mtime_and_same_size_is_an_error(wave):
    blocks = media.audio_blocks(wave, 8000, block_s=1.0)
    next(blocks)
    status = os.stat(wave)
    os.utime(wave, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))
    with pytest.raises(MediaError, match=r"a\.wav: changed while it was read\n"):
        list(blocks)


def test_file_read_by_libsndfile_that_changes_is_an_error(tmp_path):
    path = tmp_path / "a.paf"
    soundfile.write(path, np.zeros(44100 * 20), 44100, format="PAF", subtype="PCM_16")
    blocks = media.audio_blocks(path, 8000, block_s=1.0)
    next(blocks)
    os.utime(path, ns=(1, 1))
    with pytest.raises(MediaError, match=r"a\.paf: changed while it was read"):
        list(blocks)


def test_closing_reader_early_ignores_file_change(wave):
    """Only the first block is read; changes of the rest are irrelevant."""
    blocks = media.audio_blocks(wave, 8000, block_s=1.0)
    next(blocks)
    os.utime(wave, ns=(1, 1))
    blocks.close()


def test_exception_inside_unchanged_block_is_propagated(wave):
    def read_and_fail():
        with media.unchanged(wave):
            os.utime(wave, ns=(1, 1))
            raise KeyError("caller")

    with pytest.raises(KeyError, match="caller"):
        read_and_fail()


def test_require_bytes_with_other_file_size_is_an_error(wave):
    size = wave.stat().st_size
    media.require_bytes(wave, size)
    text = rf"a\.wav: changed since the run began \({size - 1:,} bytes before, {size:,} after\)"
    with pytest.raises(MediaError, match=text):
        media.require_bytes(wave, size - 1)


def test_probe_rereads_duration_of_changed_file(tmp_path):
    path = write_music(tmp_path / "a.wav", 2.0)
    assert media.probe(path).duration_s == pytest.approx(2.0, abs=0.01)
    write_music(path, 3.0)
    assert media.probe(path).duration_s == pytest.approx(3.0, abs=0.01)
