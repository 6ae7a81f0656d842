"""Values that the report shows: means of films, number formats, figures."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from scorelens.features.report import distributions
from scorelens.report import provenance
from scorelens.sections import box_plots, films, formats, svg
from scorelens.visuals.report import section as visuals

FILMS = pd.DataFrame(
    {"film_id": ["a", "b", "c"], "genres": [("Drama", "Comedy"), ("Drama",), ("Comedy",)]}
)


@pytest.fixture
def svg_text(monkeypatch):
    """Figures as the text of their SVG instead of a data URI."""
    monkeypatch.setattr(svg, "data_uri", bytes.decode)


def test_covered_time_counts_overlapping_cues_once():
    cues = pd.DataFrame({"film_start_s": [5.0, 0, 20, 21], "film_end_s": [8.0, 10, 30, 35]})
    assert films.covered_s(cues) == 10 + 15


def test_film_is_counted_in_each_of_its_genres():
    table = box_plots.by_genre(pd.DataFrame({"film_id": ["a", "b"], "x": [1, 2]}), FILMS)
    assert sorted(zip(table.genre, table.x, strict=True)) == [
        ("Comedy", 1),
        ("Drama", 1),
        ("Drama", 2),
    ]


def test_film_means_average_cues_with_loudness_in_db():
    bags = pd.DataFrame(
        {
            "film_id": ["a", "a", "b"],
            "dynamics.rms.mean": [0.1, 0.01, 1.0],
            "rhythm.tempo.mean": [100.0, np.nan, np.nan],
            "mfcc.mfcc_1.mean": 7.0,
        }
    )
    means = distributions.film_means(bags).set_index("film_id")
    assert list(means) == ["dynamics.rms.mean", "rhythm.tempo.mean"]
    np.testing.assert_allclose(means["dynamics.rms.mean"], [-30, 0])
    np.testing.assert_allclose(means["rhythm.tempo.mean"], [100, np.nan])


def make_visuals(cuts):
    film = pd.DataFrame({name: [0.1, 0.2, 0.6] for name in visuals.TITLES})
    film = film.assign(cuts=cuts, shot_length_s=[2.0, 3.0, 10.0])
    return pd.concat([film.assign(film_id="a"), film.assign(film_id="c")])


def plot_visuals(table):
    return box_plots.plot_by_genre(visuals.film_statistics(table), FILMS, visuals.TITLES)


def test_film_statistics_of_visuals_match_hand_computed_values():
    means = visuals.film_statistics(make_visuals([1, 0, 1])).set_index("film_id").loc["a"]
    assert means.cuts == pytest.approx(40)  # 2 in 3 s
    assert means.shot_length_s == 3
    assert means.motion_energy == pytest.approx(0.3)


def test_sampled_films_are_counted_with_their_largest_errors():
    errors = {"brightness_error": [0, 0, 0.004, 0.006], "contrast_error": [0, 0, 0.003, 0.001]}
    table = pd.DataFrame({"film_id": ["a", "a", "b", "c"], **errors})
    expected = {"films": 2, "brightness_error": 0.006, "contrast_error": 0.003}
    assert visuals.sampled_films(table) == expected
    assert visuals.sampled_films(table[:2]) == {}
    assert visuals.sampled_films(table.assign(brightness_error=np.nan, contrast_error=np.nan)) == {}


def test_genre_labels_show_the_number_of_films(svg_text):
    figure = plot_visuals(make_visuals([1, 0, 1]))
    texts = re.findall(r">([^<>]+)</text>", figure)
    assert {"Comedy (n = 2)", "Drama (n = 1)", "cuts a minute", "shot length, s"} <= set(texts)


def test_statistics_without_values_are_not_drawn(svg_text):
    known = make_visuals(np.nan).assign(shot_length_s=np.nan, motion_energy=np.nan)
    figure = plot_visuals(known)
    assert ">colourfulness<" in figure
    assert not re.search("cuts|shot|motion", figure)
    assert plot_visuals(known[:0]) is None
    embedding = pd.DataFrame({"film_id": ["a"], "musicnn.embedding_000.mean": [1.0]})
    assert distributions.plot_features(embedding, FILMS) is None


def test_svg_coordinates_have_one_decimal():
    figure, axis = plt.subplots(figsize=(1, 1), layout="none")
    axis.plot([0, 1], [0.123456, 0.654321])
    drawn = svg.compact_svg(figure).decode()
    paths = " ".join(re.findall(r' d="([^"]*)"', drawn))
    assert re.search(r"\d\.\d", paths)
    assert not re.search(r"\d\.\d\d", paths)
    assert not plt.fignum_exists(figure.number)


@pytest.mark.parametrize(
    ("seconds", "text"), [(59.6, "1:00"), (3599.6, "1:00:00"), (61, "1:01"), (7384, "2:03:04")]
)
def test_clock_formats_seconds(seconds, text):
    assert formats.clock(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0%"), (0.004, "0.4%"), (0.431, "43%"), (1, "100%")]
)
def test_percent_formats_shares(share, text):
    assert formats.percent(share) == text


def test_missing_package_has_no_version(monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGES", ("no-such-package",))
    assert provenance.versions()["no-such-package"] == "not found under this name"


def test_p_values_below_0_001_are_shown_as_bound():
    assert [formats.p_value(p) for p in (0.0001, 0.001, 0.0304, 1)] == [
        "< 0.001",
        "0.001",
        "0.030",
        "1.000",
    ]
