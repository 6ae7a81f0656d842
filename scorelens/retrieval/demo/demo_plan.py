"""Plan of the retrieval demo: which films, pictures, plots, tags and tracks are synthesized.

Besides the films of the demo corpus there are further films with an album and no video. Each
further film has one track for each part of its description: one fits the picture, one the plot, one
the tags. The genres of the three parts are independent, so a model finds the tracks of the parts
that it uses and no others.

Imported when the workflow is parsed: light imports only.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scorelens.albums.files import Album
from scorelens.corpus import GENRES, demo_titles
from scorelens.film_table import Film
from scorelens.ids import slug
from scorelens.retrieval.data.films import FilmDescription
from scorelens.retrieval.demo.plot_words import TAGS

FOLDER = "results/retrieval/demo"
TABLE = f"{FOLDER}/films.tsv"
# First year, last year and number of the further films: training, validation and test films by the
# paper's years.
PARTS = ((1995, 2021, 144), (2022, 2022, 36), (2023, 2025, 36))
TRACKS = ("as_shown", "as_told", "as_tagged")  # of the picture, the plot and the tags


@dataclass(frozen=True)
class DemoFilm:
    """What is synthesized for one film.

    Attributes
    ----------
    film_id : str
        Id of the film.
    title : str
        Title of a further film; empty for a film of the corpus, which has its own.
    year : int
        Year of a further film; 0 for a film of the corpus.
    picture_genre : str
        Genre of the picture.
    plot_genres : tuple of str
        Genres of the plot.
    tags : tuple of str
        Tags of the film.
    tracks : dict of str to str
        Genre of each further track, by track id; empty for a film of the corpus.
    seed : int
        Seed of the picture, the plot and the music.
    """

    film_id: str
    title: str
    year: int
    picture_genre: str
    plot_genres: tuple[str, ...]
    tags: tuple[str, ...]
    tracks: dict[str, str]
    seed: int


def demo_films(corpus: Sequence[Film], seed: int) -> list[FilmDescription]:
    """Describe the films of the demo as a table of the user would.

    Parameters
    ----------
    corpus : sequence of Film
        Films of the demo corpus.
    seed : int
        Seed of the plan.

    Returns
    -------
    list of FilmDescription
        The films of the corpus and the further ones, by film id.
    """
    by_id = {film.film_id: film for film in corpus}
    planned = plan_films({film.film_id: film.genres for film in corpus}, seed)
    return [_description(film, by_id.get(film.film_id)) for film in planned]


def demo_files(corpus: Sequence[Film], seed: int) -> list[str]:
    """List the pictures, plots and tracks that `synthesis.synthesize_films` writes.

    Parameters
    ----------
    corpus : sequence of Film
        Films of the demo corpus.
    seed : int
        Seed of the plan.

    Returns
    -------
    list of str
        Paths, without the table.
    """
    return [
        path
        for film in plan_films({film.film_id: film.genres for film in corpus}, seed)
        for path in (
            picture(film.film_id),
            plot(film.film_id),
            *(track(film.film_id, name) for name in film.tracks),
        )
    ]


def plan_films(genres: Mapping[str, Sequence[str]], seed: int) -> list[DemoFilm]:
    """Plan all films of the demo.

    Parameters
    ----------
    genres : mapping of str to sequence of str
        Genres of each film of the corpus, by film id.
    seed : int
        Seed of the plan.

    Returns
    -------
    list of DemoFilm
        The films of the corpus and the further ones, by film id.
    """
    of_corpus = [_film_of_corpus(film_id, names, seed) for film_id, names in genres.items()]
    return sorted(of_corpus + _further_films(seed), key=lambda film: film.film_id)


def picture(film_id: str) -> str:
    """Path of the picture of a film."""
    return f"{FOLDER}/pictures/{film_id}.jpg"


def plot(film_id: str) -> str:
    """Path of the plot of a film."""
    return f"{FOLDER}/plots/{film_id}.txt"


def album(film_id: str) -> str:
    """Path of the folder with the tracks of a further film."""
    return f"{FOLDER}/albums/{film_id}"


def track(film_id: str, track_id: str) -> str:
    """Path of a track of a further film."""
    return f"{album(film_id)}/{track_id}.flac"


def _film_of_corpus(film_id: str, genres: Sequence[str], seed: int) -> DemoFilm:
    rng = random.Random(f"{seed} retrieval {film_id}")
    tags = tuple(tag for genre in genres for tag in rng.sample(TAGS[genre], 2))
    return DemoFilm(film_id, "", 0, genres[0], tuple(genres), tags, {}, rng.getrandbits(32))


def _further_films(seed: int) -> list[DemoFilm]:
    rng = random.Random(f"{seed} retrieval")
    years = [rng.randint(first, last) for first, last, count in PARTS for _ in range(count)]
    genres = [drawn for _, _, count in PARTS for drawn in _draw_genres(count, rng)]
    titles = rng.sample(demo_titles(), len(years))
    return [
        _further_film(title, year, drawn, rng)
        for title, year, drawn in zip(titles, years, genres, strict=True)
    ]


def _further_film(title: str, year: int, genres: Sequence[str], rng: random.Random) -> DemoFilm:
    of_picture, of_plot, of_tags = genres
    tags = tuple(rng.sample(TAGS[of_tags], rng.choice((2, 3))))
    tracks = dict(zip(TRACKS, genres, strict=True))
    seed = rng.getrandbits(32)
    return DemoFilm(slug(title), title, year, of_picture, (of_plot,), tags, tracks, seed)


def _draw_genres(count: int, rng: random.Random) -> list[tuple[str, str, str]]:
    """Genres of the picture, the plot and the tags of films.

    Among every 36 films any two parts have each pair of genres once (a Latin square), so the parts
    are independent of each other.
    """
    size, drawn = len(GENRES), []
    while len(drawn) < count:
        of_picture, of_plot, of_tags = (rng.sample(GENRES, size) for _ in TRACKS)
        square = [
            (of_picture[i], of_plot[j], of_tags[(i + j) % size])
            for i in range(size)
            for j in range(size)
        ]
        drawn += rng.sample(square, len(square))
    return drawn[:count]


def _description(film: DemoFilm, corpus_film: Film | None) -> FilmDescription:
    files = tuple(sorted(track(film.film_id, name) for name in film.tracks))
    return FilmDescription(
        film_id=film.film_id,
        title=corpus_film.title if corpus_film else film.title,
        year=corpus_film.year if corpus_film else film.year,
        image=picture(film.film_id),
        plot=plot(film.film_id),
        tags=film.tags,
        subtitles=None,
        album=corpus_film.album if corpus_film else Album("", album(film.film_id), files),
    )
