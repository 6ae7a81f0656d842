"""The tagger in the workflow: a small demo corpus and a library, run, and run again."""

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
def tagged(shared_clone, demo_run, tmp_path_factory):
    """A finished run with a tagger of four films, and a library of an album and a broken file."""
    work = shutil.copytree(demo_run, tmp_path_factory.mktemp("tagger") / "work")
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
        "corpus": {"demo": {"films": 6, "film_s": 45}},
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


def test_every_track_is_tagged_by_folds_not_trained_on_its_film(tagged):
    results = tagged[0] / "results"
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


def test_a_library_is_tagged_and_what_cannot_be_is_named(tagged):
    folder = tagged[0] / "results/tagger/libraries/mine"
    tracks = tables.read_table(folder / "tracks.tsv", tables.TAGGER_LIBRARY).set_index("path")
    ranking = tables.read_table(folder / "ranking.tsv", tables.TAGGER_RANKING)
    assert len(tracks) == 6
    assert "cannot be read" in tracks.problem["an álbum/broken.flac"]
    whole = tracks[tracks.problem == ""]
    assert whole.tempo_bpm.dropna().between(40, 200).all()
    assert whole.loudness_lufs.between(-40, 0).all()
    assert set(ranking.path) == set(whole.index)
    first = ranking[ranking["rank"] == 1].set_index("path")
    sidecar = json.loads((folder / "tags" / f"{whole.index[0]}.json").read_text(encoding="utf-8"))
    assert sidecar["tags"][0]["genre"] == first.genre[whole.index[0]]
    profiles = pd.read_parquet(folder / "profiles.parquet")
    assert profiles.groupby(["path", "genre"], observed=True).time_s.max().min() > 25


def test_the_report_shows_the_tagger_and_links_the_library(tagged):
    page = Page((tagged[0] / "results/report.html").read_text(encoding="utf-8"))
    rows = page.table("Tagger", "Coverage error")
    assert [row["Tagger"] for row in rows] == [
        "Random ranking",
        "Ranking by frequency",
        "DNN on MFCC",
    ]
    assert sum(int(rows[-1][outcome]) for outcome in ("Right", "Partly", "Wrong")) > 0
    assert "tagger/libraries/mine.html" in page.values("href")


def test_there_is_nothing_to_do_again(tagged, shared_clone):
    work, config = tagged
    assert runs.planned(shared_clone, work, config) == {}


def test_an_added_track_is_tagged_and_the_others_are_not(tagged, shared_clone):
    work, config = tagged
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
