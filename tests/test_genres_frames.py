"""Genre models whose instances are single frames, and the settings of each feature set."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from separable_bags import GENRES, write_corpus
from test_genres import KINDS, SETTINGS, same_arrays

from scorelens.config import complete, read_schema
from scorelens.errors import ConfigError
from scorelens.genres import BASELINES, MODELS, NETWORKS
from scorelens.genres.model import classifiers, fold_jobs
from scorelens.genres.registry import CUES, MODEL_SPECS
from scorelens.learning.packed_bags import Bags
from scorelens.plan.genres import OTHER_HIDDEN, PAPER_HIDDEN, genre_runs, model_settings
from scorelens.tables import BAGS, GENRE_CUES, PREDICTIONS, read_table, write_table

SCHEMAS = Path(__file__).resolve().parent.parent / "workflow" / "schemas"
VOTES = [name for name, spec in MODEL_SPECS.items() if spec.inputs == CUES]
CLASSIFIERS = [name for name in MODELS if name not in (*BASELINES, *NETWORKS)]
CUE_FRAMES, FILM_CUES = 10, 3


def frame_bags(films=14, shift=2.5, seed=0):
    """Bags of 30 frames (3 cues); each genre shifts one feature of all frames."""
    random = np.random.default_rng(seed)
    labels = random.random((films, len(GENRES))) < 0.5
    instances = random.standard_normal((films * 30, 5)).astype(np.float32)
    instances[:, : len(GENRES)] += shift * np.repeat(labels, 30, axis=0)
    return Bags(instances, np.arange(films + 1) * 30), labels


def fit(model, bags, labels, held_out, **settings):
    settings = SETTINGS[MODELS[model]] | settings
    (fold,) = classifiers.fit_folds(model, bags, labels, [held_out], settings, 5, 1)
    return fold.arrays


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=8),
    per_bag=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_sample_is_ordered_and_bounded_in_every_bag(sizes, per_bag, seed):
    starts = np.cumsum([0, *sizes])
    bags = Bags(np.arange(starts[-1], dtype=np.float32)[:, None], starts)
    drawn = bags.sample(per_bag, seed)
    assert drawn.sizes.tolist() == [min(size, per_bag) for size in sizes]
    for bag in range(len(sizes)):
        rows, of_bag = drawn.one(bag).instances[:, 0], bags.one(bag).instances[:, 0]
        assert np.isin(rows, of_bag).all()
        assert (np.diff(rows) > 0).all()


def test_sample_of_a_bag_is_uniform_and_independent_of_the_other_bags():
    bags = Bags(np.tile(np.arange(10, dtype=np.float32), 400)[:, None], np.arange(401) * 10)
    drawn = bags.sample(3, 1).instances[:, 0].astype(int)
    counts = np.bincount(drawn, minlength=10)
    # 1,200 draws of 10 values; each count has mean 120 and standard deviation 9.2.
    assert np.abs(counts - 120).max() < 4 * 9.2
    other = Bags(np.zeros((5, 1), np.float32), np.array([0, 5]))
    joined = Bags(np.concatenate([other.instances, bags.instances[:10]]), np.array([0, 5, 15]))
    changed = Bags(np.concatenate([other.instances + 9, bags.instances[:10]]), joined.starts)
    np.testing.assert_array_equal(
        joined.sample(3, 1).one(1).instances, changed.sample(3, 1).one(1).instances
    )


@pytest.mark.parametrize("model", VOTES)
def test_vote_of_frames_is_trained_on_the_sample_of_each_film(model):
    bags, labels = frame_bags()
    sampled = fit(model, bags, labels, 4, frames_per_film=8)
    assert same_arrays(sampled, fit(model, bags.sample(8, 5), labels, 4))
    everything = fit(model, bags, labels, 4)
    assert same_arrays(everything, fit(model, bags, labels, 4, frames_per_film=30))
    assert not same_arrays(sampled, everything)


@pytest.mark.parametrize("model", VOTES)
def test_vote_of_frames_is_the_share_of_all_frames_of_the_film(model):
    bags, labels = frame_bags()
    fold = fit(model, bags, labels, 4, frames_per_film=8)
    frames = bags.one(4)
    single = Bags(frames.instances, np.arange(31))
    of_frames = classifiers.predict(model, fold, single)
    assert set(np.unique(of_frames)) <= {0.0, 1.0}
    np.testing.assert_allclose(
        classifiers.predict(model, fold, frames)[0], of_frames.mean(axis=0), atol=1e-12
    )


@pytest.mark.parametrize("model", VOTES)
def test_frames_of_the_held_out_film_do_not_change_the_fold(model):
    bags, labels = frame_bags()
    other = Bags(bags.instances.copy(), bags.starts)
    other.instances[bags.bag_of_instance == 4] = 1e3
    folds = [fit(model, one, labels, 4, frames_per_film=8) for one in (bags, other)]
    assert same_arrays(*folds)


@pytest.mark.parametrize("model", CLASSIFIERS)
def test_classifier_on_frames_predicts_planted_genres_of_films_and_cues(tmp_path, model):
    bags, labels = frame_bags(films=24)
    write_corpus(tmp_path, bags, labels)
    table = tmp_path / "bags.parquet"
    _name_cues(table)
    outputs = {kind: tmp_path / f"{kind}.{ending}" for kind, ending in KINDS.items()}
    settings = SETTINGS[MODELS[model]] | {"frames_per_film": 12}
    fold_jobs.train_chunk(
        model, "mir_frames", tmp_path / "films.tsv", table, GENRES, settings, (0, 1), 5, 1, outputs
    )
    films = read_table(outputs["predictions"], PREDICTIONS)
    assert (films["predicted"] == films["actual"]).mean() > 0.8  # chance is near 0.5
    cues = read_table(outputs["cues"], GENRE_CUES)
    assert len(cues) == len(labels) * FILM_CUES * len(GENRES)
    np.testing.assert_allclose(cues["weight"], 1 / FILM_CUES)
    if model in VOTES:  # all cues are as long: the share of a film is the mean over its cues
        mean = cues.groupby(["film_id", "genre"])["probability"].mean()
        of_films = films.set_index(["film_id", "genre"])["probability"]
        np.testing.assert_allclose(mean, of_films.loc[mean.index], atol=1e-12)


def _name_cues(path):
    """Name every ten frames of a table of bags as one cue."""
    table = read_table(path, BAGS)
    cue = np.arange(len(table)) // CUE_FRAMES % FILM_CUES
    write_table(table.assign(cue_id=[f"cue_{k}" for k in cue], n_frames=1), path, BAGS)


def test_every_trained_model_runs_on_cues_and_on_frames():
    assert genre_runs(["plurality", "imv_knn", "max_pooling"], ("mir", "mir_frames")) == [
        ("none", "plurality"),
        ("mir", "imv_knn"),
        ("mir", "max_pooling"),
        ("mir_frames", "imv_knn"),
        ("mir_frames", "max_pooling"),
    ]


def test_only_votes_of_frames_are_sampled():
    settings = complete({}, SCHEMAS)["genres"]
    sampled = {
        (bag_set, model)
        for bag_set in ("mir", "mir_tracks", "mir_frames", "mir_tracks_frames")
        for model in MODELS
        if model not in BASELINES and "frames_per_film" in model_settings(settings, bag_set, model)
    }
    assert sampled == {
        (name, model) for name in ("mir_frames", "mir_tracks_frames") for model in VOTES
    }


@pytest.mark.parametrize(
    ("hidden", "widths"),
    [
        (None, {"mir": 64, "vggish": 128, "musicnn": 64, "vggish_frames": 128}),
        (32, {"mir": 32, "vggish": 32, "musicnn_tracks": 32}),
        ({"vggish": 96}, {"mir": 64, "vggish_tracks_frames": 96, "musicnn": 64}),
        ({"musicnn": 200}, {"mir_tracks": 64, "vggish": 128, "musicnn_frames": 200}),
    ],
)
def test_hidden_width_is_that_of_the_feature_set(hidden, widths):
    given = {} if hidden is None else {"genres": {"network": {"hidden": hidden}}}
    settings = complete(given, SCHEMAS)["genres"]
    chosen = {name: model_settings(settings, name, "single_attention")["hidden"] for name in widths}
    assert chosen == widths


def test_default_widths_are_those_of_the_best_published_rows():
    schema = read_schema(SCHEMAS / "genres.yaml")["properties"]["network"]["properties"]["hidden"]
    assert schema["default"] == PAPER_HIDDEN == {"mir": 64, "vggish": 128}
    assert OTHER_HIDDEN == 64


@pytest.mark.parametrize("hidden", [0, {"vggish": 0}, {"vgish": 128}, "wide"])
def test_hidden_width_of_an_unknown_set_or_size_is_an_error(hidden):
    with pytest.raises(ConfigError, match=r"config: genres\.network\.hidden"):
        complete({"genres": {"network": {"hidden": hidden}}}, SCHEMAS)
