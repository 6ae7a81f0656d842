"""Scenes: their frames and subtitles, the measures by hand, and models with and without sight."""

import itertools

import av
import numpy as np
import pandas as pd
import pytest
import torch

from scorelens import tables
from scorelens.errors import MediaError
from scorelens.retrieval import images, scenes, watch
from scorelens.retrieval.batches import Split
from scorelens.retrieval.frames import frames_at, spread
from scorelens.retrieval.networks import embed_queries, embed_tracks, load_model
from scorelens.retrieval.scene_measures import (
    MEASURES,
    chance,
    measure_scenes,
    swap_films,
    swap_scenes,
)
from scorelens.retrieval.scenes import Pool, score_scenes
from scorelens.retrieval.subtitles import Subtitle, read_subtitles, words_between
from scorelens.retrieval.texts import Text
from scorelens.retrieval.train import AXES, save_model
from scorelens.retrieval.training import train_configuration
from tests.planted_films import make_corpus

torch.set_num_threads(1)
SETTINGS = {
    "learning_rate": 1e-3,
    "batch": 32,
    "piece": 0,
    "epochs": 12,
    "patience": 12,
    "dropout": 0.0,
    "margin": 0.2,
}


def unit(values):
    return (values / np.linalg.norm(values, axis=-1, keepdims=True)).astype(np.float32)


# Frames


def coded(path, codec="mpeg4", seconds=20, rate=10, ratio=None, **options):
    """A film that is 10 grey levels brighter every second, from 20 on."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if ratio:
            stream.sample_aspect_ratio = ratio
        for number in range(seconds * rate):
            grey = np.full((48, 64, 3), 10 * (number // rate) + 20, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def seconds_of(frames):
    return [round((float(frame.mean()) - 20) / 10) for frame in frames]


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.avi"])
def test_frames_are_those_on_screen_at_the_times(tmp_path, name):
    """Key frames come every 12 frames; B-frames are shown in another order than they are coded."""
    order = {} if name.endswith("avi") else {"bf": "2"}
    film = coded(tmp_path / name, g="12", **order)
    times_s = [0.05, 3.95, 4.0, 19.95, 12.5, 2.5, 11.05]
    assert seconds_of(frames_at(film, times_s)) == [0, 3, 4, 19, 12, 2, 11]


def test_after_the_end_the_last_frame_counts_and_before_the_first_the_first(tmp_path):
    film = coded(tmp_path / "film.mp4", seconds=3, g="12")
    assert seconds_of(frames_at(film, [99.0, 0.0, 2.95])) == [2, 0, 2]


def test_pixels_are_made_square(tmp_path):
    film = coded(tmp_path / "film.mp4", seconds=1, ratio=2)
    assert next(frames_at(film, [0.5])).shape == (48, 128, 3)


def test_a_damaged_stretch_is_passed_over(tmp_path):
    path = coded(tmp_path / "film.mkv", "mjpeg")
    data = bytearray(path.read_bytes())
    third = len(data) // 3
    data[third : third + len(data) // 20] = bytes(len(data) // 20)
    path.write_bytes(data)
    seen = seconds_of(frames_at(path, [1.5, 18.5]))
    assert seen == [1, 18]


def wipe(path, packets):
    """Zeros in place of what some pictures of a film hold, after their first 20 bytes."""
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux() if packet.size]
    data = bytearray(path.read_bytes())
    for place, size in places[packets]:
        data[place + 20 : place + size] = bytes(size - 20)
    path.write_bytes(data)


def test_the_first_good_frame_stands_for_what_was_before_it(tmp_path):
    path = coded(tmp_path / "film.mkv", "mjpeg", seconds=5)
    wipe(path, slice(0, 15))
    assert seconds_of(frames_at(path, [0.2, 4.5, 1.2])) == [1, 4, 1]


def test_a_film_without_a_picture_is_an_error(film, tmp_path):
    path = film("sound.mkv", np.zeros(48000), picture=False)
    with pytest.raises(MediaError) as error:
        list(frames_at(path, [0.5]))
    assert str(error.value) == f"{path}: has no moving pictures\n  expected: a film"


def test_a_film_of_which_nothing_decodes_is_an_error(tmp_path):
    path = coded(tmp_path / "film.mkv", "mjpeg", seconds=2)
    wipe(path, slice(None))
    with pytest.raises(MediaError) as error:
        list(frames_at(path, [0.5]))
    assert str(error.value) == (
        f"{path}: not one frame can be decoded at 0.5 s\n"
        "  expected: moving pictures that FFmpeg decodes\n"
        "  hint: the file may be damaged or protected against copying; play it to check"
    )


def test_times_are_spread_evenly():
    np.testing.assert_allclose(spread(10, 18, 4), [11, 13, 15, 17])


# Subtitles

SRT = (
    "\ufeff1\r\n00:00:01,000 --> 00:00:02,500 X1:40\r\n<i>Who goes</i>\r\nthere?\r\n\r\n"
    "2\r\n00:01:00,5 --> 00:01:02.250\r\n{\\an8}7\r\n\r\n"
    "3\r\n01:00:00,000 --> 01:00:01,000\r\nLines with\r\n\r\na gap.\r\n"
)


def test_subtitles_are_read_without_markup_and_numbers(tmp_path):
    path = tmp_path / "film.srt"
    path.write_bytes(SRT.encode())
    assert read_subtitles(path) == [
        (1.0, 2.5, "Who goes there?"),
        (60.5, 62.25, "7"),
        (3600.0, 3601.0, "Lines with a gap."),
    ]


def test_words_of_a_scene_are_those_shown_in_it():
    lines = [(0.0, 2.0, "a"), (2.0, 4.0, "b"), (3.0, 3.5, ""), (5.0, 6.0, "c"), (9.0, 10.0, "d")]
    lines = [Subtitle(*line) for line in lines]
    assert words_between(lines, 2.0, 5.5) == "b c"
    assert words_between(lines, 6.0, 9.0) == ""


def test_every_fault_of_subtitles_is_named(tmp_path):
    path = tmp_path / "film.srt"
    path.write_text("1\n00:00:01 --> 00:00:02\nA\n\n2\n00:00:09,000 --> 00:00:08,000\nB\n")
    with pytest.raises(MediaError) as error:
        read_subtitles(path)
    expected = "  expected: start and end, as in 00:01:02,500 --> 00:01:04,000"
    assert str(error.value) == (
        "2 problems were found\n"
        f"{path}, line 2: '00:00:01 --> 00:00:02' holds no times\n{expected}\n"
        f"{path}, line 6: '00:00:09,000 --> 00:00:08,000' holds no times\n{expected}"
    )


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "holds no subtitle"),
        (b"1\n2\n", "holds no subtitle"),
        ("1\n00:00:01,000 --> 00:00:02,000\né".encode("latin-1"), "cannot be read (is not UTF-8)"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_a_file_that_holds_no_subtitles_is_named(tmp_path, content, what):
    path = tmp_path / "film.srt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError) as error:
        read_subtitles(path)
    assert str(error.value).startswith(f"{path}: {what}\n  expected: an SRT file of subtitles")


# Watching


class Eye:
    """Stands in for an image network: the mean colour of a picture."""

    def __call__(self, network, pictures):
        return pictures.mean((1, 2), dtype=np.float32)


@pytest.fixture
def eye(monkeypatch):
    monkeypatch.setattr(images, "load_network", lambda name, weights: name)
    monkeypatch.setattr(images, "embed_pictures", Eye())


def cues_of(film_id, stretches):
    rows = [
        {
            "film_id": film_id,
            "cue_id": f"cue_{number:03d}",
            "track_id": track,
            "film_start_s": start_s,
            "film_end_s": end_s,
            "track_start_s": 0.0,
            "equal_starts_s": "",
            "shared_tracks": "",
            "speed": 1.0,
            "score": 10.0,
            "confidence": 0.9,
        }
        for number, (track, start_s, end_s) in enumerate(stretches)
    ]
    return pd.DataFrame(rows, columns=tables.CUES.names).astype({"film_start_s": float})


def watched(tmp_path, video, stretches, subtitles=None):
    cues, output = tmp_path / "cues.parquet", tmp_path / "scenes.parquet"
    weights = tmp_path / "weights"
    weights.write_bytes(b"")
    tables.write_table(cues_of("noir", stretches), cues, tables.CUES)
    watch.watch_film("noir", video, cues, subtitles, "vit", weights, 4, output)
    return tables.read_table(output, tables.RETRIEVAL_SCENES)


def test_a_scene_is_the_mean_of_its_frames_and_what_is_said_in_it(eye, tmp_path):
    video = coded(tmp_path / "film.mp4", g="12")
    (tmp_path / "film.srt").write_text("1\n00:00:01,000 --> 00:00:03,500\nRun!\n")
    stretches = [("theme", 2.0, 6.0), ("chase", 10.0, 18.0)]
    found = watched(tmp_path, video, stretches, tmp_path / "film.srt")
    assert found.words.tolist()[0] == "Run!"
    assert pd.isna(found.words[1])
    assert found.track_id.tolist() == ["theme", "chase"]
    assert found[["start_s", "end_s"]].to_numpy().tolist() == [[2, 6], [10, 18]]
    values = found[tables.feature_columns(found, tables.RETRIEVAL_SCENES)].to_numpy()
    # Seconds 2 to 5, and 11, 13, 15 and 17; the codec is a grey level or two off.
    assert values.mean(1) == pytest.approx([20 + 35, 20 + 140], abs=2)


def test_a_film_without_a_picture_or_a_cue_has_no_scenes(eye, film, tmp_path):
    sound = film("sound.mkv", np.zeros(48000), picture=False)
    assert not len(watched(tmp_path, sound, [("theme", 0.0, 1.0)]))
    silent = watched(tmp_path, film("film.mkv"), [])
    assert len(silent) == 0
    assert len(silent.columns) == len(tables.RETRIEVAL_SCENES.names) + 3


# Measures


def measured(ranks, tracks, film, swap, samples=200, permutations=200, seed=0):
    table = measure_scenes(
        np.array(ranks), np.array(tracks), np.array(film), swap, samples, permutations, seed
    )
    return table.set_index("measure")


def own_lists(ranks, film):
    """Lists in which only the scene's own query is known: the others give rank 1."""
    lists = []
    for number in np.unique(film):
        own = np.array(ranks)[np.array(film) == number]
        lists.append(np.where(np.eye(len(own), dtype=bool), own, 1))
    return lists


def test_measures_by_hand():
    ranks, tracks, film = [1, 3, 7, 11], [11, 11, 11, 11], [0, 0, 0, 1]
    table = measured(ranks, tracks, film, swap_scenes(own_lists(ranks, film)))
    assert tuple(table.index) == MEASURES
    assert table["value"].tolist() == pytest.approx(
        [1 / 4, 2 / 4, 3 / 4, 5, (1 + 1 / 3 + 1 / 7 + 1 / 11) / 4, (1 + 0.8 + 0.4 + 0) / 4]
    )


def test_chance_is_the_mean_over_all_orders():
    """Lists of 3 and 4 tracks: every rank once, one list as probable as the other."""
    ranks = [*np.repeat([1, 2, 3], 4), *np.repeat([1, 2, 3, 4], 3)]
    shares = [np.mean(np.array(ranks) <= k) for k in (1, 5, 10)]
    percentile = np.mean([*np.repeat([1, 0.5, 0], 4), *np.repeat([1, 2 / 3, 1 / 3, 0], 3)])
    expected = [*shares, np.median(ranks), np.mean(1 / np.array(ranks)), percentile]
    assert chance(np.array([3, 4])).tolist() == pytest.approx(expected)
    assert percentile == 0.5


def test_intervals_are_those_of_films_drawn_with_all_their_scenes():
    random = np.random.default_rng(0)
    film = np.repeat(np.arange(6), [1, 2, 3, 4, 5, 6])
    tracks = np.array([5, 9, 12, 20, 30, 14])[film]
    ranks = 1 + random.integers(tracks)
    draws = np.random.default_rng(3).multinomial(6, np.full(6, 1 / 6), 150)

    def plainly(rows):
        r, n = ranks[rows], tracks[rows]
        hits = [(r <= k).mean() for k in (1, 5, 10)]
        return [*hits, np.median(r), (1 / r).mean(), ((n - r) / (n - 1)).mean()]

    drawn = [
        plainly(np.concatenate([np.tile(np.flatnonzero(film == f), n) for f, n in enumerate(own)]))
        for own in draws
    ]
    lists = own_lists(ranks, film)
    table = measured(ranks, tracks, film, swap_scenes(lists), samples=150, seed=3)
    expected = np.quantile(drawn, (0.025, 0.975), axis=0)
    np.testing.assert_allclose(table[["low", "high"]].T, expected)
    assert (table.low < table.high).all()


def test_scenes_swap_within_their_film():
    """All 3! * 2! ways, against as many drawn; the median is good if it is low."""
    lists = [np.array([[1, 4, 2], [5, 2, 6], [3, 1, 3]]), np.array([[2, 6], [5, 4]])]
    film, tracks = [0, 0, 0, 1, 1], [6] * 5
    ways = itertools.product(*(itertools.permutations(range(len(own))) for own in lists))
    every = np.array([[*own_ranks(lists, way)] for way in ways])
    ranks = [1, 2, 3, 2, 4]
    table = measured(ranks, tracks, film, swap_scenes(lists), permutations=20_000)
    means = np.column_stack([(every == 1).mean(1), np.median(every, 1), (1 / every).mean(1)])
    names = ["recall_1", "median_rank", "reciprocal_rank"]
    np.testing.assert_allclose(table.permuted[names], means.mean(0), rtol=0.02)
    value = table.value[names].to_numpy()
    good = means >= value - 1e-12
    good[:, 1] = means[:, 1] <= value[1]
    np.testing.assert_allclose(table.p[names], good.mean(0), atol=0.015)


def own_ranks(lists, way):
    for own, order in zip(lists, way, strict=True):
        yield from own[list(order), np.arange(len(own))]


def test_films_swap_their_queries():
    lists = np.array([[1, 2, 9], [5, 6, 1]])
    film = np.array([0, 0, 1])
    table = measured([1, 2, 1], [9, 9, 9], film, swap_films(lists, film), permutations=4000)
    # Half of the time they do, and the ranks are 5, 6 and 9.
    assert table.permuted["median_rank"] == pytest.approx((1 + 6) / 2, rel=0.05)
    assert table.p["reciprocal_rank"] == pytest.approx(0.5, abs=0.03)


def test_a_scene_alone_has_nothing_to_swap_with():
    table = measured([1, 2], [9, 9], [0, 1], swap_scenes([np.array([[1]]), np.array([[2]])]))
    assert (table.permuted == table.value).all()
    assert (table.p == 1).all()


# Scenes that are planted


def planted(films=12, tracks=6, noise=0.3, seed=0):
    """Tracks that lie anywhere; the query of a scene lies near its track's, a film's in between."""
    random = np.random.default_rng(seed)
    places = unit(random.normal(size=(films * tracks, 16)))
    album = np.repeat(np.arange(films), tracks)
    track = np.arange(films * tracks)
    scene = unit(places + noise * random.normal(size=places.shape) / 4)
    film = unit(np.add.reduceat(places, np.arange(0, len(places), tracks)))[album]
    return Pool(places, album, album, track), {"film": film, "scene": scene}


def test_a_model_that_reads_the_scene_finds_the_track_and_one_that_does_not_cannot():
    pool, queries = planted()
    table = score_scenes(queries, pool, 200, 500, 0)
    table = table.set_index(["asked", "pool", "measure"]).sort_index()
    best = table.loc["scene", "album", "mean_percentile"]
    assert best.value > 0.95
    assert best.p < 0.01
    assert best.low > best.permuted + 0.2
    assert best.permuted == pytest.approx(0.5, abs=0.05)
    assert table.loc["scene", "all", "recall_1"].value > 0.9
    blind = table.loc["film", "album"]
    assert (blind.p == 1).all()
    np.testing.assert_allclose(blind.permuted, blind.value)
    # The last of an album's scenes is as near as the first: by symmetry half of the album follows.
    assert blind.value["mean_percentile"] == pytest.approx(0.5, abs=1e-9)
    assert table.loc["film", "all", "mean_percentile"].p < 0.01  # the album is found, not the track


def test_chance_is_that_of_the_pool():
    pool, queries = planted(films=4, tracks=5)
    table = score_scenes(queries, pool, 20, 20, 0)
    rows = table[table.measure == "recall_5"].set_index(["asked", "pool"])
    assert rows.chance.to_dict() == {
        ("film", "all"): 0.25,
        ("film", "album"): 1.0,
        ("scene", "all"): 0.25,
        ("scene", "album"): 1.0,
    }
    assert (rows.scenes == 20).all()


def test_an_album_of_one_track_tells_nothing():
    random = np.random.default_rng(0)
    tracks = unit(random.normal(size=(5, 8)))
    pool = Pool(tracks, np.array([0, 0, 1, 2, 2]), np.array([0, 1, 2]), np.array([1, 2, 3]))
    table = score_scenes({"film": tracks[[1, 2, 3]]}, pool, 20, 20, 0)
    scenes_of = table.groupby("pool").scenes.first()
    assert scenes_of.to_dict() == {"album": 2, "all": 3}
    assert (table[table["pool"] == "all"].value.iloc[0]) == 1


# Judging


@pytest.fixture(scope="module")
def seeing(tmp_path_factory):
    """A model that sees an image that says what its film's music is like; see `planted_films`."""
    return trained(tmp_path_factory.mktemp("seeing"), "image")


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """As `seeing`, of tags and plot."""
    return trained(tmp_path_factory.mktemp("reading"), "tags_plot", planted="plot")


def trained(folder, configuration, planted="image"):
    """The model's file, its corpus, and the row of the first test film."""
    corpus = make_corpus(configuration, planted, tracks=1)
    split = Split(np.arange(160), np.arange(160, 180), np.arange(180, 216))
    taught = train_configuration(configuration, corpus, split, SETTINGS, 0)
    names = {"image": "vit", "text": "minilm", "audio": "musicnn"}
    save_model(folder / "model", taught, {"configuration": configuration, **names, "films": []})
    return configuration, taught, corpus, folder


def judged(fixture, words=None, monkeypatch=None):
    """Films of six tracks: those of six planted films, each of which lends its image to a scene."""
    configuration, taught, corpus, folder = fixture
    model = load_model(configuration, taught.sizes, taught.arrays)
    rows = np.arange(180, 216)
    film_ids = [f"film_{(row - 180) // 6}" for row in rows]
    track_ids = [f"t{(row - 180) % 6}" for row in rows]
    chosen = np.flatnonzero(np.isin(corpus.fragments.owner, rows))
    owner = corpus.fragments.owner[chosen] - 180
    tracks = embed_tracks(model, corpus.fragments.values[chosen], owner)
    view = next(iter(corpus.views))
    views = corpus.views[view]
    firsts = views.values[np.searchsorted(views.owner, rows)]
    films = embed_queries(model, {view: firsts[::6]})
    seen = "+".join({"image": ["image"], "text": ["tags", "plot"]}[view])
    held = pd.concat(
        [
            pd.DataFrame({"kind": "film", "film_id": film_ids[::6], "seen": seen}).join(
                pd.DataFrame(films, columns=AXES)
            ),
            pd.DataFrame({"kind": "track", "film_id": film_ids, "track_id": track_ids}).join(
                pd.DataFrame(tracks, columns=AXES)
            ),
        ],
        ignore_index=True,
    ).assign(configuration=configuration)
    tables.write_table(held, folder / "places.parquet", tables.RETRIEVAL_PLACES)
    _write_films(folder, sorted(set(film_ids)))
    _write_words(folder, sorted(set(film_ids)), firsts[::6])
    _write_scenes(folder, film_ids, track_ids, firsts, words)
    if monkeypatch:
        spoken = {f"said {k}": vector for k, vector in enumerate(firsts)}
        monkeypatch.setattr(scenes.texts, "load_encoder", lambda weights: spoken)
        monkeypatch.setattr(scenes.texts, "embed_texts", _look_up)
    scenes.judge_scenes(
        model=folder / "model",
        places=folder / "places.parquet",
        films=folder / "films.tsv",
        scenes=[folder / "scenes.parquet", folder / "others.parquet"],
        words=folder / "texts.parquet",
        weights=None,
        samples=100,
        permutations=400,
        seed=0,
        output=folder / "scores.tsv",
    )
    return (
        tables.read_table(folder / "scores.tsv", tables.RETRIEVAL_SCENE_SCORES)
        .set_index(["asked", "pool", "measure"])
        .sort_index()
    )


def _look_up(encoder, texts):
    assert all(text == Text("dark, slow", text.plot) for text in texts)
    return np.stack([encoder[text.plot] for text in texts])


def _write_films(folder, film_ids):
    rows = [
        {"film_id": film_id, "title": film_id, "year": 2024, "part": "test", "tags": "dark; slow"}
        for film_id in film_ids
    ]
    rows.append({**rows[0], "film_id": "old", "part": "training"})
    counts = {"tracks": 6, "fragments": 12, "paragraphs": 1, "problem": None}
    tables.write_table(
        pd.DataFrame(rows).assign(**counts), folder / "films.tsv", tables.RETRIEVAL_FILMS
    )


def _write_words(folder, film_ids, vectors):
    """Two paragraphs a film, of which the first is what the film's place stands for."""
    frame = pd.DataFrame({"film_id": film_ids, "segment": "tags_plot", "sha256": "x"})
    values = pd.DataFrame(vectors).add_prefix("text_")
    second = frame.assign(paragraph=1).join(-values)
    both = pd.concat([second, frame.assign(paragraph=0).join(values)])
    tables.write_table(both, folder / "texts.parquet", tables.RETRIEVAL_TEXTS)


def _write_scenes(folder, film_ids, track_ids, vectors, words):
    values = pd.DataFrame(vectors).add_prefix("image_")
    cues = [f"cue_{number}" for number in range(len(film_ids))]
    frame = pd.DataFrame({"film_id": film_ids, "cue_id": cues, "track_id": track_ids})
    frame = frame.assign(start_s=0.0, end_s=9.0, words=words or None).join(values)
    unheard = frame[:1].assign(track_id="silent", cue_id="cue_x")
    scenes_of = pd.concat([frame, unheard], ignore_index=True)
    tables.write_table(scenes_of, folder / "scenes.parquet", tables.RETRIEVAL_SCENES)
    old = frame.assign(film_id="old")
    tables.write_table(old, folder / "others.parquet", tables.RETRIEVAL_SCENES)


def test_a_model_that_sees_finds_the_tracks_of_scenes_it_never_saw(seeing, caplog):
    caplog.set_level("INFO", "scorelens.retrieval.scenes")
    table = judged(seeing)
    assert "1 scenes of tracks that are not heard are left out" in caplog.messages
    assert (table.scenes == 36).all()
    in_album = table.xs("mean_percentile", level="measure").xs("album", level="pool")
    assert in_album.value["scene"] > 0.85
    assert in_album.p["scene"] < 0.01
    assert in_album.value["both"] > 0.75
    # One in six scenes lends the film its own image: its query finds that one, and no other.
    assert in_album.value["film"] < 0.7
    assert in_album.p["film"] == 1


def test_a_model_that_sees_nothing_of_a_scene_is_judged_by_films_alone(reading, caplog):
    caplog.set_level("INFO", "scorelens.retrieval.scenes")
    table = judged(reading)
    assert set(table.index.get_level_values("asked")) == {"film"}
    said = "tags_plot sees nothing of a scene (no image, or no subtitles): films alone are judged"
    assert said in caplog.messages


def test_subtitles_stand_for_the_plot_where_there_are_some(reading, monkeypatch):
    """Half of the scenes are spoken; the others keep the film's first paragraph."""
    words = [f"said {k}" if k % 6 < 3 else None for k in range(36)]
    table = judged(reading, words, monkeypatch)
    half = table.loc["scene", "album", "mean_percentile"].value
    table = judged(reading, [f"said {k}" for k in range(36)], monkeypatch)
    whole = table.loc["scene", "album", "mean_percentile"]
    assert whole.value > 0.85
    assert whole.p < 0.01
    assert 0.5 < half < whole.value - 0.05


@pytest.mark.parametrize("tables_of_scenes", [["scenes.parquet"], []])
def test_without_a_scene_of_a_test_film_the_table_is_empty(seeing, caplog, tables_of_scenes):
    folder = seeing[-1]
    judged(seeing)
    films = tables.read_table(folder / "films.tsv", tables.RETRIEVAL_FILMS)
    tables.write_table(films.assign(part="training"), folder / "films.tsv", tables.RETRIEVAL_FILMS)
    scenes.judge_scenes(
        *(folder / name for name in ("model", "places.parquet", "films.tsv")),
        [folder / name for name in tables_of_scenes],
        *(None, None, 10, 10, 0, folder / "none.tsv"),
    )
    found = tables.read_table(folder / "none.tsv", tables.RETRIEVAL_SCENE_SCORES)
    assert not len(found)
    said = "no scene of a test film has a picture and a track: nothing is judged"
    assert said in caplog.messages
