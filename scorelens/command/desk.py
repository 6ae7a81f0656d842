"""`scorelens desk`: the pages of a run in the browser, where verdicts are saved in place."""

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from scorelens.command.search_settings import read_search_settings
from scorelens.server.run_folder import find_run
from scorelens.server.serve import serve


def serve_desk(folder: Path, opens_browser: bool, configfile: Path | None) -> None:
    """Serve the pages of a run until Ctrl+C.

    Parameters
    ----------
    folder : Path
        The folder that the workflow ran in, or its results.
    opens_browser : bool
    configfile : Path or None
        Settings: the file of corrections, and the networks of the search. None for those of the
        folder.

    Raises
    ------
    ConfigError
        If there are no results, or the corrections cannot be saved.
    """
    run = find_run(folder, configfile)
    run = replace(run, search=read_search_settings(run.settings, run.results.parent))
    console = Console(highlight=False, soft_wrap=True)
    if not (run.results / "desk" / "index.html").is_file():
        console.print("There is no desk yet: `scorelens run desk` makes it.", style="yellow")
    console.print(f"Verdicts are saved in {run.corrections}", markup=False)
    if not run.is_named:
        hint = f"cues: {{corrections: {run.corrections.name}}}"
        console.print(f"which no settings name: write `{hint}` for the next run", markup=False)
    serve(
        run, opens_browser, lambda address: console.print(address, "(Ctrl+C stops)", markup=False)
    )
