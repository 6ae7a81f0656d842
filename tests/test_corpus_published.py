"""The published feature files as a corpus: film list, inspection of the files, problems."""

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


def test_generated_corpus_has_the_published_numbers():
    """110 films, 4,664 and 4,693 cues, the labels, medians of about 39 cues and 19 s."""
    files = whole()
    assert len(files.genres) == 110
    assert [sum(g in labels for labels in files.genres.values()) for g in ("horror", "sci-fi")] == [
        11,
        36,
    ]
    for name, cues in (("vggish", 4664), ("mir", 4693)):
        sizes = [len(film) for film in files.cues[name].values()]
        frames = [len(cue) for film in files.cues[name].values() for cue in film]
        assert sum(sizes) == cues
        assert np.median(sizes) == 39
        assert abs(np.median(frames) - 19) <= 1
    assert [len(files.cues[name][UNEVEN]) for name in ("vggish", "mir")] == [42, 71]


def test_generated_horror_features_are_shifted():
    """The planted means of horror are lower by 1.5; standard deviations differ by less than 0.6."""
    files = whole()
    means = {f: np.concatenate(cues).mean(axis=0) for f, cues in files.cues["mir"].items()}
    horror = np.mean([means[f] for f, labels in files.genres.items() if "horror" in labels], axis=0)
    others = np.mean(
        [means[f] for f, labels in files.genres.items() if "horror" not in labels], axis=0
    )
    shift = dict(zip(files.names, horror - others, strict=True))
    assert all(abs(shift[f"{name}_mean"] + 1.5) < 0.6 for name in PLANTED["horror"][0])
    unplanted = [shift[name] for name in files.names if name.endswith("_std")]
    assert np.abs(unplanted).max() < 0.6


def test_full_film_list_has_the_published_genre_counts(tmp_path):
    files = whole()
    files.cues.clear()
    films = published.read_films(files.write(tmp_path), GENRES)
    assert [sum(genre in film.genres for film in films) for genre in GENRES] == COUNTS
    assert not any(film.problems for film in films)
    first = films[0]
    assert (first.film_id, first.title) == (UNEVEN, "Ready Player One")
    assert (first.video, first.album, first.year) == (None, NO_ALBUM, None)


def test_genres_ignore_case_and_sci_fi_is_science_fiction(tmp_path):
    film, other = listed(tmp_path, 'A-Film, "x", "sci-fi, DRAMA,drama"', 'b,"x","Science Fiction"')
    assert (film.film_id, film.title) == ("a_film", "A Film")
    assert film.genres == ("Science Fiction", "Drama")
    assert other.genres == ("Science Fiction",)
    renamed = published.read_films(tmp_path, ["Sci-Fi", "Drama"])
    assert [film.genres for film in renamed] == [("Sci-Fi", "Drama"), ("Sci-Fi",)]


def test_unknown_or_missing_genre_is_a_problem_of_the_film(tmp_path):
    unknown, none = listed(tmp_path, 'a,"x","action,comedi"', 'b,"x",""')
    assert unknown.genres == ("Action",)
    assert "line 1: 'comedi' is not a genre of the config" in str(unknown.problems[0])
    assert "did you mean 'Comedy'?" in str(unknown.problems[0])
    assert "line 2: has no reduced genre\n  expected: at least one" in str(none.problems[0])


def test_invalid_film_list_error_has_all_problems(tmp_path):
    with pytest.raises(ConfigError) as caught:
        listed(tmp_path, 'a,"x",horror', 'A!,"x",horror', "b,horror", ',"x",horror', 'c,"x",jazz')
    text = str(caught.value)
    assert "'a' is in 2 rows\n  expected: one row a film\n  hint: remove one of them" in text
    assert "line 3: has 2 fields\n  expected: slug, raw genres, reduced genres" in text
    assert "line 4: names no film" in text
    assert "'jazz' is not a genre of the config" in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\n\n", "has no rows"),
        (b"\xff\xfe\xff", "cannot be read ('utf-8' codec can't decode"),
    ],
)
def test_unreadable_film_list_error_names_the_config_key(tmp_path, content, message):
    if content is not None:
        (tmp_path / published.FILM_LIST).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        published.read_films(tmp_path, GENRES)
    assert f"{tmp_path / published.FILM_LIST}: {message}" in str(caught.value)
    assert "hint: corpus: {published: {folder: ...}} names the folder" in str(caught.value)


def test_feature_set_without_files_is_excluded_with_the_reason(tmp_path):
    folder = small().write(tmp_path)
    requested = ["mir", "vggish", "musicnn"]
    present, absent = published.split_sets(folder, requested)
    assert present == ["mir", "vggish"]
    assert absent == {"musicnn": "published features are mir and vggish"}
    (folder / published.MIR_NAMES).unlink()
    present, absent = published.split_sets(folder, requested[:2])
    assert present == ["vggish"]
    assert absent == {"mir": f"{folder} lacks mir_feature_names.csv"}


def test_no_available_feature_set_is_an_error(tmp_path):
    with pytest.raises(ConfigError) as caught:
        published.split_sets(tmp_path, ["mir", "vggish"])
    text = str(caught.value)
    assert "mir: " in text
    assert "lacks mir_features_dictionary.npy and mir_feature_names.csv; vggish: " in text
    assert "expected: the files of mir or vggish, which features.sets asks for" in text


def test_valid_files_have_no_problems_and_notes_on_differences(tmp_path):
    files = small()
    files.cues["mir"]["film_3"][0][0, :2] = np.nan
    status = inspected(files.write(tmp_path))
    assert (status.status == "ok").all()
    assert (status.problems == "").all()
    assert status.notes[UNEVEN] == "the sets list different cues: 5 in mir, 4 in vggish"
    values = sum(cue.size for cue in files.cues["mir"]["film_3"])
    assert status.notes["film_3"] == f"mir: {2 / values:.2%} of the values are missing"
    assert status.notes["film_2"] == ""


def test_all_problems_of_all_films_are_reported_together(tmp_path):
    files = small(films=9)
    mir, vggish = files.cues["mir"], files.cues["vggish"]
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
    folder = files.write(tmp_path)
    status = inspected(folder)
    assert status.index[status.status == "ok"].tolist() == [UNEVEN, "film_8", "film_9"]
    dictionaries = [f"{folder / published.FILES[name][0]}, film " for name in ("mir", "vggish")]
    for film, position, message in [
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
        assert message in status.problems[f"film_{film}"]
        assert dictionaries[position] in status.problems[f"film_{film}"]


def test_film_missing_in_the_film_list_is_logged(tmp_path, caplog):
    files = small()
    files.cues["vggish"]["stranger"] = files.cues["vggish"]["film_2"]
    status = inspected(files.write(tmp_path))
    assert "stranger" not in status.index
    assert "stranger is not in the list of films: ignored" in caplog.text


def test_problems_of_files_and_films_are_reported_together(tmp_path):
    files = small()
    files.names[0] = "loudness_mean"
    files.cues["vggish"]["film_2"] = []
    files.genres["film_3"] = ["jazz"]
    with pytest.raises(InputError) as caught:
        inspected(files.write(tmp_path))
    text = str(caught.value)
    assert "3 problems were found" in text
    assert "mir_feature_names.csv: 'loudness_mean' is not understood" in text
    assert "film film_2: has no cues" in text
    assert "'jazz' is not a genre of the config" in text


def test_dictionary_with_wrong_number_of_columns_is_one_problem(tmp_path):
    files = small()
    del files.names[-1]
    files.cues["vggish"] = {
        film: [cue[:, :64] for cue in cues] for film, cues in files.cues["vggish"].items()
    }
    folder = files.write(tmp_path)
    with pytest.raises(InputError) as caught:
        inspected(folder)
    text = str(caught.value)
    names = folder / published.MIR_NAMES
    assert "2 problems were found" in text
    assert f"dictionary.npy: every cue has 140 columns\n  expected: 139, as {names} names" in text
    assert "every cue has 64 columns\n  expected: 128" in text


def test_gathered_tables_follow_on_bad_film(tmp_path):
    """`stop` raises with the problems of list and files together; `skip` excludes the films."""
    files = small()
    files.cues["mir"]["film_2"] = []
    files.genres["film_3"] = ["jazz"]
    folder = files.write(tmp_path)
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
