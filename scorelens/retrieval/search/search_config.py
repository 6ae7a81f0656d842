"""Read the searches of the configuration, and list every fault of them at once.

A search combines parts: an image (a picture, or a moment of a film), tags, a text that is encoded
as a plot, and a track.

Imported when the workflow is parsed: light imports only.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from scorelens import paths
from scorelens.albums.files import likely_ids, may_be_track
from scorelens.errors import ConfigError, Problem, closest
from scorelens.ids import name_problems
from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.films import FilmDescription

WHERE = "config: retrieval.searches"
CORPUS = "corpus"  # name of the library of the films' albums
PARTS = ("image", "tags", "plot", "track")
KEYS = {"image": "image", "film": "image", "tags": "tags", "text": "plot", "track": "track"}


class Search(NamedTuple):
    """One search; parts that are empty are not used.

    Attributes
    ----------
    name : str
        Name of the search.
    text : str
        Text that is encoded as a plot.
    tags : tuple of str
        Tags.
    image : str
        Path of a picture.
    film, film_title : str
        Path and title of a film.
    time_s : float
        Moment in the film, in seconds.
    track : str
        `film_id/track_id` if `known`, else the path of a file.
    known : bool
        Whether the track is of a film of retrieval.
    """

    name: str
    text: str = ""
    tags: tuple[str, ...] = ()
    image: str = ""
    film: str = ""
    film_title: str = ""
    time_s: float = 0.0
    track: str = ""
    known: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are used, of PARTS."""
        image = self.image or self.film
        given = {"image": image, "tags": self.tags, "plot": self.text, "track": self.track}
        return tuple(part for part in PARTS if given[part])

    @property
    def files(self) -> list[str]:
        """The files that the results depend on, besides the index."""
        paths = (self.image, self.film, "" if self.known else self.track)
        return [path for path in paths if path]


def choose_configuration(
    configurations: Sequence[str], wanted: str, key: str = "search.configuration"
) -> str:
    """Choose the model for searches and scenes, or the one of the headline.

    Parameters
    ----------
    configurations : sequence of str
        Configurations that are trained; at least one.
    wanted : str
        One of them; empty takes the one that sees the most parts, the baselines last.
    key : str
        Where `wanted` is set, below `retrieval`.

    Returns
    -------
    str
        The configuration.

    Raises
    ------
    ConfigError
        If `wanted` is not trained.

    Examples
    --------
    >>> choose_configuration(["image", "tags_plot", "plot"], "")
    'tags_plot'
    """
    if wanted and wanted not in configurations:
        where, expected = f"config: retrieval.{key}", ", ".join(configurations)
        what = f"{wanted} is not among the configurations that are trained"
        raise ConfigError(Problem(where, what, f"one of: {expected}"))
    trained = [name for name in CONFIGURATIONS if name in configurations]
    return wanted or max(trained, key=lambda name: len(CONFIGURATIONS[name]))


def read_searches(
    settings: Mapping, films: Sequence[FilmDescription], videos: Mapping[str, str]
) -> list[Search]:
    """Read the searches of the configuration.

    Parameters
    ----------
    settings : mapping
        The block `retrieval`.
    films : sequence of FilmDescription
        Films whose pictures and tracks may be named before the workflow has made them.
    videos : mapping of str to str
        Path of the video of each film of the corpus, by film id.

    Returns
    -------
    list of Search
        The searches, by name.

    Raises
    ------
    ConfigError
        With every fault of every search.
    """
    wanted = settings["search"]["configuration"]
    configuration = choose_configuration(settings["configurations"], wanted)
    pictures = {film.image for film in films}
    titles = {film.film_id: film.title for film in films}
    tracks = {film.film_id: likely_ids(film.album) for film in films}
    problems, searches = [*_library_problems(settings["libraries"])], []
    for name, block in sorted(settings["searches"].items()):
        where = f"{WHERE}.{name}"
        faults = [
            *name_problems(where, name),
            *_unseen_part_problems(where, block, configuration),
            *_words_problems(where, block),
            *_picture_problems(where, block, pictures),
            *_film_problems(where, block, videos),
            *_track_problems(where, block, tracks),
        ]
        problems += faults
        if not faults:
            searches.append(_search(name, block, videos, titles, tracks))
    if problems:
        raise ConfigError(problems)
    return searches


def _search(
    name: str,
    block: Mapping,
    videos: Mapping[str, str],
    titles: Mapping[str, str],
    tracks: Mapping[str, Collection[str]],
) -> Search:
    film, track = block.get("film", ""), block.get("track", "")
    return Search(
        name=name,
        text=block.get("text", ""),
        tags=tuple(block.get("tags", ())),
        image=block.get("image", ""),
        film=videos.get(film, film),
        film_title=titles.get(film, os.path.basename(film)),
        time_s=float(block.get("time_s", 0)),
        track=track,
        known=_is_of_film(track, tracks),
    )


def _library_problems(libraries: Mapping[str, str]) -> Iterator[Problem]:
    if CORPUS in libraries:
        where, what = f"config: retrieval.libraries.{CORPUS}", "has the name of the films' albums"
        yield Problem(where, what, "another name")


def _unseen_part_problems(where: str, block: Mapping, configuration: str) -> Iterator[Problem]:
    """Keys of parts that the model does not see. Every model takes tracks."""
    seen = (*CONFIGURATIONS[configuration], "track")
    known = [key for key, part in KEYS.items() if part in seen]
    for key, part in KEYS.items():
        if key in block and part not in seen:
            what = f"the model {configuration!r} sees no {part}"
            hint = "choose another model with retrieval.search.configuration"
            yield Problem(f"{where}.{key}", what, f"any of: {', '.join(known)}", hint)


def _words_problems(where: str, block: Mapping) -> Iterator[Problem]:
    for key in ("text", "tags"):
        if key in block and not any(c.isalnum() for c in "".join(block[key])):
            what = f"{block[key]!r} has no letter and no digit"
            yield Problem(f"{where}.{key}", what, "words")


def _picture_problems(where: str, block: Mapping, pictures: set) -> Iterator[Problem]:
    if "image" not in block:
        return
    if "film" in block:
        yield Problem(where, "has an image and a film", "one of the two")
    if block["image"] not in pictures:
        yield from _file_problems(f"{where}.image", block["image"], "a picture")


def _film_problems(where: str, block: Mapping, videos: Mapping[str, str]) -> Iterator[Problem]:
    if ("film" in block) != ("time_s" in block):
        has, lacks = ("film", "time_s") if "film" in block else ("time_s", "film")
        expected = "both: a film and a time in it"
        yield Problem(where, f"has {has}, but no {lacks}", expected)
    if not any(key in block for key in KEYS):
        yield Problem(where, "has no part", "a text, tags, an image, a film or a track")
    if "film" in block and block["film"] not in videos:
        expected = "the id of a film of the corpus, or the path of a film"
        yield from _file_problems(f"{where}.film", block["film"], expected, videos)


def _is_of_film(track: str, tracks: Mapping[str, Collection[str]]) -> bool:
    """Whether a track is named by its film and id, going by the names of the files."""
    film, _, track_id = track.partition("/")
    return film in tracks and not os.path.exists(track) and may_be_track(track_id, tracks[film])


def _track_problems(
    where: str, block: Mapping, tracks: Mapping[str, Collection[str]]
) -> Iterator[Problem]:
    if "track" in block and not _is_of_film(block["track"], tracks):
        expected = "film_id/track_id of a film of retrieval, or the path of an audio file"
        known = [f"{film}/{track_id}" for film, ids in tracks.items() for track_id in ids]
        yield from _file_problems(f"{where}.track", block["track"], expected, known)


def _file_problems(
    where: str, path: str, expected: str, known: Collection[str] = ()
) -> Iterator[Problem]:
    """Faults of a path that may be a misspelt known name."""
    if os.path.exists(path) or not (near := closest(path, list(known))):
        yield from paths.file_problems(where, path, expected, paths.IN_CONFIG)
    else:
        yield Problem(where, f"{path} does not exist", expected, near)
