"""Tables and figures of a run that are packed into the bundle."""

from pathlib import Path

import pytest

from scorelens import config as configuration
from scorelens.plan import make_plan
from scorelens.plan.supplement import FEATURE_RULES, LEFT_OUT, ONLY, packed_rules, supplement
from tests.rule_files import RULES

SCHEMAS = Path(__file__).resolve().parent.parent / "workflow" / "schemas"
OUTPUTS = {
    "match_cues": {"table": ["results/cues/films/{film}.parquet"]},
    "index_fingerprints": {"index": ["results/fingerprints/{album}.npz"]},
    "gather_genres": {
        "models": ["results/genres/models/{set}/{model}.zip"],
        "predictions": ["results/genres/predictions/{set}/{model}.parquet"],
    },
    "predict_baselines": {"predictions": ["results/genres/predictions/none/{model}.parquet"]},
    "train_retrieval": {
        "curve": ["results/retrieval/curves/{configuration}.tsv"],
        "places": ["results/retrieval/places/{configuration}.parquet"],
    },
    "score_trailers": {"scores": ["results/trailers/scores.tsv"]},
    "compare_films_to_trailers": {"scenes": ["results/trailers/scenes.parquet"]},
}


@pytest.fixture
def plan_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda config: make_plan(configuration.complete(config, SCHEMAS))


def test_every_rule_is_packed_or_left_out(plan_of):
    packed = set(packed_rules(plan_of({"corpus": {"demo": {"films": 3}}})))
    assert packed | {*LEFT_OUT, *FEATURE_RULES} == set(RULES)
    assert not packed & {*LEFT_OUT, *FEATURE_RULES}
    assert set(ONLY) <= packed


def test_supplement_lists_outputs_of_the_configured_models(plan_of):
    config = {
        "corpus": {"demo": {"films": 3}},
        "genres": {"models": ["plurality", "imv_knn"]},
        "retrieval": {"configurations": ["plot"]},
        "trailers": {"models": []},
    }
    assert supplement(OUTPUTS, plan_of(config)) == [
        "results/cues/films/{film}.parquet",
        "results/features/mir/{film}.parquet",
        "results/genres/predictions/mir/imv_knn.parquet",
        "results/genres/predictions/none/plurality.parquet",
        "results/retrieval/curves/plot.tsv",
        "results/retrieval/curves/random_features.tsv",
    ]


@pytest.mark.parametrize(
    ("trailers", "compares"),
    [
        ({"models": ["frame_linear"]}, True),
        ({"models": ["frequency"]}, False),
    ],
    ids=["a model of the picture", "no model of the picture"],
)
def test_scenes_are_packed_if_films_are_compared_with_trailers(plan_of, trailers, compares):
    outputs = supplement(OUTPUTS, plan_of({"corpus": {"demo": {"films": 8}}, "trailers": trailers}))
    assert "results/trailers/scores.tsv" in outputs
    assert ("results/trailers/scenes.parquet" in outputs) == compares
