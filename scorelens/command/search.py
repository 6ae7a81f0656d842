"""`scorelens search`: a search on the screen."""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scorelens.command.run import SETTINGS
from scorelens.command.search_settings import read_search_settings
from scorelens.errors import ConfigError, Problem
from scorelens.live_search import Filters, Hit, Like, Moment, Query, open_index
from scorelens.live_search.query import EVERYTHING, Range

RESULTS = Path("results")


def search(
    words: str,
    tags: Sequence[str],
    like: str,
    like_from: str,
    like_to: str,
    image: Path | None,
    at: tuple[str, str] | None,
    filters: Filters,
    libraries: Sequence[Path],
    update: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Search, and show the hits.

    Parameters
    ----------
    words : str
        May be empty.
    tags : sequence of str
    like : str
        A file, or the id of a track; empty for none.
    like_from, like_to : str
        Times of the passage in it; empty for its start and end.
    image : Path or None
    at : (str, str) or None
        A film of the run, and a time.
    filters : Filters
    libraries : sequence of Path
        Folders of music to index first.
    update : bool
        Whether the album tracks of the run are indexed first.
    limit : int
    as_json : bool
        Whether hits are shown as JSON.

    Raises
    ------
    InputError
        If the search cannot be answered.
    """
    query = Query(
        words=words,
        tags=tuple(tags),
        image=str(image or ""),
        like=like_query(like, like_from, like_to),
        moment=Moment(at[0], seconds(at[1])) if at else None,
        filters=filters,
        limit=limit,
    )
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    is_empty = query == Query(filters=filters, limit=limit)
    first = not any((RESULTS / "search").glob("*.npz"))
    build = update or (first and not libraries)
    index = open_index(RESULTS, libraries, build, read_search_settings(SETTINGS))
    console = Console(highlight=False)
    if is_empty and (libraries or update):
        console.print(f"{len(index)} tracks can be searched")
        return
    hits = index.search(query)
    if as_json:
        print(json.dumps([asdict(hit) for hit in hits], ensure_ascii=False, indent=1))
        return
    console.print(hit_table(hits, len(index)))
    for reason in dict.fromkeys(hit.why for hit in hits):
        console.print(f"answered by {reason}", markup=False)
    if not hits:
        console.print("no track passes the filters")


def hit_table(hits: Sequence[Hit], tracks: int) -> Table:
    """Hits as a table for the terminal, without columns that all of them lack.

    Parameters
    ----------
    hits : sequence of Hit
    tracks : int
        How many were searched.

    Returns
    -------
    rich.table.Table
    """
    rows = [_cells(number, hit) for number, hit in enumerate(hits, 1)]
    headings = ("", "track", "artist", "album", "from", "length", "BPM", "key", "score")
    kept = [k for k in range(len(headings)) if any(row[k] for row in rows)]
    shown = Table(title=f"{len(hits)} of {tracks} tracks", title_justify="left")
    for k in kept:
        is_text = headings[k] in ("track", "artist", "album", "key")
        shown.add_column(headings[k], justify="left" if is_text else "right", overflow="fold")
    for row in rows:
        shown.add_row(*(row[k] for k in kept))
    return shown


def _cells(number: int, hit: Hit) -> tuple[str, ...]:
    texts = (text.replace("[", "\\[") for text in (hit.title, hit.artist, hit.album))
    tempo = "" if hit.tempo_bpm is None else f"{hit.tempo_bpm:.0f}"
    times = clock(hit.start_s), clock(hit.length_s or 0)
    return str(number), *texts, *times, tempo, hit.key, f"{hit.score:.2f}"


def clock(time_s: float) -> str:
    """Time as minutes and seconds.

    Examples
    --------
    >>> clock(59.96), clock(3725)
    ('0:59', '62:05')
    """
    minutes, rest = divmod(int(time_s), 60)
    return f"{minutes}:{rest:02}"


def seconds(text: str) -> float:
    """Read a time: seconds, or hours, minutes and seconds with colons.

    Examples
    --------
    >>> seconds("83.5"), seconds("1:23.5"), seconds("1:00:02")
    (83.5, 83.5, 3602.0)
    """
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d+)?", text):
        expected = "seconds such as 83.5, or 1:23.5, or 1:02:03"
        raise ConfigError(Problem("time", f"is {text!r}", expected))
    total = 0.0
    for part in text.split(":"):
        total = 60 * total + float(part)
    return total


def like_query(like: str, start: str, end: str) -> Like | None:
    """The music that hits should resemble; None for none.

    Raises
    ------
    ConfigError
        If a passage is given without music, or a time is none.
    """
    if not like:
        if start or end:
            what, expected = "is given without --like", "--like FILE as well"
            raise ConfigError(Problem("--from or --to", what, expected))
        return None
    return Like(like, *(seconds(time) if time else None for time in (start, end)))


def number_range(option: str, text: str) -> Range:
    """Read a range: `90-120`, `90-`, `-20..-10`, or one number for both bounds.

    Parameters
    ----------
    option : str
        Its name, for messages.
    text : str
        Bounds are parted by `..`, or by `-` if neither is negative; empty for no bound.

    Returns
    -------
    (float or None, float or None)

    Raises
    ------
    ConfigError
        If the text is no range.

    Examples
    --------
    >>> number_range("--tempo", "90-120"), number_range("--loudness", "-30..-20")
    ((90.0, 120.0), (-30.0, -20.0))
    >>> number_range("--length", "180-"), number_range("--length", "")
    ((180.0, None), (None, None))
    """
    if not text:
        return EVERYTHING
    number = r"[0-9]+(?:\.[0-9]+)?"
    plain = re.fullmatch(f"({number})?-({number})?", text)
    signed = re.fullmatch(rf"(-?{number})?\.\.(-?{number})?", text)
    single = re.fullmatch(f"-?{number}", text)
    match = signed or (None if single else plain)
    if match and any(match.groups()):
        low, high = (float(bound) if bound else None for bound in match.groups())
        return low, high
    if single:
        return float(text), float(text)
    expected = "a range such as 90-120, 90-, or -30..-20"
    raise ConfigError(Problem(option, f"is {text!r}", expected))
