"""The report of a corpus of published features."""

import hashlib

import pytest

from scorelens import tables
from scorelens.corpus.report.section import published_rows, published_summary
from tests.report_run import make_run, path_of, render, without

ABSENT = ("film_map", "cues", "visuals", "audiovisual_comparison")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    file = folder / "mir_features_dictionary.npy"
    file.write_bytes(b"pickled")
    inputs = without(
        make_run(folder), "/cues/", "/visuals/", "/features/", "/audiovisual_comparison/"
    )
    return render(folder, inputs | {"published": [file]})


def test_report_of_published_features_has_no_film_sections(rendered):
    _, _, page = rendered
    ids = page.values("id")
    assert not set(ABSENT) & set(ids)
    assert {"corpus", "features", "genres", "importance", "predictions"} <= set(ids)
    assert {address[1:] for address in page.values("href")} <= set(ids)


def test_page_header_counts_the_cues_of_every_feature_set(rendered):
    _, _, page = rendered
    text = " ".join("".join(page.text).split())
    assert "Published features of 5 films" in text
    assert "60 cues in mir." in text


def test_film_table_has_cue_and_frame_counts_of_the_bags(rendered):
    inputs, _, page = rendered
    bags = tables.read_table(path_of(inputs, "bags/mir.parquet"), tables.BAGS)
    films = tables.read_table(path_of(inputs, "corpus/films.tsv"), tables.FILMS)
    rows = page.table("Film", "Title", "Genres")
    assert [row["Film"] for row in rows] == films.film_id.tolist()
    assert [row["Genres"] for row in rows] == films.genres.map(", ".join).tolist()
    for row in rows:
        bag = bags[bags.film_id == row["Film"]]
        assert row["Cues, mir"] == str(len(bag))
        assert row["Frames, mir"] == str(bag.n_frames.sum())
    assert rows[0]["Notes"] == "cover.jpg is no music"


def test_hash_table_lists_published_files_instead_of_films(rendered):
    _, _, page = rendered
    (row,) = page.table("File", "SHA-256 of the file")
    assert row["File"] == "mir_features_dictionary.npy"
    assert row["SHA-256 of the file"] == hashlib.sha256(b"pickled").hexdigest()


def test_feature_sets_are_counted_separately(rendered):
    inputs, _, _ = rendered
    bags = tables.read_table(path_of(inputs, "bags/mir.parquet"), tables.BAGS)
    first_film = bags.film_id.iloc[0]
    fewer_bags = bags[(bags.film_id != first_film) | (bags.cue_id != bags.cue_id.iloc[0])]
    films, status = (
        tables.read_table(path_of(inputs, f"corpus/{name}.tsv"), table)
        for name, table in (("films", tables.FILMS), ("status", tables.STATUS))
    )
    rows = published_rows(films, {"mir": bags, "vggish": fewer_bags}, status)
    assert rows[0]["sets"] == {
        "mir": {"cues": 12, "frames": 240},
        "vggish": {"cues": 11, "frames": 220},
    }
    summary = published_summary(rows)
    assert summary["films"] == 5
    assert summary["sets"]["vggish"] == {"cues": 59, "frames": 1180}
