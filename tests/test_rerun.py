"""Every change listed in docs/rerun.md reruns the listed jobs of a finished run."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
import yaml

from scorelens.music import installed_detector
from tests import workflow_runs as runs
from tests.correction_tables import cells, write_file
from tests.rule_files import RULES

pytestmark = pytest.mark.slow

PAGE = (runs.HOME / "docs" / "rerun.md").read_text(encoding="utf-8").partition("\n# When")[0]
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| you change")
]
FILMS = ("film_1", "film_2", "film_3")
CHANGED_FILM, ADDED_FILM = "film_2", "film_4"
CONFIG = {
    "corpus": {"kind": "table", "films": "corpus/films.tsv"},
    "genres": {
        "models": ["random_guess", "simple_mi_knn", "average_pooling"],
        "network": {"epochs": 2, "repeats": 1},
        "bootstrap_repeats": 100,
        "permutation_repeats": 100,
    },
    "importance": {"repeats": 2},
    "audiovisual_comparison": {"permutations": 100, "bootstrap_repeats": 100},
    "tagger": {
        "models": ["frequency_ranking", "dnn"],
        "min_tracks": 5,
        "folds": 2,
        "network": {"epochs": 1},
        "bootstrap_repeats": 50,
        "permutation_repeats": 50,
    },
    "retrieval": {
        "films": "corpus/described.tsv",
        "configurations": ["plot", "all"],
        "split": {"last_training": 0},
        "searches": {"a_brief": {"text": "Two strangers meet."}},
    },
    "trailers": {
        "trailers": "corpus/trailers.tsv",
        "models": ["frequency", "frame_linear", "frame_attention", "sound_attention", "fusion"],
    },
}
COMPUTED_CONFIG = CONFIG | {
    "tagger": {"models": []},
    "retrieval": {"configurations": []},
    "trailers": {"models": []},
}
COMPUTED_STAGES = ("corpus", "cues", "music", "features", "visuals", "bags", "genres")
# Inserted before the code of a script, whose imports remain part of its code hash.
TOUCH_OUTPUTS = """from pathlib import Path
for path in snakemake.output:
    Path(path).touch()
raise SystemExit
"""
OUTSIDE_FILM, ADDED_OUTSIDE_FILM = "the_pier", "the_wharf"
TRAILERS, ADDED_TRAILER = tuple(f"trailer_{number}" for number in range(1, 7)), "trailer_7"
TRACK, SHORT_TRACK = Path("album 2") / "02_arrival.flac", Path("album 2") / "07_sting.flac"


def write_table(
    corpus: Path, films, labels="Drama", title="Film 2", more="", shared=False, further=""
) -> None:
    """Write the table of films.

    shared: film_4 has the album of film_1. further: a further column, 1 in the row of film_2.
    """
    genres = {"film_1": "Comedy;Drama", "film_2": labels, "film_4": "Comedy"}
    genres["film_3"] = "Action;Comedy;Drama"
    header = ["film_id", "title", "year", "video", "album", "genres", *filter(None, [further])]
    lines = ["\t".join([*header, *["notes"] * bool(more)])]
    for film in films:
        number = film[-1]
        name = title if film == CHANGED_FILM else f"Film {number}"
        album = "album 1" if shared and film == ADDED_FILM else f"album {number}"
        row = [film, name, "2001", f"film {number}.mp4", album, genres[film]]
        row += ["1" * (film == CHANGED_FILM)] * bool(further) + [more] * bool(more)
        lines.append("\t".join(row))
    (corpus / "films.tsv").write_text("\n".join(lines) + "\n")


def write_descriptions(corpus: Path, films=(*FILMS, OUTSIDE_FILM), tags="sea") -> None:
    """Write the table of film descriptions; films outside the corpus have an album."""
    lines = ["film_id\ttitle\tyear\timage\tplot\ttags\talbum"]
    for film in films:
        of_corpus = film in FILMS
        about = ("", "") if of_corpus else (film, "1999")
        film_tags = tags if film == CHANGED_FILM else "night"
        album = "" if of_corpus else film
        lines.append("\t".join([film, *about, f"{film}.png", f"{film}.txt", film_tags, album]))
    (corpus / "described.tsv").write_text("\n".join(lines) + "\n")


def write_trailers(corpus: Path, trailers=TRAILERS, labels="Drama", title="Trailed 2") -> None:
    """Write the table of trailers."""
    lines = ["trailer_id\ttitle\tvideo\tgenres"]
    for trailer in trailers:
        number = int(trailer[-1])
        default = f"Trailed {number}", "Drama" if number % 2 == 0 else "Comedy"
        trailer_title, genres = (title, labels) if trailer == TRAILERS[1] else default
        lines.append(f"{trailer}\t{trailer_title}\t{trailer}.mp4\t{genres}")
    (corpus / "trailers.tsv").write_text("\n".join(lines) + "\n")


def remove_film(corpus: Path) -> None:
    write_table(corpus, ("film_1", "film_3"))
    write_descriptions(corpus, ("film_1", "film_3", OUTSIDE_FILM))


def append_comment(path: Path) -> None:
    path.write_text(path.read_text() + "\n# an edit\n")


def touch_all(clone: Path) -> None:
    for path in clone.rglob("*"):
        path.touch()


def touch_small_track(corpus: Path) -> None:
    assert (corpus / SHORT_TRACK).stat().st_size < 1e6
    (corpus / SHORT_TRACK).touch()


def add_other_files(corpus: Path) -> None:
    for name in ("Cover.JPG", "info.txt", "all.m3u8", ".DS_Store"):
        (corpus / "album 2" / name).write_text(name)


def touch_large_track(corpus: Path) -> None:
    assert (corpus / TRACK).stat().st_size > 1e6
    (corpus / TRACK).touch()


# Rows that change the folder of films and albums.
CORPUS_CHANGES: dict[str, Callable[[Path], object]] = {
    "a film is added": lambda corpus: write_table(corpus, (*FILMS, ADDED_FILM)),
    "a film is added that shares the album of another": lambda corpus: write_table(
        corpus, (*FILMS, ADDED_FILM), shared=True
    ),
    "a film is removed": remove_film,
    "the genres of a film": lambda corpus: write_table(corpus, FILMS, labels="Action;Comedy"),
    "the title or the year of a film": lambda corpus: write_table(corpus, FILMS, title="Other"),
    "the order of the films in the table": lambda corpus: write_table(corpus, FILMS[::-1]),
    "a column of the table that scorelens does not use": lambda corpus: write_table(
        corpus, FILMS, more="seen"
    ),
    "the sound of a film, in the column of the table": lambda corpus: write_table(
        corpus, FILMS, further="audio"
    ),
    "the group of a film, in the column of the table": lambda corpus: write_table(
        corpus, FILMS, further="group"
    ),
    "the video of a film, by another one": lambda corpus: shutil.copy(
        corpus / "film 1.mp4", corpus / "film 2.mp4"
    ),
    "a track of an album, by another one": lambda corpus: shutil.copy(
        corpus / "album 1" / TRACK.name, corpus / TRACK
    ),
    "a track is added to an album": lambda corpus: shutil.copy(
        corpus / TRACK, corpus / "album 2" / "06_new.flac"
    ),
    "a track is removed from an album": lambda corpus: (corpus / TRACK).unlink(),
    "a picture, a text or a playlist is put into an album": add_other_files,
    "the time of a file of up to 1 MB, not its content": touch_small_track,
    "the time of a larger file: a track": touch_large_track,
    "the plot of a film, in other words": lambda corpus: append_comment(corpus / "film_2.txt"),
    "the picture of a film, by another one": lambda corpus: append_comment(corpus / "film_2.png"),
    "the tags of a film": lambda corpus: write_descriptions(corpus, tags="sea;night"),
    "a film outside the corpus is described": lambda corpus: write_descriptions(
        corpus, (*FILMS, OUTSIDE_FILM, ADDED_OUTSIDE_FILM)
    ),
    "a film is described no more": lambda corpus: write_descriptions(corpus, FILMS),
    "a trailer is added": lambda corpus: write_trailers(corpus, (*TRAILERS, ADDED_TRAILER)),
    "a trailer is removed": lambda corpus: write_trailers(corpus, TRAILERS[:-1]),
    "the genres of a trailer": lambda corpus: write_trailers(corpus, labels="Action"),
    "the title of a trailer": lambda corpus: write_trailers(corpus, title="Another"),
    "the file of a trailer, by another one": lambda corpus: append_comment(
        corpus / "trailer_2.mp4"
    ),
}
# Rows that change the clone.
CODE_CHANGES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda clone: None,
    "a module of one stage": lambda clone: append_comment(clone / "scorelens/visuals/measure.py"),
    "a module of many": lambda clone: append_comment(clone / "scorelens/media/sound.py"),
    "how tables are written": lambda clone: append_comment(clone / "scorelens/tables/files.py"),
    "the time of a module, not its content": lambda clone: (
        clone / "scorelens/visuals/measure.py"
    ).touch(),
    "a script, or only its time": lambda clone: (
        clone / "scripts/compare_music_to_picture.py"
    ).touch(),
    "the project, by a fresh clone": touch_all,
}


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory, demo_run) -> Path:
    """A folder with a clone, and a finished run on a table of three demo films.

    Outputs of all but the COMPUTED_STAGES are empty files that Snakemake treats as complete.
    """
    home = tmp_path_factory.mktemp("rerun")
    clone, work = runs.copy_project(home / "clone"), home / "work"
    for number, film in enumerate(sorted((demo_run / "results/corpus/media").iterdir()), 1):
        shutil.copytree(film / "album", work / "corpus" / f"album {number}")
        shutil.copy(film / "film.mp4", work / "corpus" / f"film {number}.mp4")
    sound, rate_hz = soundfile.read(work / "corpus" / TRACK, frames=6 * 44100)
    soundfile.write(work / "corpus" / SHORT_TRACK, sound, rate_hz)
    write_table(work / "corpus", FILMS)
    write_file(work / "corpus/corrections.tsv", cells("wrong", (1, 2, "x"), film=CHANGED_FILM))
    runs.finish(clone, work, COMPUTED_CONFIG, "--", *COMPUTED_STAGES)
    for film in (*FILMS, OUTSIDE_FILM, ADDED_OUTSIDE_FILM):
        for extension in ("png", "txt"):
            (work / "corpus" / f"{film}.{extension}").write_text(film)
    for film in (OUTSIDE_FILM, ADDED_OUTSIDE_FILM):
        (work / "corpus" / film).mkdir()
        shutil.copy(work / "corpus" / SHORT_TRACK, work / "corpus" / film)
    write_descriptions(work / "corpus")
    for trailer in (*TRAILERS, ADDED_TRAILER):
        (work / "corpus" / f"{trailer}.mp4").write_text(trailer)
    write_trailers(work / "corpus")
    finish_with_empty_outputs(clone, work, CONFIG)
    return home


def finish_with_empty_outputs(clone: Path, work: Path, config: dict) -> None:
    """Finish a run in which the rules that have not run yet write empty files."""
    names = [name for name in RULES if not list((work / "logs").glob(f"{name}*"))]
    scripts = [clone / "scripts" / f"{name}.py" for name in names]
    changed = [path for path in scripts if path.exists()]
    assert changed
    for path in changed:
        path.write_text(TOUCH_OUTPUTS + path.read_text())
    runs.finish(clone, work, config)
    for path in changed:
        shutil.copy2(runs.HOME / "scripts" / path.name, path)


@pytest.fixture
def copied_run(finished_run, tmp_path):
    """A copy of the finished run that a test may change; of media, those of film_2 alone."""
    home = runs.copy_run(finished_run, tmp_path / "home")
    corpus = home / "work" / "corpus"
    for path in (corpus / "film 2.mp4", *(corpus / "album 2").iterdir()):
        runs.own_copy(path)
    yield home
    shutil.rmtree(tmp_path / "home")


def named_rule_groups() -> dict[str, set[str]]:
    """The rules of each group that the page defines."""
    rule_groups = {}
    for name, members in re.findall(r"^- (\*\w+\*): (.*)$", PAGE, re.M):
        rule_groups[name] = rules_of_cell(members, rule_groups)
    return rule_groups


def rules_of_cell(cell: str, groups: dict[str, set[str]]) -> set[str]:
    tokens = [token.strip() for token in cell.split(",") if token.strip()]
    rules = {rule for token in tokens for rule in groups.get(token, {token.strip("`")})}
    return rules if installed_detector() else rules - {"detect_music", "summarize_music"}


def rerun_jobs(home: Path, config: dict, flags: list[str], checks: bool) -> dict[str, set[str]]:
    """The jobs of a run. checks: execute the corpus check, as later jobs depend on its output."""
    clone, work = home / "clone", home / "work"
    if not checks:
        return jobs_by_film(runs.planned(clone, work, config, *flags))
    process = runs.snakemake(clone, work, config, *flags, "--", "corpus")
    assert process.returncode == 0, process.stdout
    return jobs_by_film(runs.jobs(process.stdout) | runs.planned(clone, work, config, *flags))


def jobs_by_film(jobs: dict[str, set[str]]) -> dict[str, set[str]]:
    """The jobs, with album ids replaced by film ids: `album 1` is that of film_1."""
    album = re.compile(r"album_(\d)_[0-9a-f]{8}")
    return {rule: {album.sub(r"film_\1", film) for film in films} for rule, films in jobs.items()}


def merge_config(config: dict, more: dict) -> dict:
    nested = {k: merge_config(config.get(k, {}), v) for k, v in more.items() if isinstance(v, dict)}
    return config | more | nested


def change_of(row: list[str]) -> str:
    """The change of a row, without the example or flag that it gives as code."""
    return re.split(r": `|, with `", row[0])[0]


def test_docs_table_and_test_have_the_same_rows():
    assert len(ROWS) > 35
    assert {change_of(row) for row in ROWS if row[0][0] != "`"} == {*CORPUS_CHANGES, *CODE_CHANGES}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_change_reruns_the_jobs_of_its_table_row(request, row):
    change, code = change_of(row), re.findall("`(.*?)`", row[0])
    if row[0].startswith("`music:") and not installed_detector():
        pytest.skip("the detector of music is an optional extra")
    config, flags = CONFIG, []
    for_one_film, for_every_film, over_all_films = (
        rules_of_cell(cell, named_rule_groups()) for cell in row[1:]
    )
    checks = "gather_corpus" in over_all_films
    changes_files = change in CORPUS_CHANGES or change in CODE_CHANGES or checks
    home = request.getfixturevalue("copied_run" if changes_files else "finished_run")
    if change in CORPUS_CHANGES:
        CORPUS_CHANGES[change](home / "work" / "corpus")
    elif change in CODE_CHANGES:
        CODE_CHANGES[change](home / "clone")
        flags = [flag for text in code if text.startswith("--") for flag in text.split()]
    else:
        config = merge_config(CONFIG, yaml.safe_load(code[0]))

    changed_film, films = CHANGED_FILM, {*FILMS}
    if change.startswith("a film is added"):
        changed_film, films = ADDED_FILM, {*FILMS, ADDED_FILM}
    elif change == "a film is removed":
        films = {*FILMS} - {CHANGED_FILM}
    assert rerun_jobs(home, config, flags, checks) == (
        {rule: {changed_film} for rule in for_one_film}
        | dict.fromkeys(for_every_film, films)
        | {rule: set() for rule in over_all_films}
    )


def test_changed_genre_label_retrains_without_measuring_again(copied_run):
    """The row "the genres of a film", with the jobs executed."""
    work = copied_run / "work"
    stages = ("cues/films", "features", "visuals", "bags")
    measured = [path for name in stages for path in files_of(work, name)]
    times = {path: path.stat().st_mtime_ns for path in measured}
    predictions = {path: path.read_bytes() for path in files_of(work, "genres/predictions")}
    write_table(work / "corpus", FILMS, labels="Action;Comedy")
    process = runs.snakemake(copied_run / "clone", work, COMPUTED_CONFIG)
    assert process.returncode == 0, process.stdout
    assert len(times) > 15
    assert {path: path.stat().st_mtime_ns for path in measured} == times
    assert all(path.read_bytes() != before for path, before in predictions.items())
    assert runs.planned(copied_run / "clone", work, COMPUTED_CONFIG) == {}


def files_of(work: Path, name: str) -> list[Path]:
    return [path for path in (work / "results" / name).rglob("*") if path.is_file()]
