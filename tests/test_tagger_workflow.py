"""Workflow runs of the tagger on a small demo corpus and a music library."""

import json
import shutil

import pandas as pd
import pytest

from scorelens import tables
from tests import workflow_runs as runs
from tests.report_run import Page

pytestmark = pytest.mark.slow

MODELS = ["frequency_ranking", "dnn"]


@pytest.fixture(scope="module")
def tagger_run(shared_clone, demo_run, tmp_path_factory):
    """Finished run of the tagger on five films; library: an album and an undecodable file."""
    work = runs.copy_run(demo_run, tmp_path_factory.mktemp("tagger") / "work")
    film = sorted((work / "results/corpus/media").iterdir())[0]
    music = shutil.copytree(film / "album", work / "music" / "an álbum")
    (music / "broken.flac").write_bytes(b"fLaC, or not")
    assert (
        "the tagger is left out"
        in runs.snakemake(
            shared_clone, work, runs.SMALL | {"tagger": {"models": MODELS}}, "--dry-run"
        ).stdout
    )
    config = runs.SMALL | {
        "corpus": {"demo": {"films": 5, "film_s": 45}},
        "genres": {"models": ["random_guess"]},
        "tagger": {
            "models": MODELS,
            "min_tracks": 5,
            "folds": 2,
            "network": {"epochs": 2},
            "tops": [1, 2],
            "bootstrap_repeats": 50,
            "permutation_repeats": 50,
            "libraries": {"mine": "music"},
        },
    }
    runs.finish(shared_clone, work, config)
    return work, config


def test_every_track_is_predicted_and_each_film_is_in_one_fold(tagger_run):
    results = tagger_run[0] / "results"
    films = tables.read_table(results / "corpus/films.tsv", tables.FILMS)
    for model in MODELS:
        table = tables.read_table(results / f"tagger/tracks/{model}.parquet", tables.TAGGER_TRACKS)
        assert table.groupby(["film_id", "track_id"]).ngroups == films.tracks.sum()
        assert len(table[["film_id", "fold"]].drop_duplicates()) == len(films)
        genres = set(table.genre)
        labels = dict(zip(films.film_id, films.genres, strict=True))
        for row in table.itertuples():
            assert row.actual == (row.genre in labels[row.film_id]), row
        assert genres <= {"Action", "Comedy", "Drama", "Romance", "Science Fiction", "Horror"}
    scores = tables.read_table(results / "tagger/scores.tsv", tables.TAGGER_SCORES)
    assert set(scores.model) == {*MODELS, "random_ranking"}
    assert scores.top.dropna().unique().tolist() == [1, 2]


def test_library_tracks_are_tagged_and_undecodable_file_has_a_problem(tagger_run):
    folder = tagger_run[0] / "results/tagger/libraries/mine"
    tracks = tables.read_table(folder / "tracks.tsv", tables.TAGGER_LIBRARY).set_index("path")
    ranking = tables.read_table(folder / "ranking.tsv", tables.TAGGER_RANKING)
    assert len(tracks) == 6
    assert "cannot be read" in tracks.problem["an álbum/broken.flac"]
    decodable = tracks[tracks.problem == ""]
    assert decodable.tempo_bpm.dropna().between(40, 200).all()
    assert decodable.loudness_lufs.between(-40, 0).all()
    assert set(ranking.path) == set(decodable.index)
    top_rows = ranking[ranking["rank"] == 1].set_index("path")
    sidecar = json.loads(
        (folder / "tags" / f"{decodable.index[0]}.json").read_text(encoding="utf-8")
    )
    assert sidecar["tags"][0]["genre"] == top_rows.genre[decodable.index[0]]
    profiles = pd.read_parquet(folder / "profiles.parquet")
    assert profiles.groupby(["path", "genre"], observed=True).time_s.max().min() > 25


def test_report_has_tagger_table_and_link_to_library_page(tagger_run):
    page = Page((tagger_run[0] / "results/report.html").read_text(encoding="utf-8"))
    rows = page.table("Tagger", "Coverage error")
    assert [row["Tagger"] for row in rows] == [
        "Random ranking",
        "Ranking by frequency",
        "DNN on MFCC",
    ]
    assert sum(int(rows[-1][outcome]) for outcome in ("Right", "Partly", "Wrong")) > 0
    assert "tagger/libraries/mine.html" in page.values("href")


def test_finished_run_with_tagger_plans_no_jobs(tagger_run, shared_clone):
    work, config = tagger_run
    assert runs.planned(shared_clone, work, config) == {}


def test_added_library_track_plans_only_tagging_export_and_report(tagger_run, shared_clone):
    work, config = tagger_run
    music = work / "music" / "an álbum"
    added = music / "zz_added.flac"
    shutil.copy(sorted(music.glob("*.flac"))[0], added)
    try:
        assert set(runs.planned(shared_clone, work, config)) == {
            "apply_tagger",
            "export_library",
            "write_report",
        }
    finally:
        added.unlink()
