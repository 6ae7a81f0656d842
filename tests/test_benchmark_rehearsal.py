"""Rehearsal of a study: its films, the costs of its jobs, a run that is killed, equal tables."""

import base64
import itertools
import json
import pathlib
import sys
import time

import numpy as np
import pandas as pd
import pytest
import soundfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "benchmarks"))

from cue_films.albums import Track
from cue_films.signals import RATE_HZ, samples
from measured_runs import comparison, costs, processes, summary
from study_corpus import corpus, films, sound

from scorelens import media, tables


def hum(rng: np.random.Generator) -> np.ndarray:
    return 0.1 * rng.standard_normal(RATE_HZ).astype(np.float32)


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """Two tracks of 30 s in a folder, and one that is too short for a cue."""
    folder = tmp_path_factory.mktemp("albums") / "tones"
    folder.mkdir()
    for name, hz, seconds in (("low", 220, 30), ("high", 880, 30), ("short", 440, 3)):
        wave = 0.3 * np.sin(2 * np.pi * hz * np.arange(samples(seconds)) / RATE_HZ)
        soundfile.write(folder / f"{name}.flac", np.stack([wave, wave], 1), RATE_HZ)
    return folder


def test_usable_tracks_leave_out_short_one(album):
    assert sorted(corpus.usable_tracks(album)) == ["high", "low"]


def test_scenes_fill_film_and_play_each_track_before_one_repeats(album):
    length = samples(500)
    rng = np.random.default_rng(3)
    made = list(sound.scenes(corpus.usable_tracks(album), length, hum, hum, rng))
    assert sum(len(scene.sound) for scene in made) == length
    played = [scene.cue.track_id for scene in made if scene.cue]
    assert len(played) >= 3
    assert set(played[:2]) == {"low", "high"}
    assert all(not (a.cue and b.cue) for a, b in itertools.pairwise(made))


def test_cue_holds_drawn_part_of_track(tmp_path):
    """A chirp tells by its frequency where in the track the cue starts."""
    time_s = np.arange(samples(60)) / RATE_HZ
    wave = 0.3 * np.sin(2 * np.pi * (500 * time_s + 25 * time_s**2))  # 500 + 50 t Hz
    soundfile.write(tmp_path / "chirp.flac", wave, RATE_HZ)
    track = Track(str(tmp_path / "chirp.flac"), 0.0, 60.0)
    music, start_s = sound.excerpt(track, 60.0, np.random.default_rng(5))
    first = music[:RATE_HZ, 0]
    spectrum = np.abs(np.fft.rfft(first * np.hanning(len(first))))
    assert spectrum.argmax() == pytest.approx(500 + 50 * (start_s + 0.5), abs=30)


def test_made_film_has_length_pictures_and_true_cues(album, tmp_path):
    rng = np.random.default_rng(4)
    scenes = sound.scenes(corpus.usable_tracks(album), samples(240.5), hum, hum, rng)
    video, truth = tmp_path / "film.mkv", tmp_path / "film.tsv"
    films.make_film("film", scenes, 1, video, truth)
    rows = tables.read_table(truth, tables.TRUTH)
    assert len(rows) >= 1 and rows.film_end_s.max() <= 240.5
    assert len(media.read_audio(video, 8000)) == pytest.approx(240.5 * 8000, abs=8000 * 0.1)
    with media.open_container(video) as container:
        stream = media.picture_stream(container)
        count = sum(1 for packet in container.demux(stream) if packet.size)
    assert count == round(240.5 * films.FRAMES.frame_rate_hz)


def test_plan_gives_added_film_another_album(tmp_path, album):
    for name in ("one", "two", "three"):
        (tmp_path / name).symlink_to(album)
    planned = corpus.plan_films(tmp_path, 5, seed=1)
    assert len({film.film_id for film in planned}) == 6
    assert planned[-1].album not in {film.album for film in planned[:-1]}
    assert planned == corpus.plan_films(tmp_path, 5, seed=1)


def write_job(results, path: str, **figures):
    file = results / "benchmarks" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    row = {"s": 2.0, "max_rss": 100.0, "cpu_time": 1.5, **figures}
    pd.DataFrame([row]).to_csv(file, sep="\t", index=False)


def test_costs_are_summed_by_stage(tmp_path):
    write_job(tmp_path, "match_cues/a.tsv", s=60, max_rss=300)
    write_job(tmp_path, "measure_levels/a.tsv", s=6, cpu_time="NA")
    write_job(tmp_path, "train_genres/mir/knn/0.tsv", s=9)
    used = costs.by_stage(costs.read_jobs(tmp_path))
    assert list(used) == ["cues", "genres"]
    assert used["cues"] == {
        **{"jobs": 2, "cpu_s": 1.5, "wall_s": 66.0, "longest_s": 60.0, "longest": "match_cues"},
        **{"peak_mb": 300, "peak": "match_cues"},
    }
    assert not list(costs.read_jobs(tmp_path, since=time.time() + 60))


def test_every_requested_rule_has_a_stage(home):
    table = pd.read_csv(home / "workflow" / "job_resources.tsv", sep="\t")
    assert set(table.rule) <= set(costs.stages())


def test_unfinished_outputs_are_read_from_marks(tmp_path):
    marks = tmp_path / ".snakemake" / "incomplete"
    marks.mkdir(parents=True)
    for path in ("results/cues/films/a.parquet", "results/ÿ/b?.tsv"):
        (marks / base64.urlsafe_b64encode(path.encode()).decode()).touch()
    assert sorted(processes.unfinished_outputs(tmp_path)) == [
        "results/cues/films/a.parquet",
        "results/ÿ/b?.tsv",
    ]


def test_killed_run_leaves_no_process(tmp_path, monkeypatch):
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while 1: pass'])"
    monkeypatch.setattr(processes, "command", lambda *_: [sys.executable, "-c", script])
    monkeypatch.setattr(processes, "INTERVAL_S", 0.2)
    started = time.perf_counter()
    usage = processes.run(
        tmp_path, tmp_path, 1, tmp_path / "log", lambda: time.perf_counter() > started + 2
    )
    assert usage.killed
    assert usage.cpu_s > 0.2 and usage.peak_mb > 5
    assert usage.survivors == 0


def test_failed_run_names_its_log(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "command", lambda *_: [sys.executable, "-c", "1 / 0"])
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        processes.run(tmp_path, tmp_path, 1, tmp_path / "log")


@pytest.fixture
def two_runs(tmp_path):
    for name in ("one", "two"):
        folder = tmp_path / name / "cues" / "films"
        folder.mkdir(parents=True)
        (tmp_path / name / "benchmarks").mkdir()
        (tmp_path / name / "benchmarks" / "a.tsv").write_text(name)
        pd.DataFrame({"x": [1.0, np.nan]}).to_parquet(folder / "a.parquet")
        np.savez(folder / "b.npz", x=np.array([np.nan, 2.0]))
        (tmp_path / name / "scores.tsv").write_text("x\n1\n")
    return tmp_path / "one", tmp_path / "two"


def test_equal_runs_have_no_differences(two_runs):
    compared = comparison.list_tables(two_runs[0])
    assert [path.name for path in compared] == ["a.parquet", "b.npz", "scores.tsv"]
    assert comparison.differences(*two_runs, compared) == []


def test_changed_or_missing_tables_are_named(two_runs):
    one, two = two_runs
    pd.DataFrame({"x": [1.0, 1e-12]}).to_parquet(two / "cues/films/a.parquet")
    np.savez(two / "cues/films/b.npz", x=np.array([np.nan, 2.5]))
    (two / "scores.tsv").unlink()
    compared = comparison.list_tables(one)
    assert comparison.differences(one, two, compared) == [str(path) for path in compared]


def test_tables_of_a_film_are_chosen_by_its_id(two_runs):
    assert [path.name for path in comparison.list_tables(two_runs[0], {"b"})] == ["b.npz"]


def test_summary_adds_up_stages():
    stage = {"jobs": 2, "cpu_s": 90.0, "wall_s": 120.0, "longest_s": 60.0, "longest": "match_cues"}
    stage |= {"peak_mb": 300, "peak": "match_cues"}
    attempt = {"wall_s": 60.0, "cpu_s": 30.0, "peak_mb": 10.0}
    steps = {name: {"attempts": [attempt, attempt], "jobs": 3} for name in summary.STEPS}
    steps["made"]["mb"] = 5
    steps["killed"] |= {"unfinished": ["x"], "planned": 6}
    steps["finished"] |= {"stages": {"cues": stage, "genres": stage}, "mb": {"cues": 2.0}}
    steps["finished"]["scores"] = {"time_precision": 1.0, "time_recall": 0.5}
    steps["unbroken"] |= {"compared": 7, "films": ["a"], "different": []}
    rules = {"match_cues": {**stage, "cpu_s": 10.0}, "measure_levels": {**stage, "cpu_s": 80.0}}
    steps["added"] |= {"own": {"stages": {"cues": stage}, "rules": rules}}
    steps["added"] |= {"over_all": {"stages": {}, "rules": {}}}
    text = summary.markdown(json.loads(json.dumps(steps)))
    assert "| run, killed | 3 | 2.0 | 1.0 | 10 |" in text
    assert "| all | 4 | 3.0 | 4.0 |" in text
    assert "| one film added | 2 |" in text
    assert "(CPU s: `measure_levels` 80.0, `match_cues` 10.0)" in text
    assert "after 3 of 6 jobs. 7 tables of 1 films compared" in text
