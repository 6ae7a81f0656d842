"""The live search: bridge, likeness, filters, and the index."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.errors import ConfigError
from scorelens.live_search import Filters, Like, Moment, Query, likeness
from scorelens.live_search import catalogue as catalogues
from scorelens.live_search.bridge import Bridge, standardised_logits, tag_weights
from scorelens.live_search.filtering import passing
from scorelens.live_search.run_films import Films
from scorelens.live_search.tags import TAGS, tag_layer
from scorelens.live_search.trained import Trained
from tests.search_tables import embed, index_of, number_of, passages, track_row


def titles(hits):
    return [hit.title for hit in hits]


def simple_index(**more):
    """Tracks `sad`, `happy` and `both`, which begins happy and ends sad."""
    values = [
        passages("sad", count=2),
        passages("happy", count=2),
        np.concatenate([passages("happy"), passages("sad")]),
    ]
    return index_of([track_row(n) for n in ("sad", "happy", "both")], values, **more)


def test_tag_weights_are_the_softmax_of_cosines_over_the_temperature():
    query, glosses = np.array([0.6, 0.8]), np.array([[1.0, 0], [0, 1], [0.8, 0.6]])
    expected = np.exp(np.array([0.6, 0.8, 0.96]) / 0.05)
    np.testing.assert_allclose(tag_weights(query, glosses), expected / expected.sum())


def test_meaning_of_a_tag_is_that_tag_and_weights_sum_to_zero():
    meaning = Bridge(embed).meaning("sad")
    assert meaning.weights.argmax() == number_of("sad")
    assert meaning.weights.max() == pytest.approx(1 - 1 / 50, abs=1e-6)
    assert meaning.weights.sum() == pytest.approx(0, abs=1e-12)
    assert meaning.why == "bridge: sad 1.00"


def test_meaning_of_parts_between_commas_and_tags_is_their_mean():
    meaning = Bridge(embed).meaning("sad, happy", ("Jazz", "folk"))
    chosen = [number_of(tag) for tag in ("sad", "happy", "jazz", "folk")]
    np.testing.assert_allclose(meaning.weights[chosen], 0.25 - 1 / 50, atol=1e-6)


def test_words_near_no_tag_weigh_nothing_and_are_called_a_guess():
    meaning = Bridge(embed).meaning("quokka")
    np.testing.assert_allclose(meaning.weights, 0, atol=1e-12)
    assert "a guess: no tag is near quokka" in meaning.why


def test_meaning_without_a_letter_is_none():
    assert Bridge(embed).meaning("...") is None


def test_standardised_logits_have_mean_0_and_deviation_1_and_a_constant_tag_0():
    logits = np.random.default_rng(1).normal(3, 7, (500, 50)).astype(np.float32)
    logits[:, 4] = 2
    result, *_ = standardised_logits(logits)
    np.testing.assert_allclose(result.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(np.delete(result.std(0), 4), 1, atol=1e-4)
    assert not result[:, 4].any()


def test_words_rank_the_track_that_has_the_tag_throughout_first():
    index = simple_index()
    assert titles(index.search(Query(words="sad"))) == ["sad", "both", "happy"]
    assert titles(index.search(Query(tags=("Happy",)))) == ["happy", "both", "sad"]


def test_best_passage_of_a_hit_is_the_one_that_fits():
    index = simple_index()
    start_s = {hit.title: hit.start_s for hit in index.search(Query(words="sad"))}
    assert start_s["both"] == 10.0
    assert {h.title: h.start_s for h in index.search(Query(words="happy"))}["both"] == 0.0


def test_a_loud_common_tag_does_not_decide():
    """`rock` is strong everywhere; `sad` differs little, and is asked for."""
    rng = np.random.default_rng(2)
    values = [9 * passages("rock") + rng.normal(0, 0.3, (1, 200)) for _ in range(30)]
    for value in values:
        value[0, number_of("sad")] = 0
    values[7][0, number_of("sad")] = 0.1
    index = index_of([track_row(str(k)) for k in range(30)], values)
    assert titles(index.search(Query(words="sad", limit=1))) == ["7"]


def test_more_like_a_track_leaves_it_out_and_finds_its_twin():
    rng = np.random.default_rng(3)
    values = [rng.normal(size=(3, 200)) for _ in range(40)]
    values[11] = values[4] + rng.normal(0, 0.1, (3, 200))
    index = index_of([track_row(str(k)) for k in range(40)], values)
    hits = index.search(Query(like=Like("library/4")))
    assert hits[0].title == "11" and "4" not in titles(hits)
    assert hits[0].why == "likeness: 4"


def test_more_like_a_passage_finds_the_track_that_holds_it():
    rng = np.random.default_rng(4)
    values = [rng.normal(size=(5, 200)) for _ in range(40)]
    values[9][3] = values[2][1]
    asked = []

    def sound(path, start_s, end_s):
        asked.append((path, start_s, end_s))
        return values[2][1:2]

    index = index_of([track_row(str(k)) for k in range(40)], values, sound=sound)
    hit = index.search(Query(like=Like("library/2", 10.0, 20.0)))[0]
    assert asked == [("/music/2.ogg", 10.0, 20.0)]
    assert (hit.title, hit.start_s) == ("9", 30.0)


def test_track_likeness_is_the_mean_over_queries_of_the_best_cosine():
    tracks, wanted = np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32)[[0, 3]]
    scores = likeness.track_likeness(tracks, np.array([0, 2, 3]), wanted)
    np.testing.assert_allclose(scores, [0.5, 0, 0.5])


def test_space_keeps_cosines_of_standardised_values_where_it_has_room():
    values = np.random.default_rng(5).normal(2, 5, (50, 200))
    space = likeness.fit_space(values)
    placed = space.place(values)
    z = (values - values.mean(0)) / values.std(0)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    assert placed.shape[1] == 49  # 50 points less their mean
    np.testing.assert_allclose(placed @ placed.T, z @ z.T, atol=1e-3)


def test_parts_of_a_search_weigh_the_same():
    """Words alone prefer `a`, likeness alone `b`; only `c` is good in both."""
    rng = np.random.default_rng(6)
    values = [rng.normal(0, 0.01, (1, 200)) for _ in range(30)]
    theme = np.zeros(200)
    theme[100:] = rng.normal(size=100)
    values[0][0, number_of("sad")] = 1
    values[1][0] += theme
    values[2][0, number_of("sad")] = 0.95
    values[2][0] += 0.95 * theme
    values[3][0] += theme
    index = index_of([track_row(str(k)) for k in range(30)], values)
    both = index.search(Query(words="sad", like=Like("library/3")))
    assert titles(both)[0] == "2"
    assert both[0].why == "bridge: sad 1.00 + likeness: 3"


@given(st.permutations(range(6)))
def test_order_of_tracks_in_the_index_does_not_change_the_ranking(order):
    values = [k * passages("sad") + 1 for k in range(6)]
    rows = [track_row(str(k)) for k in range(6)]
    index = index_of([rows[k] for k in order], [values[k] for k in order])
    assert titles(index.search(Query(words="sad"))) == list("543210")


def test_limit_gives_the_first_of_the_whole_ranking():
    rng = np.random.default_rng(7)
    index = index_of(
        [track_row(str(k)) for k in range(100)], [rng.normal(size=(2, 200)) for _ in range(100)]
    )
    every = titles(index.search(Query(words="sad", limit=100)))
    assert titles(index.search(Query(words="sad", limit=7))) == every[:7]


NAMES = ("tempo_bpm", "loudness_db", "length_s", "key", "genres", "speech", "singing")
FACTS = [
    (90.0, -30.0, 60.0, "A minor", "rock;jazz", None, None),
    (120.0, -20.0, 200.0, "A major", "", 0.9, None),
    (None, -10.0, 400.0, "", "", 0.1, 0.1),
]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [0, 1, 2]),
        ({"tempo_bpm": (90, 119.9)}, [0]),
        ({"tempo_bpm": (None, None)}, [0, 1, 2]),
        ({"tempo_bpm": (0, None)}, [0, 1]),
        ({"loudness_db": (None, -20)}, [0, 1]),
        ({"length_s": (200, 400)}, [1, 2]),
        ({"key": "a"}, [0, 1]),
        ({"key": "A minor"}, [0]),
        ({"key": "minor"}, [0]),
        ({"speech": "with"}, [1]),
        ({"speech": "without"}, [2]),
        ({"singing": "without"}, [2]),
        ({"genres": ("Jazz", "waltz")}, [0]),
        ({"library": "library"}, [0, 1, 2]),
        ({"library": "other"}, []),
        ({"used_in": "heat"}, [1]),
        ({"used_in": "any"}, [1, 2]),
        ({"used_in": "none"}, [0]),
        ({"used_in": "any", "key": "A"}, [1]),
    ],
)
def test_filters_pass_the_expected_tracks(filters, expected):
    rows = [
        track_row(str(k), **dict(zip(NAMES, facts, strict=True))) for k, facts in enumerate(FACTS)
    ]
    tracks = catalogues.build(rows, [[0.0]] * 3, [np.zeros((1, 200))] * 3).tracks
    used_in = [(), ("heat", "alien"), ("alien",)]
    assert np.flatnonzero(passing(tracks, used_in, Filters(**filters))).tolist() == expected


def test_filters_do_not_change_scores():
    index = simple_index()
    every = {h.title: h.score for h in index.search(Query(words="sad"))}
    index.catalogue.tracks.loc[1, "key"] = "A minor"
    (hit,) = index.search(Query(words="sad", filters=Filters(key="A minor")))
    assert hit.title == "happy" and hit.score == every["happy"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (Query(), "has no part"),
        (Query(words="..."), "has no part"),
        (Query(like=Like("nowhere.ogg")), "is neither a file nor a track of the index"),
        (Query(like=Like("library/sad", 5.0, 4.0)), "ends at 4 s and starts at 5 s"),
        (Query(image="still.png"), "no model here can answer a picture"),
        (Query(moment=Moment("heat", 1)), "there is no film 'heat'"),
        (Query(words="sad", filters=Filters(speech="some")), "is 'some'"),
        (Query(words="sad", filters=Filters(tempo_bpm=(9, 8))), "starts at 9 and ends at 8"),
    ],
)
def test_search_that_cannot_be_answered_says_why(query, message):
    with pytest.raises(ConfigError, match="(?s)" + message):
        simple_index().search(query)


def film_with_a_cue():
    cues = pd.DataFrame(
        [("both_track", 100.0, 110.0, 5.0, 1.0, 0.9)],
        columns=["track_id", "film_start_s", "film_end_s", "track_start_s", "speed", "confidence"],
    )
    parts = {("heat", "both_track"): ("/music/both.ogg", 0.0)}
    return Films({"heat": "Heat"}, {"heat": ("sad",)}, {"heat": cues}, parts)


def test_moment_with_a_cue_asks_for_music_like_the_passage_that_plays():
    index = simple_index(films=film_with_a_cue())
    early = index.search(Query(moment=Moment("heat", 101.0)))  # 6 s of the track: happy
    late = index.search(Query(moment=Moment("heat", 109.5)))  # 14.5 s: sad
    assert titles(early)[0] == "happy" and titles(late)[0] == "sad"
    assert "both" not in titles(early)
    assert early[0].why == "likeness: what plays in Heat then, both"


def test_moment_without_a_cue_goes_by_the_genres_of_the_film():
    hit = simple_index(films=film_with_a_cue()).search(Query(moment=Moment("heat", 5.0)))[0]
    assert hit.title == "sad"
    assert hit.why == "bridge: sad 1.00; no cue plays then, by the genres of Heat"


def test_hits_name_the_films_that_use_them():
    index = simple_index(films=film_with_a_cue())
    used = {hit.title: hit.used_in for hit in index.search(Query(words="sad"))}
    assert used == {"both": ("heat",), "sad": (), "happy": ()}


def test_catalogue_survives_its_file_with_unknown_values(tmp_path):
    rows = [track_row("a", tempo_bpm=None, key=None), track_row("silent"), track_row("Ж", speech=1)]
    values = [np.full((2, 200), 0.5), np.zeros((0, 200)), np.full((1, 200), -2.0)]
    made = catalogues.build(rows, [np.array([0, 5.0]), np.zeros(0), np.zeros(1)], values)
    catalogues.save(made, tmp_path / "a.npz")
    read = catalogues.load(tmp_path / "a.npz")
    pd.testing.assert_frame_equal(read.tracks, made.tracks)
    assert read.tracks["title"].tolist() == ["a", "Ж"]
    assert read.track.tolist() == [0, 0, 1]
    assert read.values.dtype == np.float16 and read.values[2, 0] == -2


def test_joined_catalogues_have_each_id_once():
    one = catalogues.build([track_row("a")], [[0.0]], [np.zeros((1, 200))])
    rows = [track_row("a"), track_row("b")]
    two = catalogues.build(rows, [[0.0], [0.0, 10.0]], [np.ones((1, 200)), np.full((2, 200), 2)])
    joined = catalogues.join([one, two])
    assert joined.tracks["title"].tolist() == ["a", "b"]
    assert joined.track.tolist() == [0, 1, 1]
    assert joined.values[:, 0].tolist() == [0, 2, 2]


def test_trained_model_answers_words_and_pictures_and_is_named():
    vectors = np.eye(3, dtype=np.float32)
    trained = Trained(
        "all", ("text", "image"), vectors, lambda words, tags: vectors[1], lambda path: vectors[0]
    )
    index = simple_index(trained=trained)
    hit = index.search(Query(words="sad"))[0]
    assert (hit.title, hit.why) == ("happy", "trained: model all")
    assert index.search(Query(image="still.png"))[0].title == "sad"
    assert index.page_data()["models"]["image"] == "trained model all"


def test_model_of_pictures_alone_leaves_words_to_the_bridge():
    trained = Trained("image", ("image",), np.eye(3), None, lambda path: np.eye(3)[2])
    hit = simple_index(trained=trained).search(Query(words="sad"))[0]
    assert hit.why == "bridge: sad 1.00"


def test_hits_are_plain_values():
    hit = simple_index().search(Query(words="sad"))[0]
    assert dataclasses.asdict(hit)["tempo_bpm"] is None
    assert isinstance(hit.score, float) and isinstance(hit.start_s, float)


def test_tag_layer_gives_the_tags_of_the_published_package(fetched):
    import ast
    import zipfile

    weights = fetched("musicnn")
    kernel, bias = tag_layer(weights)
    assert kernel.shape == (200, 50) and bias.shape == (50,)
    with zipfile.ZipFile(weights.parent / "musicnn-0.1.0-py3-none-any.whl") as wheel:
        tree = ast.parse(wheel.read("musicnn/configuration.py"))
    names = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}
    assert tuple(ast.literal_eval(names["MSD_LABELS"])) == TAGS
