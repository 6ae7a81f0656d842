"""Tests of scene evaluation with synthetic embeddings and with trained models."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from scorelens import tables
from scorelens.encoders.text_encoder import Text
from scorelens.retrieval.data.batches import Split
from scorelens.retrieval.evaluate import scenes
from scorelens.retrieval.evaluate.scenes import Pool, score_scenes
from scorelens.retrieval.model.networks import embed_queries, embed_tracks, load_model
from scorelens.retrieval.model.train import DIMENSIONS, save_model
from scorelens.retrieval.model.training import train_configuration
from tests.planted_films import make_pairs

torch.set_num_threads(1)
SETTINGS = {
    "learning_rate": 1e-3,
    "batch_size": 32,
    "micro_batch_size": 0,
    "epochs": 12,
    "patience": 12,
    "dropout": 0.0,
    "margin": 0.2,
}


def unit(values):
    return (values / np.linalg.norm(values, axis=-1, keepdims=True)).astype(np.float32)


# Synthetic embeddings


def planted(films=12, tracks=6, noise=0.3, seed=0):
    """Random track embeddings; scene queries near their track, film queries the album sum."""
    random = np.random.default_rng(seed)
    embeddings = unit(random.normal(size=(films * tracks, 16)))
    album = np.repeat(np.arange(films), tracks)
    track = np.arange(films * tracks)
    scene = unit(embeddings + noise * random.normal(size=embeddings.shape) / 4)
    film = unit(np.add.reduceat(embeddings, np.arange(0, len(embeddings), tracks)))
    return film, {"scene": scene}, Pool(embeddings, album, album, track)


def test_scene_queries_rank_their_track_first_and_film_queries_do_not():
    table = score_scenes(*planted(), 200, 500, 0)
    table = table.set_index(["asked", "pool", "measure"]).sort_index()
    best = table.loc["scene", "album", "mean_percentile"]
    assert best.value > 0.95
    assert best.p < 0.01
    assert best.low > best.permuted + 0.05
    assert best.permuted == pytest.approx(0.5, abs=0.05)
    assert table.loc["scene", "all", "recall_1"].value > 0.9
    # In 1 of 12 permutations a film has its own queries.
    assert table.loc["scene", "all", "recall_1"].permuted < 0.2
    assert table.loc["scene", "all", "mean_percentile"].p < 0.01
    film_queries = table.loc["film", "album"]
    assert (film_queries.p == 1).all()
    np.testing.assert_allclose(film_queries.permuted, film_queries.value)
    # All scenes of a film have the same query, so their percentiles are 0 to 1 with mean 0.5.
    assert film_queries.value["mean_percentile"] == pytest.approx(0.5, abs=1e-9)
    assert table.loc["film", "all", "mean_percentile"].p < 0.01  # it ranks the album, not the track


def test_film_level_scene_queries_have_skill_only_in_the_pool_of_all_tracks():
    """Permutations within a film change nothing, because its scenes have the same query."""
    films, _, pool = planted()
    table = score_scenes(films, {"scene": films[pool.film]}, pool, 100, 500, 0)
    rows = table[table.measure == "mean_percentile"].set_index(["asked", "pool"])
    assert rows.p["scene", "all"] < 0.01
    assert rows.p["scene", "album"] == 1
    assert rows.permuted["scene", "all"] == pytest.approx(rows.permuted["film", "all"], abs=0.02)


def test_single_film_with_scenes_is_permuted_with_films_without_scenes(caplog):
    """One of twenty films has scenes: their p is 1, with a warning in the log."""
    films, queries, pool = planted(films=20)
    one = pool._replace(film=pool.film[:6], track=pool.track[:6])
    queries = {"scene": queries["scene"][:6], "both": queries["scene"][:6]}
    table = score_scenes(films, queries, one, 100, 1000, 0)
    rows = table[(table.measure == "mean_percentile") & (table["pool"] == "all")]
    rows = rows.set_index("asked")
    assert rows.p["film"] == pytest.approx(1 / 20, abs=0.02)  # it has its own query in 1 of 20
    assert rows.permuted["film"] == pytest.approx(0.5, abs=0.1)
    assert rows.p[["scene", "both"]].tolist() == [1, 1]
    assert caplog.messages == [
        "all scenes are of one film: scene and both cannot be swapped among all tracks, p is 1"
    ]


def test_chance_depends_on_the_pool_size():
    table = score_scenes(*planted(films=4, tracks=5), 20, 20, 0)
    rows = table[table.measure == "recall_5"].set_index(["asked", "pool"])
    assert rows.chance.to_dict() == {
        ("film", "all"): 0.25,
        ("film", "album"): 1.0,
        ("scene", "all"): 0.25,
        ("scene", "album"): 1.0,
    }
    assert (rows.scenes == 20).all()


def test_album_of_one_track_is_excluded_from_the_album_pool():
    random = np.random.default_rng(0)
    tracks = unit(random.normal(size=(5, 8)))
    pool = Pool(tracks, np.array([0, 0, 1, 2, 2]), np.array([0, 1, 2]), np.array([1, 2, 3]))
    table = score_scenes(tracks[[1, 2, 3]], {}, pool, 20, 20, 0)
    scene_counts = table.groupby("pool").scenes.first()
    assert scene_counts.to_dict() == {"album": 2, "all": 3}
    assert (table[table["pool"] == "all"].value.iloc[0]) == 1


# Trained models


@pytest.fixture(scope="module")
def image_model(tmp_path_factory):
    """A model of images that correlate with the music of their film; see `planted_films`."""
    return train_planted(tmp_path_factory.mktemp("image"), "image")


@pytest.fixture(scope="module")
def text_model(tmp_path_factory):
    """As `image_model`, for tags and plot."""
    return train_planted(tmp_path_factory.mktemp("text"), "tags_plot", planted="plot")


def train_planted(folder, configuration, planted="image"):
    """Configuration, trained model, corpus, and the folder of the model file."""
    corpus = make_pairs(configuration, planted, tracks=1)
    split = Split(np.arange(160), np.arange(160, 180), np.arange(180, 216))
    trained_model = train_configuration(configuration, corpus, split, SETTINGS, 0)
    names = {"image": "vit", "text": "minilm", "audio": "musicnn"}
    save_model(
        folder / "model", trained_model, {"configuration": configuration, **names, "films": []}
    )
    return configuration, trained_model, corpus, folder


def evaluate(fixture, words=None, monkeypatch=None):
    """Scores of six films of six scenes; each scene has the view and track of a planted film."""
    configuration, trained_model, corpus, folder = fixture
    model = load_model(configuration, trained_model.sizes, trained_model.arrays)
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
    parts = "+".join({"image": ["image"], "text": ["tags", "plot"]}[view])
    embeddings = pd.concat(
        [
            pd.DataFrame({"kind": "film", "film_id": film_ids[::6], "seen": parts}).join(
                pd.DataFrame(films, columns=DIMENSIONS)
            ),
            pd.DataFrame({"kind": "track", "film_id": film_ids, "track_id": track_ids}).join(
                pd.DataFrame(tracks, columns=DIMENSIONS)
            ),
        ],
        ignore_index=True,
    ).assign(configuration=configuration)
    tables.write_table(embeddings, folder / "embeddings.parquet", tables.RETRIEVAL_EMBEDDINGS)
    _write_films(folder, sorted(set(film_ids)))
    _write_texts(folder, sorted(set(film_ids)), firsts[::6])
    _write_scenes(folder, film_ids, track_ids, firsts)
    if monkeypatch:
        vectors = {f"line {k}": vector for k, vector in enumerate(firsts)}
        encoder = SimpleNamespace(encode=partial(_look_up, vectors))
        monkeypatch.setattr(scenes.text_encoder, "load", lambda name, weights: encoder)
    scenes.evaluate_scenes(
        model=folder / "model",
        embeddings=folder / "embeddings.parquet",
        films=folder / "films.tsv",
        scenes=[folder / "scenes.parquet", folder / "others.parquet"],
        words=[_write_words(folder, film_ids, words)] if words else [],
        texts=folder / "texts.parquet",
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


def _look_up(vectors, texts):
    assert all(text == Text("dark, slow", text.plot) for text in texts)
    return np.stack([vectors[text.plot] for text in texts])


def _write_words(folder, film_ids, words):
    """Write the words of scene k, from 10 k to 10 k + 9 s; also for the training film `old`."""
    start_s = 10.0 * np.arange(len(words))
    cues = [f"cue_{number}" for number in range(len(words))]
    frame = pd.DataFrame({"film_id": film_ids, "cue_id": cues, "words": words})
    frame = frame.assign(track_id="any", start_s=start_s, end_s=start_s + 9)
    path = folder / "words.parquet"
    frame = pd.concat([frame, frame.assign(film_id="old")], ignore_index=True)
    tables.write_table(frame[tables.RETRIEVAL_SCENES.names], path, tables.RETRIEVAL_SCENES)
    return path


def _write_films(folder, film_ids):
    rows = [
        {
            "film_id": film_id,
            "title": film_id,
            "year": 2024,
            "group": film_id,
            "part": "test",
            "tags": ("dark", "slow"),
        }
        for film_id in film_ids
    ]
    rows.append({**rows[0], "film_id": "old", "part": "training"})
    counts = {"tracks": 6, "fragments": 12, "paragraphs": 1, "problem": None}
    tables.write_table(
        pd.DataFrame(rows).assign(**counts), folder / "films.tsv", tables.RETRIEVAL_FILMS
    )


def _write_texts(folder, film_ids, vectors):
    """Write two paragraphs a film; the first has the vector of the film query."""
    frame = pd.DataFrame({"film_id": film_ids, "segment": "tags_plot", "sha256": "x"})
    values = pd.DataFrame(vectors).add_prefix("text_")
    second = frame.assign(paragraph=1).join(-values)
    both = pd.concat([second, frame.assign(paragraph=0).join(values)])
    tables.write_table(both, folder / "texts.parquet", tables.RETRIEVAL_TEXTS)


def _write_scenes(folder, film_ids, track_ids, vectors):
    values = pd.DataFrame(vectors).add_prefix("image_")
    cues = [f"cue_{number}" for number in range(len(film_ids))]
    frame = pd.DataFrame({"film_id": film_ids, "cue_id": cues, "track_id": track_ids})
    start_s = 10.0 * np.arange(len(frame))
    frame = frame.assign(start_s=start_s, end_s=start_s + 9).join(values)
    silent_scene = frame[:1].assign(track_id="silent", cue_id="cue_x")
    all_scenes = pd.concat([frame, silent_scene], ignore_index=True)
    tables.write_table(all_scenes, folder / "scenes.parquet", tables.SCENES)
    old = frame.assign(film_id="old")
    tables.write_table(old, folder / "others.parquet", tables.SCENES)


def test_image_model_ranks_tracks_of_held_out_scenes_above_chance(image_model, caplog):
    caplog.set_level("INFO", "scorelens.retrieval.evaluate.scenes")
    table = evaluate(image_model)
    assert "1 scenes of tracks without an embedding are left out" in caplog.messages
    assert (table.scenes == 36).all()
    in_album = table.xs("mean_percentile", level="measure").xs("album", level="pool")
    assert in_album.value["scene"] > 0.85
    assert in_album.p["scene"] < 0.01
    assert in_album.value["both"] > 0.75
    # The film query is the image of one of six scenes, so it ranks only the track of that scene.
    assert in_album.value["film"] < 0.7
    assert in_album.p["film"] == 1


def test_text_model_without_subtitles_is_evaluated_with_film_queries_only(text_model, caplog):
    caplog.set_level("INFO", "scorelens.retrieval.evaluate.scenes")
    table = evaluate(text_model)
    assert set(table.index.get_level_values("asked")) == {"film"}
    message = "tags_plot takes no image, and no subtitles are there: only films are evaluated"
    assert message in caplog.messages


def test_subtitles_replace_the_plot_in_scene_queries(text_model, monkeypatch):
    """Half of the scenes have subtitles; the others use the film's first paragraph."""
    words = [f"line {k}" if k % 6 < 3 else None for k in range(36)]
    table = evaluate(text_model, words, monkeypatch)
    with_half = table.loc["scene", "album", "mean_percentile"].value
    table = evaluate(text_model, [f"line {k}" for k in range(36)], monkeypatch)
    with_all = table.loc["scene", "album", "mean_percentile"]
    assert with_all.value > 0.85
    assert with_all.p < 0.01
    assert 0.5 < with_half < with_all.value - 0.05


@pytest.mark.parametrize("scene_tables", [["scenes.parquet"], []])
def test_scene_scores_without_scenes_of_test_films_are_empty(image_model, caplog, scene_tables):
    folder = image_model[-1]
    evaluate(image_model)
    films = tables.read_table(folder / "films.tsv", tables.RETRIEVAL_FILMS)
    tables.write_table(films.assign(part="training"), folder / "films.tsv", tables.RETRIEVAL_FILMS)
    scenes.evaluate_scenes(
        *(folder / name for name in ("model", "embeddings.parquet", "films.tsv")),
        [folder / name for name in scene_tables],
        *([], None, None, 10, 10, 0, folder / "none.tsv"),
    )
    scores = tables.read_table(folder / "none.tsv", tables.RETRIEVAL_SCENE_SCORES)
    assert not len(scores)
    message = "no scene of a test film has a picture and a track: nothing is evaluated"
    assert message in caplog.messages
