"""Snakemake's progress as the logger `rich` shows it, and of errors the message alone.

Snakemake looks for packages called `snakemake_logger_plugin_NAME`; `scorelens run` puts the folder
of this one on its path. A job that fails has written its message to the terminal already.
"""

import re

from snakemake.logging import LogEvent
from snakemake_logger_plugin_rich import LogHandler as RichLogger

HEAD = re.compile(r"^\w*(?:Error|Exception)(?: in [^\n]*)?:?\n")
TRACE = re.compile(r'^\s*(?:File "|Traceback )[^\n]*\n?', re.M)
NOISE = re.compile(
    r"^(?:Exiting because a job execution failed|Complete log|RuleException|Removing output files"
    r"|Shutting down|Not all output, log and benchmark files|Storing output in storage"
    r"|Using workflow specific profile|Config file |Conda environments: ignored"
    r"|DAG of jobs will be updated|At least one job did not complete)"
)


def plain_message(text: str) -> str:
    """What Snakemake reports of an error, without its kind, place and stack.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Empty if nothing is left that a user could act on.

    Examples
    --------
    >>> plain_message('WorkflowError in file "common.smk", line 33:\\nfilms.tsv: has no rows\\n')
    'films.tsv: has no rows'
    >>> plain_message("WorkflowError:\\nAt least one job did not complete successfully.")
    ''
    """
    message = TRACE.sub("", HEAD.sub("", text.strip() + "\n")).strip()
    return "" if NOISE.match(message) or NOISE.match(text.strip()) else message


class LogHandler(RichLogger):
    """The logger; Snakemake finds it by this name."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.failed: dict[str, None] = {}

    def emit(self, record) -> None:
        """Show an event, or keep it back if it is noise."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_ERROR:
            self._note_failed(getattr(record, "jobid", 0))
        elif event == LogEvent.ERROR or (event is None and record.levelname == "ERROR"):
            if message := plain_message(record.getMessage()):
                record.msg, record.args = message, ()
                super().emit(record)
        elif event is not None or not NOISE.match(record.getMessage()):
            super().emit(record)

    def _note_failed(self, job: int) -> None:
        info = self.event_handler.jobs_info.get(job)
        if info:
            wildcards = ", ".join(map(str, (info["wildcards"] or {}).values()))
            name = f"{info['rule']} of {wildcards}" if wildcards else info["rule"]
            self.failed[f"{name} ({', '.join(info['log'])})" if info["log"] else name] = None

    def close(self) -> None:
        """Name the jobs that failed, once, at the end."""
        super().close()
        if failed := list(getattr(self, "failed", {})):
            self.failed.clear()
            lines = [f"{len(failed)} of the jobs failed, for the reasons above:", *failed]
            self.console.print("\n  ".join(lines), style="yellow", markup=False, highlight=False)
            self.console.print("Run again when that is mended: finished results stay.")
