"""What runs again after a change: every row of docs/rerun.md, tried beside a finished run."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
import yaml

from tests import workflow_runs as runs
from tests.rule_files import RULES

pytestmark = pytest.mark.slow

PAGE = (runs.HOME / "docs" / "rerun.md").read_text(encoding="utf-8").partition("\n# When")[0]
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| you change")
]
FILMS = ("film_1", "film_2", "film_3")
CHANGED, ADDED = "film_2", "film_4"
CONFIG = {
    "corpus": {"kind": "table", "films": "corpus/films.tsv"},
    "fingerprints": {"speeds": [1.0]},
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
WITHOUT_STAND_INS = CONFIG | {"retrieval": {"configurations": []}, "trailers": {"models": []}}
# Before the text of a script, whose imports count as they did.
TOUCH = """from pathlib import Path
for path in snakemake.output:
    Path(path).touch()
raise SystemExit
"""
OUTSIDE, ADDED_LATER = "the_pier", "the_wharf"
TRAILERS, ANNOUNCED = tuple(f"trailer_{number}" for number in range(1, 7)), "trailer_7"
TRACK, STING = Path("album 2") / "02_arrival.flac", Path("album 2") / "07_sting.flac"


def write_table(
    corpus: Path, films, labels="Drama", title="Film 2", more="", shared=False, further=""
) -> None:
    """Write the table of films.

    shared: film_4 has the album of film_1. further: a column in which film_2 has the value 1.
    """
    genres = {"film_1": "Comedy;Drama", "film_2": labels, "film_4": "Comedy"}
    genres["film_3"] = "Action;Comedy;Drama"
    header = ["film_id", "title", "year", "video", "album", "genres", *filter(None, [further])]
    lines = ["\t".join([*header, *["notes"] * bool(more)])]
    for film in films:
        number = film[-1]
        name = title if film == CHANGED else f"Film {number}"
        album = "album 1" if shared and film == ADDED else f"album {number}"
        row = [film, name, "2001", f"film {number}.mp4", album, genres[film]]
        row += ["1" * (film == CHANGED)] * bool(further) + [more] * bool(more)
        lines.append("\t".join(row))
    (corpus / "films.tsv").write_text("\n".join(lines) + "\n")


def describe(corpus: Path, films=(*FILMS, OUTSIDE), tags="sea") -> None:
    """Write the table of pictures and plots; films outside the corpus have an album."""
    lines = ["film_id\ttitle\tyear\timage\tplot\ttags\talbum"]
    for film in films:
        of_corpus = film in FILMS
        about = ("", "") if of_corpus else (film, "1999")
        film_tags = tags if film == CHANGED else "night"
        album = "" if of_corpus else film
        lines.append("\t".join([film, *about, f"{film}.png", f"{film}.txt", film_tags, album]))
    (corpus / "described.tsv").write_text("\n".join(lines) + "\n")


def announce(corpus: Path, trailers=TRAILERS, labels="Drama", title="Trailed 2") -> None:
    """Write the table of trailers."""
    lines = ["trailer_id\ttitle\tvideo\tgenres"]
    for trailer in trailers:
        number = int(trailer[-1])
        about = f"Trailed {number}", "Drama" if number % 2 == 0 else "Comedy"
        of_title, genres = (title, labels) if trailer == TRAILERS[1] else about
        lines.append(f"{trailer}\t{of_title}\t{trailer}.mp4\t{genres}")
    (corpus / "trailers.tsv").write_text("\n".join(lines) + "\n")


def remove_film(corpus: Path) -> None:
    write_table(corpus, ("film_1", "film_3"))
    describe(corpus, ("film_1", "film_3", OUTSIDE))


def append(path: Path) -> None:
    path.write_text(path.read_text() + "\n# an edit\n")


def touch_all(clone: Path) -> None:
    for path in clone.rglob("*"):
        path.touch()


def touch_small(corpus: Path) -> None:
    assert (corpus / STING).stat().st_size < 1e6
    (corpus / STING).touch()


def put_beside(corpus: Path) -> None:
    for name in ("Cover.JPG", "info.txt", "all.m3u8", ".DS_Store"):
        (corpus / "album 2" / name).write_text(name)


def touch_large(corpus: Path) -> None:
    assert (corpus / TRACK).stat().st_size > 1e6
    (corpus / TRACK).touch()


# Of the rows that are not keys: what is done to the folder of films and albums.
OF_CORPUS: dict[str, Callable[[Path], object]] = {
    "a film is added": lambda corpus: write_table(corpus, (*FILMS, ADDED)),
    "a film is added that shares the album of another": lambda corpus: write_table(
        corpus, (*FILMS, ADDED), shared=True
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
    "a picture, a text or a playlist is put into an album": put_beside,
    "the time of a file of up to 1 MB, not its content": touch_small,
    "the time of a larger file: a track": touch_large,
    "the plot of a film, in other words": lambda corpus: append(corpus / "film_2.txt"),
    "the picture of a film, by another one": lambda corpus: append(corpus / "film_2.png"),
    "the tags of a film": lambda corpus: describe(corpus, tags="sea;storm"),
    "a film outside the corpus is described": lambda corpus: describe(
        corpus, (*FILMS, OUTSIDE, ADDED_LATER)
    ),
    "a film is described no more": lambda corpus: describe(corpus, FILMS),
    "a trailer is added": lambda corpus: announce(corpus, (*TRAILERS, ANNOUNCED)),
    "a trailer is removed": lambda corpus: announce(corpus, TRAILERS[:-1]),
    "the genres of a trailer": lambda corpus: announce(corpus, labels="Action"),
    "the title of a trailer": lambda corpus: announce(corpus, title="Another"),
    "the file of a trailer, by another one": lambda corpus: append(corpus / "trailer_2.mp4"),
}
# And to the clone.
OF_CODE: dict[str, Callable[[Path], object]] = {
    "nothing": lambda clone: None,
    "a module of one stage": lambda clone: append(clone / "scorelens/visuals/measure.py"),
    "a module of many": lambda clone: append(clone / "scorelens/media/sound.py"),
    "how tables are written": lambda clone: append(clone / "scorelens/tables/files.py"),
    "the time of a module, not its content": lambda clone: (
        clone / "scorelens/visuals/measure.py"
    ).touch(),
    "a script, or only its time": lambda clone: (
        clone / "scripts/compare_music_to_picture.py"
    ).touch(),
    "the project, by a fresh clone": touch_all,
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, demo_run) -> Path:
    """A folder with a clone, and a finished run on a table of three of the demo's films.

    Of retrieval and trailers there are stand-ins: empty files that Snakemake takes for made.
    """
    home = tmp_path_factory.mktemp("rerun")
    clone, work = runs.copy_project(home / "clone"), home / "work"
    for number, film in enumerate(sorted((demo_run / "results/corpus/media").iterdir()), 1):
        shutil.copytree(film / "album", work / "corpus" / f"album {number}")
        shutil.copy(film / "film.mp4", work / "corpus" / f"film {number}.mp4")
    sound, rate_hz = soundfile.read(work / "corpus" / TRACK, frames=6 * 44100)
    soundfile.write(work / "corpus" / STING, sound, rate_hz)
    write_table(work / "corpus", FILMS)
    runs.finish(clone, work, WITHOUT_STAND_INS)
    for film in (*FILMS, OUTSIDE, ADDED_LATER):
        for ending in ("png", "txt"):
            (work / "corpus" / f"{film}.{ending}").write_text(film)
    for film in (OUTSIDE, ADDED_LATER):
        (work / "corpus" / film).mkdir()
        shutil.copy(work / "corpus" / STING, work / "corpus" / film)
    describe(work / "corpus")
    for trailer in (*TRAILERS, ANNOUNCED):
        (work / "corpus" / f"{trailer}.mp4").write_text(trailer)
    announce(work / "corpus")
    stand_in(clone, work, CONFIG)
    return home


def stand_in(clone: Path, work: Path, config: dict) -> None:
    """Finish a run with retrieval and trailers: their jobs, and those before and after, write
    empty files.
    """
    scripts = clone / "scripts"
    names = ["fetch_pretrained", "embed_features", "write_report"]
    stages = ("retrieval", "scenes", "trailers")
    names += [name for name, rule in RULES.items() if rule.stage in stages]
    changed = [scripts / f"{name}.py" for name in names]
    for path in changed:
        path.write_text(TOUCH + path.read_text())
    runs.finish(clone, work, config)
    for path in changed:
        shutil.copy2(runs.HOME / "scripts" / path.name, path)


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of it, to be changed."""
    yield shutil.copytree(finished, tmp_path / "home")
    shutil.rmtree(tmp_path / "home")


def words() -> dict[str, set[str]]:
    """The page's words for rules that go together."""
    rule_groups = {}
    for name, members in re.findall(r"^- (\*\w+\*): (.*)$", PAGE, re.M):
        rule_groups[name] = rules(members, rule_groups)
    return rule_groups


def rules(cell: str, known: dict[str, set[str]]) -> set[str]:
    tokens = [token.strip() for token in cell.split(",") if token.strip()]
    return {rule for token in tokens for rule in known.get(token, {token.strip("`")})}


def redone(home: Path, config: dict, flags: list[str]) -> dict[str, set[str]]:
    """The jobs that a run would do. The check runs: what it finds decides what comes after it."""
    clone, work = home / "clone", home / "work"
    jobs = runs.planned(clone, work, config, *flags)
    if "gather_corpus" not in jobs:
        return of_films(jobs)
    done = runs.snakemake(clone, work, config, *flags, "--", "corpus")
    assert done.returncode == 0, done.stdout
    return of_films(runs.jobs(done.stdout) | runs.planned(clone, work, config, *flags))


def of_films(jobs: dict[str, set[str]]) -> dict[str, set[str]]:
    """The jobs, those of an album under its film: `album 1` is that of film_1."""
    album = re.compile(r"album_(\d)_[0-9a-f]{8}")
    return {rule: {album.sub(r"film_\1", film) for film in films} for rule, films in jobs.items()}


def merged(config: dict, more: dict) -> dict:
    deep = {k: merged(config.get(k, {}), v) for k, v in more.items() if isinstance(v, dict)}
    return config | more | deep


def change_of(row: list[str]) -> str:
    """What a row changes, without the example or the flag that it names in code."""
    return re.split(r": `|, with `", row[0])[0]


def test_the_table_and_the_test_have_the_same_rows():
    assert len(ROWS) > 35
    assert {change_of(row) for row in ROWS if row[0][0] != "`"} == {*OF_CORPUS, *OF_CODE}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_of_the_table(copied, row):
    change, code = change_of(row), re.findall("`(.*?)`", row[0])
    config, flags = CONFIG, []
    if change in OF_CORPUS:
        OF_CORPUS[change](copied / "work" / "corpus")
    elif change in OF_CODE:
        OF_CODE[change](copied / "clone")
        flags = [flag for text in code if text.startswith("--") for flag in text.split()]
    else:
        config = merged(CONFIG, yaml.safe_load(code[0]))

    its, films = CHANGED, {*FILMS}
    if change.startswith("a film is added"):
        its, films = ADDED, {*FILMS, ADDED}
    elif change == "a film is removed":
        films = {*FILMS} - {CHANGED}
    one, every, over = (rules(cell, words()) for cell in row[1:])
    assert redone(copied, config, flags) == (
        {rule: {its} for rule in one} | dict.fromkeys(every, films) | {rule: set() for rule in over}
    )


def test_a_new_label_trains_again_and_measures_nothing(copied):
    """The row of the genres of a film, for real."""
    work = copied / "work"
    measured = [p for name in ("cues", "features", "visuals", "bags") for p in of(work, name)]
    times = {path: path.stat().st_mtime_ns for path in measured}
    predictions = {path: path.read_bytes() for path in of(work, "genres/predictions")}
    write_table(work / "corpus", FILMS, labels="Action;Comedy")
    done = runs.snakemake(copied / "clone", work, WITHOUT_STAND_INS)
    assert done.returncode == 0, done.stdout
    assert len(times) > 20
    assert {path: path.stat().st_mtime_ns for path in measured} == times
    assert all(path.read_bytes() != before for path, before in predictions.items())
    assert runs.planned(copied / "clone", work, WITHOUT_STAND_INS) == {}


def of(work: Path, name: str) -> list[Path]:
    return [path for path in (work / "results" / name).rglob("*") if path.is_file()]
