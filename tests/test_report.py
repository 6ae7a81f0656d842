"""The HTML report matches the tables it is made from."""

import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

import numpy as np
import pytest

from scorelens import __version__, tables
from scorelens.features.columns import NAMES
from scorelens.genres.evaluate.score import METRICS, best_models
from tests.report_run import (
    GENRE_FIGURES,
    GENRES,
    MODELS,
    REASON,
    make_run,
    make_scores,
    path_of,
    render,
    section_of,
    without,
)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The report of a run of five films; read only."""
    folder = tmp_path_factory.mktemp("report")
    return render(folder, make_run(folder))


def test_page_is_valid_html_without_external_resources(rendered):
    _, text, page = rendered
    assert page.open == []
    addresses = page.values("src", "href", "data", "action", "srcset")
    links = [address for address in addresses if not address.startswith("data:image/svg+xml,")]
    assert {link for link in links if link[0] != "#"} == {"cues/levels.tsv"}
    outside = re.sub(r'src="data:[^"]*"', "", text)
    assert not re.search(r"url\(|@import", outside)
    assert outside.count("://") == "".join(page.text).count("://") == 1  # in the text, not a link
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links if link[0] == "#"} <= set(ids)


def test_new_media_section_shows_predictions_of_whole_files(rendered):
    section = section_of(rendered[1], "applied")
    assert "<td><code>night_train</code></td><td>2</td>" in section
    assert section.count("<b>0.62</b>") == len(GENRES)
    assert "0.53–0.72" in section or "0.52–0.72" in section
    assert "0.75" not in section  # the prediction of a single track


def test_every_figure_is_an_svg_with_alt_text(rendered):
    _, _, page = rendered
    pictures = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    texts = [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")]
    assert len(pictures) == len(texts) == 1 + 1 + 2 + 2 + len(GENRE_FIGURES) + 1
    assert all(len(text) > 20 for text in texts)
    for picture in pictures:
        svg = ElementTree.fromstring(unquote(picture.partition(",")[2]))
        assert svg.tag.endswith("svg")


def test_corpus_table_lists_films_with_cues_and_music_share(rendered):
    inputs, _, page = rendered
    films = tables.read_table(path_of(inputs, "corpus/films.tsv"), tables.FILMS)
    rows = page.table("Film", "Title")
    assert [row["Film"] for row in rows] == list(films.film_id)
    assert [row["Title"] for row in rows] == list(films.title)
    assert rows[0]["Year"] == "–"
    assert rows[1]["Year"] == "2001"
    assert rows[0]["Notes"] == "cover.jpg is no music"
    for row, duration_s in zip(rows, films.duration_s, strict=True):
        path = path_of(inputs, f"cues/films/{row['Film']}.parquet")
        cues = tables.read_table(path, tables.CUES)
        seconds = np.zeros(8000 * 100, bool)
        for start, end in zip(cues.film_start_s, cues.film_end_s, strict=True):
            seconds[round(start * 100) : round(end * 100)] = True
        assert row["Cues"] == str(len(cues))
        assert row["Music"] == f"{seconds.sum() / 100 / duration_s:.0%}"


def test_page_header_shows_scores_and_counts(rendered):
    inputs, _, page = rendered
    text = " ".join("".join(page.text).split())
    scores = tables.read_table(path_of(inputs, "genres/scores.tsv"), tables.GENRE_SCORES)
    macro = scores[scores.genre == "macro"].set_index("model").f1
    assert f"reaches F1 {macro.drop('plurality').max():.2f}" in text
    assert f"baseline has {macro['plurality']:.2f}" in text
    assert "20 tracks of 5 albums (1.00 h of music) against 5 films" in text
    assert "60 cues" in text
    assert "#skipped" in page.values("href")


def test_navigation_lists_the_sections_in_order(rendered):
    page = rendered[2]
    sections = [value for tag, name, value in page.attributes if (tag, name) == ("section", "id")]
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert [link for link in links if link[1:] in sections][: len(sections)] == [
        f"#{name}" for name in sections
    ]
    assert sections == [
        "corpus", "film_map", "cues", "features", "visuals", "genres",
        "predictions", "applied", "importance", "audiovisual_comparison", "provenance",
    ]  # fmt: skip


def test_skipped_films_are_listed_with_the_full_reason(rendered):
    _, _, page = rendered
    assert "bad_film" in page.text
    assert REASON in page.text


def test_cue_table_shows_the_scores(rendered):
    _, _, page = rendered
    all_films, quiet = page.table("Films", "Time precision")
    assert all_films["Films"] == "all films"
    assert quiet["Films"] == "music at -10 dB"
    assert (all_films["Time precision"], quiet["Time precision"]) == ("0.99", "–")
    assert (all_films["Offset error, s"], quiet["Edge error, s"]) == ("0.012", "–")
    assert (all_films["90% of edges, s"], all_films["Placed"]) == ("1.52", "0.99")


def test_report_without_cue_scores_has_no_section_on_them(tmp_path):
    inputs = without(make_run(tmp_path, 2), "cues/scores.tsv", "cues/confidence.svg")
    assert "cues" not in render(tmp_path, inputs)[2].values("id")


def test_genre_table_shows_the_scores(rendered):
    inputs, text, page = rendered
    scores = tables.read_table(path_of(inputs, "genres/scores.tsv"), tables.GENRE_SCORES)
    rows = page.table("Features", "Model", "Precision")
    assert [row["Features"] for row in rows] == ["none", "mir", "mir"]
    assert [row["Model"] for row in rows] == ["Plurality", "Simple MI SVM", "Average pooling"]
    for row, (feature_set, model) in zip(rows, MODELS, strict=True):
        of_model = scores[(scores.feature_set == feature_set) & (scores.model == model)].set_index(
            "genre"
        )
        macro = of_model.loc["macro"]
        spread = "± 0.012" if model == "average_pooling" else ""
        assert row["F1"] == f"{macro.f1:.2f}{macro.f1_low:.2f}–{macro.f1_high:.2f}{spread}"
        assert row["Average precision"].startswith(f"{macro.average_precision:.2f}")
        adjusted = " (< 0.001)" if feature_set != "none" else ""
        assert row["Chance of F1"] == f"{macro.permuted:.2f}p < 0.001{adjusted}"
        adjusted = " (0.040)" if feature_set != "none" else ""
        assert row["Chance of average precision"] == f"0.31p 0.020{adjusted}"
        assert row["Science Fiction F1"] == f"{of_model.f1['Science Fiction']:.2f}"
    leader = int(rows[2]["F1"] > rows[1]["F1"])  # of the two models, by their macro F1
    difference = {0: "+0.21+0.10 to +0.40", 1: "+0.25+0.10 to +0.50"}[leader]
    assert rows[0]["Headline less this"] == f"{difference}p 0.003"
    assert rows[1 + leader]["Headline less this"] == "–"
    difference = {0: "-0.04-0.20 to +0.10", 1: "+0.04-0.10 to +0.20"}[leader]
    assert rows[2 - leader]["Headline less this"] == f"{difference}p 0.400"
    best = re.findall(r'class="best">([\d.]+)<', text)
    macro = scores[scores.genre == "macro"]
    by_genre = scores[scores.genre != "macro"].groupby("genre").f1.max()
    expected = [macro[measure].max() for measure in METRICS] + list(by_genre)
    assert sorted(best) == sorted(f"{value:.2f}" for value in expected)


def test_genre_section_starts_with_the_best_model(rendered):
    inputs, text, _ = rendered
    scores = tables.read_table(path_of(inputs, "genres/scores.tsv"), tables.GENRE_SCORES)
    macro = scores[scores.genre == "macro"].set_index("model")
    best = macro.loc[macro.f1.drop("plurality").idxmax()]
    lead = section_of(text, "genres").partition("</p>")[0]
    for number in (best.f1, macro.f1["plurality"], best.permuted):
        assert f" {number:.2f}" in lead
    assert "the best of 2 models, for the primary one was not trained" in lead
    assert "(p &lt; 0.001)" in lead  # adjusted for the choice
    assert "1 of 1 other models" in lead


def test_network_figures_are_left_out_without_networks(tmp_path):
    names = [f"genres/{name}.svg" for name in GENRE_FIGURES[2:-1]]
    inputs = without(make_run(tmp_path, 2), *names)
    _, text, _ = render(tmp_path, inputs)
    assert "on demand" not in section_of(text, "genres")
    assert section_of(text, "genres").count("<img ") == 3


def test_prediction_table_shows_predictions_of_the_best_model(rendered):
    inputs, _, page = rendered
    scores = tables.read_table(path_of(inputs, "genres/scores.tsv"), tables.GENRE_SCORES)
    macro = scores[(scores.genre == "macro") & (scores.feature_set == "mir")]
    run = ("mir", macro.loc[macro.f1.idxmax(), "model"])
    assert best_models(scores) == [run]
    marks = {(True, True): "●", (False, True): "○", (True, False): "×", (False, False): ""}
    rows = {row["Film"]: row for row in page.table("Film", *GENRES)}
    path = path_of(inputs, f"genres/predictions/{run[0]}/{run[1]}.parquet")
    predictions = tables.read_table(path, tables.PREDICTIONS).query("repeat == 0")
    for row in predictions.itertuples():
        assert rows[row.film_id][row.genre] == marks[row.predicted, row.actual]


def test_feature_table_shows_missing_values_of_groups(rendered):
    inputs, _, page = rendered
    bags = tables.read_table(path_of(inputs, "bags/mir.parquet"), tables.BAGS)
    rows = {row["Group"]: row for row in page.table("Group", "Columns")}
    assert sum(int(row["Columns"]) for row in rows.values()) == len(NAMES)
    rhythm = [name for name in NAMES if name.startswith("rhythm.")]
    assert rows["rhythm"]["Missing values"] == f"{bags[rhythm].isna().to_numpy().mean():.0%}"
    assert list(rows)[:3] == ["dynamics", "pitch", "rhythm"]


def test_provenance_section_shows_versions_and_hashes(rendered):
    _, _, page = rendered
    text = " ".join("".join(page.text).split())
    assert "Newest input: 2023-11-14 22:13 UTC. Seed: 7." in text
    assert "kind: demo" in text
    rows = {row["Software"]: row["Version"] for row in page.table("Software", "Version")}
    assert rows["numpy"] == np.__version__
    assert rows["scorelens"] == __version__
    hashes = {
        row["Film"]: row["SHA-256 of the file"] for row in page.table("Film", "SHA-256 of the file")
    }
    assert hashes["film_00"] == "ab" * 32
    assert hashes["bad_film"] == "not read"


def test_provenance_section_lists_used_and_left_out_networks(rendered):
    _, text, page = rendered
    text_of_page = " ".join("".join(page.text).split())
    assert "vggish: pretrained.offline is set, and <here> lacks" in text_of_page
    assert [list(row.values()) for row in page.table("Network")] == [
        ["musicnn", "ISC", "29.3", "https://example.org/musicnn.whl", "cd" * 32]
    ]
    assert "yamnet" not in text


def test_report_is_deterministic(tmp_path):
    inputs = make_run(tmp_path, 2)
    assert render(tmp_path, inputs)[1] == render(tmp_path, inputs)[1]


def test_report_without_pictures_cues_or_trained_models_is_rendered(tmp_path):
    inputs, rng = make_run(tmp_path, 2), np.random.default_rng(1)
    empty = {
        "cues/films/film_": tables.CUES,
        "features/mir/": tables.FEATURES,
        "visuals/film_": tables.VISUALS,
        "bags/": tables.BAGS,
    }
    for folder, table in empty.items():
        for path in inputs["files"]:
            if folder in path.as_posix():
                tables.write_table(tables.read_table(path, table)[:0], path, table)
    scores = make_scores(rng)
    scores = scores[scores.feature_set == "none"]
    tables.write_table(scores, path_of(inputs, "genres/scores.tsv"), tables.GENRE_SCORES)
    _, rendered_text, page = render(tmp_path, inputs)
    text = " ".join("".join(page.text).split())
    assert "0% of 2 films" in text
    assert "<img " not in section_of(rendered_text, "visuals")
    assert [row["Cues"] for row in page.table("Film", "Title")] == ["0", "0"]
