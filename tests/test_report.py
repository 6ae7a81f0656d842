"""The report against the tables it is made of, read back with an HTML parser."""

import os
import re
import xml.etree.ElementTree as ElementTree
from base64 import b64decode
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from scorelens import __version__, tables
from scorelens.features.columns import NAMES
from scorelens.genres import BASELINES
from scorelens.report import genres, plots, write

GENRES = ["Action", "Comedy", "Drama", "Science Fiction"]
MODELS = [("none", "plurality"), ("mir", "simple_mi_svm"), ("mir", "average_pooling")]
VOID = {"meta", "img", "br", "link", "input", "hr"}
REASON = (
    "films/bad & <odd>.mp4: is empty (0 bytes)\n  expected: a media file\n  hint: copy it again"
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20">'
NEWEST = 1_700_000_000  # 2023-11-14 22:13:20 UTC


class Page(HTMLParser):
    """What a reader finds on a page: text, tables as lists of rows, and every attribute."""

    def __init__(self, text):
        super().__init__()
        self.text, self.tables, self.attributes, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.attributes += [(tag, *pair) for pair in attributes]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            return
        self.text.append(data)
        if {"td", "th"} & set(self.open) and self.tables[-1][-1]:
            self.tables[-1][-1][-1] += data

    def values(self, *names):
        return [value for _, name, value in self.attributes if name in names]

    def table(self, *heads):
        """The rows, as dictionaries, of the one table whose header starts with these words."""
        found = [t for t in self.tables if t[0][: len(heads)] == list(heads)]
        assert len(found) == 1
        head, *rows = found[0]
        return [dict(zip(head, (cell.strip() for cell in row), strict=True)) for row in rows]


def make_films(count, rng):
    names = [f"film_{k:02}" for k in range(count)]
    labels = [";".join(np.array(GENRES)[[k % 4, (k + 1 + k // 4) % 4]]) for k in range(count)]
    return pd.DataFrame(
        {
            "film_id": names,
            "title": [f"The <{k}th> Film & Co" for k in range(count)],
            "year": pd.array([None, *range(2001, 2000 + count)], "Int64"),
            "genres": labels,
            "duration_s": rng.uniform(3000, 7000, count),
            "has_picture": True,
            "tracks": 4,
        }
    )


def make_cues(film_id, duration_s, rng, count=12):
    starts = np.sort(rng.uniform(0, duration_s - 60, count))
    return pd.DataFrame(
        {
            "film_id": film_id,
            "cue_id": [f"cue_{k:03}" for k in range(count)],
            "track_id": [f"track_{k % 4}" for k in range(count)],
            "film_start_s": starts,
            "film_end_s": starts + rng.uniform(10, 60, count),
            "track_start_s": 0.0,
            "equal_starts_s": "",
            "shared_tracks": "",
            "speed": 1.0,
            "score": 50.0,
            "confidence": 0.9,
        }
    )


def make_bags(cues, rng):
    values = rng.gamma(2, 1, (len(cues), len(NAMES))).astype(np.float32)
    values[rng.random(values.shape) < 0.03] = np.nan
    values[:, NAMES.index("rhythm.tempo.mean")] = np.nan
    frame = pd.DataFrame(values, columns=list(NAMES))
    frame.insert(0, "n_frames", 20)
    frame.insert(0, "cue_id", list(cues.cue_id))
    frame.insert(0, "film_id", list(cues.film_id))
    return frame


def make_scores(rng):
    rows = []
    for feature_set, model in MODELS:
        for genre in [*GENRES, "macro"]:
            row = {"feature_set": feature_set, "model": model, "level": "cue", "genre": genre}
            for measure in genres.MEASURES:
                value = rng.uniform(0.3, 0.7) - 0.2 * (model in BASELINES)
                row |= {
                    measure: value,
                    f"{measure}_low": value - 0.1,
                    f"{measure}_high": value + 0.1,
                }
            rows.append(row)
    return pd.DataFrame(rows)


def make_predictions(films, rng):
    rows = [
        {
            "film_id": film.film_id,
            "genre": genre,
            "probability": probability,
            "predicted": probability > 0.5,
            "actual": genre in film.genres.split(";"),
            "fold": fold,
        }
        for fold, film in enumerate(films.itertuples())
        for genre in GENRES
        for probability in [rng.random()]
    ]
    return pd.DataFrame(rows)


def make_visuals(film_id, rng, seconds=50):
    columns = {name: rng.uniform(0, 0.5, seconds).astype(np.float32) for name in plots.VISUALS}
    columns |= {"cuts": 0, "shot_length_s": np.float32(9), "motion_energy": np.float32(0.1)}
    return pd.DataFrame({"film_id": film_id, "time_s": np.arange(float(seconds)), **columns})


CUE_SCORES = pd.DataFrame(
    {
        "group": ["all", "snr"],
        "value": ["", "-10"],
        "time_precision": [0.987, None],
        "time_recall": [0.9, 0.7],
        "time_f1": [0.94, 0.8],
        "cue_precision": [0.95, 0.9],
        "cue_recall": [0.92, 0.75],
        "true_s": [1234, 200],
        "true_cues": [60, 10],
        "predicted_cues": [58, 8],
        "decoy_s": [3, 0],
        "boundary_error_s": [0.31, None],
        "boundary_error_90_s": [1.52, None],
        "offset_error_s": [0.0123, 0.02],
        "placed": [0.99, 1.0],
    }
)


def make_status(films):
    """The films with a note on the first, and one film more that was left out."""
    status = films[["film_id", "duration_s", "has_picture", "tracks"]].assign(
        status="ok", problems="", notes="", video_sha256="ab" * 32
    )
    status.loc[0, "notes"] = "cover.jpg is no music"
    skipped = {"film_id": "bad_film", "status": "bad", "problems": REASON, "duration_s": 0.0}
    skipped |= {"notes": "", "has_picture": False, "tracks": 0, "video_sha256": ""}
    return pd.concat([status, pd.DataFrame([skipped])], ignore_index=True)


def make_run(folder, count=5):
    """Write the tables of a made-up run; returns the arguments of write_report."""
    rng = np.random.default_rng(count)

    def saved(name, frame, table):
        tables.write_table(frame, folder / name, table)
        return folder / name

    def drawn(name):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"{SVG}<!-- {name} --></svg>")
        return folder / name

    films = make_films(count, rng)
    each = list(zip(films.film_id, films.duration_s, strict=True))
    cues = {film: make_cues(film, duration, rng) for film, duration in each}
    tracks = films[["film_id"]].merge(pd.DataFrame({"track_id": list("abcd")}), "cross")
    tracks = tracks.assign(path="album/a.flac", duration_s=180.0, sample_rate_hz=44100)
    bags = make_bags(pd.concat(cues.values()), rng)
    made = {
        "films": saved("films.tsv", films, tables.FILMS),
        "tracks": saved("tracks.tsv", tracks, tables.TRACKS),
        "status": saved("status.tsv", make_status(films), tables.STATUS),
        "cues": [saved(f"cues/{f}.parquet", own, tables.CUES) for f, own in cues.items()],
        "timelines": [drawn(f"timelines/{f}.svg") for f in cues],
        "visuals": [
            saved(f"visuals/{f}.parquet", make_visuals(f, rng), tables.VISUALS) for f in cues
        ],
        "bags": {"mir": saved("mir.parquet", bags, tables.BAGS)},
        "predictions": {
            run: saved(f"{'_'.join(run)}.parquet", make_predictions(films, rng), tables.PREDICTIONS)
            for run in MODELS
        },
        "genre_scores": saved("scores.tsv", make_scores(rng), tables.GENRE_SCORES),
        "genre_figures": {name: drawn(f"{name}.svg") for name in ("macro", "genres")},
        "cue_scores": saved("cue_scores.tsv", CUE_SCORES, tables.CUE_SCORES),
        "cue_confidence": drawn("confidence.svg"),
        "config": {"seed": 7, "report": {"open_timelines": 20}, "corpus": {"kind": "demo"}},
    }
    for path in folder.rglob("*.*"):
        os.utime(path, (NEWEST, NEWEST))
    return made


def render(folder, inputs):
    """Write a report and read it: (inputs, text, Page)."""
    write.write_report(folder / "report.html", **inputs)
    text = (folder / "report.html").read_text(encoding="utf-8")
    return inputs, text, Page(text)


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
    assert not re.search(r"url\(|@import|https?://", text)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {address[1:] for address in page.values("href")} <= set(ids)


def test_every_picture_is_an_svg_with_words_for_those_who_cannot_see_it(rendered):
    _, _, page = rendered
    pictures = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    words = [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")]
    assert len(pictures) == len(words) == 5 + 1 + 4
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
    """No section of cue scores, and the timelines folded away behind the titles."""
    inputs = make_run(tmp_path, 6)
    inputs["config"]["report"]["open_timelines"] = 5
    _, text, page = render(tmp_path, inputs | {"cue_scores": None, "cue_confidence": None})
    assert "Cue scores" not in text
    assert "cues" not in page.values("id")
    assert text.count("<details>") == 2 + 6


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
        assert row["F1"] == f"{macro.f1:.2f}{macro.f1_low:.2f}–{macro.f1_high:.2f}"
        assert row["Science Fiction F1"] == f"{own.f1['Science Fiction']:.2f}"
    best = re.findall(r'class="best">([\d.]+)<', text)
    macro = scores[scores.genre == "macro"]
    by_genre = scores[scores.genre != "macro"].groupby("genre").f1.max()
    expected = [macro[m].max() for m in genres.MEASURES] + list(by_genre)
    assert sorted(best) == sorted(f"{value:.2f}" for value in expected)


def test_predictions_of_the_best_model(rendered):
    inputs, _, page = rendered
    scores = tables.read_table(inputs["genre_scores"], tables.GENRE_SCORES)
    macro = scores[(scores.genre == "macro") & (scores.feature_set == "mir")]
    run = ("mir", macro.loc[macro.f1.idxmax(), "model"])
    assert genres.best_models(scores) == [run]
    marks = {(True, True): "●", (False, True): "○", (True, False): "×", (False, False): ""}
    rows = {row["Film"]: row for row in page.table("Film", *GENRES)}
    for said in tables.read_table(inputs["predictions"][run], tables.PREDICTIONS).itertuples():
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


def test_few_timelines_are_open(rendered):
    assert rendered[1].count("<details>") == 2


def test_same_inputs_same_page(rendered, tmp_path):
    inputs, text, _ = rendered
    assert render(tmp_path, inputs)[1] == text


def test_a_corpus_without_pictures_cues_or_trained_models(tmp_path):
    inputs, rng = make_run(tmp_path, 2), np.random.default_rng(1)
    for name, table in (("cues", tables.CUES), ("visuals", tables.VISUALS)):
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
