"""Figures of the trailer models compared with their tables."""

import itertools
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from scorelens.encoders.registry import AUDIO_ENCODERS, IMAGE_ENCODERS
from scorelens.figures import QUIET
from scorelens.tables import (
    TRAILER_MODALITIES,
    TRAILER_MOMENTS,
    TRAILER_PREDICTIONS,
    TRAILER_SCORES,
    read_table,
    write_table,
)
from scorelens.trailers import MODELS, runs
from scorelens.trailers.data.frame_sampling import Sample, read_sample
from scorelens.trailers.evaluate import examples, plot, score
from tests.trailer_tables import (
    GENRES,
    make_labels,
    predictions_table,
    trailer_ids,
    write_predictions,
    write_sample,
)

RUNS = (
    ("none", "frequency"),
    ("efficientnet_lite0", "frame_attention"),
    ("vgg16", "frame_attention"),
    ("musicnn", "sound_attention"),
    ("none", "fusion"),
)
NAMES = [
    "Frequency of the genre",
    "Attention over frames, EfficientNet-Lite0",
    "Attention over frames, VGG16",
    "Attention over sound, MusiCNN",
    "Picture and sound fused",
]


LINEAR = "vgg16", "frame_linear"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Paths of the scores and modalities tables of five runs of increasing skill."""
    folder, actual = tmp_path_factory.mktemp("trailers"), make_labels(20)
    random, paths = np.random.default_rng(0), {}
    for skill, run in enumerate(RUNS):
        logits = skill * (2 * actual - 1) + random.normal(0, 1, actual.shape)
        path = folder / f"{skill}.parquet"
        paths[run] = write_predictions(path, 1 / (1 + np.exp(-logits)), actual, run=run)
    outputs = folder / "scores.tsv", folder / "modalities.tsv"
    score.score(paths, [0.5, 0.1], 50, 50, 0, *outputs)
    return outputs


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def dot_positions(axis):
    """Coordinates (x, y) of all dots of an axis."""
    lines = [line for line in axis.lines if line.get_marker() == "o"]
    return np.concatenate([line.get_xydata() for line in lines])


def axis_texts(axis):
    return [text.get_text() for text in axis.texts]


def test_figures_are_valid_svg_and_reproducible(results, tmp_path):
    figures = {name: tmp_path / f"{name}.svg" for name in ("modalities", "scores")}
    plot.plot(*results, figures)
    for path in figures.values():
        assert ET.parse(path).getroot().tag.endswith("svg")
    first = [path.read_bytes() for path in figures.values()]
    plot.plot(*results, figures)
    assert first == [path.read_bytes() for path in figures.values()]


def test_modality_figure_matches_table(results):
    table = read_table(results[1], TRAILER_MODALITIES)
    left, right = plot.modality_figure(table).axes
    expected = [
        (value, row + plot.OFFSET * offset)
        for offset, modality in zip((-1, 0, 1), ("picture", "sound", "both"), strict=True)
        for row, value in enumerate(table[modality])
    ]
    np.testing.assert_allclose(dot_positions(left), expected)
    [chance] = [lines for lines in left.collections if to_hex(lines.get_colors()[0]) == "#000000"]
    for row, (line, value) in enumerate(zip(chance.get_segments(), table["chance"], strict=True)):
        np.testing.assert_allclose(line[:, 0], value)
        assert min(line[:, 1]) < row - plot.OFFSET  # across the dots of all modalities
        assert max(line[:, 1]) > row + plot.OFFSET
    np.testing.assert_allclose(dot_positions(right)[:, 0], table["difference"])
    names = [label.get_text() for label in left.get_yticklabels()]
    assert names == [f"{genre} ({n})" for genre, n in zip(GENRES, table.support, strict=False)] + [
        "macro"
    ]
    sizes = [line.get_xydata()[:, 0] for line in right.lines if len(line.get_xydata()) == 2]
    np.testing.assert_allclose(sizes[1:-1], table[["difference_low", "difference_high"]])
    assert "\N{LEFTWARDS ARROW} sound" in right.get_xlabel()


def test_significant_difference_is_filled_and_coloured_by_its_modality(results):
    table = read_table(results[1], TRAILER_MODALITIES)
    table["difference"] = [0.3, -0.3, 0.2, 0.0, -0.1]
    table["p"] = 0.01
    table["p_adjusted"] = [0.01, 0.04, 0.2, 1.0, 0.06]
    right = plot.modality_figure(table).axes[1]
    markers = [line for line in right.lines if line.get_marker() == "o"]
    picture, sound = plot.COLOURS["picture"], plot.COLOURS["sound"]
    assert [marker.get_color() for marker in markers] == [picture, sound, picture, QUIET, sound]
    assert [marker.get_markerfacecolor() for marker in markers] == [
        picture,
        sound,
        *["white"] * 3,
    ]


def test_modality_figure_omits_modality_without_model(results):
    table = read_table(results[1], TRAILER_MODALITIES)
    table["picture"] = table["picture_low"] = table["picture_high"] = np.nan
    for name in ("difference", "difference_low", "difference_high", "p", "p_adjusted"):
        table[name] = np.nan
    figure = plot.modality_figure(table)
    [axis] = figure.axes
    rows = np.arange(len(table))
    heights = np.append(rows - plot.OFFSET / 2, rows + plot.OFFSET / 2)
    np.testing.assert_allclose(dot_positions(axis)[:, 1], heights)
    legend_texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend_texts[0] == "sound: Attention over sound, MusiCNN"


def test_score_figure_matches_table(results):
    table = read_table(results[0], TRAILER_SCORES)
    figure = plot.score_figure(table)
    macro = table[table["genre"].isin(["macro", "all"])]
    for axis, (measure, threshold, *_) in zip(figure.axes, plot.PANELS, strict=True):
        rows = macro[macro["measure"] == measure]
        rows = rows[rows["threshold"] == threshold] if threshold else rows
        assert list(zip(rows["network"], rows["model"], strict=True)) == list(RUNS)
        np.testing.assert_allclose(dot_positions(axis)[:, 0], rows["value"])
        assert axis_texts(axis) == [f"{value:.2f}" for value in rows["value"]]
        ticks = [line for line in axis.lines if line.get_marker() == "|"]
        np.testing.assert_allclose(ticks[0].get_xdata(), rows["chance"])
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == NAMES


def test_score_figure_has_lines_between_modalities(results):
    for axis in plot.score_figure(read_table(results[0], TRAILER_SCORES)).axes:
        lines = [line.get_ydata()[0] for line in axis.lines if line.get_color() == QUIET]
        assert [height for height in lines if height % 1] == [0.5, 2.5, 3.5]


def test_run_names_do_not_overlap_with_three_networks_per_modality(results):
    """Names of runs neither overlap nor extend beyond the figure."""
    table, image_networks, audio_networks = (
        read_table(results[0], TRAILER_SCORES),
        list(IMAGE_ENCODERS),
        list(AUDIO_ENCODERS),
    )
    frequency_rows = table[table["model"] == "frequency"]
    all_runs = runs(MODELS, image_networks, audio_networks)
    assert len(all_runs) == 16
    rows_by_run = [
        frequency_rows.assign(network=a, model=b, modality=MODELS[b] or None) for a, b in all_runs
    ]
    figure = plot.score_figure(pd.concat(rows_by_run, ignore_index=True))
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert min(one.x0 for one in boxes) > 0
    assert all(above.y0 > below.y1 for above, below in itertools.pairwise(boxes))
    widths = [axis.get_window_extent().width / figure.dpi for axis in figure.axes]
    assert min(widths) > 2  # inches


def moments_of(probability, weight, genres=GENRES):
    """TRAILER_MOMENTS of arrays (trailers, moments, genres), one moment every two seconds."""
    trailers, moments, count = probability.shape
    rows = trailers * moments
    return pd.DataFrame(
        {
            "network": "efficientnet_lite0",
            "model": "frame_attention",
            "trailer_id": np.repeat(trailer_ids(trailers), moments * count),
            "time_s": np.repeat(np.tile(np.arange(moments) * 2.0, trailers), count),
            "genre": np.tile(genres, rows),
            "probability": probability.ravel(),
            "weight": weight.ravel(),
        }
    )


@pytest.fixture
def run_tables():
    """Predictions, moments and scores of three trailers of seven moments.

    Of the trailers of Action, trailer 2 has the highest probability. Comedy is at chance.
    """
    random = np.random.default_rng(0)
    actual = np.array([[0, 1, 0, 0], [1, 1, 0, 1], [1, 0, 0, 1]], bool)
    probability = random.random((3, 4)) / 2
    probability[:, 0] = [0.9, 0.6, 0.7]
    weight = random.random((3, 7, 4))
    moments = moments_of(random.random((3, 7, 4)), weight / weight.sum(axis=1, keepdims=True))
    return predictions_table(probability, actual, run=LINEAR), moments, scores_of(LINEAR)


def scores_of(run):
    """TRAILER_SCORES of the run that the examples use and of another run."""
    count = len(GENRES)
    values_of_run = {"value": np.arange(1, count + 1) / 10, "p": [0.01, 0.05, 0.01, 0.04]}
    other = {"value": np.ones(count), "p": np.ones(count)}
    rows = [
        pd.DataFrame({"network": a, "model": b, "genre": GENRES, **values})
        for (a, b), values in (((run[0], "frame_attention"), other), (run, values_of_run))
    ]
    table = pd.concat(rows, ignore_index=True)
    table = table.assign(measure="average_precision", threshold=None, unit_value=table["value"])
    constants = {"modality": "picture", "low": 0.0, "high": 1.0, "chance": 0.5, "support": 3}
    return table.assign(**constants)[TRAILER_SCORES.names]


def test_example_is_the_trailer_of_highest_probability(run_tables):
    predictions, moments, scores = run_tables
    examples_by_genre = examples.choose_examples(*run_tables)
    assert list(examples_by_genre) == ["Action", "Comedy", "Drama"]  # none carries Horror
    action_example = examples_by_genre["Action"]
    assert (action_example.trailer_id, action_example.title, action_example.probability) == (
        "trailer_02",
        "Title 02",
        0.7,
    )
    rows = moments[(moments["trailer_id"] == "trailer_02") & (moments["genre"] == "Action")]
    part = rows["probability"] * rows["weight"]
    np.testing.assert_allclose(action_example.share, part / part.sum())
    np.testing.assert_allclose(action_example.alone, rows["probability"])
    assert [(example.average_precision, example.p) for example in examples_by_genre.values()] == [
        (0.1, 0.01),
        (0.2, 0.05),
        (0.4, 0.04),
    ]
    unseen = predictions.assign(seen=predictions["trailer_id"] != "trailer_02")
    assert examples.choose_examples(unseen, moments, scores)["Action"].trailer_id == "trailer_01"
    training = predictions.assign(part="training", probability=1.0)
    with_training_rows = examples.choose_examples(
        pd.concat([predictions, training]), moments, scores
    )
    assert with_training_rows["Action"].probability == 0.7


def test_examples_figure_shows_the_frames_of_greatest_share(run_tables, tmp_path):
    chosen = examples.choose_examples(*run_tables)
    frames = np.arange(7, dtype=np.uint8)[:, None, None, None] * np.full((1, 224, 224, 3), 30)
    sample = read_sample(write_sample(tmp_path / "one.npz", frames.astype(np.uint8)))
    figure = examples.examples_figure(chosen, {}, dict.fromkeys(trailer_ids(3), sample))
    frame_numbers = [int(axis.images[0].get_array()[0, 0, 0]) // 30 for axis in figure.axes[:5]]
    assert frame_numbers == sorted(np.argsort(-chosen["Action"].share)[:5])
    for axis, number in zip(figure.axes, frame_numbers, strict=False):
        share = 100 * chosen["Action"].share[number]
        assert f"{2 * number}.0 s: {share:.0f}%" in axis_texts(axis)


def test_example_headings_give_average_precision_and_significance(run_tables):
    """The equal share of seven moments is 14%; Comedy, with p 0.05, is at chance."""
    examples_by_genre = examples.choose_examples(*run_tables)
    sample = Sample(np.zeros((7, 224, 224, 3), np.uint8), np.arange(7), np.arange(7) * 2.0, 0, ())
    figure = examples.examples_figure(
        examples_by_genre, examples_by_genre, dict.fromkeys(trailer_ids(3), sample)
    )
    headings = [
        heading for heading in (axis._left_title for axis in figure.axes) if heading.get_text()
    ]
    of_sound, of_picture = headings[:3], headings[3:]
    for genre, *headings_of_genre in zip(examples_by_genre, of_sound, of_picture, strict=True):
        for heading in headings_of_genre:
            assert examples_by_genre[genre].title in heading.get_text()
            assert (
                f"{examples_by_genre[genre].probability:.2f}; equal share: 14%"
                in heading.get_text()
            )
            assert (
                f"average precision {examples_by_genre[genre].average_precision:.2f}"
                in heading.get_text()
            )
            is_at_chance = "no better than chance" in heading.get_text()
            assert is_at_chance == (heading.get_color() != "black") == (genre == "Comedy")
    rows = [axis.patches for axis in figure.axes if axis.patches]
    colours = [to_hex(bars[0].get_facecolor()) for bars in rows]
    assert colours[0] == colours[2] != colours[1] == QUIET


@pytest.mark.parametrize("name", ["Ca$h & $plit", "A_1 $x^$", "<B> & C", "word " * 40])
def test_special_and_long_titles_are_drawn_within_the_figure(name, run_tables, tmp_path):
    examples_by_genre = {
        "Drama": examples.choose_examples(*run_tables)["Drama"]._replace(title=name)
    }
    figure = examples.examples_figure({}, examples_by_genre, {})
    figure.savefig(tmp_path / "one.svg")
    width = figure.get_figure().get_window_extent().x1
    titles = [axis._left_title.get_window_extent() for axis in figure.axes]
    assert max(one.x1 for one in titles) < width
    text = "".join(ET.parse(tmp_path / "one.svg").getroot().itertext())
    assert name in text or "word \N{HORIZONTAL ELLIPSIS}: 0." in text


def test_sound_example_bars_match_moments(run_tables):
    by_sound = examples.choose_examples(*run_tables)
    figure = examples.examples_figure({}, by_sound, {})
    action_example, bars = by_sound["Action"], figure.axes[examples.FRAMES].patches
    np.testing.assert_allclose([bar.get_height() for bar in bars], action_example.alone)
    np.testing.assert_allclose(
        [bar.get_x() + bar.get_width() / 2 for bar in bars], action_example.time_s
    )
    opacity = np.array([bar.get_facecolor()[3] for bar in bars])
    assert (np.argsort(opacity) == np.argsort(action_example.share)).all()


def test_plot_examples_writes_svg_with_genres_and_frames(run_tables, tmp_path):
    predictions, moments = tmp_path / "predictions.parquet", tmp_path / "moments.parquet"
    scores = tmp_path / "scores.tsv"
    contracts = (TRAILER_PREDICTIONS, TRAILER_MOMENTS, TRAILER_SCORES)
    for table, path, contract in zip(
        run_tables, (predictions, moments, scores), contracts, strict=True
    ):
        write_table(table, path, contract)
    frames = np.full((7, 224, 224, 3), 90, np.uint8)
    path = write_sample(tmp_path / "sample.npz", frames)
    samples = dict.fromkeys(trailer_ids(3), path)
    figure = tmp_path / "examples.svg"
    examples.plot_examples([predictions] * 2, [moments] * 2, scores, samples, figure)
    text = figure.read_text()
    assert all(genre in text for genre in ("Action", "Comedy", "Drama"))
    assert text.count("<image") == 3 * examples.FRAMES
    assert "picture: Linear on frames, VGG16" in text
