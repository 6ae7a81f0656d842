"""Plan of the trailer demo: which trailers are cut from films and which are synthesized.

One trailer is cut from each film of the demo corpus. The further trailers are synthetic, so that
the evidence for each genre is known: each carries one genre in the picture alone, one in the sound
alone, and one in both. The three are independent: the picture holds no evidence for a genre that is
in the sound alone, and the reverse.

Imported when the workflow is parsed: light imports only.
"""

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scorelens.corpus import GENRES, demo_titles
from scorelens.errors import ConfigError, Problem
from scorelens.film_table import Film
from scorelens.ids import slug
from scorelens.trailers.data.table import Trailer

FOLDER = "results/trailers/demo"
TABLE = f"{FOLDER}/trailers.tsv"
PICTURE_ONLY, SOUND_ONLY = ("Horror", "Romance"), ("Action", "Comedy")
IN_BOTH = ("Drama", "Science Fiction")
# Number of trailers of each title of a combination of genres.
TRAILERS_PER_TITLE = (2, 1, 1, 1)
YEARS = range(2020, 2026)  # of synthetic trailers as of the films, whatever the genres


@dataclass(frozen=True)
class DemoTrailer:
    """What is synthesized for one trailer.

    Attributes
    ----------
    trailer_id : str
        Id of the trailer.
    title : str
        Title of the film.
    year : int
        Of the film.
    genres : tuple of str
        Genres of the film.
    film_id : str
        Film that the trailer is cut from; empty for a synthetic trailer.
    picture_genres, sound_genres : tuple of str
        Genres of the picture and of the sound; empty for a trailer that is cut.
    seed : int
        Seed of a synthetic trailer.
    """

    trailer_id: str
    title: str
    year: int
    genres: tuple[str, ...]
    film_id: str
    picture_genres: tuple[str, ...]
    sound_genres: tuple[str, ...]
    seed: int


def demo_trailers(films: Sequence[Film], genres: Sequence[str], seed: int) -> list[Trailer]:
    """Describe the trailers of the demo as a table of the user would.

    Parameters
    ----------
    films : sequence of Film
        Films of the demo corpus.
    genres : sequence of str
        Genres that the configuration allows.
    seed : int
        Seed of the plan.

    Returns
    -------
    list of Trailer
        All trailers, by trailer id.

    Raises
    ------
    ConfigError
        If a trailer has a genre that is not among `genres`.
    """
    planned = plan_trailers(
        {film.film_id: (film.title, film.year, film.genres) for film in films}, seed
    )
    absent = sorted({genre for trailer in planned for genre in trailer.genres} - {*genres})
    if absent:
        what = f"lacks {', '.join(absent)}"
        hint = "or name trailers of your own in trailers.trailers"
        raise ConfigError(Problem("config: trailers.genres", what, "the genres of the demo", hint))
    return [
        Trailer(name, trailer.title, video(name), trailer.genres, trailer.year)
        for name, trailer in ((trailer.trailer_id, trailer) for trailer in planned)
    ]


def plan_trailers(
    films: Mapping[str, tuple[str, int, Sequence[str]]], seed: int
) -> list[DemoTrailer]:
    """Plan all trailers of the demo.

    Parameters
    ----------
    films : mapping of str to (str, int, sequence of str)
        Title, year and genres of each film of the corpus, by film id.
    seed : int
        Seed of the plan.

    Returns
    -------
    list of DemoTrailer
        Cut and synthetic trailers, by trailer id.
    """
    cut = [
        DemoTrailer(f"{film_id}_trailer", title, year, tuple(genres), film_id, (), (), 0)
        for film_id, (title, year, genres) in films.items()
    ]
    return sorted(cut + _synthetic_trailers(seed), key=lambda trailer: trailer.trailer_id)


def video(trailer_id: str) -> str:
    """Path of the video of a trailer."""
    return f"{FOLDER}/videos/{trailer_id}.mp4"


def _synthetic_trailers(seed: int) -> list[DemoTrailer]:
    """Equally many trailers of each combination of genres."""
    rng = random.Random(f"{seed} trailers")
    combinations = list(itertools.product(PICTURE_ONLY, SOUND_ONLY, IN_BOTH))
    slots = list(itertools.product(combinations, TRAILERS_PER_TITLE))
    titles = rng.sample(demo_titles(), len(slots))
    years = random.Random(f"{seed} trailer years").choices(YEARS, k=len(slots))
    return [
        _synthetic_trailer(title, year, number, combination, rng)
        for title, year, (combination, trailers) in zip(titles, years, slots, strict=True)
        for number in range(1, trailers + 1)
    ]


def _synthetic_trailer(
    title: str, year: int, number: int, combination: tuple[str, str, str], rng: random.Random
) -> DemoTrailer:
    of_picture, of_sound, of_both = combination
    return DemoTrailer(
        trailer_id=f"{slug(title)}_trailer_{number}",
        title=title,
        year=year,
        genres=tuple(sorted(combination, key=GENRES.index)),
        film_id="",
        picture_genres=(of_picture, of_both),
        sound_genres=(of_sound, of_both),
        seed=rng.getrandbits(32),
    )
