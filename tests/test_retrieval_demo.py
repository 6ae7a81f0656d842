"""Retrieval demo: files match the plan, and models learn the planted relations."""

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
# p is below the first for planted tracks, above the second for others.
PLANTED_P, CHANCE_P = 0.01, 0.01
PERMUTATIONS = 9999


def corpus_films(count, seed=SEED):
    """Films of the demo corpus, as in the workflow."""
    return [
        Film(film.film_id, film.title, film.year, film.genres, None, album_of(film.film_id))
        for film in corpus_plan.demo_films(count, seed)
    ]


def album_of(film_id):
    return Album(film_id, film_id, (f"{film_id}/01",))


def genres_of(films):
    return {film.film_id: film.genres for film in films}


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory):
    """A folder with files of the first films of the plan, and those films."""
    folder = tmp_path_factory.mktemp("demo")
    films = demo_plan.plan_films(genres_of(corpus_films(2)), SEED)
    chosen = [film for film in films if not film.tracks] + films[:3]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        synthesis.synthesize_films(chosen)
    return folder, chosen


def test_films_outside_the_corpus_are_in_all_parts_of_the_split():
    films = demo_plan.plan_films({}, SEED)
    split = split_by_year(np.array([film.year for film in films]), 2021, 2023)
    assert [len(part) for part in split] == [144, 36, 36]
    assert [film.film_id for film in films] == sorted({film.film_id for film in films})


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_planted_genres_of_a_film_are_independent(seed):
    films = demo_plan.plan_films({}, seed)
    for part in split_by_year(np.array([film.year for film in films]), 2021, 2023):
        genres = [tuple(films[row].tracks.values()) for row in part]
        for pair in combinations(range(3), 2):
            counts = Counter(tuple(film_genres[index] for index in pair) for film_genres in genres)
            assert len(counts) == 36
            assert len(set(counts.values())) == 1


def test_genres_of_picture_plot_and_tags_match_the_tracks():
    for film in demo_plan.plan_films({}, SEED):
        assert [film.tracks["as_shown"], film.tracks["as_told"]] == [
            film.picture_genre,
            *film.plot_genres,
        ]
        assert set(film.tags) <= set(plot_words.TAGS[film.tracks["as_tagged"]])
        assert len(set(film.tags)) == len(film.tags) in (2, 3)


def test_corpus_films_are_described_by_their_own_genres():
    films = {film.film_id: film for film in demo_plan.plan_films(genres_of(corpus_films(18)), SEED)}
    for corpus_film in corpus_films(18):
        film = films[corpus_film.film_id]
        assert (film.picture_genre, film.plot_genres, film.tracks) == (
            corpus_film.genres[0],
            corpus_film.genres,
            {},
        )
        for genre in corpus_film.genres:
            assert len(set(film.tags) & set(plot_words.TAGS[genre])) == 2


def test_corpus_size_does_not_change_the_other_films():
    few, many = (demo_plan.plan_films(genres_of(corpus_films(count)), SEED) for count in (2, 5))
    assert [film for film in many if film in few] == few
    assert demo_plan.plan_films({}, SEED + 1) != demo_plan.plan_films({}, SEED)


def test_film_ids_are_not_those_of_corpus_films():
    known = {film.film_id for film in corpus_plan.demo_films(700, SEED)}
    assert not known & {film.film_id for film in demo_plan.plan_films({}, SEED)}


def test_every_genre_has_8_distinct_tags_and_sentences():
    for words, count in ((plot_words.TAGS, 8), (plot_words.SENTENCES, 8)):
        assert list(words) == list(corpus_plan.GENRES)
        assert [len(set(genre_words)) for genre_words in words.values()] == [count] * 6
        assert len(set().union(*words.values())) == 6 * count


def test_written_files_match_the_plan(synthesized):
    folder, films = synthesized
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    ids = {film.film_id for film in films}
    planned = demo_plan.demo_files(corpus_films(2), SEED)
    expected = {path for path in planned if Path(path).stem in ids or Path(path).parent.name in ids}
    assert written == expected | {demo_plan.TABLE}
    assert len(planned) == len(set(planned)) == 2 * 2 + 5 * 216


def test_written_table_matches_the_plan(synthesized, monkeypatch):
    folder, films = synthesized
    monkeypatch.chdir(folder)
    known = corpus_films(2)
    ids = {film.film_id for film in films}
    described = [film for film in demo_plan.demo_films(known, SEED) if film.film_id in ids]
    table_films = read_films(demo_plan.TABLE, {film.film_id: film for film in known})

    def resolved(film):
        files = tuple(str(Path(path).resolve()) for path in film.album.files)
        folder = str(Path(film.album.folder).resolve())
        paths = {name: str(Path(getattr(film, name)).resolve()) for name in ("image", "plot")}
        return film._replace(album=Album("", folder, files), **paths)

    assert [resolved(film) for film in table_films] == [resolved(film) for film in described]


def test_tracks_are_5_s_long_without_silence(synthesized):
    folder, films = synthesized
    for film in films:
        for track_id in film.tracks:
            sound, rate_hz = soundfile.read(folder / demo_plan.track(film.film_id, track_id))
            assert sound.shape == (5 * rate_hz, 2)
            seconds = sound.reshape(5, -1)
            assert (np.sqrt((seconds**2).mean(1))[:4] > 1e-3).all()


def test_pictures_and_plots_are_readable(synthesized):
    folder, films = synthesized
    for film in films:
        picture = read_image(folder / demo_plan.picture(film.film_id))
        assert picture.std() > 3
        paragraphs = read_paragraphs(folder / demo_plan.plot(film.film_id))
        assert len(paragraphs) == 3
        assert not any(mark in "".join(paragraphs) for mark in "{}")


def longest_fixed_part(sentence):
    """The longest part of a sentence template between its placeholders."""
    return max(sentence.format(one="@", other="@", place="@").split("@"), key=len)


def test_every_paragraph_of_a_plot_has_all_its_genres():
    plot = synthesis.compose_plot(("Horror", "Comedy"), np.random.default_rng(3))
    for paragraph in plot.strip().split("\n\n"):
        genres = {
            genre
            for genre, sentences in plot_words.SENTENCES.items()
            for sentence in sentences
            if longest_fixed_part(sentence) in paragraph
        }
        assert genres == {"Horror", "Comedy"}


def test_synthesis_is_deterministic(synthesized, tmp_path, monkeypatch):
    folder, films = synthesized
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
    """Films outside the corpus, and embeddings of their pictures, texts and tracks."""
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
    """One fragment for each track; tracks of a film are in the order of demo_plan.TRACKS."""
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


def permutation_p_values(queries, tracks):
    """p value of the mean rank of each kind of track, by permutation of the queries."""
    order = (queries @ tracks.T).argsort(1).argsort(1)  # 0 for the last track
    films, random = np.arange(len(queries)), np.random.default_rng(0)
    permuted = random.permuted(np.tile(films, (PERMUTATIONS, 1)), axis=1)
    p_values = {}
    for offset, kind in enumerate(demo_plan.TRACKS):
        ranks = order[:, offset :: len(demo_plan.TRACKS)]
        at_least_as_high = (ranks[permuted, films].mean(1) >= ranks[films, films].mean()).sum()
        p_values[kind] = (1 + at_least_as_high) / (1 + PERMUTATIONS)
    return p_values


@pytest.mark.slow
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_model_retrieves_only_the_tracks_planted_for_its_inputs(configuration, vectors):
    p_values = permutation_p_values(*embed_test_films(configuration, *vectors))
    for part, kind in PLANTED.items():
        if part in CONFIGURATIONS[configuration]:
            assert p_values[kind] < PLANTED_P, p_values
        else:
            assert p_values[kind] > CHANCE_P, p_values
