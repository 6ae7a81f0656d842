"""What the configuration of retrieval plans: primary model, random features, trained networks."""

from pathlib import Path

import pytest

from scorelens import config as configuration
from scorelens.errors import ConfigError
from scorelens.plan import make_plan
from scorelens.retrieval import CONFIGURATIONS

SCHEMAS = Path(__file__).resolve().parent.parent / "workflow" / "schemas"
NETWORKS = ("musicnn", "efficientnet_lite0", "minilm", "vit", "bert")
DEMO = {"corpus": {"demo": {"films": 3}}}


@pytest.fixture
def plan_of(tmp_path, monkeypatch):
    """Plan a configuration in a folder that has the variables of all networks of retrieval."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "pretrained"
    folder.mkdir(parents=True)
    for network in NETWORKS:
        (folder / f"{network}.safetensors").touch()
    return lambda config: make_plan(configuration.complete(config, SCHEMAS))


def retrieval_of(plan_of, **settings):
    return plan_of(DEMO | {"retrieval": settings}).retrieval


def test_primary_model_is_that_of_most_parts_unless_the_config_names_one(plan_of):
    assert retrieval_of(plan_of).primary == "all"
    assert retrieval_of(plan_of, configurations=["avca", "image", "tags_plot"]).primary == "avca"
    assert retrieval_of(plan_of, primary="plot").primary == "plot"


def test_primary_model_that_is_not_trained_is_reported(plan_of):
    with pytest.raises(ConfigError) as raised:
        retrieval_of(plan_of, configurations=["image", "plot"], primary="all")
    assert str(raised.value) == (
        "config: retrieval.primary: all is not among the configurations that are trained\n"
        "  expected: one of: image, plot"
    )


def test_random_features_are_trained_with_the_parts_of_the_primary_model(plan_of):
    plan = retrieval_of(plan_of, configurations=["image", "baseline"], primary="image")
    assert plan.trained == ["image", "baseline", "random_features"]
    assert plan.parts_of("random_features") == "image"
    assert "margin" not in plan.training_settings("random_features")
    assert plan.training_settings("baseline")["margin"] == 0.2
    assert plan.training_settings("image")["repeats"] == 3
    assert retrieval_of(plan_of, configurations=[]).trained == []


def test_default_configurations_are_all_models(plan_of):
    assert plan_of(DEMO).retrieval.configurations == list(CONFIGURATIONS)


def test_frozen_encoders_need_no_raw_files_in_training(plan_of):
    plan = retrieval_of(plan_of)
    assert plan.trained_networks("all") == {}
    assert plan.raw_rows("all") == plan.raw_files("all") == []
    assert plan.has_scenes


def test_trained_encoders_take_pictures_and_texts_and_leave_scenes_out(plan_of):
    settings = {"training": {"encoders": "trained"}, "image": "vit", "text": "bert"}
    plan = plan_of(DEMO | {"retrieval": settings | {"audio": "cnn_transformer"}}).retrieval
    assert plan.trained_networks("all") == {"image": "vit", "text": "bert"}
    assert plan.trained_networks("plot") == {"text": "bert"}
    assert plan.trained_networks("random_features") == {"image": "vit", "text": "bert"}
    assert len(plan.raw_files("all")) == 2 * len(plan.films)
    assert not plan.has_scenes
    assert "encoders" not in plan.training_settings("all")


def test_tags_that_one_film_carries_are_dropped_from_the_films(plan_of, tmp_path):
    rows = [
        f"f{number}\tFilm {number}\t20{number:02d}\tsea;night {number}\talbum {number}"
        for number in range(3)
    ]
    for number in range(3):
        (tmp_path / f"album {number}").mkdir()
        (tmp_path / f"album {number}" / "1.wav").touch()
    table = tmp_path / "described.tsv"
    table.write_text("\n".join(["film_id\ttitle\tyear\ttags\talbum", *rows]) + "\n")
    settings = {"films": str(table), "configurations": ["tags"]}
    plan = retrieval_of(plan_of, **settings)
    assert {film.tags for film in plan.films.values()} == {("sea",)}
    every = retrieval_of(plan_of, **settings, tags={"min_films": 1})
    assert every.films["f2"].tags == ("sea", "night 2")
