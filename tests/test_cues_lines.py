"""Lines of track time against film time: votes of triplets, coincidences at the place, fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.cues import coincidence, lines
from scorelens.cues.coincidence import TrackLandmarks
from scorelens.cues.lines import Line
from scorelens.fingerprints import (
    Landmarks,
    index_triplets,
    join_triplets,
    make_triplets,
    triplet_keys,
    triplets,
)
from scorelens.fingerprints.landmarks import FINE_STEPS

HOP_S = 256 / 11025
ENTRIES = 1_000_000


def landmarks_at(frames, bins) -> Landmarks:
    frames, bins = np.asarray(frames, float), np.asarray(bins, float)
    order = np.argsort(np.rint(frames), kind="stable")
    frequencies = np.rint(bins[order] * FINE_STEPS).astype(np.uint16)
    return Landmarks(
        np.rint(frames[order]).astype(np.int32), frequencies, np.ones(len(order), bool)
    )


def random_landmarks(seed, frames=3000, per_frame=0.5) -> Landmarks:
    random = np.random.default_rng(seed)
    count = round(frames * per_frame)
    return landmarks_at(random.integers(0, frames, count), 2 ** random.uniform(4.5, 9.5, count))


def played(track: Landmarks, rate, octaves, film_frame=0) -> Landmarks:
    """Landmarks of a film that plays a track from a frame on."""
    bins = track.frequencies / FINE_STEPS * 2.0**octaves
    return landmarks_at(track.frames / rate + film_frame, bins)


@pytest.mark.parametrize(
    ("rate", "octaves"), [(1, 0), (1.06, 0), (0.95, 0), (1, 2 / 12), (1.04, 0.06)]
)
def test_triplets_do_not_depend_on_tempo_and_pitch(rate, octaves):
    track = random_landmarks(1)
    of_track, of_film = make_triplets(track), make_triplets(played(track, rate, octaves))
    common = np.isin(of_film.hashes, of_track.hashes).mean()
    of_another = np.isin(make_triplets(random_landmarks(2)).hashes, of_track.hashes).mean()
    assert common > 0.5
    assert common > 1.5 * of_another


def test_triplets_equal_nested_loops():
    track = random_landmarks(3, frames=150)
    octaves = track.octaves
    expected = []
    for a, b, c in np.ndindex(*[len(octaves)] * 3):
        gaps = [track.frames[b] - track.frames[a], track.frames[c] - track.frames[b]]
        far = track.frames[c] - track.frames[a] > triplets.FARTHEST_FRAMES
        steps = octaves[b] - octaves[a], octaves[c] - octaves[b], octaves[c] - octaves[a]
        if min(gaps) < triplets.NEAREST_FRAMES or far or max(map(abs, steps)) > 1:
            continue
        expected.append((track.frames[a], track.frames[c] - track.frames[a]))
    made = make_triplets(track)
    assert sorted(zip(made.frames.tolist(), made.spans.tolist(), strict=True)) == sorted(expected)


def test_index_has_the_triplets_of_all_tracks_by_key_and_thins_large_albums():
    tracks = [
        (random_landmarks(1), random_landmarks(2)),
        (random_landmarks(3), landmarks_at([], [])),
    ]
    index = index_triplets(tracks, ENTRIES)
    every = join_triplets([make_triplets(one) for channels in tracks for one in channels])
    assert index.thinning == 1
    assert (np.diff(index.keys) >= 0).all()
    np.testing.assert_array_equal(index.keys, np.sort(triplet_keys(every.hashes, every.octaves)))
    own = [len(make_triplets(one).hashes) for channels in tracks for one in channels]
    assert np.bincount(index.tracks).tolist() == [own[0] + own[1], own[2]]
    thin = index_triplets(tracks, len(index.keys) // 3)
    assert len(thin.keys) < len(index.keys) / 3
    film = make_triplets(tracks[0][0], thin.thinning)
    assert np.isin(film.hashes, thin.triplets.hashes).all()


@pytest.mark.parametrize(
    ("rate", "octaves"), [(1, 0), (1.0833, 0), (0.92, 0), (1, 2 / 12), (1, -2 / 12), (1.06, 0.084)]
)
def test_line_of_a_planted_track_is_proposed_and_fitted(rate, octaves):
    tracks = [random_landmarks(seed) for seed in range(5)]
    music, noise = played(tracks[3], rate, octaves, 400), random_landmarks(9, 4000, 1.0)
    film = landmarks_at(
        np.concatenate([music.frames, noise.frames]),
        np.concatenate([music.frequencies, noise.frequencies]) / FINE_STEPS,
    )
    index = index_triplets([(one,) for one in tracks], ENTRIES)
    proposed = lines.propose_lines([film], index, HOP_S, lines.SEARCHES["wide"])
    best = max(proposed, key=lambda line: line.votes)
    assert best.track == 3
    half = lines.WINDOW_S / HOP_S / 2
    window = best.film_frame - half, best.film_frame + half
    level, fitted, pitch = coincidence.fit_line(
        [film], TrackLandmarks.of([tracks[3]]), best, window
    )
    assert fitted == pytest.approx(rate, abs=2e-4)
    assert level == pytest.approx(rate * (best.film_frame - 400), abs=0.5)
    assert pitch == pytest.approx(octaves, abs=0.002)


def test_film_without_the_album_proposes_next_to_nothing():
    index = index_triplets([(random_landmarks(seed),) for seed in range(5)], ENTRIES)
    proposed = lines.propose_lines(
        [random_landmarks(9, 8000)], index, HOP_S, lines.SEARCHES["wide"]
    )
    assert max((line.votes for line in proposed), default=0) < 3 * lines.MIN_VOTES


@given(st.integers(-4, 4), st.floats(-3, 3))
def test_coincidence_grades_how_far_two_landmarks_are_apart(frames, bins):
    track = TrackLandmarks.of([landmarks_at([50], [200.0])])
    film = landmarks_at([70 + frames], [200.0 + bins])
    line = Line(0, 70.0, 50.0, 1.0, 0.0, 0)
    ((grade,),) = coincidence.coincidences(film, track.grid(), line)
    quarter = 0.25  # of a bin, to which a grid rounds
    if abs(frames) > 2 or abs(bins) > 0.8 + quarter:
        assert grade == 0
    elif frames == 0 and abs(bins) < 0.05:
        assert grade == 3
    elif abs(frames) <= 1 and abs(bins) > 0.5 + quarter:
        assert grade <= 1
    elif abs(frames) == 2 and abs(bins) < 0.8 - quarter:
        assert grade == 1


def test_coincidences_outside_the_track_are_none():
    track = TrackLandmarks.of([landmarks_at([0, 50], [200.0, 100.0])])
    film = landmarks_at([0, 50, 5000], [200.0, 100.0, 100.0])
    line = Line(0, 0.0, 0.0, 1.0, 0.0, 0)
    found = coincidence.coincidences(film, track.grid(), line, (0, -1000))
    assert found.tolist() == [[3, 3, 0], [0] * 3]


@given(
    st.lists(st.integers(0, 200), min_size=4, max_size=4),
    st.floats(0.001, 0.9),
)
def test_class_nats_are_the_ratio_of_two_distributions(counts, share):
    chance = coincidence.chance_of(np.array(counts))
    by_chance = np.array([1 - chance.sum(), *chance])
    playing = by_chance * np.exp(coincidence.class_nats(chance, share))
    assert playing.sum() == pytest.approx(1)
    assert playing[0] == pytest.approx((1 - share) * by_chance[0])


def test_chance_without_landmarks_is_the_prior():
    chance = coincidence.chance_of(np.zeros(4))
    np.testing.assert_allclose(chance, coincidence.PRIOR_CHANCE)
    many = coincidence.chance_of(np.array([70_000, 15_000, 10_000, 5_000]))
    np.testing.assert_allclose(many, [0.15, 0.1, 0.05], rtol=0.01)


def test_evidence_is_positive_on_the_line_and_negative_beside_it():
    track = random_landmarks(1, per_frame=2.0)
    landmarks = TrackLandmarks.of([track])
    film = [played(track, 1.0, 0.0, 100)]
    on_line, beside = (
        coincidence.line_evidence(
            film, landmarks, landmarks.grid(), Line(0, 0.0, level, 1.0, 0.0, 0), (5, 60), HOP_S
        )
        for level in (-100.0, 400.0)
    )
    assert on_line.first == beside.first == 5
    assert on_line.nats.min() > 20
    assert beside.nats.max() < 5
    assert beside.nats.mean() < -1


def test_explained_landmarks_are_no_evidence():
    track = random_landmarks(1, per_frame=2.0)
    landmarks, film = TrackLandmarks.of([track]), played(track, 1.0, 0.0, 100)
    line = Line(0, 0.0, -100.0, 1.0, 0.0, 0)
    free = np.ones(len(film.frames), bool)
    stretch = 5 / HOP_S, 60 / HOP_S
    free[coincidence.matched_landmarks(film, landmarks.grid(), line, stretch)] = False
    evidence = coincidence.line_evidence(
        [film], landmarks, landmarks.grid(), line, (5, 60), HOP_S, [free]
    )
    assert evidence.nats.max() < 0
