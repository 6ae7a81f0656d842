"""A job's log: the user's errors without a traceback, ours with one."""

import subprocess
import sys


def run(tmp_path, body):
    code = f"from scorelens import logs\nlogs.start('logs/job.log')\n{body}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    return done, (tmp_path / "logs" / "job.log").read_text()


def test_user_error_is_a_message_alone(tmp_path):
    done, text = run(
        tmp_path,
        "from scorelens.errors import InputError, Problem\n"
        "raise InputError(Problem('a.tsv, line 2', 'is wrong', 'right', 'mend it'))",
    )
    assert done.returncode == 1
    for output in (text, done.stderr):
        assert "a.tsv, line 2: is wrong\n  expected: right\n  hint: mend it" in output
        assert "Traceback" not in output


def test_our_error_keeps_its_traceback(tmp_path):
    done, text = run(tmp_path, "1 / 0")
    assert done.returncode == 1
    assert "ZeroDivisionError" in text
    assert "Traceback" in text


def test_facts_go_to_the_log_only(tmp_path):
    done, text = run(tmp_path, "import logging; logging.getLogger('x').info('12 cues')")
    assert "12 cues" in text
    assert done.stderr == ""
