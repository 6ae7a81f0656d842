"""How films use their albums: spotting, cues, tracks, order, and means over genres."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens import tables
from scorelens.cues import film_music, plot_music, summarize
from scorelens.cues.report.music import MEASURES, measure_rows
from tests.cue_tables import cue_table
from tests.group_tables import write_film_groups

ALBUM = [("a", 100.0), ("b", 50.0), ("c", 200.0), ("d", 150.0)]


def track_table(film="film", album=ALBUM, numbers=None):
    frame = pd.DataFrame(album, columns=["track_id", "duration_s"])
    empty = dict.fromkeys(["title", "artist", "composer", "album", "isrc", "publisher"], "")
    numbers = [pd.NA] * len(frame) if numbers is None else numbers
    frame = frame.assign(film_id=film, path="t.flac", start_s=0.0, sample_rate_hz=44_100, **empty)
    frame["disc"] = pd.array([pd.NA] * len(frame), "Int64")
    frame["number"] = pd.array(numbers, "Int64")
    return frame.assign(sha256="0")


CUES = cue_table(
    "film",
    ("b", 0.0, 50.0, 0.0),  # whole
    ("a", 100.0, 120.0, 30.0),
    ("a", 110.0, 140.0, 40.0),  # 10 s at once with the one before, and of the same passage
    ("c", 500.0, 600.0, 50.0),
)


def test_film_is_described_by_numbers_counted_by_hand():
    row = film_music.describe_film("film", 1000.0, CUES, track_table())
    assert row["cues"] == 4
    assert row["cue_length_s"] == 40.0  # of 20, 30, 50 and 100
    assert row["music_share"] == pytest.approx((50 + 40 + 100) / 1000)
    assert row["overlap_share"] == pytest.approx(10 / 190)
    assert row["longest_gap_s"] == 400.0
    assert (row["tracks"], row["unused_share"]) == (4, 0.25)
    assert row["part_share"] == 0.5  # a and c
    assert row["repeated_share"] == 0.25
    assert row["album_share"] == pytest.approx((50 + 40 + 100) / 500)
    assert row["album_order"] == pytest.approx(1 / 3)  # b before a; a and b before c


def test_film_without_cues_has_no_length_overlap_or_order():
    row = film_music.describe_film("film", 60.0, CUES[:0], track_table())
    missing = {name for name, value in row.items() if value is not None and value != value}
    assert missing == {"cue_length_s", "overlap_share", "album_order"}
    assert (row["music_share"], row["unused_share"], row["longest_gap_s"]) == (0, 1, 60)
    assert film_music.spot_film("film", 60.0, CUES[:0]).music_share.tolist() == [0.0] * 10


def test_tenths_hold_the_music_of_their_seconds():
    spotting = film_music.spot_film("film", 1000.0, CUES)
    assert spotting.tenth.tolist() == list(range(1, 11))
    expected = [0.5, 0.4, 0, 0, 0, 1.0, 0, 0, 0, 0]
    assert spotting.music_share.to_numpy() == pytest.approx(expected)


def test_cues_past_the_end_of_film_or_track_do_not_count():
    cues = cue_table("film", ("b", 90.0, 130.0, 20.0), ("a", 0.0, 10.0, 95.0))
    row = film_music.describe_film("film", 100.0, cues, track_table())
    assert row["music_share"] == pytest.approx(0.2)
    assert row["album_share"] == pytest.approx((30 + 5) / 500)


def test_speed_scales_the_time_in_the_track():
    cues = cue_table("film", ("c", 0.0, 96.0, 0.0)).assign(speed=25 / 24)
    row = film_music.describe_film("film", 100.0, cues, track_table())
    assert row["album_share"] == pytest.approx(100 / 500)


@pytest.mark.parametrize(
    ("numbers", "expected"), [(None, 1.0), ([4, 3, 2, 1], -1.0), ([1, 2, 4, 3], 2 / 3)]
)
def test_album_order_follows_track_numbers_or_files(numbers, expected):
    rows = [(track, 10.0 * k, 10.0 * k + 5, 0.0) for k, (track, _) in enumerate(ALBUM)]
    cues = cue_table("film", *rows)
    order = film_music.album_order(cues, track_table(numbers=numbers))
    assert order == pytest.approx(expected)


def test_discs_are_in_order_before_numbers():
    tracks = track_table(numbers=[1, 2, 1, 2])
    tracks["disc"] = pd.array([2, 2, 1, 1], "Int64")
    assert film_music.album_positions(tracks).to_dict() == {"c": 0, "d": 1, "a": 2, "b": 3}


def test_order_of_two_tracks_is_missing():
    cues = cue_table("film", ("a", 0.0, 5.0, 0.0), ("b", 10.0, 15.0, 0.0))
    assert np.isnan(film_music.album_order(cues, track_table()))


def test_order_of_random_films_is_zero_on_average():
    random = np.random.default_rng(0)
    tracks = track_table(album=[(f"t{k}", 60.0) for k in range(8)])
    orders = [
        film_music.album_order(
            cue_table("film", *[(f"t{k}", s, s + 1, 0.0) for k, s in enumerate(starts)]), tracks
        )
        for starts in random.permuted(np.tile(np.arange(8.0), (200, 1)), axis=1)
    ]
    deviation = np.sqrt(2 * (2 * 8 + 5) / (9 * 8 * 7))  # of tau under independence (Kendall 1938)
    assert np.mean(orders) == pytest.approx(0, abs=3 * deviation / np.sqrt(200))
    assert np.std(orders) == pytest.approx(deviation, rel=0.15)


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=8)


@given(spans)
def test_union_and_overlap_equal_counting_whole_seconds(spans):
    starts = np.array([start for start, _ in spans], float)
    ends = starts + np.array([length for _, length in spans], float)
    depth = np.zeros(100, int)
    for start, length in spans:
        depth[start : start + length] += 1
    assert film_music.total_s(film_music.union((starts, ends))) == (depth >= 1).sum()
    overlap = film_music.union(film_music.overlaps((starts, ends)))
    assert film_music.total_s(overlap) == (depth >= 2).sum()
    silent = "".join("01"[int(d == 0)] for d in depth).split("0")
    assert film_music.longest_gap_s((starts, ends), 100.0) == max(map(len, silent))


@given(spans)
def test_mean_of_tenths_is_the_share_of_the_film(spans):
    cues = cue_table("film", *[("a", s, s + length, 0.0) for s, length in spans])
    spotting = film_music.spot_film("film", 93.0, cues)
    described = film_music.describe_film("film", 93.0, cues, track_table())
    assert spotting.music_share.mean() == pytest.approx(described["music_share"])


def small_corpus(films=6):
    """Films whose share of music is .1, .2, ...; every second one is a Comedy too."""
    rows = [(f"f{k}", 1000.0, ("Comedy", "Drama") if k % 2 else ("Drama",)) for k in range(films)]
    table = pd.DataFrame(rows, columns=["film_id", "duration_s", "genres"])
    table = table.assign(title="T", year=2000, has_picture=True, tracks=4)
    cues = {
        film: cue_table(film, ("c", 0.0, 100.0 * (k + 1), 0.0))
        for k, film in enumerate(table.film_id)
    }
    tracks = pd.concat([track_table(film) for film in table.film_id])
    return table, tracks, cues


def test_means_of_genres_are_those_of_their_films():
    summary = summarize.summarize_films(*small_corpus(), {}, repeats=500, seed=1)
    whole = summary.genres[summary.genres.tenth.isna()].set_index(["genre", "measure"])
    assert whole.loc[("all", "music_share"), "mean"] == pytest.approx(0.35)
    comedy = whole.loc[("Comedy", "music_share")]
    assert (comedy.films, comedy["mean"]) == (3, pytest.approx(0.4))
    assert comedy.low < 0.4 < comedy.high
    assert whole.loc[("Drama", "music_share"), "mean"] == pytest.approx(0.35)
    assert whole.loc[("all", "album_order"), "films"] == 0
    first = summary.genres[(summary.genres.tenth == 3) & (summary.genres.genre == "all")]
    assert first["mean"].tolist() == [pytest.approx(4 / 6)]


def test_copies_of_a_film_in_its_group_leave_the_intervals_as_they_are():
    films, tracks, cues = small_corpus()
    copied = films.assign(film_id=films.film_id + "_copy")
    both = pd.concat([films, copied], ignore_index=True)
    both_tracks = pd.concat([tracks, tracks.assign(film_id=tracks.film_id + "_copy")])
    both_cues = {film: cues[film.removesuffix("_copy")] for film in both.film_id}
    groups = {film: film.removesuffix("_copy") for film in both.film_id}
    one = summarize.summarize_films(films, tracks, cues, {}, repeats=200, seed=1).genres
    two = summarize.summarize_films(both, both_tracks, both_cues, groups, repeats=200, seed=1)
    averages = ["mean", "low", "high"]
    assert one[averages].to_numpy() == pytest.approx(
        two.genres[averages].to_numpy(), nan_ok=True, abs=1e-12
    )
    assert (two.genres.films == 2 * one.films).all()


def test_summary_is_written_read_and_drawn_the_same_each_time(tmp_path):
    films, tracks, cues = small_corpus()
    tables.write_table(films, tmp_path / "films.tsv", tables.FILMS)
    tables.write_table(tracks, tmp_path / "tracks.tsv", tables.TRACKS)
    for film, table in cues.items():
        tables.write_table(table, tmp_path / f"{film}.parquet", tables.CUES)
    paths = [tmp_path / f"{film}.parquet" for film in cues]
    outputs = [tmp_path / f"{name}.tsv" for name in ("film_music", "spotting", "genre_music")]
    contents = []
    for _ in range(2):
        groups = write_film_groups(tmp_path / "groups.tsv", list(cues), 1)
        inputs = (tmp_path / "films.tsv", tmp_path / "tracks.tsv", paths, groups)
        summarize.summarize_cues(*inputs, outputs, repeats=100, seed=3)
        plot_music.plot_cue_summary(outputs[2], tmp_path / "s.svg", tmp_path / "m.svg")
        written = [*outputs, tmp_path / "s.svg", tmp_path / "m.svg"]
        contents.append([path.read_bytes() for path in written])
    assert contents[0] == contents[1]
    rows = measure_rows(tables.read_table(outputs[2], tables.GENRE_MUSIC))
    assert [row["name"] for row in rows] == ["all films", "Comedy", "Drama"]
    assert rows[1]["cells"][MEASURES.index("music_share")]["mean"] == pytest.approx(0.4)
    assert "Comedy (3)" in (tmp_path / "m.svg").read_text()


def test_spotting_figure_draws_the_means_of_the_table():
    summary = summarize.summarize_films(*small_corpus(), {}, repeats=50, seed=1)
    figure = plot_music.spotting_figure(summary.genres)
    drawn = figure.axes[0].lines[0].get_ydata()
    expected = summary.genres[(summary.genres.genre == "all") & summary.genres.tenth.notna()]
    assert drawn == pytest.approx(expected["mean"].to_numpy(float))
