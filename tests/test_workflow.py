"""Complete workflow runs on a small demo corpus and on user tables."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from scorelens import tables
from tests.workflow_runs import SMALL, copy_run, planned, snakemake

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(demo_run, tmp_path_factory) -> Path:
    """A copy of the finished demo run for dry runs, which change files in it."""
    return copy_run(demo_run, tmp_path_factory.mktemp("workflow") / "work")


def test_finished_run_has_a_report_and_plans_no_jobs(shared_clone, finished):
    assert (finished / "results" / "report.html").stat().st_size > 10_000
    assert planned(shared_clone, finished, SMALL) == {}
    assert not list(finished.rglob("*.part*"))


def test_demo_cues_have_high_precision_and_recall(demo_run):
    scores = tables.read_table(demo_run / "results" / "cues" / "scores.tsv", tables.CUE_SCORES)
    pooled = scores[scores.group == "all"].iloc[0]
    assert pooled.time_precision > 0.9
    assert pooled.time_recall > 0.7


def test_demo_cues_have_their_level_against_the_rest(demo_run):
    """Of cues whose edges are right: a part of a cue has another level."""
    folder = demo_run / "results" / "cues"
    found = tables.read_table(folder / "levels.tsv", tables.CUE_ROLES)
    errors_db = []
    for cue in found.itertuples():
        path = demo_run / "results" / "corpus" / "truth" / f"{cue.film_id}.tsv"
        for true in tables.read_table(path, tables.TRUTH).itertuples():
            edges_s = cue.film_start_s - true.film_start_s, cue.film_end_s - true.film_end_s
            if cue.track_id == true.track_id and max(map(abs, edges_s)) < 1.5:
                errors_db.append(abs(cue.music_to_rest_db - true.snr_db))
    assert len(errors_db) >= 3
    assert sorted(errors_db)[len(errors_db) // 2] <= 3


def test_job_logs_have_no_warning_and_no_traceback(demo_run):
    logs = list((demo_run / "logs").rglob("*.log"))
    assert len(logs) > 25
    texts = [log.read_text(encoding="utf-8") for log in logs]
    assert not [text for text in texts if "Traceback" in text or "Warning:" in text]


def test_added_demo_film_plans_no_corpus_jobs_for_other_films(shared_clone, finished):
    """Other changes of the configuration: test_rerun.py."""
    config = {**SMALL, "corpus": {"demo": {"films": 5, "film_s": 45}}}
    corpus_jobs = planned(shared_clone, finished, config)["make_corpus"]
    films = {path.stem for path in (finished / "results/corpus/status").glob("*.tsv")}
    assert len(corpus_jobs) == 1
    assert not corpus_jobs & films


def test_stage_name_is_a_target(shared_clone, tmp_path):
    jobs = planned(shared_clone, tmp_path, SMALL, "--", "cues")
    assert "match_cues" in jobs
    assert "extract_features" not in jobs


@pytest.fixture
def user_corpus(demo_run, tmp_path) -> Path:
    """User films and albums in folders with spaces and non-ASCII letters."""
    folder = tmp_path / "мои фильмы 1"
    rows = []
    for number, film in enumerate(sorted((demo_run / "results/corpus/media").iterdir()), 1):
        shutil.copy2(film / "film.mp4", _with_parent_folder(folder / f"film {number}.mp4"))
        copy_run(film / "album", folder / f"альбом {number}")
        genres = ("Drama", "Comedy;Drama", "Action", "Comedy")[number - 1]
        rows.append(
            f"film_{number}\tFilm №{number}\t2001\tfilm {number}.mp4\tальбом {number}\t{genres}"
        )
    table = folder / "films.tsv"
    table.write_text(
        "film_id\ttitle\tyear\tvideo\talbum\tgenres\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    return folder


def _with_parent_folder(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def user_settings(folder: Path, **more) -> dict:
    corpus = {"kind": "table", "films": str(folder / "films.tsv"), **more}
    return {
        "corpus": corpus,
        "features": {"source": "film"},
        "genres": {"models": ["plurality"]},
        "tagger": {"models": []},
    }


def test_invalid_films_stop_the_run_or_are_skipped_and_reported(
    shared_clone, user_corpus, tmp_path
):
    """Stop, the default, writes no table; skip continues, and the report lists the problems."""
    video = user_corpus / "film 2.mp4"
    video.write_bytes(video.read_bytes()[:20_000])
    (user_corpus / "film 3.mp4").unlink()
    table = user_corpus / "films.tsv"
    table.write_text(
        table.read_text(encoding="utf-8").replace("\tAction", "\tAktion"), encoding="utf-8"
    )

    stopped = snakemake(shared_clone, tmp_path / "work", user_settings(user_corpus))
    output = stopped.stdout
    assert stopped.returncode == 1
    assert "film 2.mp4: cannot be read as media" in output
    assert "film 3.mp4 does not exist" in output
    assert "'Aktion' is not a genre of the config" in output
    assert "did you mean 'Action'?" in output
    assert not (tmp_path / "work" / "results" / "corpus" / "films.tsv").exists()

    skipped = snakemake(
        shared_clone, tmp_path / "work", user_settings(user_corpus, on_bad_film="skip")
    )
    assert skipped.returncode == 0, skipped.stdout
    films = pd.read_csv(tmp_path / "work/results/corpus/films.tsv", sep="\t")
    assert films.film_id.tolist() == ["film_1", "film_4"]
    page = (tmp_path / "work/results/report.html").read_text(encoding="utf-8")
    assert "Aktion" in page
    assert "film 2.mp4" in page


def test_invalid_film_table_error_has_no_traceback(shared_clone, user_corpus, tmp_path):
    table = user_corpus / "films.tsv"
    table.write_text(
        table.read_text(encoding="utf-8").replace("film_2\t", "film_1\t"), encoding="utf-8"
    )
    done = snakemake(shared_clone, tmp_path / "work", user_settings(user_corpus))
    assert done.returncode == 1
    assert "'film_1' stands in 2 rows" in done.stdout
    assert "Traceback" not in done.stdout


def test_unknown_config_key_error_has_no_traceback(shared_clone, tmp_path):
    done = snakemake(shared_clone, tmp_path, {"corpus": {"knid": "demo"}})
    assert done.returncode == 1
    assert "has an unknown key 'knid'" in done.stdout
    assert "Traceback" not in done.stdout


def test_assembled_corpus_log_names_the_missing_speech_folder(shared_clone, user_corpus, tmp_path):
    assembly = {"speech": "no/speech", "effects": str(user_corpus / "альбом 1"), "film_s": 30}
    corpus = user_settings(user_corpus, kind="assembled", assembly=assembly)
    done = snakemake(shared_clone, tmp_path / "work", corpus, "--", "corpus")
    logs = (tmp_path / "work" / "logs" / "make_corpus").glob("*.log")
    assert done.returncode == 1
    assert (
        "no/speech: does not exist\n  expected: a folder of voice clips" in next(logs).read_text()
    )
