"""Results of a synthetic run, its report, and a parser of HTML pages."""

import os
from html.parser import HTMLParser

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.cues import film_overview
from scorelens.features.columns import NAMES
from scorelens.genres import BASELINES
from scorelens.genres.evaluate.score import METRICS
from scorelens.report import page
from scorelens.visuals.report.section import TITLES as VISUALS
from tests.album_tables import make_tracks
from tests.genre_tables import make_calibration

GENRES = ["Action", "Comedy", "Drama", "Science Fiction"]
MODELS = [("none", "plurality"), ("mir", "simple_mi_svm"), ("mir", "average_pooling")]
GENRE_FIGURES = (
    "scores",
    "genres",
    "precision_recall",
    "films",
    "label_sets",
    "losses",
    "calibration",
)
VOID = {"meta", "img", "br", "link", "input", "hr"}
REASON = (
    "films/bad & <odd>.mp4: is empty (0 bytes)\n  expected: a media file\n  hint: copy it again"
)

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20">'
NEWEST = 1_700_000_000  # 2023-11-14 22:13:20 UTC


class Page(HTMLParser):
    """The content of a page: text, tables as lists of rows, and every attribute."""

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
        matching = [t for t in self.tables if t[0][: len(heads)] == list(heads)]
        assert len(matching) == 1
        head, *rows = matching[0]
        return [dict(zip(head, (cell.strip() for cell in row), strict=True)) for row in rows]


def make_films(count, rng):
    names = [f"film_{k:02}" for k in range(count)]
    labels = [tuple(np.array(GENRES)[[k % 4, (k + 1 + k // 4) % 4]]) for k in range(count)]
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
            "equal_starts_s": [()] * count,
            "shared_tracks": [()] * count,
            "speed": 1.0,
            "tempo": 1.0,
            "pitch_semitones": 0.0,
            "score": 50.0,
            "confidence": 0.9,
            "verdict": "",
        }
    )


def make_levels(cues):
    """Levels of the first two seconds of every cue."""
    rows = cues.loc[cues.index.repeat(2), ["film_id", "cue_id", "film_start_s"]]
    time_s = np.floor(rows.pop("film_start_s")) + np.arange(len(rows)) % 2
    levels = {"music_db": -30.0, "rest_db": -34.5, "music_to_rest_db": 4.5, "is_foreground": True}
    return rows.assign(time_s=time_s, **levels)


def make_roles(cues):
    """Roles of cues; the first film has speech."""
    rows = cues[["film_id", "cue_id", "track_id", "film_start_s", "film_end_s"]]
    overlap = np.where(rows.film_id == "film_00", 0.25, np.nan)
    levels = {"level_db": -30.0, "music_to_rest_db": 4.5, "foreground_share": 1.0}
    return rows.assign(**levels, role="foreground", dialogue_overlap=overlap)


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
            row |= {"permuted": rng.uniform(0.2, 0.3), "p_permuted": 0.0004, "is_primary": False}
            row |= {"average_precision_chance": 0.31, "average_precision_p": 0.02}
            if genre == "macro" and model not in BASELINES:
                row |= {"p_best": 0.0007, "average_precision_p_best": 0.04}
            row["exchangeable"] = 18
            row["f1_spread"] = 0.0123 if model == "average_pooling" else None
            for measure in METRICS:
                value = rng.uniform(0.3, 0.7) - 0.2 * (model in BASELINES)
                row |= {
                    measure: value,
                    f"{measure}_low": value - 0.1,
                    f"{measure}_high": value + 0.1,
                }
            rows.append(row)
    return pd.DataFrame(rows)[tables.GENRE_SCORES.names]


COMPARISONS = pd.DataFrame(
    [
        ("f1", "none", "plurality", "mir", "simple_mi_svm", 18, -0.21, -0.4, -0.1, 0.001, 0.003),
        ("f1", "none", "plurality", "mir", "average_pooling", 18, -0.25, -0.5, -0.1, 0.001, 0.003),
        ("f1", "mir", "simple_mi_svm", "mir", "average_pooling", 18, -0.04, -0.2, 0.1, 0.4, 0.4),
    ],
    columns=tables.GENRE_COMPARISONS.names,
)


def make_predictions(films, rng, repeats=2):
    rows = [
        {
            "film_id": film.film_id,
            "genre": genre,
            "probability": probability,
            "predicted": probability > 0.5,
            "actual": genre in film.genres,
            "fold": fold,
            "repeat": repeat,
        }
        for repeat in range(repeats)
        for fold, film in enumerate(films.itertuples())
        for genre in GENRES
        for probability in [rng.random()]
    ]
    return pd.DataFrame(rows)


def make_visuals(film_id, rng, seconds=50):
    columns = {name: rng.uniform(0, 0.5, seconds).astype(np.float32) for name in VISUALS}
    columns |= {"aspect_ratio": np.float32(2.39), "cuts": 0, "shot_length_s": np.float32(9)}
    columns |= dict.fromkeys(("held_s", "brightness_error", "contrast_error"), np.float32(0))
    return pd.DataFrame({"film_id": film_id, "time_s": np.arange(float(seconds)), **columns})


def make_features(cues, rng):
    """The columns of the film overview from the set `mir`, for each second of every cue."""
    seconds = [(c.cue_id, t) for c in cues.itertuples() for t in range(int(c.film_end_s))]
    frame = pd.DataFrame(seconds, columns=["cue_id", "time_s"]).astype({"time_s": float})
    starts = frame.cue_id.map(cues.set_index("cue_id").film_start_s)
    frame = frame[frame.time_s >= starts].assign(film_id=cues.film_id.iloc[0])
    values = rng.uniform(0.1, 1, (len(frame), len(film_overview.COLUMNS))).astype(np.float32)
    return frame.assign(**dict(zip(film_overview.COLUMNS, values.T, strict=True)))


WEIGHTS = pd.DataFrame(
    {
        "network": ["musicnn", "vggish", "yamnet"],
        "state": ["used", "left out", "not asked for"],
        "reason": ["", "pretrained.offline is set, and <here> lacks vggish.ckpt", ""],
        "source": ["https://example.org/musicnn.whl", "somewhere", "elsewhere"],
        "sha256": ["cd" * 32, "ef" * 32, "01" * 32],
        "licence": ["ISC", "Apache-2.0", "MIT"],
        "size_mb": [29.31, 288.6, 15.3],
    }
)
CUE_CALIBRATION = pd.DataFrame(
    [("track", 5, 60, 0.9, 0.95, 0.041, 0.012, 0.083, 0.052, 0.021, 0.094)],
    columns=tables.CUE_CALIBRATION.names,
)
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
    """STATUS of the films, with a note on the first, and of one skipped film."""
    status = films[["film_id", "duration_s", "has_picture", "tracks"]].assign(
        status="ok",
        problems="",
        notes="",
        frame_rate_hz=25.0,
        video_sha256="ab" * 32,
        video_bytes=9,
    )
    status.loc[0, "notes"] = "cover.jpg is no music"
    skipped = {"film_id": "bad_film", "status": "bad", "problems": REASON, "duration_s": 0.0}
    skipped |= {
        "notes": "",
        "has_picture": False,
        "frame_rate_hz": None,
        "tracks": 0,
        "video_sha256": "",
        "video_bytes": 0,
    }
    return pd.concat([status, pd.DataFrame([skipped])], ignore_index=True)


def make_new_media():
    """Predictions for an album with two tracks that is not in the corpus."""
    return pd.DataFrame(
        [
            ("night_train", track, genre, probability, probability - 0.1, probability + 0.1)
            for track, probability in (("", 0.625), ("dawn", 0.75), ("dusk", 0.25))
            for genre in GENRES
        ],
        columns=[name for name in tables.GENRE_MEDIA_PREDICTIONS.names if name != "predicted"],
    ).assign(predicted=lambda table: table["probability"] > 0.5)


def make_run(folder, count=5):
    """Write the results of a synthetic run; return the arguments of write_report."""
    rng = np.random.default_rng(count)
    files = []

    def save(name, frame, table):
        tables.write_table(frame, folder / name, table)
        files.append(folder / name)

    def draw(name):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{SVG}<!-- {name} --></svg>")
        files.append(folder / name)

    films = make_films(count, rng)
    durations = list(zip(films.film_id, films.duration_s, strict=True))
    cues = {film: make_cues(film, duration, rng) for film, duration in durations}
    tracks = make_tracks(
        [
            (film, f"track_{k}", f"album/{k}.flac", 180.0, 44100)
            for film in films.film_id
            for k in range(4)
        ]
    )
    bags = make_bags(pd.concat(cues.values()), rng)
    save("corpus/films.tsv", films, tables.FILMS)
    save("corpus/tracks.tsv", tracks, tables.TRACKS)
    save("corpus/status.tsv", make_status(films), tables.STATUS)
    for film, rows in cues.items():
        save(f"cues/films/{film}.parquet", rows, tables.CUES)
    save("cues/levels.tsv", make_roles(pd.concat(cues.values())), tables.CUE_ROLES)
    for film in cues:
        save(f"visuals/{film}.parquet", make_visuals(film, rng), tables.VISUALS)
    save("pretrained/status.tsv", WEIGHTS, tables.WEIGHTS)
    save("bags/mir.parquet", bags, tables.BAGS)
    for feature_set, model in MODELS:
        name = f"genres/predictions/{feature_set}/{model}.parquet"
        save(name, make_predictions(films, rng), tables.PREDICTIONS)
    save("genres/scores.tsv", make_scores(rng), tables.GENRE_SCORES)
    save("genres/comparisons.tsv", COMPARISONS, tables.GENRE_COMPARISONS)
    save("genres/calibration.tsv", make_calibration(MODELS), tables.CALIBRATION)
    for name in GENRE_FIGURES:
        draw(f"genres/{name}.svg")
    save("genres/applied/night_train.tsv", make_new_media(), tables.GENRE_MEDIA_PREDICTIONS)
    draw("genres/applied/night_train.svg")
    draw("cues/film_map.svg")
    draw("importance/scores.svg")
    draw("audiovisual_comparison/scores.svg")
    save("cues/scores.tsv", CUE_SCORES, tables.CUE_SCORES)
    draw("cues/confidence.svg")
    save("cues/calibration.tsv", CUE_CALIBRATION, tables.CUE_CALIBRATION)
    for path in files:
        os.utime(path, (NEWEST, NEWEST))
    config = {"seed": 7, "corpus": {"kind": "demo"}}
    return {"files": files, "config": config}


def path_of(inputs, name):
    """The input file with this path in the results."""
    (path,) = [path for path in inputs["files"] if path.as_posix().endswith(f"/{name}")]
    return path


def without(inputs, *names):
    """The inputs without the files whose path has one of these parts."""
    files = [path for path in inputs["files"] if not any(name in path.as_posix() for name in names)]
    return inputs | {"files": files}


def render(folder, inputs):
    """Write a report and read it: (inputs, text, Page)."""
    page.write_report(folder / "report.html", folder / "report.yaml", **inputs)
    text = (folder / "report.html").read_text(encoding="utf-8")
    return inputs, text, Page(text)


def section_of(text, name):
    """The HTML of one section of a page."""
    start = text.index(f'<section id="{name}">')
    return text[start:].partition("</section>")[0]
