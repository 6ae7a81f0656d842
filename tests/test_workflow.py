"""The workflow as a user runs it, on a small demo corpus: from media to report, and again."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from scorelens import tables
from tests.workflow_runs import SMALL, planned, snakemake

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(demo_run, tmp_path_factory) -> Path:
    """A copy of the finished run, for dry runs, which leave traces in it."""
    return shutil.copytree(demo_run, tmp_path_factory.mktemp("workflow") / "work")


def test_a_run_ends_with_a_report_and_has_nothing_left_to_do(shared_clone, finished):
    assert (finished / "results" / "report.html").stat().st_size > 10_000
    assert planned(shared_clone, finished, SMALL) == {}
    assert not list(finished.rglob("*.part*"))


def test_the_cues_of_the_demo_are_right(demo_run):
    scores = tables.read_table(demo_run / "results" / "cues" / "scores.tsv", tables.CUE_SCORES)
    pooled = scores[scores.group == "all"].iloc[0]
    assert pooled.time_precision > 0.9
    assert pooled.time_recall > 0.7


def test_no_job_logs_a_warning_of_a_library_or_a_traceback(demo_run):
    logs = list((demo_run / "logs").rglob("*.log"))
    assert len(logs) > 25
    texts = [log.read_text(encoding="utf-8") for log in logs]
    assert not [text for text in texts if "Traceback" in text or "Warning:" in text]


def test_another_film_of_the_demo_leaves_the_films_as_they_are(shared_clone, finished):
    """What else a change brings about: test_rerun.py."""
    more = {**SMALL, "corpus": {"demo": {"films": 5, "film_s": 45}}}
    made = planned(shared_clone, finished, more)["make_corpus"]
    films = {path.stem for path in (finished / "results/corpus/status").glob("*.tsv")}
    assert len(made) == 1
    assert not made & films


def test_a_stage_is_a_target(shared_clone, tmp_path):
    jobs = planned(shared_clone, tmp_path, SMALL, "--", "cues")
    assert "match_cues" in jobs
    assert "extract_features" not in jobs


@pytest.fixture
def users_corpus(demo_run, tmp_path) -> Path:
    """A user's own films and albums, in folders with spaces and letters of another script."""
    folder = tmp_path / "мои фильмы 1"
    rows = []
    for number, film in enumerate(sorted((demo_run / "results/corpus/media").iterdir()), 1):
        shutil.copy2(film / "film.mp4", _made(folder / f"film {number}.mp4"))
        shutil.copytree(film / "album", folder / f"альбом {number}")
        genres = ("Drama", "Comedy;Drama", "Action", "Comedy")[number - 1]
        rows.append(
            f"film_{number}\tFilm №{number}\t2001\tfilm {number}.mp4\tальбом {number}\t{genres}"
        )
    table = folder / "films.tsv"
    table.write_text(
        "film_id\ttitle\tyear\tvideo\talbum\tgenres\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    return folder


def _made(path: Path) -> Path:
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


def test_a_users_corpus_with_two_bad_films(shared_clone, users_corpus, tmp_path):
    """Stop names both films and writes nothing; skip goes on, and the report says why."""
    video = users_corpus / "film 2.mp4"
    video.write_bytes(video.read_bytes()[:20_000])
    (users_corpus / "film 3.mp4").unlink()
    table = users_corpus / "films.tsv"
    table.write_text(
        table.read_text(encoding="utf-8").replace("\tAction", "\tAktion"), encoding="utf-8"
    )

    stopped = snakemake(shared_clone, tmp_path / "work", user_settings(users_corpus))
    output = stopped.stdout
    assert stopped.returncode == 1
    assert "film 2.mp4: cannot be read as media" in output
    assert "film 3.mp4 does not exist" in output
    assert "'Aktion' is not a genre of the config" in output
    assert "did you mean 'Action'?" in output
    assert not (tmp_path / "work" / "results" / "corpus" / "films.tsv").exists()

    skipped = snakemake(
        shared_clone, tmp_path / "work", user_settings(users_corpus, on_bad_film="skip")
    )
    assert skipped.returncode == 0, skipped.stdout
    films = pd.read_csv(tmp_path / "work/results/corpus/films.tsv", sep="\t")
    assert films.film_id.tolist() == ["film_1", "film_4"]
    page = (tmp_path / "work/results/report.html").read_text(encoding="utf-8")
    assert "Aktion" in page
    assert "film 2.mp4" in page


def test_a_broken_table_is_a_message_without_a_traceback(shared_clone, users_corpus, tmp_path):
    table = users_corpus / "films.tsv"
    table.write_text(
        table.read_text(encoding="utf-8").replace("film_2\t", "film_1\t"), encoding="utf-8"
    )
    done = snakemake(shared_clone, tmp_path / "work", user_settings(users_corpus))
    assert done.returncode == 1
    assert "'film_1' stands in 2 rows" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_wrong_key_is_a_message_without_a_traceback(shared_clone, tmp_path):
    done = snakemake(shared_clone, tmp_path, {"corpus": {"knid": "demo"}})
    assert done.returncode == 1
    assert "has an unknown key 'knid'" in done.stdout
    assert "Traceback" not in done.stdout


def test_an_assembled_corpus_without_its_speech_says_so(shared_clone, users_corpus, tmp_path):
    assembly = {"speech": "no/speech", "effects": str(users_corpus / "альбом 1"), "film_s": 30}
    corpus = user_settings(users_corpus, kind="assembled", assembly=assembly)
    done = snakemake(shared_clone, tmp_path / "work", corpus, "--", "corpus")
    logs = (tmp_path / "work" / "logs" / "make_corpus").glob("*.log")
    assert done.returncode == 1
    assert (
        "no/speech: does not exist\n  expected: a folder of voice clips" in next(logs).read_text()
    )
