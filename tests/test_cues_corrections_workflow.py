"""Corrections in the workflow: the plan, the jobs that a change plans, and results that follow."""

import pytest

from scorelens import config as configuration
from scorelens import tables
from scorelens.errors import ConfigError
from scorelens.music import installed_detector
from scorelens.plan import make_plan
from tests import workflow_runs as runs
from tests.correction_tables import cells, new, write_file
from tests.published_files import small

FILM, OTHER = "the_brass_letter", "the_falling_anchor"
RIGHT = cells("right", (10, 20, "theme"), film=FILM)
OF_A_FILM = {"correct_cues", "measure_levels", "export_film", "extract_features"}
OVER_FILMS = {
    "score_cues", "summarize_corrections", "score_corrections", "summarize_cues",
    "plot_cue_summary", "plot_film_map", "summarize_levels", "export_cue_sheets",
    *(["summarize_music"] if installed_detector() else []),
}  # fmt: skip


@pytest.fixture
def plan_of(tmp_path, monkeypatch, home):
    """Plan a configuration with corrections of these rows."""
    monkeypatch.chdir(tmp_path)

    def plan(*rows, **more):
        file = write_file(tmp_path / "corrections.tsv", *rows)
        config = {**runs.SMALL, "cues": {"corrections": str(file)}, **more}
        return make_plan(configuration.complete(config, home / "workflow" / "schemas"))

    return plan


def test_plan_names_the_corrected_table_of_films_with_corrections_alone(plan_of):
    plan = plan_of(RIGHT)
    assert plan.cues.table(FILM) == f"results/cues/corrected/{FILM}.parquet"
    assert plan.cues.table(OTHER) == f"results/cues/films/{OTHER}.parquet"
    assert plan.cues.corrections == {FILM: [RIGHT]}
    assert plan_of().cues.table(FILM) == f"results/cues/films/{FILM}.parquet"


def test_plan_rows_of_a_film_do_not_depend_on_those_of_others(plan_of):
    other = cells("wrong", (1, 2, "x"), film=OTHER, decided_at="2026-01-01")
    assert plan_of(other, RIGHT).cues.corrections[FILM] == plan_of(RIGHT).cues.corrections[FILM]


def test_plan_corrections_of_an_unknown_film_are_noted_and_listed(plan_of):
    plan = plan_of(cells("right", (1, 2, "x"), film="gone"))
    assert "corrections of gone are not applied: it is no film of the corpus" in plan.left_out
    assert set(plan.cues.corrections) == {"gone"}


def test_plan_published_features_leave_corrections_out(plan_of, tmp_path):
    small().write(tmp_path / "published")
    corpus = {"kind": "published", "published": {"folder": str(tmp_path / "published")}}
    plan = plan_of(RIGHT, corpus=corpus)
    assert plan.cues.corrections == {}
    assert any(text.startswith("corrections of cues are left out") for text in plan.left_out)


def test_plan_bad_row_is_a_config_error(plan_of):
    with pytest.raises(ConfigError, match="line 2, column verdict: is 'maybe'"):
        plan_of(cells("maybe", (1, 2, "x"), film=FILM))


@pytest.mark.slow
def test_results_follow_and_only_the_corrected_film_runs_again(demo_run, shared_clone, tmp_path):
    """On a finished run: reject one cue, move an edge, add one; then correct another film."""
    work = runs.copy_run(demo_run, tmp_path / "work")
    folder = work / "results" / "cues"
    matched = {
        film: tables.read_table(folder / "films" / f"{film}.parquet", tables.CUES)
        for film in (FILM, OTHER)
    }
    first, second, *_ = matched[FILM].itertuples()
    file = write_file(
        tmp_path / "corrections.tsv",
        cells("wrong", first[4:6] + first[3:4], film=FILM),
        cells(
            "changed", second[4:6] + second[3:4], film=FILM, **new(second.film_start_s + 1),
        ),
        cells("missed", film=FILM, **new(0, 1.5, second.track_id, 2)),
        cells("right", (1, 2, "no_track"), film=FILM),
    )  # fmt: skip
    text, config = file.read_bytes(), runs.SMALL | {"cues": {"corrections": str(file)}}
    targets = ("cues", "exports", "features")
    before = {path: path.stat().st_mtime_ns for path in folder.glob("films/*")}

    planned = runs.planned(shared_clone, work, config, *targets)
    assert planned == {rule: {FILM} for rule in OF_A_FILM} | {rule: set() for rule in OVER_FILMS}
    runs.finish(shared_clone, work, config, *targets)
    assert runs.planned(shared_clone, work, config, *targets) == {}

    assert file.read_bytes() == text
    assert {path: path.stat().st_mtime_ns for path in folder.glob("films/*")} == before
    corrected = tables.read_table(folder / "corrected" / f"{FILM}.parquet", tables.CUES)
    assert len(corrected) == len(matched[FILM])
    assert corrected.verdict.tolist()[:2] == ["missed", "changed"]
    levels = tables.read_table(folder / "levels" / f"{FILM}.parquet", tables.CUE_LEVELS)
    assert set(levels.cue_id) == set(corrected.cue_id)
    features = tables.read_table(work / f"results/features/mir/{FILM}.parquet", tables.FEATURES)
    assert set(features.cue_id) == set(corrected.cue_id)
    sheet = work / f"results/exports/films/{FILM}.tsv"
    assert tables.read_table(sheet, tables.CUE_SHEET).verdict.tolist() == corrected.verdict.tolist()
    scores = tables.read_table(folder / "scores.tsv", tables.CUE_SCORES)
    assert scores.group.tolist()[-2:] == ["corrected_all", "corrected_film"]
    unmatched = folder / "unmatched_corrections.tsv"
    assert tables.read_table(unmatched, tables.UNMATCHED_CORRECTIONS).track_id.tolist() == [
        "no_track"
    ]

    row = matched[OTHER].iloc[0]
    more = cells("right", (row.film_start_s, row.film_end_s, row.track_id), film=OTHER)
    file.write_bytes(text + ("\t".join(more) + "\n").encode())
    planned = runs.planned(shared_clone, work, config, *targets)
    assert planned == {rule: {OTHER} for rule in OF_A_FILM} | {rule: set() for rule in OVER_FILMS}
