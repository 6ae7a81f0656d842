"""The film overview of the report: binned values, keys, and the drawn rows."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from scorelens import figures, tables
from scorelens.cues import film_overview, time_series
from scorelens.cues.film_overview import confidence_colour
from scorelens.sections import formats
from tests.report_run import (
    make_cues,
    make_features,
    make_levels,
    make_run,
    make_visuals,
    path_of,
)

NAN = np.nan
COLOURS = len(figures.PALETTE)
# Krumhansl and Kessler 1982, the ratings of the pitch classes from the tonic up.
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def binned_line(times, values, groups, step_s=1):
    return time_series.binned_line(pd.Series(times), pd.Series(values), pd.Series(groups), step_s)


@pytest.mark.parametrize(
    ("duration_s", "width_s"), [(0, 1), (96.4, 1), (1000, 1), (1000.1, 2), (7200, 8), (86400, 87)]
)
def test_bin_width_gives_at_most_1000_bins(duration_s, width_s):
    assert time_series.bin_width_s(duration_s) == width_s
    assert duration_s / width_s <= 1000


def test_line_breaks_at_missing_values_and_between_cues():
    x, y = binned_line([3.0, 4, 5, 6, 7], [1.0, 2, NAN, 4, 8], list("aaaab"))
    np.testing.assert_array_equal(x, [3, 3.5, 4.5, 5, NAN, 6, 6.5, 7, NAN, 7, 7.5, 8, NAN])
    np.testing.assert_array_equal(y, [1, 1, 2, 2, NAN, 4, 4, 4, NAN, 8, 8, 8, NAN])


def test_bins_are_means_of_non_missing_values():
    x, y = binned_line([3.0, 4, 5, 6, 7, 16], [1.0, 2, NAN, 4, NAN, 5], ["a"] * 6, step_s=4)
    np.testing.assert_array_equal(x, [0, 2, 6, 8, NAN, 16, 18, 20, NAN])
    np.testing.assert_array_equal(y, [1, 1, 3, 3, NAN, 5, 5, 5, NAN])


def test_overlapping_cues_have_separate_lines():
    x, y = binned_line([3.0, 4, 4, 5], [1.0, 1, 9, 9], list("aabb"))
    np.testing.assert_array_equal(x, [3, 3.5, 4.5, 5, NAN, 4, 4.5, 5.5, 6, NAN])
    np.testing.assert_array_equal(y, [1, 1, 1, 1, NAN, 9, 9, 9, 9, NAN])


def test_line_without_values_is_empty():
    for values in ([], [NAN, NAN]):
        x, y = binned_line(
            np.arange(float(len(values))), np.array(values, float), ["a"] * len(values)
        )
        assert len(x) == len(y) == 0


@given(st.lists(st.none() | st.integers(-9, 9), max_size=60))
def test_every_non_missing_second_is_a_point_at_its_midpoint(values):
    seconds = np.arange(float(len(values)))
    known = np.array([NAN if value is None else value for value in values], float)
    x, y = binned_line(seconds, known, ["a"] * len(values))
    middles = dict(zip(x[x % 1 == 0.5], y[x % 1 == 0.5], strict=True))
    present = ~np.isnan(known)
    assert middles == dict(zip(seconds[present] + 0.5, known[present], strict=True))


def chroma(*seconds):
    """Features of one cue from 10 s on, one row for each chroma vector."""
    frame = pd.DataFrame(np.array(seconds, np.float32), columns=list(time_series.CHROMA))
    return frame.assign(cue_id="a", time_s=10.0 + np.arange(len(seconds)))


def test_key_segments_of_krumhansl_kessler_profiles():
    flat, unknown = np.ones(12), np.full(12, NAN)
    c_major, a_minor, f_sharp_major = MAJOR, np.roll(MINOR, 9), np.roll(MAJOR, 6)
    seconds = [c_major, c_major, a_minor, flat, f_sharp_major, unknown, f_sharp_major]
    segments = time_series.key_segments(chroma(*seconds), 1)
    assert segments.to_numpy().tolist() == [
        [10, 12, 0, True],
        [12, 13, 3, False],
        [14, 15, 6, True],
        [16, 17, 6, True],
    ]
    assert [time_series.FIFTHS[k] for k in (0, 3, 6, 11)] == ["C", "A", "F#", "F"]


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("profile", [MAJOR, MINOR], ids=["major", "minor"])
def test_all_24_keys_are_detected(tonic, profile):
    (segment,) = time_series.key_segments(chroma(np.roll(profile, tonic)), 1).itertuples()
    names = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    assert time_series.FIFTHS[segment.fifth] == names[tonic]
    assert segment.major == (profile == MAJOR)


def test_key_of_a_bin_is_that_of_its_mean_chroma():
    g_major, a_flat_minor = np.roll(MAJOR, 7), np.roll(MINOR, 8)
    (segment,) = time_series.key_segments(chroma(g_major, a_flat_minor, g_major), 20).itertuples()
    assert (segment.start_s, segment.end_s, segment.fifth, segment.major) == (0, 20, 1, True)
    assert time_series.key_segments(chroma(g_major)[:0], 20).empty


def test_decibels_have_a_minimum_of_minus_60():
    rms = pd.Series([1.0, 0.1, 0.001, 1e-5, 0.0, NAN])
    np.testing.assert_allclose(formats.decibels(rms), [0, -20, -60, -60, -60, NAN], atol=1e-12)


def test_cuts_per_minute_is_missing_where_cuts_are_missing():
    cuts = pd.Series(np.arange(120) % 10 == 0, dtype=float)
    rate = time_series.cuts_per_minute(cuts)
    np.testing.assert_allclose(rate[20:100], 6)
    cuts[50:60] = NAN
    assert time_series.cuts_per_minute(cuts).isna().to_numpy().nonzero()[0].tolist() == list(
        range(50, 60)
    )


@pytest.fixture
def draw(monkeypatch):
    """Draw an overview: draw(cues, features, visuals, duration_s, titles) -> axes of the rows."""
    monkeypatch.setattr(film_overview.svg, "compact_svg", lambda figure: figure)

    def rows(*arguments):
        return film_overview.draw_overview(*arguments).axes[1:]

    yield rows
    plt.close("all")


TITLES = {"a": "A", "a_track_of_a_long_name": "A <Track> of a Long Name"}


def film(duration_s=100.0):
    """A film of two cues, 10 to 30 s and 60 to 65 s, and the titles of its tracks."""
    rng = np.random.default_rng(1)
    cues = make_cues("f", 200, rng, 2).assign(
        track_id=["a", "a_track_of_a_long_name"], film_start_s=[10.0, 60], film_end_s=[30.0, 65]
    )
    features = make_features(cues, rng)
    features["rhythm.tempo.mean"] = np.where(features.time_s < 60, 90, 120)
    features["dynamics.rms.mean"] = np.where(features.time_s < 20, 0.1, NAN)
    return cues, features, make_visuals("f", rng, int(duration_s)), duration_s, TITLES


def texts_of(row):
    return [text.get_text() for text in row.texts]


def test_figure_rows_share_the_time_axis(draw):
    rows = draw(*film())
    labels = [texts_of(row)[-1].split("\n")[0] for row in rows]
    assert labels == [
        "cues", "tempo", "key", "loudness", "bright sound", "bright picture", "cuts", "motion",
    ]  # fmt: skip
    assert {row.get_xlim() for row in rows} == {(0, 100)}
    assert len({row.get_position().x0 for row in rows}) == 1
    bottoms = [row.get_position().y0 for row in rows]
    assert bottoms == sorted(bottoms, reverse=True)


def test_drawn_lines_match_features_and_visuals(draw):
    _, tempo, _, loudness, _, picture, *_ = draw(*film())
    x, y = tempo.lines[0].get_data()
    assert {(time, value) for time, value in zip(x, y, strict=True) if value == 120} == {
        (60, 120), *((second + 0.5, 120) for second in range(60, 65)), (65, 120)
    }  # fmt: skip
    assert np.nanmin(x) == 10
    assert not ((x > 30) & (x < 60)).any()
    x, y = loudness.lines[0].get_data()
    np.testing.assert_allclose(y[~np.isnan(y)], -20)
    assert np.nanmax(x) == 20
    assert (tempo.get_ylim(), loudness.get_ylim()) == ((40, 200), (-60, 0))
    visuals = film()[2]
    x, y = picture.lines[0].get_data()
    np.testing.assert_allclose(y[1:-2], visuals.brightness)
    np.testing.assert_allclose(x[1:-2], visuals.time_s + 0.5)


def test_cues_are_bars_coloured_by_track_and_labelled_if_the_title_fits(draw):
    cues, *rest = film()
    row = draw(cues.assign(confidence=[1.0, 0.5]), *rest)[0]
    assert [(bar.get_x(), bar.get_width()) for bar in row.patches] == [(10, 20), (60, 5)]
    assert to_hex(row.patches[0].get_facecolor()).upper() == figures.PALETTE[0]
    np.testing.assert_allclose(row.patches[1].get_facecolor()[:3], confidence_colour(1, 0.5))
    assert texts_of(row) == ["A", "cues\nby track"]


def test_long_title_is_truncated_to_the_bar_width(draw):
    cues, *rest = film()
    row = draw(cues.assign(film_end_s=[60.0, 73.0]), *rest)[0]
    # The bars fit 49 and 12 characters.
    assert texts_of(row) == ["A", "A <Track> o…", "cues\nby track"]


def test_confidence_colour_is_lighter_for_low_confidence():
    np.testing.assert_allclose(confidence_colour(0, 1), np.array([0x00, 0x72, 0xB2]) / 255)
    np.testing.assert_allclose(
        1 - confidence_colour(0, 0.2),
        0.3 * (1 - confidence_colour(0, 1)),
    )
    assert (confidence_colour(3, 0.8) == confidence_colour(3 + len(figures.PALETTE), 0.8)).all()
    assert confidence_colour(0, 0.7).sum() > confidence_colour(0, 0.9).sum()


def test_overview_without_features_has_only_cue_and_picture_rows(draw):
    cues, _, *rest = film()
    rows = draw(cues, None, *rest)
    assert [texts_of(row)[-1].split("\n")[0] for row in rows] == [
        "cues", "bright picture", "cuts", "motion",
    ]  # fmt: skip


def test_empty_rows_have_a_note(draw):
    cues, features, visuals, *rest = film()
    rows = draw(cues[:0], features[:0], visuals[:0], *rest)
    assert [texts_of(row)[-1] for row in rows] == ["no cue"] * 5 + ["no picture"] * 3
    by_key_frames = visuals.assign(cuts=NAN, motion_energy=NAN)
    unknown = features.assign(**{"rhythm.tempo.mean": NAN, "pitch.chroma_3.mean": NAN})
    rows = draw(cues, unknown, by_key_frames, *rest)
    assert [texts_of(row)[-1] for row in rows[1:3]] == ["no value"] * 2
    assert [texts_of(row)[-1] for row in rows[-2:]] == ["not measured"] * 2


def test_overview_of_long_film_is_small_and_deterministic():
    rng = np.random.default_rng(2)
    cues = make_cues("f", 7200, rng, 80)
    titles = {track_id: track_id for track_id in cues.track_id}
    inputs = cues, make_features(cues, rng), make_visuals("f", rng, 7200), 7200.0, titles
    drawn = film_overview.draw_overview(*inputs)
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert len(drawn) < 150_000
    assert film_overview.draw_overview(*inputs) == drawn


def test_overview_is_drawn_from_the_tables_of_a_film(tmp_path):
    inputs = make_run(tmp_path, 2)
    cues = tables.read_table(path_of(inputs, "cues/films/film_01.parquet"), tables.CUES)
    features = make_features(cues, np.random.default_rng(0))
    tables.write_table(features, tmp_path / "features.parquet", tables.FEATURES)
    tables.write_table(make_levels(cues), tmp_path / "levels.parquet", tables.CUE_LEVELS)
    tables_of_film = {
        "cues": path_of(inputs, "cues/films/film_01.parquet"),
        "visuals": path_of(inputs, "visuals/film_01.parquet"),
        "features": tmp_path / "features.parquet",
        "levels": tmp_path / "levels.parquet",
    }
    status, tracks = tmp_path / "status.tsv", tmp_path / "tracks.tsv"
    every_status = tables.read_table(path_of(inputs, "corpus/status.tsv"), tables.STATUS)
    tables.write_table(every_status[every_status.film_id == "film_01"], status, tables.STATUS)
    every_track = tables.read_table(path_of(inputs, "corpus/tracks.tsv"), tables.TRACKS)
    tables.write_table(every_track[every_track.film_id == "film_01"], tracks, tables.TRACKS)
    picture = tmp_path / "film_01.svg"
    film_overview.plot_film_overview(
        "A <Film>", status=status, tracks=tracks, path=picture, **tables_of_film
    )
    texts = [element.text for element in ElementTree.parse(picture).iter() if element.text]
    assert "A <Film>" in texts
    labels = {"cues", "music to", "tempo", "key", "loudness", "bright picture", "motion"}
    assert labels <= {text.strip() for text in texts}
