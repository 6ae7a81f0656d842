"""The study's own files as a corpus: its films, what each has in the files, and every problem."""

import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.albums.files import NO_ALBUM
from scorelens.corpus import check
from scorelens.corpus.published import inspection, published
from scorelens.errors import ConfigError, InputError
from tests.published_files import PLANTED, UNEVEN, small, whole

GENRES = ["Action", "Comedy", "Drama", "Horror", "Romance", "Science Fiction"]
COUNTS = [55, 37, 44, 11, 13, 36]


def listed(folder, *rows):
    """The films of a master list of these rows."""
    (folder / published.FILM_LIST).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return published.read_films(folder, GENRES)


def inspected(folder, sets=("mir", "vggish")):
    """The status table of a folder of published files, by film."""
    files = {name: [folder / file for file in published.FILES[name]] for name in sets}
    output = folder / "status.tsv"
    inspection.inspect_films(published.read_films(folder, GENRES), files, output)
    return tables.read_table(output, tables.STATUS).set_index("film_id")


def test_the_generator_has_the_published_numbers():
    """110 films, 4,664 and 4,693 cues, the labels, medians of about 39 cues and 19 s."""
    made = whole()
    assert len(made.genres) == 110
    assert [sum(g in item for item in made.genres.values()) for g in ("horror", "sci-fi")] == [
        11,
        36,
    ]
    for name, cues in (("vggish", 4664), ("mir", 4693)):
        sizes = [len(film) for film in made.cues[name].values()]
        frames = [len(cue) for film in made.cues[name].values() for cue in film]
        assert sum(sizes) == cues
        assert np.median(sizes) == 39
        assert abs(np.median(frames) - 19) <= 1
    assert [len(made.cues[name][UNEVEN]) for name in ("vggish", "mir")] == [42, 71]


def test_the_generator_plants_structure():
    """Horror is darker by as much as is planted, and no deviation of a feature differs as much."""
    made = whole()
    means = {f: np.concatenate(cues).mean(axis=0) for f, cues in made.cues["mir"].items()}
    horror = np.mean([means[f] for f, item in made.genres.items() if "horror" in item], axis=0)
    others = np.mean([means[f] for f, item in made.genres.items() if "horror" not in item], axis=0)
    shift = dict(zip(made.names, horror - others, strict=True))
    assert all(abs(shift[f"{name}_mean"] + 1.5) < 0.6 for name in PLANTED["horror"][0])
    unplanted = [shift[name] for name in made.names if name.endswith("_std")]
    assert np.abs(unplanted).max() < 0.6


def test_films_and_genres_of_the_whole_list(tmp_path):
    made = whole()
    made.cues.clear()
    films = published.read_films(made.write(tmp_path), GENRES)
    assert [sum(genre in film.genres for film in films) for genre in GENRES] == COUNTS
    assert not any(film.problems for film in films)
    first = films[0]
    assert (first.film_id, first.title) == (UNEVEN, "Ready Player One")
    assert (first.video, first.album, first.year) == (None, NO_ALBUM, None)


def test_genres_are_read_in_any_case_and_sci_fi_is_science_fiction(tmp_path):
    film, other = listed(tmp_path, 'A-Film, "x", "sci-fi, DRAMA,drama"', 'b,"x","Science Fiction"')
    assert (film.film_id, film.title) == ("a_film", "A Film")
    assert film.genres == ("Science Fiction", "Drama")
    assert other.genres == ("Science Fiction",)
    item = published.read_films(tmp_path, ["Sci-Fi", "Drama"])
    assert [film.genres for film in item] == [("Sci-Fi", "Drama"), ("Sci-Fi",)]


def test_an_unknown_or_absent_genre_is_the_films_problem(tmp_path):
    unknown, none = listed(tmp_path, 'a,"x","action,comedi"', 'b,"x",""')
    assert unknown.genres == ("Action",)
    assert "line 1: 'comedi' is not a genre of the config" in str(unknown.problems[0])
    assert "did you mean 'Comedy'?" in str(unknown.problems[0])
    assert "line 2: has no reduced genre\n  expected: at least one" in str(none.problems[0])


def test_a_list_that_does_not_hold_is_refused_with_all_its_faults(tmp_path):
    with pytest.raises(ConfigError) as caught:
        listed(tmp_path, 'a,"x",horror', 'A!,"x",horror', "b,horror", ',"x",horror', 'c,"x",jazz')
    text = str(caught.value)
    assert "'a' is in 2 rows\n  expected: one row a film\n  hint: remove one of them" in text
    assert "line 3: has 2 fields\n  expected: slug, raw genres, reduced genres" in text
    assert "line 4: names no film" in text
    assert "'jazz' is not a genre of the config" in text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\n\n", "has no rows"),
        (b"\xff\xfe\xff", "cannot be read ('utf-8' codec can't decode"),
    ],
)
def test_a_list_that_is_not_there_names_the_key_of_the_folder(tmp_path, content, words):
    if content is not None:
        (tmp_path / published.FILM_LIST).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        published.read_films(tmp_path, GENRES)
    assert f"{tmp_path / published.FILM_LIST}: {words}" in str(caught.value)
    assert "hint: corpus: {published: {folder: ...}} names the folder" in str(caught.value)


def test_a_set_whose_files_are_absent_is_left_out_and_named(tmp_path):
    folder = small().write(tmp_path)
    wanted = ["mir", "vggish", "musicnn"]
    present, absent = published.split_sets(folder, wanted)
    assert present == ["mir", "vggish"]
    assert absent == {"musicnn": "published features are mir and vggish"}
    (folder / published.MIR_NAMES).unlink()
    present, absent = published.split_sets(folder, wanted[:2])
    assert present == ["vggish"]
    assert absent == {"mir": f"{folder} lacks mir_feature_names.csv"}


def test_no_set_at_all_is_refused(tmp_path):
    with pytest.raises(ConfigError) as caught:
        published.split_sets(tmp_path, ["mir", "vggish"])
    text = str(caught.value)
    assert "mir: " in text
    assert "lacks mir_features_dictionary.npy and mir_feature_names.csv; vggish: " in text
    assert "expected: the files of mir or vggish, which features.sets asks for" in text


def test_good_files_have_no_problems_and_a_note_where_the_sets_differ(tmp_path):
    made = small()
    made.cues["mir"]["film_3"][0][0, :2] = np.nan
    status = inspected(made.write(tmp_path))
    assert (status.status == "ok").all()
    assert (status.problems == "").all()
    assert status.notes[UNEVEN] == "the sets list different cues: 5 in mir, 4 in vggish"
    values = sum(cue.size for cue in made.cues["mir"]["film_3"])
    assert status.notes["film_3"] == f"mir: {2 / values:.2%} of the values are missing"
    assert status.notes["film_2"] == ""


def test_every_problem_of_every_film_at_once(tmp_path):
    made = small(films=9)
    mir, vggish = made.cues["mir"], made.cues["vggish"]
    mir["film_22"] = mir.pop("film_2")
    vggish["film_2"][1] = vggish["film_2"][1][:, :127]
    mir["film_3"][2][1, 5] = np.inf
    vggish["film_3"][0][0, 0] = np.nan
    mir["film_4"][3][:] = np.nan
    mir["film_5"] = []
    vggish["film_5"][0] = np.empty((0, 128))
    vggish["film_5"][2] = np.empty((0, 128))
    mir["film_6"] = "no list"
    vggish["film_6"] = [np.zeros(128)] * 7
    mir["film_7"][0] = mir["film_7"][0] * 1e60
    folder = made.write(tmp_path)
    status = inspected(folder)
    assert status.index[status.status == "ok"].tolist() == [UNEVEN, "film_8", "film_9"]
    dictionaries = [f"{folder / published.FILES[name][0]}, film " for name in ("mir", "vggish")]
    for film, position, words in [
        (
            2,
            0,
            "film_2: is missing\n  expected: a list of cues\n  hint: the nearest name there is ",
        ),
        (2, 1, "film_2, cue_0002: 127 columns\n  expected: frames x 128 finite values"),
        (3, 0, "film_3, cue_0003: infinite values, or too large for 32 bits\n  expected: frames x"),
        (3, 1, "film_3, cue_0001: missing values (NaN)"),
        (4, 0, "film_4, cue_0004: missing values (NaN)"),
        (5, 0, "film_5: has no cues\n  expected: at least one"),
        (5, 1, "film_5, cue_0001, cue_0003: no frames"),
        (6, 0, "film_6: is no list of arrays of numbers"),
        (6, 1, "cue_0001, cue_0002, cue_0003, cue_0004, cue_0005 and 2 more: an array of 1 dim"),
        (7, 0, "film_7, cue_0001: infinite values, or too large for 32 bits"),
    ]:
        assert words in status.problems[f"film_{film}"]
        assert dictionaries[position] in status.problems[f"film_{film}"]


def test_a_film_that_only_the_dictionary_has_is_named_in_the_log(tmp_path, caplog):
    made = small()
    made.cues["vggish"]["stranger"] = made.cues["vggish"]["film_2"]
    status = inspected(made.write(tmp_path))
    assert "stranger" not in status.index
    assert "stranger is not in the list of films: ignored" in caplog.text


def test_faults_of_whole_files_come_with_those_of_the_films(tmp_path):
    made = small()
    made.names[0] = "loudness_mean"
    made.cues["vggish"]["film_2"] = []
    made.genres["film_3"] = ["jazz"]
    with pytest.raises(InputError) as caught:
        inspected(made.write(tmp_path))
    text = str(caught.value)
    assert "3 problems were found" in text
    assert "mir_feature_names.csv: 'loudness_mean' is not understood" in text
    assert "film film_2: has no cues" in text
    assert "'jazz' is not a genre of the config" in text


def test_dictionaries_that_do_not_fit_their_names_are_one_problem_each(tmp_path):
    made = small()
    del made.names[-1]
    made.cues["vggish"] = {
        film: [cue[:, :64] for cue in cues] for film, cues in made.cues["vggish"].items()
    }
    folder = made.write(tmp_path)
    with pytest.raises(InputError) as caught:
        inspected(folder)
    text = str(caught.value)
    names = folder / published.MIR_NAMES
    assert "2 problems were found" in text
    assert f"dictionary.npy: every cue has 140 columns\n  expected: 139, as {names} names" in text
    assert "every cue has 64 columns\n  expected: 128" in text


def test_the_corpus_tables_and_their_policy(tmp_path):
    """Stop lists table and media faults together; skip leaves the films out."""
    made = small()
    made.cues["mir"]["film_2"] = []
    made.genres["film_3"] = ["jazz"]
    folder = made.write(tmp_path)
    inspected(folder)
    outputs = {name: folder / f"{name}.tsv" for name in ("films", "tracks")}
    outputs["status"] = folder / "all.tsv"
    films = published.read_films(folder, GENRES)
    with pytest.raises(InputError) as caught:
        check.gather_films(films, "stop", [folder / "status.tsv"], [], outputs)
    assert "2 of 8 films have problems" in str(caught.value)
    check.gather_films(films, "skip", [folder / "status.tsv"], [], outputs)
    retained = tables.read_table(outputs["films"], tables.FILMS)
    assert retained.film_id.tolist() == [UNEVEN, *(f"film_{number}" for number in range(4, 9))]
    assert retained.genres[0] == ("Action", "Comedy")
    assert (retained.tracks == 0).all()
    assert not retained.has_picture.any()
    assert tables.read_table(outputs["tracks"], tables.TRACKS).empty
    assert isinstance(tables.read_table(outputs["status"], tables.STATUS), pd.DataFrame)
