"""The log of a job: every script starts it before it imports anything heavy."""

import logging
import os
import sys
from pathlib import Path

from scorelens.errors import InputError


def start(path: str | os.PathLike) -> None:
    """Send log records to `path` and to standard error, and uncaught errors too.

    An `InputError` is the user's to mend: its message is written without a traceback.
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
    else:
        logging.critical("%s: %s", kind.__name__, error, exc_info=(kind, error, trace))
