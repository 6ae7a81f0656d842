"""A job's log: the user's errors without a traceback, ours with one, and what ended the job."""

import os
import signal
import subprocess
import sys
import time

import pytest

START = "from scorelens import logs\nlogs.start('logs/match_cues/night_train.log')\n"


def begin(tmp_path, body, **options):
    command = [sys.executable, "-c", START + body]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.Popen(command, cwd=tmp_path, **options)


def end(tmp_path, job):
    """Exit status, standard output and error, and the log."""
    out, error = job.communicate(timeout=60)
    log = (tmp_path / "logs" / "match_cues" / "night_train.log").read_text()
    return job.returncode, out, error, log


def run(tmp_path, body):
    return end(tmp_path, begin(tmp_path, body))


def test_user_error_is_a_message_alone(tmp_path):
    status, _, error, log = run(
        tmp_path,
        "from scorelens.errors import InputError, Problem\n"
        "raise InputError(Problem('a.tsv, line 2', 'is wrong', 'right', 'mend it'))",
    )
    assert status == 1
    for text in (log, error):
        assert "a.tsv, line 2: is wrong\n  expected: right\n  hint: mend it" in text
        assert "Traceback" not in text


def test_our_error_keeps_its_traceback(tmp_path):
    status, _, _, log = run(tmp_path, "1 / 0")
    assert status == 1
    assert "ZeroDivisionError" in log
    assert "Traceback" in log


def test_facts_go_to_the_log_only(tmp_path):
    status, _, error, log = run(tmp_path, "import logging; logging.getLogger('x').info('12 cues')")
    assert status == 0
    assert "12 cues" in log
    assert error == ""


@pytest.mark.parametrize("status", [0, 1, 2, 77])
def test_the_status_is_that_of_the_script(tmp_path, status):
    assert run(tmp_path, f"raise SystemExit({status})")[0] == status


def test_what_is_printed_comes_once(tmp_path):
    code = f"print('before')\n{START}print('after')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "before\nafter\n"


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE"])
def test_a_crash_is_logged_with_the_job_and_a_hint(tmp_path, name):
    body = f"import os, signal; os.kill(os.getpid(), signal.{name})"
    status, _, error, log = run(tmp_path, body)
    assert status == 128 + signal.Signals[name]
    for text in (log, error):
        assert f"the job match_cues of night_train: crashed ({name})\n" in text
        assert "  hint: a decoder may have crashed on one of its files: play them" in text
    assert "Fatal Python error" in log  # where in our code it was
    assert "Fatal Python error" not in error


def test_a_real_crash(tmp_path):
    status, _, error, log = run(tmp_path, "import ctypes; ctypes.string_at(0)")
    assert status == 128 + signal.SIGSEGV
    assert "crashed (SIGSEGV)" in error
    assert "string_at" in log


def test_a_killed_job_most_likely_lacked_memory(tmp_path):
    status, _, error, log = run(tmp_path, "import os; os.kill(os.getpid(), 9)")
    assert status == 128 + signal.SIGKILL
    for text in (log, error):
        assert "the job match_cues of night_train: was killed (SIGKILL)\n" in text
        assert "run fewer jobs at a time (--cores), or give the job more memory (mem_mb)" in text


WAIT = "import time; print('ready', flush=True); time.sleep(60)"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_job_that_is_stopped_by_a_signal_stops(tmp_path, name):
    """As by a batch system, which signals the process that it started, or all of them."""
    job = begin(tmp_path, WAIT)
    assert job.stdout.readline() == "ready\n"
    job.send_signal(signal.Signals[name])
    status, _, error, _ = end(tmp_path, job)
    assert status == 128 + signal.Signals[name]
    assert f"was stopped ({name})" in error


@pytest.mark.parametrize("to_all", [True, False])
def test_an_interrupted_job_says_so_and_no_more(tmp_path, to_all):
    """A terminal sends Ctrl-C to all processes of a run."""
    job = begin(tmp_path, WAIT, start_new_session=True)
    assert job.stdout.readline() == "ready\n"
    (os.killpg if to_all else os.kill)(job.pid, signal.SIGINT)
    status, _, error, log = end(tmp_path, job)
    assert status == 128 + signal.SIGINT
    assert error == "interrupted\n"
    assert "Traceback" not in log
    assert "WARNING interrupted" in log


def test_a_job_cleans_up_when_it_is_interrupted(tmp_path):
    job = begin(tmp_path, f"try:\n    {WAIT}\nfinally:\n    open('clean', 'w').close()")
    assert job.stdout.readline() == "ready\n"
    job.send_signal(signal.SIGINT)
    end(tmp_path, job)
    assert (tmp_path / "clean").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot")
def test_no_job_outlives_the_process_that_was_started(tmp_path):
    job = begin(tmp_path, f"import os; print(os.getpid(), flush=True)\n{WAIT}")
    child = int(job.stdout.readline())
    assert child != job.pid
    job.kill()
    job.communicate(timeout=60)
    deadline = time.monotonic() + 10
    while os.path.exists(f"/proc/{child}") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not os.path.exists(f"/proc/{child}")


@pytest.mark.parametrize(
    ("path", "job"),
    [
        ("logs/match_cues/night_train.log", "match_cues of night_train"),
        ("logs/extract_features/mir/night_train.log", "extract_features of mir/night_train"),
        ("logs/gather_corpus.log", "gather_corpus"),
        ("/work/logs of 2024/logs/plot_cues/a.b.log", "plot_cues of a.b"),
        ("other.log", "other"),
    ],
)
def test_a_job_is_called_by_its_rule_and_film(path, job):
    from scorelens import logs

    assert logs._job(path) == job
