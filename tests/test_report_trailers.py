"""The report's section on trailers."""

import itertools

import pandas as pd
import pytest

from scorelens import tables, trailers
from scorelens.sections import Run
from scorelens.trailers.report import section
from tests.report_run import SVG, WEIGHTS, Page, make_run, render, section_of

GENRES = ["Action", "Horror", "macro"]
THRESHOLDS = ["0.5", "tuned"]
RUNS = trailers.runs(trailers.MODELS, ["efficientnet_lite0", "vgg16"], ["musicnn"])
FIGURES = ("modalities", "scores", "examples", "films_to_trailers")
NOTES = {"trailer_1": "no sound", "trailer_3": "only black frames; silent"}


def make_scores(runs=RUNS):
    """All values differ; they rise with the index of the run, except for the last (fusion)."""
    rows = []
    for index, run in enumerate(runs):
        combinations = itertools.product((*THRESHOLDS, None), GENRES, section.MEASURES)
        measured = [
            (measure, threshold, genre) for threshold, genre, measure in combinations if threshold
        ]
        measured += [("average_precision", None, genre) for genre in GENRES]
        measured += [("top1_accuracy", None, "all")]
        for number, (measure, threshold, genre) in enumerate(measured):
            value = 0.01 * (index % (len(RUNS) - 1)) + 0.02 * number + 0.1
            rows.append(
                {
                    "network": run[0],
                    "model": run[1],
                    "modality": trailers.MODELS[run[1]] or None,
                    "measure": measure,
                    "threshold": threshold,
                    "genre": genre,
                    "value": value,
                    "low": value - 0.05,
                    "high": value + 0.05,
                    "chance": 0.3,
                    "p": 0.0002 if index else 0.5,
                    "support": 12,
                }
            )
    table = pd.DataFrame(rows)
    return table.assign(unit_value=table["value"])[tables.TRAILER_SCORES.names]


def make_modalities(absent=()):
    """Picture is better than sound for Horror. absent: modalities without a model."""
    representatives = {
        modality: trailers.modality_run(modality, RUNS) for modality in section.MODALITIES
    }
    table = pd.DataFrame({"genre": GENRES, "support": [7, 9, 16], "chance": [0.42, 0.58, 0.5]})
    for index, modality in enumerate(section.MODALITIES):
        has_model = modality not in absent
        table[f"{modality}_network"], table[f"{modality}_model"] = (
            representatives[modality] if has_model else (None, None)
        )
        for column, shift in (("", 0.0), ("_low", -0.2), ("_high", 0.1)):
            values = [0.31 + 0.1 * index, 0.83 - 0.1 * index, 0.57 + 0.02 * index]
            table[modality + column] = [value + shift if has_model else None for value in values]
    both = not {trailers.PICTURE, trailers.SOUND} & {*absent}
    differences = {"difference": [-0.1, 0.1, -0.02], "difference_low": [-0.3, 0.04, -0.2]}
    differences |= {"difference_high": [0.06, 0.27, 0.09], "p": [0.125, 0.0002, 0.75]}
    differences |= {"p_adjusted": [0.25, 0.0004, 0.75]}
    for column, values in differences.items():
        table[column] = values if both else [None] * 3
    return table[tables.TRAILER_MODALITIES.names]


def make_samples():
    table = pd.DataFrame({"trailer_id": [f"trailer_{number}" for number in range(4)]})
    table["note"] = table.trailer_id.map(NOTES)
    return table.assign(frames=10, skipped=0, sound_s=30.0)[tables.TRAILER_SAMPLES.names]


def write_results(folder, scores, modalities, figures=FIGURES):
    """Write results of the stage into a folder `trailers`; returns all files."""
    folder = folder / "trailers"
    (folder / "samples").mkdir(parents=True)
    for name, frame, contract in (
        ("scores.tsv", scores, tables.TRAILER_SCORES),
        ("modalities.tsv", modalities, tables.TRAILER_MODALITIES),
    ):
        tables.write_table(frame, folder / name, contract)
    for name in figures:
        (folder / f"{name}.svg").write_text(SVG + "</svg>")
    for number, rows in enumerate([make_samples().iloc[:2], make_samples().iloc[2:]]):
        tables.write_table(rows, folder / "samples" / f"{number}.tsv", tables.TRAILER_SAMPLES)
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def all_models(tmp_path_factory):
    """Section and page of a run with all models, two image encoders and an audio encoder."""
    folder = tmp_path_factory.mktemp("report")
    inputs = make_run(folder, 2)
    inputs["files"] += write_results(folder, make_scores(), make_modalities())
    inputs["config"]["trailers"] = {"genres": []}
    _, text, page = render(folder, inputs)
    return section_of(text, "trailers"), page


@pytest.fixture(scope="module")
def picture_only(tmp_path_factory):
    """Section of a run with picture models only, and the section as a page."""
    folder = tmp_path_factory.mktemp("picture_only")
    scores = make_scores(trailers.runs(["frequency", "frame_cnn"], [], []))
    modalities = make_modalities([trailers.SOUND, trailers.BOTH])
    modalities["picture_network"], modalities["picture_model"] = "none", "frame_cnn"
    files = write_results(folder, scores, modalities, FIGURES[:2])
    (folder / "pretrained").mkdir()
    files.append(folder / "pretrained" / "status.tsv")
    tables.write_table(WEIGHTS, files[-1], tables.WEIGHTS)
    run = Run(folder, files, {"trailers": {"genres": ["Action", "Crime"]}})
    text = section.trailers_section(run).body
    return text, Page(text)


def normalize_whitespace(text):
    """The text with each run of white space replaced by one space."""
    return " ".join(text.split())


def test_modality_table_shows_scores_differences_and_p_values(all_models):
    columns = ("Genre", "Trailers", "Picture", "Sound", "Both")
    rows = all_models[1].table(*columns)
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


def test_untrained_genres_are_listed(picture_only):
    (paragraph,) = [
        text for text in normalize_whitespace(picture_only[0]).split("<p>") if "Crime" in text
    ]
    assert paragraph.startswith("Not trained,")
    assert "Action" not in paragraph.partition("</p>")[0]


def test_better_modality_uses_adjusted_p_values():
    modalities = pd.DataFrame({"genre": ["Action", "Comedy", "Drama", "Horror", "macro"]})
    modalities["difference"] = [-0.3, -0.2, 0.1, 0.4, 0.1]
    modalities["p"] = [0.001, 0.03, 0.04, 0.001, 0.001]
    modalities["p_adjusted"] = [0.002, 0.04, 0.05, 0.002, 0.001]
    expected = {"picture": ["Horror"], "sound": ["Action", "Comedy"], "neither": ["Drama"]}
    assert section.better_modality(modalities) == expected
    assert section.better_modality(modalities.assign(difference=float("nan"))) is None


def test_lead_lists_genres_by_better_modality_and_macro_scores(all_models):
    lead = normalize_whitespace(all_models[0]).partition('<p class="lead">')[2].partition("</p>")[0]
    assert "From the picture: Horror." in lead
    assert "From the sound:" not in lead
    assert "No significant difference: Action." in lead
    assert "picture 0.57, sound 0.59, both 0.61, random order of the trailers 0.50." in lead


def test_score_table_has_a_row_for_every_run(all_models):
    scores = make_scores()
    rows = all_models[1].table("Model", "Modality")
    assert [row["Model"] for row in rows] == [trailers.title(*run) for run in RUNS]
    assert [row["Modality"] for row in rows] == [trailers.MODELS[model] or "–" for _, model in RUNS]
    macro = scores[scores.genre == "macro"]
    for column, of_measure in {
        "Average precision": macro[macro.measure == "average_precision"],
        "F1, tuned thresholds": macro[(macro.measure == "f1") & (macro.threshold == "tuned")],
        "Top-1 accuracy": scores[scores.measure == "top1_accuracy"],
    }.items():
        assert len(of_measure) == len(rows)
        for row, score in zip(rows, of_measure.itertuples(), strict=True):
            p = "< 0.001" if score.p < 0.001 else "0.500"
            expected = f"{score.value:.2f}{score.low:.2f}–{score.high:.2f}p {p}"
            assert row[column] == expected


def test_best_run_of_each_column_is_marked():
    rows = section.score_rows(make_scores())
    best = [
        [row["title"] for row in rows if row["cells"][name]["best"]]
        for name in ("average_precision", "f1", "top1_accuracy")
    ]
    assert best == [[trailers.title(*RUNS[-2])]] * 3


def test_genre_tables_show_scores_at_each_threshold(all_models):
    """The runs shown for the modalities are set in advance, not selected by score."""
    assert "Tuned thresholds" in all_models[0]
    assert "Threshold 0.5" in all_models[0]
    heads = ["Genre", "Picture", "Sound", "Both"]
    shown = [table for table in all_models[1].tables if table[0] == heads]
    assert len(shown) == len(THRESHOLDS)
    scores = make_scores().set_index(["network", "model", "threshold", "genre", "measure"])
    representatives = [trailers.modality_run(modality, RUNS) for modality in section.MODALITIES]
    for threshold, (_, heads, *rows) in zip(THRESHOLDS, shown, strict=True):
        assert heads == ["Precision", "Recall", "F1"] * 3
        assert [row[0] for row in rows] == GENRES
        for genre, *cells in rows:
            rows = [
                scores.loc[(*run, threshold, genre, measure)]
                for run in representatives
                for measure in section.MEASURES
            ]
            assert cells == [f"{row.value:.2f}{row.low:.2f}–{row.high:.2f}" for row in rows]


def test_networks_without_scores_are_listed_with_the_reason(all_models):
    """The status table has a reason for VGGish; YAMNet and ViT are not configured."""
    text = normalize_whitespace(all_models[0])
    assert "<p>No rows for ViT, YAMNet:" in text
    (paragraph,) = [part for part in text.split("<p>") if part.startswith("No rows for VGGish:")]
    assert "pretrained.offline is set, and &lt;here&gt; lacks vggish.ckpt" in paragraph
    assert text.count("No rows for") == 2
    for title in ("ViT", "VGGish", "YAMNet"):
        assert not [
            row for row in all_models[1].table("Model", "Modality") if title in row["Model"]
        ]
    assert text.count("VGGish") == 1


def test_incomplete_trailers_are_listed(all_models):
    assert "<summary>2 trailers" in all_models[0]
    for trailer, note in NOTES.items():
        assert f"<li><code>{trailer}</code>: {note}</li>" in all_models[0]


def test_modality_without_model_is_shown_as_dash(picture_only):
    rows = picture_only[1].table("Genre", "Trailers", "Picture", "Sound", "Both")
    assert [row["Picture"] for row in rows] == ["0.310.11–0.41", "0.830.63–0.93", "0.570.37–0.67"]
    for row in rows:
        assert row["Sound"] == row["Both"] == "––––"
        assert row["Picture less sound"] == "–– to –"
        assert row["p"] == row["Adjusted p"] == "–"
    text = normalize_whitespace("".join(picture_only[1].text))
    assert "picture 0.57, random order of the trailers 0.50." in text
    assert "No significant difference" not in text
    shown = [cell for table in picture_only[1].tables for row in table for cell in row]
    assert not {"nan", "None", "+nan"} & {word for cell in shown for word in cell.split()}
    heads = [table[0] for table in picture_only[1].tables]
    assert heads.count(["Genre", "Picture"]) == len(THRESHOLDS)


def test_missing_figures_are_not_shown(all_models, picture_only):
    images = {
        page: text.count("<img ")
        for page, (text, _) in (("all_models", all_models), ("picture_only", picture_only))
    }
    assert images == {"all_models": 4, "picture_only": 2}


def test_page_links_to_the_section(all_models):
    assert all_models[1].values("id").count("trailers") == 1
    assert "#trailers" in all_models[1].values("href")


def test_section_is_none_without_results(tmp_path):
    """test_trailers_workflow.py tests the page without trailers."""
    assert section.trailers_section(Run(tmp_path, [], {})) is None
