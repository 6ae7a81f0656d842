"""`scorelens init`: the tables of a run from a media library, with a page of what was read."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from scorelens.media_library.initialise import initialise
from scorelens.media_library.page import faults, summary, write_page

PAGE = "init.html"


def initialise_here(folders: Sequence[Path]) -> None:
    """Write tables, settings and page into the working directory, and say what there is.

    Parameters
    ----------
    folders : sequence of Path
        Of films and albums; none for those of the last time.
    """
    console = Console(highlight=False)
    outcome = initialise(folders, Path.cwd())
    write_page(outcome, PAGE)
    console.print(summary(outcome), markup=False, soft_wrap=True)
    for path, reason in faults(outcome):
        console.print(f"{path!r} {reason}", style="yellow", markup=False, soft_wrap=True)
    for sentence in outcome.left_out:
        console.print(sentence, style="yellow", markup=False, soft_wrap=True)
    if outcome.settings_edited:
        console.print(f"my.yaml is yours and was left as it is; {PAGE} has what would be in it")
    console.print(f"{PAGE} says what was matched, what is doubtful and what lacks.")
    console.print("Next: `scorelens run cues -n` shows the jobs, `scorelens run` does them.")
