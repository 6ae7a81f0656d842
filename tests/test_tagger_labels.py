"""Statistics of the tagger's labels: counts and years by hand, pairs against the labels."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelens.tables import FILMS, TAGGER_LABEL_PAIRS, TAGGER_LABELS, read_table, write_table
from scorelens.tagger import TILE_S, label_plot, labels, patches

GENRES = ["Comedy", "Drama", "Horror", "War"]
# Title, year, genres, and the tiles of each track.
CORPUS = [
    ("A", 1990, ("Comedy", "Drama"), (3, 2)),
    ("B", 2000, ("Comedy",), (1,)),
    ("C", 2010, ("Drama", "Comedy"), (2, 2, 2)),
    ("D", None, ("Drama",), (4,)),
    ("E", 1950, ("Horror", "Western"), (5,)),
    ("F", 1800, ("Drama",), ()),  # silent
]


@pytest.fixture
def described(tmp_path):
    rows = [
        (f"film_{number}", title, year, genres, 60.0, True, max(1, len(lengths)))
        for number, (title, year, genres, lengths) in enumerate(CORPUS)
    ]
    table = pd.DataFrame(rows, columns=FILMS.names).astype({"year": "Int64"})
    write_table(table, tmp_path / "films.tsv", FILMS)
    paths = []
    for number, (*_, lengths) in enumerate(CORPUS):
        track = np.repeat(np.arange(len(lengths)), lengths)
        mel = np.zeros((len(track), 2, 2), np.float16)
        tiles = patches.Tiles(mel, track, TILE_S * np.arange(len(track)), np.full(len(track), 9.0))
        paths.append(tmp_path / f"film_{number}.npz")
        names = np.array([f"t{index}" for index in range(max(1, len(lengths)))])
        np.savez(paths[-1], track_ids=names, **tiles._asdict())
    outputs = tmp_path / "labels.tsv", tmp_path / "label_pairs.tsv", tmp_path / "labels.svg"
    albums = {path.stem: path.stem for path in paths}
    label_plot.plot_labels(tmp_path / "films.tsv", paths, albums, GENRES, 2, albums, *outputs)
    return (
        read_table(outputs[0], TAGGER_LABELS).set_index("genre"),
        read_table(outputs[1], TAGGER_LABEL_PAIRS).set_index(["genre", "other"]),
        outputs[2].read_text(),
    )


def test_labels_count_films_tracks_and_tiles_with_sound(described):
    table, _, _ = described
    counts = table[["films", "tracks", "tiles", "films_alone"]]
    assert counts.loc["Comedy"].tolist() == [3, 6, 12, 1]
    assert counts.loc["Drama"].tolist() == [3, 6, 15, 1]
    assert counts.loc["Horror"].tolist() == [1, 1, 5, 1]
    assert counts.loc["War"].tolist() == [0, 0, 0, 0]
    assert counts.loc["all"].tolist() == [5, 8, 21, 3]
    assert table["is_used"].to_dict() == {
        "Comedy": True, "Drama": True, "Horror": False, "War": False, "all": True,
    }  # fmt: skip
    assert table.loc["all", "genres_per_film"] == pytest.approx(7 / 5)
    assert np.isnan(table.loc["War", "genres_per_film"])


def test_labels_give_quartiles_of_the_known_years(described):
    table, _, _ = described
    assert table.loc["Comedy", list(labels.YEARS)].tolist() == [1990, 1995, 2000, 2005, 2010]
    assert table.loc["Drama", ["first_year", "last_year"]].tolist() == [1990, 2010]
    assert table.loc["War", list(labels.YEARS)].isna().all()


def test_label_pairs_count_films_and_tracks_with_both_genres(described):
    _, pairs, _ = described
    assert len(pairs) == 6  # War has no film
    both = pairs.loc[("Comedy", "Drama")]
    assert both[["films", "tracks"]].tolist() == [2, 5]
    assert both["share"] == pytest.approx(2 / 3)
    assert both["expected_films"] == pytest.approx(3 * 3 / 5)
    assert pairs.loc[("Horror", "Drama"), "films"] == 0


def test_label_figure_names_genres_with_counts_and_those_not_used(described):
    *_, figure = described
    assert "Comedy (3 films, 6 tracks)" in figure
    assert "Horror (1 films, 1 tracks, not used)" in figure
    assert "War" not in figure


@given(
    st.integers(2, 5).flatmap(
        lambda genres: st.lists(
            st.lists(st.booleans(), min_size=genres, max_size=genres), min_size=1, max_size=12
        )
    )
)
@settings(max_examples=40, deadline=None)
def test_label_pairs_are_the_product_of_the_label_matrix(rows):
    carries = np.array(rows)
    films = pd.DataFrame({"tracks": np.arange(len(rows)) + 1})
    names = list("abcde")[: carries.shape[1]]
    pairs = labels.pair_table(films, carries, names)
    together = carries.T.astype(int) @ carries
    tracks = (carries * films["tracks"].to_numpy()[:, None]).T @ carries
    for row in pairs.itertuples():
        one, other = names.index(row.genre), names.index(row.other)
        assert (row.films, row.tracks) == (together[one, other], tracks[one, other])
        assert row.share == pytest.approx(together[one, other] / together[one, one])
    carried = np.count_nonzero(carries.any(axis=0))
    assert len(pairs) == carried * (carried - 1)
