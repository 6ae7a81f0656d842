"""What retrieval knows of the demo: known in full before anything runs.

Besides the films of the demo corpus there are further ones, of which there is an album and no film.
Each has a track for each part of what is known of it: one sounds as the picture looks, one as the
plot reads, one as the tags say. The genres of the three are drawn apart, so that a model finds the
tracks of what it sees, and no others.

Imported when the workflow is parsed: light imports only.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scorelens.albums.files import Album
from scorelens.corpus.synthesis.demo_plan import GENRES
from scorelens.film_table import Film
from scorelens.ids import slug
from scorelens.retrieval.data.films import Described
from scorelens.retrieval.demo.demo_words import NOUNS, PLACES, TAGS

FOLDER = "results/retrieval/demo"
TABLE = f"{FOLDER}/films.tsv"
# First and last year, and number, of further films: by the paper's years some teach, some tell when
# to stop, some test.
PARTS = ((1995, 2021, 144), (2022, 2022, 36), (2023, 2025, 36))
TRACKS = ("as_shown", "as_told", "as_tagged")


@dataclass(frozen=True)
class DemoFilm:
    """What is to be made of a film.

    title, year: of a further film; empty and 0 of one of the corpus, which has them. shown, told:
    the genres of its picture and of its plot. tracks: further tracks with their genres; none of a
    film of the corpus. seed: settles the picture, the plot and the music.
    """

    film_id: str
    title: str
    year: int
    shown: str
    told: tuple[str, ...]
    tags: tuple[str, ...]
    tracks: dict[str, str]
    seed: int


def demo_films(corpus: Sequence[Film], seed: int) -> list[Described]:
    """The films of the demo corpus and the further ones, as a table would describe them."""
    known = {film.film_id: film for film in corpus}
    planned = plan_films({film.film_id: film.genres for film in corpus}, seed)
    return [_described(film, known.get(film.film_id)) for film in planned]


def demo_files(corpus: Sequence[Film], seed: int) -> list[str]:
    """The files that `demo.compose_films` writes besides the table: pictures, plots, tracks."""
    films = plan_films({film.film_id: film.genres for film in corpus}, seed)
    return [path for film in films for path in _own_files(film)]


def plan_films(genres: Mapping[str, Sequence[str]], seed: int) -> list[DemoFilm]:
    """All films that are described, by film_id. genres: of each film of the corpus, by id."""
    own = [_film_of_corpus(film_id, own, seed) for film_id, own in genres.items()]
    return sorted(own + _further_films(seed), key=lambda film: film.film_id)


def picture(film_id: str) -> str:
    """Path of a film's picture."""
    return f"{FOLDER}/pictures/{film_id}.jpg"


def plot(film_id: str) -> str:
    """Path of a film's plot."""
    return f"{FOLDER}/plots/{film_id}.txt"


def album(film_id: str) -> str:
    """Path of the folder with a further film's tracks."""
    return f"{FOLDER}/albums/{film_id}"


def track(film_id: str, track_id: str) -> str:
    """Path of a further film's track."""
    return f"{album(film_id)}/{track_id}.flac"


def _film_of_corpus(film_id: str, genres: Sequence[str], seed: int) -> DemoFilm:
    chance = random.Random(f"{seed} retrieval {film_id}")
    tags = tuple(tag for genre in genres for tag in chance.sample(TAGS[genre], 2))
    drawn = chance.getrandbits(32)
    return DemoFilm(film_id, "", 0, genres[0], tuple(genres), tags, {}, drawn)


def _further_films(seed: int) -> list[DemoFilm]:
    chance = random.Random(f"{seed} retrieval")
    titles = [f"{noun} of {place}" for noun in NOUNS for place in PLACES]
    years = [chance.randint(first, last) for first, last, count in PARTS for _ in range(count)]
    genres = [drawn for _, _, count in PARTS for drawn in _draw_genres(count, chance)]
    titles = chance.sample(titles, len(years))
    return [
        _further_film(title, year, drawn, chance)
        for title, year, drawn in zip(titles, years, genres, strict=True)
    ]


def _further_film(title: str, year: int, genres: Sequence[str], chance: random.Random) -> DemoFilm:
    shown, told, tagged = genres
    tags = tuple(chance.sample(TAGS[tagged], chance.choice((2, 3))))
    tracks = dict(zip(TRACKS, genres, strict=True))
    drawn = chance.getrandbits(32)
    return DemoFilm(slug(title), title, year, shown, (told,), tags, tracks, drawn)


def _draw_genres(count: int, chance: random.Random) -> list[tuple[str, str, str]]:
    """Genres shown, told and tagged of films in a row.

    Of each 36 films any two parts have every pair of genres once (a Latin square), so that one part
    says nothing of another.
    """
    size, found = len(GENRES), []
    while len(found) < count:
        shown, told, tagged = (chance.sample(GENRES, size) for _ in TRACKS)
        square = [
            (shown[i], told[j], tagged[(i + j) % size]) for i in range(size) for j in range(size)
        ]
        found += chance.sample(square, len(square))
    return found[:count]


def _described(film: DemoFilm, known: Film | None) -> Described:
    files = tuple(sorted(track(film.film_id, name) for name in film.tracks))
    return Described(
        film_id=film.film_id,
        title=known.title if known else film.title,
        year=known.year if known else film.year,
        image=picture(film.film_id),
        plot=plot(film.film_id),
        tags=film.tags,
        subtitles=None,
        album=known.album if known else Album("", album(film.film_id), files),
    )


def _own_files(film: DemoFilm) -> list[str]:
    tracks = [track(film.film_id, name) for name in film.tracks]
    return [picture(film.film_id), plot(film.film_id), *tracks]
