"""The workflow on published feature files, without films."""

import re

import pytest

from scorelens import tables
from tests import workflow_runs as runs
from tests.published_files import UNEVEN, small

pytestmark = pytest.mark.slow

SETS = {"features": {"sets": ["mir", "vggish"]}}
LEFT_OUT = (
    "cues, music, visuals and audiovisual_comparison are left out: "
    "published features come without films"
)


@pytest.fixture
def snakemake(home, tmp_path):
    """Run Snakemake in a folder; return exit status and output: snakemake(config, *options)."""

    def run(config, *options, **corpus):
        genre_settings = {"models": ["plurality", "simple_mi_knn"], "bootstrap_repeats": 50}
        corpus = {"kind": "published", **corpus}
        config = {"corpus": corpus, "genres": genre_settings, **config}
        done = runs.snakemake(home, tmp_path, config, *options)
        return done.returncode, done.stdout

    return run


def rules(output):
    return set(re.findall(r"^(?:local)?(?:rule|checkpoint) (\w+):", output, re.M))


def test_plan_has_no_rule_that_needs_a_film(snakemake, tmp_path):
    small().write(tmp_path / "published")
    code, output = snakemake(SETS, "--dry-run")
    assert code == 0, output
    assert {"inspect_corpus", "gather_corpus", "unpack_features", "pool_bags"} <= rules(output)
    assert {"train_genres", "score_genres", "rank_importance", "write_report"} <= rules(output)
    assert not [
        rule
        for rule in rules(output)
        if rule.endswith(("cues", "visuals", "audiovisual_comparison"))
    ]
    assert not rules(output) & {"check_corpus", "index_fingerprints", "fetch_pretrained"}
    assert output.count(LEFT_OUT) == 1
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", output, re.M))
    assert (jobs["unpack_features"], jobs["inspect_corpus"]) == ("2", "1")
    for stage in ("fingerprints", "cues", "visuals", "audiovisual_comparison"):
        code, output = snakemake(SETS, "--dry-run", "--", stage)
        assert code == 0, output
        assert rules(output) <= {stage}


def test_missing_feature_sets_are_left_out_and_reported(snakemake, tmp_path):
    (small().write(tmp_path / "published") / "vggish_features_dictionary.npy").unlink()
    code, output = snakemake({"features": {"sets": ["mir", "vggish", "yamnet"]}}, "--dry-run")
    assert code == 0, output
    assert [line for line in output.splitlines() if line.startswith("feature set")] == [
        "feature set vggish is left out: published lacks vggish_features_dictionary.npy",
        "feature set yamnet is left out: published features are mir and vggish",
    ]
    assert "bags/mir.parquet" in output
    assert "bags/vggish.parquet" not in output


def test_missing_files_and_track_level_features_are_errors(snakemake, tmp_path):
    code, output = snakemake(SETS, "--dry-run", published={"folder": "elsewhere"})
    assert code == 1
    assert "elsewhere/film_genre_master_list.csv: cannot be read (No such file" in output
    assert "hint: corpus: {published: {folder: ...}} names the folder" in output
    folder = small().write(tmp_path / "published")
    code, output = snakemake({"features": {"level": "tracks"}}, "--dry-run")
    assert "config: features.level: published features are of cues, not of tracks" in output
    for path in folder.glob("*.npy"):
        path.unlink()
    code, output = snakemake(SETS, "--dry-run")
    assert code == 1
    assert "published: mir: published lacks mir_features_dictionary.npy; vggish: " in output
    assert "Traceback" not in output


def test_bad_film_stops_the_run_or_is_skipped(snakemake, tmp_path):
    """`stop` reports all problems and writes no film table; `skip` completes the run."""
    files = small()
    files.cues["mir"]["film_2"] = []
    files.genres["film_3"] = ["jazz"]
    files.write(tmp_path / "published")
    code, output = snakemake(SETS)
    assert code == 1
    assert "2 of 8 films have problems" in output
    assert "'jazz' is not a genre of the config" in output
    assert "film film_2: has no cues" in output
    assert not (tmp_path / "results/corpus/films.tsv").exists()

    code, output = snakemake(SETS, on_bad_film="skip")
    assert code == 0, output
    films = tables.read_table(tmp_path / "results/corpus/films.tsv", tables.FILMS)
    assert films.film_id.tolist() == [UNEVEN, *(f"film_{number}" for number in range(4, 9))]
    for name, cues in (("mir", 25), ("vggish", 24)):
        bag = tables.read_table(tmp_path / f"results/bags/{name}.parquet", tables.BAGS)
        assert len(bag) == cues
        assert bag.film_id.unique().tolist() == films.film_id.tolist()
    scores = tables.read_table(tmp_path / "results/genres/scores.tsv", tables.GENRE_SCORES)
    assert set(scores.feature_set) == {"none", "mir", "vggish"}
    groups = tables.read_table(tmp_path / "results/importance/scores.tsv", tables.IMPORTANCE)
    assert groups.group.nunique() == 8
    page = (tmp_path / "results/report.html").read_text(encoding="utf-8")
    assert "Published features of 6 films" in page
    assert "the sets list different cues: 5 in mir, 4 in vggish" in page
    assert "jazz" in page
    assert "mir_feature_names.csv" in page
    for section in ("film_map", "visuals", "audiovisual_comparison"):
        assert f'"{section}"' not in page
        assert f'"#{section}"' not in page
    code, output = snakemake(SETS, on_bad_film="skip")
    assert "Nothing to be done" in output
