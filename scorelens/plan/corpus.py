"""The films of a run, their albums and videos, and which published feature files stand for them."""

import dataclasses
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from scorelens import result_paths
from scorelens.albums.files import Album
from scorelens.corpus.published import published
from scorelens.corpus.synthesis import demo_plan
from scorelens.corpus.synthesis.demo_plan import DemoFilm
from scorelens.errors import ConfigError
from scorelens.film_table import Film, read_films
from scorelens.groups import join_named_groups

MAX_FAULTY_FILMS = 20  # before the media of the others are checked


@dataclass(frozen=True)
class CorpusPlan:
    """The films of a run and the media behind them.

    Parameters
    ----------
    kind : {"demo", "table", "assembled", "published"}
        Where the films come from.
    films : mapping of str to Film
        The films by id, in the order of their table.
    demo_films : mapping of str to DemoFilm
        How each film of the demo is composed; empty for any other kind.
    seed : int
        Seed of the run.
    skips_bad_films : bool
        Whether a film that the check finds bad is left out, in place of ending the run.
    published_folder : str or None
        Folder of the published feature files, if `kind` is "published".
    """

    kind: str
    films: Mapping[str, Film]
    demo_films: Mapping[str, DemoFilm]
    seed: int
    skips_bad_films: bool
    published_folder: str | None = None

    @property
    def is_made(self) -> bool:
        """Whether the workflow makes the films, and so knows their true cues."""
        return self.kind in ("demo", "assembled")

    @property
    def is_published(self) -> bool:
        """Whether the corpus is published features alone, without sound and picture."""
        return self.kind == "published"

    @cached_property
    def ordered_films(self) -> list[str]:
        """The ids of the films in the corpus's one order, whatever order a film table has."""
        return sorted(self.films) if self.kind in ("assembled", "table") else list(self.films)

    @cached_property
    def albums(self) -> dict[str, Album]:
        """The albums that have files, by id."""
        return {film.album.album_id: film.album for film in self.films.values() if film.album.files}

    @property
    def album_ids(self) -> dict[str, str]:
        """The id of the album of each film, film by film."""
        return {film: self.films[film].album.album_id for film in self.ordered_films}

    @cached_property
    def film_of_album(self) -> dict[str, str]:
        """The first film of each album, by the id of the album."""
        first: dict[str, str] = {}
        for film in self.films.values():
            first.setdefault(film.album.album_id, film.film_id)
        return first

    @cached_property
    def group_names(self) -> dict[str, list[str]]:
        """The groups of each film that has some by the column `group` of the film table."""
        groups = {film: list(self.films[film].groups) for film in self.ordered_films}
        return {film: names for film, names in groups.items() if names}

    @cached_property
    def known_groups(self) -> dict[str, str]:
        """The group of each film as far as it is known without the sound: by name and album."""
        by_album: dict[str, list[str]] = {}
        for film in self.films.values():
            if film.album.files:
                by_album.setdefault(film.album.album_id, []).append(film.film_id)
        return join_named_groups(self.ordered_films, self.group_names, by_album.values())

    @property
    def warns_of_tags(self) -> bool:
        """Whether the film table could have groups and has none."""
        return self.kind in ("assembled", "table") and not self.group_names

    @property
    def genres(self) -> dict[str, tuple[str, ...]]:
        """The genres of each film."""
        return {film.film_id: film.genres for film in self.films.values()}

    @property
    def films_with_genres(self) -> list[str]:
        """The ids of the films that have genres."""
        return [film.film_id for film in self.films.values() if film.genres]

    @property
    def can_learn_genres(self) -> bool:
        """Whether enough films have genres: one to train on, one to hold out."""
        return len(self.films_with_genres) > 1

    @property
    def film_rows(self) -> list[dict]:
        """What the tables over all films hold of each besides the results of its check."""
        columns = ("film_id", "title", "year", "genres", "problems")
        rows = (dataclasses.asdict(self.films[film]) for film in self.ordered_films)
        return [{name: row[name] for name in columns} for row in rows]

    @property
    def has_faulty_rows(self) -> bool:
        """Whether a row of the film table has a fault."""
        return any(film.problems for film in self.films.values())

    def video(self, film_id: str) -> str | None:
        """Path of a film's video.

        Parameters
        ----------
        film_id : str
            A film of `films`.

        Returns
        -------
        str or None
            None for a film of a published corpus.
        """
        if self.is_made:
            return result_paths.MADE_VIDEO.format(film=film_id)
        return self.films[film_id].video

    def present_video(self, film_id: str) -> str | None:
        """Path of a film's video, or None if there is no such file and the workflow makes none."""
        video = self.video(film_id)
        return video if self.is_made or os.path.isfile(video) else None

    def video_bytes(self, film_id: str) -> int | None:
        """Size of a film's video in bytes as the run begins; None if the workflow makes it."""
        video = self.video(film_id)
        return None if self.is_made or not os.path.isfile(video) else os.path.getsize(video)

    def film_seed(self, film_id: str) -> int:
        """A seed for one film, which does not depend on the other films of the table."""
        return zlib.crc32(f"{self.seed} {film_id}".encode())

    def published_files(self, feature_set: str) -> list[str]:
        """Paths of the published files of a feature set, its dictionary first."""
        return [str(Path(self.published_folder) / name) for name in published.FILES[feature_set]]

    @property
    def published_film_list(self) -> list[str]:
        """Path of the published list of films, the only item; empty if the corpus has none."""
        return [str(Path(self.published_folder) / published.FILM_LIST)] if self.is_published else []


def plan_corpus(config: Mapping) -> CorpusPlan:
    """Read the films that the configuration names.

    Parameters
    ----------
    config : mapping
        The complete configuration.

    Returns
    -------
    CorpusPlan

    Raises
    ------
    ConfigError
        If the film table, or the published list of films, does not hold, or if more than
        `MAX_FAULTY_FILMS` have faults that the table itself tells, such as missing files, and bad
        films are not skipped: the media of the others are not checked first.
    """
    settings, demo_films = config["corpus"], {}
    if settings["kind"] == "demo":
        planned = demo_plan.demo_films(settings["demo"]["films"], config["seed"])
        demo_films = {film.film_id: film for film in planned}
        films = [_film_of_demo(film) for film in planned]
    elif settings["kind"] == "published":
        films = published.read_films(settings["published"]["folder"], settings["genres"])
    else:
        is_assembled = settings["kind"] == "assembled"
        tables = Path(result_paths.ALBUM_TRACKS).parent.glob("*.tsv")
        known_albums = {path.stem for path in tables}
        films = read_films(settings["films"], settings["genres"], is_assembled, known_albums)
    skips_bad_films = settings["on_bad_film"] == "skip"
    if not skips_bad_films:
        _stop_at_many_faults(films)
    return CorpusPlan(
        kind=settings["kind"],
        films={film.film_id: film for film in films},
        demo_films=demo_films,
        seed=config["seed"],
        skips_bad_films=skips_bad_films,
        published_folder=settings["published"]["folder"],
    )


def _stop_at_many_faults(films: Sequence[Film]) -> None:
    problems = [problem for film in films for problem in film.problems]
    if sum(bool(film.problems) for film in films) > MAX_FAULTY_FILMS:
        raise ConfigError(problems)


def _film_of_demo(film: DemoFilm) -> Film:
    folder = result_paths.DEMO_ALBUM.format(film=film.film_id)
    return Film(
        film_id=film.film_id,
        title=film.title,
        year=film.year,
        genres=film.genres,
        video=None,
        album=Album(
            film.film_id, folder, tuple(f"{folder}/{track}.flac" for track in demo_plan.DEMO_TRACKS)
        ),
    )
