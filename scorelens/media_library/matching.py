"""Match albums to films by folder, tags and title; doubtful matches are listed, not made."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scorelens.media_library.albums import LibraryAlbum
from scorelens.media_library.films import LibraryFilm
from scorelens.media_library.titles import BEGINS, all_tokens, resemblance

MIN_RESEMBLANCE = BEGINS  # of titles that are listed as doubtful
IN_FOLDER, SAME_YEAR, SAME_TITLE = 3, 2, 1  # ranks of evidence
YEARS_APART = 1  # of a film and its album at most


@dataclass(frozen=True)
class Doubt:
    """An album that may be of a film.

    Parameters
    ----------
    album : LibraryAlbum
    film : LibraryFilm
    reason : str
        Why it is no match.
    """

    album: LibraryAlbum
    film: LibraryFilm
    reason: str


@dataclass(frozen=True)
class Matches:
    """Albums and the films that they are of.

    Parameters
    ----------
    albums : mapping of str to (LibraryAlbum, str)
        Album and evidence, by path of the film's video.
    doubts : list of Doubt
    unmatched : list of LibraryAlbum
        Albums that are neither matched nor in doubt.
    """

    albums: Mapping[str, tuple[LibraryAlbum, str]]
    doubts: list[Doubt]
    unmatched: list[LibraryAlbum]


def match_albums(films: Sequence[LibraryFilm], albums: Sequence[LibraryAlbum]) -> Matches:
    """Match albums to films.

    Parameters
    ----------
    films : sequence of LibraryFilm
    albums : sequence of LibraryAlbum

    Returns
    -------
    Matches
        An album is a film's if it is in the folder of that film, or if tags or folder name the
        film's title and nothing speaks against it. Of two films of one title the year decides.
    """
    found: dict[str, list[tuple[int, LibraryAlbum, str]]] = defaultdict(list)
    doubts: list[Doubt] = []
    titles = {film.video: _film_titles(film) for film in films}
    for album in albums:
        if album.several:
            continue
        if inside := _film_around(album, films):
            found[inside.video].append((IN_FOLDER, album, "in the folder of the film"))
            continue
        named = [film for film in films if titles[film.video] & {*album.titles}]
        matches = [(film, *_evidence(album, film, named)) for film in named]
        certain = [match for match in matches if match[1]]
        if len(certain) == 1:
            film, rank, why = certain[0]
            found[film.video].append((rank, album, why))
        elif certain:
            why = f"{len(certain)} films have this title and year"
            doubts += [Doubt(album, film, why) for film, _, _ in certain]
        elif named:
            doubts += [Doubt(album, film, why) for film, _, why in matches]
        else:
            doubts += _similar(album, films, titles)
    chosen, more = _choose({film.video: film for film in films}, found)
    doubts += more
    used = {a.folder for a, _ in chosen.values()} | {doubt.album.folder for doubt in doubts}
    return Matches(chosen, doubts, [album for album in albums if album.folder not in used])


def _film_titles(film: LibraryFilm) -> frozenset[tuple[str, ...]]:
    return all_tokens((film.title, film.original_title))


def _film_around(album: LibraryAlbum, films: Sequence[LibraryFilm]) -> LibraryFilm | None:
    """The film in whose own folder an album is."""
    around = [f for f in films if f.has_folder and album.folder.startswith(f"{f.folder}/")]
    return max(around, key=lambda film: len(film.folder), default=None)


def _evidence(
    album: LibraryAlbum, film: LibraryFilm, named: Sequence[LibraryFilm]
) -> tuple[int, str]:
    """Rank of the evidence that an album with a film's title is of it, 0 if in doubt, and why."""
    near = _is_near(album.year, film.year) or _is_near(album.named_year, film.year)
    if album.named_year and film.year and not _is_near(album.named_year, film.year):
        return 0, f"the album names {album.named_year}, the film is of {film.year}"
    if near:
        return SAME_YEAR, "title and year"
    if len(named) > 1:
        return 0, f"{len(named)} films have this title, and the album's year is no film's"
    if album.year and film.year and album.year < film.year:
        return 0, f"the album is of {album.year}, before the film of {film.year}"
    if album.is_soundtrack:
        return SAME_TITLE, "title of a soundtrack"
    if max(len(title) for title in _film_titles(film) & {*album.titles}) > 1:
        return SAME_TITLE, "title"
    return 0, "a title of one word, and nothing says that the album is a soundtrack"


def _is_near(album_year: int | None, film_year: int | None) -> bool:
    return bool(album_year and film_year) and abs(album_year - film_year) <= YEARS_APART


def _similar(
    album: LibraryAlbum,
    films: Sequence[LibraryFilm],
    titles: Mapping[str, frozenset[tuple[str, ...]]],
) -> Iterator[Doubt]:
    """Films whose titles are much like those of an album, the most similar three."""
    scored = []
    for film in films:
        pairs = ((title, other) for title in titles[film.video] for other in album.titles)
        score = max((resemblance(*pair) for pair in pairs), default=0)
        if score >= MIN_RESEMBLANCE:
            scored.append((-score, film.video, film))
    for _, _, film in sorted(scored, key=lambda row: row[:2])[:3]:
        yield Doubt(album, film, "the titles are alike and not the same")


def _choose(
    films: Mapping[str, LibraryFilm], found: Mapping[str, list[tuple[int, LibraryAlbum, str]]]
) -> tuple[dict[str, tuple[LibraryAlbum, str]], list[Doubt]]:
    """The one album of each film with the most evidence; several alike are doubtful."""
    chosen, doubts = {}, []
    for video, candidates in found.items():
        best = max(rank for rank, _, _ in candidates)
        first = [(album, why) for rank, album, why in candidates if rank == best]
        if len(first) == 1:
            chosen[video] = first[0]
        others = [album for rank, album, _ in candidates if rank < best]
        others += [album for album, _ in first] if len(first) > 1 else []
        reason = "the film has another album" if len(first) == 1 else f"{len(first)} albums match"
        doubts += [Doubt(album, films[video], reason) for album in others]
    return chosen, doubts
