"""Tests of the tagger figures against their tables."""

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from scorelens.tables import (
    FILMS,
    TAGGER_CONFUSIONS,
    TAGGER_SCORES,
    TAGGER_TILES,
    TAGGER_TRACKS,
    TRACKS,
    read_table,
    write_table,
)
from scorelens.tagger import MODELS, RANDOM, TILE_S, TITLES, plot, score, tag_curve
from tests.album_tables import titled_tracks
from tests.tagger_tables import GENRES, make_labels, make_tables, tables_of

FIGURES = ("ranking", "genres", "confusions")
SKILLS = dict(zip(MODELS, (0, 0.1, 0.3, 0.2, 0.5, 0.6, 0.4), strict=True))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Tables of all models; cnn is the best of the thesis, embedding_linear the best of all."""
    folder, tiles, tracks = tmp_path_factory.mktemp("tagger"), {}, {}
    actual = make_labels(12)
    for model, skill in SKILLS.items():
        tiles[model], tracks[model] = folder / f"tiles_{model}.parquet", folder / f"{model}.parquet"
        for table, path, schema in zip(
            make_tables(actual, 6, 6, skill),
            (tiles[model], tracks[model]),
            (TAGGER_TILES, TAGGER_TRACKS),
            strict=True,
        ):
            write_table(table, path, schema)
    outputs = [folder / f"{name}.tsv" for name in ("scores", "confusions", "outcomes")]
    score.score(tiles, tracks, [1, 3, 5], 50, 50, 0, *outputs)
    return folder


@pytest.fixture
def scores(results):
    yield read_table(results / "scores.tsv", TAGGER_SCORES)
    plt.close("all")


@pytest.fixture
def confusions(results):
    return read_table(results / "confusions.tsv", TAGGER_CONFUSIONS)


def svg_texts(path):
    return [
        "".join(node.itertext()) for node in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")
    ]


def dots(axis):
    """Values and face colours of the round markers of a panel."""
    lines = [line for line in axis.lines if line.get_marker() == "o"]
    values = np.concatenate([line.get_xdata() for line in lines])
    return values, [line.get_markerfacecolor() for line in lines]


def test_figures_name_every_model_and_genre(results, tmp_path):
    paths = {name: tmp_path / f"{name}.svg" for name in FIGURES}
    plot.plot(results / "scores.tsv", results / "confusions.tsv", paths)
    ranking, genres, confusions = (svg_texts(paths[name]) for name in FIGURES)
    assert {TITLES[model] for model in MODELS} <= set(ranking)
    assert {"random ranking", "of the thesis", "better \N{RIGHTWARDS ARROW}"} <= set(ranking)
    assert {"CNN on MFCC", "Linear on embeddings", "Precision", "Recall", "F1"} <= set(genres)
    assert "DNN on MFCC" not in genres
    assert {"macro", "weighted"} <= set(genres)
    assert set(GENRES) <= set(confusions)
    assert "% of the tracks of the genre" in confusions


def test_figures_are_deterministic(results, tmp_path):
    drawn = []
    for time in range(2):
        paths = {name: tmp_path / f"{name}_{time}.svg" for name in FIGURES}
        plot.plot(results / "scores.tsv", results / "confusions.tsv", paths)
        drawn.append([path.read_bytes() for path in paths.values()])
    assert drawn[0] == drawn[1]


def test_ranking_figure_markers_are_at_the_scores(scores):
    figure = plot.ranking_figure(scores)
    panels = [
        (measure, level)
        for measure in ("coverage_error", "label_ranking_average_precision")
        for level in ("track", "tile")
    ]
    for axis, (measure, level) in zip(figure.axes, panels, strict=True):
        rows = scores[(scores["measure"] == measure) & (scores["level"] == level)]
        random, models = rows[rows["model"] == RANDOM].iloc[0], rows[rows["model"] != RANDOM]
        marks, fills = dots(axis)
        assert marks.tolist() == models["value"].tolist()
        assert [fill != "white" for fill in fills] == (models["p"] < 0.05).tolist()
        [chance] = [line for line in axis.lines if line.get_marker() == "|"]
        assert chance.get_xdata().tolist() == models["chance"].tolist()
        [line] = [line for line in axis.lines if line.get_linestyle() == "--"]
        assert set(line.get_xdata()) == {random["value"]}
        bold = [text.get_text() for text in axis.texts if text.get_weight() == "bold"]
        best = models["value"].min() if measure == "coverage_error" else models["value"].max()
        assert bold == [f"{best:.2f}"]
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()


def test_best_model_has_the_highest_track_ranking_precision(scores):
    assert plot.best_model(scores) == "embedding_linear"
    assert plot.best_model(scores, thesis=True) == "cnn"
    assert plot.best_model(scores, thesis=False) == "embedding_linear"
    thesis = scores[scores["model"].isin(["dnn", RANDOM])]
    assert plot.best_model(thesis, thesis=False) is None
    frequency = scores[scores["model"].isin(["frequency_ranking", RANDOM])]
    assert plot.best_model(frequency) == "frequency_ranking"
    better = scores.copy()
    better.loc[better["model"].isin(["frequency_ranking", RANDOM]), "value"] = 2.0
    assert plot.best_model(better) == "embedding_linear"


def test_genre_figure_shows_scores_of_the_middle_tag_count_and_support(scores):
    figure = plot.genre_figure(scores)
    rows = scores[(scores["level"] == "track") & (scores["top"] == 3)]
    for axis, measure in zip(figure.axes, ("precision", "recall", "f1"), strict=True):
        model_rows = (
            rows[(rows["measure"] == measure)].set_index("model").loc[["embedding_linear", "cnn"]]
        )
        assert dots(axis)[0].tolist() == model_rows["value"].tolist()
        assert [bar.get_width() for bar in axis.patches] == model_rows["value"].tolist()
        spans = np.concatenate([lines.get_segments() for lines in axis.collections])[:, :, 0]
        np.testing.assert_allclose(spans, model_rows[["low", "high"]])
    support = rows.set_index("genre")["support"]
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    expected = [f"{genre} ({support[genre].iloc[0]})" for genre in GENRES]
    assert labels == [*expected, "macro", "weighted"]
    assert "3" in figure.legends[0].get_title().get_text()


@pytest.mark.parametrize("model", ["dnn", "frequency_ranking"])
def test_figures_of_a_single_model_are_drawn(scores, confusions, model):
    single = scores[scores["model"].isin([model, RANDOM])]
    assert len(plot.ranking_figure(single).axes) == 4
    [label] = plot.genre_figure(single).legends[0].get_texts()
    assert label.get_text() == TITLES[model]
    assert (
        plot.confusion_figure(single, confusions)
        .axes[0]
        .get_title("right")
        .startswith(TITLES[model])
    )


def test_confusion_figure_shows_percentages_of_the_best_model(scores, confusions):
    axis = plot.confusion_figure(scores, confusions).axes[0]
    shares = confusions[confusions["model"] == "embedding_linear"].set_index(["genre", "tagged"])
    rows = [label.get_text().rsplit(" (", 1)[0] for label in axis.get_yticklabels()]
    columns = [label.get_text() for label in axis.get_xticklabels()]
    assert set(rows) == set(shares.index.get_level_values("genre"))
    assert columns == GENRES
    assert len(axis.texts) == len(rows) * len(columns)
    for text in axis.texts:
        column, row = text.get_position()
        pair = rows[row], columns[column]
        share = "\N{EN DASH}" if pair[0] == pair[1] else f"{100 * shares.loc[pair, 'share']:.0f}"
        assert text.get_text() == share


def test_confusion_figure_of_a_model_without_errors_shows_zeros(scores, confusions):
    axis = plot.confusion_figure(scores, confusions.assign(tracks=0, share=0.0)).axes[0]
    assert {text.get_text() for text in axis.texts} == {"0", "\N{EN DASH}"}


def profile_tables():
    """Two films of one genre each; the second track of each film is the longer one."""
    lengths = [2, 3, 1, 3]
    film, track = np.repeat([0, 0, 1, 1], lengths), np.repeat([0, 1, 0, 1], lengths)
    start_s = TILE_S * np.concatenate([np.arange(length) for length in lengths])
    probability = np.random.default_rng(0).random((len(film), 5))
    actual = np.eye(5, dtype=bool)[:2]
    return tables_of(film, track, start_s, probability, actual)


def test_chosen_tracks_are_the_longest_of_each_genre():
    tiles, tracks = profile_tables()
    longest = "01_a_track_of_the_album"
    assert tag_curve.chosen_tracks(tiles, tracks) == [("film_000", longest), ("film_001", longest)]
    many = make_tables(make_labels(20), 4, 5)
    chosen = tag_curve.chosen_tracks(*many)
    assert len(chosen) == 6
    assert len(set(chosen)) == 6
    assert chosen == tag_curve.chosen_tracks(many[0].iloc[::-1], many[1])


def test_profile_figure_shows_tiles_and_the_most_probable_tags():
    tiles, tracks = profile_tables()
    keys = set(zip(tracks["film_id"], tracks["track_id"], strict=True))
    names = {key: f"A Track $ of {key[0]}" for key in keys}
    figure = tag_curve.profile_figure("A model", tiles, tracks, names)
    axis = figure.axes[1]
    assert axis.get_title("left") == "A Track $ of film_001 (Adventure)"
    track_tags = tracks[(tracks["film_id"] == "film_001") & tracks["track_id"].str.startswith("01")]
    track_tags = track_tags.sort_values("rank")
    tags = [f"{row.genre} {row.probability:.2f}" for row in track_tags.itertuples()][:3]
    assert [text.get_text() for text in axis.get_legend().get_texts()] == tags
    assert len(axis.lines) == 5
    first = axis.lines[0]
    np.testing.assert_allclose(first.get_xdata(), TILE_S * np.array([0, 0.5, 1.5, 2.5, 3]))
    values = tiles[
        (tiles["film_id"] == "film_001")
        & tiles["track_id"].str.startswith("01")
        & (tiles["genre"] == track_tags["genre"].iloc[0])
    ]["probability"].tolist()
    assert first.get_ydata().tolist() == [values[0], *values, values[-1]]
    styles = [line.get_linestyle() for line in axis.lines[:3]]
    assert styles == ["-" if actual else "--" for actual in track_tags["actual"][:3]]
    plt.close(figure)


def test_plot_profiles_draws_titled_tracks_from_files(results, tmp_path):
    model = {"tiles": results / "tiles_cnn.parquet", "tracks": results / "cnn.parquet"}
    corpus = {"films": tmp_path / "films.tsv", "albums": tmp_path / "tracks.tsv"}
    tagged = read_table(model["tracks"], TAGGER_TRACKS)[["film_id", "track_id"]].drop_duplicates()
    tags = [("The <Theme>", "Jo Field", "", 1, number) for number in range(1, len(tagged) + 1)]
    ids = {name: tagged[name].to_numpy() for name in tagged}
    write_table(titled_tracks("", *tags).assign(**ids), corpus["albums"], TRACKS)
    names = tagged["film_id"].unique()
    columns = {"year": 2000, "duration_s": 9.0, "has_picture": True, "tracks": 1}
    columns["genres"] = [("Drama",)] * len(names)
    films = pd.DataFrame(
        {"film_id": names, "title": [f"Night & {film_id}" for film_id in names], **columns}
    )
    write_table(films, corpus["films"], FILMS)
    plot.plot_profiles("cnn", **model, **corpus, figure=tmp_path / "p.svg")
    words = svg_texts(tmp_path / "p.svg")
    titles = [text for text in words if text.startswith("Night & film_0")]
    assert len(titles) == 6
    assert all(": The <Theme> (track " in title for title in titles)
    assert all(") - Jo Field (" in title for title in titles)
    assert "time (min:s)" in words
    assert "0:00" in words
