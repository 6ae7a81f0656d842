"""Names that a file system allows, as they stand in tables and in the config: all of them work."""

import os
import shutil

import numpy as np
import pytest

from scorelens import paths, tables
from tests import workflow_runs as runs

# What Snakemake, FFmpeg, a shell, a table, a page or an address may take for something else.
ODD = (
    "{film}", "{tmdb-12}", "<results>", "<a>", "Part 2: 100% #1?", "*[z]", "it's \"q\"",
    "-lead", "Фильм 映画 🎬", "line\nbreak", "a\\b", "c,d|e&f;g", "$HOME", "~x", "concat:x", "{}",
)  # fmt: skip
HOME = "O'Neill's {films} & <Müller> (2024) #2"


def cell(path) -> str:
    """A path in a cell of a table, as a spreadsheet writes it."""
    return '"' + str(path).replace('"', '""') + '"'


@pytest.fixture
def study(tmp_path, film, tone):
    """A working directory of an odd name; in it a film, an image and so on of every odd name."""
    work = tmp_path / HOME
    sound = film("film.mkv", np.zeros(48000))
    tone("tone.wav", 1.0)
    for folder in ("albums", "library {x}"):
        (work / folder).mkdir(parents=True)
    rows = {"films": [], "described": [], "trailers": []}
    for number, name in enumerate(ODD):
        album = work / "albums" / name
        album.mkdir()
        shutil.copy(tmp_path / "tone.wav", album / f"{number} {name}.wav")
        if "\n" not in name:  # no playlist could name it
            shutil.copy(tmp_path / "tone.wav", work / "library {x}" / f"{name}.wav")
        shutil.copy(sound, work / f"{name}.mkv")
        for ending in ("png", "txt", "srt"):
            (work / f"{name}.{ending}").touch()
        words = "\t".join(cell(f"{name}.{ending}") for ending in ("png", "txt", "srt"))
        genre = ("Drama", "Comedy")[number % 2]
        about = f"F\t2024\t{cell(name + '.mkv')}\t{cell('albums/' + name)}\t{genre}"
        rows["films"].append(f"f{number}\t{about}")
        rows["described"].append(f"f{number}\t{words}")
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
        for number, name in enumerate(ODD)
    }
    return {
        "corpus": {"kind": "table", "films": "films{x}.tsv"},
        "genres": {
            "models": ["simple_mi_knn"],
            "apply": {"media": {f"m{n}": f"{name}.mkv" for n, name in enumerate(ODD)}},
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


def test_what_snakemake_may_take_for_a_wildcard_is_a_parameter(tmp_path):
    odd = {name for name in ODD if set(name) & set("{}<>")}
    assert paths.watched([*ODD, "", None]) == [name for name in ODD if name not in odd]
    file = tmp_path / "{x}.mkv"
    file.write_text("film")
    os.utime(file, ns=(0, 7))
    assert paths.unwatched([str(file), str(tmp_path / "{gone}"), "plain.mkv", None]) == {
        str(file): (4, 7)
    }


@pytest.mark.slow
def test_every_name_is_planned_with(shared_clone, study):
    weights = study / "results" / "pretrained"
    weights.mkdir(parents=True)
    for network in ("musicnn", "efficientnet_lite0", "minilm"):
        (weights / f"{network}.safetensors").touch()
    done = runs.snakemake(shared_clone, study, settings(), "--dry-run")
    assert done.returncode == 0, done.stdout
    planned = runs.jobs(done.stdout)
    rules = "extract_new_media embed_scenes search_retrieval embed_images sample_trailers"
    assert {*rules.split(), "embed_library"} <= planned.keys()
    assert planned["match_cues"] == {f"f{number}" for number in range(len(ODD))}


@pytest.mark.slow
def test_every_name_is_decoded_and_its_changes_are_noticed(shared_clone, study):
    targets = ("--", "visuals", *(f"results/cues/films/f{number}.parquet" for number in (0, 9)))
    runs.finish(shared_clone, study, settings(), *targets)
    for number in range(len(ODD)):
        table = study / f"results/visuals/f{number}.parquet"
        assert len(tables.read_table(table, tables.VISUALS)) == 2
    assert not runs.planned(shared_clone, study, settings(), *targets)
    os.utime(study / "{film}.mkv", ns=(0, 7))
    runs.finish(shared_clone, study, settings(), "--", "corpus")
    assert runs.planned(shared_clone, study, settings(), *targets)["measure_visuals"] == {"f0"}
