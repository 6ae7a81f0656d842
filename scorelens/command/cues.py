"""`scorelens cues`: one film and its album now, without a table and without a workflow."""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from scorelens import tables
from scorelens.albums.files import is_cue, scan
from scorelens.albums.names import track_names
from scorelens.command import workflow_folder
from scorelens.config import complete
from scorelens.corpus.check import check_album, check_film
from scorelens.cues import levels, match
from scorelens.errors import ConfigError, InputError, Problem
from scorelens.exports import export
from scorelens.exports.registry import FORMATS
from scorelens.fingerprints import methods
from scorelens.ids import slug

METHODS = ("diagonal", "dejavu")


def find_cues(
    film: Path, album: Path, output: Path | None, audio: str = "", method: str = "diagonal"
) -> None:
    """Find the cues of a film, show them, and write them with their exports.

    Parameters
    ----------
    film : Path
        Any file with sound.
    album : Path
        A folder of music, or one file.
    output : Path or None
        Folder of cues.tsv and its exports; None for `cues-FILM` in the working directory.
    audio : str
        Number or language of the film's sound; empty for the default one.
    method : {"diagonal", "dejavu"}

    Raises
    ------
    InputError
        If a file is missing or does not decode.
    """
    _check(film, album, method)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    film_id = slug(film.stem)[:80]
    output = output or Path(f"cues-{film_id}")
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="scorelens-") as scratch:
        paths = _paths(Path(scratch), output)
        with console.status("") as status:
            _match(film_id, film, album, paths, audio, method, status.update)
        cues = tables.read_table(paths["text"], tables.CUES)
        names = track_names(tables.read_table(paths["tracks"], tables.TRACKS))
    console.print(cue_table(film.name, cues, names))
    console.print(f"{output}: cues.tsv and {', '.join(sorted(FORMATS))}", markup=False)


def cue_table(title: str, cues: pd.DataFrame, names: Mapping[str, str]) -> Table:
    """The cues as a table for the terminal.

    Parameters
    ----------
    title : str
        Of the film.
    cues : DataFrame
        Rows of CUES.
    names : mapping of str to str
        What to call each track, by track_id.

    Returns
    -------
    rich.table.Table
    """
    minutes = (cues["film_end_s"] - cues["film_start_s"]).sum() / 60
    shown = Table(title=f"{title}: {len(cues)} cues, {minutes:.1f} min", title_justify="left")
    for heading in ("from", "to", "track", "at", "speed", "confidence"):
        shown.add_column(heading, justify="left" if heading == "track" else "right")
    for cue in cues.itertuples():
        times = map(clock, (cue.film_start_s, cue.film_end_s, cue.track_start_s))
        start, end, at = times
        name = names[cue.track_id].replace("[", "\\[")
        shown.add_row(start, end, name, at, f"{cue.speed:.3f}", f"{cue.confidence:.2f}")
    return shown


def clock(seconds: float) -> str:
    """Time as hours, minutes and seconds.

    Examples
    --------
    >>> clock(59.96), clock(3725.04)
    ('1:00.0', '1:02:05.0')
    """
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes}:{rest / 10:04.1f}"
    return f"{hours}:{text.zfill(7)}" if hours else text


def _check(film: Path, album: Path, method: str) -> None:
    problems = []
    if not film.is_file():
        problems.append(Problem(str(film), "is no file", "a film, or any file with sound"))
    if not album.exists():
        problems.append(Problem(str(album), "does not exist", "the folder of an album"))
    if method not in METHODS:
        problems.append(Problem("--method", f"is {method!r}", f"one of {', '.join(METHODS)}"))
    if problems:
        raise ConfigError(problems)


def _paths(scratch: Path, output: Path) -> dict[str, Path]:
    made = (
        "album.tsv",
        "album_status.tsv",
        "status.tsv",
        "tracks.tsv",
        "index.npz",
        "levels.parquet",
        "exported.tsv",
    )
    return {
        **{Path(name).stem: scratch / name for name in made},
        "table": scratch / "cues.parquet",
        "text": output / "cues.tsv",
        **{name: output / f"cues.{form.ending}" for name, form in FORMATS.items()},
    }


def _match(film_id: str, film: Path, album: Path, paths, audio: str, method: str, say) -> None:
    """Every step that the workflow does for one film, each with a word of what is at work."""
    config = complete({}, workflow_folder() / "workflow" / "schemas")
    folder = album if album.is_dir() else album.parent
    beside = [p for p in folder.iterdir() if is_cue(str(p)) and p.stem == album.stem]
    files = scan(album).files if album.is_dir() else tuple(map(str, (album, *beside)))
    say("reading the album")
    check_album("album", folder, files, paths["album_status"], paths["album"])
    say("checking the film")
    album_tables = (paths["album"], paths["album_status"])
    check_film(film_id, str(film), album_tables, paths["status"], paths["tracks"], audio)
    _stop_at_problems(paths["status"])
    say("indexing the album")
    settings = config["fingerprints"]
    methods.index_album(method, "album", paths["album"], paths["index"], settings, "")
    say("matching the film")
    outputs = {"table": paths["table"], "text": paths["text"]}
    settings = config["cues"][method]
    match.match_film(
        method, film_id, film, paths["index"], paths["status"], outputs, settings, audio
    )
    say("measuring levels")
    levels.measure_film(
        film_id, film, paths["table"], paths["tracks"], paths["status"], paths["levels"], audio
    )
    say("writing the exports")
    export.export_film(
        {"cues": paths["table"], **{name: paths[name] for name in ("levels", "tracks", "status")}},
        table=paths["exported"],
        outputs={name: paths[name] for name in FORMATS},
        title=film.stem,
        video=film,
        frame_rate=config["exports"]["frame_rate"],
        singing_threshold=config["music"]["singing_threshold"],
    )


def _stop_at_problems(status: Path) -> None:
    row = tables.read_table(status, tables.STATUS).iloc[0]
    if row.status == "bad":
        raise _Reported(row.problems)


class _Reported(InputError):
    """Problems that are texts already."""

    def __init__(self, text: str):
        Exception.__init__(self, text)
        self.problems = []

    def __str__(self) -> str:
        return self.args[0]
