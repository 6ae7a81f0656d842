"""Timeline figures of new films and albums."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from scorelens import tables
from scorelens.genres.new_media import timeline
from scorelens.genres.new_media.apply import window_spans
from tests.album_tables import titled_tracks

GENRES = ["Action", "Science Fiction"]
TITLES = {"01_opening": "The <Opening>, at Far Greater Length"}
PROVENANCE = {
    "model": "single_attention",
    "feature_set": "mir",
    "folds": 12,
    "window_s": 20,
    "hop_s": 5,
}


def make_predictions(tracks, silent=(0, 0)):
    """Windows and predictions of tracks, name -> seconds; each genre is a sine of the time."""
    spans = [
        (track, *map(float, span))
        for track, length in tracks.items()
        for span in window_spans(length, 20, 5)
        if not silent[0] <= span[0] <= span[1] <= silent[1]
    ]
    windows = pd.DataFrame(spans, columns=["track_id", "start_s", "end_s"])
    windows = windows.merge(pd.DataFrame({"genre": GENRES}), how="cross")
    middle_s = (windows["start_s"] + windows["end_s"]) / 2
    share = 0.5 + 0.3 * np.sin(middle_s / 40 + (windows["genre"] == GENRES[1]))
    windows = windows.assign(
        media="new", probability=share, fold_low=share - 0.1, fold_high=share + 0.1
    )
    names = ["", *(track for track in tracks if track)]
    track_predictions = pd.DataFrame({"track_id": names}).merge(
        pd.DataFrame({"genre": GENRES}), how="cross"
    )
    share = np.linspace(0.3, 0.7, len(track_predictions))
    track_predictions = track_predictions.assign(
        media="new", probability=share, fold_low=share, fold_high=share
    )
    return windows, track_predictions.assign(predicted=share > 0.5)


def album(windows):
    """Rows of TRACKS whose file names are the track ids; one track has a title."""
    ids = [track or "new" for track in windows["track_id"].unique()]
    rows = [(TITLES.get(track, ""), "", "", None, None) for track in ids]
    paths = [f"album/{track}.flac" for track in ids]
    return titled_tracks("new", *rows).assign(track_id=ids, path=paths)


def names_of(windows):
    return {track: track for track in windows["track_id"]}


def drawn(folder, windows, track_predictions):
    """The figure that `plot_timeline` writes, as text."""
    tables.write_table(windows, folder / "w.parquet", tables.GENRE_APPLIED, PROVENANCE)
    tables.write_table(track_predictions, folder / "a.tsv", tables.GENRE_MEDIA_PREDICTIONS)
    tables.write_table(album(windows), folder / "t.tsv", tables.TRACKS)
    timeline.plot_timeline(*(folder / name for name in ("w.parquet", "a.tsv", "t.tsv", "line.svg")))
    return (folder / "line.svg").read_text()


def size_pt(svg):
    return tuple(float(re.search(rf'{side}="([\d.]+)pt"', svg)[1]) for side in ("width", "height"))


def test_film_timeline_has_one_curve_per_genre_and_minute_ticks(tmp_path):
    svg = drawn(tmp_path, *make_predictions({"": 10_800}))
    for text in ("new: Single attention (mir)", "Action", "60:00", "180:00", "0.30", "0.70"):
        assert f">{text}<" in svg
    assert "mean of the 12 models, each trained without one film of the corpus" in svg
    assert "not calibrated" in svg
    assert "windows of 20 s every 5 s" in svg
    assert len(svg) < 400_000  # 2157 windows are averaged to the width of a screen


def test_timeline_of_three_minutes_has_ticks_every_30_s(tmp_path):
    svg = drawn(tmp_path, *make_predictions({"": 180}))
    assert ">0:30<" in svg
    assert ">3:00<" in svg


def test_short_album_tracks_are_drawn_in_sequence_with_names(tmp_path):
    windows, track_predictions = make_predictions({"01_opening": 120, "02_finale": 60})
    svg = drawn(tmp_path, windows, track_predictions)
    assert ">The &lt;Opening&gt;, at Far Great…<" in svg
    assert ">02_finale<" in svg
    assert ">3:00<" in svg
    figure = timeline.curves_figure(windows, track_predictions, PROVENANCE, names_of(windows))
    curves = [line.get_xdata() for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    assert [(x[0], x[-1]) for x in curves] == [(0, 120), (120, 180)]
    plt.close(figure)


@pytest.mark.parametrize(
    "tracks", [{f"track_{k:02d}": 60 for k in range(14)}, {"long": 3000, "stinger": 5}]
)
def test_albums_with_many_or_short_tracks_get_one_row_per_track(tmp_path, tracks):
    windows, track_predictions = make_predictions(tracks)
    svg = drawn(tmp_path, windows, track_predictions)
    for track in tracks:
        assert f">{track}<" in svg
    assert ">probability<" in svg
    for value in track_predictions["probability"]:
        assert f">{value:.2f}<" in svg


def test_figure_height_grows_by_one_row_per_track(tmp_path):
    heights = [
        size_pt(drawn(tmp_path, *make_predictions({f"t{k:02d}": 60 for k in range(count)})))[1]
        for count in (20, 40)
    ]
    assert heights[1] - heights[0] == pytest.approx(20 * 72 * timeline.ROW_INCHES, abs=1)


def test_curves_are_split_at_silence():
    windows, track_predictions = make_predictions({"": 300}, silent=(100, 200))
    runs = timeline.split_at_silence(windows[windows["genre"] == "Action"], 5)
    assert [(run["start_s"].iloc[0], run["end_s"].iloc[-1]) for run in runs] == [
        (0, 115),
        (185, 300),
    ]
    figure = timeline.curves_figure(windows, track_predictions, PROVENANCE, names_of(windows))
    curves = [line.get_xdata() for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    assert [(x[0], x[-1]) for x in curves] == [(0, 115), (185, 300)]
    plt.close(figure)


def test_sample_probability_uses_the_nearest_window_or_nan():
    rows = pd.DataFrame(
        {"start_s": [0.0, 10, 60], "end_s": [20.0, 30, 80], "probability": [0.1, 0.2, 0.3]}
    )
    moments_s = np.array([1, 14.9, 15.1, 29, 40, 65, 81])
    shades = timeline.sample_probability(rows, moments_s)
    np.testing.assert_array_equal(shades, [0.1, 0.1, 0.2, 0.2, np.nan, 0.3, np.nan])


def test_average_windows_is_the_mean_per_interval():
    windows, _ = make_predictions({"": 100})
    run = windows[windows["genre"] == "Action"]
    assert len(timeline.average_windows(run, 1)) == len(run)
    coarse = timeline.average_windows(run, 20)
    assert coarse["start_s"].iloc[0] == 0
    assert coarse["end_s"].iloc[-1] == 100
    middle_s = (run["start_s"] + run["end_s"]) / 2
    second = run[(middle_s >= 20) & (middle_s < 40)]
    for name in ("probability", "fold_low", "fold_high"):
        assert coarse[name].iloc[1] == pytest.approx(second[name].mean())


def test_timeline_svg_is_deterministic(tmp_path):
    for tracks in ({"": 300}, {f"t{k}": 60 for k in range(12)}):
        assert drawn(tmp_path, *make_predictions(tracks)) == drawn(
            tmp_path, *make_predictions(tracks)
        )
