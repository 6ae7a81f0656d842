"""The demo of retrieval: its files are those of the plan, and models find its planted relations."""

import hashlib
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scorelens.albums.files import Album
from scorelens.corpus.synthesis import demo_plan as corpus_plan
from scorelens.encoders import image_encoder, text_encoder
from scorelens.encoders.image_files import read_image
from scorelens.film_table import Film
from scorelens.retrieval import CONFIGURATIONS, text_segment, uses_image
from scorelens.retrieval.data.batches import PairDataset, Rows, split_by_year
from scorelens.retrieval.data.films import read_films, read_paragraphs
from scorelens.retrieval.demo import demo_plan, plot_words, synthesis
from scorelens.retrieval.embed import fragments
from scorelens.retrieval.model import networks
from scorelens.retrieval.model.training import train_configuration

SEED = 3
SETTINGS = {
    "learning_rate": 1e-3,
    "batch_size": 16,
    "micro_batch_size": 0,
    "epochs": 200,
    "patience": 3,
    "dropout": 0.3,
    "margin": 0.2,
}
PLANTED = dict(zip(("image", "plot", "tags"), demo_plan.TRACKS, strict=True))
SURE, BY_CHANCE = 0.01, 0.01  # p below the first: found; above the second: not found
PERMUTATIONS = 9999


def corpus(count, seed=SEED):
    """Films of the demo corpus as the workflow has them."""
    return [
        Film(film.film_id, film.title, film.year, film.genres, None, album_of(film.film_id))
        for film in corpus_plan.demo_films(count, seed)
    ]


def album_of(film_id):
    return Album(film_id, film_id, (f"{film_id}/01",))


def genres_of(films):
    return {film.film_id: film.genres for film in films}


@pytest.fixture(scope="module")
def composed(tmp_path_factory):
    """A folder with the files of the first films of the plan, and those films."""
    folder = tmp_path_factory.mktemp("demo")
    films = demo_plan.plan_films(genres_of(corpus(2)), SEED)
    chosen = [film for film in films if not film.tracks] + films[:3]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        synthesis.synthesize_films(chosen)
    return folder, chosen


def test_further_films_are_in_all_parts_of_the_split():
    films = demo_plan.plan_films({}, SEED)
    split = split_by_year(np.array([film.year for film in films]), 2021, 2023)
    assert [len(part) for part in split] == [144, 36, 36]
    assert [film.film_id for film in films] == sorted({film.film_id for film in films})


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_the_parts_of_a_film_are_independent(seed):
    films = demo_plan.plan_films({}, seed)
    for part in split_by_year(np.array([film.year for film in films]), 2021, 2023):
        genres = [tuple(films[row].tracks.values()) for row in part]
        for pair in combinations(range(3), 2):
            counts = Counter(tuple(film_genres[index] for index in pair) for film_genres in genres)
            assert len(counts) == 36
            assert len(set(counts.values())) == 1


def test_picture_plot_and_tags_have_the_genres_of_the_tracks():
    for film in demo_plan.plan_films({}, SEED):
        assert [film.tracks["as_shown"], film.tracks["as_told"]] == [
            film.picture_genre,
            *film.plot_genres,
        ]
        assert set(film.tags) <= set(plot_words.TAGS[film.tracks["as_tagged"]])
        assert len(set(film.tags)) == len(film.tags) in (2, 3)


def test_the_films_of_the_corpus_are_described_by_their_own_genres():
    films = {film.film_id: film for film in demo_plan.plan_films(genres_of(corpus(18)), SEED)}
    for known in corpus(18):
        film = films[known.film_id]
        assert (film.picture_genre, film.plot_genres, film.tracks) == (
            known.genres[0],
            known.genres,
            {},
        )
        for genre in known.genres:
            assert len(set(film.tags) & set(plot_words.TAGS[genre])) == 2


def test_a_larger_corpus_changes_no_other_film():
    few, many = (demo_plan.plan_films(genres_of(corpus(count)), SEED) for count in (2, 5))
    assert [film for film in many if film in few] == few
    assert demo_plan.plan_films({}, SEED + 1) != demo_plan.plan_films({}, SEED)


def test_no_title_is_that_of_a_film_of_the_corpus():
    known = {film.film_id for film in corpus_plan.demo_films(700, SEED)}
    assert not known & {film.film_id for film in demo_plan.plan_films({}, SEED)}


def test_all_genres_have_equally_many_distinct_words():
    for words, count in ((plot_words.TAGS, 8), (plot_words.SENTENCES, 8)):
        assert list(words) == list(corpus_plan.GENRES)
        assert [len(set(genre_words)) for genre_words in words.values()] == [count] * 6
        assert len(set().union(*words.values())) == 6 * count


def test_the_files_are_those_of_the_plan(composed):
    folder, films = composed
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    ids = {film.film_id for film in films}
    planned = demo_plan.demo_files(corpus(2), SEED)
    expected = {path for path in planned if Path(path).stem in ids or Path(path).parent.name in ids}
    assert written == expected | {demo_plan.TABLE}
    assert len(planned) == len(set(planned)) == 2 * 2 + 5 * 216


def test_the_table_has_the_films_of_the_plan(composed, monkeypatch):
    folder, films = composed
    monkeypatch.chdir(folder)
    known = corpus(2)
    ids = {film.film_id for film in films}
    described = [film for film in demo_plan.demo_films(known, SEED) if film.film_id in ids]
    table_films = read_films(demo_plan.TABLE, {film.film_id: film for film in known})

    def resolved(film):
        files = tuple(str(Path(path).resolve()) for path in film.album.files)
        folder = str(Path(film.album.folder).resolve())
        paths = {name: str(Path(getattr(film, name)).resolve()) for name in ("image", "plot")}
        return film._replace(album=Album("", folder, files), **paths)

    assert [resolved(film) for film in table_films] == [resolved(film) for film in described]


def test_tracks_last_five_seconds_without_silence(composed):
    folder, films = composed
    for film in films:
        for track_id in film.tracks:
            sound, rate_hz = soundfile.read(folder / demo_plan.track(film.film_id, track_id))
            assert sound.shape == (5 * rate_hz, 2)
            seconds = sound.reshape(5, -1)
            assert (np.sqrt((seconds**2).mean(1))[:4] > 1e-3).all()


def test_pictures_and_plots_can_be_read(composed):
    folder, films = composed
    for film in films:
        picture = read_image(folder / demo_plan.picture(film.film_id))
        assert picture.std() > 3
        paragraphs = read_paragraphs(folder / demo_plan.plot(film.film_id))
        assert len(paragraphs) == 3
        assert not any(mark in "".join(paragraphs) for mark in "{}")


def longest(sentence):
    """The longest part of a sentence without names."""
    return max(sentence.format(one="@", other="@", place="@").split("@"), key=len)


def test_every_paragraph_of_a_plot_has_all_its_genres():
    plot = synthesis.compose_plot(("Horror", "Comedy"), np.random.default_rng(3))
    for paragraph in plot.strip().split("\n\n"):
        genres = {
            genre
            for genre, sentences in plot_words.SENTENCES.items()
            for sentence in sentences
            if longest(sentence) in paragraph
        }
        assert genres == {"Horror", "Comedy"}


def test_the_same_plan_gives_the_same_bytes(composed, tmp_path, monkeypatch):
    folder, films = composed
    monkeypatch.chdir(tmp_path)
    synthesis.synthesize_films(films)
    assert digests(tmp_path) == digests(folder)


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.fixture(scope="module")
def vectors(fetched, tmp_path_factory):
    """The further films, and the embeddings of their pictures, plots and tracks."""
    films = demo_plan.plan_films({}, SEED)
    files = [fetched(name) for name in ("efficientnet_lite0", "minilm", "musicnn")]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("all"))
        synthesis.synthesize_films(films)
        embeddings = embed_images(films, files[0]) | embed_texts(films, files[1])
        return films, embeddings | embed_tracks(films, files[2])


def embed_images(films, file):
    network = image_encoder.load("efficientnet_lite0", file)
    pictures = [read_image(demo_plan.picture(film.film_id)) for film in films]
    return {"image": Rows(network.encode(np.stack(pictures)), np.arange(len(films)))}


def embed_texts(films, file):
    encoder = text_encoder.load("minilm", file)
    embedded = {}
    for segment in ("tags", "plot", "tags_plot"):
        texts = [
            (row, text)
            for row, film in enumerate(films)
            for text in text_encoder.film_texts(
                film.tags, read_paragraphs(demo_plan.plot(film.film_id))
            )[segment]
        ]
        owner = np.array([row for row, _ in texts])
        embedded[segment] = Rows(encoder.encode([text for _, text in texts]), owner)
    return embedded


def embed_tracks(films, file):
    """A fragment a track: the tracks of a film in the order of plan.TRACKS."""
    encoder = fragments.load_fragment_encoder("musicnn", file)
    paths = [
        demo_plan.track(film.film_id, track_id) for film in films for track_id in demo_plan.TRACKS
    ]
    embeddings = [fragments.encode_track(path, 1, encoder).values for path in paths]
    return {"sound": Rows(np.concatenate(embeddings), np.arange(len(paths)))}


def embed_test_films(configuration, films, vectors):
    """Embeddings of the test films and their tracks by a trained model."""
    views = {"image": vectors["image"]} if uses_image(configuration) else {}
    if segment := text_segment(configuration):
        views["text"] = vectors[segment]
    split = split_by_year(np.array([film.year for film in films]), 2021, 2023)
    film = np.repeat(np.arange(len(films)), len(demo_plan.TRACKS))
    pairs = PairDataset(views, vectors["sound"], film)
    trained = train_configuration(configuration, pairs, split, SETTINGS, SEED)
    model = networks.load_model(configuration, trained.sizes, trained.arrays)
    firsts = {view: np.searchsorted(rows.owner, split.test) for view, rows in views.items()}
    queries = {view: rows.values[firsts[view]] for view, rows in views.items()}
    test_fragments = vectors["sound"].values[np.isin(film, split.test)]
    return networks.embed_queries(model, queries), networks.embed_fragments(model, test_fragments)


def chances(queries, tracks):
    """p of permuted queries finding a kind of track as early, by kind."""
    order = (queries @ tracks.T).argsort(1).argsort(1)  # 0 for the last track
    films, random = np.arange(len(queries)), np.random.default_rng(0)
    swapped = random.permuted(np.tile(films, (PERMUTATIONS, 1)), axis=1)
    p_values = {}
    for offset, kind in enumerate(demo_plan.TRACKS):
        ranks = order[:, offset :: len(demo_plan.TRACKS)]
        good = (ranks[swapped, films].mean(1) >= ranks[films, films].mean()).sum()
        p_values[kind] = (1 + good) / (1 + PERMUTATIONS)
    return p_values


@pytest.mark.slow
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_a_model_finds_the_tracks_planted_for_its_inputs_and_no_others(configuration, vectors):
    p_values = chances(*embed_test_films(configuration, *vectors))
    for part, kind in PLANTED.items():
        if part in CONFIGURATIONS[configuration]:
            assert p_values[kind] < SURE, p_values
        else:
            assert p_values[kind] > BY_CHANCE, p_values
