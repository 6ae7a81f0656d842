"""File names with special characters in tables and in the config."""

import os
import shutil

import numpy as np
import pytest

from scorelens import paths, tables
from tests import workflow_runs as runs

# Names with a special meaning to Snakemake, FFmpeg, a shell, a table, HTML or a URL.
SPECIAL_NAMES = (
    "{film}", "{tmdb-12}", "<results>", "<a>", "Part 2: 100% #1?", "*[z]", "it's \"q\"",
    "-lead", "Фильм 映画 🎬", "line\nbreak", "a\\b", "c,d|e&f;g", "$HOME", "~x", "concat:x", "{}",
)  # fmt: skip
WORK_NAME = "O'Neill's {films} & <Müller> (2024) #2"


def cell(path) -> str:
    """A path as a quoted cell of a table."""
    return '"' + str(path).replace('"', '""') + '"'


@pytest.fixture
def study(tmp_path, film, tone):
    """Working directory of a special name, with media, images and texts of all SPECIAL_NAMES."""
    work = tmp_path / WORK_NAME
    sound = film("film.mkv", np.zeros(48000))
    tone("tone.wav", 1.0)
    for folder in ("albums", "library {x}"):
        (work / folder).mkdir(parents=True)
    rows = {"films": [], "described": [], "trailers": []}
    for number, name in enumerate(SPECIAL_NAMES):
        album = work / "albums" / name
        album.mkdir()
        shutil.copy(tmp_path / "tone.wav", album / f"{number} {name}.wav")
        if "\n" not in name:  # not possible in a playlist
            shutil.copy(tmp_path / "tone.wav", work / "library {x}" / f"{name}.wav")
        shutil.copy(sound, work / f"{name}.mkv")
        for extension in ("png", "txt", "srt"):
            (work / f"{name}.{extension}").touch()
        description_cells = "\t".join(
            cell(f"{name}.{extension}") for extension in ("png", "txt", "srt")
        )
        genre = ("Drama", "Comedy")[number % 2]
        film_cells = f"F\t2024\t{cell(name + '.mkv')}\t{cell('albums/' + name)}\t{genre}"
        rows["films"].append(f"f{number}\t{film_cells}")
        rows["described"].append(f"f{number}\t{description_cells}")
        rows["trailers"].append(f"t{number}\tT{number}\t{cell(name + '.mkv')}\t{genre}")
    headers = {
        "films": "film_id\ttitle\tyear\tvideo\talbum\tgenres",
        "described": "film_id\timage\tplot\tsubtitles",
        "trailers": "trailer_id\ttitle\tvideo\tgenres",
    }
    for kind, header in headers.items():
        text = "\n".join([header, *rows[kind]])
        (work / f"{kind}{{x}}.tsv").write_text(text, encoding="utf-8")
    return work


def settings() -> dict:
    searches = {
        f"s{number}": {"image": f"{name}.png", "track": f"{name}.mkv"}
        for number, name in enumerate(SPECIAL_NAMES)
    }
    return {
        "corpus": {"kind": "table", "films": "films{x}.tsv"},
        "genres": {
            "models": ["simple_mi_knn"],
            "apply": {"media": {f"m{n}": f"{name}.mkv" for n, name in enumerate(SPECIAL_NAMES)}},
        },
        "tagger": {"models": []},
        "retrieval": {
            "films": "described{x}.tsv",
            "libraries": {"own": "library {x}"},
            "searches": searches,
        },
        "trailers": {"trailers": "trailers{x}.tsv"},
        "pretrained": {"offline": True},
    }


def test_paths_with_wildcard_characters_are_parameters_not_inputs(tmp_path):
    with_wildcards = {name for name in SPECIAL_NAMES if set(name) & set("{}<>")}
    assert paths.watched([*SPECIAL_NAMES, "", None]) == [
        name for name in SPECIAL_NAMES if name not in with_wildcards
    ]
    file = tmp_path / "{x}.mkv"
    file.write_text("film")
    os.utime(file, ns=(0, 7))
    assert paths.unwatched([str(file), str(tmp_path / "{gone}"), "plain.mkv", None]) == {
        str(file): (4, 7)
    }


@pytest.mark.slow
def test_dry_run_plans_jobs_for_every_special_name(shared_clone, study):
    weights = study / "results" / "pretrained"
    weights.mkdir(parents=True)
    for network in ("musicnn", "efficientnet_lite0", "minilm"):
        (weights / f"{network}.safetensors").touch()
    done = runs.snakemake(shared_clone, study, settings(), "--dry-run")
    assert done.returncode == 0, done.stdout
    planned = runs.jobs(done.stdout)
    rules = "extract_new_media embed_scenes search_retrieval embed_images sample_trailers"
    assert {*rules.split(), "embed_library"} <= planned.keys()
    assert planned["match_cues"] == {f"f{number}" for number in range(len(SPECIAL_NAMES))}


@pytest.mark.slow
def test_every_special_name_is_decoded_and_a_changed_file_is_planned(shared_clone, study):
    targets = ("--", "visuals", *(f"results/cues/films/f{number}.parquet" for number in (0, 9)))
    runs.finish(shared_clone, study, settings(), *targets)
    for number in range(len(SPECIAL_NAMES)):
        table = study / f"results/visuals/f{number}.parquet"
        assert len(tables.read_table(table, tables.VISUALS)) == 2
    assert not runs.planned(shared_clone, study, settings(), *targets)
    os.utime(study / "{film}.mkv", ns=(0, 7))
    runs.finish(shared_clone, study, settings(), "--", "corpus")
    assert runs.planned(shared_clone, study, settings(), *targets)["measure_visuals"] == {"f0"}
