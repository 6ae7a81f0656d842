"""`scorelens tag`: film genres of a folder of music, by a tagger that a run trained."""

import logging
import tempfile
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from scorelens import result_paths, tables
from scorelens.errors import ConfigError, Problem
from scorelens.ids import slug
from scorelens.tagger import apply, export
from scorelens.tagger.library import choose_model, find_parts
from scorelens.tagger.model import load_model

MODELS = Path("results/tagger/models")
SHOWN_TRACKS, SHOWN_GENRES = 40, 3
TABLES = ("tracks", "ranking", "profiles")


def tag_folder(folder: Path, output: Path | None, model: str = "") -> None:
    """Tag the tracks of a folder, show their first genres, and write tables, playlists and a page.

    Parameters
    ----------
    folder : Path
        Of music.
    output : Path or None
        Folder of the results; None for `tags-FOLDER` in the working directory.
    model : str
        One of the trained models; empty for the one that the workflow would take.

    Raises
    ------
    ConfigError
        If no tagger was trained here, or its network's weights are not in the results.
    """
    name = slug(folder.resolve().name)[:80]
    path = trained_model(model)
    weights = network_weights(path)
    parts = find_parts({name: str(folder)}, "scorelens tag")
    output = output or Path(f"tags-{name}")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    with tempfile.TemporaryDirectory(prefix="scorelens-") as scratch:
        made = {
            part: [Path(scratch, f"{part}.{table}.parquet") for table in TABLES] for part in parts
        }
        for part, outputs in made.items():
            apply.tag_part(name, folder, parts[part].files, path, weights, 1, *outputs)
        export.export_library(
            library=name,
            folder=folder,
            parts=export.Parts(*(list(paths) for paths in zip(*made.values(), strict=True))),
            tracks=output / "tracks.tsv",
            ranking=output / "ranking.tsv",
            profiles=output / "profiles.parquet",
            tags=output / "tags",
            playlists=output / "playlists",
            page=output / "index.html",
        )
    console = Console(highlight=False)
    console.print(genre_table(tables.read_table(output / "ranking.tsv", tables.TAGGER_RANKING)))
    console.print(f"{output}/index.html: a page to sort, filter and play", markup=False)


def trained_model(wanted: str) -> Path:
    """The file of the model that tags.

    Parameters
    ----------
    wanted : str
        Its name; empty for the one that the workflow would take.

    Returns
    -------
    Path

    Raises
    ------
    ConfigError
        If it was not trained in the working directory.
    """
    trained = [path.stem for path in sorted(MODELS.glob("*.safetensors"))]
    if not trained:
        hint = "`scorelens run tagger` trains it, on the films of my.yaml, or of the demo"
        what = f"there is no trained tagger in {MODELS}"
        raise ConfigError(Problem("scorelens tag", what, "a finished run in this folder", hint))
    return MODELS / f"{choose_model(trained, wanted)}.safetensors"


def network_weights(model: Path) -> str | None:
    """The file of the pretrained network that a model needs; None if it needs none.

    Raises
    ------
    ConfigError
        If it is not among the results.
    """
    network = load_model(model).embedding
    if not network:
        return None
    path = Path(result_paths.PRETRAINED_VARIABLES.format(network=network))
    if not path.is_file():
        hint = "`scorelens run pretrained` fetches it"
        raise ConfigError(Problem("scorelens tag", f"{path} is not there", network, hint))
    return str(path)


def genre_table(ranking: pd.DataFrame) -> Table:
    """The first genres of the first tracks, as a table for the terminal.

    Parameters
    ----------
    ranking : DataFrame
        Rows of TAGGER_RANKING.

    Returns
    -------
    rich.table.Table
    """
    tracks = list(dict.fromkeys(ranking["path"]))
    more = f", the first {SHOWN_TRACKS} of them" if len(tracks) > SHOWN_TRACKS else ""
    shown = Table("track", "genres", title=f"{len(tracks)} tracks{more}", title_justify="left")
    first = ranking[ranking["rank"] <= SHOWN_GENRES].sort_values(["path", "rank"])
    for track, rows in first[first["path"].isin(tracks[:SHOWN_TRACKS])].groupby("path", sort=False):
        genres = (f"{row.genre} {row.probability:.2f}" for row in rows.itertuples())
        shown.add_row(track.replace("[", "\\["), ", ".join(genres))
    return shown
