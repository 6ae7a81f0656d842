"""Tests of retrieval in the workflow: planned jobs, rejected configurations and a small run."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from scorelens import tables
from scorelens.retrieval import BASELINES, CONFIGURATIONS
from tests import workflow_runs as runs

pytestmark = pytest.mark.slow

COLUMNS = ("film_id", "title", "year", "image", "plot", "tags", "album")
NETWORKS = ("musicnn", "efficientnet_lite0", "minilm")
YEARS = (1990, 1995, 2001, 2008, 2022, 2022, 2023, 2024)
RATE_HZ = 16000


def write_film(folder: Path, number: int) -> str:
    """Write image, plot and album of a film outside the corpus; returns its table row."""
    name = f"film_{number}"
    rng = np.random.default_rng(number)
    pixels = rng.integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(folder / f"{name}.png")
    (folder / f"{name}.txt").write_text(f"A night of {number} storms.\n\nThe ship comes home.\n")
    (folder / name).mkdir()
    for track, seconds in enumerate((3, 11)):
        time_s = np.arange(seconds * RATE_HZ) / RATE_HZ
        wave = 0.3 * np.sin(2 * np.pi * 110 * (number + 1 + track / 2) * time_s)
        soundfile.write(folder / name / f"{track}.wav", wave, RATE_HZ)
    cells = (name, f"Film {number}", str(YEARS[number]), f"{name}.png", f"{name}.txt")
    return "\t".join([*cells, f"storm;night {number}", name])


def write_table(folder: Path, rows, columns=COLUMNS) -> Path:
    path = folder / "described.tsv"
    path.write_text("\n".join(["\t".join(columns), *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def films_table(tmp_path) -> Path:
    """A table of two films outside the corpus."""
    return write_table(tmp_path, [write_film(tmp_path, number) for number in (0, 6)])


def settings(table: Path | str, weights: Path | None = None, **retrieval) -> dict:
    """A configuration. weights: the only folder that is searched for pretrained weights."""
    return {
        "corpus": {"demo": {"films": 2, "film_s": 45}},
        "tagger": {"models": []},
        "retrieval": {"films": str(table), **retrieval},
        "pretrained": {"offline": True, "folder": str(weights)} if weights else {},
    }


def rejection_output(clone: Path, work: Path, config: dict) -> str:
    """Output of Snakemake for a configuration that is rejected before any job runs."""
    done = runs.snakemake(clone, work, config, "--", "retrieval")
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stdout
    assert not (work / "results").exists()
    return done.stdout


def test_corpus_without_films_table_plans_no_retrieval_jobs(shared_clone, tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("a.mkv", "b.mkv", "a/1.wav"):
        (tmp_path / name).touch()
    rows = ["a\tA\t2001\ta.mkv\ta\tDrama", "b\tB\t2002\tb.mkv\ta\tAction"]
    columns = ("film_id", "title", "year", "video", "album", "genres")
    table = write_table(tmp_path, rows, columns)
    corpus = {"kind": "table", "films": str(table)}
    # The folder of weights has none, and none is reported as missing.
    config = settings("", tmp_path / "a") | {"corpus": corpus}
    done = runs.snakemake(shared_clone, tmp_path / "work", config, "--dry-run")
    assert done.returncode == 0, done.stdout
    assert "match_cues" in runs.jobs(done.stdout)
    assert "_retrieval" not in done.stdout
    assert "left out" not in done.stdout


def test_all_problems_of_the_films_table_are_reported_together(shared_clone, films_table, tmp_path):
    rows = films_table.read_text().splitlines()[1:]
    rows[0] = rows[0].replace("1990", "soon").replace(".png", ".jpg")
    rows.append(f"film_6\tTwice\t2001\t\t\t\t{tmp_path / 'film_0'}")
    output = rejection_output(
        shared_clone, tmp_path / "work", settings(write_table(tmp_path, rows))
    )
    assert "5 problems were found" in output
    for problem in (
        "expected: each audio file in the album of one film",
        "line 2, column year: is 'soon'",
        "film_0.jpg does not exist",
        "line 3, column film_id: 'film_6' stands in 2 rows",
        "line 4, column film_id: 'film_6' stands in 2 rows",
    ):
        assert output.count(problem) == 1, output


def test_all_problems_of_searches_are_reported_together(shared_clone, films_table, tmp_path):
    searches = {
        "no_time": {"film": "no_film"},
        "no_music": {"track": "film_0/9"},
        "no_picture": {"image": "nowhere.png", "text": "!"},
        "Its Name": {"text": "The sea"},
    }
    config = settings(films_table, libraries={"corpus": "film_0"}, searches=searches)
    output = rejection_output(shared_clone, tmp_path, config)
    for problem in (
        "retrieval.searches.no_time: has film, but no time_s",
        "retrieval.searches.no_time.film: no_film does not exist",
        "retrieval.searches.no_music.track: film_0/9 does not exist",
        "retrieval.searches.no_picture.image: nowhere.png does not exist",
        "retrieval.searches.no_picture.text: '!' has no letter and no digit",
        "retrieval.searches.Its Name: 'Its Name' is no id",
        "retrieval.libraries.corpus: has the name of the films' albums",
    ):
        assert output.count(problem) == 1, output


def test_models_without_weights_are_left_out_and_logged(shared_clone, films_table, tmp_path):
    """Without image weights only the text models are trained; without MusiCNN none is."""
    folder = tmp_path / "weights"
    for name in ("musicnn", "minilm"):
        weights_path(tmp_path / "work", name).touch()
    folder.mkdir()
    searches = {"by_words": {"text": "The sea"}}
    config = settings(films_table, folder, searches=searches)
    done = runs.snakemake(shared_clone, tmp_path / "work", config, "--dry-run", "--", "retrieval")
    assert done.returncode == 0, done.stdout
    assert skipped_networks(done.stdout) == ["efficientnet_lite0"]
    jobs = runs.jobs(done.stdout)
    assert not {"embed_images", "embed_scenes", "evaluate_scenes"} & set(jobs)
    assert {"embed_texts", "embed_tracks", "search_retrieval"} <= set(jobs)
    assert trained_configurations(done.stdout) == {"plot", "tags", "tags_plot"}

    without_audio = runs.snakemake(shared_clone, tmp_path / "no_audio", config, "--dry-run")
    assert without_audio.returncode == 0, without_audio.stdout
    assert skipped_networks(without_audio.stdout) == list(NETWORKS)
    assert "_retrieval" not in without_audio.stdout


def weights_path(work: Path, network: str) -> Path:
    path = work / "results" / "pretrained" / f"{network}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def skipped_networks(output: str) -> list[str]:
    lines = [line for line in output.splitlines() if ", and what needs it, is left out: " in line]
    return [line.partition(",")[0] for line in lines]


def trained_configurations(output: str) -> set[str]:
    return {name for name in CONFIGURATIONS if f"wildcards: configuration={name}\n" in output}


def test_cnn_transformer_audio_needs_no_musicnn(shared_clone, films_table, tmp_path):
    config = settings(films_table, audio="cnn_transformer", configurations=["tags"])
    done = runs.snakemake(shared_clone, tmp_path, config, "--dry-run", "--", "retrieval")
    assert done.returncode == 0, done.stdout
    jobs = runs.jobs(done.stdout)
    assert {"fetch_pretrained", "embed_texts", "embed_tracks", "train_retrieval"} <= set(jobs)
    assert not {"embed_features", "embed_images"} & set(jobs)
    assert "network=minilm" in done.stdout
    assert "musicnn" not in done.stdout
    assert "results/retrieval/sounds/film_0.npz" in done.stdout


def test_unreadable_film_of_the_corpus_is_skipped_by_retrieval(
    shared_clone, films_table, tmp_path, film, tone
):
    sound = 0.3 * np.sin(np.arange(5 * 48000) / 40)
    for name in ("good", "bad"):
        film(f"{name}.mkv", sound, seconds=5)
        for track in ("1.wav", "2.wav"):
            tone(f"album {name}/{track}", 4, hz=300 if track == "1.wav" else 500)
    (tmp_path / "bad.mkv").write_bytes(b"no film")
    (tmp_path / "corpus").mkdir()
    rows = [
        f"{name}\t{name}\t2023\t../{name}.mkv\t../album {name}\tDrama" for name in ("good", "bad")
    ]
    columns = ("film_id", "title", "year", "video", "album", "genres")
    films = write_table(tmp_path / "corpus", rows, columns)
    other_rows = films_table.read_text().splitlines()[1:]
    corpus_rows = [f"{name}\t\t\tfilm_0.png\tfilm_0.txt\tsea\t" for name in ("good", "bad")]
    config = settings(write_table(tmp_path, [*other_rows, *corpus_rows]))
    config["corpus"] = {"kind": "table", "films": str(films), "on_bad_film": "skip"}
    config["resources"] = {"gpu": 1}
    work = tmp_path / "work"
    runs.finish(shared_clone, work, config, "--", "corpus")
    done = runs.snakemake(shared_clone, work, config, "--dry-run", "--", "retrieval")
    assert done.returncode == 0, done.stdout
    albums = {
        name for name in ("good", "bad", "film_0", "film_6") if f"sounds/{name}." in done.stdout
    }
    assert albums == {"good", "film_0", "film_6"}
    jobs = re.findall(r"rule embed_tracks_.*?resources: [^\n]*", done.stdout, re.S)
    # The job of the corpus film reuses MusiCNN embeddings of the features, so it needs no GPU.
    uses_gpu = {"sounds/good." in job: "gpu=1" in job for job in jobs}
    assert uses_gpu == {True: False, False: True}
    embedded = re.findall(r"results/scenes/\w+/(\w+)\.parquet", done.stdout)
    assert {*embedded} == {"good"}
    assert "musicnn_tracks/bad" not in done.stdout


@pytest.fixture(scope="module")
def finished(shared_clone, tmp_path_factory, fetched):
    """A run on eight films outside the corpus, with a library and two searches."""
    work = tmp_path_factory.mktemp("retrieval")
    for network in NETWORKS:  # the download is tested in test_pretrained_workflow.py
        shutil.copy(fetched(network), weights_path(work, network))
    folder = work / "own films"
    folder.mkdir()
    table = write_table(folder, [write_film(folder, number) for number in range(len(YEARS))])
    music = shutil.copytree(folder / "film_2", work / "müsic" / "a")
    (music / "broken.flac").write_bytes(b"fLaC, or not")
    config = settings(
        table,
        configurations=["plot", "all"],
        training={"learning_rate": 1e-3, "epochs": 2, "repeats": 1},
        bootstrap_repeats=50,
        permutation_repeats=50,
        libraries={"mine": "müsic"},
        search={"tracks": 5},
        searches={
            "a_picture": {"image": str(folder / "film_7.png"), "tags": ["storm"]},
            "more_like_this": {"track": "film_6/1"},
        },
    )
    runs.finish(shared_clone, work, config, "--", "retrieval")
    return work, config


def test_run_writes_all_retrieval_tables(finished):
    results = finished[0] / "results" / "retrieval"
    films = tables.read_table(results / "films.tsv", tables.RETRIEVAL_FILMS)
    assert films["year"].tolist() == list(YEARS)
    assert films["part"].tolist() == ["training"] * 4 + ["validation"] * 2 + ["test"] * 2
    assert set(films["tracks"]) == {2}
    assert films["fragments"].sum() == len(np.load(results / "fragments.npy"))
    for name in ("plot", "all"):
        curve = tables.read_table(results / f"curves/{name}.tsv", tables.RETRIEVAL_CURVES)
        assert curve["epoch"].tolist() == [1, 2]
        embeddings = tables.read_table(
            results / f"embeddings/{name}.parquet", tables.RETRIEVAL_EMBEDDINGS
        )
        assert set(embeddings["film_id"]) == {"film_6", "film_7"}
        assert (embeddings["kind"] == "track").sum() == 4
    scores = tables.read_table(results / "scores.tsv", tables.RETRIEVAL_SCORES)
    assert set(scores["configuration"]) == {"plot", "all", *BASELINES}
    assert set(scores.loc[scores["measure"] == "recall_10", "value"]) == {1}  # of four tracks
    tables.read_table(results / "ranks.tsv", tables.RETRIEVAL_RANKS)
    assert not (results / "scenes.tsv").exists()  # no film of the corpus is described


def test_run_writes_search_results_and_page(finished):
    folder = finished[0] / "results" / "retrieval"
    index = tables.read_table(folder / "index.parquet", tables.RETRIEVAL_INDEX)
    assert index["library"].value_counts().to_dict() == {"corpus": 16, "mine": 2}
    results = tables.read_table(folder / "searches.tsv", tables.RETRIEVAL_SEARCHES)
    assert results["search"].value_counts().to_dict() == {"a_picture": 5, "more_like_this": 5}
    assert "film_6" in (folder / "searches.html").read_text(encoding="utf-8")
    library_log = next((finished[0] / "logs" / "embed_library").rglob("*.log"))
    assert "broken.flac cannot be searched" in library_log.read_text(encoding="utf-8")


def test_second_run_plans_no_jobs(finished, shared_clone):
    work, config = finished
    assert runs.planned(shared_clone, work, config, "--", "retrieval") == {}


def test_changed_plot_retrains_without_embedding_images_or_tracks(finished, shared_clone):
    work, config = finished
    plot = work / "own films" / "film_3.txt"
    before = plot.read_text()
    plot.write_text(before + "A whale.\n")
    try:
        jobs = runs.planned(shared_clone, work, config, "--", "retrieval")
    finally:
        plot.write_text(before)
    verbs = ("gather", "train", "score", "plot", "index", "search")
    assert set(jobs) == {"embed_texts", *(f"{verb}_retrieval" for verb in verbs)}
