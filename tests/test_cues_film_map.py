"""The map of all films over time: shares of music, joined rows, intervals, and what is drawn."""

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from scorelens import figures, tables
from scorelens.cues import film_map
from scorelens.cues.film_map import BINS, STEPS, Averages
from scorelens.evaluation.bootstrap import draw_groups
from tests.report_run import make_cues, make_run, path_of

FILMS = pd.DataFrame({"film_id": ["a", "b"], "duration_s": [120.0, 60.0]})


def spans(*rows):
    return pd.DataFrame(rows, columns=["film_start_s", "film_end_s"])


def test_shares_are_the_covered_part_of_each_bin_by_relative_time():
    music = {"a": spans((0.0, 60.5), (30.0, 45.0)), "b": spans((59.0, 70.0))}
    shares = film_map.film_shares(FILMS, music)
    assert shares.shape == (2, BINS)
    # A bin of the first film is a second, of the second half a second; overlaps count once.
    assert shares[0, :60].tolist() == [1] * 60
    assert shares[0, 60] == pytest.approx(0.5)
    assert not shares[0, 61:].any()
    assert shares[1].tolist() == [0] * (BINS - 2) + [1, 1]
    assert not film_map.film_shares(FILMS, {})[0].any()


def test_joined_rows_keep_the_mean_and_bound_the_number():
    shares = np.random.default_rng(0).uniform(0, 1, (1000, 5))
    joined = film_map.joined_rows(shares, 250)
    assert joined.shape == (250, 5)
    np.testing.assert_allclose(joined[3], shares[12:16].mean(0))
    np.testing.assert_allclose(joined.mean(0), shares.mean(0))
    np.testing.assert_array_equal(film_map.joined_rows(shares[:7], 250), shares[:7])


def test_averages_have_intervals_that_cover_the_mean_and_shrink_with_films():
    rng = np.random.default_rng(1)
    widths = []
    for count in (20, 320):
        shares = rng.uniform(0, 1, (count, BINS))
        draws = draw_groups(count, 500, 1)
        averages = film_map.average_films(shares, draws, np.arange(count))
        assert averages.steps.shape == (3, STEPS)
        mean, low, high = averages.steps
        np.testing.assert_allclose(mean, shares.reshape(count, STEPS, -1).mean((0, 2)))
        assert ((low < mean) & (mean < high)).all()
        assert averages.whole[0] == pytest.approx(shares.mean())
        widths.append((high - low).mean())
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.25)  # the root of 16


def averages_of(shares):
    mean = shares.mean()
    return Averages(np.array([mean, mean, mean]), np.full((3, STEPS), mean))


def test_films_are_ordered_by_album_music_and_named():
    shares = np.repeat([[0.25], [0.75], [0.5]], BINS, 1)
    figure = film_map.draw_film_map(["A", "B", "C"], [shares], [averages_of(shares)])
    picture = figure.axes[1]
    names = [label.get_text() for label in picture.get_yticklabels()]
    drawn = np.asarray(picture.images[0].get_array())
    plt.close(figure)
    assert names == ["B", "C", "A"]
    assert drawn[:, 0].tolist() == [0.75, 0.5, 0.25]
    assert "50%" in figure.get_suptitle()


def test_map_of_a_thousand_films_has_bounded_size(tmp_path):
    rng = np.random.default_rng(2)
    maps = []
    for _ in range(2):  # stretches of music of two to twelve minutes
        starts = rng.random((1000, BINS)) < 0.1
        maps.append(np.clip(starts.cumsum(1) % 3, 0, 1).astype(float))
    names = [f"Film {k}" for k in range(1000)]
    figure = film_map.draw_film_map(names, maps, [averages_of(shares) for shares in maps])
    figures.save(figure, tmp_path / "map.svg")
    text = (tmp_path / "map.svg").read_text()
    assert len(text) < 400_000
    assert text.count("<image") == 4  # two maps and their legends
    assert "1,000 films, ordered by their share of album music; 4 films a row" in text
    assert "Film 7<" not in text


def test_figure_of_tables_has_title_legend_and_other_music(tmp_path):
    inputs = make_run(tmp_path, 3)
    unknown = pd.DataFrame([("film_00", 5.0, 25.0, 0.9)], columns=tables.UNKNOWN_MUSIC.names)
    tables.write_table(unknown, tmp_path / "unknown.tsv", tables.UNKNOWN_MUSIC)
    films = tables.read_table(path_of(inputs, "corpus/films.tsv"), tables.FILMS)
    groups = pd.DataFrame({"film_id": films.film_id, "group": films.film_id, "films": 1})
    groups = groups.assign(names=[()] * 3, reasons=[()] * 3)
    tables.write_table(groups, tmp_path / "groups.tsv", tables.FILM_GROUPS)
    cues = [path_of(inputs, f"cues/films/{film}.parquet") for film in films.film_id]
    written = []
    for name in ("a.svg", "b.svg"):
        film_map.plot_film_map(
            path_of(inputs, "corpus/films.tsv"),
            cues,
            tmp_path / "groups.tsv",
            tmp_path / name,
            repeats=200,
            seed=1,
            unknown=tmp_path / "unknown.tsv",
        )
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    texts = [element.text or "" for element in ElementTree.fromstring(written[0]).iter()]
    texts = [text.strip() for text in texts]
    assert any(re.match(r"Music of the album plays in \d+% \(95% interval", t) for t in texts)
    assert "share of the time with music of the album (cues)" in texts
    assert "share of the time with other music, detected, on no cue" in texts
    assert "The <0th> Film & Co" in texts


def test_one_film_has_no_interval():
    shares = film_map.film_shares(FILMS[:1], {"a": make_cues("a", 120, np.random.default_rng(0))})
    averages = film_map.average_films(shares, draw_groups(1, 10, 1), np.zeros(1, int))
    assert np.isnan(averages.whole[1:]).all()
    assert "interval" not in film_map.heading(averages.whole, 1)
    plt.close(film_map.draw_film_map(["A"], [shares], [averages]))
