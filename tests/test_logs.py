"""Job logs: user errors without traceback, internal errors with traceback, and signals."""

import os
import signal
import subprocess
import sys
import time

import pytest

START = "from scorelens import logs\nlogs.start('logs/match_cues/night_train.log')\n"


def start_job(tmp_path, body, **options):
    command = [sys.executable, "-c", START + body]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.Popen(command, cwd=tmp_path, **options)


def finish_job(tmp_path, job):
    """Wait for a job; return exit status, standard output, standard error and the log."""
    out, error = job.communicate(timeout=60)
    log = (tmp_path / "logs" / "match_cues" / "night_train.log").read_text()
    return job.returncode, out, error, log


def run_job(tmp_path, body):
    return finish_job(tmp_path, start_job(tmp_path, body))


def test_user_error_is_logged_without_traceback(tmp_path):
    status, _, error, log = run_job(
        tmp_path,
        "from scorelens.errors import InputError, Problem\n"
        "raise InputError(Problem('a.tsv, line 2', 'is wrong', 'right', 'mend it'))",
    )
    assert status == 1
    for text in (log, error):
        assert "a.tsv, line 2: is wrong\n  expected: right\n  hint: mend it" in text
        assert "Traceback" not in text


def test_long_list_of_problems_is_shortened_on_the_terminal_alone(tmp_path):
    body = """from scorelens.errors import InputError, Problem
raise InputError([Problem(f"line {n}", "is empty", "a film") for n in range(50)])
"""
    _, _, error, log = run_job(tmp_path, body)
    assert "line 49" in error and "line 28" in error and "line 30" not in error
    assert "... 41 more lines: logs/match_cues/night_train.log has all" in error
    assert all(f"line {n}: is empty" in log for n in range(50))


def test_internal_error_is_logged_with_traceback(tmp_path):
    status, _, _, log = run_job(tmp_path, "1 / 0")
    assert status == 1
    assert "ZeroDivisionError" in log
    assert "Traceback" in log


def test_info_messages_go_only_to_the_log(tmp_path):
    status, _, error, log = run_job(
        tmp_path, "import logging; logging.getLogger('x').info('12 cues')"
    )
    assert status == 0
    assert "12 cues" in log
    assert error == ""


@pytest.mark.parametrize("status", [0, 1, 2, 77])
def test_exit_status_of_the_script_is_returned(tmp_path, status):
    assert run_job(tmp_path, f"raise SystemExit({status})")[0] == status


def test_stdout_is_not_duplicated(tmp_path):
    code = f"print('before')\n{START}print('after')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "before\nafter\n"


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE"])
def test_crash_signal_is_logged_with_job_and_hint(tmp_path, name):
    body = f"import os, signal; os.kill(os.getpid(), signal.{name})"
    status, _, error, log = run_job(tmp_path, body)
    assert status == 128 + signal.Signals[name]
    for text in (log, error):
        assert f"the job match_cues of night_train: crashed ({name})\n" in text
        assert "  hint: a decoder may have crashed on one of its files: play them" in text
    assert "Fatal Python error" in log  # the Python stack of the crash
    assert "Fatal Python error" not in error


def test_segmentation_fault_is_logged_with_python_stack(tmp_path):
    status, _, error, log = run_job(tmp_path, "import ctypes; ctypes.string_at(0)")
    assert status == 128 + signal.SIGSEGV
    assert "crashed (SIGSEGV)" in error
    assert "string_at" in log


def test_sigkill_is_logged_with_memory_hint(tmp_path):
    status, _, error, log = run_job(tmp_path, "import os; os.kill(os.getpid(), 9)")
    assert status == 128 + signal.SIGKILL
    for text in (log, error):
        assert "the job match_cues of night_train: was killed (SIGKILL)\n" in text
        assert "run fewer jobs at a time (--cores), or give the job more memory (mem_mb)" in text


WAIT = "import time; print('ready', flush=True); time.sleep(60)"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_job_exits_on_sigterm_and_sighup(tmp_path, name):
    """A batch system signals the process that it started, or all processes of the job."""
    job = start_job(tmp_path, WAIT)
    assert job.stdout.readline() == "ready\n"
    job.send_signal(signal.Signals[name])
    status, _, error, _ = finish_job(tmp_path, job)
    assert status == 128 + signal.Signals[name]
    assert f"was stopped ({name})" in error


@pytest.mark.parametrize("to_all", [True, False])
def test_interrupted_job_prints_one_line_without_traceback(tmp_path, to_all):
    """A terminal sends the SIGINT of Ctrl-C to all processes of a run."""
    job = start_job(tmp_path, WAIT, start_new_session=True)
    assert job.stdout.readline() == "ready\n"
    (os.killpg if to_all else os.kill)(job.pid, signal.SIGINT)
    status, _, error, log = finish_job(tmp_path, job)
    assert status == 128 + signal.SIGINT
    assert error == "interrupted\n"
    assert "Traceback" not in log
    assert "WARNING interrupted" in log


def test_interrupted_job_runs_its_finally_block(tmp_path):
    job = start_job(tmp_path, f"try:\n    {WAIT}\nfinally:\n    open('clean', 'w').close()")
    assert job.stdout.readline() == "ready\n"
    job.send_signal(signal.SIGINT)
    finish_job(tmp_path, job)
    assert (tmp_path / "clean").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux only")
def test_child_process_ends_when_parent_is_killed(tmp_path):
    job = start_job(tmp_path, f"import os; print(os.getpid(), flush=True)\n{WAIT}")
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
def test_job_name_is_derived_from_log_path(path, job):
    from scorelens import logs

    assert logs._job(path) == job
