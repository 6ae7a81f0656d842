"""The groups of films, and the warning of shared artists, in the report's section on the corpus."""

import pandas as pd
import pytest

from scorelens import tables
from tests.report_run import make_run, path_of, render, section_of

SHARED = pd.DataFrame(
    [
        ("film_00", "film_01", "album", ("t0", "t1"), ("t0", "t1"), 1.0),
        ("film_01", "film_02", "sound", ("t0",), ("t3",), 0.25),
    ],
    columns=tables.SHARED_AUDIO.names,
)


@pytest.fixture
def corpus_section(tmp_path):
    """Render a run of five films with these groups; return its section on the corpus as text."""

    def run(rows, shared=SHARED, artists=None, kind="table"):
        inputs = make_run(tmp_path)
        groups = pd.DataFrame(rows, columns=tables.FILM_GROUPS.names)
        for name, table, schema in (
            ("groups", groups, tables.FILM_GROUPS),
            ("shared", shared, tables.SHARED_AUDIO),
        ):
            path = tmp_path / f"corpus/{name}.tsv"
            tables.write_table(table, path, schema)
            inputs["files"].append(path)
        if artists:
            path = path_of(inputs, "corpus/tracks.tsv")
            tracks = tables.read_table(path, tables.TRACKS)
            names = [artists.get(film, "") for film in tracks.film_id]
            tables.write_table(tracks.assign(artist=names), path, tables.TRACKS)
        inputs["config"]["corpus"]["kind"] = kind
        _, text, page = render(tmp_path, inputs)
        return section_of(text, "corpus"), page

    return run


def groups_of(*members, names=(), reasons=("album",)):
    """Rows of FILM_GROUPS of five films, of which some are a group."""
    films = [f"film_{k:02}" for k in range(5)]
    return [
        (film, members[0], len(members), names, reasons)
        if film in members
        else (film, film, 1, (), ())
        for film in films
    ]


def test_group_table_lists_names_films_and_reasons(corpus_section):
    rows = groups_of("film_00", "film_01", "film_02", names=("Saga",), reasons=("name", "album"))
    _, page = corpus_section(rows)
    (row,) = page.table("Group", "Films", "Why")
    assert row["Group"] == "Saga"
    assert row["Films"].count("Film & Co") == 3
    assert row["Why"].split(";\n")[0].startswith("the film table says so; The <0th> Film & Co and")
    assert "have the same album" in row["Why"]
    assert "have tracks that sound alike: 1, 25% of the shorter album" in row["Why"]


def test_genre_of_one_group_is_listed(corpus_section):
    text, _ = corpus_section(groups_of("film_00", "film_01", "film_02", "film_03", "film_04"))
    assert "are of one group: no model can learn this" in text
    text, _ = corpus_section(groups_of("film_00", "film_02"), SHARED[:0])
    assert "no model can learn this" not in text


def test_single_groups_give_no_table(corpus_section):
    text, _ = corpus_section(groups_of("film_00"), shared=SHARED[:0])
    assert 'id="groups"' not in text
    assert "No groups" not in text


def test_shared_artists_are_named_only_without_groups(corpus_section):
    artists = {"film_01": "Jo Field", "film_03": "jo field"}
    text, _ = corpus_section(groups_of("film_00"), SHARED[:0], artists)
    assert "name the same artists: Jo Field (film_01, film_03)." in text
    text, _ = corpus_section(groups_of("film_00", names=("Saga",)), SHARED[:0], artists)
    assert "name the same artists" not in text
    text, _ = corpus_section(groups_of("film_00"), SHARED[:0], artists, kind="demo")
    assert "name the same artists" not in text
