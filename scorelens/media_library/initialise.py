"""Write the tables and the configuration of a run from the folders of a media library."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scorelens import paths
from scorelens.errors import ConfigError, Problem
from scorelens.ids import slug
from scorelens.media_library import record as records
from scorelens.media_library import rows as row_maker
from scorelens.media_library.albums import LibraryAlbum, find_albums
from scorelens.media_library.films import LibraryFilm, find_films
from scorelens.media_library.matching import Doubt, Matches, match_albums
from scorelens.media_library.merging import Merged, Row, edited_keys, merge
from scorelens.media_library.record import Record
from scorelens.media_library.scanning import Folder, scan_tree
from scorelens.media_library.settings import as_yaml, settings
from scorelens.media_library.table_files import path_cell, read_table, write_table
from scorelens.media_library.trailers import assign_trailers

TABLES = {
    "films": (row_maker.FILM_COLUMNS, ("film_id", "video")),
    "described": (row_maker.DESCRIBED_COLUMNS, ("film_id", "image")),
    "trailers": (row_maker.TRAILER_COLUMNS, ("trailer_id", "video")),
}
SETTINGS = "my.yaml"


@dataclass
class Library:
    """What the folders hold.

    Parameters
    ----------
    films : list of LibraryFilm
    albums : list of LibraryAlbum
    matches : Matches
    unreachable : list of str
        Folders of an earlier time that are not there, or empty.
    loose_trailers : list of str
        Trailers of no film.
    faults : list of (str, str)
        Path and reason of what cannot be read.
    """

    films: list[LibraryFilm]
    albums: list[LibraryAlbum]
    matches: Matches
    unreachable: list[str]
    loose_trailers: list[str]
    faults: list[tuple[str, str]]


@dataclass
class Outcome:
    """What `init` did.

    Parameters
    ----------
    library : Library
    tables : mapping of str to Merged
        By name: films, described, trailers.
    films : mapping of str to LibraryFilm
        By the keys of the tables.
    settings : str
        Text of the configuration for these tables.
    settings_edited : bool
        Whether a person edited `my.yaml`, so that it was not written.
    left_out : list of str
        Stages that lack rows, and why.
    doubts : list of Doubt
        Doubtful matches that no person decided.
    unmatched : list of LibraryAlbum
        Albums of no film.
    own : list of str
        Keys of films of which a person wrote the row.
    """

    library: Library
    tables: Mapping[str, Merged]
    films: Mapping[str, LibraryFilm]
    settings: str
    settings_edited: bool
    left_out: list[str]
    doubts: list[Doubt]
    unmatched: list[LibraryAlbum]
    own: list[str] = field(default_factory=list)


def initialise(folders: Sequence[str | os.PathLike], target: str | os.PathLike) -> Outcome:
    """Read a media library and write its tables, or bring them up to date.

    Parameters
    ----------
    folders : sequence of path
        Folders of films and albums. Those of an earlier time are read again.
    target : path
        Folder for films.tsv, described.tsv, trailers.tsv, the plots and my.yaml.

    Returns
    -------
    Outcome

    Raises
    ------
    ConfigError
        If a folder does not exist, or a table cannot be read.
    """
    target = Path(target).resolve()
    record = records.read(target)
    library = read_library(folders, record.folders)
    present = {name: read_table(target / f"{name}.tsv", TABLES[name][0]) for name in TABLES}
    films = {path_cell(film.video, target): film for film in library.films}
    for path in row_maker.unnameable(library.films, target):
        library.faults.append((path, "has a name that no table can hold: rename it"))
    _follow_moves(record, films, target)
    tables, own = _merge_all(library, films, record, present, target)
    for name, merged in tables.items():
        columns = present[name][0]
        if merged.rows or (target / f"{name}.tsv").exists():
            write_table(target / f"{name}.tsv", columns, merged.rows)
        setattr(record, name, merged.record)
    _write_plots(films, tables["described"], record, target)
    made, left_out = settings(*(tables[name].rows for name in TABLES))
    text = as_yaml(made, left_out)
    is_written = records.write_file(record, target, SETTINGS, text)
    record.folders = sorted({*record.folders, *map(os.path.abspath, folders)})
    records.write(record, target)
    used = {_real(row["album"], target) for row in tables["films"].rows if row["album"]}
    by_person = [film for film in library.films if film.video not in library.matches.albums]
    decided = {
        film.video
        for film in by_person
        if (row := _row_of_video(film.video, tables["films"].rows, target)) and row["album"]
    }
    return Outcome(
        library=library,
        tables=tables,
        films=films,
        settings=text,
        settings_edited=not is_written,
        left_out=left_out,
        doubts=[
            doubt
            for doubt in library.matches.doubts
            if os.path.realpath(doubt.album.folder) not in used and doubt.film.video not in decided
        ],
        unmatched=[
            album
            for album in library.matches.unmatched
            if os.path.realpath(album.folder) not in used
        ],
        own=own,
    )


def read_library(folders: Sequence[str | os.PathLike], earlier: Sequence[str] = ()) -> Library:
    """Read the films and albums of some folders, and match them.

    Parameters
    ----------
    folders : sequence of path
        Must exist.
    earlier : sequence of str
        Folders of an earlier time, which may be out of reach.

    Returns
    -------
    Library

    Raises
    ------
    ConfigError
        If there is no folder at all, or one does not exist.
    """
    problems = [
        problem
        for folder in folders
        for problem in paths.folder_problems("scorelens init", str(folder), "a folder", "")
    ]
    if not folders and not earlier:
        expected = "folders of films and albums"
        problems.append(Problem("scorelens init", "was given no folder", expected))
    if problems:
        raise ConfigError(problems)
    faults: list[tuple[str, str]] = []
    wanted = _outermost([*map(os.path.abspath, folders), *earlier])
    trees = [scan_tree(path, faults) for path in wanted if os.path.isdir(path)]
    unreachable = sorted({*wanted} - {tree.path for tree in trees if tree.files or tree.folders})
    films, loose, albums = _contents(trees, faults)
    films, loose = assign_trailers(films, loose)
    return Library(films, albums, match_albums(films, albums), unreachable, loose, faults)


def _contents(
    trees: Sequence[Folder], faults: list
) -> tuple[list[LibraryFilm], list[str], list[LibraryAlbum]]:
    films, loose, albums = [], [], []
    for tree in trees:
        found, trailers = find_films(tree, faults)
        films += found
        loose += trailers
        albums += find_albums(tree)
    return films, loose, albums


def _outermost(folders: Sequence[str]) -> list[str]:
    """The folders that are in no other one, each once."""
    unique = dict.fromkeys(folders)
    return [f for f in unique if not any(f.startswith(f"{other.rstrip('/')}/") for other in unique)]


def _follow_moves(record: Record, films: Mapping[str, LibraryFilm], target: Path) -> None:
    """Let the record of a film that has another path now, and of its trailers, go with it."""
    new = {(slug(f.title), str(f.year or "")): k for k, f in films.items() if k not in record.films}
    for key in [key for key in record.films if key not in films]:
        row = record.films[key]
        if moved := new.pop((slug(row["title"]), row["year"]), None):
            for table in (record.films, record.described):
                if key in table:
                    table[moved] = table.pop(key)
            _follow_trailers(record, row["film_id"], films[moved], target)


def _follow_trailers(record: Record, film_id: str, film: LibraryFilm, target: Path) -> None:
    new = {os.path.basename(path): path_cell(path, target) for path in film.trailers}
    for key in list(record.trailers):
        is_its = record.trailers[key]["trailer_id"].startswith(f"{film_id}_trailer")
        if is_its and os.path.basename(key) in new:
            record.trailers[new[os.path.basename(key)]] = record.trailers.pop(key)


def _merge_all(
    library: Library,
    films: Mapping[str, LibraryFilm],
    record: Record,
    present: Mapping[str, tuple[list[str], list[Row]]],
    target: Path,
) -> tuple[dict[str, Merged], list[str]]:
    """The three tables after merging, and the keys of films whose rows a person wrote."""
    rows = {name: table[1] for name, table in present.items()}
    own = {
        key: row
        for key, film in films.items()
        if key not in record.films and (row := _row_of_video(film.video, rows["films"], target))
    }
    stays = {key for key in record.films if _is_out_of_sight(key, library, target)} - {*films}
    new = row_maker.film_rows(
        {key: film for key, film in films.items() if key not in own},
        library.matches.albums,
        record.films,
        {row["film_id"] for row in rows["films"]},
        target,
    )
    described_edited = edited_keys(rows["described"], record.described, TABLES["described"][1])
    merged = merge(
        rows["films"], record.films, new, TABLES["films"][1], stays, keeps=described_edited
    )
    row_of = merged.row_of | own
    described = row_maker.described_rows(films, row_of, target)
    for key in described_edited & {*merged.gone}:
        described[key] = _without_lost_files(record.described[key], target)
    ids = {row["trailer_id"] for row in rows["trailers"]}
    trailers = row_maker.trailer_rows(films, row_of, record.trailers, ids, target)
    unseen = {key for key in record.trailers if _is_under(key, library.unreachable, target)}
    return {
        "films": merged,
        "described": merge(
            rows["described"], record.described, described, TABLES["described"][1], stays
        ),
        "trailers": merge(
            rows["trailers"], record.trailers, trailers, TABLES["trailers"][1], unseen
        ),
    }, [*own]


def _without_lost_files(row: Row, target: Path) -> Row:
    """A row of described films without the files that are gone with the film."""
    lost = [
        name
        for name in ("image", "plot", "subtitles")
        if row[name] and not os.path.exists(paths.resolve(row[name], str(target)))
    ]
    return row | dict.fromkeys(lost, "")


def _row_of_video(video: str, rows: Sequence[Row], target: Path) -> Row | None:
    real = os.path.realpath(video)
    return next((r for r in rows if r["video"] and _real(r["video"], target) == real), None)


def _real(cell: str, target: Path) -> str:
    return os.path.realpath(paths.resolve(cell, str(target)))


def _is_out_of_sight(key: str, library: Library, target: Path) -> bool:
    """Whether a file may well be there although the library does not show it."""
    path = paths.resolve(key, str(target))
    return os.path.exists(path) or _is_under(key, library.unreachable, target)


def _is_under(key: str, folders: Sequence[str], target: Path) -> bool:
    path = os.path.abspath(os.path.join(target, key))
    return any(path.startswith(f"{folder.rstrip('/')}/") for folder in folders)


def _write_plots(
    films: Mapping[str, LibraryFilm], described: Merged, record: Record, target: Path
) -> None:
    """Write the plots that rows name, and remove those that none names any more."""
    named = {row["plot"] for row in described.rows}
    for key, film in films.items():
        row = described.row_of.get(key)
        if film.plot and row and row["plot"] == row_maker.plot_path(row["film_id"]):
            records.write_file(record, target, row["plot"], f"{film.plot}\n")
    for name in [name for name in record.files if name.startswith(f"{row_maker.PLOTS}/")]:
        if name not in named:
            records.remove_file(record, target, name)
