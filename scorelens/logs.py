"""The log of a job: every script starts it before it imports anything heavy."""

import errno
import logging
import os
import sys
from pathlib import Path

from scorelens.errors import InputError, Problem


def start(path: str | os.PathLike) -> None:
    """Send log records to `path` and to standard error, and uncaught errors too.

    An `InputError` is the user's to mend: its message is written without a traceback. So is a full
    disk and a lack of memory.
    Any other error is ours: log and terminal get the traceback.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
        handlers=[logging.FileHandler(path, mode="w", encoding="utf-8"), _quiet_terminal()],
        force=True,
    )
    logging.captureWarnings(True)
    sys.excepthook = _log_error


def _quiet_terminal() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


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
        hint = "make room and run again: what is finished stays"
        return Problem("the disk", f"takes no more ({error})", "room for the results", hint)
    # Torch raises errors of its own, or plain ones.
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, MemoryError) or "OutOfMemory" in words or "t allocate memory" in words:
        hint = "run fewer jobs at a time (--cores), or give the job more memory (mem_mb)"
        what = f"ran out of memory ({words.splitlines()[0]})"
        return Problem("the job", what, "more memory than there is", hint)
    return None
