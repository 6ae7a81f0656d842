"""Scenes: the measures by hand, and models with and without sight."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch

from scorelens import tables
from scorelens.retrieval import scenes
from scorelens.retrieval.batches import Split
from scorelens.retrieval.networks import embed_queries, embed_tracks, load_model
from scorelens.retrieval.scene_measures import (
    MEASURES,
    chance,
    measure_scenes,
    swap_films,
    swap_scenes,
)
from scorelens.retrieval.scenes import Pool, score_scenes
from scorelens.retrieval.texts import Text
from scorelens.retrieval.train import AXES, save_model
from scorelens.retrieval.training import train_configuration
from tests.planted_films import make_corpus

torch.set_num_threads(1)
SETTINGS = {
    "learning_rate": 1e-3,
    "batch": 32,
    "piece": 0,
    "epochs": 12,
    "patience": 12,
    "dropout": 0.0,
    "margin": 0.2,
}


def unit(values):
    return (values / np.linalg.norm(values, axis=-1, keepdims=True)).astype(np.float32)


# Measures


def measured(ranks, tracks, film, swap, samples=200, permutations=200, seed=0):
    table = measure_scenes(
        np.array(ranks), np.array(tracks), np.array(film), swap, samples, permutations, seed
    )
    return table.set_index("measure")


def own_lists(ranks, film):
    """Lists in which only the scene's own query is known: the others give rank 1."""
    lists = []
    for number in np.unique(film):
        own = np.array(ranks)[np.array(film) == number]
        lists.append(np.where(np.eye(len(own), dtype=bool), own, 1))
    return lists


def test_measures_by_hand():
    ranks, tracks, film = [1, 3, 7, 11], [11, 11, 11, 11], [0, 0, 0, 1]
    table = measured(ranks, tracks, film, swap_scenes(own_lists(ranks, film)))
    assert tuple(table.index) == MEASURES
    assert table["value"].tolist() == pytest.approx(
        [1 / 4, 2 / 4, 3 / 4, 5, (1 + 1 / 3 + 1 / 7 + 1 / 11) / 4, (1 + 0.8 + 0.4 + 0) / 4]
    )


def test_chance_is_the_mean_over_all_orders():
    """Lists of 3 and 4 tracks: every rank once, one list as probable as the other."""
    ranks = [*np.repeat([1, 2, 3], 4), *np.repeat([1, 2, 3, 4], 3)]
    shares = [np.mean(np.array(ranks) <= k) for k in (1, 5, 10)]
    percentile = np.mean([*np.repeat([1, 0.5, 0], 4), *np.repeat([1, 2 / 3, 1 / 3, 0], 3)])
    expected = [*shares, np.median(ranks), np.mean(1 / np.array(ranks)), percentile]
    assert chance(np.array([3, 4])).tolist() == pytest.approx(expected)
    assert percentile == 0.5


def test_intervals_are_those_of_films_drawn_with_all_their_scenes():
    random = np.random.default_rng(0)
    film = np.repeat(np.arange(6), [1, 2, 3, 4, 5, 6])
    tracks = np.array([5, 9, 12, 20, 30, 14])[film]
    ranks = 1 + random.integers(tracks)
    draws = np.random.default_rng(3).multinomial(6, np.full(6, 1 / 6), 150)

    def plainly(rows):
        r, n = ranks[rows], tracks[rows]
        hits = [(r <= k).mean() for k in (1, 5, 10)]
        return [*hits, np.median(r), (1 / r).mean(), ((n - r) / (n - 1)).mean()]

    drawn = [
        plainly(np.concatenate([np.tile(np.flatnonzero(film == f), n) for f, n in enumerate(own)]))
        for own in draws
    ]
    lists = own_lists(ranks, film)
    table = measured(ranks, tracks, film, swap_scenes(lists), samples=150, seed=3)
    expected = np.quantile(drawn, (0.025, 0.975), axis=0)
    np.testing.assert_allclose(table[["low", "high"]].T, expected)
    assert (table.low < table.high).all()


def test_scenes_swap_within_their_film():
    """All 3! * 2! ways, against as many drawn; the median is good if it is low."""
    lists = [np.array([[1, 4, 2], [5, 2, 6], [3, 1, 3]]), np.array([[2, 6], [5, 4]])]
    film, tracks = [0, 0, 0, 1, 1], [6] * 5
    ways = itertools.product(*(itertools.permutations(range(len(own))) for own in lists))
    every = np.array([[*own_ranks(lists, way)] for way in ways])
    ranks = [1, 2, 3, 2, 4]
    table = measured(ranks, tracks, film, swap_scenes(lists), permutations=20_000)
    means = np.column_stack([(every == 1).mean(1), np.median(every, 1), (1 / every).mean(1)])
    names = ["recall_1", "median_rank", "reciprocal_rank"]
    np.testing.assert_allclose(table.permuted[names], means.mean(0), rtol=0.02)
    value = table.value[names].to_numpy()
    good = means >= value - 1e-12
    good[:, 1] = means[:, 1] <= value[1]
    np.testing.assert_allclose(table.p[names], good.mean(0), atol=0.015)


def own_ranks(lists, way):
    for own, order in zip(lists, way, strict=True):
        yield from own[list(order), np.arange(len(own))]


def test_films_swap_their_queries():
    lists = np.array([[1, 2, 9], [5, 6, 1]])
    film = np.array([0, 0, 1])
    table = measured([1, 2, 1], [9, 9, 9], film, swap_films(lists, film), permutations=4000)
    # Half of the time they do, and the ranks are 5, 6 and 9.
    assert table.permuted["median_rank"] == pytest.approx((1 + 6) / 2, rel=0.05)
    assert table.p["reciprocal_rank"] == pytest.approx(0.5, abs=0.03)


def test_a_scene_alone_has_nothing_to_swap_with():
    table = measured([1, 2], [9, 9], [0, 1], swap_scenes([np.array([[1]]), np.array([[2]])]))
    assert (table.permuted == table.value).all()
    assert (table.p == 1).all()


# Scenes that are planted


def planted(films=12, tracks=6, noise=0.3, seed=0):
    """Tracks that lie anywhere; the query of a scene lies near its track's, a film's in between."""
    random = np.random.default_rng(seed)
    places = unit(random.normal(size=(films * tracks, 16)))
    album = np.repeat(np.arange(films), tracks)
    track = np.arange(films * tracks)
    scene = unit(places + noise * random.normal(size=places.shape) / 4)
    film = unit(np.add.reduceat(places, np.arange(0, len(places), tracks)))[album]
    return Pool(places, album, album, track), {"film": film, "scene": scene}


def test_a_model_that_reads_the_scene_finds_the_track_and_one_that_does_not_cannot():
    pool, queries = planted()
    table = score_scenes(queries, pool, 200, 500, 0)
    table = table.set_index(["asked", "pool", "measure"]).sort_index()
    best = table.loc["scene", "album", "mean_percentile"]
    assert best.value > 0.95
    assert best.p < 0.01
    assert best.low > best.permuted + 0.2
    assert best.permuted == pytest.approx(0.5, abs=0.05)
    assert table.loc["scene", "all", "recall_1"].value > 0.9
    blind = table.loc["film", "album"]
    assert (blind.p == 1).all()
    np.testing.assert_allclose(blind.permuted, blind.value)
    # The last of an album's scenes is as near as the first: by symmetry half of the album follows.
    assert blind.value["mean_percentile"] == pytest.approx(0.5, abs=1e-9)
    assert table.loc["film", "all", "mean_percentile"].p < 0.01  # the album is found, not the track


def test_chance_is_that_of_the_pool():
    pool, queries = planted(films=4, tracks=5)
    table = score_scenes(queries, pool, 20, 20, 0)
    rows = table[table.measure == "recall_5"].set_index(["asked", "pool"])
    assert rows.chance.to_dict() == {
        ("film", "all"): 0.25,
        ("film", "album"): 1.0,
        ("scene", "all"): 0.25,
        ("scene", "album"): 1.0,
    }
    assert (rows.scenes == 20).all()


def test_an_album_of_one_track_tells_nothing():
    random = np.random.default_rng(0)
    tracks = unit(random.normal(size=(5, 8)))
    pool = Pool(tracks, np.array([0, 0, 1, 2, 2]), np.array([0, 1, 2]), np.array([1, 2, 3]))
    table = score_scenes({"film": tracks[[1, 2, 3]]}, pool, 20, 20, 0)
    scenes_of = table.groupby("pool").scenes.first()
    assert scenes_of.to_dict() == {"album": 2, "all": 3}
    assert (table[table["pool"] == "all"].value.iloc[0]) == 1


# Judging


@pytest.fixture(scope="module")
def seeing(tmp_path_factory):
    """A model that sees an image that says what its film's music is like; see `planted_films`."""
    return trained(tmp_path_factory.mktemp("seeing"), "image")


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """As `seeing`, of tags and plot."""
    return trained(tmp_path_factory.mktemp("reading"), "tags_plot", planted="plot")


def trained(folder, configuration, planted="image"):
    """The model's file, its corpus, and the row of the first test film."""
    corpus = make_corpus(configuration, planted, tracks=1)
    split = Split(np.arange(160), np.arange(160, 180), np.arange(180, 216))
    taught = train_configuration(configuration, corpus, split, SETTINGS, 0)
    names = {"image": "vit", "text": "minilm", "audio": "musicnn"}
    save_model(folder / "model", taught, {"configuration": configuration, **names, "films": []})
    return configuration, taught, corpus, folder


def judged(fixture, words=None, monkeypatch=None):
    """Films of six tracks: those of six planted films, each of which lends its image to a scene."""
    configuration, taught, corpus, folder = fixture
    model = load_model(configuration, taught.sizes, taught.arrays)
    rows = np.arange(180, 216)
    film_ids = [f"film_{(row - 180) // 6}" for row in rows]
    track_ids = [f"t{(row - 180) % 6}" for row in rows]
    chosen = np.flatnonzero(np.isin(corpus.fragments.owner, rows))
    owner = corpus.fragments.owner[chosen] - 180
    tracks = embed_tracks(model, corpus.fragments.values[chosen], owner)
    view = next(iter(corpus.views))
    views = corpus.views[view]
    firsts = views.values[np.searchsorted(views.owner, rows)]
    films = embed_queries(model, {view: firsts[::6]})
    seen = "+".join({"image": ["image"], "text": ["tags", "plot"]}[view])
    held = pd.concat(
        [
            pd.DataFrame({"kind": "film", "film_id": film_ids[::6], "seen": seen}).join(
                pd.DataFrame(films, columns=AXES)
            ),
            pd.DataFrame({"kind": "track", "film_id": film_ids, "track_id": track_ids}).join(
                pd.DataFrame(tracks, columns=AXES)
            ),
        ],
        ignore_index=True,
    ).assign(configuration=configuration)
    tables.write_table(held, folder / "places.parquet", tables.RETRIEVAL_PLACES)
    _write_films(folder, sorted(set(film_ids)))
    _write_words(folder, sorted(set(film_ids)), firsts[::6])
    _write_scenes(folder, film_ids, track_ids, firsts, words)
    if monkeypatch:
        spoken = {f"said {k}": vector for k, vector in enumerate(firsts)}
        monkeypatch.setattr(scenes.texts, "load_encoder", lambda weights: spoken)
        monkeypatch.setattr(scenes.texts, "embed_texts", _look_up)
    scenes.judge_scenes(
        model=folder / "model",
        places=folder / "places.parquet",
        films=folder / "films.tsv",
        scenes=[folder / "scenes.parquet", folder / "others.parquet"],
        words=folder / "texts.parquet",
        weights=None,
        samples=100,
        permutations=400,
        seed=0,
        output=folder / "scores.tsv",
    )
    return (
        tables.read_table(folder / "scores.tsv", tables.RETRIEVAL_SCENE_SCORES)
        .set_index(["asked", "pool", "measure"])
        .sort_index()
    )


def _look_up(encoder, texts):
    assert all(text == Text("dark, slow", text.plot) for text in texts)
    return np.stack([encoder[text.plot] for text in texts])


def _write_films(folder, film_ids):
    rows = [
        {"film_id": film_id, "title": film_id, "year": 2024, "part": "test", "tags": "dark; slow"}
        for film_id in film_ids
    ]
    rows.append({**rows[0], "film_id": "old", "part": "training"})
    counts = {"tracks": 6, "fragments": 12, "paragraphs": 1, "problem": None}
    tables.write_table(
        pd.DataFrame(rows).assign(**counts), folder / "films.tsv", tables.RETRIEVAL_FILMS
    )


def _write_words(folder, film_ids, vectors):
    """Two paragraphs a film, of which the first is what the film's place stands for."""
    frame = pd.DataFrame({"film_id": film_ids, "segment": "tags_plot", "sha256": "x"})
    values = pd.DataFrame(vectors).add_prefix("text_")
    second = frame.assign(paragraph=1).join(-values)
    both = pd.concat([second, frame.assign(paragraph=0).join(values)])
    tables.write_table(both, folder / "texts.parquet", tables.RETRIEVAL_TEXTS)


def _write_scenes(folder, film_ids, track_ids, vectors, words):
    values = pd.DataFrame(vectors).add_prefix("image_")
    cues = [f"cue_{number}" for number in range(len(film_ids))]
    frame = pd.DataFrame({"film_id": film_ids, "cue_id": cues, "track_id": track_ids})
    frame = frame.assign(start_s=0.0, end_s=9.0, words=words or None).join(values)
    unheard = frame[:1].assign(track_id="silent", cue_id="cue_x")
    scenes_of = pd.concat([frame, unheard], ignore_index=True)
    tables.write_table(scenes_of, folder / "scenes.parquet", tables.RETRIEVAL_SCENES)
    old = frame.assign(film_id="old")
    tables.write_table(old, folder / "others.parquet", tables.RETRIEVAL_SCENES)


def test_a_model_that_sees_finds_the_tracks_of_scenes_it_never_saw(seeing, caplog):
    caplog.set_level("INFO", "scorelens.retrieval.scenes")
    table = judged(seeing)
    assert "1 scenes of tracks that are not heard are left out" in caplog.messages
    assert (table.scenes == 36).all()
    in_album = table.xs("mean_percentile", level="measure").xs("album", level="pool")
    assert in_album.value["scene"] > 0.85
    assert in_album.p["scene"] < 0.01
    assert in_album.value["both"] > 0.75
    # One in six scenes lends the film its own image: its query finds that one, and no other.
    assert in_album.value["film"] < 0.7
    assert in_album.p["film"] == 1


def test_a_model_that_sees_nothing_of_a_scene_is_judged_by_films_alone(reading, caplog):
    caplog.set_level("INFO", "scorelens.retrieval.scenes")
    table = judged(reading)
    assert set(table.index.get_level_values("asked")) == {"film"}
    said = "tags_plot sees nothing of a scene (no image, or no subtitles): films alone are judged"
    assert said in caplog.messages


def test_subtitles_stand_for_the_plot_where_there_are_some(reading, monkeypatch):
    """Half of the scenes are spoken; the others keep the film's first paragraph."""
    words = [f"said {k}" if k % 6 < 3 else None for k in range(36)]
    table = judged(reading, words, monkeypatch)
    half = table.loc["scene", "album", "mean_percentile"].value
    table = judged(reading, [f"said {k}" for k in range(36)], monkeypatch)
    whole = table.loc["scene", "album", "mean_percentile"]
    assert whole.value > 0.85
    assert whole.p < 0.01
    assert 0.5 < half < whole.value - 0.05


@pytest.mark.parametrize("tables_of_scenes", [["scenes.parquet"], []])
def test_without_a_scene_of_a_test_film_the_table_is_empty(seeing, caplog, tables_of_scenes):
    folder = seeing[-1]
    judged(seeing)
    films = tables.read_table(folder / "films.tsv", tables.RETRIEVAL_FILMS)
    tables.write_table(films.assign(part="training"), folder / "films.tsv", tables.RETRIEVAL_FILMS)
    scenes.judge_scenes(
        *(folder / name for name in ("model", "places.parquet", "films.tsv")),
        [folder / name for name in tables_of_scenes],
        *(None, None, 10, 10, 0, folder / "none.tsv"),
    )
    found = tables.read_table(folder / "none.tsv", tables.RETRIEVAL_SCENE_SCORES)
    assert not len(found)
    said = "no scene of a test film has a picture and a track: nothing is judged"
    assert said in caplog.messages
