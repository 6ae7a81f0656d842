"""Log-mel of the fragments of tracks."""

import tracemalloc

import numpy as np
import pytest
import soundfile

from scorelens import media
from scorelens.retrieval import FRAGMENT, FRAGMENT_S, RATE_HZ
from scorelens.retrieval.embed import fragments
from scorelens.retrieval.model import cnn_transformer
from tests.noise_tracks import LOG_MEL, noise, write_wav


def test_log_mel_is_computed_from_the_samples_of_the_fragment(tmp_path):
    samples = noise(25)
    path = write_wav(tmp_path / "a.wav", samples)
    result = fragments.encode_track(path, 2, LOG_MEL.load_encoder())
    assert result.start_s == pytest.approx([0, 25 - FRAGMENT_S], abs=1 / RATE_HZ)
    ends = np.stack([samples[:FRAGMENT], samples[-FRAGMENT:]]).astype(np.float32)
    assert result.values.dtype == np.float16
    assert np.array_equal(result.values, cnn_transformer.log_mel(ends))


def test_log_mel_of_short_track_is_computed_from_repeated_samples(tmp_path):
    samples = noise(3)
    path = write_wav(tmp_path / "a.wav", samples)
    result = fragments.encode_track(path, 2, LOG_MEL.load_encoder())
    whole = np.resize(samples.astype(np.float32), (1, FRAGMENT))
    assert np.array_equal(result.values, cnn_transformer.log_mel(whole))


@pytest.mark.parametrize("header_s", [0.0, 60.0], ids=["nothing", "too much"])
def test_wrong_length_in_header_does_not_change_the_fragments(tmp_path, monkeypatch, header_s):
    path = write_wav(tmp_path / "a.wav", noise(25))
    expected = fragments.encode_track(path, 3, LOG_MEL.load_encoder())
    info = media.MediaInfo(header_s, RATE_HZ, 1, None, None, None)
    monkeypatch.setattr(media, "probe", lambda path: info)
    result = fragments.encode_track(path, 3, LOG_MEL.load_encoder())
    assert np.array_equal(result.start_s, expected.start_s)
    assert np.array_equal(result.values, expected.values)


@pytest.mark.parametrize("level", [0.0, 1e-5, np.nan, np.inf], ids=str)
def test_log_mel_of_silent_or_non_finite_fragment_is_left_out(tmp_path, level):
    samples = noise(30)
    samples[: FRAGMENT + 9] = np.sign(samples[: FRAGMENT + 9]) * level
    path = write_wav(tmp_path / "a.wav", samples)
    assert fragments.encode_track(path, 3, LOG_MEL.load_encoder()).start_s[0] == pytest.approx(
        10.04, abs=1e-3
    )
    path = write_wav(tmp_path / "a.wav", samples[:9000])
    assert fragments.encode_track(path, 3, LOG_MEL.load_encoder()).values.shape == (0, 128, 426)


def test_long_track_is_encoded_in_less_than_30_mb(tmp_path):
    """Ten minutes of samples are 53 MB."""
    path = tmp_path / "a.wav"
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16") as file:
        for minute in range(10):
            file.write(noise(60, minute))
    encoder = LOG_MEL.load_encoder()
    fragments.encode_track(write_wav(tmp_path / "b.wav", noise(20)), 2, encoder)  # warm-up
    tracemalloc.start()
    try:
        result = fragments.encode_track(path, 3, encoder)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(result.values) == 3
    assert peak < 30e6
