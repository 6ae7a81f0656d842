"""Comparison of clips with a cue: their picture, their predictions, scores, and the figure."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_audiovisual_comparison import make_visuals

from scorelens import tables
from scorelens.audiovisual_comparison import clips, compare, plot
from scorelens.audiovisual_comparison.picture import MEASURES
from scorelens.evaluation.group_difference_plot import LABELLINGS
from tests.genre_tables import make_cue_table

GENRES = ["Horror", "Comedy"]
CLIPS_PER_FILM, FILMS = 3, 8


def cue_rows(*spans, film="one"):
    """Rows of CUES, cue_000 and so on, from their start and end in the film."""
    table = make_cue_table(film, len(spans))
    return table.assign(film_start_s=[s for s, _ in spans], film_end_s=[e for _, e in spans])


def test_clip_values_are_medians_over_the_seconds_whose_middle_is_in_the_cue():
    visuals = make_visuals("one", np.arange(10) / 10, cuts=[0, 0, 1, 0, 2, 0, 0, 0, 0, 3])
    cues = cue_rows((2.0, 5.0), (2.6, 5.4), (4.0, 4.4), (4.6, 20.0), (4.0, 6.0))
    values = clips.clip_values(visuals, cues)
    names = [cue for _, cue in values.index]
    assert names == ["cue_000", "cue_001", "cue_003", "cue_004"]  # no middle lies in cue_002
    # Seconds 2, 3, 4; 3, 4; 5 to 9; 4, 5.
    assert values["brightness"].tolist() == pytest.approx([0.3, 0.35, 0.7, 0.45])
    assert values["cut_rate"].tolist() == pytest.approx([60, 60, 36, 60])


def test_clips_need_pictures_of_their_film():
    cues = pd.concat([cue_rows((0, 3)), cue_rows((0, 3), film="two")])
    values = clips.clip_values(make_visuals("two", [0.5, 0.5, 0.5]), cues)
    assert values.index.tolist() == [("two", "cue_000")]
    assert np.isnan(values.loc[("two", "cue_000"), "cut_rate"])  # key frames alone
    assert clips.clip_values(make_visuals("three", []), cues).empty


def genre_cue_rows(probability, film="one", ids=None):
    """Rows of GENRE_CUES. probability: (instances, genres)."""
    count = len(probability)
    ids = ids or [f"cue_{k:03d}" for k in range(count)]
    return pd.DataFrame(
        {
            "film_id": film,
            "cue_id": np.repeat(ids, len(GENRES)),
            "genre": np.tile(GENRES, count),
            "probability": np.ravel(probability),
            "weight": 1 / count,
        }
    )


def test_clip_predictions_are_those_of_the_cue_above_one_half():
    cues = cue_rows((0, 3), (3, 6), (6, 9))
    decided = clips.clip_predictions(genre_cue_rows([[0.6, 0.5], [0.2, 0.9]]), cues, "mir_frames")
    assert decided.columns.tolist() == GENRES
    assert decided.index.tolist() == [("one", "cue_000"), ("one", "cue_001")]
    assert decided.to_numpy().tolist() == [[True, False], [False, True]]


def test_clip_predictions_of_whole_tracks_are_those_of_the_track_that_plays():
    cues = cue_rows((0, 3), (3, 6), (6, 9)).assign(track_id=["b", "a", "b"])
    by_track = genre_cue_rows([[0.9, 0.1], [0.1, 0.9]], ids=["a", "b"])
    decided = clips.clip_predictions(by_track, cues, "mir_tracks")
    assert decided["Horror"].tolist() == [False, True, False]


def make_clips(seed=0):
    """Values of MEASURES of 24 clips, with labels of films and decisions about clips."""
    random = np.random.default_rng(seed)
    film = np.repeat([f"film_{k}" for k in range(FILMS)], CLIPS_PER_FILM)
    cue = np.tile([f"cue_{k}" for k in range(CLIPS_PER_FILM)], FILMS)
    index = pd.MultiIndex.from_arrays([film, cue], names=["film_id", "cue_id"])
    values = pd.DataFrame(random.gamma(2, 1, (len(index), len(MEASURES))), index, list(MEASURES))
    horror = np.arange(FILMS) < 3
    names = pd.Index([f"film_{k}" for k in range(FILMS)])
    actual = pd.DataFrame(np.stack([horror, ~horror], axis=1), names, GENRES)
    decided = pd.DataFrame(random.random((len(index), 2)) < 0.5, index, GENRES)
    return values, actual, decided


def by_hand(values, inside):
    """Difference of medians in standard deviations, and p of Mann and Whitney."""
    scaled = (values - values.mean()) / values.std(ddof=0)
    groups = scaled[inside], scaled[~inside]
    return np.median(groups[0]) - np.median(groups[1]), stats.mannwhitneyu(*groups).pvalue


def test_differences_of_clips_are_those_of_each_labelling_against_all_other_clips():
    values, actual, decided = make_clips()
    table = clips.compare_clips(values, actual, actual, decided, 99, 50, 1)
    rows = table.set_index(["genre", "measure", "labelling"])
    labels = actual.loc[values.index.get_level_values(0), "Horror"].to_numpy()
    guesses = decided["Horror"].to_numpy()
    masks = {"actual": labels, "predicted": guesses, "false_positive": guesses & ~labels}
    for measure in MEASURES:
        for labelling, inside in masks.items():
            row = rows.loc[("Horror", measure, labelling)]
            difference, p = by_hand(values[measure].to_numpy(), inside)
            assert row.difference == pytest.approx(difference)
            spread = values[measure].std(ddof=0)
            assert row.raw_difference == pytest.approx(difference * spread)
            tests = len(GENRES) * len(MEASURES)
            assert row.p_published == pytest.approx(min(1, p * tests))
            assert (row.clips_with, row.clips_without) == (inside.sum(), (~inside).sum())
            assert row.films_with == values.index[inside].get_level_values(0).nunique()
    assert table.labelling.tolist() == list(LABELLINGS) * 2 * len(MEASURES)


def test_clips_without_prediction_or_measure_are_left_out():
    values, actual, decided = make_clips()
    values.iloc[0, list(MEASURES).index("contrast")] = np.nan
    table = clips.compare_clips(values, actual, actual, decided.iloc[:-2], 9, 9, 1)
    counts = table.assign(clips=table.clips_with + table.clips_without)
    by_measure = counts.groupby("measure")["clips"].unique().map(list).to_dict()
    assert by_measure == {name: [21 if name == "contrast" else 22] for name in MEASURES}


def test_without_cue_predictions_a_clip_has_those_of_its_film():
    values, actual, _ = make_clips()
    table = clips.compare_clips(values, actual, ~actual, None, 99, 50, 1)
    rows = table.set_index(["genre", "measure", "labelling"])
    both = [rows.loc[(g, "brightness", "actual"), "difference"] for g in GENRES]
    swapped = [rows.loc[(g, "brightness", "predicted"), "difference"] for g in GENRES]
    assert both == swapped[::-1]
    false = rows.loc[("Horror", "brightness", "false_positive")]
    assert false.difference == swapped[0]


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """The table of a run of eight films of 90 s with four cues each."""
    folder, random = tmp_path_factory.mktemp("clips"), np.random.default_rng(2)
    paths = {"visuals": [], "cues": []}
    predictions, by_cue = [], []
    for number in range(FILMS):
        film, labels = f"film_{number}", [number < 3, number >= 3]
        light = 0.3 + 0.2 * labels[1] + 0.05 * random.random(90)
        rows = make_visuals(film, light, cuts=random.integers(0, 2, 90))
        cues = make_cue_table(film, 4, duration_s=100, seed=number)
        for name, table, kind in (
            ("visuals", rows, tables.VISUALS),
            ("cues", cues, tables.CUES),
        ):
            paths[name].append(folder / f"{film}.{name}.parquet")
            tables.write_table(table, paths[name][-1], kind)
        by_cue.append(genre_cue_rows(random.random((4, 2)), film))
        predictions.append(
            pd.DataFrame({"film_id": film, "genre": GENRES, "actual": labels, "predicted": labels})
        )
    table = pd.concat(predictions).assign(probability=0.5, fold=0, repeat=0)
    tables.write_table(table, folder / "predictions.parquet", tables.PREDICTIONS)
    tables.write_table(pd.concat(by_cue), folder / "cues.parquet", tables.GENRE_CUES)
    output = folder / "scores.tsv"
    inputs = folder / "predictions.parquet", folder / "cues.parquet", paths["visuals"]
    compare.compare(*inputs, paths["cues"], "mir", "single_attention", 199, 100, 1, output)
    return output


def test_table_has_films_and_clips(scores):
    table = tables.read_table(scores, tables.AUDIOVISUAL_COMPARISON)
    assert table.unit.value_counts().to_dict() == dict.fromkeys(["film", "clip"], 30)
    films, of_clips = (table[table.unit == unit] for unit in ("film", "clip"))
    assert films[["clips_with", "clips_without", "p_published"]].isna().all(axis=None)
    assert (of_clips.clips_with + of_clips.clips_without == 4 * FILMS).all()
    row = of_clips.set_index(["genre", "measure", "labelling"]).loc[
        ("Comedy", "brightness", "actual")
    ]
    assert row.raw_difference == pytest.approx(0.2, abs=0.03)
    # Eight films can be labelled in 56 ways, of which one or two are as extreme as this.
    assert 1 / 200 <= row.p <= 0.06
    assert row.p_published < 1e-3
    assert (row.films_with, row.films_without) == (5, 3)


def test_figure_shows_films_above_clips_and_rings_the_published_test(scores):
    table = tables.read_table(scores, tables.AUDIOVISUAL_COMPARISON)
    figure = plot.difference_figure(table)
    rows = np.array(figure.axes).reshape(2, len(MEASURES))
    assert [axis.get_ylabel() for axis in rows[:, 0]] == ["Films", "Clips with a cue"]
    assert "12 / " in rows[1, 0].get_yticklabels()[0].get_text()
    assert rows[1, 0].get_yticklabels()[0].get_text().endswith(" clips")
    published = table[table.p_published < 0.05]
    rings = [
        line.get_xdata()[0]
        for axis in rows.ravel()
        for line in axis.lines
        if line.get_markersize() == plot.RING["ms"]
    ]
    assert len(published) >= 2
    assert sorted(rings) == sorted(published.difference)
