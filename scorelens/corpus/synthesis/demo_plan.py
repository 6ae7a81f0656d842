"""List the films of the demo corpus for a number and a seed, before anything runs.

Imported when the workflow is parsed: light imports only.
"""

import random
from dataclasses import dataclass

from scorelens.ids import slug

GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance", "Science Fiction")

DEMO_TRACKS = ("01_main_title", "02_arrival", "03_pursuit", "04_quiet_hour", "05_finale")

# In 18 films: Action 8, Comedy 6, Drama 7, Science Fiction 6, Horror and Romance 4 each, near the
# proportions of Ma et al. (2021). The first six films already hold every genre.
_LABELS = (
    ("Action", "Science Fiction"),
    ("Comedy", "Romance"),
    ("Drama",),
    ("Horror",),
    ("Action", "Drama"),
    ("Comedy", "Science Fiction"),
    ("Action",),
    ("Drama", "Romance"),
    ("Action", "Horror", "Science Fiction"),
    ("Action", "Comedy"),
    ("Drama", "Science Fiction"),
    ("Comedy", "Drama", "Romance"),
    ("Horror",),
    ("Action", "Science Fiction"),
    ("Comedy",),
    ("Drama", "Romance"),
    ("Action", "Drama", "Horror"),
    ("Action", "Comedy", "Science Fiction"),
)

# fmt: off
_FIRST = (
    "Amber", "Brass", "Broken", "Crooked", "Distant", "Empty", "Falling", "Final", "Gentle",
    "Glass", "Hidden", "Hollow", "Iron", "Lonely", "Northern", "Paper", "Second", "Winter",
)
_SECOND = (
    "Anchor", "Avenue", "Bridge", "Circus", "Compass", "Courier", "Echo", "Engine", "Garden",
    "Harbour", "Horizon", "Lantern", "Letter", "Orchard", "Passenger", "Signal", "Tide", "Visitor",
)
# fmt: on
_YEARS = range(2020, 2026)


@dataclass(frozen=True)
class DemoFilm:
    """One film of the demo corpus; music, sounds, pictures and scenes follow from its `seed`."""

    film_id: str
    title: str
    year: int
    genres: tuple[str, ...]
    seed: int


def demo_films(count: int, seed: int) -> list[DemoFilm]:
    """List the first films of the corpus of a seed.

    Parameters
    ----------
    count : int
        Number of films. A larger count does not change the earlier films.
    seed : int
        The seed.

    Returns
    -------
    list of DemoFilm

    Examples
    --------
    >>> [film.title for film in demo_films(2, seed=1)] == [
    ...     film.title for film in demo_films(3, seed=1)
    ... ][:2]
    True
    """
    titles = _titles(seed)
    return [_film(number, seed, titles) for number in range(count)]


def _film(number: int, seed: int, titles: list[str]) -> DemoFilm:
    rng = random.Random(f"{seed} {number}")
    part, index = divmod(number, len(titles))
    title = titles[index] + (f" {part + 1}" if part else "")
    return DemoFilm(
        film_id=slug(title),
        title=title,
        year=rng.choice(_YEARS),
        genres=_LABELS[number % len(_LABELS)],
        seed=rng.getrandbits(32),
    )


def _titles(seed: int) -> list[str]:
    titles = [f"The {first} {second}" for first in _FIRST for second in _SECOND]
    random.Random(seed).shuffle(titles)
    return titles
