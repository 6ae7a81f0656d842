"""Trailers in the workflow: planned jobs, configuration errors and omitted parts."""

import re
from pathlib import Path

import pytest

from scorelens import trailers
from scorelens.encoders.registry import IMAGE_ENCODERS
from tests import workflow_runs as runs
from tests.published_files import small
from tests.report_run import Page

pytestmark = pytest.mark.slow

COLUMNS = ("trailer_id", "title", "video", "genres")
DEMO_NETWORKS = ("efficientnet_lite0", "musicnn")
FILM_RULES = {"compare_films_to_trailers", "plot_films_to_trailers"}
TRAILER_RULES = {
    f"{verb}_trailers"
    for verb in (
        *("sample", "embed", "group", "train", "fuse"),
        *("score", "compare", "calibrate", "plot"),
    )
}


def write_table(folder: Path, rows) -> Path:
    path = folder / "trailers.tsv"
    lines = ["\t".join(row) for row in (COLUMNS, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_empty_trailers(
    folder: Path, count: int = 6, genres=("Action", "Drama", "Action;Drama")
) -> Path:
    """Write a table of trailers whose files are empty. genres: cycled over the trailers."""
    (folder / "videos").mkdir(parents=True)
    rows = []
    for number in range(count):
        name = f"trailer_{number:02}"
        (folder / "videos" / f"{name}.mp4").touch()
        labels = genres[number % len(genres)]
        rows.append((name, f"Of {name}", f"videos/{name}.mp4", labels))
    return write_table(folder, rows)


def settings(table: Path | str = "", **options) -> dict:
    """Configuration of two demo films and of trailers; weights are not downloaded."""
    return {
        "corpus": {"demo": {"films": 2, "film_s": 45}},
        "tagger": {"models": []},
        "retrieval": {"configurations": []},
        "trailers": {"trailers": str(table), **options},
        "pretrained": {"offline": True},
    }


def weights_path(work: Path, network: str) -> Path:
    path = work / "results" / "pretrained" / f"{network}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def dry_run(clone: Path, work: Path, config: dict, networks=DEMO_NETWORKS) -> str:
    """Output of a dry run with weights of these networks present."""
    for network in networks:
        weights_path(work, network).touch()
    done = runs.snakemake(clone, work, config, "--dry-run")
    assert done.returncode == 0, done.stdout
    return done.stdout


def planned_rules(output: str) -> set[str]:
    """Rules of trailers that have planned jobs."""
    return {rule for rule in runs.jobs(output) if rule.endswith("_trailers")}


def trained_runs(output: str) -> set[trailers.Run]:
    return set(re.findall(r"wildcards: network=(\w+), model=(\w+)\n", output))


def inputs(output: str, rule: str) -> set[str]:
    """Input files of the jobs of a rule."""
    lines = re.findall(rf"^(?:local)?rule {rule}(?:_\d+)?:\n +input: (.*)$", output, re.M)
    return {path for line in lines for path in line.split(", ")}


def figures(output: str) -> set[str]:
    return {Path(path).stem for path in re.findall(r"results/trailers/\w+\.svg", output)}


def left_out(output: str) -> list[str]:
    lines = [line for line in output.splitlines() if ", and what needs it, is left out: " in line]
    return [line.partition(",")[0] for line in lines]


def report_page(work: Path) -> Page:
    return Page((work / "results" / "report.html").read_text(encoding="utf-8"))


def runs_of(models, frame_networks=DEMO_NETWORKS[:1], sound_networks=DEMO_NETWORKS[1:]):
    """Runs with a training job: all but the fusion."""
    return set(trailers.runs(models, frame_networks, sound_networks)) - {("none", "fusion")}


def test_demo_plans_all_rules_runs_and_figures(shared_clone, tmp_path):
    output = dry_run(shared_clone, tmp_path, settings())
    assert planned_rules(output) == TRAILER_RULES | FILM_RULES | {"synthesize_trailers"}
    assert trained_runs(output) == runs_of(trailers.MODELS)
    assert len(inputs(output, "sample_trailers")) == 2 + 40  # cut from films, and synthetic
    assert len([path for path in inputs(output, "embed_scenes") if "cues" in path]) == 2
    assert figures(output) == {
        "calibration",
        "modalities",
        "scores",
        "examples",
        "films_to_trailers",
    }
    names = (
        "modalities.tsv",
        "scores.tsv",
        "films_to_trailers.tsv",
        "modalities.svg",
        "scores.svg",
        "examples.svg",
    )
    assert inputs(output, "write_report") >= {f"results/trailers/{name}" for name in names}
    assert left_out(output) == []


def test_user_table_replaces_demo_trailers_and_film_comparison(shared_clone, tmp_path):
    """Demo films are not compared with user trailers."""
    table = write_empty_trailers(tmp_path / "mine", 90)
    output = dry_run(shared_clone, tmp_path / "work", settings(table))
    assert planned_rules(output) == TRAILER_RULES
    assert figures(output) == {"calibration", "modalities", "scores", "examples"}
    sampled = re.findall(r"^rule sample_trailers_(\d+):\n +input: (.*)$", output, re.M)
    videos = [video for _, batch in sampled for video in batch.split(", ")]
    assert sorted(videos) == [str(path) for path in sorted((tmp_path / "mine/videos").iterdir())]
    assert len(sampled) > 1
    folder = "results/trailers/vectors/efficientnet_lite0"
    vectors = {f"{folder}/{number}.parquet" for number, _ in sampled}
    assert inputs(output, "train_trailers") >= {str(table), *vectors}


@pytest.fixture
def corpus_table(tmp_path) -> dict:
    """Configuration of a user corpus of two films with empty media files."""
    (tmp_path / "a").mkdir()
    for name in ("a.mkv", "b.mkv", "a/1.wav"):
        (tmp_path / name).touch()
    path = tmp_path / "films.tsv"
    columns = ("film_id", "title", "year", "video", "album", "genres")
    films = (("a", "A", "2001", "a.mkv", "a", "Drama"), ("b", "B", "2002", "b.mkv", "a", "Action"))
    path.write_text("".join("\t".join(row) + "\n" for row in (columns, *films)))
    return {"kind": "table", "films": str(path)}


def test_user_corpus_without_trailer_table_plans_no_trailer_rules(
    shared_clone, corpus_table, tmp_path
):
    """Absent weights are not reported."""
    config = settings() | {"corpus": corpus_table}
    output = dry_run(shared_clone, tmp_path / "work", config, [])
    assert "match_cues" in runs.jobs(output)
    assert planned_rules(output) == set()
    assert "left out" not in output
    assert "results/trailers" not in output


def test_user_corpus_with_trailer_table_plans_film_comparison(shared_clone, corpus_table, tmp_path):
    config = settings(write_empty_trailers(tmp_path / "mine")) | {"corpus": corpus_table}
    output = dry_run(shared_clone, tmp_path / "work", config)
    assert planned_rules(output) == TRAILER_RULES | FILM_RULES


def test_empty_model_list_plans_no_trailer_rules_and_no_report_section(
    shared_clone, demo_run, tmp_path
):
    output = dry_run(shared_clone, tmp_path, settings(models=[]), [])
    assert planned_rules(output) == set()
    assert "left out" not in output
    assert runs.SMALL["trailers"] == {"models": []}
    assert not (demo_run / "results" / "trailers").exists()
    page = report_page(demo_run)
    assert "genres" in page.values("id")
    assert "trailers" not in page.values("id")
    assert "#trailers" not in page.values("href")


def test_published_corpus_plans_no_scenes_and_only_user_trailers(shared_clone, tmp_path):
    """A published corpus has no film videos; trailers come from a user table only."""
    small().write(tmp_path / "published")
    corpus = {"kind": "published", "published": {"folder": str(tmp_path / "published")}}
    config = settings(write_empty_trailers(tmp_path / "mine")) | {"corpus": corpus}
    output = dry_run(shared_clone, tmp_path / "work", config)
    assert planned_rules(output) == TRAILER_RULES
    assert figures(output) == {"calibration", "modalities", "scores", "examples"}
    without_table = dry_run(shared_clone, tmp_path / "work", settings() | {"corpus": corpus})
    assert planned_rules(without_table) == set()


def rejected_output(clone: Path, work: Path, config: dict) -> str:
    """Output of Snakemake for an invalid configuration; no job runs and no file is written."""
    weights = {weights_path(work, network) for network in DEMO_NETWORKS}
    for path in weights:
        path.touch()
    done = runs.snakemake(clone, work, config, "--", "trailers")
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stdout
    assert {path for path in (work / "results").rglob("*") if path.is_file()} == weights
    return done.stdout


def test_fusion_without_frame_attention_is_a_config_error(shared_clone, tmp_path):
    output = rejected_output(shared_clone, tmp_path, settings(models=["sound_attention", "fusion"]))
    for line in (
        "config: trailers.models: fusion is named without frame_attention",
        "  expected: frame_attention and sound_attention, which it fuses",
        "  hint: or leave fusion out",
    ):
        assert output.count(line) == 1, output


def test_all_problems_of_a_trailer_table_are_reported_at_once(shared_clone, tmp_path):
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).touch()
    rows = [
        ("a", "A", "a.mp4", "Drama"),
        ("b", "", "b.mp4", "Drama;Musical"),
        ("c", "A", "c.mp4", "Comedy"),
        ("a", "D", "", ""),
    ]
    output = rejected_output(shared_clone, tmp_path / "work", settings(write_table(tmp_path, rows)))
    assert "8 problems were found" in output
    for fault in (
        "line 2, column trailer_id: 'a' stands in 2 rows",
        "line 3, column title: is empty",
        "line 3, column genres: 'Musical' is not a genre of the config",
        f"line 4, column video: {tmp_path / 'c.mp4'} does not exist",
        "line 4, column genres: differ from those of line 2, of the same title 'A'",
        "line 5, column trailer_id: 'a' stands in 2 rows",
        "line 5, column video: is empty",
        "line 5, column genres: is empty",
    ):
        assert output.count(fault) == 1, output


# Absent weights and models that are not configured


def test_networks_without_weights_are_left_out_with_one_message_each(shared_clone, tmp_path):
    options = {
        "frame_networks": ["vgg16", "efficientnet_lite0"],
        "sound_networks": ["yamnet", "musicnn", "vggish"],
    }
    output = dry_run(shared_clone, tmp_path, settings(**options))
    assert sorted(left_out(output)) == ["vgg16", "vggish", "yamnet"]
    assert trained_runs(output) == runs_of(trailers.MODELS)
    assert planned_rules(output) == TRAILER_RULES | FILM_RULES | {"synthesize_trailers"}
    image_weights = inputs(output, "embed_scenes") & {
        f"results/pretrained/{name}.safetensors" for name in IMAGE_ENCODERS
    }
    assert image_weights == {"results/pretrained/efficientnet_lite0.safetensors"}
    for name in left_out(output):
        preamble = output.split("Building DAG")[0]
        assert output.count(name) == preamble.count(name)  # no job uses it


def test_without_audio_networks_there_is_no_fusion(shared_clone, tmp_path):
    """The CNN on log-mel represents sound; film scenes need no audio network."""
    output = dry_run(shared_clone, tmp_path, settings(), ["efficientnet_lite0"])
    assert left_out(output) == ["musicnn"]
    models = ["frequency", "frame_cnn", "frame_linear", "frame_attention", "window_cnn"]
    models += ["frame_random", "year", "loudness", "length"]
    assert trained_runs(output) == runs_of(models)
    assert planned_rules(output) == TRAILER_RULES - {"fuse_trailers"} | FILM_RULES | {
        "synthesize_trailers"
    }
    assert figures(output) == {
        "calibration",
        "modalities",
        "scores",
        "examples",
        "films_to_trailers",
    }


def test_without_image_networks_there_are_no_film_scenes(shared_clone, tmp_path):
    output = dry_run(shared_clone, tmp_path, settings(), ["musicnn"])
    assert left_out(output) == ["efficientnet_lite0"]
    models = ["frequency", "frame_cnn", "window_cnn", "sound_linear", "sound_attention"]
    models += ["sound_random", "year", "loudness", "length"]
    assert trained_runs(output) == runs_of(models)
    assert planned_rules(output) == TRAILER_RULES - {"fuse_trailers"} | {"synthesize_trailers"}
    assert figures(output) == {"calibration", "modalities", "scores", "examples"}


def test_models_of_embeddings_without_any_weights_plan_no_rules(shared_clone, tmp_path):
    output = dry_run(shared_clone, tmp_path, settings(models=["frame_linear", "sound_linear"]), [])
    assert left_out(output) == list(DEMO_NETWORKS)
    assert planned_rules(output) == set()


@pytest.mark.parametrize(
    "models",
    [["frequency", "frame_cnn", "frame_linear"], ["window_cnn", "sound_linear"], ["frequency"]],
)
def test_models_of_one_modality_plan_all_figures_except_examples(models, shared_clone, tmp_path):
    output = dry_run(shared_clone, tmp_path, settings(models=models))
    assert trained_runs(output) == runs_of(models)
    compares_films = "frame_linear" in models
    assert figures(output) == {"calibration", "modalities", "scores"} | (
        {"films_to_trailers"} if compares_films else set()
    )
    expected = TRAILER_RULES - {"fuse_trailers"} | {"synthesize_trailers"}
    if models == ["frequency"]:
        expected -= {"embed_trailers"}
    assert planned_rules(output) == expected | (FILM_RULES if compares_films else set())
    assert inputs(output, "plot_trailers") == {
        "results/trailers/scores.tsv",
        "results/trailers/modalities.tsv",
    }


def test_films_are_not_compared_without_frame_linear(shared_clone, tmp_path):
    models = ["frame_attention", "frame_cnn", "sound_linear"]
    output = dry_run(shared_clone, tmp_path, settings(models=models))
    assert planned_rules(output) == TRAILER_RULES - {"fuse_trailers"} | {"synthesize_trailers"}


def test_films_are_not_compared_with_trailers_that_share_no_genre(
    shared_clone, corpus_table, tmp_path
):
    table = write_empty_trailers(tmp_path / "mine", genres=("Western", "War"))
    config = settings(table, genres=["Western", "War"]) | {"corpus": corpus_table}
    assert planned_rules(dry_run(shared_clone, tmp_path / "work", config)) == TRAILER_RULES
