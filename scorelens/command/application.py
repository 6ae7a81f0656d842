"""The subcommands and their options. What they do is imported when one of them is called."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from scorelens import __version__

app = typer.Typer(
    name="scorelens",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From films and their soundtrack albums to cues, features, genre models and a report.",
    epilog="Start with `scorelens init FOLDER...` in an empty folder, then `scorelens run`.",
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"scorelens {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Options of the command itself."""


@app.command(epilog="**Example:** `scorelens init /media/movies /media/music`")
def init(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders of films and albums; none for those of the last time."),
    ] = None,
) -> None:
    """Write films.tsv, described.tsv, trailers.tsv and my.yaml from a media library.

    Reads libraries as Kodi, Jellyfin and Plex keep them, and matches albums to films. init.html
    lists what was matched, what is doubtful and what lacks. Run again, it adds what is new and
    leaves what you edited.
    """
    from scorelens.command import init as command

    _report(command.initialise_here, folders or [])


@app.command(
    epilog="**Examples:** `scorelens run`; `scorelens run cues -n`; "
    "`scorelens run genres tagger --cores 4`"
)
def run(
    stages: Annotated[
        list[str] | None,
        typer.Argument(metavar="[STAGE]...", help="Such as cues or genres; all without."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show the jobs and run nothing.")
    ] = False,
    cores: Annotated[str, typer.Option(help="Number of cores, or all.")] = "all",
    profile: Annotated[
        str, typer.Option(help="gpu, slurm, or the folder of a profile of yours.")
    ] = "",
    configfile: Annotated[
        Path | None,
        typer.Option(help="Settings; my.yaml by default, and the demo if that is not there."),
    ] = None,
) -> None:
    """Run the workflow in this folder, or some of its stages."""
    from scorelens.command import run as command

    _report(command.run_workflow, stages or [], dry_run, cores, profile, configfile)


@app.command(epilog="**Example:** `scorelens cues 'Night Train.mkv' 'albums/Night Train'`")
def cues(
    film: Annotated[Path, typer.Argument(help="A film, or any file with sound.")],
    album: Annotated[Path, typer.Argument(help="Folder of its album.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the results.")
    ] = None,
    audio: Annotated[
        str, typer.Option(help="Number or language of the film's sound, if not the default.")
    ] = "",
    method: Annotated[str, typer.Option(help="diagonal, or dejavu of the study.")] = "diagonal",
) -> None:
    """Find which track of an album plays when in one film, and show it."""
    from scorelens.command import cues as command

    _report(command.find_cues, film, album, output, audio, method)


@app.command(epilog="**Example:** `scorelens tag ~/music/catalogue`")
def tag(
    folder: Annotated[Path, typer.Argument(help="A folder of music.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the results.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="One of the trained models; the best kind without.")
    ] = "",
) -> None:
    """Tag a folder of music with film genres, by the tagger that was trained in this folder."""
    from scorelens.command import tag as command

    _report(command.tag_folder, folder, output, model)


@app.command(
    epilog="**Examples:** `scorelens search --library ~/music` indexes it; `scorelens search "
    "'a calm sea at night' --tempo 60-90`; `scorelens search --like theme.mp3 --from 1:10 --to "
    "1:30`; `scorelens search --at night_train 12:30`"
)
def search(
    words: Annotated[str, typer.Argument(help="In plain words; commas part them.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="A tag that MusiCNN knows.")] = None,
    like: Annotated[str, typer.Option(help="A file, or the id of a track.")] = "",
    like_from: Annotated[str, typer.Option("--from", help="Start of the passage in it.")] = "",
    like_to: Annotated[str, typer.Option("--to", help="Its end.")] = "",
    image: Annotated[
        Path | None, typer.Option(help="A picture, if a trained model sees pictures.")
    ] = None,
    at: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="FILM TIME", help="A moment of a film of the run."),
    ] = None,
    tempo: Annotated[str, typer.Option(help="BPM, such as 90-120.")] = "",
    key: Annotated[str, typer.Option(help="Such as 'A minor', A, or minor.")] = "",
    loudness: Annotated[str, typer.Option(help="dB of full scale, such as -30..-20.")] = "",
    length: Annotated[str, typer.Option(help="Seconds, such as 60-180, or 180-.")] = "",
    speech: Annotated[str, typer.Option(help="with or without.")] = "",
    singing: Annotated[str, typer.Option(help="with or without.")] = "",
    genre: Annotated[list[str] | None, typer.Option(help="A genre tag of the files.")] = None,
    used: Annotated[str, typer.Option(help="In a film by its id, in any, or in none.")] = "",
    within: Annotated[str, typer.Option(help="One of the indexed libraries.")] = "",
    library: Annotated[
        list[Path] | None, typer.Option(help="A folder of music, indexed once.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Index new album tracks of the run first.")
    ] = False,
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="Hits at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Hits as JSON.")] = False,
) -> None:
    """Search music by words, likeness, a picture or a moment of a film; no training needed."""
    from scorelens.command import search as command

    def action() -> None:
        filters = command.Filters(
            tempo_bpm=command.number_range("--tempo", tempo),
            loudness_db=command.number_range("--loudness", loudness),
            length_s=command.number_range("--length", length),
            key=key,
            speech=speech,
            singing=singing,
            genres=tuple(genre or ()),
            used_in=used,
            library=within,
        )
        parts = (words, tag or (), like, like_from, like_to, image, at)
        command.search(*parts, filters, library or (), update, number, as_json)

    _report(action)


@app.command(epilog="**Examples:** `scorelens desk`; `scorelens desk ~/films --no-browser`")
def desk(
    folder: Annotated[
        Path, typer.Argument(help="The folder of a run, or its results; this one without.")
    ] = Path(),
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the browser, or not.")
    ] = True,
    configfile: Annotated[
        Path | None,
        typer.Option(help="Settings, which name the corrections; my.yaml of the folder without."),
    ] = None,
) -> None:
    """Open the pages of a run in the browser: film desk, libraries, searches, report.

    Verdicts on cues are saved in the file of corrections that the settings name. Pages and media
    are served to this machine alone, by an address with a random token.
    """
    from scorelens.command import desk as command

    _report(command.serve_desk, folder, browser, configfile)


@app.command(epilog="**Example:** `scorelens doctor`")
def doctor(
    configfile: Annotated[
        Path | None, typer.Option(help="Settings; my.yaml by default, if it is there.")
    ] = None,
) -> None:
    """Check machine and folder: versions, codecs, GPU, weights, disk, what is left out."""
    from scorelens.command import doctor as command

    _report(command.examine, configfile)


def _report(action, *arguments) -> None:
    """Call a function; of an error of the user's show the message alone."""
    from scorelens.errors import InputError

    try:
        action(*arguments)
    except InputError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        sys.exit(130)
