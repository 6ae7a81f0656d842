"""Read the film list of the published study, and find which of its feature files are there.

The files are supplement S4 of Ma et al. 2021. Imported when the workflow is parsed: light imports
only.
"""

import csv
import difflib
import os
from collections import Counter
from collections.abc import Iterator, Sequence

from scorelens.albums.files import NO_ALBUM
from scorelens.errors import ConfigError, Problem
from scorelens.film_table import Film
from scorelens.ids import slug

FILM_LIST = "film_genre_master_list.csv"
MIR_NAMES = "mir_feature_names.csv"
# The files that hold each feature set; its dictionary comes first.
FILES = {
    "mir": ("mir_features_dictionary.npy", MIR_NAMES),
    "vggish": ("vggish_features_dictionary.npy",),
}
FIELDS = "slug, raw genres, reduced genres"
FOLDER_HINT = "corpus: {published: {folder: ...}} names the folder of the paper's supplement S4"
_SHORT = {"sci-fi": "science fiction", "scifi": "science fiction", "sci fi": "science fiction"}


def read_films(folder: str | os.PathLike, genres: Sequence[str]) -> list[Film]:
    """Read the films of the master list.

    Parameters
    ----------
    folder : path
        The folder of the published files.
    genres : sequence of str
        Genres that a film may have. The list's genres match them in any case, `sci-fi` matches
        Science Fiction.

    Returns
    -------
    list of Film
        Without video and tracks, with the reduced genres of the list. Problems of a film's genres
        are in its `problems`.

    Raises
    ------
    ConfigError
        If the list cannot be read, lacks fields, or names no film or one film twice. It
        lists every problem of every row.
    """
    path = os.path.join(folder, FILM_LIST)
    rows = _read_rows(path)
    films = [_film(row, _where(path, number), genres) for number, row in rows if len(row) == 3]
    broken = [*_row_problems(rows, path), *_double_films(films, path)]
    if broken:
        raise ConfigError(broken + [problem for film in films for problem in film.problems])
    return films


def split_sets(
    folder: str | os.PathLike, wanted: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Split feature sets into those that the folder holds and those that it lacks.

    Parameters
    ----------
    folder : path
        The folder of the published files.
    wanted : sequence of str
        Names of feature sets.

    Returns
    -------
    present : list of str
        Sets whose files are there.
    absent : dict of str to str
        Why each other set is left out.

    Raises
    ------
    ConfigError
        If no set is there.
    """
    absent = {name: reason for name in wanted if (reason := _reason_absent(folder, name))}
    present = [name for name in wanted if name not in absent]
    if not present:
        what = "; ".join(f"{name}: {reason}" for name, reason in absent.items())
        expected = f"the files of {' or '.join(FILES)}, which features.sets asks for"
        raise ConfigError(Problem(str(folder), what, expected, FOLDER_HINT))
    return present, absent


def _reason_absent(folder: str | os.PathLike, feature_set: str) -> str:
    if feature_set not in FILES:
        return f"published features are {' and '.join(FILES)}"
    missing = [n for n in FILES[feature_set] if not os.path.isfile(os.path.join(folder, n))]
    return f"{folder} lacks {' and '.join(missing)}" if missing else ""


def _read_rows(path: str) -> list[tuple[int, list[str]]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, skipinitialspace=True)
            rows = [(reader.line_num, [field.strip() for field in row]) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        what = f"cannot be read ({reason})"
        raise ConfigError(Problem(path, what, "the list of films", FOLDER_HINT)) from None
    rows = [(number, row) for number, row in rows if any(row)]
    if not rows:
        raise ConfigError(Problem(path, "has no rows", f"one row a film: {FIELDS}", FOLDER_HINT))
    return rows


def _row_problems(rows: Sequence[tuple[int, list[str]]], path: str) -> Iterator[Problem]:
    for number, row in rows:
        if len(row) != 3:
            hint = "put the genres of one kind in one pair of quotes"
            yield Problem(_where(path, number), f"has {len(row)} fields", FIELDS, hint)
        elif not row[0]:
            yield Problem(_where(path, number), "names no film", FIELDS)


def _double_films(films: Sequence[Film], path: str) -> Iterator[Problem]:
    for film_id, count in Counter(film.film_id for film in films).items():
        if count > 1:
            yield Problem(
                path, f"{film_id!r} is in {count} rows", "one row a film", "remove one of them"
            )


def _film(row: Sequence[str], where: str, genres: Sequence[str]) -> Film:
    film_id, _, reduced = row
    known = {_label(genre): genre for genre in genres}
    named = [part.strip() for part in reduced.split(",") if part.strip()]
    labels = [known[_label(name)] for name in named if _label(name) in known]
    return Film(
        film_id=slug(film_id),
        title=" ".join(slug(film_id).split("_")).title(),
        year=None,
        genres=tuple(dict.fromkeys(labels)),
        video=None,
        album=NO_ALBUM,
        problems=tuple(_genre_problems(named, known, where)),
    )


def _genre_problems(named: Sequence[str], known: dict[str, str], where: str) -> Iterator[Problem]:
    if not named:
        genres = "; ".join(known.values())
        yield Problem(where, "has no reduced genre", "at least one", f"genres: {genres}")
    for name in named:
        if _label(name) not in known:
            expected = f"one of {list(known.values())}, in any case"
            near = difflib.get_close_matches(_label(name), known, n=1)
            hint = f"did you mean {known[near[0]]!r}?" if near else ""
            yield Problem(where, f"{name!r} is not a genre of the config", expected, hint)


def _label(genre: str) -> str:
    plain = genre.casefold()
    return _SHORT.get(plain, plain)


def _where(path: str, number: int) -> str:
    return f"{path}, line {number}"
