"""The log of a job, started by every script before it imports anything heavy."""

import ctypes
import errno
import faulthandler
import logging
import os
import signal
import sys
from pathlib import Path

from scorelens.errors import InputError, Problem

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE)
_PR_SET_PDEATHSIG = 1  # prctl(2)


def start(path: str | os.PathLike) -> None:
    """Write log records and uncaught errors to a file; warnings and errors also to standard error.

    The rest of the script runs in a child process, so that a job that a signal ends is logged too.
    An `InputError`, a full disk and a lack of memory are logged as a message; any other error with
    its traceback.

    Parameters
    ----------
    path : path-like
        The log file, such as `logs/RULE/FILM.log`. Messages name the job by it.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    _go_on_in_a_child(path)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
        handlers=[logging.FileHandler(path, mode="w", encoding="utf-8"), _quiet_terminal()],
        force=True,
    )
    logging.captureWarnings(True)
    sys.excepthook = _log_error
    faulthandler.enable(logging.root.handlers[0].stream)


def _go_on_in_a_child(path: str | os.PathLike) -> None:
    """Fork and return in the child; the parent waits, logs how it ended and exits with its status.

    The parent has imported almost nothing, so if memory runs out the system kills the child.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # until both have their handlers
    child = os.fork()
    if child == 0:
        _end_with(parent)
        signal.signal(signal.SIGINT, _interrupt_once)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        return
    for number in PASSED_ON:
        signal.signal(number, lambda number, _: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if problem := _ending(path, -status):
        _append(path, f"{problem}\n")
    os._exit(status if status >= 0 else 128 - status)


def _end_with(parent: int) -> None:
    """End this process when its parent is killed, where the system can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _interrupt_once(_number, _frame) -> None:
    """Ctrl-C reaches this process twice: from the terminal and from the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _ending(path: str | os.PathLike, number: int) -> Problem | None:
    """The problem of a job that a signal ended; None if it ended by itself or by Ctrl-C."""
    if number <= 0 or number == signal.SIGINT:
        return None
    name = signal.Signals(number).name
    if number in CRASHES:
        what, expected = f"crashed ({name})", "libraries that can read every file"
        hint = (
            "a decoder may have crashed on one of its files: play them, convert the faulty one "
            "(ffmpeg -i IN -c:v libx264 -c:a flac OUT.mkv), or take its film out of the table"
        )
    elif number == signal.SIGKILL:
        what, expected = f"was killed ({name})", "more memory than there was, most likely"
        hint = "run fewer jobs at a time (--cores), or give the job more memory (mem_mb)"
    else:
        what, expected = f"was stopped ({name})", "a job that runs to its end"
        hint = "on a cluster its time limit may be too short (runtime); run again: results stay"
    return Problem(f"the job {_job(path)}", what, expected, hint)


def _job(path: str | os.PathLike) -> str:
    """The rule and the film or other wildcards of the job: `match_cues of night_train`."""
    parts = Path(path).with_suffix("").parts
    parts = parts[parts.index("logs") + 1 :] if "logs" in parts else parts[-1:]
    return f"{parts[0]} of {'/'.join(parts[1:])}" if len(parts) > 1 else parts[0]


def _append(path: str | os.PathLike, text: str) -> None:
    with open(path, "a", encoding="utf-8") as log:
        log.write(text)
    sys.stderr.write(text)
    sys.stderr.flush()


def _quiet_terminal() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_TerminalFormatter("%(message)s"))
    return handler


class _TerminalFormatter(logging.Formatter):
    """Long lists of problems are shortened on the terminal; the log has all."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.args[0] if isinstance(record.args, tuple) and record.args else None
        if isinstance(error, InputError):
            return error.shortened(os.path.relpath(logging.root.handlers[0].baseFilename))
        return super().format(record)


def _log_error(kind, error, trace) -> None:
    if isinstance(error, InputError):
        logging.error("%s", error)
    elif issubclass(kind, KeyboardInterrupt):
        logging.warning("interrupted")
    elif problem := _shortage(error):
        logging.error("%s", problem)
    else:
        logging.critical("%s: %s", kind.__name__, error, exc_info=(kind, error, trace))


def _shortage(error: BaseException) -> Problem | None:
    """The problem, if the machine has too little of what the job needs."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        hint = "make room and run again: finished results stay"
        return Problem("the disk", f"cannot be written to ({error})", "room for the results", hint)
    # Torch raises OutOfMemoryError, or a RuntimeError.
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, MemoryError) or "OutOfMemory" in words or "t allocate memory" in words:
        hint = "run fewer jobs at a time (--cores), or give the job more memory (mem_mb)"
        what = f"ran out of memory ({words.splitlines()[0]})"
        return Problem("the job", what, "more memory than there is", hint)
    return None
