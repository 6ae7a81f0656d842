"""The trailers of the demo: known in full before anything runs.

One is cut from each film of the demo corpus. The further ones are composed, so that it is known
what gives a genre away: each carries one genre that only its picture shows, one that only its sound
tells, and one that both do. These are drawn apart: who sees the picture alone learns nothing of the
genre that is heard, and the other way round.

Imported when the workflow is parsed: light imports only.
"""

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scorelens.corpus.synthesis.demo_plan import GENRES
from scorelens.errors import ConfigError, Problem
from scorelens.film_table import Film
from scorelens.ids import slug
from scorelens.retrieval.demo.demo_words import NOUNS, PLACES
from scorelens.trailers.data.table import Trailer

FOLDER = "results/trailers/demo"
TABLE = f"{FOLDER}/trailers.tsv"
SHOWN_ONLY, HEARD_ONLY = ("Horror", "Romance"), ("Action", "Comedy")
IN_BOTH = ("Drama", "Science Fiction")
# How many trailers the titles of each combination of genres have.
TRAILERS_OF_TITLES = (2, 1, 1, 1)


@dataclass(frozen=True)
class DemoTrailer:
    """What is to be made of a trailer.

    film_id: the film that it is cut from; empty if it is composed. shown, heard: the genres of its
    picture and of its sound; empty if it is cut. seed: settles what is composed.
    """

    trailer_id: str
    title: str
    genres: tuple[str, ...]
    film_id: str
    shown: tuple[str, ...]
    heard: tuple[str, ...]
    seed: int


def demo_trailers(films: Sequence[Film], genres: Sequence[str], seed: int) -> list[Trailer]:
    """The trailers of the demo as a table would describe them. films: of the demo corpus.

    Raises ConfigError if one has a genre that is not among `genres`.
    """
    planned = plan_trailers({film.film_id: (film.title, film.genres) for film in films}, seed)
    absent = sorted({genre for own in planned for genre in own.genres} - {*genres})
    if absent:
        found = f"lacks {', '.join(absent)}"
        hint = "or name trailers of your own in trailers.trailers"
        problem = Problem("config: trailers.genres", found, "the genres of the demo", hint)
        raise ConfigError(problem)
    return [
        Trailer(own.trailer_id, own.title, video(own.trailer_id), own.genres) for own in planned
    ]


def plan_trailers(films: Mapping[str, tuple[str, Sequence[str]]], seed: int) -> list[DemoTrailer]:
    """All trailers, by trailer_id. films: title and genres of each film of the corpus, by id."""
    cut = [
        DemoTrailer(f"{film_id}_trailer", title, tuple(genres), film_id, (), (), 0)
        for film_id, (title, genres) in films.items()
    ]
    return sorted(cut + _composed(seed), key=lambda trailer: trailer.trailer_id)


def video(trailer_id: str) -> str:
    """Path of a trailer."""
    return f"{FOLDER}/videos/{trailer_id}.mp4"


def _composed(seed: int) -> list[DemoTrailer]:
    """Every combination of genres has as many trailers."""
    chance = random.Random(f"{seed} trailers")
    combinations = list(itertools.product(SHOWN_ONLY, HEARD_ONLY, IN_BOTH))
    slots = list(itertools.product(combinations, TRAILERS_OF_TITLES))
    titles = [f"{noun} of {place}" for noun in NOUNS for place in PLACES]
    drawn = chance.sample(titles, len(slots))
    return [
        _one_composed(title, number, combination, chance)
        for title, (combination, trailers) in zip(drawn, slots, strict=True)
        for number in range(1, trailers + 1)
    ]


def _one_composed(
    title: str, number: int, combination: tuple[str, str, str], chance: random.Random
) -> DemoTrailer:
    shown, heard, both = combination
    return DemoTrailer(
        trailer_id=f"{slug(title)}_trailer_{number}",
        title=title,
        genres=tuple(sorted(combination, key=GENRES.index)),
        film_id="",
        shown=(shown, both),
        heard=(heard, both),
        seed=chance.getrandbits(32),
    )
