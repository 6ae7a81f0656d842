"""Groups of films: their names in tables, and which films they unite."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from scorelens import film_table
from scorelens.errors import ConfigError
from scorelens.groups import group_key, group_names, join_groups, join_named_groups
from scorelens.retrieval.data import films as described
from scorelens.trailers.data.table import join_titles, read_trailers

ITEMS = [f"film_{number:02d}" for number in range(12)]
SETS = st.lists(st.lists(st.sampled_from(ITEMS), max_size=4), max_size=12)


def partition(group):
    return {frozenset(item for item in group if group[item] == one) for one in group.values()}


@given(SETS)
def test_join_groups_equals_connected_components(united):
    pairs = [(first, other) for first, *others in filter(None, united) for other in others]
    rows, columns = ([ITEMS.index(pair[side]) for pair in pairs] for side in (0, 1))
    graph = coo_matrix((np.ones(len(pairs)), (rows, columns)), (len(ITEMS), len(ITEMS)))
    labels = connected_components(graph, directed=False)[1]
    of_graph = dict(zip(ITEMS, labels, strict=True))
    assert partition(join_groups(ITEMS, united)) == partition(of_graph)


@given(SETS, st.randoms())
def test_join_groups_is_independent_of_order_and_named_by_first_item(united, random):
    group = join_groups(ITEMS, united)
    shuffled = [random.sample(one, len(one)) for one in random.sample(united, len(united))]
    assert join_groups(ITEMS, shuffled) == group
    for item, first in group.items():
        assert first == min(one for one in ITEMS if group[one] == first) <= item


@given(SETS, SETS)
def test_join_groups_with_more_sets_never_splits_a_group(united, more):
    group, larger = join_groups(ITEMS, united), join_groups(ITEMS, [*united, *more])
    assert all(len({larger[item] for item in part}) == 1 for part in partition(group))
    assert join_groups(ITEMS, [*united, *group.items()]) == group


def test_join_named_groups_ignores_case_and_spaces():
    names = {"a": group_names("Hans  Zimmer; Batman"), "c": group_names(" hans zimmer"), "d": ["X"]}
    assert join_named_groups("abcd", names) == {"a": "a", "b": "b", "c": "a", "d": "d"}
    names["d"] = group_names("BATMAN")
    assert join_named_groups("abcd", names)["d"] == "a"
    assert group_key("Ｈａｎｓ Zimmer") == group_key("hans zimmer")


def write_films(folder, *groups, header="group"):
    (folder / "albums").mkdir()
    rows = [f"film_id\ttitle\tyear\tvideo\talbum\tgenres\t{header}"]
    for number, group in enumerate(groups):
        (folder / f"{number}.mkv").write_bytes(b"x")
        (folder / f"albums/{number}").mkdir()
        (folder / f"albums/{number}/t.flac").write_bytes(b"x")
        rows.append(f"f{number}\tF{number}\t2001\t{number}.mkv\talbums/{number}\tDrama\t{group}")
    path = folder / "films.tsv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_read_films_returns_groups_of_each_film(tmp_path):
    films = film_table.read_films(write_films(tmp_path, "A. One;Saga", "", " saga "), ["Drama"])
    assert [film.groups for film in films] == [("A. One", "Saga"), (), ("saga",)]
    assert not any(film.problems for film in films)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (
            ("Jóhann", "JOHANN"),
            "line 3, column group: 'JOHANN' is nearly 'Jóhann' of line 2\n"
            "  expected: one spelling of a group, so that its films are on one side of a split\n"
            "  hint: write both alike, or add a word to tell them apart",
        ),
        (
            ("Unknown", "n/a"),
            "line 3, column group: is 'n/a'\n"
            "  expected: the name of a group, or nothing\n"
            "  hint: leave the cell empty: a film without a name is a group by itself",
        ),
    ],
)
def test_ambiguous_group_name_is_an_error_with_hint(tmp_path, groups, message):
    with pytest.raises(ConfigError) as caught:
        film_table.read_films(write_films(tmp_path, *groups), ["Drama"])
    assert message in str(caught.value)


@pytest.mark.parametrize("header", ["groups", "Group"])
def test_misspelt_group_column_is_an_error(tmp_path, header):
    with pytest.raises(ConfigError, match=rf"a column '{header.lower()}', which would be ignored"):
        film_table.read_films(write_films(tmp_path, "A", header=header), ["Drama"])


def test_unrelated_column_gives_no_groups(tmp_path):
    films = film_table.read_films(write_films(tmp_path, "A", header="studio"), ["Drama"])
    assert films[0].groups == ()


def test_retrieval_and_trailer_tables_have_a_group_column(tmp_path):
    (tmp_path / "album").mkdir()
    (tmp_path / "album/t.flac").write_bytes(b"x")
    table = tmp_path / "table.tsv"
    table.write_text("film_id\ttitle\tyear\ttags\talbum\tgroup\na\tA\t2001\tsea\talbum\tX;Y\n")
    assert described.read_films(table, {})[0].groups == ("X", "Y")
    rows = ["trailer_id\ttitle\tvideo\tgenres\tgroup"]
    for name, group in {"a1": "", "a2": "Saga", "b1": "SAGA", "c1": ""}.items():
        (tmp_path / f"{name}.mp4").write_bytes(b"x")
        rows.append(f"{name}\t{name[0]}\t{name}.mp4\tDrama\t{group}")
    table.write_text("\n".join(rows))
    assert join_titles(read_trailers(table, ["Drama"])) == {"a": "a", "b": "a", "c": "c"}
