"""Annotations in the workflow: rules, plan, and the message for a bad folder."""

import pytest

from scorelens import config as configuration
from scorelens.errors import ConfigError
from scorelens.plan import make_plan
from tests import workflow_runs as runs
from tests.published_files import small

RULES = {"read_annotations", "evaluate_cues", "plot_annotations"}
FILMS = ("the_falling_anchor", "the_brass_letter")  # the first of the demo


@pytest.fixture
def config(tmp_path):
    """A demo of three films with annotations of two, and a file that is none."""
    folder = tmp_path / "marks"
    folder.mkdir()
    for film in FILMS:
        (folder / f"{film}.jo.txt").write_text("1\t20\t\n")
    (folder / "notes.odt").touch()
    return {
        **runs.SMALL,
        "corpus": {"demo": {"films": 3, "film_s": 45}},
        "genres": {"models": ["plurality"]},
        "cues": {"annotations": str(folder)},
    }


def test_plan_lists_annotated_films_and_files_left_out(config, home):
    plan = make_plan(configuration.complete(config, home / "workflow" / "schemas"))
    assert plan.cues.annotated_films == set(FILMS)
    assert f"{config['cues']['annotations']}/notes.odt is left out" in " ".join(plan.left_out)


def test_plan_published_features_leave_annotations_out(config, home, tmp_path):
    small().write(tmp_path / "published")
    corpus = {"kind": "published", "published": {"folder": str(tmp_path / "published")}}
    complete = configuration.complete({**config, "corpus": corpus}, home / "workflow" / "schemas")
    plan = make_plan(complete)
    assert plan.cues.annotations == ()
    assert any(text.startswith("annotations of cues are left out") for text in plan.left_out)


def test_plan_annotation_of_an_unknown_film_is_a_config_error(config, home, tmp_path):
    (tmp_path / "marks" / "the_brass_lettre.jo.txt").touch()
    complete = configuration.complete(config, home / "workflow" / "schemas")
    with pytest.raises(ConfigError, match="did you mean 'the_brass_letter'"):
        make_plan(complete)


@pytest.mark.slow
def test_rules_appear_only_when_annotations_are_configured(config, shared_clone, tmp_path):
    targets = ("report", "cues", "timelines")
    with_annotations = runs.planned(shared_clone, tmp_path / "work", config, *targets)
    assert set(with_annotations) >= RULES
    assert with_annotations["plot_annotations"] == set(FILMS)
    without = {key: block for key, block in config.items() if key != "cues"}
    assert not RULES & set(runs.planned(shared_clone, tmp_path / "work", without, *targets))
