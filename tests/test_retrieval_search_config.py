"""Tests of reading searches from the configuration."""

import json

import pytest
import torch

from scorelens.albums.files import Album
from scorelens.errors import ConfigError
from scorelens.retrieval.data.films import FilmDescription
from scorelens.retrieval.search.search_config import Search, choose_configuration, read_searches

torch.set_num_threads(1)


def album(folder, *tracks):
    return Album(folder, folder, tuple(f"{folder}/{track}.ogg" for track in tracks))


FILMS = [
    FilmDescription("noir", "Noir", 1950, "made/noir.png", None, (), None, album("noir", "theme")),
    FilmDescription("west", "West", 1960, None, None, (), None, album("west", "theme", "ride")),
]
VIDEOS = {"noir": "made/noir.mp4"}


def settings(configuration="", configurations=("image", "all", "baseline"), **searches):
    return {
        "configurations": list(configurations),
        "search": {"configuration": configuration, "tracks": 25},
        "libraries": {},
        "searches": searches,
    }


def test_choose_configuration_prefers_the_model_with_most_parts():
    assert choose_configuration(["image", "tags_plot", "plot"], "") == "tags_plot"
    assert choose_configuration(["baseline", "image", "all"], "") == "all"
    assert choose_configuration(["baseline", "image"], "") == "baseline"
    assert choose_configuration(["baseline", "image"], "image") == "image"
    with pytest.raises(ConfigError) as error:
        choose_configuration(["baseline", "image"], "all")
    assert str(error.value) == (
        "config: retrieval.search.configuration: all is not among the configurations that are "
        "trained\n  expected: one of: baseline, image"
    )


def test_read_searches_resolves_films_tracks_and_files(tmp_path):
    picture, film = tmp_path / "p.png", tmp_path / "f.mp4"
    picture.write_bytes(b"p")
    film.write_bytes(b"f")
    block = settings(
        words={"text": "A chase.", "tags": ["tense", "night"]},
        file={"image": str(picture)},
        made={"image": "made/noir.png"},
        corpus={"film": "noir", "time_s": 61, "track": "west/ride"},
        foreign={"film": str(film), "time_s": 2.5, "track": str(picture)},
    )
    searches = {one.name: one for one in read_searches(block, FILMS, VIDEOS)}
    assert list(searches) == ["corpus", "file", "foreign", "made", "words"]
    assert searches["words"] == Search("words", "A chase.", ("tense", "night"))
    assert searches["words"].parts == ("tags", "plot")
    assert searches["made"].files == ["made/noir.png"]
    corpus = searches["corpus"]
    assert corpus[4:] == ("made/noir.mp4", "Noir", 61.0, "west/ride", True)
    assert corpus.parts == ("image", "track")
    assert corpus.files == ["made/noir.mp4"]
    assert searches["foreign"].film_title == "f.mp4"
    assert searches["foreign"].files == [str(film), str(picture)]
    assert Search(**json.loads(json.dumps(corpus._asdict()))).parts == corpus.parts


def test_error_lists_every_problem_of_every_search(tmp_path):
    block = settings(
        **{"Big Chase": {"text": "?!"}},
        pictures={"image": "no.png", "film": "noir", "time_s": 1},
        film={"film": "nor"},
        time={"time_s": 3},
        track={"track": "west/rid", "tags": ["-"]},
        folder={"track": str(tmp_path)},
    )
    hint = "paths are relative to the folder that the workflow runs in"
    with pytest.raises(ConfigError) as error:
        read_searches(block, FILMS, VIDEOS)
    at = "config: retrieval.searches"
    track = "film_id/track_id of a film of retrieval, or the path of an audio file"
    film = "the id of a film of the corpus, or the path of a film"
    assert str(error.value).split("\n") == [
        "11 problems were found",
        f"{at}.Big Chase: 'Big Chase' is no id",
        "  expected: letters a-z, digits and underscores",
        "  hint: for example big_chase",
        f"{at}.Big Chase.text: '?!' has no letter and no digit",
        "  expected: words",
        f"{at}.film: has film, but no time_s",
        "  expected: both: a film and a time in it",
        f"{at}.film.film: nor does not exist",
        f"  expected: {film}",
        "  hint: did you mean 'noir'?",
        f"{at}.folder.track: {tmp_path} is a folder",
        f"  expected: {track}",
        f"  hint: {hint}",
        f"{at}.pictures: has an image and a film",
        "  expected: one of the two",
        f"{at}.pictures.image: no.png does not exist",
        "  expected: a picture",
        f"  hint: {hint}",
        f"{at}.time: has time_s, but no film",
        "  expected: both: a film and a time in it",
        f"{at}.time: has no part",
        "  expected: a text, tags, an image, a film or a track",
        f"{at}.track.tags: ['-'] has no letter and no digit",
        "  expected: words",
        f"{at}.track.track: west/rid does not exist",
        f"  expected: {track}",
        "  hint: did you mean 'west/ride'?",
    ]


def test_error_names_the_key_of_a_part_that_the_model_does_not_use():
    block = settings("image", words={"text": "A chase."}, like={"track": "west/ride"})
    with pytest.raises(ConfigError) as error:
        read_searches(block, FILMS, VIDEOS)
    assert str(error.value) == (
        "config: retrieval.searches.words.text: the model 'image' sees no plot\n"
        "  expected: any of: image, film, track\n"
        "  hint: choose another model with retrieval.search.configuration"
    )


def test_library_named_corpus_is_rejected():
    block = settings() | {"libraries": {"corpus": "music"}}
    with pytest.raises(ConfigError) as error:
        read_searches(block, FILMS, VIDEOS)
    assert str(error.value) == (
        "config: retrieval.libraries.corpus: has the name of the films' albums\n"
        "  expected: another name"
    )
