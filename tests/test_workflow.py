"""The workflow as a user runs it, on a small demo corpus: from media to report, and again."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

from scorelens import tables

pytestmark = pytest.mark.slow

SMALL = {
    "corpus": {"demo": {"films": 4, "film_s": 45}},
    "genres": {
        "models": ["random_guess", "simple_mi_knn", "average_pooling"],
        "network": {"epochs": 5},
    },
}
# The rules over all models and films.
GENRE_TABLES = ("score_genres", "compare_genres", "plot_genres", "survey_genres", "trace_genres")
TABLES = ("results/cues/scores.tsv", "results/genres/scores.tsv", "results/bags/mir.parquet")


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """The project's files as a clone holds them, free to be edited."""
    home = Path(__file__).resolve().parent.parent
    names = ["Snakefile", "config", "envs", "profiles", "scorelens", "scripts", "workflow"]
    copy = tmp_path_factory.mktemp("clone")
    for name in names:
        source = home / name
        copier = shutil.copytree if source.is_dir() else shutil.copy2
        copier(source, copy / name)
    return copy


def command(clone: Path, work: Path, config: dict, *options: str) -> list[str]:
    work.mkdir(parents=True, exist_ok=True)
    settings = work / "settings.yaml"
    settings.write_text(yaml.safe_dump(config))
    return [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(clone / "Snakefile")),
        *("--directory", str(work), "--configfile", str(settings), "--cores", "2"),
        *("--workflow-profile", "none", "--rerun-incomplete", *options),
    ]


def snakemake(clone, work, config, *options) -> subprocess.CompletedProcess:
    line = command(clone, work, config, *options)
    return subprocess.run(line, cwd=work, capture_output=True, text=True, check=False)


def planned(clone, work, config, *options) -> dict[str, set[str]]:
    """What a dry run would do: rule -> films (an empty set for a rule over all films)."""
    done = snakemake(clone, work, config, "--dry-run", *options)
    assert done.returncode == 0, done.stderr
    jobs = {}
    for block in re.split(r"\n(?=(?:local)?(?:rule|checkpoint) )", done.stdout + done.stderr):
        if rule := re.match(r"(?:local)?(?:rule|checkpoint) (\w+):", block):
            film = re.search(r"wildcards: .*?film=(\w+)", block)
            jobs.setdefault(rule[1], set()).update({film[1]} if film else ())
    return jobs


@pytest.fixture(scope="module")
def finished(clone, tmp_path_factory) -> Path:
    """The working directory of an undisturbed run."""
    work = tmp_path_factory.mktemp("work")
    done = snakemake(clone, work, SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    return work


def test_a_run_ends_with_a_report_and_has_nothing_left_to_do(clone, finished):
    assert (finished / "results" / "report.html").stat().st_size > 10_000
    again = snakemake(clone, finished, SMALL)
    assert "Nothing to be done" in again.stdout + again.stderr
    assert not list(finished.rglob("*.part*"))


def test_the_cues_of_the_demo_are_right(finished):
    scores = tables.read_table(finished / "results" / "cues" / "scores.tsv", tables.CUE_SCORES)
    pooled = scores[scores.group == "all"].iloc[0]
    assert pooled.time_precision > 0.9
    assert pooled.time_recall > 0.7


def test_no_job_logs_a_warning_of_a_library_or_a_traceback(finished):
    logs = list((finished / "logs").rglob("*.log"))
    assert len(logs) > 25
    texts = [log.read_text(encoding="utf-8") for log in logs]
    assert not [text for text in texts if "Traceback" in text or "Warning:" in text]


def test_adding_a_film_touches_that_film_and_the_aggregates(clone, finished):
    more = {**SMALL, "corpus": {"demo": {"films": 5, "film_s": 45}}}
    jobs = planned(clone, finished, more)
    films = {p.stem for p in (finished / "results" / "corpus" / "status").glob("*.tsv")}
    assert len(jobs.pop("explain_genres")) == 5  # every film is judged by new models
    per_film = {rule: new for rule, new in jobs.items() if new}
    assert {
        "make_corpus",
        "check_corpus",
        "match_cues",
        "extract_features",
        "measure_visuals",
    } <= set(per_film)
    assert all(len(new) == 1 and not new & films for new in per_film.values()), per_film
    assert set(jobs) - set(per_film) == {
        *("gather_corpus", "score_cues", "calibrate_cues", "pool_bags", "guess_genres"),
        *("train_genres", "gather_genres", *GENRE_TABLES),
        *("rank_importance", "plot_importance", "compare_modes", "plot_modes"),
        *("write_report", "all"),
    }


def test_editing_visuals_reruns_visuals_and_what_depends_on_it(clone, finished):
    module = clone / "scorelens" / "visuals" / "measure.py"
    text = module.read_text()
    module.write_text(text + "\n# an edit\n")
    try:
        assert set(planned(clone, finished, SMALL)) == {
            *("measure_visuals", "compare_modes", "plot_modes", "write_report", "all")
        }
    finally:
        module.write_text(text)
    assert planned(clone, finished, SMALL) == {}


def test_a_key_reruns_the_rules_that_use_it(clone, finished):
    retrained = {**SMALL, "genres": {**SMALL["genres"], "network": {"epochs": 6}}}
    assert set(planned(clone, finished, retrained)) == {
        *("train_genres", "gather_genres", *GENRE_TABLES, "explain_genres"),
        *("rank_importance", "plot_importance"),  # of the network; modes take another model
        *("write_report", "all"),
    }


def test_a_stage_is_a_target(clone, tmp_path):
    jobs = planned(clone, tmp_path, SMALL, "--", "cues")
    assert "match_cues" in jobs
    assert "extract_features" not in jobs


def wait_for(work: Path, pattern: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 300
    while not list(work.glob(pattern)):
        assert process.poll() is None, f"ended before {pattern} was there"
        assert time.monotonic() < deadline, f"no {pattern}"
        time.sleep(0.05)


def start(clone, work) -> subprocess.Popen:
    """Start the run as `make run` does, in a process group of its own."""
    options = command(clone, work, SMALL)[3:]
    line = [sys.executable, str(clone / "workflow" / "run.py"), *options]
    with (work / "output.txt").open("a") as output:
        return subprocess.Popen(
            line, cwd=work, start_new_session=True, stdout=output, stderr=subprocess.STDOUT
        )


def test_interrupted_and_killed_it_finishes_with_the_same_tables(clone, finished, tmp_path):
    run = start(clone, tmp_path)
    wait_for(tmp_path, "results/fingerprints/*.npz", run)
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(60) != 0
    run = start(clone, tmp_path)
    wait_for(tmp_path, "results/features/mir/*.parquet", run)
    os.kill(run.pid, signal.SIGKILL)  # its jobs live on for a moment, as after a crash
    run.wait()
    run = start(clone, tmp_path)
    assert run.wait(600) == 0, (tmp_path / "output.txt").read_text()
    assert not list((tmp_path / "results").rglob("*.part*"))
    for name in TABLES:
        assert (tmp_path / name).read_bytes() == (finished / name).read_bytes(), name
    for path in sorted((finished / "results" / "genres" / "predictions").rglob("*.parquet")):
        other = tmp_path / path.relative_to(finished)
        pd.testing.assert_frame_equal(pd.read_parquet(path), pd.read_parquet(other))


def test_two_runs_at_once_do_not_meet(clone, tmp_path):
    first = start(clone, tmp_path)
    wait_for(tmp_path, ".snakemake/scorelens.lock", first)
    time.sleep(1)
    second = start(clone, tmp_path)
    assert second.wait(60) == 1
    assert "another run is at work in this folder" in (tmp_path / "output.txt").read_text()
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()


@pytest.fixture
def users_corpus(finished, tmp_path) -> Path:
    """A user's own films and albums, in folders with spaces and letters of another script."""
    folder = tmp_path / "мои фильмы 1"
    rows = []
    for number, film in enumerate(sorted((finished / "results/corpus/media").iterdir()), 1):
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


def own(folder: Path, **more) -> dict:
    corpus = {"kind": "table", "films": str(folder / "films.tsv"), **more}
    models = {"models": ["plurality"]}
    return {"corpus": corpus, "genres": models, "features": {"source": "film"}}


def test_a_users_corpus_with_two_bad_films(clone, users_corpus, tmp_path):
    """Stop names both films and writes nothing; skip goes on, and the report says why."""
    video = users_corpus / "film 2.mp4"
    video.write_bytes(video.read_bytes()[:20_000])
    (users_corpus / "film 3.mp4").unlink()
    table = users_corpus / "films.tsv"
    table.write_text(
        table.read_text(encoding="utf-8").replace("\tAction", "\tAktion"), encoding="utf-8"
    )

    stopped = snakemake(clone, tmp_path / "work", own(users_corpus))
    output = stopped.stdout + stopped.stderr
    assert stopped.returncode == 1
    assert "film 2.mp4: cannot be read as media" in output
    assert "film 3.mp4 does not exist" in output
    assert "'Aktion' is not a genre of the config" in output
    assert "did you mean 'Action'?" in output
    assert not (tmp_path / "work" / "results" / "corpus" / "films.tsv").exists()

    skipped = snakemake(clone, tmp_path / "work", own(users_corpus, on_bad_film="skip"))
    assert skipped.returncode == 0, skipped.stdout + skipped.stderr
    films = pd.read_csv(tmp_path / "work/results/corpus/films.tsv", sep="\t")
    assert films.film_id.tolist() == ["film_1", "film_4"]
    page = (tmp_path / "work/results/report.html").read_text(encoding="utf-8")
    assert "Aktion" in page
    assert "film 2.mp4" in page


def test_a_broken_table_is_a_message_without_a_traceback(clone, users_corpus, tmp_path):
    table = users_corpus / "films.tsv"
    table.write_text(
        table.read_text(encoding="utf-8").replace("film_2\t", "film_1\t"), encoding="utf-8"
    )
    done = snakemake(clone, tmp_path / "work", own(users_corpus))
    assert done.returncode == 1
    assert "'film_1' stands in 2 rows" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_wrong_key_is_a_message_without_a_traceback(clone, tmp_path):
    done = snakemake(clone, tmp_path, {"corpus": {"knid": "demo"}})
    assert done.returncode == 1
    assert "has an unknown key 'knid'" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_an_assembled_corpus_without_its_speech_says_so(clone, users_corpus, tmp_path):
    assembly = {"speech": "no/speech", "effects": str(users_corpus / "альбом 1"), "film_s": 30}
    corpus = own(users_corpus, kind="assembled", assembly=assembly)
    done = snakemake(clone, tmp_path / "work", corpus, "--", "corpus")
    logs = (tmp_path / "work" / "logs" / "make_corpus").glob("*.log")
    assert done.returncode == 1
    assert (
        "no/speech: does not exist\n  expected: a folder of voice clips" in next(logs).read_text()
    )
