"""The command `scorelens`: options, messages, tables, and the wheel that carries the workflow."""

import fcntl
import importlib
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml
from typer.testing import CliRunner

from scorelens import __version__, tables
from scorelens.command import app, doctor, run, workflow_folder
from scorelens.command.cues import clock
from scorelens.command.locking import BUSY
from scorelens.errors import ConfigError
from scorelens.learning.cnn_architectures import parameter_shapes
from scorelens.tagger import COEFFICIENTS, FRAMES
from scorelens.tagger.model import Model, save_model
from tests import media_files
from tests.library_trees import FILMS, write_albums, write_films

CODE = "import sys; from scorelens.command import app; app(sys.argv[1:], prog_name='scorelens')"


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def call_outside(folder, *arguments, **variables):
    """Call the command in a process of its own, which `run` replaces."""
    return subprocess.run(
        [sys.executable, "-c", CODE, *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "200", **variables},
        capture_output=True,
        text=True,
    )


def test_version_is_that_of_the_package():
    assert call("--version").output.strip() == f"scorelens {__version__}"


@pytest.mark.parametrize("name", ["init", "run", "cues", "tag", "search", "desk", "doctor"])
def test_help_of_every_subcommand_has_an_example(name):
    done = call(name, "--help")
    assert done.exit_code == 0
    assert f"scorelens {name}" in done.output


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom scorelens.command import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "heavy = ('torch', 'pandas', 'numpy', 'snakemake', 'guessit')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


@pytest.mark.parametrize(
    "text, message",
    [
        ('InputError in rule x in file "a.smk", line 3:\nfilms.tsv: no rows', "films.tsv: no rows"),
        (
            'SyntaxError in file "Snakefile", line 9:\nbad (Snakefile, line 9)',
            "bad (Snakefile, line 9)",
        ),
        ('WorkflowError:\nMissing x\n  File "a.smk", line 1, in <module>', "Missing x"),
        ("RuleException:\nCalledProcessError in file a.smk, line 1:\nCommand x", ""),
        ("WorkflowError:\nAt least one job did not complete successfully.", ""),
        ("disk full", "disk full"),
    ],
)
def test_message_of_an_error_has_neither_kind_nor_place(text, message, monkeypatch):
    monkeypatch.syspath_prepend(run.LOGGER)
    logger = importlib.import_module("snakemake_logger_plugin_scorelens")
    assert logger.plain_message(text) == message


def test_completion_for_a_shell_is_offered():
    done = call_outside(".", _SCORELENS_COMPLETE="source_bash")
    assert "complete" in done.stdout


@pytest.mark.parametrize(
    "seconds, text", [(0, "0:00.0"), (59.96, "1:00.0"), (3599.97, "1:00:00.0"), (7325, "2:02:05.0")]
)
def test_clock_carries_rounded_seconds(seconds, text):
    assert clock(seconds) == text


def arguments(home, **changes):
    given = {"stages": [], "dry_run": False, "cores": "all", "profile": "", "configfile": None}
    return run.snakemake_arguments(home, **given | changes)


def test_run_gives_snakemake_its_files(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert workflow_folder() == home
    line = arguments(home, stages=["cues"], dry_run=True, cores="2", profile="gpu")
    assert line[0] == "cues"
    assert line[line.index("--snakefile") + 1] == str(home / "Snakefile")
    assert line[line.index("--workflow-profile") + 1] == str(home / "profiles" / "gpu")
    assert "--dry-run" in line
    assert "--configfile" not in line
    (tmp_path / "my.yaml").touch()
    line = arguments(home)
    assert line[line.index("--configfile") + 1] == "my.yaml"


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"stages": ["ceus"]}, "did you mean 'cues'"),
        ({"cores": "0"}, "a number from 1 on, or all"),
        ({"profile": "sge"}, "default, gpu, slurm"),
        ({"configfile": "other.yaml"}, "other.yaml does not exist"),
    ],
)
def test_run_names_what_it_does_not_know(home, changes, message):
    if "configfile" in changes:
        changes = {"configfile": home / changes["configfile"]}
    with pytest.raises(ConfigError, match=message):
        arguments(home, **changes)


def test_stages_are_the_targets_of_the_snakefile(home):
    assert {"all", "corpus", "cues", "genres", "report"} <= set(run.stage_names(home))
    assert "match_cues" not in run.stage_names(home)


def test_second_run_in_a_folder_is_refused(tmp_path):
    (tmp_path / ".snakemake").mkdir()
    with open(tmp_path / ".snakemake" / "scorelens.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = call_outside(tmp_path, "run", "-n")
    assert (done.returncode, done.stderr.strip()) == (1, BUSY)


@pytest.mark.slow
def test_error_of_a_run_is_the_message_alone(tmp_path):
    (tmp_path / "my.yaml").write_text("corpus: {kind: table, films: films.tsv}\n")
    (tmp_path / "films.tsv").write_text("film_id\ttitle\n")
    done = call_outside(tmp_path, "run", "cues", "-n")
    assert done.returncode == 1
    assert "films.tsv, header: lacks year, video, album, genres" in done.stderr
    assert "Error" not in done.stderr
    assert ".smk" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_job_that_fails_is_named_with_its_message_once(tmp_path):
    (tmp_path / "my.yaml").write_text("corpus: {kind: table, films: films.tsv}\n")
    row = "heat\tHeat\t1995\theat.mkv\talbum\tDrama"
    (tmp_path / "films.tsv").write_text(f"film_id\ttitle\tyear\tvideo\talbum\tgenres\n{row}\n")
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "01.flac").write_bytes(b"x")
    (tmp_path / "heat.mkv").write_bytes(b"x")
    done = call_outside(tmp_path, "run", "corpus", "--cores", "1")
    assert done.returncode == 1
    assert done.stderr.count("the corpus: 1 of 1 films have problems") == 1
    assert "gather_corpus (logs/gather_corpus.log)" in done.stderr
    for noise in ("CalledProcessError", "RuleException", "Exiting", "Workflow Finished"):
        assert noise not in done.stderr


def test_init_writes_its_files_and_says_what_there_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_films("kodi", tmp_path / "movies", FILMS[:3])
    write_albums(tmp_path / "music")
    done = call("init", "movies", "music")
    assert done.exit_code == 0
    assert done.output.startswith(
        "3 films, 3 with video and album; 3 of these with genres; 3 albums matched;"
    )
    names = {"films.tsv", "described.tsv", "trailers.tsv", "my.yaml", "init.html", "plots"}
    assert names <= {path.name for path in tmp_path.iterdir()}
    assert yaml.safe_load((tmp_path / "my.yaml").read_text())["corpus"]["kind"] == "table"
    assert call("init").exit_code == 0


def test_init_without_folders_is_a_message(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call("init")
    assert done.exit_code == 1
    assert "was given no folder" in done.output


@pytest.mark.slow
def test_cues_of_one_film_are_shown_and_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "album").mkdir()
    track = media_files.write_music(tmp_path / "album" / "Main [Title].wav", seconds=40, seed=3)
    wave, rate_hz = soundfile.read(track)
    film = [np.zeros((3 * rate_hz, 2)), wave[10 * rate_hz : 30 * rate_hz]]
    soundfile.write(tmp_path / "film.wav", np.concatenate(film), rate_hz)
    done = call_outside(tmp_path, "cues", "film.wav", "album", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert "film.wav: 1 cues" in done.stdout
    assert "Main [Title]" in done.stdout
    cues = tables.read_table(tmp_path / "out" / "cues.tsv", tables.CUES)
    assert cues["film_id"].tolist() == ["film"]
    start = cues.iloc[0]
    assert start.track_start_s - start.film_start_s == pytest.approx(7, abs=0.05)
    assert (tmp_path / "out" / "cues.vtt").read_text().startswith("WEBVTT")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["album", "film.wav", "out"]


def test_cues_names_all_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call("cues", "film.mkv", "album", "--method", "ear")
    assert done.exit_code == 1
    for part in ("film.mkv: is no file", "album: does not exist", "one of diagonal, dejavu"):
        assert part in done.output


def test_cues_of_a_broken_film_is_a_message(tmp_path):
    (tmp_path / "film.mkv").write_bytes(b"x")
    (tmp_path / "album").mkdir()
    media_files.write_music(tmp_path / "album" / "a.wav", seconds=6)
    done = call_outside(tmp_path, "cues", "film.mkv", "album")
    assert done.returncode == 1
    assert "film.mkv: cannot be read as media" in done.stderr
    assert "Traceback" not in done.stderr


def test_tag_without_a_trained_tagger_names_the_command_that_trains_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call("tag", ".")
    assert done.exit_code == 1
    assert "`scorelens run tagger` trains it" in done.output


def test_tag_by_a_trained_tagger_writes_tables_and_a_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shapes = parameter_shapes("dnn", COEFFICIENTS, FRAMES, 2)
    arrays = {f"all/{name}": np.zeros(shape, np.float32) for name, shape in shapes.items()}
    last = max(name for name in arrays if name.endswith(".bias"))
    arrays[last] = np.log(np.float32([0.2, 0.8]))
    arrays["all/mean"] = np.zeros(COEFFICIENTS, np.float32)
    arrays["all/inverse_std"] = np.ones(COEFFICIENTS, np.float32)
    arrays["frequency"] = np.float32([0.5, 0.5])
    (tmp_path / "results" / "tagger" / "models").mkdir(parents=True)
    path = tmp_path / "results" / "tagger" / "models" / "dnn.safetensors"
    save_model(path, Model("dnn", ["Horror", "Comedy"], arrays, films=12))
    (tmp_path / "My Music").mkdir()
    media_files.write_music(tmp_path / "My Music" / "a [live].wav", seconds=6)
    done = call("tag", "My Music")
    assert done.exit_code == 0, done.output
    assert "a [live].wav" in done.output
    ranking = tables.read_table(tmp_path / "tags-my_music" / "ranking.tsv", tables.TAGGER_RANKING)
    assert ranking["genre"].tolist() == ["Comedy", "Horror"]
    assert (tmp_path / "tags-my_music" / "index.html").is_file()
    wrong = call("tag", "My Music", "--model", "cnn")
    assert (wrong.exit_code, "cnn is not among" in wrong.output) == (1, True)


def test_genres_of_tracks_are_listed_best_first():
    from scorelens.command.tag import genre_table

    ranking = pd.DataFrame(
        {
            "path": ["a.flac"] * 4,
            "genre": list("DCBA"),
            "probability": [0.1, 0.2, 0.3, 0.4],
            "rank": [4, 3, 2, 1],
        }
    )
    assert list(genre_table(ranking).columns[1].cells) == ["A 0.40, B 0.30, C 0.20"]


def test_doctor_examines_this_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = {what: state for state, what, _ in doctor.versions()}
    assert lines["Python"] == lines["snakemake"] == "ok"
    assert [state for state, _, _ in doctor.codecs()] == ["ok"]
    assert all(state == "none" for state, _, _ in doctor.weights())
    assert next(doctor.run_plan(None))[0] == "none"
    (tmp_path / "my.yaml").write_text("corpus: {kind: table, films: none.tsv}\n")
    state, _, remark = next(doctor.run_plan(None))
    assert (state, "none.tsv" in remark) == ("wrong", True)
    (tmp_path / "my.yaml").write_text("corpus: {kind: demo}\nretrieval: {configurations: []}\n")
    lines = list(doctor.run_plan(None))
    assert lines[0] == ("ok", "my.yaml", "18 films, 0 of them with problems in their rows")
