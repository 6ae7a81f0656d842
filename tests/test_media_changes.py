"""Files that are written to while they are read, or that are not as they were."""

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


def test_a_file_that_stays(wave):
    before = hashlib.sha256(wave.read_bytes()).hexdigest()
    with media.unchanged(wave):
        media.read_audio(wave, 8000)
    assert media.sha256(wave) == before


def test_a_file_that_grows_while_sound_is_read(wave):
    size = wave.stat().st_size
    blocks = media.audio_blocks(wave, 8000, block_s=1.0)
    next(blocks)
    with open(wave, "ab") as file:
        file.write(bytes(1000))
    text = rf"a\.wav: changed while it was read \({size:,} bytes before, {size + 1000:,} after\)"
    with pytest.raises(MediaError, match=text) as error:
        list(blocks)
    assert HINT in str(error.value)


def test_a_film_that_grows_while_its_picture_is_read(tmp_path):
    film = write_flashing(tmp_path / "a.mkv", 6.0, 1, *H264, "-c:a", "flac")
    frames = sampling.shown_frames(film)
    next(frames)
    with open(film, "ab") as file:
        file.write(bytes(1000))
    with pytest.raises(MediaError, match=r"a\.mkv: changed while it was read"):
        list(frames)


def test_a_file_of_the_same_size_that_is_written_again(wave):
    blocks = media.audio_blocks(wave, 8000, block_s=1.0)
    next(blocks)
    status = os.stat(wave)
    os.utime(wave, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))
    with pytest.raises(MediaError, match=r"a\.wav: changed while it was read\n"):
        list(blocks)


def test_a_file_that_libsndfile_reads_may_not_change_either(tmp_path):
    path = tmp_path / "a.paf"
    soundfile.write(path, np.zeros(44100 * 20), 44100, format="PAF", subtype="PCM_16")
    blocks = media.audio_blocks(path, 8000, block_s=1.0)
    next(blocks)
    os.utime(path, ns=(1, 1))
    with pytest.raises(MediaError, match=r"a\.paf: changed while it was read"):
        list(blocks)


def test_a_reader_that_stops_early_gets_no_error(wave):
    """Half a file was requested; whether the rest changes is no matter."""
    blocks = media.audio_blocks(wave, 8000, block_s=1.0)
    next(blocks)
    os.utime(wave, ns=(1, 1))
    blocks.close()


def test_an_error_in_the_block_passes(wave):
    def read_and_fail():
        with media.unchanged(wave):
            os.utime(wave, ns=(1, 1))
            raise KeyError("caller")

    with pytest.raises(KeyError, match="caller"):
        read_and_fail()


def test_bytes_as_they_were(wave):
    size = wave.stat().st_size
    media.require_bytes(wave, size)
    text = rf"a\.wav: changed since the run began \({size - 1:,} bytes before, {size:,} after\)"
    with pytest.raises(MediaError, match=text):
        media.require_bytes(wave, size - 1)


def test_the_clock_of_a_file_is_read_anew_if_it_changed(tmp_path):
    path = write_music(tmp_path / "a.wav", 2.0)
    assert media.probe(path).duration_s == pytest.approx(2.0, abs=0.01)
    write_music(path, 3.0)
    assert media.probe(path).duration_s == pytest.approx(3.0, abs=0.01)
