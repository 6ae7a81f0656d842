"""Compare titles of films with those of albums, in any script."""

import difflib
import re
from collections.abc import Iterator

from anyascii import anyascii

ARTICLES = frozenset(
    (
        "the",
        "a",
        "an",
        "le",
        "la",
        "les",
        "der",
        "die",
        "das",
        "el",
        "los",
        "las",
        "il",
        "lo",
        "gli",
    )
)
ROMAN = {
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9",
}  # fmt: skip
DISC = re.compile(
    r"[\s,:(\[-]*\b(?:cd|dis[ck]|disque)[\s.:#-]*(?:\d{1,2}|one|two|three|four)\b(?:\s*of\s*\d+)?[)\]]?",
    re.I,
)
SOUNDTRACK = re.compile(
    r"\b(?:(?:the\s+)?(?:complete\s+|expanded\s+)?(?:original\s+)?"
    r"(?:motion\s+picture|movie|film|television|tv)?\s*(?:sound\s?track|score|recording\s+sessions)s?"
    r"(?:\s+(?:album|recording|from\s+the\s+(?:motion\s+picture|movie|film)))?"
    r"|o\.?\s?s\.?\s?t\b\.?|(?:songs|music)\s+(?:from|for|composed\s+for)\s+(?:and\s+inspired\s+by\s+)?"
    r"(?:the\s+)?(?:original\s+)?(?:motion\s+picture|movie|film)s?"
    r"|bande\s+originale(?:\s+du\s+film)?|colonna\s+sonora(?:\s+originale)?|banda\s+sonora(?:\s+original)?"
    r"|original\s+motion\s+picture|filmmusik)",
    re.I,
)
EDITION = re.compile(
    r"\b(?:(?:deluxe|limited|special|expanded|anniversary|collector'?s|complete|extended|remastered)"
    r"(?:\s+(?:edition|version|release|score))?|remaster|reissue|(?:\d+(?:st|nd|rd|th)\s+)anniversary"
    r"(?:\s+edition)?|flac|mp3|vinyl|web|lossless|320|v0)\b",
    re.I,
)
YEAR_IN_BRACKETS = re.compile(r"[(\[]((?:18[7-9]|19\d|20\d)\d)[)\]]")
BEGINS = 0.85  # resemblance of titles one of which begins the other
SOUNDTRACK_PLACE = re.compile(r"sound\s?track|\bost\b|\bscores?\b|film\s?(?:music|scores?)", re.I)


def tokens(title: str) -> tuple[str, ...]:
    """The words of a title in Latin letters, without case, accents, marks and a leading article.

    Parameters
    ----------
    title : str

    Returns
    -------
    tuple of str
        Roman numerals of two letters and more are digits.

    Examples
    --------
    >>> tokens("The Godfather: Part II"), tokens("Сталкер"), tokens("Matrix, The")
    (('godfather', 'part', '2'), ('stalker',), ('matrix',))
    """
    plain = anyascii(title).lower().replace("&", " and ").replace("'", "")
    words = [ROMAN.get(word, word) for word in re.findall(r"[a-z0-9]+", plain)]
    if len(words) > 1 and words[0] in ARTICLES:
        words = words[1:]
    elif len(words) > 1 and words[-1] in ARTICLES and "," in title:
        words = words[:-1]
    return tuple(words)


def album_titles(name: str) -> list[tuple[str, ...]]:
    """What film the title of an album, or the name of its folder, may name.

    Parameters
    ----------
    name : str
        Such as `Vangelis - Blade Runner (Original Motion Picture Soundtrack) [FLAC]`.

    Returns
    -------
    list of tuple of str
        `tokens` of the whole and of what dashes divide, without words that all albums have.

    Examples
    --------
    >>> album_titles("Vangelis - Blade Runner (Original Motion Picture Soundtrack) [FLAC]")
    [('vangelis', 'blade', 'runner'), ('vangelis',), ('blade', 'runner')]
    """
    texts = re.split(r"\s[-\u2013\u2014]\s", name)
    whole = [name, *(texts if len(texts) > 1 else [])]
    return list(dict.fromkeys(filter(None, map(_bare, whole))))


def _bare(name: str) -> tuple[str, ...]:
    """The words of a title without those of soundtracks, editions, discs and years in brackets."""
    bare = YEAR_IN_BRACKETS.sub(" ", DISC.sub(" ", name))
    bare = EDITION.sub(" ", SOUNDTRACK.sub(" ", bare))
    return tokens(bare) or tokens(name)


def names_soundtrack(name: str) -> bool:
    """Whether a title says that an album is a soundtrack.

    Examples
    --------
    >>> names_soundtrack("Heat (Music from the Motion Picture)"), names_soundtrack("Thriller")
    (True, False)
    """
    return bool(SOUNDTRACK.search(name))


def is_soundtrack_place(path: str) -> bool:
    """Whether a path names a place for soundtracks, such as `Music/Soundtracks/Heat`."""
    return any(SOUNDTRACK_PLACE.search(part) for part in path.split("/")[:-1])


def bracketed_year(name: str) -> int | None:
    """The year in brackets in a name; None without one."""
    match = YEAR_IN_BRACKETS.search(name)
    return int(match[1]) if match else None


def resemblance(film: tuple[str, ...], album: tuple[str, ...]) -> float:
    """How much two titles resemble each other that are not the same.

    Parameters
    ----------
    film, album : tuple of str
        Their `tokens`.

    Returns
    -------
    float
        0..1, an upper bound of it below BEGINS. A title that begins the other one has at least
        BEGINS if it is more than one short word.

    Examples
    --------
    >>> resemblance(("alien",), ("aliens",)) > 0.85, resemblance(("heat",), ("amelie",)) < 0.5
    (True, True)
    """
    matcher = difflib.SequenceMatcher(None, " ".join(film), " ".join(album), autojunk=False)
    bound = min(matcher.real_quick_ratio(), matcher.quick_ratio())
    ratio = (
        matcher.ratio() if bound >= BEGINS else bound
    )  # a bound is fast, and enough if it is low
    shorter, longer = sorted((film, album), key=len)
    begins = longer[: len(shorter)] == shorter and sum(map(len, shorter)) > 4
    return max(ratio, BEGINS) if begins else ratio


def all_tokens(titles: Iterator[str] | tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """The `tokens` of some titles, without empty ones."""
    return frozenset(filter(None, map(tokens, titles)))
