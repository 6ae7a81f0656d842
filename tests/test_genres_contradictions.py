"""Cues that contradict the genres of their film: ranking, times, page and section of the report."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from separable_bags import GENRES as TRAINED_GENRES
from separable_bags import write_corpus
from test_genres import KINDS

from scorelens import tables
from scorelens.genres.contradictions import rank
from scorelens.genres.contradictions.page import write
from scorelens.genres.model import fold_jobs
from scorelens.genres.report import contradictions_section
from scorelens.learning.packed_bags import Bags
from scorelens.plan.genres import GenrePlan, primary_run
from scorelens.sections import Run
from tests.album_tables import make_tracks
from tests.browser import body_overflows, serious_violations, wait_until
from tests.genre_tables import make_cue_table

GENRES = ["Comedy", "Drama", "Horror"]
RUN = ("vggish", "single_attention")
ODD_TITLE, ODD_VIDEO = "Night <b>&</b> Day", 'media/a "b" #1 & 50%.mp4'


def make_films(genres, titles=None):
    """Rows of FILMS: film_0 and so on with these genres."""
    names = [f"film_{k}" for k in range(len(genres))]
    return pd.DataFrame(
        {
            "film_id": names,
            "title": titles or names,
            "year": pd.array([2001] * len(names), "Int64"),
            "genres": [tuple(items) for items in genres],
            "duration_s": 9000.0,
            "has_picture": True,
            "tracks": 2,
        }
    )


def make_genre_cues(probability, genres=GENRES):
    """Rows of GENRE_CUES. probability: for each film (cues, genres)."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "film_id": f"film_{film}",
                    "cue_id": np.repeat([f"cue_{k:03d}" for k in range(len(rows))], len(genres)),
                    "genre": np.tile(genres, len(rows)),
                    "probability": np.ravel(rows).astype(float),
                    "weight": 1 / len(rows),
                }
            )
            for film, rows in enumerate(probability)
        ],
        ignore_index=True,
    )


# Ranking

FILMS = make_films([["Comedy"], ["Comedy", "Drama"], ["Horror"]])
PROBABILITY = [
    [[0.2, 0.4, 0.9], [0.7, 0.6, 0.1]],
    [[0.3, 0.2, 0.45], [0.5, 0.9, 0.8]],
    [[0.6, 0.1, 0.5]],
]


def test_cues_are_ranked_by_their_margin_over_the_genres_of_the_film():
    ranked = rank.rank_cues(make_genre_cues(PROBABILITY), FILMS)
    rows = ranked.set_index(["film_id", "cue_id"])
    assert list(rows.index) == [
        ("film_0", "cue_000"),  # 0.9 Horror over 0.2 Comedy
        ("film_1", "cue_000"),  # 0.45 Horror over 0.3 Comedy
        ("film_2", "cue_000"),  # 0.6 Comedy over 0.5 Horror
        ("film_0", "cue_001"),  # 0.6 Drama under 0.7 Comedy
        ("film_1", "cue_001"),  # 0.8 Horror under 0.9 Drama
    ]
    assert ranked["margin"].tolist() == pytest.approx([0.7, 0.15, 0.1, -0.1, -0.1])
    assert ranked["contradicts"].tolist() == [True, False, True, False, False]
    first, second = rows.iloc[0], rows.iloc[1]
    assert (first.genre, first.film_genre, first.film_probability) == ("Horror", "Comedy", 0.2)
    assert (second.genre, second.film_genre, second.probability) == ("Horror", "Comedy", 0.45)
    # Horror is contradicted by no set with Horror: of 3 films the first two.
    assert first.contradicts_others == pytest.approx(2 / 3)


def test_film_with_all_genres_or_none_is_left_out():
    films = make_films([["Comedy"], GENRES, []])
    ranked = rank.rank_cues(make_genre_cues([[[0.1, 0.9, 0.2]]] * 3), films)
    assert ranked["film_id"].tolist() == ["film_0"]
    assert ranked["contradicts_others"].tolist() == [1.0]  # the others take no part here either


@settings(max_examples=25)
@given(
    arrays(float, (7, 4), elements=st.floats(0, 1)),
    arrays(bool, (5, 4)).filter(lambda sets: (sets.any(axis=1) & ~sets.all(axis=1)).all()),
)
def test_expected_contradictions_are_the_mean_over_all_exchanges_of_genres(probability, sets):
    genres = ["a", "b", "c", "d"]
    films = make_films([np.array(genres)[row] for row in sets])
    sizes = np.array([2, 1, 1, 2, 1])
    by_film = np.split(probability, np.cumsum(sizes)[:-1])
    ranked = rank.rank_cues(make_genre_cues(by_film, genres), films)
    film = np.repeat(np.arange(5), sizes)
    # With the genres of the film `step` rows on, for every step: each pair of films once.
    counts = [rank.contradicts(probability, sets[(film + step) % 5]).sum() for step in range(5)]
    assert ranked["contradicts"].sum() == counts[0]
    assert ranked["contradicts_others"].sum() == pytest.approx(np.mean(counts))
    best = probability.argmax(axis=1)
    strictly = np.array(
        [
            not sets[f, b] and p[b] > 0.5 and (p[sets[f]] < p[b]).all()
            for f, b, p in zip(film, best, probability, strict=True)
        ]
    )
    assert counts[0] >= strictly.sum()


def test_transplanted_cue_is_ranked_first_by_models_without_its_film(tmp_path):
    """A cue with the music of another genre in one film; every film is held out in turn."""
    random = np.random.default_rng(1)
    labels = random.random((20, 3)) < 0.5
    labels[6] = [True, False, False]
    instances = random.standard_normal((80, 6)).astype(np.float32)
    instances[:, :3] += 4 * np.repeat(labels, 4, axis=0)
    instances[4 * 6 + 1, :3] = [0, 0, 4]  # as Horror, the third genre, sounds
    write_corpus(tmp_path, Bags(instances, np.arange(21) * 4), labels)
    outputs = {kind: tmp_path / f"{kind}.{ending}" for kind, ending in KINDS.items()}
    fold_jobs.train_chunk(
        "simple_mi_logistic_regression", "mir", tmp_path / "films.tsv", tmp_path / "bags.parquet",
        TRAINED_GENRES, {"c": 1.0}, (0, 1), 5, 1, outputs,
    )  # fmt: skip
    ranked = rank.rank_cues(
        tables.read_table(outputs["cues"], tables.GENRE_CUES),
        tables.read_table(tmp_path / "films.tsv", tables.FILMS),
    )
    first = ranked.iloc[0]
    assert (first.film_id, first.cue_id) == ("film_06", "cue_25")
    assert (first.genre, first.film_genre) == ("Horror", "Action")
    assert ranked["contradicts"].sum() < 0.5 * ranked["contradicts_others"].sum()


@pytest.mark.parametrize(
    ("runs", "shown"),
    [
        ([("mir", "single_attention"), ("vggish", "max_pooling"), RUN], RUN),
        ([("vggish", "max_pooling"), ("mir", "single_attention")], ("mir", "single_attention")),
        ([("none", "plurality"), ("mir", "imv_svm"), ("vggish", "imv_knn")], ("vggish", "imv_knn")),
        ([("vggish_frames", "single_attention"), RUN], RUN),
        ([("none", "plurality")], None),
    ],
)
def test_shown_model_is_that_of_the_paper_or_the_nearest_to_it(runs, shown):
    primary = primary_run(runs, "single_attention", "vggish")
    plan = GenrePlan(tuple(runs), 1, primary, {}, 1, {}, None, None, runs[0])
    assert plan.shown_run == shown


# Times


def test_times_of_cues_are_added_as_seconds_and_text():
    ranked = rank.rank_cues(make_genre_cues(PROBABILITY), FILMS)
    cues = make_cue_table("film_0", 2).assign(
        film_start_s=[3725.5, 10.0], film_end_s=[3790.25, 70.0]
    )
    located = rank.locate(ranked, cues, "vggish").set_index(["film_id", "cue_id"])
    first = located.loc[("film_0", "cue_000")]
    assert (first.start_s, first.end_s) == (3725.5, 3790.25)
    assert (first.start, first.end) == ("1:02:05", "1:03:10")
    unknown = located.loc[("film_1", "cue_000")]
    assert np.isnan(unknown.start_s)
    assert unknown.start == ""
    assert len(located) == len(ranked)


def test_whole_track_is_listed_with_each_cue_that_plays_it():
    ranked = rank.rank_cues(make_genre_cues([[[0.1, 0.9, 0.2], [0.1, 0.8, 0.2]]]), FILMS[:1])
    cues = make_cue_table("film_0", 3).assign(track_id=["cue_001", "other", "cue_001"])
    located = rank.locate(ranked, cues, "musicnn_tracks")
    assert located["track_id"].tolist() == ["cue_000", "cue_001", "cue_001"]
    assert located["cue_id"].tolist() == ["cue_000", "cue_000", "cue_002"]
    assert located["start_s"].isna().tolist() == [True, False, False]


@given(st.floats(0, 4e4))
def test_time_text_is_whole_seconds_as_h_mm_ss(seconds):
    text = rank.time_text(seconds)
    assert re.fullmatch(r"\d+:[0-5]\d:[0-5]\d", text)
    hours, minutes, rest = map(int, text.split(":"))
    assert 3600 * hours + 60 * minutes + rest == int(seconds)


# Page and report


@pytest.fixture
def results(tmp_path):
    """A folder of results with the table of a made-up run."""
    folder = tmp_path / "results"
    films = make_films([["Comedy"], ["Comedy", "Drama"], ["Horror"]], [ODD_TITLE, "B", "C"])
    cues = [make_cue_table(f"film_{k}", len(rows)) for k, rows in enumerate(PROBABILITY)]
    tracks = make_tracks(
        [(f"film_{k}", "00_a_track_of_the_album", "a.flac", 99.0, 44100) for k in range(3)]
    )
    for name, table, kind in [
        ("corpus/films.tsv", films, tables.FILMS),
        ("corpus/tracks.tsv", tracks, tables.TRACKS),
        ("genres/cues.parquet", make_genre_cues(PROBABILITY), tables.GENRE_CUES),
        *((f"cues/{k}.parquet", table, tables.CUES) for k, table in enumerate(cues)),
    ]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        tables.write_table(table, folder / name, kind)
    return folder


def write_results(folder, with_times=True):
    """Write table and page; returns the table."""
    output = folder / "genres" / "contradictions.tsv"
    rank.rank_contradictions(
        folder / "genres/cues.parquet",
        folder / "corpus/films.tsv",
        sorted((folder / "cues").glob("*.parquet")) if with_times else [],
        folder / "corpus/tracks.tsv",
        RUN,
        output,
    )
    videos = {"film_0": str(folder.parent / ODD_VIDEO), "film_1": None}
    write.write_page(output, videos, output.with_suffix(".html"))
    return tables.read_table(output, tables.GENRE_CONTRADICTIONS)


def test_table_names_films_tracks_and_run(results):
    table = write_results(results)
    assert table["rank"].tolist() == [1, 2, 3, 4, 5]
    assert set(zip(table.feature_set, table.model, strict=True)) == {RUN}
    assert table["genres"].tolist()[1] == ("Comedy", "Drama")
    assert (table["start_s"] < table["end_s"]).all()
    first = table.iloc[0]
    assert (first.title, first.track_id) == (ODD_TITLE, "00_a_track_of_the_album")
    assert first.track == "a"  # the name of its file


def test_page_lists_contradicting_cues_with_links_into_the_film(results):
    table = write_results(results)
    text = (results / "genres/contradictions.html").read_text(encoding="utf-8")
    assert text.count("<tr data-film=") == 2
    assert "2 of 5 cues, in 2 of 3 films" in text
    assert "Night &lt;b&gt;&amp;&lt;/b&gt; Day" in text
    assert "<b>&" not in text
    start, end = round(table.start_s[0], 2), round(table.end_s[0], 2)
    address = f"../../media/a%20%22b%22%20%231%20%26%2050%25.mp4#t={start:g},{end:g}"
    assert f'<a href="{address}">{table.start[0]}–{table.end[0]}</a>' in text
    clips = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    assert clips[0] == {"address": address, "end": table.end_s[0]}
    assert clips[1]["address"] == ""  # film_2 has no video
    assert not re.search(r"""(src|href)=["']https?:|@import|url\(""", text)


def test_without_times_cues_have_their_names_and_no_links(results):
    table = write_results(results, with_times=False)
    assert table["start_s"].isna().all()
    assert set(table["track_id"]) == set(table["start"]) == {""}
    text = (results / "genres/contradictions.html").read_text(encoding="utf-8")
    assert text.count("<code>cue_000</code>") == 2
    assert "<a href" not in text


def test_page_is_bounded_and_says_so(results, monkeypatch):
    monkeypatch.setattr(write, "MAX_ROWS", 1)
    write_results(results)
    text = (results / "genres/contradictions.html").read_text(encoding="utf-8")
    assert text.count("<tr data-film=") == 1
    assert "The first 1 of 2" in text


def test_summary_counts_cues_films_and_what_is_expected_at_random(results):
    table = write_results(results)
    assert write.summarise(table) == {
        "cues": 5,
        "films": 3,
        "contradicting": 2,
        "contradicting_films": 2,
        "expected": pytest.approx(table["contradicts_others"].sum()),
    }
    empty = write.summarise(table[:0])
    assert (empty["cues"], empty["expected"]) == (0, 0.0)


def test_section_of_the_report_ranks_for_watching_and_links_the_page(results):
    assert contradictions_section(Run(results, [], {})) is None
    write_results(results)
    section = contradictions_section(Run(results, [results / "genres/contradictions.tsv"], {}))
    body = " ".join(section.body.split())
    assert "2 of 5 cues, in 2 of 3 films" in body
    assert "ranked for watching, and none of them is tested" in body
    assert 'href="genres/contradictions.html"' in body
    assert body.count("<tr><td>") == 2


def test_table_and_page_are_deterministic(results):
    names = [results / "genres" / f"contradictions.{ending}" for ending in ("tsv", "html")]
    written = []
    for _ in range(2):
        write_results(results)
        written.append([path.read_bytes() for path in names])
    assert written[0] == written[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_accessible_and_fits_a_phone(results, browser, scheme):
    write_results(results)
    page = browser.new_page(color_scheme=scheme, viewport={"width": 360, "height": 700})
    page.goto((results / "genres/contradictions.html").as_uri())
    assert not body_overflows(page)
    assert serious_violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    assert serious_violations(page) == []


def test_filters_hide_rows_and_the_player_gets_the_clip(results, browser):
    write_results(results)
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((results / "genres/contradictions.html").as_uri())
    assert page.inner_text("#count") == "2 cues"
    page.locator("#genre").select_option(label="Horror")
    assert page.inner_text("#count") == "1 cue"
    assert page.locator("tbody tr:visible").count() == 1
    page.get_by_role("button", name="Clear").click()
    wait_until(page, "document.querySelector('#count').textContent === '2 cues'")
    page.locator("button.play").first.click()
    assert page.locator("#player").is_visible()
    assert "50%25.mp4#t=" in page.locator("video").get_attribute("src")
    assert not errors
