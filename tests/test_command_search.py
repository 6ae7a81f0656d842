"""The command `scorelens search` on real files with the real networks."""

import json

import numpy as np
import pytest
import soundfile

from tests.test_command import call

RATE_HZ = 16_000
SECONDS = 12


def tone(hz, tremolo_hz):
    time_s = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    chord = sum(np.sin(2 * np.pi * hz * ratio * time_s) for ratio in (1, 1.25, 1.5))
    return 0.1 * chord * (1 + np.sin(2 * np.pi * tremolo_hz * time_s)) / 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory, fetched):
    """A folder with music: two tracks of slow chords that are nearly the same, and noise."""
    work = tmp_path_factory.mktemp("a search")
    album = work / "music" / "an album"
    album.mkdir(parents=True)
    soundfile.write(album / "slow chord.flac", tone(220, 0.5), RATE_HZ)
    soundfile.write(album / "slow [chord].flac", tone(225, 0.5), RATE_HZ)
    noise = 0.1 * np.random.default_rng(1).normal(size=SECONDS * RATE_HZ)
    soundfile.write(album / "noise.flac", noise, RATE_HZ)
    (work / "results" / "pretrained").mkdir(parents=True)
    for name in ("musicnn", "minilm"):
        (work / f"results/pretrained/{name}.safetensors").symlink_to(fetched(name))
    return work


@pytest.fixture
def search(folder, monkeypatch):
    """Call `scorelens search` in the folder, with the library indexed."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")
    indexed = call("search", "--library", "music")
    assert indexed.exit_code == 0, indexed.output
    assert "3 tracks can be searched" in indexed.output
    return lambda *arguments: call("search", *arguments)


@pytest.mark.slow
def test_words_rank_all_tracks_and_the_screen_says_what_answered(search):
    done = search("a calm sea at night")
    assert done.exit_code == 0, done.output
    assert "3 of 3 tracks" in done.output
    assert "slow [chord]" in done.output
    assert "answered by bridge: " in done.output


@pytest.mark.slow
def test_more_like_a_file_finds_its_likeness_and_leaves_it_out(search, folder):
    source = "music/an album/slow chord.flac"
    done = search("--like", source, "--from", "0:01", "--to", "0:11", "--json")
    titles = [hit["title"] for hit in json.loads(done.stdout)]
    assert titles == ["slow [chord]", "noise"]


@pytest.mark.slow
def test_filters_hold_and_a_range_that_is_none_is_named(search):
    done = search("calm", "--length", "60-")
    assert "no track passes the filters" in done.output
    done = search("calm", "--tempo", "fast")
    assert done.exit_code == 1
    assert "--tempo: is 'fast'" in done.output


@pytest.mark.slow
def test_tracks_are_encoded_once(search, folder, monkeypatch):
    from scorelens.live_search import library

    monkeypatch.setattr(library, "_encode", lambda *_: pytest.fail("encoded again"))
    assert search("--library", "music").exit_code == 0


def test_a_folder_without_an_index_or_music_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call("search", "--library", "nowhere", "calm")
    assert done.exit_code == 1 and "nowhere: is no folder" in done.output
    assert not (tmp_path / "results").exists()
