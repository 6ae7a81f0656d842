"""The report against the tables it is made of, read back with an HTML parser."""

import re
import xml.etree.ElementTree as ElementTree
from base64 import b64decode

import numpy as np
import pytest

from scorelens import __version__, tables
from scorelens.features.columns import NAMES
from scorelens.genres.evaluate.score import MEASURES, best_models
from tests.report_run import GENRE_FIGURES, GENRES, MODELS, REASON, make_run, make_scores, render


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The report of a run of five films, which the tests only read."""
    folder = tmp_path_factory.mktemp("report")
    return render(folder, make_run(folder))


def test_the_page_is_whole_and_needs_nothing_else(rendered):
    _, text, page = rendered
    assert page.open == []
    for address in page.values("src", "href", "data", "action", "srcset"):
        assert address.startswith(("#", "data:image/svg+xml;base64,"))
    assert not re.search(r"url\(|@import", text)
    assert text.count("://") == "".join(page.text).count("://") == 1  # in words, not to be loaded
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {address[1:] for address in page.values("href")} <= set(ids)


def test_new_media_show_the_answer_for_the_whole(rendered):
    _, text, _ = rendered
    section = text[text.index('<section id="applied">') :].partition("</section>")[0]
    assert "<td><code>night_train</code></td><td>2</td>" in section
    assert section.count("<b>0.62</b>") == len(GENRES)
    assert "0.53–0.72" in section or "0.52–0.72" in section
    assert "0.75" not in section  # the answer for a track


def test_every_picture_is_an_svg_with_words_for_those_who_cannot_see_it(rendered):
    _, _, page = rendered
    pictures = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    words = [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")]
    assert len(pictures) == len(words) == 5 + 1 + 2 + 5 + 2 + len(GENRE_FIGURES) + 5 + 1
    assert all(len(text) > 20 for text in words)
    for picture in pictures:
        svg = ElementTree.fromstring(b64decode(picture.partition("base64,")[2]))
        assert svg.tag.endswith("svg")


def test_the_corpus_table_tells_what_the_tables_tell(rendered):
    inputs, _, page = rendered
    films = tables.read_table(inputs["films"], tables.FILMS)
    rows = page.table("Film", "Title")
    assert [row["Film"] for row in rows] == list(films.film_id)
    assert [row["Title"] for row in rows] == list(films.title)
    assert rows[0]["Year"] == "–"
    assert rows[1]["Year"] == "2001"
    assert rows[0]["Notes"] == "cover.jpg is no music"
    for row, path, duration_s in zip(rows, inputs["cues"], films.duration_s, strict=True):
        cues = tables.read_table(path, tables.CUES)
        seconds = np.zeros(8000 * 100, bool)
        for start, end in zip(cues.film_start_s, cues.film_end_s, strict=True):
            seconds[round(start * 100) : round(end * 100)] = True
        assert row["Cues"] == str(len(cues))
        assert row["Music"] == f"{seconds.sum() / 100 / duration_s:.0%}"


def test_the_head_of_the_page(rendered):
    inputs, _, page = rendered
    text = " ".join("".join(page.text).split())
    scores = tables.read_table(inputs["genre_scores"], tables.GENRE_SCORES)
    macro = scores[scores.genre == "macro"].set_index("model").f1
    assert f"the best genre model reaches F1 {macro.drop('plurality').max():.2f}" in text
    assert f"the best baseline has {macro['plurality']:.2f}" in text
    assert "matched 20 tracks of 5 albums (1.00 h of music) against 5 films" in text
    assert "and found 60 cues" in text
    assert "1 film had to be left out" in text


def test_skipped_films_stand_there_with_the_whole_reason(rendered):
    _, _, page = rendered
    assert "bad_film" in page.text
    assert REASON in page.text


def test_cue_scores(rendered):
    _, _, page = rendered
    everything, quiet = page.table("Films", "Time precision")
    assert everything["Films"] == "all films"
    assert quiet["Films"] == "music at -10 dB"
    assert (everything["Time precision"], quiet["Time precision"]) == ("0.99", "–")
    assert (everything["Offset error, s"], quiet["Edge error, s"]) == ("0.012", "–")
    assert (everything["90% of edges, s"], everything["Placed"]) == ("1.52", "0.99")


def test_without_truth_and_with_many_films(tmp_path):
    """No section of cue scores, and timelines and strips folded away behind the titles."""
    inputs = make_run(tmp_path, 6)
    inputs["config"]["report"]["open_timelines"] = 5
    _, text, page = render(tmp_path, inputs | {"cue_scores": None, "cue_confidence": None})
    assert "Cue scores" not in text
    assert "cues" not in page.values("id")
    assert text.count("<details>") == 2 + 6 + 6 + 5


def test_the_genre_table(rendered):
    inputs, text, page = rendered
    scores = tables.read_table(inputs["genre_scores"], tables.GENRE_SCORES)
    rows = page.table("Features", "Model")
    assert [row["Features"] for row in rows] == ["none", "mir", "mir"]
    assert [row["Model"] for row in rows] == ["Plurality", "Simple MI SVM", "Average pooling"]
    for row, (feature_set, model) in zip(rows, MODELS, strict=True):
        own = scores[(scores.feature_set == feature_set) & (scores.model == model)].set_index(
            "genre"
        )
        macro = own.loc["macro"]
        spread = "± 0.012" if model == "average_pooling" else ""
        assert row["F1"] == f"{macro.f1:.2f}{macro.f1_low:.2f}–{macro.f1_high:.2f}{spread}"
        assert row["Average precision"].startswith(f"{macro.average_precision:.2f}")
        assert row["F1 by chance"] == f"{macro.permuted:.2f}p < 0.001"
        assert row["Science Fiction F1"] == f"{own.f1['Science Fiction']:.2f}"
    leader = int(rows[2]["F1"] > rows[1]["F1"])  # of the two models, by their macro F1
    lead = {0: ("0.21", "p 0.003"), 1: ("0.25", "p 0.003")}[leader]
    assert rows[0]["Best leads by"] == "".join(lead)
    assert rows[1 + leader]["Best leads by"] == "–"
    assert rows[2 - leader]["Best leads by"] == ("0.04" if leader else "-0.04") + "p 0.400"
    best = re.findall(r'class="best">([\d.]+)<', text)
    macro = scores[scores.genre == "macro"]
    by_genre = scores[scores.genre != "macro"].groupby("genre").f1.max()
    expected = [macro[measure].max() for measure in MEASURES] + list(by_genre)
    assert sorted(best) == sorted(f"{value:.2f}" for value in expected)


def test_what_was_found_about_the_genres_in_one_sentence(rendered):
    inputs, _, page = rendered
    scores = tables.read_table(inputs["genre_scores"], tables.GENRE_SCORES)
    macro = scores[scores.genre == "macro"].set_index("model")
    best = macro.loc[macro.f1.drop("plurality").idxmax()]
    assert (
        f"has macro F1 {best.f1:.2f}, plurality {macro.f1['plurality']:.2f}, and its own answers "
        f"handed to other films at random {best.permuted:.2f} (p < 0.001); not told apart from it: "
        "1 of 1 other models."
    ) in " ".join("".join(page.text).split())


def test_without_networks_the_page_does_without_their_figures(tmp_path):
    inputs = make_run(tmp_path, 2)
    inputs |= {"genre_figures": inputs["genre_figures"][:2], "explanations": []}
    _, text, page = render(tmp_path, inputs)
    assert "explanations" not in page.values("id")
    assert "Training</h3>" not in text and "The best model of each feature set" not in text


def test_predictions_of_the_best_model(rendered):
    inputs, _, page = rendered
    scores = tables.read_table(inputs["genre_scores"], tables.GENRE_SCORES)
    macro = scores[(scores.genre == "macro") & (scores.feature_set == "mir")]
    run = ("mir", macro.loc[macro.f1.idxmax(), "model"])
    assert best_models(scores) == [run]
    marks = {(True, True): "●", (False, True): "○", (True, False): "×", (False, False): ""}
    rows = {row["Film"]: row for row in page.table("Film", *GENRES)}
    first = tables.read_table(inputs["predictions"][run], tables.PREDICTIONS).query("repeat == 0")
    for said in first.itertuples():
        assert rows[said.film_id][said.genre] == marks[said.predicted, said.actual]


def test_missing_values_of_feature_groups(rendered):
    inputs, _, page = rendered
    bags = tables.read_table(inputs["bags"]["mir"], tables.BAGS)
    rows = {row["Group"]: row for row in page.table("Group", "Columns")}
    assert sum(int(row["Columns"]) for row in rows.values()) == len(NAMES)
    rhythm = [name for name in NAMES if name.startswith("rhythm.")]
    assert rows["rhythm"]["Missing values"] == f"{bags[rhythm].isna().to_numpy().mean():.0%}"
    assert list(rows)[:3] == ["dynamics", "pitch", "rhythm"]


def test_provenance(rendered):
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


def test_networks_that_were_used_and_those_left_out(rendered):
    _, text, page = rendered
    words = " ".join("".join(page.text).split())
    assert (
        "Left out for want of weights vggish: pretrained.offline is set, and <here> lacks" in words
    )
    assert [list(row.values()) for row in page.table("Network")] == [
        ["musicnn", "ISC", "29.3", "https://example.org/musicnn.whl", "cd" * 32]
    ]
    assert "yamnet" not in text


def test_few_timelines_are_open(rendered):
    """Folded: the configuration, the hashes, and which cues made it so for all but one film."""
    assert rendered[1].count("<details>") == 2 + 4


def test_same_inputs_same_page(rendered, tmp_path):
    inputs, text, _ = rendered
    assert render(tmp_path, inputs)[1] == text


def test_a_corpus_without_pictures_cues_or_trained_models(tmp_path):
    inputs, rng = make_run(tmp_path, 2), np.random.default_rng(1)
    empty = {"cues": tables.CUES, "features": tables.FEATURES, "visuals": tables.VISUALS}
    for name, table in empty.items():
        for path in inputs[name]:
            tables.write_table(tables.read_table(path, table)[:0], path, table)
    bags = tables.read_table(inputs["bags"]["mir"], tables.BAGS)[:0]
    tables.write_table(bags, inputs["bags"]["mir"], tables.BAGS)
    scores = make_scores(rng)
    scores = scores[scores.feature_set == "none"]
    tables.write_table(scores, inputs["genre_scores"], tables.GENRE_SCORES)
    _, _, page = render(tmp_path, inputs)
    text = " ".join("".join(page.text).split())
    assert "Album music fills 0% of 2 films" in text
    assert "No track of the album was found in" in text
    assert "No film of the corpus has moving pictures." in text
    assert [row["Cues"] for row in page.table("Film", "Title")] == ["0", "0"]
