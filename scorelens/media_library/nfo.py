"""Read NFO files of films, as Kodi, Jellyfin and their scrapers write them."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from scorelens import charsets
from scorelens.errors import InputError, Problem
from scorelens.film_table import FIRST_FILM_YEAR

LARGEST_NFO = 4 << 20  # bytes; those of films have a few thousand
DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
GENRE_SEPARATORS = re.compile(r"\s*[/|;,]\s*")
GENRE_NAMES = {
    "sci-fi": ("Science Fiction",),
    "scifi": ("Science Fiction",),
    "sci fi": ("Science Fiction",),
    "science-fiction": ("Science Fiction",),
    "sci-fi & fantasy": ("Science Fiction", "Fantasy"),
    "action & adventure": ("Action", "Adventure"),
    "war & politics": ("War", "Politics"),
    "suspense": ("Thriller",),
    "romantic": ("Romance",),
}


class NfoError(InputError):
    """An NFO file that cannot be read, or must not be."""


@dataclass(frozen=True)
class Nfo:
    """What an NFO file says of a film; empty where it says nothing.

    Parameters
    ----------
    kind : str
        Name of the outermost element, such as `movie`; empty if the file is no XML.
    title, original_title, plot, collection : str
        The plot is the outline if there is no plot. The collection is the `set`.
    year : int or None
    genres, tags : tuple of str
    unique_id : str
        Such as `imdb:tt0113277`.
    posters : tuple of str
        Addresses and paths of pictures, posters first.
    notes : tuple of str
        What of it was not usable.
    """

    kind: str = ""
    title: str = ""
    original_title: str = ""
    year: int | None = None
    genres: tuple[str, ...] = ()
    plot: str = ""
    tags: tuple[str, ...] = ()
    collection: str = ""
    unique_id: str = ""
    posters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_nfo(path: str | os.PathLike) -> Nfo:
    """Read the NFO file of a film.

    Parameters
    ----------
    path : path
        The file. Text that is no XML, such as the note of a release or an address alone, counts as
        an empty NFO. Addresses that Kodi allows behind the XML are ignored.

    Returns
    -------
    Nfo

    Raises
    ------
    NfoError
        If the file cannot be read, is larger than 4 MiB, is broken XML, or declares entities.
    """
    expected = "an NFO file of Kodi, Jellyfin or a scraper"
    try:
        if os.path.getsize(path) > LARGEST_NFO:
            what = f"has {os.path.getsize(path):,} bytes and was not read"
            raise NfoError(Problem(str(path), what, f"{expected}, of a few kB"))
        text = charsets.read_text(path)[0].lstrip("\ufeff").strip()
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise NfoError(Problem(str(path), what, expected)) from None
    if not text.startswith("<"):
        return Nfo()
    try:
        return _nfo(fromstring(_first_document(text)))
    except DefusedXmlException as error:
        what = f"declares entities ({type(error).__name__}) and was not read"
        raise NfoError(Problem(str(path), what, "XML without entities of its own")) from None
    except (ParseError, ValueError, RecursionError) as error:
        what, hint = f"is broken XML ({error})", "let the media server write it anew"
        raise NfoError(Problem(str(path), what, expected, hint)) from None


def clean_genres(texts: Iterator[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Genres as the tables have them: divided, in one spelling, each once.

    Examples
    --------
    >>> clean_genres(("action / Sci-Fi", "Drama", "drama"))
    ('Action', 'Science Fiction', 'Drama')
    """
    genres: dict[str, None] = {}
    for text in texts:
        for part in GENRE_SEPARATORS.split(re.sub(r"[{}]", "", text)):
            words = " ".join(part.split())
            if known := GENRE_NAMES.get(words.casefold()):
                genres |= dict.fromkeys(known)
            elif words:
                plain = words.islower() or (words.isupper() and len(words) > 3)
                genres[words.title() if plain else words] = None
    return tuple(genres)


def _first_document(text: str) -> str:
    """The first element of a text, without its declaration and what follows it."""
    text = DECLARATION.sub("", text)
    root = re.search(r"<([A-Za-z][\w.-]*)[\s/>]", text)
    if not root or "<!DOCTYPE" in text[: root.start()].upper():
        return text
    end = text.find(f"</{root[1]}>")
    return text if end < 0 else text[: end + len(root[1]) + 3]


def _nfo(root: Element) -> Nfo:
    notes: list[str] = []
    return Nfo(
        kind=root.tag,
        title=_text(root, "title"),
        original_title=_text(root, "originaltitle"),
        year=_year(root, notes),
        genres=clean_genres(tuple(_texts(root, "genre"))),
        plot=_plot(root),
        tags=tuple(dict.fromkeys(tag.replace(";", ",") for tag in _texts(root, "tag"))),
        collection=(_text(root, "set/name") or _text(root, "set")).replace(";", ","),
        unique_id=_unique_id(root),
        posters=tuple(_posters(root)),
        notes=tuple(notes),
    )


def _texts(root: Element, path: str) -> Iterator[str]:
    """The texts of the elements of one name, in one line each, without empty ones."""
    for element in root.findall(path):
        if text := " ".join((element.text or "").split()):
            yield text


def _text(root: Element, path: str) -> str:
    return next(_texts(root, path), "")


def _plot(root: Element) -> str:
    """Paragraphs of the plot, or else of the outline, divided by blank lines."""
    for name in ("plot", "outline"):
        text = root.findtext(name) or ""
        paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
        if plot := "\n\n".join(filter(None, paragraphs)):
            return plot
    return ""


def _year(root: Element, notes: list[str]) -> int | None:
    for name in ("year", "premiered", "releasedate"):
        if text := _text(root, name):
            match = re.match(r"\d{4}(?!\d)", text)
            if match and FIRST_FILM_YEAR <= int(match[0]) <= 2200:
                return int(match[0])
            if not re.fullmatch(r"[0-]*", text):
                notes.append(f"{name} is {text!r}, which is no year of a film")
    return None


def _unique_id(root: Element) -> str:
    """The default id, otherwise the first one; IMDb's if an old file has it in `id`."""
    ids = [e for e in root.findall("uniqueid") if (e.text or "").strip()]
    if ids:
        element = next((e for e in ids if e.get("default") == "true"), ids[0])
        return f"{element.get('type') or 'id'}:{element.text.strip()}"
    for name in ("imdbid", "imdb_id", "id"):
        if re.fullmatch(r"tt\d+", text := _text(root, name)):
            return f"imdb:{text}"
    return f"tmdb:{text}" if (text := _text(root, "tmdbid")) else ""


def _posters(root: Element) -> Iterator[str]:
    yield from _texts(root, "art/poster")
    thumbs = [e for e in root.findall("thumb") if (e.text or "").strip()]
    for element in sorted(thumbs, key=lambda e: e.get("aspect") != "poster"):
        if element.get("aspect") in ("poster", None):
            yield element.text.strip()
