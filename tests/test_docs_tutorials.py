"""Each tutorial, followed step by step: its files are written and its commands run."""

import re

import pytest
import yaml

from tests import tutorials
from tests.workflow_runs import SMALL, copy_run

pytestmark = pytest.mark.slow


def test_researcher_tutorial_makes_the_results_it_names(shared_clone, demo_run, tmp_path):
    """Its study is the one that other tests run, so that little is left to be made."""
    work = copy_run(demo_run, tmp_path / "study")
    study = re.search(r'```yaml title="study.yaml"\n(.*?)```', tutorials.text("researcher"), re.S)
    assert yaml.safe_load(study[1]) == SMALL
    printed = tutorials.follow("researcher", work, shared_clone)
    assert "results/bundle.zip: " in printed
    assert "match_cues" in printed
    missing = [name for name in tutorials.named_results("researcher") if not (work / name).exists()]
    assert missing == []


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("supervisor", ["train_tagger", "export_library", "search_retrieval"]),
        ("developer", ["list_musical_films", "scorelens_match_cues", "scorelens_embed_features_0"]),
    ],
)
def test_tutorial_plans_the_results_it_names(name, rules, shared_clone, tone, tmp_path):
    """Planned, not run: models are trained in other tests. The music of a reader is a tone."""
    tone("music/album/tone.flac")
    printed = tutorials.follow(name, tmp_path, shared_clone, dry_run=True)
    for rule in rules:
        assert f"rule {rule}:" in printed
    planned = {
        path.removesuffix(",")
        for paths in re.findall(r"^ +output: (.*)$", printed, re.M)
        for path in paths.split()
    }
    missing = [path for path in tutorials.named_results(name) if path not in planned]
    assert missing == []
