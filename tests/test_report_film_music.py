"""The report's section on how films use their albums, and its genre counts."""

import pytest

from scorelens import tables
from scorelens.corpus.genre_counts import count_corpus
from scorelens.cues.plot_music import plot_cue_summary
from scorelens.cues.summarize import summarize_cues
from tests.group_tables import write_film_groups
from tests.report_run import make_run, path_of, render, section_of


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The report of a run with the new tables, and the path of the table of means."""
    folder = tmp_path_factory.mktemp("report")
    inputs = make_run(folder)
    films, tracks = (path_of(inputs, f"corpus/{name}.tsv") for name in ("films", "tracks"))
    cues = [path for path in inputs["files"] if path.parent.name == "films"]
    home = films.parent.parent
    outputs = [home / "cues" / f"{n}.tsv" for n in ("film_music", "spotting", "genre_music")]
    groups = write_film_groups(folder / "groups.tsv", [path.stem for path in cues], 1)
    summarize_cues(films, tracks, cues, groups, outputs, repeats=50, seed=1)
    figures = [home / "cues" / "spotting.svg", home / "cues" / "genre_music.svg"]
    plot_cue_summary(outputs[2], *figures)
    counts = home / "corpus" / "genres.svg"
    count_corpus(films, counts.with_suffix(".tsv"), counts)
    inputs["files"] = [*inputs["files"], outputs[2], *figures, counts]
    return render(folder, inputs), outputs[2]


def test_section_shows_the_table_of_means(rendered):
    (_, text, page), path = rendered
    table = tables.read_table(path, tables.GENRE_MUSIC)
    rows = page.table("Genre", "Films", "Cues")
    assert [row["Genre"] for row in rows] == ["all films", *sorted(set(table.genre) - {"all"})]
    means = table[(table.genre == "all") & table.tenth.isna()].set_index("measure")
    assert rows[0]["Cues"].startswith(f"{means.loc['cues', 'mean']:.2f}")
    assert f"{means.loc['album_share', 'low']:.2f} to" in rows[0]["Album used"]
    assert section_of(text, "film_music").count("<img") == 2


def test_corpus_section_shows_the_genre_counts(rendered):
    (_, text, _), _ = rendered
    assert "each pair of genres" in section_of(text, "corpus")
