"""Trailers of the demo corpus and the genres planted in them."""

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

FILMS = {"a_film": ("A Film", ("Horror", "Comedy")), "other": ("Other", ("Drama",))}


def synthetic_trailers(seed=1):
    return demo_plan.plan_trailers({}, seed)


# The plan


def test_each_film_has_a_trailer_with_its_genres():
    film_trailers = [item for item in demo_plan.plan_trailers(FILMS, 1) if item.film_id]
    assert [(item.trailer_id, item.film_id, item.title, item.genres) for item in film_trailers] == [
        ("a_film_trailer", "a_film", "A Film", ("Horror", "Comedy")),
        ("other_trailer", "other", "Other", ("Drama",)),
    ]


def test_each_combination_of_genres_has_equally_many_trailers():
    """Neither modality is informative about genres planted in the other one only."""
    n_by_combination = Counter(
        (item.picture_genres[0], item.sound_genres[0], item.picture_genres[1])
        for item in synthetic_trailers()
    )
    combinations = itertools.product(
        demo_plan.PICTURE_ONLY, demo_plan.SOUND_ONLY, demo_plan.IN_BOTH
    )
    assert n_by_combination == dict.fromkeys(combinations, sum(demo_plan.TRAILERS_PER_TITLE))
    assert len(synthetic_trailers()) == 40


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_trailer_genres_are_the_union_of_picture_and_sound_genres(seed):
    for item in synthetic_trailers(seed):
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
    titles = Counter(trailer.title for trailer in synthetic_trailers(3))
    assert Counter(titles.values()) == {1: 24, 2: 8}
    for title in titles:
        assert len({item.genres for item in synthetic_trailers(3) if item.title == title}) == 1


def test_plan_depends_on_the_seed_only():
    assert demo_plan.plan_trailers(FILMS, 4) == demo_plan.plan_trailers(FILMS, 4)
    assert synthetic_trailers(4) != synthetic_trailers(5)
    assert len({trailer.seed for trailer in synthetic_trailers(4)}) == 40


# Video and sound


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film of 40 s whose grey level rises each second, with a tone."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    greys = (np.full((36, 64, 3), 40 + 5 * (number // 12), np.uint8) for number in range(480))
    tone = 0.3 * np.sin(np.arange(40 * 24000) / 10)
    write_film(path, greys, pictures.FrameFormat(64, 36, 12), np.stack([tone, tone], 1), 24000)
    return path


@pytest.fixture(scope="module")
def demo_folder(film, tmp_path_factory):
    """Folder of a demo with one trailer cut from a film and two synthetic ones."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        synthesis.make_trailers(trailers_to_make(), {"a_film": film})
    return folder


def trailers_to_make():
    film_trailers = [item for item in demo_plan.plan_trailers(FILMS, 1) if item.film_id == "a_film"]
    return film_trailers + synthetic_trailers()[:2]


def test_trailer_table_matches_plan_and_missing_genre_is_an_error(demo_folder, monkeypatch):
    monkeypatch.chdir(demo_folder)
    (trailer, *_) = trailers_to_make()
    table_trailers = {item.trailer_id: item for item in read_trailers(demo_plan.TABLE, GENRES)}
    assert set(table_trailers) == {item.trailer_id for item in trailers_to_make()}
    assert table_trailers["a_film_trailer"].genres == trailer.genres
    films = [
        Film(name, *title_and_genres[:1], 2020, title_and_genres[1], None, NO_ALBUM)
        for name, title_and_genres in FILMS.items()
    ]
    planned = {
        item.trailer_id: item for item in demo_plan.demo_trailers(films, demo_plan.GENRES, 1)
    }
    assert {name: planned[name] for name in table_trailers} == table_trailers
    with pytest.raises(ConfigError) as error:
        demo_plan.demo_trailers(
            films, [genre for genre in demo_plan.GENRES if genre != "Horror"], 1
        )
    assert "config: trailers.genres: lacks Horror" in str(error.value)


def test_film_trailer_is_the_first_35_s_of_the_film(demo_folder, film):
    all_frames = Sampling(0, 1000, 1000, 40.0)
    trailer_sample, _ = sample_trailer(demo_folder / demo_plan.video("a_film_trailer"), all_frames)
    film_sample, _ = sample_trailer(film, all_frames)
    frames = len(trailer_sample.frames)
    assert 35 * 12 <= frames <= 35 * 12 + 2
    np.testing.assert_array_equal(trailer_sample.frames, film_sample.frames[:frames])
    np.testing.assert_allclose(
        trailer_sample.sound[: 34 * 16_000], film_sample.sound[: 34 * 16_000], atol=1e-3
    )


def test_synthetic_trailer_has_384_frames_and_fills_a_sample(demo_folder):
    video = demo_folder / demo_plan.video(synthetic_trailers()[0].trailer_id)
    with av.open(str(video)) as container:
        assert container.streams.video[0].frames == 384
    sample, note = sample_trailer(video, Sampling(200, 31, 10, 30.0))
    assert len(sample.frames) == 10
    assert len(sample.sound) == 30 * 16_000
    assert note == ""


def test_same_plan_gives_identical_video_files(demo_folder, film, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    synthesis.make_trailers(trailers_to_make()[:2], {"a_film": film})
    for item in trailers_to_make()[:2]:
        path = demo_plan.video(item.trailer_id)
        assert (tmp_path / path).read_bytes() == (demo_folder / path).read_bytes()


def test_shots_alternate_between_the_two_picture_genres():
    frames = np.stack(list(synthesis.video_frames(("Horror", "Romance"), np.random.default_rng(1))))
    assert frames.shape == (384, 90, 160, 3)
    shots = frames.reshape(32, 12, 90, 160, 3)
    luma = np.array([cv2.cvtColor(shot[0], cv2.COLOR_BGR2GRAY).mean() / 255 for shot in shots])
    dark, light = (exaggerated_look(genre).luma for genre in ("Horror", "Romance"))
    assert luma[::2].mean() == pytest.approx(dark, abs=0.05)
    assert luma[1::2].mean() == pytest.approx(light, abs=0.05)
    assert (shots[:, 0] != shots[:, -1]).any((1, 2, 3)).all()  # the camera moves


def test_music_pieces_alternate_between_the_two_sound_genres():
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


def test_unreadable_film_raises_media_error_and_writes_no_trailer(tmp_path):
    film = tmp_path / "film.mp4"
    film.write_text("words")
    with pytest.raises(MediaError) as error:
        synthesis.cut_trailer(film, tmp_path / "trailer.mp4")
    lines = str(error.value).splitlines()
    assert lines[0].startswith(f"{film}: no trailer can be cut from it (")
    assert lines[1] == "  expected: a film that FFmpeg can copy"
    assert not (tmp_path / "trailer.mp4").exists()
