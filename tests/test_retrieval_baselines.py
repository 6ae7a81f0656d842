"""Baselines of retrieval that know one number of films and tracks, and levels of fragments."""

import numpy as np
import pytest

from scorelens.retrieval.data.batches import PairDataset, Rows, Split
from scorelens.retrieval.data.dataset import RetrievalDataset, with_random_fragments
from scorelens.retrieval.embed import fragments
from scorelens.retrieval.embed.fragment_io import TrackFragments
from scorelens.retrieval.evaluate import baselines
from scorelens.retrieval.evaluate.metrics import MEANS, film_values

FILMS, TEST = 90, 30
RATE_HZ = 16_000


def make_dataset(tracks=None, seed=0):
    """Films with a vector of the image and of the text, split in order of their numbers."""
    random = np.random.default_rng(seed)
    film = np.repeat(np.arange(FILMS), 3 if tracks is None else tracks)
    owner = np.arange(FILMS)
    views = {
        "image": Rows(random.normal(size=(FILMS, 5)), owner),
        "text": Rows(random.normal(size=(2 * FILMS, 4)), np.repeat(owner, 2)),
    }
    fragment_rows = Rows(
        random.normal(size=(len(film), 7)).astype(np.float32), np.arange(len(film))
    )
    split = Split(owner[:50], owner[50:60], owner[60:])
    names = [f"film_{number:02d}" for number in range(FILMS)]
    return RetrievalDataset(names, [], PairDataset(views, fragment_rows, film), split, {})


def percentile_of(rankings):
    """Mean percentile of the tracks of the films."""
    films = np.arange(len(rankings.films))
    tracks = len(rankings.film)
    values = [film_values(run, rankings.film, tracks)[films, films] for run in rankings.ranks]
    return np.mean(values, axis=(0, 1))[MEANS.index("mean_percentile")]


def rankings_of(dataset, years=None, loudness=None):
    tracks = len(dataset.pairs.film)
    years = np.zeros(FILMS, int) if years is None else years
    loudness = np.random.default_rng(9).normal(size=tracks) if loudness is None else loudness
    ranked = baselines.baseline_rankings("all", dataset, years, loudness, 1)
    return {one.configuration: one for one in ranked}


def test_year_baseline_ranks_tracks_of_the_nearest_years_first():
    """Tracks of two years of test films: half of the list is of the film's year."""
    dataset = make_dataset()
    years = np.arange(FILMS) % 2 + 2023
    one = rankings_of(dataset, years)["year"]
    assert one.films.tolist() == dataset.films[60:]
    for run in one.ranks:
        for number, ranks in enumerate(run):
            same = years[60:][one.film] == years[60 + number]
            assert ranks[same].max() == 45
    assert percentile_of(one) == pytest.approx(0.75, abs=0.02)


def test_loudness_predicted_from_the_film_ranks_tracks_of_that_loudness_first():
    dataset = make_dataset()
    images = dataset.pairs.views["image"].values
    level = images @ [1.0, -0.5, 0.3, 0.0, 0.8]
    loudness = level[dataset.pairs.film] - 20 + 0.1 * np.random.default_rng(1).normal(size=270)
    assert percentile_of(rankings_of(dataset, loudness=loudness)["loudness"]) > 0.9
    assert percentile_of(rankings_of(dataset)["loudness"]) == pytest.approx(0.5, abs=0.08)


def test_album_length_predicted_from_the_film_ranks_albums_of_that_length_first():
    images = make_dataset().pairs.views["image"].values
    lengths = np.round(np.exp(2 + 0.8 * images[:, 0])).astype(int).clip(1)
    dataset = make_dataset(lengths)
    assert percentile_of(rankings_of(dataset)["album_length"]) > 0.75


def test_predictions_do_not_depend_on_values_of_test_films():
    random = np.random.default_rng(3)
    vectors, values = random.normal(size=(FILMS, 6)), random.normal(size=FILMS)
    training, test = np.arange(60), np.arange(60, FILMS)
    expected = baselines.predict_values(vectors, values, training, test)
    values[60:] = 1e6
    np.testing.assert_array_equal(
        baselines.predict_values(vectors, values, training, test), expected
    )


def test_ridge_predictions_of_a_linear_relation_are_near_it():
    random = np.random.default_rng(4)
    vectors = random.normal(size=(FILMS, 6))
    values = vectors @ np.arange(6) - 7
    predicted = baselines.predict_values(vectors, values, np.arange(60), np.arange(60, FILMS))
    assert np.abs(predicted - values[60:]).max() < 0.1 * values.std()


def test_tracks_at_one_distance_are_in_random_order():
    """Of six tracks at the same distance each has the mean rank 3.5 over many orders."""
    random = np.random.default_rng(5)
    distance = np.array([[1.0] * 6 + [2.0]])
    ranks = np.concatenate([baselines.rank_by_distance(distance, random) for _ in range(400)])[:, 0]
    assert (np.sort(ranks, axis=1) == np.arange(1, 8)).all()
    assert (ranks[:, 6] == 7).all()
    standard_error = np.sqrt(35 / 12 / len(ranks))
    assert np.abs(ranks[:, :6].mean(axis=0) - 3.5).max() < 4 * standard_error


def test_random_fragments_have_the_width_of_the_embeddings_and_are_reproducible():
    dataset = make_dataset()
    first, again = (with_random_fragments(dataset, 7).pairs.fragments for _ in range(2))
    assert first.values.shape == dataset.pairs.fragments.values.shape
    assert (first.values == again.values).all()
    assert (first.owner == dataset.pairs.fragments.owner).all()
    other = with_random_fragments(dataset, 8).pairs.fragments.values
    assert abs(np.corrcoef(first.values.ravel(), other.ravel())[0, 1]) < 0.1
    assert first.values.mean() == pytest.approx(0, abs=0.1)
    assert first.values.std() == pytest.approx(1, abs=0.1)
    log_mel = Rows(np.zeros((270, 4, 5), np.float16), first.owner)
    mel = dataset._replace(pairs=dataset.pairs._replace(fragments=log_mel))
    assert with_random_fragments(mel, 7).pairs.fragments.values.shape == (270, 256)


@pytest.mark.parametrize(("amplitude", "level"), [(1.0, -3.01), (0.1, -23.01), (1e-9, -100)])
def test_level_of_a_sine_is_its_mean_power(amplitude, level):
    samples = amplitude * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)
    assert fragments.level_db(samples.astype(np.float32)) == pytest.approx(level, abs=0.01)


def test_level_of_a_track_is_the_mean_power_of_its_fragments():
    levels = np.array([-10.0, -20.0, -30.0])
    track = TrackFragments(["a", "b"], np.array([0, 0, 1]), np.zeros(3), np.zeros((3, 2)), levels)
    expected = [10 * np.log10((0.1 + 0.01) / 2), -30]
    np.testing.assert_allclose(track.track_level_db(), expected)


def test_levels_of_encoded_and_of_known_fragments_agree(tone):
    """A sine of amplitude .5, which is 9.03 dB below full scale."""
    path = tone("tone.wav", seconds=25.0, rate_hz=22_050)
    log_mel = fragments.load_fragment_encoder("cnn_transformer", None)
    encoded = fragments.encode_track(path, 3, log_mel)
    assert encoded.level_db == pytest.approx([-9.03] * 3, abs=0.05)
    known = fragments.fragments_of_seconds(np.ones((25, 200), np.float32), 3)
    assert np.isnan(known.level_db).all()
    assert fragments.with_levels(known, path).level_db == pytest.approx([-9.03] * 3, abs=0.05)
