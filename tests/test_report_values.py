"""The plain values that the report shows."""

import pandas as pd
import pytest

from scorelens.report import music, plots, provenance, write


def test_overlapping_cues_count_once():
    cues = pd.DataFrame({"film_start_s": [5.0, 0, 20, 21], "film_end_s": [8.0, 10, 30, 35]})
    assert music.covered_s(cues) == 10 + 15


def test_a_film_counts_in_each_of_its_genres():
    films = pd.DataFrame({"film_id": ["a", "b"], "genres": ["Drama;Comedy", "Drama"]})
    table = plots.by_genre(pd.DataFrame({"film_id": ["a", "b"], "x": [1, 2]}), films)
    assert sorted(zip(table.genre, table.x, strict=True)) == [
        ("Comedy", 1),
        ("Drama", 1),
        ("Drama", 2),
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(59.6, "1:00"), (3599.6, "1:00:00"), (61, "1:01"), (7384, "2:03:04")]
)
def test_clock(seconds, text):
    assert write.clock(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0%"), (0.004, "0.4%"), (0.431, "43%"), (1, "100%")]
)
def test_percent(share, text):
    assert write.percent(share) == text


def test_an_unknown_package_is_named_as_such(monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGES", ("no-such-package",))
    assert provenance.versions()["no-such-package"] == "not found under this name"
