"""What names of files and folders say, by the conventions of Kodi, Jellyfin and Plex."""

import functools
import os
import re
from collections.abc import Sequence
from typing import NamedTuple

import langcodes

# fmt: off
VIDEO_EXTENSIONS = frozenset((
    ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".iso", ".m2ts", ".m4v", ".mk3d",
    ".mkv", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf", ".ogm", ".ogv", ".rm",
    ".rmvb", ".ts", ".vob", ".webm", ".wmv", ".wtv",
))
SUBTITLE_EXTENSIONS = (".srt", ".ass", ".ssa", ".vtt", ".sub")
IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".tbn")
POSTERS = ("poster", "folder", "cover", "movie", "default")
TRAILER_FOLDERS = frozenset(("trailer", "trailers"))
EXTRA_FOLDERS = TRAILER_FOLDERS | frozenset((
    "backdrops", "behind the scenes", "behindthescenes", "bonus", "clips", "deleted scenes",
    "extra", "extrafanart", "extras", "extrathumbs", "featurette", "featurettes", "interviews",
    "other", "others", "sample", "samples", "scenes", "shorts", "specials", "theme-music",
))
SUBTITLE_FOLDERS = frozenset(("subs", "subtitles"))
LANGUAGE_NAMES = {
    "arabic": "ar", "chinese": "zh", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en",
    "finnish": "fi", "french": "fr", "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi",
    "hungarian": "hu", "italian": "it", "japanese": "ja", "korean": "ko", "norwegian": "no",
    "persian": "fa", "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru",
    "spanish": "es", "swedish": "sv", "thai": "th", "turkish": "tr", "ukrainian": "uk",
    "vietnamese": "vi",
}
# fmt: on
YEAR = r"(?:18[7-9]|19\d|20\d)\d"
NAME_YEAR = re.compile(rf"^(?P<title>.+?)[ ._]*[(\[](?P<year>{YEAR})[)\]]")
SERVER_MARK = re.compile(r"[{\[](?:(?:imdb|tmdb|tvdb)(?:id)?[-=]|edition-)[^}\]]*[}\]]", re.I)
PART = re.compile(r"^(.*?)[ _.-]+(?:cd|dvd|part|pt|dis[ck])[ _.-]*(\d{1,2}|[a-d])$", re.I)
PART_FOLDER = re.compile(r"^(?:cd|dvd|part|pt|dis[ck])[ _.-]*(\d{1,2}|[a-d])$", re.I)
DISC_FOLDER = re.compile(r"^(?:cd|dis[ck]|disque|volume|vol\.?)[ _.-]*(\d{1,2}|[a-d])\b", re.I)
TRAILER = re.compile(r"(?:^|[-._ ])trailer[-._ ]?\d*$", re.I)
EXTRA = re.compile(
    r"-(?:scene|clip|interview|behindthescenes|deleted|deletedscene|featurette|short|other|extra)"
    r"\d*$|(?:^|[-._ ])sample$",
    re.I,
)
EPISODE = re.compile(r"\bs\d{1,2}[ ._-]*e\d{1,3}\b|\b\d{1,2}x\d{2}\b", re.I)
FLAGS = frozenset(("forced", "foreign", "sdh", "cc", "hi", "default"))


class NameParts(NamedTuple):
    """Title and year that a name tells; the year is None if it tells none."""

    title: str
    year: int | None


def stem(name: str) -> str:
    """A file's name without its extension."""
    return os.path.splitext(name)[0]


def is_video(name: str) -> bool:
    """Whether a file is a video by its extension."""
    return os.path.splitext(name)[1].lower() in VIDEO_EXTENSIONS


def is_trailer(name: str) -> bool:
    """Whether a video is a trailer by its name.

    Examples
    --------
    >>> [is_trailer(n) for n in ("Heat (1995)-trailer.mp4", "movie-trailer2.mkv", "Trailer.mp4")]
    [True, True, True]
    >>> is_trailer("Trailer Park Boys (2006).mkv")
    False
    """
    return bool(TRAILER.search(stem(name)))


def is_extra(name: str) -> bool:
    """Whether a video is neither a film nor a trailer by its name.

    Examples
    --------
    >>> [is_extra(name) for name in ("Heat-deleted.mkv", "heat.sample.mkv", "The Short.mkv")]
    [True, True, False]
    """
    return bool(EXTRA.search(stem(name)))


def is_episode(name: str) -> bool:
    """Whether a video is an episode of a series by its name.

    Examples
    --------
    >>> is_episode("Show.S01E02.mkv"), is_episode("Heat (1995).mkv")
    (True, False)
    """
    return bool(EPISODE.search(stem(name)))


def part_of(name: str) -> tuple[str, str] | None:
    """What a name of one part of a film begins with, and the number of the part.

    Examples
    --------
    >>> part_of("Heat (1995) - cd2.avi"), part_of("Heat (1995).avi")
    (('Heat (1995)', '2'), None)
    """
    match = PART.match(stem(name))
    return (match[1].rstrip(" _.-"), match[2].lower()) if match else None


@functools.lru_cache(maxsize=4096)
def name_parts(name: str) -> NameParts:
    """Title and year of a film by the name of its file or folder.

    Parameters
    ----------
    name : str
        Without an extension. `Title (Year)` is taken as it stands; anything else is left to
        guessit.

    Returns
    -------
    NameParts

    Examples
    --------
    >>> name_parts("1917 (2019) {imdb-tt8579674}")
    NameParts(title='1917', year=2019)
    >>> name_parts("Blade.Runner.1982.1080p.BluRay.x264-GROUP")
    NameParts(title='Blade Runner', year=1982)
    """
    if match := NAME_YEAR.match(name):
        return NameParts(_spaced(match["title"]), int(match["year"]))
    if name.isdecimal():
        return NameParts(name, None)
    from guessit import guessit  # slow to import

    found = guessit(name, {"type": "movie"})
    title = found.get("title")
    is_plain = not ({*found} - {"title", "alternative_title", "type"})
    return NameParts(_spaced(name) if is_plain or not title else str(title), found.get("year"))


def _spaced(text: str) -> str:
    """The words of a name that has dots or underscores for spaces."""
    text = SERVER_MARK.sub(" ", text)
    if " " not in text.strip():
        text = text.replace(".", " ").replace("_", " ")
    return " ".join(text.split())


def subtitle_language(name: str, film_stem: str) -> tuple[str, frozenset[str]] | None:
    """Language and flags of a file of subtitles of a film.

    Parameters
    ----------
    name : str
        The file.
    film_stem : str
        Name of the video without its extension.

    Returns
    -------
    (str, frozenset of str) or None
        The language's code, such as `en`, empty if the name tells none. None if the file is of
        something else.

    Examples
    --------
    >>> language, flags = subtitle_language("Heat (1995).eng.forced.srt", "Heat (1995)")
    >>> language, sorted(flags)
    ('en', ['forced'])
    """
    base, extension = os.path.splitext(name)
    if extension.lower() not in SUBTITLE_EXTENSIONS or not base.startswith(film_stem):
        return None
    rest = base[len(film_stem) :]
    if rest and rest[0] not in "._- ([":
        return None
    words = [word.lower() for word in re.split(r"[._\s()\[\]]+", rest) if word.strip("-")]
    codes = [code for word in words if word not in FLAGS and (code := language_code(word))]
    return (codes[0] if codes else ""), frozenset(words) & FLAGS


@functools.lru_cache(maxsize=1024)
def language_code(word: str) -> str:
    """The code of a language by its code or its English name; empty if it is none.

    Examples
    --------
    >>> [language_code(word) for word in ("eng", "pt-br", "German", "xyzzy")]
    ['en', 'pt', 'de', '']
    """
    if known := LANGUAGE_NAMES.get(word.lower()):
        return known
    if not re.fullmatch(r"[a-z]{2,3}([-_][a-z]{2,4})?", word):
        return ""
    try:
        language = langcodes.Language.get(word)
    except ValueError:
        return ""
    return language.language or "" if language.is_valid() else ""


def choose_subtitles(candidates: Sequence[tuple[str, str, frozenset[str]]]) -> str:
    """The best subtitles for a network that reads English: path; empty if there are none.

    English ones come first, then those of no language in their name; others count as none. Forced
    ones hold a few lines of a film and come last, those for the hard of hearing before them.

    Parameters
    ----------
    candidates : sequence of (str, str, frozenset of str)
        Path, language and flags.
    """
    ranked = [
        (
            language != "en",
            bool(flags & {"forced", "foreign"}),
            bool(flags & {"sdh", "cc", "hi"}),
            path,
        )
        for path, language, flags in candidates
        if language in ("en", "")
    ]
    return min(ranked)[-1] if ranked else ""
