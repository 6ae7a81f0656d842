"""What the report says of trailers."""

import itertools

import pandas as pd
import pytest

from scorelens import tables, trailers
from scorelens.report import trailers as section
from scorelens.report.write import _template
from tests.report_run import SVG, Page, make_run, render

GENRES = ["Action", "Horror", "macro"]
THRESHOLDS = ["0.5", "tuned"]
RUNS = trailers.runs(trailers.MODELS, ["efficientnet_lite0", "vgg16"], ["musicnn"])
FIGURES = ("arms", "scores", "examples", "films_to_trailers")
ARM_COLUMNS = [f"{arm}{end}" for arm in section.ARMS for end in ("", "_low", "_high")]
NOTES = {"trailer_1": "no sound", "trailer_3": "only black frames; silent"}


def make_scores(runs=RUNS):
    """Every figure is another; the later a run, the better it is, but for the fusion."""
    rows = []
    for place, run in enumerate(runs):
        own = itertools.product((*THRESHOLDS, None), GENRES, section.MEASURES)
        asked = [(measure, threshold, genre) for threshold, genre, measure in own if threshold]
        asked += [("average_precision", None, genre) for genre in GENRES]
        asked += [("likeliest_right", None, "all")]
        for number, (measure, threshold, genre) in enumerate(asked):
            value = 0.01 * (place % (len(RUNS) - 1)) + 0.02 * number + 0.1
            rows.append(
                {
                    "network": run[0],
                    "model": run[1],
                    "arm": trailers.MODELS[run[1]] or None,
                    "measure": measure,
                    "threshold": threshold,
                    "genre": genre,
                    "value": value,
                    "low": value - 0.05,
                    "high": value + 0.05,
                    "chance": 0.3,
                    "p": 0.0002 if place else 0.5,
                    "support": 12,
                }
            )
    return pd.DataFrame(rows)[tables.TRAILER_SCORES.names]


def make_arms(absent=()):
    """The picture is better at Horror. absent: arms without a model."""
    standing = {arm: trailers.arm_run(arm, RUNS) for arm in section.ARMS}
    table = pd.DataFrame({"genre": GENRES, "support": [7, 9, 16], "chance": [0.42, 0.58, 0.5]})
    for place, arm in enumerate(section.ARMS):
        there = arm not in absent
        table[f"{arm}_network"], table[f"{arm}_model"] = standing[arm] if there else (None, None)
        for column, shift in (("", 0.0), ("_low", -0.2), ("_high", 0.1)):
            values = [0.31 + 0.1 * place, 0.83 - 0.1 * place, 0.57 + 0.02 * place]
            table[arm + column] = [value + shift if there else None for value in values]
    both = not {trailers.PICTURE, trailers.SOUND} & {*absent}
    apart = {"difference": [-0.1, 0.1, -0.02], "difference_low": [-0.3, 0.04, -0.2]}
    apart |= {"difference_high": [0.06, 0.27, 0.09], "p": [0.125, 0.0002, 0.75]}
    apart |= {"p_adjusted": [0.25, 0.0004, 0.75]}
    for column, values in apart.items():
        table[column] = values if both else [None] * 3
    return table[tables.TRAILER_ARMS.names]


def make_samples():
    table = pd.DataFrame({"trailer_id": [f"trailer_{number}" for number in range(4)]})
    table["note"] = table.trailer_id.map(NOTES)
    return table.assign(frames=10, skipped=0, sound_s=30.0)[tables.TRAILER_SAMPLES.names]


def write(folder, scores, arms, figures=FIGURES):
    """The files that the stage leaves, as the report takes them: (by name, samples)."""
    for name, frame, contract in (
        ("scores.tsv", scores, tables.TRAILER_SCORES),
        ("arms.tsv", arms, tables.TRAILER_ARMS),
    ):
        tables.write_table(frame, folder / name, contract)
    for name in figures:
        (folder / f"{name}.svg").write_text(SVG + "</svg>")
    found = {path.name: path for path in folder.iterdir()}
    (folder / "samples").mkdir()
    halves = [make_samples().iloc[:2], make_samples().iloc[2:]]
    paths = [folder / "samples" / f"{number}.tsv" for number in range(len(halves))]
    for half, path in zip(halves, paths, strict=True):
        tables.write_table(half, path, tables.TRAILER_SAMPLES)
    return found, paths


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The section of all models, on two networks that see and one that hears, and its page."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "trailers").mkdir()
    found, samples = write(folder / "trailers", make_scores(), make_arms())
    inputs = make_run(folder, 2) | {"trailers": found, "trailer_samples": samples}
    _, text, page = render(folder, inputs)
    return text[text.index('<section id="trailers">') :].partition("</section>")[0], page


@pytest.fixture(scope="module")
def deaf(tmp_path_factory):
    """The section of models of the picture only, without films' scenes, and itself as a page."""
    scores = make_scores(trailers.runs(["frequency", "frame_cnn"], [], []))
    arms = make_arms([trailers.SOUND, trailers.BOTH])
    arms["picture_network"], arms["picture_model"] = "none", "frame_cnn"
    found, samples = write(tmp_path_factory.mktemp("deaf"), scores, arms, FIGURES[:2])
    template = _template().environment.get_template("trailers.html")
    text = template.render(trailers=section.trailers_block(found, samples, [], ["Action", "Crime"]))
    return text, Page(text)


def words(text):
    """Without line breaks and runs of spaces."""
    return " ".join(text.split())


def test_picture_against_sound_stands_there_as_in_the_table(whole):
    columns = ("Genre", "Trailers", "Picture", "Sound", "Both")
    rows = whole[1].table(*columns)
    assert [[row[column] for column in columns] for row in rows] == [
        ["Action", "7", "0.310.11–0.41", "0.410.21–0.51", "0.510.31–0.61"],
        ["Horror", "9", "0.830.63–0.93", "0.730.53–0.83", "0.630.43–0.73"],
        ["macro", "16", "0.570.37–0.67", "0.590.39–0.69", "0.610.41–0.71"],
    ]
    compared = ("Random order", "Picture less sound", "p", "Adjusted p")
    assert [[row[column] for column in compared] for row in rows] == [
        ["0.42", "-0.10-0.30 to 0.06", "0.125", "0.250"],
        ["0.58", "+0.100.04 to 0.27", "< 0.001", "< 0.001"],
        ["0.50", "-0.02-0.20 to 0.09", "0.750", "0.750"],
    ]


def test_genres_that_were_not_learnt_are_named(deaf):
    told = "Not learnt, since fewer than two titles carry them, or all titles do: Crime."
    assert told in words(deaf[0])


def test_the_question_is_answered_by_the_adjusted_p():
    arms = pd.DataFrame({"genre": ["Action", "Comedy", "Drama", "Horror", "macro"]})
    arms["difference"] = [-0.3, -0.2, 0.1, 0.4, 0.1]
    arms["p"] = [0.001, 0.03, 0.04, 0.001, 0.001]
    arms["p_adjusted"] = [0.002, 0.04, 0.05, 0.002, 0.001]
    told = {"picture": ["Horror"], "sound": ["Action", "Comedy"], "neither": ["Drama"]}
    assert section.answer(arms) == told
    assert section.answer(arms.assign(difference=float("nan"))) is None


def test_the_lead_answers_genre_by_genre_and_gives_the_means(whole):
    lead = words(whole[0]).partition('<p class="lead">')[2].partition("</p>")[0]
    assert "The picture tells better: Horror." in lead
    assert "The sound tells better" not in lead
    assert "No difference is shown in: Action." in lead
    assert "picture 0.57, sound 0.59, both 0.61, a random order of the trailers 0.50." in lead


def test_every_run_has_a_row_with_its_figures(whole):
    scores = make_scores()
    rows = whole[1].table("Model", "Arm")
    assert [row["Model"] for row in rows] == [trailers.title(*run) for run in RUNS]
    assert [row["Arm"] for row in rows] == [trailers.MODELS[model] or "–" for _, model in RUNS]
    macro = scores[scores.genre == "macro"]
    for column, own in {
        "Average precision": macro[macro.measure == "average_precision"],
        "F1, tuned thresholds": macro[(macro.measure == "f1") & (macro.threshold == "tuned")],
        "Likeliest genre right": scores[scores.measure == "likeliest_right"],
    }.items():
        assert len(own) == len(rows)
        for row, told in zip(rows, own.itertuples(), strict=True):
            p = "< 0.001" if told.p < 0.001 else "0.500"
            expected = f"{told.value:.2f}{told.low:.2f}–{told.high:.2f}p {p}"
            assert row[column] == expected


def test_the_best_of_each_column_is_marked(tmp_path):
    found, samples = write(tmp_path, make_scores(), make_arms())
    rows = section.trailers_block(found, samples, [], [])["rows"]
    best = [
        [row["title"] for row in rows if cell(row)]
        for cell in (
            lambda row: row["cells"]["average_precision"]["best"],
            lambda row: row["cells"]["f1"]["best"],
            lambda row: row["cells"]["likeliest_right"]["best"],
        )
    ]
    assert best == [[trailers.title(*RUNS[-2])]] * 3


def test_each_genre_has_its_figures_at_each_threshold(whole):
    """Of the runs that stand for the arms; these are not the best, but set beforehand."""
    assert "Tuned thresholds" in whole[0]
    assert "Threshold 0.5" in whole[0]
    heads = ["Genre", "Picture", "Sound", "Both"]
    shown = [table for table in whole[1].tables if table[0] == heads]
    assert len(shown) == len(THRESHOLDS)
    scores = make_scores().set_index(["network", "model", "threshold", "genre", "measure"])
    standing = [trailers.arm_run(arm, RUNS) for arm in section.ARMS]
    for threshold, (_, heads, *rows) in zip(THRESHOLDS, shown, strict=True):
        assert heads == ["Precision", "Recall", "F1"] * 3
        assert [row[0] for row in rows] == GENRES
        for genre, *cells in rows:
            told = [
                scores.loc[(*run, threshold, genre, measure)]
                for run in standing
                for measure in section.MEASURES
            ]
            assert cells == [f"{one.value:.2f}{one.low:.2f}–{one.high:.2f}" for one in told]


def test_networks_without_a_row_are_named_with_the_reason(whole):
    """The run's list of weights gives it for VGGish; YAMNet and ViT are not asked for."""
    text = words(whole[0])
    assert "<p>No rows for ViT, YAMNet: no model of the run stands on them." in text
    reason = "pretrained.offline is set, and &lt;here&gt; lacks vggish.ckpt"
    told = f"<p>No rows for VGGish, for want of pretrained: {reason}"
    assert told in text
    assert text.count("No rows for") == 2
    for title in ("ViT", "VGGish", "YAMNet"):
        assert not [row for row in whole[1].table("Model", "Arm") if title in row["Model"]]
    assert "VGGish" not in text.replace(told, "")


def test_trailers_that_lack_something_are_listed(whole):
    assert "2 trailers without picture or sound" in whole[0]
    for trailer, note in NOTES.items():
        assert f"<li><code>{trailer}</code>: {note}</li>" in whole[0]


def test_an_arm_without_a_model_is_a_dash(deaf):
    rows = deaf[1].table("Genre", "Trailers", "Picture", "Sound", "Both")
    assert [row["Picture"] for row in rows] == ["0.310.11–0.41", "0.830.63–0.93", "0.570.37–0.67"]
    for row in rows:
        assert row["Sound"] == row["Both"] == "––––"
        assert row["Picture less sound"] == "–– to –"
        assert row["p"] == row["Adjusted p"] == "–"
    text = words("".join(deaf[1].text))
    assert "That takes a model of each, and one is missing." in text
    assert "the mean over the genres: picture 0.57, a random order of the trailers 0.50." in text
    shown = [cell for table in deaf[1].tables for row in table for cell in row]
    assert not {"nan", "None", "+nan"} & {word for cell in shown for word in cell.split()}
    heads = [table[0] for table in deaf[1].tables]
    assert heads.count(["Genre", "Picture"]) == len(THRESHOLDS)


def test_figures_that_were_not_drawn_are_not_shown(whole, deaf):
    images = {page: text.count("<img ") for page, (text, _) in (("whole", whole), ("deaf", deaf))}
    assert images == {"whole": 4, "deaf": 2}
    assert "Films that look like trailers" in whole[0]
    assert "Films that look like trailers" not in deaf[0]
    assert "Frames of some trailers" in whole[0]
    assert "Frames of some trailers" not in deaf[0]


def test_the_page_leads_to_the_section(whole):
    assert whole[1].values("id").count("trailers") == 1
    assert "#trailers" in whole[1].values("href")


def test_without_trailers_there_is_no_section():
    """A page without them: test_trailers_workflow.py."""
    assert section.trailers_block({}, [], [], []) is None
