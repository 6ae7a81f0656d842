"""The trailers of the demo, and the genres planted in them."""

import itertools
import re
from collections import Counter

import av
import cv2
import numpy as np
import pytest

from scorelens.albums.files import NO_ALBUM
from scorelens.corpus.synthesis import instruments, pictures
from scorelens.corpus.synthesis.demo_plan import GENRES
from scorelens.corpus.synthesis.exaggeration import exaggerated_look
from scorelens.corpus.synthesis.video_writer import write_film
from scorelens.errors import ConfigError, MediaError
from scorelens.film_table import Film
from scorelens.trailers.data.frame_sampling import Sampling, sample_trailer
from scorelens.trailers.data.table import read_trailers
from scorelens.trailers.demo import demo_plan, synthesis

FILMS = {"a_film": ("A Film", 2020, ("Horror", "Comedy")), "other": ("Other", 2020, ("Drama",))}


def composed(seed=1):
    return demo_plan.plan_trailers({}, seed)


# The plan


def test_each_film_has_a_trailer_with_its_genres():
    cut = [item for item in demo_plan.plan_trailers(FILMS, 1) if item.film_id]
    assert [(item.trailer_id, item.film_id, item.title, item.genres) for item in cut] == [
        ("a_film_trailer", "a_film", "A Film", ("Horror", "Comedy")),
        ("other_trailer", "other", "Other", ("Drama",)),
    ]


def test_each_combination_of_genres_has_equally_many_trailers():
    """So neither modality has evidence for the genres of the other."""
    count = Counter(
        (item.picture_genres[0], item.sound_genres[0], item.picture_genres[1])
        for item in composed()
    )
    everything = itertools.product(demo_plan.PICTURE_ONLY, demo_plan.SOUND_ONLY, demo_plan.IN_BOTH)
    assert count == dict.fromkeys(everything, sum(demo_plan.TRAILERS_PER_TITLE))
    assert len(composed()) == 40


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_the_genres_of_picture_and_sound_are_those_of_the_trailer(seed):
    for item in composed(seed):
        assert set(item.picture_genres) | set(item.sound_genres) == set(item.genres)
        assert not set(item.picture_genres) & set(demo_plan.SOUND_ONLY)
        assert not set(item.sound_genres) & set(demo_plan.PICTURE_ONLY)
        assert item.picture_genres[1] == item.sound_genres[1]
        assert list(item.genres) == sorted(item.genres, key=GENRES.index)


def test_ids_are_unique_slugs_and_some_titles_have_two_trailers():
    trailers = demo_plan.plan_trailers(FILMS, 3)
    ids = [trailer.trailer_id for trailer in trailers]
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"[a-z0-9_]+", item) for item in ids)
    titles = Counter(trailer.title for trailer in composed(3))
    assert Counter(titles.values()) == {1: 24, 2: 8}
    for title in titles:
        assert len({item.genres for item in composed(3) if item.title == title}) == 1


def test_the_seed_determines_the_plan():
    assert demo_plan.plan_trailers(FILMS, 4) == demo_plan.plan_trailers(FILMS, 4)
    assert composed(4) != composed(5)
    assert len({trailer.seed for trailer in composed(4)}) == 40


# What is made


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film of 40 s that grows lighter each second, with a tone."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    greys = (np.full((36, 64, 3), 40 + 5 * (number // 12), np.uint8) for number in range(480))
    tone = 0.3 * np.sin(np.arange(40 * 24000) / 10)
    write_film(path, greys, pictures.FrameFormat(64, 36, 12), np.stack([tone, tone], 1), 24000)
    return path


@pytest.fixture(scope="module")
def made(film, tmp_path_factory):
    """The folder of a demo with one cut trailer and two synthetic ones."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        synthesis.make_trailers(few(), {"a_film": film})
    return folder


def few():
    cut = [item for item in demo_plan.plan_trailers(FILMS, 1) if item.film_id == "a_film"]
    return cut + composed()[:2]


def test_the_table_has_the_trailers_of_the_plan(made, monkeypatch):
    monkeypatch.chdir(made)
    (trailer, *_) = few()
    table_trailers = {item.trailer_id: item for item in read_trailers(demo_plan.TABLE, GENRES)}
    assert set(table_trailers) == {item.trailer_id for item in few()}
    assert table_trailers["a_film_trailer"].genres == trailer.genres
    films = [Film(name, *about, None, NO_ALBUM) for name, about in FILMS.items()]
    described = {
        item.trailer_id: item for item in demo_plan.demo_trailers(films, demo_plan.GENRES, 1)
    }
    assert {name: described[name] for name in table_trailers} == table_trailers
    with pytest.raises(ConfigError) as error:
        demo_plan.demo_trailers(
            films, [genre for genre in demo_plan.GENRES if genre != "Horror"], 1
        )
    assert "config: trailers.genres: lacks Horror" in str(error.value)


def test_a_trailer_is_the_beginning_of_its_film(made, film):
    whole = Sampling(0, 1000, 1000, 40.0)
    cut, _ = sample_trailer(made / demo_plan.video("a_film_trailer"), whole)
    uncut, _ = sample_trailer(film, whole)
    frames = len(cut.frames)
    assert 35 * 12 <= frames <= 35 * 12 + 2
    np.testing.assert_array_equal(cut.frames, uncut.frames[:frames])
    np.testing.assert_allclose(cut.sound[: 34 * 16_000], uncut.sound[: 34 * 16_000], atol=1e-3)


def test_a_synthetic_trailer_has_enough_frames(made):
    video = made / demo_plan.video(composed()[0].trailer_id)
    with av.open(str(video)) as container:
        assert container.streams.video[0].frames == 384
    sample, note = sample_trailer(video, Sampling(200, 31, 10, 30.0))
    assert len(sample.frames) == 10
    assert len(sample.sound) == 30 * 16_000
    assert note == ""


def test_the_same_trailers_give_the_same_bytes(made, film, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    synthesis.make_trailers(few()[:2], {"a_film": film})
    for item in few()[:2]:
        path = demo_plan.video(item.trailer_id)
        assert (tmp_path / path).read_bytes() == (made / path).read_bytes()


def test_shots_alternate_between_the_genres():
    frames = np.stack(list(synthesis.video_frames(("Horror", "Romance"), np.random.default_rng(1))))
    assert frames.shape == (384, 90, 160, 3)
    shots = frames.reshape(32, 12, 90, 160, 3)
    luma = np.array([cv2.cvtColor(shot[0], cv2.COLOR_BGR2GRAY).mean() / 255 for shot in shots])
    dark, light = (exaggerated_look(genre).luma for genre in ("Horror", "Romance"))
    assert luma[::2].mean() == pytest.approx(dark, abs=0.05)
    assert luma[1::2].mean() == pytest.approx(light, abs=0.05)
    assert (shots[:, 0] != shots[:, -1]).any((1, 2, 3)).all()  # the camera moves


def test_the_music_alternates_between_the_genres():
    """The first piece depends on its genre alone; pieces start and end in silence."""
    rate, length = instruments.MUSIC_RATE_HZ, round(synthesis.MUSIC_S * instruments.MUSIC_RATE_HZ)
    sound = synthesis.soundtrack(("Action", "Drama"), np.random.default_rng(2))
    other = synthesis.soundtrack(("Action", "Comedy"), np.random.default_rng(2))
    assert sound.dtype == np.float32
    assert sound.shape == (4 * length, 2) == (32 * rate, 2)
    np.testing.assert_array_equal(sound[:length], other[:length])
    assert not np.array_equal(sound[length : 2 * length], other[length : 2 * length])
    edges = sound.reshape(4, length, 2)[:, [0, -1]]
    assert not edges.any()
    assert np.abs(sound).max() <= 1
    loud = np.sqrt((sound.reshape(4, length, 2) ** 2).mean((1, 2)))
    assert loud.min() > 0.01


def test_a_film_that_cannot_be_cut_is_named(tmp_path):
    film = tmp_path / "film.mp4"
    film.write_text("words")
    with pytest.raises(MediaError) as error:
        synthesis.cut_trailer(film, tmp_path / "trailer.mp4")
    lines = str(error.value).splitlines()
    assert lines[0].startswith(f"{film}: no trailer can be cut from it (")
    assert lines[1] == "  expected: a film that FFmpeg can copy"
    assert not (tmp_path / "trailer.mp4").exists()
