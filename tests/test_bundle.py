"""The bundle for a paper's supplement: what is in it, what is not, and that it does not vary."""

import hashlib
import importlib.metadata
import subprocess
import sys
import zipfile

import pytest
import yaml

CONFIG = {
    "corpus": {"kind": "demo", "genres": ["Drama", "Horror"]},
    "features": {"sets": ["mir"]},
    "genres": {"apply": {"media": {"new_album": "albums/new"}}},
    "tagger": {"models": ["cnn"]},
    "retrieval": {"configurations": ["all"], "searches": {"a_brief": {"text": "The sea"}}},
    "trailers": {
        "trailers": "",
        "models": ["frequency", "frame_linear"],
        "genres": ["Crime", "Horror"],
    },
}
SCORES = "feature_set\tmodel\nnone\tplurality\nmir\timv_knn\nmir\timv_knn\n"
TRAILER_SCORES = "network\tmodel\tarm\nnone\tfrequency\t\nvgg16\tframe_linear\tpicture\n"
BOTH_ARMS = f"{TRAILER_SCORES}none\twindow_cnn\tsound\n"
PACKED = {
    "report.html": "<html>",
    "corpus/films.tsv": "film_id\none\n",
    "corpus/status.tsv": "film_id\tstatus\none\tok\nbad\tbad\n",
    "corpus/status/bad.tsv": "film_id\nbad\n",
    "cues/films/one.parquet": "cues",
    "cues/labels/one.vtt": "WEBVTT",
    "cues/timelines/one.svg": "<svg/>",
    "features/mir/one.parquet": "features",
    "bags/mir.parquet": "bags",
    "visuals/one.parquet": "visuals",
    "genres/scores.tsv": SCORES,
    "genres/scores.svg": "<svg/>",
    "genres/predictions/mir/imv_knn.parquet": "said",
    "genres/predictions/none/plurality.parquet": "said",
    "genres/explanations/one.svg": "<svg/>",
    "genres/applied/new_album.tsv": "answers",
    "audiovisual_comparison/scores.tsv": "audiovisual_comparison",
    "tagger/scores.tsv": "scores",
    "tagger/tracks/cnn.parquet": "tags",
    "retrieval/films.tsv": "films",
    "retrieval/recall.svg": "<svg/>",
    "retrieval/scenes.tsv": "scenes",
    "retrieval/searches.tsv": "answers",
    "retrieval/curves/all.tsv": "losses",
    "trailers/scores.tsv": TRAILER_SCORES,
    "trailers/arms.svg": "<svg/>",
    "trailers/films_to_trailers.tsv": "looks",
    "trailers/scenes.parquet": "judged",
    "trailers/predictions/none/frequency.parquet": "said",
    "trailers/predictions/vgg16/frame_linear.parquet": "said",
    "trailers/moments/vgg16/frame_linear.parquet": "frames",
}
LEFT_OUT = {
    "corpus/media/one/film.mp4": "a film",
    "fingerprints/one.npz": "an index",
    "weights/musicnn.safetensors": "weights",
    "genres/models/mir/imv_knn.zip": "a model",
    "genres/chunks/predictions/mir/imv_knn/0.parquet": "a chunk",
    "tagger/inputs/one.npz": "tiles",
    "tagger/models/cnn.safetensors": "a model",
    "retrieval/images.parquet": "vectors",
    "retrieval/index.parquet": "names",
    "retrieval/sounds/one.parquet": "fragments",
    "retrieval/embeddings/all.parquet": "embeddings",
    "retrieval/models/all.safetensors": "a model",
    "trailers/demo/trailers.tsv": "trailers",
    "trailers/samples/one.npz": "frames",
    "trailers/samples/0.tsv": "a part",
    "trailers/vectors/vgg16/0.parquet": "vectors",
    "scenes/vgg16/one.parquet": "vectors",
    "benchmarks/match_cues/one.tsv": "seconds",
    # Of an earlier run: another film, set, model, medium; a file that a killed job left behind.
    "cues/films/gone.parquet": "cues",
    "features/mir/gone.parquet": "features",
    "features/vggish/one.parquet": "features",
    "bags/vggish.parquet": "bags",
    "genres/predictions/mir/imv_svm.parquet": "said",
    "genres/applied/old_album.tsv": "answers",
    "tagger/tracks/dnn.parquet": "tags",
    "retrieval/curves/plot.tsv": "losses",
    "trailers/predictions/vgg16/frame_cnn.parquet": "said",
    "trailers/moments/vit/frame_linear.parquet": "frames",
    "trailers/examples.svg": "<svg/>",
    "cues/films/.one.123.part.parquet": "half",
}


@pytest.fixture
def run(tmp_path):
    record = {"commit": "abc", "config": CONFIG}
    files = {**PACKED, **LEFT_OUT, "report.yaml": yaml.safe_dump(record)}
    for name, text in files.items():
        path = tmp_path / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def bundle(home, folder):
    command = [sys.executable, str(home / "workflow" / "bundle.py")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_a_bundle_holds_the_last_run_and_its_sums(home, run):
    assert bundle(home, run).returncode == 0
    with zipfile.ZipFile(run / "results" / "bundle.zip") as packed:
        assert packed.testzip() is None
        content = {name: packed.read(name) for name in packed.namelist()}
    inside = {name.removeprefix("results/") for name in content if name.startswith("results/")}
    assert inside == {*PACKED, "report.yaml"}
    environment = {f"environment/{path.name}" for path in (home / "envs").iterdir()}
    assert set(content) - {f"results/{name}" for name in inside} == {
        *environment,
        *("SHA256SUMS", "config.yaml", "environment/installed.txt"),
    }
    assert yaml.safe_load(content["config.yaml"]) == CONFIG
    numpy = f"numpy=={importlib.metadata.version('numpy')}"
    assert numpy in content["environment/installed.txt"].decode().split("\n")
    sums = dict(line.split("  ")[::-1] for line in content["SHA256SUMS"].decode().splitlines())
    assert sums == {
        name: hashlib.sha256(text).hexdigest()
        for name, text in content.items()
        if name != "SHA256SUMS"
    }


def test_the_same_results_give_the_same_bytes(home, run):
    bundle(home, run)
    first = (run / "results" / "bundle.zip").read_bytes()
    for path in (run / "results").rglob("*.tsv"):
        path.touch()
    bundle(home, run)
    assert (run / "results" / "bundle.zip").read_bytes() == first
    assert not list(run.rglob("*.part"))


@pytest.mark.parametrize(
    ("own", "kind", "more", "less"),
    [
        ({"genres": ["Crime"]}, "demo", set(), {"films_to_trailers.tsv", "scenes.parquet"}),
        ({"models": ["frequency"]}, "demo", set(), {"films_to_trailers.tsv", "scenes.parquet"}),
        ({}, "published", set(), {"films_to_trailers.tsv", "scenes.parquet"}),
        ({"trailers": "mine.tsv"}, "demo", set(), {"films_to_trailers.tsv", "scenes.parquet"}),
        ({}, "demo", {"examples.svg"}, set()),
    ],
    ids=[
        "no genre in common",
        "no model that looks at films",
        "no films",
        "films of the demo",
        "both arms",
    ],
)
def test_of_trailers_there_is_what_the_last_run_made(home, run, own, kind, more, less):
    config = {**CONFIG, "trailers": CONFIG["trailers"] | own}
    config["corpus"] = CONFIG["corpus"] | {"kind": kind}
    (run / "results" / "report.yaml").write_text(yaml.safe_dump({"config": config}))
    if more:
        (run / "results" / "trailers" / "scores.tsv").write_text(BOTH_ARMS)
    assert bundle(home, run).returncode == 0
    with zipfile.ZipFile(run / "results" / "bundle.zip") as packed:
        names = {n.removeprefix("results/trailers/") for n in packed.namelist() if "trailers" in n}
    expected = {n.removeprefix("trailers/") for n in PACKED if n.startswith("trailers/")}
    assert names == (expected | more) - less


def test_without_models_of_trailers_nothing_of_them_is_packed(home, run):
    record = {"config": {**CONFIG, "trailers": {"models": []}}}
    (run / "results" / "report.yaml").write_text(yaml.safe_dump(record))
    (run / "results" / "trailers" / "scores.tsv").unlink()
    assert bundle(home, run).returncode == 0
    with zipfile.ZipFile(run / "results" / "bundle.zip") as packed:
        assert not [name for name in packed.namelist() if "trailers" in name]


def test_answers_of_searches_that_are_asked_no_more_stay_out(home, run):
    record = {"config": {**CONFIG, "retrieval": {"configurations": ["all"], "searches": {}}}}
    (run / "results" / "report.yaml").write_text(yaml.safe_dump(record))
    assert bundle(home, run).returncode == 0
    with zipfile.ZipFile(run / "results" / "bundle.zip") as packed:
        retrieval = {n for n in packed.namelist() if n.startswith("results/retrieval/")}
    expected = {f"results/{name}" for name in PACKED if name.startswith("retrieval/")}
    assert retrieval == expected - {"results/retrieval/searches.tsv"}


def test_without_a_run_there_is_a_word_of_help(home, tmp_path):
    done = bundle(home, tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "there is no results/report.yaml here: finish a run first, for example `make run`\n"
    )
