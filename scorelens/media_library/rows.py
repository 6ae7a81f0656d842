"""Rows of the tables of films, described films and trailers, from what the library says."""

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from scorelens import paths
from scorelens.groups import GROUP
from scorelens.ids import name_problems, unique_ids
from scorelens.media_library.albums import LibraryAlbum
from scorelens.media_library.films import LibraryFilm
from scorelens.media_library.merging import Row, unused_name
from scorelens.media_library.table_files import clean_cell, path_cell
from scorelens.trailers.data.table import plain_title

FILM_COLUMNS = (
    "film_id", "title", "year", "video", "album", "genres", "audio", GROUP, "original_title",
    "unique_id",
)  # fmt: skip
DESCRIBED_COLUMNS = (
    "film_id", "title", "year", "image", "plot", "tags", "album", "subtitles", GROUP,
)  # fmt: skip
TRAILER_COLUMNS = ("trailer_id", "title", "video", "genres", "year", GROUP)
PLOTS = "plots"


def film_rows(
    films: Mapping[str, LibraryFilm],
    albums: Mapping[str, tuple[LibraryAlbum, str]],
    record: Mapping[str, Row],
    taken: Collection[str],
    folder: Path,
) -> dict[str, Row]:
    """Rows of the table of films.

    Parameters
    ----------
    films : mapping of str to LibraryFilm
        By key.
    albums : mapping of str to (LibraryAlbum, str)
        Of `matching.match_albums`.
    record : mapping of str to Row
        What was written the last time, by key. Ids stay, whatever becomes of titles.
    taken : collection of str
        Ids of the table.
    folder : Path
        Folder of the tables.

    Returns
    -------
    dict of str to Row
        By key, in the order of the films.
    """
    spelling = genre_spelling(films.values())
    taken, rows = {*taken, *(row["film_id"] for row in record.values())}, {}
    for key, film in films.items():
        album = albums.get(film.video)
        film_id = record[key]["film_id"] if key in record else _new_id(film, taken)
        taken.add(film_id)
        values = {
            "film_id": film_id,
            "title": film.title,
            "year": film.year,
            "video": "" if film.unusable else _cell(film.video, folder),
            "album": _cell(album[0].folder, folder) if album else "",
            "genres": ";".join(dict.fromkeys(spelling[g.casefold()] for g in film.genres)),
            GROUP: film.collection,
            "original_title": film.original_title,
            "unique_id": film.unique_id,
        }
        rows[key] = {name: clean_cell(values.get(name)) for name in FILM_COLUMNS}
    return rows


def described_rows(
    films: Mapping[str, LibraryFilm], film_table: Mapping[str, Row], folder: Path
) -> dict[str, Row]:
    """Rows of the table of described films, of those with an album, a year and a description.

    Parameters
    ----------
    films : mapping of str to LibraryFilm
        By key.
    film_table : mapping of str to Row
        Row of the film table, after merging, of each key.
    folder : Path
        Folder of the tables.

    Returns
    -------
    dict of str to Row
        By key.
    """
    rows = {}
    for key, film in films.items():
        row = film_table.get(key)
        if not row or not all(row[name] for name in ("year", "album", "video")):
            continue
        tags = dict.fromkeys([*film.tags, *filter(None, row["genres"].split(";"))])
        values = {
            "film_id": row["film_id"],
            "image": _cell(film.image, folder),
            "plot": plot_path(row["film_id"]) if film.plot else "",
            "tags": ";".join(tags),
            "subtitles": _cell(film.subtitles, folder),
        }
        if any(values[name] for name in ("image", "plot", "tags")):
            rows[key] = {name: clean_cell(values.get(name)) for name in DESCRIBED_COLUMNS}
    return rows


def plot_path(film_id: str) -> str:
    """Path of the file of a film's plot, relative to the tables."""
    return f"{PLOTS}/{film_id}.txt"


def trailer_rows(
    films: Mapping[str, LibraryFilm],
    film_table: Mapping[str, Row],
    record: Mapping[str, Row],
    taken: Collection[str],
    folder: Path,
) -> dict[str, Row]:
    """Rows of the table of trailers, of those whose film has genres.

    Parameters
    ----------
    films : mapping of str to LibraryFilm
        By key.
    film_table : mapping of str to Row
        Row of the film table, after merging, of each key.
    record : mapping of str to Row
        What was written the last time. Ids stay.
    taken : collection of str
        Ids of the table of trailers.
    folder : Path
        Folder of the tables.

    Returns
    -------
    dict of str to Row
        By path of the trailer. Films of one title have their year behind it.
    """
    titles = trailer_titles({key: row for key, row in film_table.items() if key in films})
    taken, rows = {*taken, *(row["trailer_id"] for row in record.values())}, {}
    for key, film in films.items():
        row = film_table.get(key)
        for path in film.trailers if row and row["genres"] else ():
            if not (video := _cell(path, folder)):
                continue
            known = record.get(video)
            base = f"{row['film_id']}_trailer"
            trailer_id = known["trailer_id"] if known else unused_name(base, taken)
            taken.add(trailer_id)
            values = {"trailer_id": trailer_id, "title": titles[key], "video": video}
            rows[video] = values | {name: row[name] for name in ("genres", "year", GROUP)}
    return rows


def trailer_titles(film_table: Mapping[str, Row]) -> dict[str, str]:
    """Titles by which trailers are held out together: different films have different ones.

    Examples
    --------
    >>> rows = {"a": {"title": "Psycho", "year": "1960"}, "b": {"title": "PSYCHO", "year": ""}}
    >>> trailer_titles(rows)
    {'a': 'Psycho (1960)', 'b': 'PSYCHO (2)'}
    """
    plain = {key: plain_title(row["title"]) for key, row in film_table.items()}
    counts, used, titles = Counter(plain.values()), defaultdict(list), {}
    for key, row in film_table.items():
        title, year = row["title"], row["year"]
        if counts[plain[key]] > 1:
            used[plain[key]].append(year)
            number = len(used[plain[key]])
            is_first = year and used[plain[key]].count(year) == 1
            title = f"{title} ({year})" if is_first else f"{title} ({number})"
        titles[key] = title
    return titles


def genre_spelling(films: Iterable[LibraryFilm]) -> dict[str, str]:
    """The most common spelling of each genre, the first of equally common ones, by case folded."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for film in films:
        for genre in film.genres:
            counts[genre.casefold()][genre] += 1
    return {folded: spellings.most_common(1)[0][0] for folded, spellings in counts.items()}


def unnameable(films: Iterable[LibraryFilm], folder: Path) -> list[str]:
    """Paths of films and of what belongs to them that a cell cannot hold.

    Parameters
    ----------
    films : iterable of LibraryFilm
    folder : Path
        Folder of the tables.

    Returns
    -------
    list of str
        Those with control characters in a name, say; tables leave them out.
    """
    paths_of = ((film.video, film.image, film.subtitles, *film.trailers) for film in films)
    return [path for group in paths_of for path in group if path and not _cell(path, folder)]


def _cell(path: str, folder: Path) -> str:
    """A path as a cell; empty if it is empty, or if reading the cell would not lead to it."""
    cell = path_cell(path, folder) if path else ""
    return cell if cell and os.path.exists(paths.resolve(cell, str(folder))) else ""


def _new_id(film: LibraryFilm, taken: Collection[str]) -> str:
    name = f"{film.title} {film.year}" if film.year else film.title
    (base,) = unique_ids([name], "film")
    return unused_name("film" if list(name_problems("", base)) else base, taken)
