"""What the config asks to be searched, checked when the workflow is parsed: light imports only.

A search is any mix of parts: an image (a picture's file, or a moment of a film), tags, a text that
is read as a plot, and a track.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from scorelens import paths
from scorelens.albums.files import likely_ids, may_be_track
from scorelens.errors import ConfigError, Problem, closest
from scorelens.ids import name_problems
from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.films import Described

WHERE = "config: retrieval.searches"
CORPUS = "corpus"  # the library that the films' albums make
PARTS = ("image", "tags", "plot", "track")
KEYS = {"image": "image", "film": "image", "tags": "tags", "text": "plot", "track": "track"}


class Search(NamedTuple):
    """One search; what is empty is not asked for.

    image: path of a picture. film: path of a film, scene: what it is called, time_s: where in it.
    track: `film_id/track_id` if known, else the path of a file.
    """

    name: str
    text: str = ""
    tags: tuple[str, ...] = ()
    image: str = ""
    film: str = ""
    scene: str = ""
    time_s: float = 0.0
    track: str = ""
    known: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """What is asked with, of PARTS."""
        image = self.image or self.film
        given = {"image": image, "tags": self.tags, "plot": self.text, "track": self.track}
        return tuple(part for part in PARTS if given[part])

    @property
    def files(self) -> list[str]:
        """The files that the answer hangs on, less those that the index stands for."""
        paths = (self.image, self.film, "" if self.known else self.track)
        return [path for path in paths if path]


def choose_configuration(configurations: Sequence[str], wanted: str) -> str:
    """The model that answers searches and is asked about scenes.

    configurations: those that are trained, one at least. wanted: one of them; empty takes the one
    that sees most, the baseline last. Raises ConfigError if it is not among them.
    """
    if wanted and wanted not in configurations:
        where, expected = "config: retrieval.search.configuration", ", ".join(configurations)
        what = f"{wanted} is not among the configurations that are trained"
        raise ConfigError(Problem(where, what, f"one of: {expected}"))
    trained = [name for name in CONFIGURATIONS if name in configurations]
    return wanted or max(trained, key=lambda name: len(CONFIGURATIONS[name]))


def read_searches(
    settings: Mapping, films: Sequence[Described], videos: Mapping[str, str]
) -> list[Search]:
    """The searches of the config, by name.

    settings: `config["retrieval"]`. films: whose pictures and tracks may be named although nothing
    has made them yet. videos: path by film_id. Raises ConfigError with every fault of every search.
    """
    wanted = settings["search"]["configuration"]
    configuration = choose_configuration(settings["configurations"], wanted)
    pictures = {film.image for film in films}
    titles = {film.film_id: film.title for film in films}
    tracks = {film.film_id: likely_ids(film.album) for film in films}
    problems, found = [*_library_problems(settings["libraries"])], []
    for name, asked in sorted(settings["searches"].items()):
        where = f"{WHERE}.{name}"
        wrong = [
            *name_problems(where, name),
            *_unseen(where, asked, configuration),
            *_words_problems(where, asked),
            *_picture_problems(where, asked, pictures),
            *_scene_problems(where, asked, videos),
            *_track_problems(where, asked, tracks),
        ]
        problems += wrong
        if not wrong:
            found.append(_search(name, asked, videos, titles, tracks))
    if problems:
        raise ConfigError(problems)
    return found


def _search(
    name: str,
    asked: Mapping,
    videos: Mapping[str, str],
    titles: Mapping[str, str],
    tracks: Mapping[str, Collection[str]],
) -> Search:
    film, track = asked.get("film", ""), asked.get("track", "")
    return Search(
        name=name,
        text=asked.get("text", ""),
        tags=tuple(asked.get("tags", ())),
        image=asked.get("image", ""),
        film=videos.get(film, film),
        scene=titles.get(film, os.path.basename(film)),
        time_s=float(asked.get("time_s", 0)),
        track=track,
        known=_is_of_film(track, tracks),
    )


def _library_problems(libraries: Mapping[str, str]) -> Iterator[Problem]:
    if CORPUS in libraries:
        where, what = f"config: retrieval.libraries.{CORPUS}", "is called like the films' albums"
        yield Problem(where, what, "another name")


def _unseen(where: str, asked: Mapping, configuration: str) -> Iterator[Problem]:
    """Keys that the model which answers is blind to. Any model hears tracks."""
    seen = (*CONFIGURATIONS[configuration], "track")
    known = [key for key, part in KEYS.items() if part in seen]
    for key, part in KEYS.items():
        if key in asked and part not in seen:
            what = f"the model {configuration!r} sees no {part}"
            hint = "choose another model with retrieval.search.configuration"
            yield Problem(f"{where}.{key}", what, f"any of: {', '.join(known)}", hint)


def _words_problems(where: str, asked: Mapping) -> Iterator[Problem]:
    for key in ("text", "tags"):
        if key in asked and not any(c.isalnum() for c in "".join(asked[key])):
            what = f"{asked[key]!r} has no letter and no digit"
            yield Problem(f"{where}.{key}", what, "words")


def _picture_problems(where: str, asked: Mapping, pictures: set) -> Iterator[Problem]:
    if "image" not in asked:
        return
    if "film" in asked:
        yield Problem(where, "has an image and a film", "one of the two")
    if asked["image"] not in pictures:
        yield from _file_problems(f"{where}.image", asked["image"], "a picture")


def _scene_problems(where: str, asked: Mapping, videos: Mapping[str, str]) -> Iterator[Problem]:
    if ("film" in asked) != ("time_s" in asked):
        has, lacks = ("film", "time_s") if "film" in asked else ("time_s", "film")
        expected = "both: a film, and where in it"
        yield Problem(where, f"has {has}, but no {lacks}", expected)
    if not any(key in asked for key in KEYS):
        yield Problem(where, "asks for nothing", "a text, tags, an image, a film or a track")
    if "film" in asked and asked["film"] not in videos:
        expected = "the id of a film of the corpus, or the path of a film"
        yield from _file_problems(f"{where}.film", asked["film"], expected, videos)


def _is_of_film(track: str, tracks: Mapping[str, Collection[str]]) -> bool:
    """Whether a track is named by its film and id, as far as the names of the files tell."""
    film, _, own = track.partition("/")
    return film in tracks and not os.path.exists(track) and may_be_track(own, tracks[film])


def _track_problems(
    where: str, asked: Mapping, tracks: Mapping[str, Collection[str]]
) -> Iterator[Problem]:
    if "track" in asked and not _is_of_film(asked["track"], tracks):
        expected = "film_id/track_id of a film of retrieval, or the path of a piece of music"
        known = [f"{film}/{own}" for film, ids in tracks.items() for own in ids]
        yield from _file_problems(f"{where}.track", asked["track"], expected, known)


def _file_problems(
    where: str, path: str, expected: str, known: Collection[str] = ()
) -> Iterator[Problem]:
    """What is wrong with a path that might have been meant for one of some known names."""
    if os.path.exists(path) or not (near := closest(path, list(known))):
        yield from paths.file_problems(where, path, expected, paths.IN_CONFIG)
    else:
        yield Problem(where, f"{path} does not exist", expected, near)
